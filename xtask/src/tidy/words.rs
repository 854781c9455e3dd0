//! Words that say nothing are not names of ours, and unfinished code does not land.

use super::{Finding, Source};

/// Parts of file and module names that hide what a file holds.
const EMPTY_NAMES: [&str; 7] = ["util", "utils", "helper", "helpers", "common", "misc", "manager"];

/// Finds files named after nothing, and markers of unfinished work.
pub fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for part in source.path.split(['/', '.', '_']) {
        if EMPTY_NAMES.contains(&part) {
            let text = format!("`{part}` in a name says nothing: name what the file holds");
            findings.push(Finding { file: source.path.clone(), line: 0, text });
        }
    }
    // The rule's own file has to name what it forbids.
    if source.path.starts_with("xtask/") {
        return findings;
    }
    for (index, line) in source.text.lines().enumerate() {
        for marker in ["TODO", "FIXME", "XXX", "for now", "#[ignore"] {
            if line.contains(marker) {
                let text = format!("`{marker}`: finish it, or say in an issue that it is missing");
                findings.push(Finding { file: source.path.clone(), line: index + 1, text });
            }
        }
    }
    findings
}
