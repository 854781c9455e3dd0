//! What others write that delivery reads: the documents of trails.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cairn_event::Timestamp;
use cairn_event::trail::{Trail, place};
use cairn_store::{Key, MetaStore, Version};

use super::book::{Book, Kept};
use super::engine::Engine;
use super::record::TrailState;
use crate::state;
use crate::worker::StepError;

/// The documents of trails, by their ids.
#[derive(Debug, Default)]
pub(super) struct Documents {
    /// The newest document of each trail, and its version.
    trails: BTreeMap<String, (Trail, Version)>,
    /// What was read under each key.
    read: HashMap<Key, (Version, String)>,
    /// Whether there are documents that cannot be read: whose they are is not known.
    has_unreadable: bool,
}

impl Documents {
    /// Reads what has changed. Deleted trails are listed last: `DeleteTrail` writes the last
    /// document before it removes the one before.
    pub(super) async fn refresh(&mut self, meta: &dyn MetaStore) -> Result<(), StepError> {
        let mut found = state::list(meta, place::TRAILS).await?;
        found.extend(state::list(meta, place::GONE).await?);
        let mut read = HashMap::new();
        self.has_unreadable = false;
        for (key, value) in found {
            let known = self.read.get(&key).filter(|(version, _)| *version == value.version);
            let id = if let Some((_, id)) = known {
                id.clone()
            } else {
                let trail: Trail = match state::parse(key.as_str(), &value.value) {
                    Ok(trail) => trail,
                    Err(error) => {
                        // One bad document is no reason to stop delivering for all others.
                        let error = &error as &dyn std::error::Error;
                        tracing::error!(key = key.as_str(), error, "a trail cannot be read");
                        self.has_unreadable = true;
                        continue;
                    }
                };
                let id = trail.id.clone();
                let newest = self.trails.get(&id).map(|(_, version)| *version);
                if newest.is_none_or(|newest| newest < value.version) {
                    self.trails.insert(id.clone(), (trail, value.version));
                }
                id
            };
            read.insert(key, (value.version, id));
        }
        self.read = read;
        let present: BTreeSet<&String> = self.read.values().map(|(_, id)| id).collect();
        self.trails.retain(|id, _| present.contains(id));
        Ok(())
    }

    /// Takes the documents into the states of their trails, but for those that are `busy`.
    pub(super) async fn take_in(
        &self,
        engine: &Engine,
        book: &mut Book,
        busy: impl Fn(&str) -> bool,
        now: Timestamp,
    ) -> Result<(), StepError> {
        let cursor = book.cursor;
        for (id, (doc, version)) in self.trails.iter().filter(|(id, _)| !busy(id)) {
            let changed = if let Some(kept) = book.trails.get_mut(id) {
                kept.state.take_in(doc, *version, cursor, now) | kept.state.ripen(cursor)
            } else if doc.spans.is_empty() {
                false
            } else {
                let state = TrailState::first(doc, *version, cursor, now);
                book.trails.insert(id.clone(), Kept { state, version: None });
                true
            };
            if changed {
                book.reselect();
                book.put(engine, id).await?;
            }
        }
        if self.has_unreadable {
            return Ok(());
        }
        let gone = book.trails.keys().filter(|id| !self.trails.contains_key(*id) && !busy(id));
        for id in gone.cloned().collect::<Vec<_>>() {
            book.remove(engine, &id).await?;
        }
        Ok(())
    }
}
