//! Which records are there already, so that none comes in twice.
//!
//! A record is known by a 128-bit hash over all of its bytes, its `eventID` among them: two records
//! that share an id but differ otherwise are both kept, since neither may be lost. The hash is keyed,
//! anew for each run, so nobody can prepare a record that passes for another one.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_128_with_seed;

/// What makes hashes of records; those of one can be compared.
#[derive(Clone, Copy, Debug)]
pub struct RecordHasher {
    seed: u64,
}

/// Stands for all bytes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordHash(u128);

impl RecordHasher {
    /// A hasher with a seed that nobody can guess.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The hash of a record.
    pub fn of(self, record: &[u8]) -> RecordHash {
        RecordHash(xxh3_128_with_seed(record, self.seed))
    }
}

/// Hashes of records, 17 bytes or so each.
#[derive(Clone, Debug, Default)]
pub struct RecordHashes {
    hashes: HashSet<RecordHash, BuildHasherDefault<Folded>>,
}

impl RecordHashes {
    /// Adds a record; `false` if it was there.
    pub fn insert(&mut self, record: RecordHash) -> bool {
        self.hashes.insert(record)
    }

    /// Whether a record is there.
    pub fn contains(&self, record: RecordHash) -> bool {
        self.hashes.contains(&record)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

/// The keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
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
    use super::{RecordHasher, RecordHashes};

    #[test]
    fn every_byte_of_a_record_counts() {
        let (hasher, mut known) = (RecordHasher::new(7), RecordHashes::default());
        let mut insert = |record: &[u8]| known.insert(hasher.of(record));
        assert!(insert(br#"{"eventID":"1","eventName":"A"}"#));
        assert!(insert(br#"{"eventID":"1","eventName":"B"}"#));
        assert!(insert(br#"{"eventName":"A"}"#));
        assert!(!insert(br#"{"eventID":"1","eventName":"A"}"#));
        assert!(known.contains(hasher.of(br#"{"eventName":"A"}"#)));
        assert!(!known.contains(RecordHasher::new(8).of(br#"{"eventName":"A"}"#)));
        assert_eq!((known.len(), known.is_empty()), (3, false));
    }
}
