//! How true our records are: every published record is read backwards, its call is recorded again,
//! and both records are laid beside each other.
//!
//! What comes out is `tests/fidelity.txt`, which may only get better. After a change that makes it
//! so, `BLESS_FIDELITY=1 cargo test -p cairn-gateway fidelity` writes it anew.

mod compare;
mod forward;
mod invert;
mod rebuild;
mod report;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use cairn_event::json::{elements, member};
use cairn_wire::model::{self, Operation};
use serde_json::Value as Json;

use compare::{Difference, differences};
use rebuild::rebuilt;
use report::Report;

use crate::recorder::services;

/// Shares of objects that must be explained, whatever the report of yesterday says.
const REQUESTS_MIN: f64 = 98.5;
const ANSWERS_MIN: f64 = 91.0;
const READ_ONLY_MIN: f64 = 99.0;

type Operations = HashMap<(String, String), Vec<Operation<'static>>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Operations by event source and event name; several services can share a source.
fn operations() -> Operations {
    let mut found = Operations::new();
    for head in model::services() {
        let service = model::service(head.id).unwrap();
        for operation in service.operations() {
            let name = services::event_name(service.id(), operation.name());
            let facts = services::facts(service.id());
            let source = facts.source.unwrap_or(service.event_source()).to_owned();
            found.entry((source, name.to_owned())).or_default().push(operation);
        }
    }
    for ((source, _), candidates) in &mut found {
        // The service that the source is named after comes first where others are as close.
        candidates.sort_by_key(|o| Some(o.service().id()) != source.split('.').next());
    }
    found
}

/// The paths of a folder of the corpus, in order.
fn files(name: &str) -> Vec<PathBuf> {
    let corpus = folder().join("../../corpus");
    let entries = fs::read_dir(corpus.join(name)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The published records that stand in lines.
pub(super) fn lines() -> Vec<String> {
    let texts = files("records").into_iter().map(|path| fs::read_to_string(path).unwrap());
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Every published record: a line each, and whole log files.
fn published() -> Vec<Json> {
    let mut found: Vec<Json> =
        lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let logs = files("raw_logs/stratus").into_iter().chain(files("raw_logs/trailscraper"));
    for path in logs.filter(|path| path.extension().is_some_and(|e| e == "json")) {
        let text = fs::read_to_string(path).unwrap();
        let records = member(&text, "Records").unwrap_or(&text);
        found.extend(elements(records).map(|record| serde_json::from_str::<Json>(record).unwrap()));
    }
    // Log files hold again what stands in a line already.
    let mut seen = HashSet::new();
    found.retain(|record| seen.insert(record.to_string()));
    found
}

/// The record that comes closest, of all operations that share a source and a name.
fn closest(candidates: &[Operation<'static>], real: &Json) -> (Operation<'static>, Json) {
    let weight = |ours: &Json| {
        let sides = ["requestParameters", "responseElements"];
        let found = sides.iter().flat_map(|side| differences(&real[side], &ours[side]));
        // What we add is what newer records have: it says nothing of which service it was.
        let is_lighter = |d: Difference| matches!(d, Difference::Date | Difference::Added);
        let found = found.filter(|(difference, _)| !is_lighter(*difference)).count();
        found + usize::from(real["apiVersion"] != ours["apiVersion"])
    };
    let all = candidates.iter().map(|operation| (*operation, rebuilt(*operation, real)));
    all.min_by_key(|(_, ours)| weight(ours)).expect("a candidate")
}

fn report() -> Report {
    let operations = operations();
    let mut report = Report::default();
    let mut seen = forward::Seen::default();
    for real in published() {
        let text = |name: &str| real[name].as_str().unwrap_or_default().trim().to_owned();
        let key = (text("eventSource"), text("eventName"));
        if text("eventType") != "AwsApiCall" && real.get("eventType").is_some() {
            continue;
        }
        match operations.get(&key) {
            Some(candidates) => {
                let (operation, ours) = closest(candidates, &real);
                report.add(operation, &real, &ours);
                seen.add(operation, &real);
            }
            None => report.unknown(&key),
        }
    }
    report.settle();
    forward::report(&seen, &mut report);
    report
}

#[test]
fn fidelity_only_gets_better() {
    let report = report();
    let path = folder().join("tests/fidelity.txt");
    let text = report.text();
    if std::env::var_os("BLESS_FIDELITY").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let worse = report.worse_than(&known);
    assert!(worse.is_empty(), "worse than {}:\n{worse}", path.display());
    let hint = "better than the committed report; bless it: BLESS_FIDELITY=1 cargo test -p cairn-gateway fidelity";
    assert_eq!(text, known, "{hint}");
    for (name, minimum) in [
        ("requestParameters explained", REQUESTS_MIN),
        ("responseElements explained", ANSWERS_MIN),
        ("readOnly", READ_ONLY_MIN),
    ] {
        let share = report.percent(name);
        assert!(share >= minimum, "{name}: {share:.2} %, at least {minimum} % are promised");
    }
}
