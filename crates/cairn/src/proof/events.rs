//! Events that were delivered, to be held against the event log.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::xxh3_128;

use super::chain_name::ChainName;

/// A trail: its account, home region and name.
pub(crate) type TrailName = (String, String, String);

/// The events of delivered files, 20 bytes or so each.
#[derive(Debug, Default)]
pub(crate) struct EventBook {
    /// In which file each event was seen first.
    trails: HashMap<TrailName, HashMap<u128, u32>>,
    /// Bucket and key.
    files: Vec<(String, String)>,
    repeated: Vec<Repeated>,
    pending: HashSet<u128>,
    unvouched: HashSet<u128>,
}

/// An event that was seen again.
#[derive(Debug)]
pub(crate) struct Repeated {
    pub(crate) event_id: String,
    /// Bucket and key.
    pub(crate) file: (String, String),
    pub(crate) first: (String, String),
}

impl EventBook {
    /// Notes the events of a file that a digest of a chain names.
    pub(crate) fn deliver(
        &mut self,
        chain: &ChainName,
        events: Vec<String>,
        bucket: &str,
        key: &str,
    ) {
        let trail = (chain.account.clone(), chain.home_region.clone(), chain.trail.clone());
        let number = self.files.len() as u32;
        let file = (bucket.to_owned(), key.to_owned());
        let seen = self.trails.entry(trail).or_default();
        for event_id in events {
            if let Some(first) = seen.insert(event_hash(&event_id), number) {
                let first = self.files.get(first as usize).unwrap_or(&file).clone();
                self.repeated.push(Repeated { event_id, file: file.clone(), first });
            }
        }
        self.files.push(file);
    }

    /// Notes the events of a file that no digest names yet.
    pub(crate) fn wait_for(&mut self, events: &[String]) {
        self.pending.extend(events.iter().map(|event| event_hash(event)));
    }

    /// Notes the events of a file that no digest vouches for.
    pub(crate) fn doubt(&mut self, events: &[String]) {
        self.unvouched.extend(events.iter().map(|event| event_hash(event)));
    }

    /// Whether an event is in a file that no digest vouches for.
    pub(crate) fn doubts(&self, event_id: &str) -> bool {
        self.unvouched.contains(&event_hash(event_id))
    }

    /// Events that were delivered more than once.
    pub(crate) fn repeated(&self) -> &[Repeated] {
        &self.repeated
    }

    /// Whether a trail has delivered anything that a digest names.
    pub(crate) fn knows(&self, trail: &TrailName) -> bool {
        self.trails.contains_key(trail)
    }

    /// Whether a trail has delivered an event, or somebody has whose digest is to come.
    pub(crate) fn has(&self, trail: &TrailName, event_id: &str) -> bool {
        let hash = event_hash(event_id);
        self.trails.get(trail).is_some_and(|seen| seen.contains_key(&hash))
            || self.pending.contains(&hash)
    }

    /// Files with events that are none of these, and how many.
    pub(crate) fn strangers(&self, known: &HashSet<u128>) -> Vec<(&(String, String), u64)> {
        let mut counts: HashMap<u32, u64> = HashMap::new();
        for (hash, file) in self.trails.values().flatten() {
            if !known.contains(hash) {
                *counts.entry(*file).or_default() += 1;
            }
        }
        let found = counts
            .into_iter()
            .filter_map(|(file, count)| self.files.get(file as usize).map(|file| (file, count)));
        let mut found: Vec<_> = found.collect();
        found.sort_unstable();
        found
    }
}

/// Stands for an event.
pub(crate) fn event_hash(event_id: &str) -> u128 {
    xxh3_128(event_id.as_bytes())
}
