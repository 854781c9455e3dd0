//! `cargo xtask models [DATA_DIR] [--check]`: the compact service models of `cairn-wire`, made from
//! botocore.
//!
//! Reads `data/<service>/<version>/service-2.json.gz` of a pip-installed botocore (the newest
//! version of each service), lays our patches over them, and writes one compressed blob a service,
//! the notice beside them, an index as Rust source, and nothing else. The same input gives the same
//! bytes, so `--check` can say whether the committed files are current.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

mod compact;
mod index;
mod json;
mod patches;
mod source;
mod writer;

use patches::Patches;

const MODELS: &str = "crates/cairn-wire/models";
const INDEX: &str = "crates/cairn-wire/src/model/generated.rs";
const BLOB: &str = "zst";
const ZSTD_LEVEL: i32 = 19;

/// Remakes the models, or with `--check` compares them with what is committed.
pub fn run(arguments: &[String]) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the root")?.to_path_buf();
    let check = arguments.iter().any(|argument| argument == "--check");
    let given = arguments.iter().find(|argument| !argument.starts_with("--"));
    let data = given.map_or_else(|| botocore_data(&root), |path| Ok(PathBuf::from(path)))?;
    let files = make(&root, &data)?;
    let left = left_over(&root, &files)?;
    if check {
        let differs = |(path, bytes): &(&PathBuf, &Vec<u8>)| {
            std::fs::read(path).ok().as_ref() != Some(*bytes)
        };
        let stale = files.iter().filter(differs).map(|(path, _)| path).chain(&left);
        let stale: Vec<_> = stale.collect();
        if let Some(path) = stale.first() {
            bail!(
                "{} files differ, {} is the first; run `cargo xtask models`",
                stale.len(),
                path.display()
            );
        }
        return Ok(());
    }
    for (path, bytes) in &files {
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        std::fs::write(path, bytes).with_context(|| path.display().to_string())?;
    }
    for path in &left {
        std::fs::remove_file(path).with_context(|| path.display().to_string())?;
    }
    let bytes: usize = files.values().map(Vec::len).sum();
    println!("{} files, {bytes} bytes; {} left over and removed", files.len(), left.len());
    Ok(())
}

/// Everything that the committed tree holds of the models: path to content.
fn make(root: &Path, data: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let patches = Patches::read(&root.join("crates/cairn-wire/patches"))?;
    let mut sources = source::botocore(data)?;
    sources.push(source::own(&root.join(MODELS).join("cairn.json"))?);
    sources.sort_by(|a, b| a.id.cmp(&b.id));
    for source in &mut sources {
        patches.overlay(source);
    }
    patches.check(&sources)?;
    let mut files = BTreeMap::new();
    let mut heads = Vec::new();
    for source in &sources {
        let blob = compact::service(source, &patches).with_context(|| source.id.clone())?;
        let packed = zstd::bulk::compress(&blob, ZSTD_LEVEL)?;
        files.insert(root.join(MODELS).join(format!("{}.{BLOB}", source.id)), packed);
        heads.push(index::Head::of(source, &patches, blob.len())?);
    }
    files.insert(root.join(INDEX), index::render(&heads).into_bytes());
    files.insert(root.join(MODELS).join("NOTICE"), notice(&source::version(data)?).into_bytes());
    Ok(files)
}

/// Blobs of services that are no more.
fn left_over(root: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> anyhow::Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for entry in std::fs::read_dir(root.join(MODELS)).context(MODELS)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == BLOB) && !files.contains_key(&path) {
            left.push(path);
        }
    }
    left.sort();
    Ok(left)
}

fn notice(version: &str) -> String {
    format!(
        "The files *.zst are derived from the service models of botocore {version}\n\
         (https://github.com/boto/botocore), Copyright Amazon.com, Inc. or its affiliates,\n\
         Apache License 2.0. Changes: documentation, shape names and client-only parts are\n\
         left out; the rest is written as compact tables; the files in ../patches are laid\n\
         over them. `cargo xtask models` makes them again. So are ../src/model/generated.rs\n\
         and, in part, the files in ../patches.\n\
         \n\
         cairn.json is Cairn's own.\n"
    )
}

fn botocore_data(root: &Path) -> anyhow::Result<PathBuf> {
    let python = root.join(".venv/bin/python");
    let output = Command::new(&python)
        .args([
            "-c",
            "import botocore, os; print(os.path.join(os.path.dirname(botocore.__file__), 'data'))",
        ])
        .output()
        .with_context(|| format!("{} is missing: `make .venv/ready` makes it", python.display()))?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}
