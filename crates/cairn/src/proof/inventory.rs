//! What is in the buckets: digests by chain, and what does not belong there.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use cairn_event::Timestamp;
use cairn_event::digest::Digest;
use cairn_event::key::DigestKey;

use super::bucket::{Bucket, Listed, ReadError, S3Bucket};
use super::chain_name::{ChainName, Selection};
use super::inflate::Inflater;
use crate::client::ServerChoice;

/// The folder of a bucket in which trails write, below their prefix.
const ROOT: &str = "AWSLogs";
/// Folders of trails that hold log files.
const LOG_FOLDERS: [&str; 4] =
    ["CloudTrail", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"];
/// How many digests are asked for the name of the bucket that they are from.
const WITNESSES_MAX: usize = 9;

/// A bucket that is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) bucket: Arc<dyn Bucket>,
    /// Keys that begin otherwise are not looked at.
    pub(crate) prefix: String,
}

impl Source {
    /// A bucket of S3, from a prefix on: `BUCKET/PREFIX`.
    pub(crate) fn s3(place: &str, server: &ServerChoice) -> anyhow::Result<Self> {
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let bucket = S3Bucket::open(server.destination(bucket)?)?;
        let prefix = match prefix {
            "" => String::new(),
            prefix if prefix.ends_with('/') => prefix.to_owned(),
            prefix => format!("{prefix}/"),
        };
        Ok(Self { bucket: Arc::new(bucket), prefix })
    }
}

/// Buckets by number, with their names.
#[derive(Debug)]
pub(crate) struct Buckets {
    found: Vec<(String, Arc<dyn Bucket>)>,
}

impl Buckets {
    /// The number of the bucket of this name in which the key may be, if it can be reached.
    pub(crate) fn number(&mut self, name: &str, key: &str) -> Option<usize> {
        let is_it =
            |(known, bucket): &(String, Arc<dyn Bucket>)| known == name && bucket.has_room_for(key);
        if let Some(at) = self.found.iter().position(is_it) {
            return Some(at);
        }
        let sibling = self.found.iter().find_map(|(_, bucket)| bucket.sibling(name))?;
        self.found.push((name.to_owned(), sibling));
        Some(self.found.len() - 1)
    }

    pub(crate) fn name(&self, number: usize) -> &str {
        self.found.get(number).map_or("", |(name, _)| name)
    }

    pub(crate) fn bucket(&self, number: usize) -> Option<&Arc<dyn Bucket>> {
        self.found.get(number).map(|(_, bucket)| bucket)
    }

    /// How many reads are worth making at once.
    pub(crate) fn reads_at_once(&self) -> usize {
        self.found.iter().map(|(_, bucket)| bucket.reads_at_once()).max().unwrap_or(1)
    }
}

/// Where a digest is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// By its key.
    pub(crate) end: Timestamp,
    pub(crate) bucket: usize,
    pub(crate) key: String,
    pub(crate) modified: Option<Timestamp>,
}

/// What a key is to a trail.
#[derive(Debug)]
pub(crate) enum Role {
    Digest(DigestKey),
    /// It lies where log files do.
    Log,
    /// It lies where digests do, and is none.
    Planted,
    /// It is none of a trail's.
    Foreign,
}

/// What there is before anything is read.
#[derive(Debug)]
pub(crate) struct Inventory {
    pub(crate) buckets: Buckets,
    /// Oldest first.
    pub(crate) chains: BTreeMap<ChainName, Vec<Place>>,
    /// What lies where digests do.
    pub(crate) planted: Vec<(usize, String)>,
}

