//! Which records the directory holds, so that none comes in twice.
//!
//! A record is known by a 128-bit hash over all of its bytes, its `eventID` among them: two records
//! that share an id but differ otherwise are both kept, since neither may be lost. The hash is keyed
//! anew for each run, so nobody can prepare a record that passes for another one.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use cairn_history::{SearchBudget, SearchQuery};
use cairn_store::{EventLog as _, Offset};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::directory::Opened;

use super::catch_up;

/// Records of history that are read at once.
const PAGE_RECORDS: usize = 2_000;

/// Hashes of records, 17 bytes or so each.
#[derive(Debug)]
pub(super) struct KnownRecords {
    seed: u64,
    hashes: HashSet<u128, BuildHasherDefault<Folded>>,
}

impl KnownRecords {
    /// No records.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, hashes: HashSet::default() }
    }

    /// All that the directory holds. Brings history up to the log on the way.
    pub(super) fn load(opened: &Opened) -> anyhow::Result<Self> {
        let seed = getrandom::u64().map_err(|error| anyhow::anyhow!("no entropy: {error}"))?;
        let mut known = Self::new(seed);
        known.load_expired(opened)?;
        catch_up::history(opened, |record| {
            known.insert(record);
        })?;
        Ok(known)
    }

    /// Adds a record; `false` if it was there.
    pub(super) fn insert(&mut self, record: &[u8]) -> bool {
        self.hashes.insert(xxh3_128_with_seed(record, self.seed))
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

/// The keys are hashes already.
#[derive(Debug, Default)]
struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KnownRecords;

    #[test]
    fn every_byte_of_a_record_counts() {
        let mut known = KnownRecords::new(7);
        assert!(known.insert(br#"{"eventID":"1","eventName":"A"}"#));
        assert!(known.insert(br#"{"eventID":"1","eventName":"B"}"#));
        assert!(known.insert(br#"{"eventName":"A"}"#));
        assert!(!known.insert(br#"{"eventID":"1","eventName":"A"}"#));
    }
}
