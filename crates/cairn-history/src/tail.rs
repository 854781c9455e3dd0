//! The open tail: records that are not in a slice yet, in memory, with a hash index.
//!
//! It is a row of chunks. All but the last are closed and shared, so that a query holds the lock
//! only while it looks at one chunk, and sealing holds it not at all.

use std::sync::Arc;

use bytes::Bytes;

use crate::Position;
use crate::key::KeyMap;
use crate::rows::{RowRef, Rows};

/// Records to a chunk.
const CHUNK_RECORDS_MAX: usize = 8_192;
/// About as many record bytes to a chunk: it is the least that is sealed while room is short.
const CHUNK_BYTES_MAX: u64 = 8 << 20;

/// A run of records with an index.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub rows: Rows,
    index: KeyMap<Numbers>,
    event_time_ms_max: Option<i64>,
}

/// Row numbers under one key, lowest first.
#[derive(Debug)]
enum Numbers {
    One(u32),
    Many(Vec<u32>),
}

/// A record of the tail that a query may take.
pub(crate) type TailHit = (Position, Bytes);

impl Chunk {
    /// An empty one with the room that another one needed.
    fn as_large_as(other: &Self) -> Self {
        let mut index = KeyMap::default();
        index.reserve(other.index.len());
        Self { rows: Rows::as_large_as(&other.rows), index, event_time_ms_max: None }
    }

    fn push(&mut self, row: RowRef<'_>, offset: u64, record: Bytes, recorded_ms: i64) {
        let number = self.rows.len() as u32;
        self.rows.push_row(row, offset, record, recorded_ms);
        let row = self.rows.row(number as usize);
        self.event_time_ms_max = self.event_time_ms_max.max(Some(row.event_time_ms()));
        for key in row.keys() {
            match self.index.entry(*key) {
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(Numbers::One(number));
                }
                std::collections::hash_map::Entry::Occupied(mut entry) => match entry.get_mut() {
                    Numbers::One(first) => {
                        let both = vec![*first, number];
                        entry.insert(Numbers::Many(both));
                    }
                    Numbers::Many(numbers) => numbers.push(number),
                },
            }
        }
    }

    /// The time of its newest record; `None` without records.
    pub(crate) fn event_time_ms_max(&self) -> Option<i64> {
        self.event_time_ms_max
    }

    /// The rows under a key.
    pub(crate) fn rows_of(&self, key: u64) -> impl Iterator<Item = RowRef<'_>> {
        let numbers = match self.index.get(&key) {
            None => &[][..],
            Some(Numbers::One(number)) => std::slice::from_ref(number),
            Some(Numbers::Many(numbers)) => numbers,
        };
        numbers.iter().map(|number| self.rows.row(*number as usize))
    }
}

/// The open tail.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    closed: Vec<Arc<Chunk>>,
    current: Chunk,
    records: u64,
    record_bytes: u64,
    recorded_ms_min: Option<i64>,
}

impl Tail {
    /// Adds a record, whose columns are those of a row.
    pub(crate) fn push(&mut self, row: RowRef<'_>, offset: u64, record: Bytes, recorded_ms: i64) {
        self.records += 1;
        self.record_bytes += record.len() as u64;
        let oldest = self.recorded_ms_min.map_or(recorded_ms, |oldest| oldest.min(recorded_ms));
        self.recorded_ms_min = Some(oldest);
        self.current.push(row, offset, record, recorded_ms);
        let rows = &self.current.rows;
        if rows.len() >= CHUNK_RECORDS_MAX || rows.record_bytes() >= CHUNK_BYTES_MAX {
            // Who fills a chunk fills another one; grown step by step, it would be moved often.
            let next = Chunk::as_large_as(&self.current);
            self.closed.push(Arc::new(std::mem::replace(&mut self.current, next)));
        }
    }

    fn close_chunk(&mut self) {
        if self.current.rows.len() > 0 {
            self.closed.push(Arc::new(std::mem::take(&mut self.current)));
        }
    }

    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    pub(crate) fn record_bytes(&self) -> u64 {
        self.record_bytes
    }

    /// When its oldest record was recorded.
    pub(crate) fn recorded_ms_min(&self) -> Option<i64> {
        self.recorded_ms_min
    }

    /// Its oldest record was not recorded later than this, whatever the record says.
    pub(crate) fn recorded_by(&mut self, ms: i64) {
        self.recorded_ms_min = self.recorded_ms_min.map(|oldest| oldest.min(ms));
    }

    /// The chunks that do not change any more.
    pub(crate) fn closed(&self) -> &[Arc<Chunk>] {
        &self.closed
    }

    /// The one that does.
    pub(crate) fn current(&self) -> &Chunk {
        &self.current
    }

    /// The first chunks of what is there now, to be sealed: no more than so many, and else all. They
    /// stay until they are [dropped](Self::drop_first).
    pub(crate) fn freeze(&mut self, chunks_max: usize) -> Vec<Arc<Chunk>> {
        if self.closed.len() < chunks_max {
            self.close_chunk();
        }
        self.closed.iter().take(chunks_max).cloned().collect()
    }

    /// Forgets the first chunks, which are in a slice now.
    pub(crate) fn drop_first(&mut self, chunks: usize) {
        self.closed.drain(..chunks.min(self.closed.len()));
        let all = || self.closed.iter().map(|chunk| &chunk.rows).chain([&self.current.rows]);
        self.records = all().map(|rows| rows.len() as u64).sum();
        self.record_bytes = all().map(Rows::record_bytes).sum();
        let times = all().flat_map(|rows| (0..rows.len()).map(|row| rows.row(row).recorded_ms()));
        self.recorded_ms_min = times.min();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{CHUNK_BYTES_MAX, CHUNK_RECORDS_MAX, Tail};
    use crate::rows::Rows;

    fn push(tail: &mut Tail, offset: u64, record: &Bytes) {
        let mut rows = Rows::default();
        rows.push(offset, record.clone(), 0);
        tail.push(rows.row(0), offset, record.clone(), 0);
    }

    #[test]
    fn chunks_are_limited_in_records_and_bytes() {
        let mut tail = Tail::default();
        (0..CHUNK_RECORDS_MAX as u64).for_each(|at| push(&mut tail, at, &Bytes::from("{}")));
        assert_eq!(tail.closed().len(), 1);
        let large = Bytes::from(vec![b' '; 1 << 20]);
        (0..CHUNK_BYTES_MAX >> 20).for_each(|at| push(&mut tail, 8_192 + at, &large));
        assert_eq!((tail.closed().len(), tail.current().rows.len()), (2, 0));
    }

    #[test]
    fn a_chunk_that_is_not_wanted_yet_goes_on() {
        let mut tail = Tail::default();
        push(&mut tail, 0, &Bytes::from("{}"));
        assert_eq!(tail.freeze(usize::MAX).len(), 1);
        push(&mut tail, 1, &Bytes::from("{}"));
        assert_eq!(tail.freeze(1).len(), 1);
        assert_eq!(tail.current().rows.len(), 1, "it still grows");
        assert_eq!(tail.freeze(2).len(), 2);
        tail.drop_first(1);
        assert_eq!((tail.records(), tail.record_bytes()), (1, 2));
    }
}
