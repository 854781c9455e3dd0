//! What others write that delivery reads: the documents of trails, and which runs of the log were
//! imported.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cairn_event::Timestamp;
use cairn_event::trail::{Trail, place};
use cairn_store::{Key, MetaStore, Offset, Version};

use super::book::{Book, Kept};
use super::engine::Engine;
use super::record::TrailState;
use crate::state;
use crate::worker::StepError;

/// Runs of the log that were imported: the key ends with the first offset, the value is the offset
/// after the last, both in decimal.
const IMPORTS: &str = "import/range/";

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

/// Runs of the log that hold imported records: these are delivered to nobody.
#[derive(Debug, Default)]
pub(super) struct Imports(Vec<(Offset, Offset)>);

impl Imports {
    pub(super) async fn read(meta: &dyn MetaStore) -> Result<Self, StepError> {
        let mut runs = Vec::new();
        for (key, value) in state::list(meta, IMPORTS).await? {
            let from = key.as_str().strip_prefix(IMPORTS).and_then(|text| text.parse().ok());
            let to =
                std::str::from_utf8(&value.value).ok().and_then(|text| text.trim().parse().ok());
            let (Some(from), Some(to)) = (from, to) else {
                tracing::error!(key = key.as_str(), "the range of an import cannot be read");
                continue;
            };
            runs.push((Offset::new(from), Offset::new(to)));
        }
        runs.sort_unstable();
        Ok(Self(runs))
    }

    /// Where the first record is, from an offset on, that was not imported.
    pub(super) fn skip(&self, from: Offset) -> Offset {
        let covers = |at: Offset, (start, end): &(Offset, Offset)| *start <= at && at < *end;
        self.0.iter().fold(from, |at, run| if covers(at, run) { run.1 } else { at })
    }

    /// The end of the run of records from `from` on, at most to `to`, that were not imported.
    pub(super) fn stop(&self, from: Offset, to: Offset) -> Offset {
        let starts = self.0.iter().filter(|(start, end)| *start > from && end > start);
        starts.map(|(start, _)| *start).fold(to, Offset::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imported_runs_are_passed_over() {
        let run = |from, to| (Offset::new(from), Offset::new(to));
        let imports = Imports(vec![run(5, 10), run(10, 12), run(20, 20), run(30, 40)]);
        let skip = |from| imports.skip(Offset::new(from)).as_u64();
        assert_eq!([0, 4, 5, 9, 11, 12, 20, 39].map(skip), [0, 4, 12, 12, 12, 12, 20, 40]);
        let stop = |from| imports.stop(Offset::new(from), Offset::new(35)).as_u64();
        assert_eq!([0, 4, 12, 25, 40].map(stop), [5, 5, 30, 30, 35]);
    }
}
