//! The service models as botocore ships them.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use flate2::read::GzDecoder;

use super::json::Json;

/// One service's model, before it is made compact.
pub struct Source {
    /// The name of its folder: `cloudtrail`.
    pub id: String,
    /// The document.
    pub model: Json,
}

impl Source {
    /// An entry of `metadata`.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.model.get("metadata")?.text(key)
    }

    /// The name that signatures are scoped to.
    pub fn signing_name(&self) -> &str {
        self.metadata("signingName").or_else(|| self.metadata("endpointPrefix")).unwrap_or(&self.id)
    }
}

/// Reads the newest version of every service.
pub fn botocore(data: &Path) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(data).with_context(|| data.display().to_string())? {
        let folder = entry?.path();
        let Some(version) = newest(&folder)? else { continue };
        let packed = version.join("service-2.json.gz");
        if !packed.exists() {
            continue;
        }
        let mut text = String::new();
        GzDecoder::new(std::fs::File::open(&packed)?).read_to_string(&mut text)?;
        let mut model: Json =
            serde_json::from_str(&text).with_context(|| packed.display().to_string())?;
        // Botocore's own corrections, which its loader applies as well.
        let extras = version.join("service-2.sdk-extras.json");
        if extras.exists() {
            let extras: Json = serde_json::from_str(&std::fs::read_to_string(&extras)?)?;
            if let Some(merge) = extras.get("merge") {
                model.merge(merge);
            }
        }
        let id = folder.file_name().context("a folder")?.to_string_lossy().into_owned();
        sources.push(Source { id, model });
    }
    Ok(sources)
}

/// The version of the botocore that the data came with.
pub fn version(data: &Path) -> anyhow::Result<String> {
    let path = data.parent().context("the folder above the data")?.join("__init__.py");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let line = text.lines().find_map(|line| line.strip_prefix("__version__ = "));
    Ok(line.context("a version")?.trim_matches(['"', '\'']).to_owned())
}

/// Our own service, whose model we write by hand in the same form.
pub fn own(path: &Path) -> anyhow::Result<Source> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(Source { id: "cairn".to_owned(), model: serde_json::from_str(&text)? })
}

fn newest(folder: &Path) -> anyhow::Result<Option<std::path::PathBuf>> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut versions = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            versions.push(path);
        }
    }
    versions.sort();
    Ok(versions.pop())
}
