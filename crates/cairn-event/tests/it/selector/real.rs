//! The selectors that others published, over the records that others published.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cairn_event::selector::{SelectorSet, Selectors};
use serde::Deserialize;
use serde_json::Value;

use super::{Request, matching, naive};
use crate::corpus::{corpus, files};

#[derive(Deserialize)]
struct Published {
    kind: String,
    selectors: Value,
}

fn published() -> Vec<Published> {
    let text = fs::read_to_string(corpus().join("event_selectors.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The selectors that can be read: templates put a text or an object where a value belongs.
fn readable() -> Vec<(usize, Result<Selectors, String>)> {
    let mut found = Vec::new();
    for (line, published) in (1..).zip(published()) {
        let member = match published.kind.as_str() {
            "basic" => "EventSelectors",
            "advanced" => "AdvancedEventSelectors",
            _ => continue,
        };
        let request = serde_json::json!({member: published.selectors});
        let Ok(request) = serde_json::from_value::<Request>(request) else { continue };
        found.push((line, request.check().map_err(|fault| fault.to_string())));
    }
    found
}

/// Line, then how many of the records in the corpus it takes, or why it is refused.
#[test]
fn published_selectors_take_what_they_took() {
    let mut records = Vec::new();
    for path in files("records", "jsonl") {
        let text = fs::read_to_string(&path).unwrap();
        records.extend(text.lines().map(str::to_owned));
    }
    let selectors = readable();
    let accepted: Vec<&Selectors> = selectors.iter().filter_map(|(_, s)| s.as_ref().ok()).collect();
    let set = SelectorSet::compile(&accepted);
    let mut counts = vec![0; accepted.len()];
    for record in &records {
        let found = matching(&set, record);
        for (trail, selectors) in (0..).zip(&accepted) {
            let takes = naive::takes(selectors, record);
            assert_eq!(found.contains(&trail), takes, "{selectors:?} {record}");
            counts[trail as usize] += u32::from(takes);
        }
    }
    let mut counts = counts.into_iter();
    let mut report = String::new();
    for (line, outcome) in &selectors {
        let outcome = match outcome {
            Ok(_) => format!("{} records", counts.next().unwrap()),
            Err(text) => text.clone(),
        };
        writeln!(report, "{line}: {outcome}").unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/selectors/published.txt");
    assert_eq!(report, fs::read_to_string(path).unwrap());
}
