//! `cargo xtask tidy`: the house rules that no compiler checks.
//!
//! Each rule is a function from the tree to findings; a finding names the file, the line and what
//! to do. Rules read the files that git tracks (and the untracked ones it does not ignore), so
//! build output never counts.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

mod edges;
mod functions;
mod reasons;
mod words;

/// Lines a hand-written source file may have.
const FILE_LINES_MAX: usize = 500;
/// Columns a line of code may have.
const LINE_COLUMNS_MAX: usize = 110;

/// One broken rule.
pub struct Finding {
    /// The file, relative to the root of the repository.
    pub file: String,
    /// The line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// What is wrong and what to do.
    pub text: String,
}

/// One source file with its text.
pub struct Source {
    /// Relative to the root of the repository, with `/`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// Checks every rule; fails when there is a finding.
pub fn run(_arguments: &[String]) -> anyhow::Result<()> {
    let root = root()?;
    let sources = sources(&root)?;
    let mut findings = Vec::new();
    for source in &sources {
        findings.extend(lengths(source));
        findings.extend(functions::check(source));
        findings.extend(words::check(source));
    }
    findings.extend(edges::check(&root)?);
    findings.extend(reasons::check(&root)?);
    for finding in &findings {
        println!("{}:{}: {}", finding.file, finding.line, finding.text);
    }
    if !findings.is_empty() {
        bail!("{} findings in {} files", findings.len(), sources.len());
    }
    println!("tidy: {} files are in order", sources.len());
    Ok(())
}

fn root() -> anyhow::Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(manifest.parent().context("xtask lies below the root")?.to_path_buf())
}

fn sources(root: &Path) -> anyhow::Result<Vec<Source>> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.rs", "*.py"])
        .current_dir(root)
        .output()
        .context("git ls-files")?;
    let mut sources = Vec::new();
    for path in String::from_utf8(listed.stdout)?.lines() {
        // A file that git tracks may have been removed from the working tree.
        let Ok(text) = std::fs::read_to_string(root.join(path)) else { continue };
        if !is_foreign(path, &text) {
            sources.push(Source { path: path.to_owned(), text });
        }
    }
    Ok(sources)
}

/// Generated files, and data that others wrote, keep their own shape.
fn is_foreign(path: &str, text: &str) -> bool {
    let head: String = text.lines().take(5).collect();
    path.starts_with("corpus/") || head.contains("@generated")
}

fn lengths(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let count = source.text.lines().count();
    if count > FILE_LINES_MAX {
        let text =
            format!("{count} lines; a file has at most {FILE_LINES_MAX}: split it by meaning");
        findings.push(Finding { file: source.path.clone(), line: 0, text });
    }
    for (index, line) in source.text.lines().enumerate() {
        let columns = line.chars().count();
        // A link or a literal of the wire cannot be broken.
        if columns > LINE_COLUMNS_MAX && !line.contains("http") && !line.contains('"') {
            let text = format!("{columns} columns; a line has at most {LINE_COLUMNS_MAX}");
            findings.push(Finding { file: source.path.clone(), line: index + 1, text });
        }
    }
    findings
}
