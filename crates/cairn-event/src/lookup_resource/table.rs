//! The table, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::RecordHead;

/// Which part of a record a rule looks into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Nowhere,
    Request,
    Response,
    AnyDepth,
}

/// One line of the table, for the events it is filed under.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) resource_type: Option<&'static str>,
    pub(super) place: Place,
    pub(super) path: Vec<&'static str>,
}

/// The rules of a source by event name; `*` and `*write` are names too.
type Source = HashMap<&'static str, Vec<Rule>>;

static TABLE: LazyLock<HashMap<&'static str, Source>> =
    LazyLock::new(|| read(include_str!("table.txt")));

/// The rules for a record; `None` if the table says nothing of it.
pub(super) fn rules_of(head: &RecordHead<'_>) -> Option<&'static [Rule]> {
    let source = head.event_source.as_deref()?.strip_suffix(".amazonaws.com")?;
    let events = TABLE.get(source)?;
    let writes = if head.read_only == Some(true) { None } else { events.get("*write") };
    events
        .get(head.event_name.as_deref()?)
        .or(writes)
        .or_else(|| events.get("*"))
        .map(Vec::as_slice)
}

fn read(text: &'static str) -> HashMap<&'static str, Source> {
    let mut table: HashMap<&'static str, Source> = HashMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (Some(source), Some(events), Some(kind)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let rule = rule(kind, words.next());
        for event in events.split(',') {
            table.entry(source).or_default().entry(event).or_default().push(rule.clone());
        }
    }
    table
}

fn rule(kind: &'static str, path: Option<&'static str>) -> Rule {
    let mut words = path.unwrap_or_default().split('.');
    let place = match words.next() {
        Some("rq") => Place::Request,
        Some("rs") => Place::Response,
        Some("any") => Place::AnyDepth,
        _ => Place::Nowhere,
    };
    Rule { resource_type: (kind != "-").then_some(kind), place, path: words.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let lines = include_str!("table.txt").lines();
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<_> = line.split_whitespace().collect();
            if words[2..] == ["none"] {
                continue;
            }
            assert_eq!(words.len(), 4, "{line}");
            let rule = rule(words[2], Some(words[3]));
            assert!(rule.place != Place::Nowhere && !rule.path.is_empty(), "{line}");
            assert!(rule.resource_type.is_none_or(|t| t.starts_with("AWS::")), "{line}");
        }
    }
}
