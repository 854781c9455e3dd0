//! Which records the directory holds, so that none comes in twice.

use cairn_history::{RecordHasher, RecordHashes, SearchBudget, SearchQuery};
use cairn_store::{EventLog as _, Offset};

use crate::directory::Opened;

use super::catch_up;

/// Records of history that are read at once.
const PAGE_RECORDS: usize = 2_000;

/// Hashes of all records that the directory holds.
#[derive(Debug)]
pub(super) struct KnownRecords {
    hasher: RecordHasher,
    hashes: RecordHashes,
}

impl KnownRecords {
    /// All that the directory holds. Brings history up to the log on the way.
    pub(super) fn load(opened: &Opened) -> anyhow::Result<Self> {
        let seed = getrandom::u64().map_err(|error| anyhow::anyhow!("no entropy: {error}"))?;
        let (hasher, hashes) = (RecordHasher::new(seed), RecordHashes::default());
        let mut known = Self { hasher, hashes };
        known.load_expired(opened)?;
        catch_up::history(opened, |record| {
            known.insert(record);
        })?;
        Ok(known)
    }

    /// Adds a record; `false` if it was there.
    pub(super) fn insert(&mut self, record: &[u8]) -> bool {
        self.hashes.insert(self.hasher.of(record))
    }

    /// History may still hold what has expired from the log.
    fn load_expired(&mut self, opened: &Opened) -> anyhow::Result<()> {
        let first = opened.log.first();
        if first == Offset::ZERO || opened.history.slices().iter().all(|slice| slice.from >= first)
        {
            return Ok(());
        }
        let (query, mut after) = (SearchQuery::default(), None);
        loop {
            let budget = SearchBudget::rows(u64::MAX);
            let page = opened.history.search(&query, after, PAGE_RECORDS, budget)?;
            for hit in page.hits.iter().filter(|hit| hit.offset < first) {
                self.insert(&hit.record);
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
