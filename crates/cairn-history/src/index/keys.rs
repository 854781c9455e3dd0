//! Reading an index from end to end, for merging and checking.

use std::sync::Arc;

use crate::key::KEY_BITS;
use crate::{HistoryError, Position};

use super::head::Part;
use super::read::IndexFile;
use super::row_key::BLOCK_ROWS;
use super::write::{entry_key, le_u32};
use super::{ENTRY_BYTES, ENTRY_KEY_BITS, RowList};

impl IndexFile {
    /// Hands every key and its list on, in key order; for merging and checking.
    pub(crate) fn keys(self: &Arc<Self>) -> Keys {
        Keys { index: Arc::clone(self), bucket: 0, next: 0, entries: Vec::new().into_iter() }
    }
}

/// All keys of an index in rising order, read in pieces.
#[derive(Debug)]
pub(crate) struct Keys {
    index: Arc<IndexFile>,
    bucket: u64,
    next: u32,
    entries: std::vec::IntoIter<(u64, u32)>,
}

/// How many buckets are read at once.
const KEYS_BUCKETS: u64 = 256;

impl Keys {
    /// The next key, and where its rows are.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, u32)>, HistoryError> {
        loop {
            if let Some(entry) = self.entries.next() {
                return Ok(Some(entry));
            }
            let head = self.index.head();
            let buckets = 1 << head.bucket_bits;
            if self.bucket >= buckets {
                return Ok(None);
            }
            let last = (self.bucket + KEYS_BUCKETS).min(buckets);
            self.read(last)?;
        }
    }

    fn read(&mut self, last: u64) -> Result<(), HistoryError> {
        let index = Arc::clone(&self.index);
        let resident = index.resident()?;
        let broken = || index.corrupt("its buckets are out of order");
        let (_, end) = resident.bucket(last - 1).ok_or_else(broken)?;
        let count = end.checked_sub(self.next).ok_or_else(broken)?;
        let at = index.head().section(Part::Entries).at + u64::from(self.next) * ENTRY_BYTES as u64;
        let bytes = index.read(at, count as usize * ENTRY_BYTES)?;
        let mut entries = Vec::with_capacity(count as usize);
        for bucket in self.bucket..last {
            let (start, end) = resident.bucket(bucket).ok_or_else(broken)?;
            let top = bucket << (KEY_BITS - index.head().bucket_bits) & (!0 << ENTRY_KEY_BITS);
            let from = start.checked_sub(self.next).ok_or_else(broken)? as usize * ENTRY_BYTES;
            let to = end.checked_sub(self.next).ok_or_else(broken)? as usize * ENTRY_BYTES;
            let bucket = bytes.get(from..to).ok_or_else(broken)?;
            for entry in bucket.chunks_exact(ENTRY_BYTES) {
                entries.push((top | entry_key(entry), le_u32(&entry[ENTRY_BYTES - 4..])));
            }
        }
        (self.bucket, self.next, self.entries) = (last, end, entries.into_iter());
        Ok(())
    }

    /// The list that a value of [`Keys::next`] points to.
    pub(crate) fn list(&self, value: u32) -> Result<RowList, HistoryError> {
        self.index.list_at(value)
    }
}

/// The keys of a slice's rows, lowest first, a block at a time.
#[derive(Debug)]
pub(crate) struct RowKeysReader<'i> {
    index: &'i IndexFile,
    block: u32,
    rows: std::vec::IntoIter<Position>,
}

impl<'i> RowKeysReader<'i> {
    pub(crate) fn new(index: &'i IndexFile) -> Self {
        Self { index, block: 0, rows: Vec::new().into_iter() }
    }

    /// The next row's key.
    pub(crate) fn next(&mut self) -> Result<Option<Position>, HistoryError> {
        if let Some(row) = self.rows.next() {
            return Ok(Some(row));
        }
        if self.block >= self.index.row_blocks() {
            return Ok(None);
        }
        self.rows = self.index.row_keys(self.block, BLOCK_ROWS)?.into_iter();
        self.block += 1;
        Ok(self.rows.next())
    }
}
