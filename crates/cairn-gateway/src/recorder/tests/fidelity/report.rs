//! What was found, counted and written down.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use cairn_wire::model::Operation;
use serde_json::Value as Json;

use super::compare::{Difference, differences};
use super::forward::keys;
use super::rebuild::says;
use crate::recorder::services::{self, Family};

/// How many of how many.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    good: usize,
    all: usize,
}

impl Share {
    fn add(&mut self, is_good: bool) {
        self.good += usize::from(is_good);
        self.all += 1;
    }

    fn percent(self) -> f64 {
        100.0 * self.good as f64 / self.all.max(1) as f64
    }
}

/// Both sides of one service.
#[derive(Debug, Default)]
struct Line {
    requests: Share,
    answers: Share,
    differences: BTreeMap<Difference, usize>,
    keys: usize,
    keys_never_seen: usize,
}

/// The report in the making.
#[derive(Debug, Default)]
pub(super) struct Report {
    shares: BTreeMap<&'static str, Share>,
    services: BTreeMap<&'static str, Line>,
    /// Heading, line, how often.
    lists: BTreeMap<&'static str, BTreeMap<String, usize>>,
    /// When a key was last seen.
    present: BTreeMap<String, String>,
    added: Vec<Added>,
}

/// A key that we add to a record.
#[derive(Debug)]
struct Added {
    service: &'static str,
    line: String,
    time: String,
}

/// The fields that are compared as they are.
const FIELDS: [&str; 6] =
    ["readOnly", "errorCode", "managementEvent", "eventCategory", "apiVersion", "eventType"];

impl Report {
    pub(super) fn add(&mut self, operation: Operation<'static>, real: &Json, ours: &Json) {
        let service = operation.service().id();
        let name = format!("{service}:{}", real["eventName"].as_str().unwrap_or_default());
        for field in FIELDS.into_iter().filter(|field| says(real, field)) {
            let is_same = real[field] == ours[field];
            self.shares.entry(field).or_default().add(is_same);
            if !is_same {
                self.note(field, format!("{name} is {}, not {}", real[field], ours[field]));
            }
        }
        if !says(real, "errorCode") {
            self.shares.entry("errorCode").or_default().add(!says(ours, "errorCode"));
        }
        if says(ours, "apiVersion") && !says(real, "apiVersion") {
            self.note("apiVersion", format!("{name} has none"));
        }
        for (side, share) in [
            ("requestParameters", "requestParameters explained"),
            ("responseElements", "responseElements explained"),
        ] {
            self.side(service, &name, side, share, real, ours);
        }
        self.resources(&name, real, ours);
        if services::facts(service).family == Family::S3 {
            self.additional(&name, real, ours);
        }
    }

    fn side(
        &mut self,
        service: &'static str,
        name: &str,
        side: &'static str,
        share: &'static str,
        real: &Json,
        ours: &Json,
    ) {
        let is_failed = says(real, "errorCode");
        let there =
            if is_failed { "null where the call failed" } else { "null where it went well" };
        let (has_real, has_ours) = (!is_blank(&real[side]), !is_blank(&ours[side]));
        // Without the answer nothing can be said of what we would have written of it.
        if has_real || side == "requestParameters" {
            self.shares.entry(there).or_default().add(has_real == has_ours);
            if has_real != has_ours {
                let which = if has_real { "AWS shows" } else { "we show" };
                let code = real["errorCode"].as_str().unwrap_or("success");
                self.note(there, format!("{name} {side} {which} ({code})"));
            }
        }
        if !real[side].is_object() {
            return;
        }
        let empty = Json::Object(serde_json::Map::new());
        let ours = if ours[side].is_object() { &ours[side] } else { &empty };
        let mut found = differences(&real[side], ours);
        // Published answers give the id of their request other letters than the record does.
        found.retain(|(difference, path)| {
            !(*difference == Difference::Value && service == "ec2" && path.ends_with(".requestId"))
        });
        let short = if side == "requestParameters" { "request" } else { "answer" };
        let is_explained = !found.iter().any(|(d, _)| *d == Difference::Unexplained);
        self.shares.entry(share).or_default().add(is_explained);
        let line = self.services.entry(service).or_default();
        if side == "requestParameters" { &mut line.requests } else { &mut line.answers }
            .add(is_explained);
        for difference in [Difference::Leaked, Difference::Kind, Difference::Value] {
            let label = match difference {
                Difference::Leaked => "hidden where AWS hides",
                Difference::Kind => "values of the right kind",
                _ => "values the same",
            };
            let is_good = !found.iter().any(|(d, _)| *d == difference);
            self.shares.entry(label).or_default().add(is_good);
        }
        let time = real["eventTime"].as_str().unwrap_or_default();
        self.see(&real[side], &format!("{name} {short}"), time);
        for (difference, path) in found {
            let line = format!("{name} {short} {path}");
            if difference == Difference::Added {
                self.added.push(Added { service, line, time: time.to_owned() });
            } else {
                self.count(service, difference, line);
            }
        }
    }

