//! Row lists: written from the highest row down, read from any row on.

use std::sync::Arc;

use crate::HistoryError;
use crate::varint;

use super::read::IndexFile;

/// Rows to a block of a long list. Shorter lists have no directory.
pub(super) const BLOCK_ROWS: usize = 1_024;
/// The length of a block's entry in the directory: its first row, where it begins.
const ENTRY_BYTES: usize = 8;
/// What is read of a list before its length is known; most lists end in it.
const PEEK_BYTES: usize = 512;

/// Adds a list of rows, given in rising order.
pub(super) fn encode(rows: &[u32], lists: &mut Vec<u8>) {
    let mut directory = Vec::new();
    let mut data = Vec::new();
    let long = rows.len() > BLOCK_ROWS;
    for block in rows.rchunks(BLOCK_ROWS) {
        let mut rows = block.iter().rev();
        let Some(mut last) = rows.next().copied() else { continue };
        if long {
            directory.extend_from_slice(&last.to_le_bytes());
            directory.extend_from_slice(&(data.len() as u32).to_le_bytes());
        } else {
            varint::put(&mut data, u64::from(last));
        }
        for &row in rows {
            varint::put(&mut data, u64::from(last - row));
            last = row;
        }
    }
    varint::put(lists, rows.len() as u64);
    varint::put(lists, (directory.len() + data.len()) as u64);
    lists.extend_from_slice(&directory);
    lists.extend_from_slice(&data);
}

/// The rows under one key, from the highest down. Blocks are read as they are needed.
#[derive(Debug)]
pub(crate) struct RowList {
    index: Arc<IndexFile>,
    count: u64,
    /// First row and place of each block of a long list.
    blocks: Vec<(u32, u64)>,
    /// Where the list ends in the file.
    end: u64,
    /// The next block to be read.
    next_block: usize,
    /// Rows that are decoded, lowest first, so that the next one is popped.
    ready: Vec<u32>,
}

impl RowList {
    /// A list of one row.
    pub(super) fn one(index: Arc<IndexFile>, row: u32) -> Self {
        Self { index, count: 1, blocks: Vec::new(), end: 0, next_block: 0, ready: vec![row] }
    }

    /// The list that begins at a place in the file; no list reaches `limit`.
    pub(super) fn open(index: Arc<IndexFile>, at: u64, limit: u64) -> Result<Self, HistoryError> {
        let peek = index.read(at, PEEK_BYTES.min(limit.saturating_sub(at) as usize))?;
        let mut rest = &peek[..];
        let count =
            varint::take(&mut rest).ok_or_else(|| index.corrupt("a row list has no count"))?;
        let bytes =
            varint::take(&mut rest).ok_or_else(|| index.corrupt("a row list has no length"))?;
        let begin = at + (peek.len() - rest.len()) as u64;
        let end = begin.checked_add(bytes).filter(|end| *end <= limit);
        let end = end.ok_or_else(|| index.corrupt("a row list is impossibly long"))?;
        if count > index.head().facts.rows() {
            return Err(index.corrupt("a row list has more rows than the slice"));
        }
        let mut list =
            Self { index, count, blocks: Vec::new(), end, next_block: 0, ready: Vec::new() };
        let known = &rest[..rest.len().min(bytes as usize)];
        if count <= BLOCK_ROWS as u64 {
            if known.len() as u64 == bytes {
                list.take_block(None, known, count as usize)?;
            } else {
                let all = list.index.read(begin, bytes as usize)?;
                list.take_block(None, &all, count as usize)?;
            }
            return Ok(list);
        }
        list.read_directory(begin)?;
        Ok(list)
    }

    fn read_directory(&mut self, begin: u64) -> Result<(), HistoryError> {
        let blocks = (self.count as usize).div_ceil(BLOCK_ROWS);
        let data = begin + (blocks * ENTRY_BYTES) as u64;
        if data > self.end {
            return Err(self.index.corrupt("a row list ends in its directory"));
        }
        let directory = self.index.read(begin, blocks * ENTRY_BYTES)?;
        self.blocks = directory
            .chunks_exact(ENTRY_BYTES)
            .filter_map(|entry| {
                let (row, at) = entry.split_first_chunk()?;
                let at = u32::from_le_bytes(*at.first_chunk()?);
                Some((u32::from_le_bytes(*row), data + u64::from(at)))
            })
            .collect();
        let rising = self.blocks.windows(2).all(|pair| pair[0].1 <= pair[1].1);
        if !rising || self.blocks.last().is_some_and(|last| last.1 > self.end) {
            return Err(self.index.corrupt("the blocks of a row list are out of order"));
        }
        Ok(())
    }

    /// How many rows the whole list has.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The next lower row.
    pub(crate) fn next(&mut self) -> Result<Option<u32>, HistoryError> {
        while self.ready.is_empty() && self.next_block < self.blocks.len() {
            self.read_block()?;
        }
        Ok(self.ready.pop())
    }

    /// Leaves out all rows above one.
    pub(crate) fn skip_above(&mut self, row: u32) -> Result<(), HistoryError> {
        // The last block that begins above or at it may hold rows up to it.
        let above = self.blocks.partition_point(|(first, _)| *first > row);
        let block = above.saturating_sub(1);
        if block > self.next_block || (block == self.next_block && self.ready.is_empty()) {
            self.next_block = block;
            self.ready.clear();
        }
        loop {
            while self.ready.last().is_some_and(|next| *next > row) {
                self.ready.pop();
            }
            if !self.ready.is_empty() || self.next_block >= self.blocks.len() {
                return Ok(());
            }
            self.read_block()?;
        }
    }

    fn read_block(&mut self) -> Result<(), HistoryError> {
        let block = self.next_block;
        let Some(&(first, at)) = self.blocks.get(block) else { return Ok(()) };
        let end = self.blocks.get(block + 1).map_or(self.end, |next| next.1);
        let bytes = self.index.read(at, (end - at) as usize)?;
        // All blocks are full but the one of the lowest rows.
        let rows = (self.count as usize - block * BLOCK_ROWS).min(BLOCK_ROWS);
        self.next_block += 1;
        self.take_block(Some(first), &bytes, rows)
    }

    fn take_block(
        &mut self,
        first: Option<u32>,
        mut bytes: &[u8],
        rows: usize,
    ) -> Result<(), HistoryError> {
        let broken = |index: &IndexFile| index.corrupt("a row list is not in order");
        let row_max = self.index.head().facts.rows() - 1;
        let mut row = match first {
            Some(first) => u64::from(first),
            None => varint::take(&mut bytes).ok_or_else(|| broken(&self.index))?,
        };
        self.ready.clear();
        self.ready.reserve(rows);
        for number in 0..rows {
            if number > 0 {
                let lower = varint::take(&mut bytes).and_then(|by| row.checked_sub(by));
                row = lower.ok_or_else(|| broken(&self.index))?;
            }
            if row > row_max {
                return Err(broken(&self.index));
            }
            self.ready.push(row as u32);
        }
        self.ready.reverse();
        Ok(())
    }
}