impl Inventory {
    /// Lists the sources.
    pub(crate) fn take(sources: &[Source], selection: &Selection) -> Result<Self, ReadError> {
        let mut chains: BTreeMap<ChainName, Vec<Place>> = BTreeMap::new();
        let mut planted = Vec::new();
        for (bucket, source) in sources.iter().enumerate() {
            source.bucket.list(&source.prefix, &mut |listed| {
                match role(&listed) {
                    Role::Digest(key) => {
                        let name = ChainName::of(&key);
                        if selection.is_near(&name) {
                            let Listed { key: text, modified, .. } = listed;
                            let place = Place { end: key.end, bucket, key: text, modified };
                            chains.entry(name).or_default().push(place);
                        }
                    }
                    Role::Planted => planted.push((bucket, listed.key)),
                    Role::Log | Role::Foreign => {}
                }
                ControlFlow::Continue(())
            })?;
        }
        for places in chains.values_mut() {
            places.sort_unstable();
        }
        let found = sources.iter().enumerate().map(|(number, source)| {
            let name = source.bucket.name().map(str::to_owned);
            let name = name.unwrap_or_else(|| said_name(number, source, &chains));
            (name, Arc::clone(&source.bucket))
        });
        let buckets = Buckets { found: found.collect() };
        Ok(Self { buckets, chains, planted })
    }
}

/// What a key is, by its name.
pub(crate) fn role(listed: &Listed) -> Role {
    if let Some(key) = DigestKey::parse(&listed.key) {
        return Role::Digest(key);
    }
    // A trail is admitted to a folder by an object without content (observed).
    if listed.bytes == 0 && listed.key.ends_with('/') {
        return Role::Foreign;
    }
    match folder(&listed.key) {
        Some(folder) if folder == DigestKey::FOLDER => Role::Planted,
        Some(folder) if LOG_FOLDERS.contains(&folder) => Role::Log,
        _ => Role::Foreign,
    }
}

/// The folder below the account. A prefix may have a part that is called as the root is.
fn folder(key: &str) -> Option<&str> {
    let parts: Vec<&str> = key.split('/').collect();
    let roots = parts.iter().enumerate().rev().filter(|(_, part)| **part == ROOT);
    let folders = roots.filter_map(|(at, _)| folder_below(parts.get(at + 1..)?));
    folders.into_iter().find(|name| *name == DigestKey::FOLDER || LOG_FOLDERS.contains(name))
}

fn folder_below<'a>(parts: &[&'a str]) -> Option<&'a str> {
    let mut parts = parts.iter().copied();
    let account = parts.next()?;
    if account.starts_with("o-") {
        parts.next()?;
    }
    let folder = parts.next()?;
    parts.next().map(|_| folder)
}

/// The name that most digests of a copy say their bucket has. Each digest is held against it later.
fn said_name(number: usize, source: &Source, chains: &BTreeMap<ChainName, Vec<Place>>) -> String {
    let places: Vec<_> = chains.values().flatten().filter(|place| place.bucket == number).collect();
    let mut votes: HashMap<String, usize> = HashMap::new();
    let mut inflater = Inflater::new();
    for place in places.iter().step_by((places.len() / WITNESSES_MAX).max(1)) {
        let Ok(object) = source.bucket.read(&place.key) else { continue };
        let Ok(content) = inflater.whole(object.content) else { continue };
        let Ok(digest) = Digest::parse(content) else { continue };
        *votes.entry(digest.digest_s3_bucket).or_default() += 1;
    }
    let most = votes.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
    most.map_or_else(|| "unknown".to_owned(), |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planted_is_seen_below_any_prefix() {
        let role = |key: &str| role(&Listed { key: key.to_owned(), bytes: 1, modified: None });
        for (prefix, after) in [("", ""), ("AWSLogs/x/", ""), ("a/AWSLogs/", ""), ("", "AWSLogs/")]
        {
            let start = format!("{prefix}AWSLogs/111122223333");
            let log = format!("{start}/CloudTrail/us-east-1/2026/11/26/{after}evil.json.gz");
            assert!(matches!(role(&log), Role::Log), "{log}");
            let digest = format!("{start}/CloudTrail-Digest/us-east-1/{after}evil.json.gz");
            assert!(matches!(role(&digest), Role::Planted), "{digest}");
        }
        assert!(matches!(role("AWSLogs/111122223333/Config/x"), Role::Foreign));
    }
}