    fn count(&mut self, service: &'static str, difference: Difference, line: String) {
        let differences = &mut self.services.entry(service).or_default().differences;
        *differences.entry(difference).or_default() += 1;
        self.note(heading(difference), line);
    }

    /// Remembers when each key of an object was last seen.
    fn see(&mut self, real: &Json, what: &str, time: &str) {
        let mut paths = BTreeSet::new();
        keys(real, "", &mut paths);
        for path in paths {
            let last = self.present.entry(format!("{what} {path}")).or_default();
            if last.as_str() < time {
                time.clone_into(last);
            }
        }
    }

    /// What we add is no fault where a newer record has it, too: services learn to say more.
    pub(super) fn settle(&mut self) {
        for Added { service, line, time } in std::mem::take(&mut self.added) {
            if self.present.get(&line).is_some_and(|last| *last > time) {
                self.note("keys that newer records have", line);
            } else {
                self.count(service, Difference::Added, line);
            }
        }
    }

    fn resources(&mut self, name: &str, real: &Json, ours: &Json) {
        // Before a service began to list its resources, its records had none.
        let has_types = real["resources"].as_array().is_none_or(|all| {
            all.iter().any(|entry| entry.get("type").is_some()) || name.starts_with("ssm:")
        });
        let (real, ours) =
            (entries(&real["resources"], has_types), entries(&ours["resources"], has_types));
        if real.is_empty() && ours.is_empty() {
            return;
        }
        if real.is_empty() {
            self.note("resources that we add", format!("{name} {ours:?}"));
            return;
        }
        let is_same = real == ours;
        self.shares.entry("resources").or_default().add(is_same);
        if !is_same {
            self.note("resources", format!("{name} {real:?} not {ours:?}"));
        }
    }

    /// The keys of `additionalEventData` that ours lacks.
    fn additional(&mut self, name: &str, real: &Json, ours: &Json) {
        let keys = |record: &Json| -> BTreeSet<String> {
            let object = record["additionalEventData"].as_object();
            object.into_iter().flat_map(|o| o.keys().cloned()).collect()
        };
        let real = keys(real);
        if real.is_empty() {
            return;
        }
        let ours = keys(ours);
        let missing: Vec<_> = real.difference(&ours).collect();
        self.shares.entry("additionalEventData of S3").or_default().add(missing.is_empty());
        for key in missing {
            self.note("additionalEventData of S3", format!("{name} {key}"));
        }
    }

    pub(super) fn unknown(&mut self, (source, name): &(String, String)) {
        self.note("no operation of this source and name", format!("{source} {name}"));
    }

    pub(super) fn missing(&mut self, what: &str) {
        self.note("always sent, and never shown", what.to_owned());
    }

    pub(super) fn never_seen(&mut self, operation: Operation<'static>, keys: usize, never: usize) {
        let line = self.services.entry(operation.service().id()).or_default();
        line.keys += keys;
        line.keys_never_seen += never;
    }

    fn note(&mut self, list: &'static str, line: String) {
        *self.lists.entry(list).or_default().entry(line).or_default() += 1;
    }

