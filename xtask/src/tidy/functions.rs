//! Functions have at most 70 lines, signature to closing brace.
//!
//! rustfmt puts the closing brace of a function in the column of its `fn`, so counting lines needs
//! no parser.

use std::path::Path;

use super::{Finding, Source};

const FUNCTION_LINES_MAX: usize = 70;

/// Finds the functions that are too long.
pub fn check(source: &Source) -> Vec<Finding> {
    if Path::new(&source.path).extension().is_none_or(|extension| extension != "rs") {
        return Vec::new();
    }
    let lines: Vec<&str> = source.text.lines().collect();
    let mut findings = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let closing = format!("{}}}", " ".repeat(indent));
        let Some(length) = lines[start..].iter().position(|later| later.trim_end() == closing)
        else {
            continue;
        };
        if length + 1 > FUNCTION_LINES_MAX {
            let text = format!(
                "`{name}` has {} lines; a function has at most {FUNCTION_LINES_MAX}",
                length + 1
            );
            findings.push(Finding { file: source.path.clone(), line: start + 1, text });
        }
    }
    findings
}

/// The name of the function that starts on this line and does not end on it.
fn function_name(line: &str) -> Option<&str> {
    let trimmed = line.trim_start();
    let (before, after) = trimmed.split_once("fn ")?;
    let only_qualifiers = before.split_whitespace().all(|word| {
        matches!(word, "pub" | "async" | "const" | "extern") || word.starts_with("pub(")
    });
    let ends_here = trimmed.ends_with('}') || trimmed.ends_with(';');
    if !only_qualifiers || ends_here {
        return None;
    }
    after.split(['(', '<']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(body_lines: usize) -> Source {
        let body = "    let x = 1;\n".repeat(body_lines);
        Source { path: "a.rs".to_owned(), text: format!("pub async fn long(\n) {{\n{body}}}\n") }
    }

    #[test]
    fn counts_from_signature_to_brace() {
        assert!(check(&source(67)).is_empty());
        assert_eq!(check(&source(68)).len(), 1);
    }
}
