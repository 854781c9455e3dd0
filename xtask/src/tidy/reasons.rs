//! Each dependency of the workspace has a line of reason beside it.

use std::path::Path;

use super::Finding;

/// Finds entries of `[workspace.dependencies]` without a comment.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let text = std::fs::read_to_string(root.join("Cargo.toml"))?;
    let mut inside = false;
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        }
        let is_entry = inside && line.contains(" = ") && !line.starts_with('#');
        if is_entry && !line.contains("path = ") && !line.contains("# ") {
            let text = "a dependency without its reason: add `# why` behind it".to_owned();
            findings.push(Finding { file: "Cargo.toml".to_owned(), line: index + 1, text });
        }
    }
    Ok(findings)
}
