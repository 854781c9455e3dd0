//! Crates depend on each other in one direction only, along the edges of ARCHITECTURE.md.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

use super::Finding;

/// Which of our crates each crate may use. Any other edge is a finding.
const ALLOWED: [(&str, &[&str]); 12] = [
    ("cairn-event", &[]),
    ("cairn-wire", &["cairn-event"]),
    ("cairn-iam", &["cairn-event"]),
    ("cairn-store", &["cairn-event"]),
    ("cairn-bucket", &["cairn-event", "cairn-iam", "cairn-store"]),
    ("cairn-history", &["cairn-event", "cairn-store"]),
    ("cairn-consumers", &["cairn-event", "cairn-store", "cairn-bucket", "cairn-history"]),
    (
        "cairn-api",
        &["cairn-event", "cairn-wire", "cairn-iam", "cairn-store", "cairn-bucket", "cairn-history"],
    ),
    (
        "cairn-gateway",
        &["cairn-event", "cairn-wire", "cairn-iam", "cairn-store", "cairn-history", "cairn-api"],
    ),
    (
        "cairn",
        &[
            "cairn-event",
            "cairn-wire",
            "cairn-iam",
            "cairn-store",
            "cairn-bucket",
            "cairn-history",
            "cairn-consumers",
            "cairn-api",
            "cairn-gateway",
        ],
    ),
    (
        "cairn-bench",
        &[
            "cairn-event",
            "cairn-wire",
            "cairn-iam",
            "cairn-store",
            "cairn-bucket",
            "cairn-history",
            "cairn-consumers",
            "cairn-api",
            "cairn-gateway",
        ],
    ),
    ("xtask", &[]),
];

/// Libraries that one crate alone may know.
const FENCED: [(&str, &[&str]); 7] = [
    ("hyper", &["cairn-gateway", "cairn-bench"]),
    ("arrow", &["cairn-history"]),
    ("parquet", &["cairn-history"]),
    ("object_store", &["cairn-bucket"]),
    ("rusqlite", &["cairn-store"]),
    ("s3s", &["cairn-api"]),
    ("quick-xml", &["cairn-wire", "cairn-bucket", "cairn-gateway"]),
];

/// Reads `cargo metadata` and finds every edge that the tables do not allow.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .context("cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().context("packages")? {
        let name = package["name"].as_str().unwrap_or_default();
        let dependencies = package["dependencies"].as_array().context("dependencies")?;
        let direct = dependencies.iter().filter(|entry| entry["kind"].is_null());
        for dependency in direct.filter_map(|entry| entry["name"].as_str()) {
            if let Some(text) = refuse(name, dependency) {
                findings.push(Finding { file: format!("crates/{name}/Cargo.toml"), line: 0, text });
            }
        }
    }
    Ok(findings)
}

fn refuse(name: &str, dependency: &str) -> Option<String> {
    if dependency.starts_with("cairn") {
        let allowed = ALLOWED.iter().find(|(crate_name, _)| *crate_name == name);
        let known = allowed.is_some_and(|(_, edges)| edges.contains(&dependency));
        return (!known)
            .then(|| format!("the edge {name} → {dependency} is not in ARCHITECTURE.md"));
    }
    let fence = FENCED.iter().find(|(library, _)| *library == dependency)?;
    let inside = fence.1.contains(&name);
    (!inside).then(|| format!("{dependency} may be used by {} only", fence.1.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::refuse;

    #[test]
    fn edges_point_down() {
        assert!(refuse("cairn-api", "cairn-history").is_none());
        assert!(refuse("cairn-history", "cairn-api").is_some());
        assert!(refuse("cairn-api", "cairn-consumers").is_some());
        assert!(refuse("cairn-newcomer", "cairn-event").is_some());
    }

    #[test]
    fn fences_hold() {
        assert!(refuse("cairn-history", "parquet").is_none());
        assert!(refuse("cairn-api", "parquet").is_some());
        assert!(refuse("cairn-api", "serde").is_none());
    }
}