    pub(super) fn percent(&self, name: &str) -> f64 {
        self.shares.get(name).map_or(0.0, |share| share.percent())
    }

    /// The report, the same each time.
    pub(super) fn text(&self) -> String {
        let mut out = String::from(
            "# Published records beside ours, of the same calls. Made by a test; do not edit.\n\n",
        );
        for (name, share) in &self.shares {
            let Share { good, all } = share;
            writeln!(out, "share {name}: {good} of {all}, {:.2} %", share.percent()).unwrap();
        }
        out.push('\n');
        for (name, lines) in &self.lists {
            writeln!(out, "count {name}: {}", lines.values().sum::<usize>()).unwrap();
        }
        out.push_str(
            "\n# service: requests and answers explained; keys that differ; of the keys that\n",
        );
        out.push_str(
            "# we could write of these operations, those that no published record has\n\n",
        );
        for (service, line) in &self.services {
            let Line { requests, answers, differences, keys, keys_never_seen } = line;
            write!(
                out,
                "{service}: requests {}/{}, answers {}/{}",
                requests.good, requests.all, answers.good, answers.all
            )
            .unwrap();
            for (difference, count) in differences {
                write!(out, ", {} {count}", heading(*difference)).unwrap();
            }
            writeln!(out, "; never seen {keys_never_seen}/{keys}").unwrap();
        }
        for (name, lines) in &self.lists {
            writeln!(out, "\n## {name}\n").unwrap();
            for (line, count) in lines {
                writeln!(out, "{count:4} {line}").unwrap();
            }
        }
        out
    }

    /// The figures that are worse than those of another report.
    pub(super) fn worse_than(&self, known: &str) -> String {
        let mut worse = String::new();
        for line in known.lines() {
            if let Some((name, figures)) =
                line.strip_prefix("share ").and_then(|l| l.split_once(": "))
            {
                let numbers: Vec<usize> =
                    figures.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
                let [good, all, ..] = numbers[..] else { continue };
                let (before, now) = (Share { good, all }.percent(), self.percent(name));
                if now < before {
                    writeln!(worse, "{name}: {now:.2} %, was {before:.2} %").unwrap();
                }
            } else if let Some((name, count)) =
                line.strip_prefix("count ").and_then(|l| l.split_once(": "))
            {
                let now: usize = self.lists.get(name).map_or(0, |lines| lines.values().sum());
                if count.parse::<usize>().is_ok_and(|before| now > before) {
                    writeln!(worse, "{name}: {now}, was {count}").unwrap();
                }
            }
        }
        worse
    }
}

fn is_blank(json: &Json) -> bool {
    json.is_null() || json.as_object().is_some_and(serde_json::Map::is_empty)
}

fn heading(difference: Difference) -> &'static str {
    match difference {
        Difference::Unexplained => "keys that AWS has and we have not",
        Difference::Added => "keys that we add",
        Difference::Leaked => "shown, and AWS hides it",
        Difference::Hidden => "hidden, and AWS shows it",
        Difference::Date => "dates in another form",
        Difference::Kind => "values of another kind",
        Difference::Value => "other values",
    }
}

/// Resources as texts, in no order: their types, whether they have an owner, and the form of their
/// ARNs.
fn entries(json: &Json, has_types: bool) -> BTreeSet<String> {
    let entries = json.as_array().into_iter().flatten();
    let describe = |entry: &Json| {
        let mut words = Vec::new();
        words.extend(entry["type"].as_str().filter(|_| has_types).map(str::to_owned));
        for key in ["ARN", "ARNPrefix"] {
            words.extend(entry[key].as_str().map(|arn| format!("{key} {}", anywhere(arn))));
        }
        words.extend(entry.get("accountId").map(|_| "owned".to_owned()));
        words.join(" ")
    };
    entries.map(describe).collect()
}

/// An ARN without its region and account, which documents get wrong.
fn anywhere(arn: &str) -> String {
    let mut parts: Vec<_> = arn.splitn(6, ':').collect();
    if let [_, _, _, region, account, _] = parts.as_mut_slice() {
        (*region, *account) = ("", "");
    }
    parts.join(":")
}
