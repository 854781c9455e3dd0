//! What the models do not say, as small files that a diff can show.
//!
//! Every name in them must be one of the models': a slip of the pen, or an operation that botocore
//! no longer has, fails the run.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use anyhow::{Context, bail};

use super::json::Json;
use super::source::Source;

/// Verbs of operations that change nothing.
const READ_VERBS: [&str; 22] = [
    "Get",
    "List",
    "Describe",
    "Head",
    "Search",
    "Lookup",
    "BatchGet",
    "Query",
    "Scan",
    "Select",
    "Check",
    "Test",
    "Validate",
    "Preview",
    "Estimate",
    "Simulate",
    "Filter",
    "View",
    "Count",
    "Discover",
    "Detect",
    "BatchDescribe",
];

/// Stands for every operation of a service.
const ALL: &str = "*";

/// A service and one of its operations.
type Name = (String, String);

/// All patches.
pub struct Patches {
    overlays: BTreeMap<String, Json>,
    event_sources: BTreeMap<String, String>,
    read_only: BTreeMap<Name, bool>,
    data_events: BTreeSet<Name>,
    ec2_legacy: BTreeSet<Name>,
}

impl Patches {
    /// Reads the files of the patches folder.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let rows = |name: &str| -> anyhow::Result<Vec<Vec<String>>> {
            let text = std::fs::read_to_string(folder.join(name));
            Ok(rows(&text.with_context(|| format!("patches/{name}"))?))
        };
        let mut event_sources = BTreeMap::new();
        for words in rows("event-sources.txt")? {
            let [service, source] = words.as_slice() else { bail!("event-sources.txt: {words:?}") };
            event_sources.insert(service.clone(), source.clone());
        }
        let mut read_only = BTreeMap::new();
        for words in rows("read-only.txt")? {
            let [answer, service, operations @ ..] = words.as_slice() else {
                bail!("read-only.txt: {words:?}")
            };
            let is_read = match answer.as_str() {
                "read" => true,
                "write" => false,
                other => bail!("read-only.txt: {other}"),
            };
            read_only
                .extend(operations.iter().map(|name| ((service.clone(), name.clone()), is_read)));
        }
        let mut data_events = BTreeSet::new();
        for words in rows("data-events.txt")? {
            let [service, operations @ ..] = words.as_slice() else {
                bail!("data-events.txt: {words:?}")
            };
            data_events.extend(operations.iter().map(|name| (service.clone(), name.clone())));
        }
        let legacy = rows("ec2-legacy.txt")?.into_iter().flatten();
        let ec2_legacy = legacy.map(|name| ("ec2".to_owned(), name)).collect();
        let overlays = overlays(&folder.join("overlay"))?;
        Ok(Self { overlays, event_sources, read_only, data_events, ec2_legacy })
    }

    /// Lays the corrections of the documents over a model.
    pub fn overlay(&self, source: &mut Source) {
        if let Some(change) = self.overlays.get(&source.id) {
            source.model.merge(change);
        }
    }

    /// Fails when a patch names what no model has; `sources` have the overlays already.
    pub fn check(&self, sources: &[Source]) -> anyhow::Result<()> {
        let services: HashSet<&str> = sources.iter().map(|source| source.id.as_str()).collect();
        let mut operations = HashSet::new();
        for source in sources {
            let named = source.model.get("operations").context("operations")?.entries();
            operations.extend(named.iter().map(|(name, _)| (source.id.as_str(), name.as_str())));
        }
        let of_service = self.overlays.keys().chain(self.event_sources.keys());
        for service in of_service {
            if !services.contains(service.as_str()) {
                bail!("a patch names the service {service}, which is not there");
            }
        }
        let named = self.read_only.keys().chain(&self.data_events).chain(&self.ec2_legacy);
        for (service, name) in named {
            let is_all = name == ALL && services.contains(service.as_str());
            if !is_all && !operations.contains(&(service.as_str(), name.as_str())) {
                bail!("a patch names {service} {name}, which is not there");
            }
        }
        Ok(())
    }

    /// `eventSource` without its domain, where it is not the signing name.
    pub fn event_source(&self, service: &str) -> Option<&str> {
        self.event_sources.get(service).map(String::as_str)
    }

    /// Whether an operation changes nothing: exception, else the model's trait, else the verb.
    pub fn read_only(&self, service: &str, name: &str, modelled: bool) -> bool {
        let exception = self.read_only.get(&named(service, name));
        exception.copied().unwrap_or(modelled || READ_VERBS.iter().any(|verb| has_verb(name, verb)))
    }

    /// Whether an operation is recorded as a data event.
    pub fn data_event(&self, service: &str, name: &str) -> bool {
        [name, ALL].iter().any(|name| self.data_events.contains(&named(service, name)))
    }

    /// Whether EC2 records the operation in the form of its SOAP days.
    pub fn ec2_legacy(&self, service: &str, name: &str) -> bool {
        self.ec2_legacy.contains(&named(service, name))
    }
}

fn named(service: &str, name: &str) -> Name {
    (service.to_owned(), name.to_owned())
}

/// `GetTrail` has the verb `Get`; `Getaway` has not.
fn has_verb(name: &str, verb: &str) -> bool {
    let rest = name.strip_prefix(verb);
    rest.is_some_and(|rest| rest.chars().next().is_none_or(char::is_uppercase))
}

/// Words of lines; `#` begins a comment.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let rows = lines.map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    rows.filter(|row| !row.is_empty()).collect()
}

/// The documents by the service that names them.
fn overlays(folder: &Path) -> anyhow::Result<BTreeMap<String, Json>> {
    let mut overlays = BTreeMap::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let service = path.file_stem().context("a file")?.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path)?;
        overlays.insert(
            service,
            serde_json::from_str(&text).with_context(|| path.display().to_string())?,
        );
    }
    Ok(overlays)
}
