//! What the models do not say, as small text files that a diff can show.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::Context;

use super::json::Json;
use super::source::Source;

/// The API version whose operations EC2 still records in their old form.
const EC2_LEGACY_VERSION: &str = "2015-03-01";

/// Verbs of operations that change nothing.
const READ_VERBS: [&str; 22] = [
    "Get", "List", "Describe", "Head", "Search", "Lookup", "BatchGet", "Query", "Scan", "Select", "Check", "Test",
    "Validate", "Preview", "Estimate", "Simulate", "Filter", "View", "Count", "Discover", "Detect", "BatchDescribe",
];

/// All patches.
pub struct Patches {
    overlay: Json,
    event_sources: HashMap<String, String>,
    read_only: HashMap<(String, String), bool>,
    data_events: HashSet<(String, String)>,
    ec2_legacy: HashSet<String>,
}

impl Patches {
    /// Reads the files of the patches folder, and the old EC2 operations from botocore.
    pub fn read(folder: &Path, data: &Path) -> anyhow::Result<Self> {
        let read = |name: &str| {
            std::fs::read_to_string(folder.join(name)).with_context(|| format!("patches/{name}"))
        };
        let mut event_sources = HashMap::new();
        for words in rows(&read("event-sources.txt")?) {
            if let [service, source] = words.as_slice() {
                event_sources.insert(service.clone(), source.clone());
            }
        }
        let mut read_only = HashMap::new();
        for words in rows(&read("read-only.txt")?) {
            if let [answer, service, operations @ ..] = words.as_slice() {
                for operation in operations {
                    read_only.insert((service.clone(), operation.clone()), answer == "read");
                }
            }
        }
        let mut data_events = HashSet::new();
        for words in rows(&read("data-events.txt")?) {
            if let [service, operations @ ..] = words.as_slice() {
                data_events.extend(operations.iter().map(|name| (service.clone(), name.clone())));
            }
        }
        Ok(Self {
            overlay: serde_json::from_str(&read("overlay.json")?)?,
            event_sources,
            read_only,
            data_events,
            ec2_legacy: legacy(data)?,
        })
    }

    /// Lays the corrections of the document over a model.
    pub fn overlay(&self, source: &mut Source) {
        if let Some(change) = self.overlay.get(&source.id) {
            source.model.merge(change);
        }
    }

    /// `eventSource` without its domain, where it is not the signing name.
    pub fn event_source(&self, service: &str) -> Option<&str> {
        self.event_sources.get(service).map(String::as_str)
    }

    /// Whether an operation changes nothing: exception, else the model's trait, else the verb.
    pub fn read_only(&self, service: &str, name: &str, modelled: bool) -> bool {
        let exception = self.read_only.get(&(service.to_owned(), name.to_owned()));
        exception.copied().unwrap_or(modelled || READ_VERBS.iter().any(|verb| has_verb(name, verb)))
    }

    /// Whether an operation is recorded as a data event.
    pub fn data_event(&self, service: &str, name: &str) -> bool {
        [name, "*"].iter().any(|name| self.data_events.contains(&(service.to_owned(), (*name).to_owned())))
    }

    /// Whether EC2 records the operation in the form of its SOAP days.
    pub fn ec2_legacy(&self, service: &str, name: &str) -> bool {
        service == "ec2" && self.ec2_legacy.contains(name)
    }
}

/// `GetTrail` has the verb `Get`; `Getaway` has not.
fn has_verb(name: &str, verb: &str) -> bool {
    let rest = name.strip_prefix(verb);
    rest.is_some_and(|rest| rest.chars().next().is_none_or(char::is_uppercase))
}

fn rows(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let rows = lines.map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    rows.filter(|row| !row.is_empty()).collect()
}

fn legacy(data: &Path) -> anyhow::Result<HashSet<String>> {
    let path = data.join("ec2").join(EC2_LEGACY_VERSION).join("service-2.json.gz");
    let file = std::fs::File::open(&path).with_context(|| path.display().to_string())?;
    let model: Json = serde_json::from_reader(flate2::read::GzDecoder::new(file))?;
    let operations = model.get("operations").context("operations")?;
    Ok(operations.entries().iter().map(|(name, _)| name.clone()).collect())
}
