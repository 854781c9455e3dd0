//! Counting verdicts, and the thresholds.

use std::{collections::BTreeMap, fmt};

use super::line::Line;

/// Exact service and operation, of all requests.
const EXACT_MIN: f64 = 0.989;
/// Right signing name and event name, of all requests.
const EVENT_MIN: f64 = 0.9999;
/// Equal parameters, of those with exact service and operation.
const PARAMETERS_MIN: f64 = 0.999;
/// Differences that the report shows.
const SHOWN_MAX: usize = 40;
const SHOWN_CHARS_MAX: usize = 300;

/// What became of one request.
pub enum Verdict {
    /// Service, operation and all parameters.
    Equal,
    /// Service and operation, but not all parameters.
    Parameters(String),
    /// Another service or operation that CloudTrail records as the same event.
    SameEvent,
    /// Something else.
    OtherEvent(String),
    /// Nothing.
    Unrouted(String),
    /// Never.
    Panic,
}

#[derive(Clone, Copy, Default)]
struct Count {
    all: usize,
    exact: usize,
    event: usize,
    equal: usize,
    unrouted: usize,
    panics: usize,
}

/// All verdicts, by protocol.
#[derive(Default)]
pub struct Tally {
    protocols: BTreeMap<String, Count>,
    shown: Vec<String>,
}

impl Tally {
    /// Counts one request.
    pub fn put(&mut self, line: &Line, verdict: Verdict) {
        let count = self.protocols.entry(line.protocol.clone()).or_default();
        count.all += 1;
        let (exact, event, equal) = match &verdict {
            Verdict::Equal => (1, 1, 1),
            Verdict::Parameters(_) => (1, 1, 0),
            Verdict::SameEvent => (0, 1, 0),
            Verdict::OtherEvent(_) | Verdict::Unrouted(_) | Verdict::Panic => (0, 0, 0),
        };
        count.exact += exact;
        count.event += event;
        count.equal += equal;
        let told = match verdict {
            Verdict::Equal | Verdict::SameEvent => return,
            Verdict::Parameters(told) | Verdict::OtherEvent(told) => told,
            Verdict::Unrouted(told) => {
                count.unrouted += 1;
                told
            }
            Verdict::Panic => {
                count.panics += 1;
                "panic".to_owned()
            }
        };
        let fill = if line.full { "full" } else { "required" };
        let told: String = told.chars().take(SHOWN_CHARS_MAX).collect();
        self.shown
            .push(format!("{}:{} {} {fill} {told}", line.service, line.operation, line.protocol));
    }

    /// Adds what another worker counted.
    pub fn add(&mut self, other: Self) {
        for (protocol, count) in other.protocols {
            let sum = self.protocols.entry(protocol).or_default();
            *sum = sum.plus(count);
        }
        self.shown.extend(other.shown);
    }

    fn total(&self) -> Count {
        self.protocols.values().fold(Count::default(), |sum, count| sum.plus(*count))
    }

    /// Fails below the thresholds, and when there was too little to judge.
    pub fn assert(&self, least: usize) {
        let total = self.total();
        assert!(total.all >= least, "only {} requests", total.all);
        assert_eq!(total.panics, 0, "panics");
        assert!(share(total.exact, total.all) >= EXACT_MIN, "exact below {EXACT_MIN}");
        assert!(share(total.event, total.all) >= EVENT_MIN, "events below {EVENT_MIN}");
        let parameters = share(total.equal, total.exact);
        assert!(parameters >= PARAMETERS_MIN, "parameters below {PARAMETERS_MIN}");
    }
}

impl Count {
    fn plus(self, other: Self) -> Self {
        Self {
            all: self.all + other.all,
            exact: self.exact + other.exact,
            event: self.event + other.event,
            equal: self.equal + other.equal,
            unrouted: self.unrouted + other.unrouted,
            panics: self.panics + other.panics,
        }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for told in self.shown.iter().take(SHOWN_MAX) {
            writeln!(out, "{told}")?;
        }
        if self.shown.len() > SHOWN_MAX {
            writeln!(out, "… and {} more", self.shown.len() - SHOWN_MAX)?;
        }
        writeln!(
            out,
            "{:20} {:>8} {:>16} {:>16} {:>16} {:>9} {:>7}",
            "protocol", "requests", "exact", "event", "parameters", "unrouted", "panics"
        )?;
        let mut row = |name: &str, count: Count| {
            let of =
                |part: usize, whole: usize| format!("{part} {:6.2} %", 100.0 * share(part, whole));
            writeln!(
                out,
                "{name:20} {:>8} {:>16} {:>16} {:>16} {:>9} {:>7}",
                count.all,
                of(count.exact, count.all),
                of(count.event, count.all),
                of(count.equal, count.exact),
                count.unrouted,
                count.panics
            )
        };
        for (protocol, count) in &self.protocols {
            row(protocol, *count)?;
        }
        row("all", self.total())
    }
}
