//! One slice out of several that follow one another.
//!
//! No record is parsed: rows go over as columns, and the index out of the indexes. Memory: four
//! bytes a row for the new row numbers, one for the order, and a batch of each source.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::interleave;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::file::metadata::PageIndexPolicy;

use crate::index::{Keys, RowKeysReader, RowKeysWriter, SliceFacts};
use crate::key::Scope;
use crate::{HistoryError, Position};

use super::open::Slice;
use super::schema::SCHEMA;
use super::write::{Content, Lists};

/// The most slices that are merged at once.
pub(crate) const MERGE_SLICES_MAX: usize = 16;
/// Rows to a batch, of each source and of the result.
const BATCH_ROWS: usize = 512;

/// Slices on their way into one.
pub(crate) struct Merged {
    sources: Vec<Arc<Slice>>,
    /// Which source each row comes from.
    order: Vec<u8>,
    /// For each source, the new number of each of its rows.
    numbers: Vec<Vec<u32>>,
    row_keys: Option<RowKeysWriter>,
    readers: Vec<SourceRows>,
    next: usize,
}

/// Where a row is: which batch, and which row of it.
type RowPlace = (usize, usize);

/// The rows of one source that are not handed on yet.
struct SourceRows {
    reader: ParquetRecordBatchReader,
    batch: RecordBatch,
    at: usize,
}

impl Merged {
    /// Reads the order of rows of slices that follow one another, at most [`MERGE_SLICES_MAX`].
    pub(crate) fn new(sources: Vec<Arc<Slice>>) -> Result<(Self, SliceFacts), HistoryError> {
        let facts = merged_facts(&sources);
        let readers =
            sources.iter().map(|slice| SourceRows::open(slice)).collect::<Result<_, _>>()?;
        let mut merged = Self {
            numbers: sources
                .iter()
                .map(|slice| Vec::with_capacity(slice.facts().rows() as usize))
                .collect(),
            order: Vec::with_capacity(facts.rows() as usize),
            sources,
            row_keys: None,
            readers,
            next: 0,
        };
        merged.read_order()?;
        Ok((merged, facts))
    }

    fn read_order(&mut self) -> Result<(), HistoryError> {
        let whole_seconds = self.sources.iter().all(|slice| slice.index.head().whole_seconds());
        let mut row_keys = RowKeysWriter::new(whole_seconds);
        let mut walks: Vec<_> =
            self.sources.iter().map(|slice| RowKeysReader::new(&slice.index)).collect();
        let mut heads = walks.iter_mut().map(RowKeysReader::next).collect::<Result<Vec<_>, _>>()?;
        // Few sources, so a plain search for the lowest is as good as a heap.
        while let Some((source, row)) = lowest(&heads) {
            self.numbers[source].push(self.order.len() as u32);
            self.order.push(source as u8);
            row_keys.push(row);
            heads[source] = walks[source].next()?;
        }
        self.row_keys = Some(row_keys);
        Ok(())
    }

    /// Takes the next rows, and says where each is: (batch, row in it).
    fn take_rows(
        &mut self,
        rows: std::ops::Range<usize>,
    ) -> Result<(Vec<RecordBatch>, Vec<RowPlace>), HistoryError> {
        let mut batches = Vec::new();
        let mut places = Vec::with_capacity(rows.len());
        let mut current: Vec<Option<usize>> = vec![None; self.readers.len()];
        for source in &self.order[rows] {
            let source = usize::from(*source);
            let reader = &mut self.readers[source];
            if reader.refill(&self.sources[source])? {
                current[source] = None;
            }
            let batch = *current[source].get_or_insert_with(|| {
                batches.push(reader.batch.clone());
                batches.len() - 1
            });
            places.push((batch, reader.at));
            reader.at += 1;
        }
        Ok((batches, places))
    }
}

impl SourceRows {
    fn open(slice: &Slice) -> Result<Self, HistoryError> {
        let footer = slice.footer(PageIndexPolicy::Skip)?;
        let reader = slice.columns(footer).with_batch_size(BATCH_ROWS).build();
        let reader = reader.map_err(|source| slice.unread(source))?;
        Ok(Self { reader, batch: RecordBatch::new_empty(SCHEMA.clone()), at: 0 })
    }

    /// Reads the next batch if this one is used up; `true` if it did.
    fn refill(&mut self, slice: &Slice) -> Result<bool, HistoryError> {
        if self.at < self.batch.num_rows() {
            return Ok(false);
        }
        let next = self.reader.next().ok_or_else(|| slice.corrupt("it has too few rows"))?;
        self.batch = next.map_err(|source| slice.unread_rows(source))?;
        self.at = 0;
        Ok(true)
    }
}

impl Content for Merged {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, HistoryError> {
        let rows = self.next..(self.next + BATCH_ROWS).min(self.order.len());
        self.next = rows.end;
        if rows.is_empty() {
            // The index is made next, and needs room of its own.
            self.readers.clear();
            return Ok(None);
        }
        let (batches, places) = self.take_rows(rows)?;
        let column = |number: usize| -> Result<ArrayRef, arrow::error::ArrowError> {
            let arrays: Vec<&dyn Array> =
                batches.iter().map(|batch| batch.column(number).as_ref()).collect();
            interleave(&arrays, &places)
        };
        let columns = (0..SCHEMA.fields().len()).map(column).collect::<Result<_, _>>();
        let batch = columns.and_then(|columns| RecordBatch::try_new(SCHEMA.clone(), columns));
        batch.map(Some).map_err(|source| HistoryError::arrow("merge slices", source))
    }

    fn write_lists(&mut self, lists: &mut Lists<'_>) -> Result<(), HistoryError> {
        let mut walks: Vec<Keys> = self.sources.iter().map(|slice| slice.index.keys()).collect();
        let mut heads = walks.iter_mut().map(Keys::next).collect::<Result<Vec<_>, _>>()?;
        let mut rows = Vec::new();
        while let Some(key) = heads.iter().flatten().map(|(key, _)| *key).min() {
            rows.clear();
            for (source, head) in heads.iter_mut().enumerate() {
                let Some((_, value)) = head.filter(|(of, _)| *of == key) else { continue };
                let mut list = walks[source].list(value)?;
                while let Some(row) = list.next()? {
                    rows.push(self.numbers[source][row as usize]);
                }
                *head = walks[source].next()?;
            }
            rows.sort_unstable();
            let written = lists.list(key, &rows);
            written.map_err(|source| HistoryError::io("write an index file", source))?;
        }
        Ok(())
    }

    fn row_keys(&mut self) -> Result<RowKeysWriter, HistoryError> {
        Ok(self.row_keys.take().unwrap_or_else(|| RowKeysWriter::new(false)))
    }

    fn scopes(&self) -> Result<Vec<Scope>, HistoryError> {
        let mut scopes = Vec::new();
        for slice in &self.sources {
            scopes.extend_from_slice(slice.index.resident()?.scopes());
        }
        scopes.sort_unstable();
        scopes.dedup();
        Ok(scopes)
    }
}

fn merged_facts(sources: &[Arc<Slice>]) -> SliceFacts {
    let facts = || sources.iter().map(|slice| slice.facts());
    let lowest = |of: fn(&SliceFacts) -> i64| facts().map(of).min().unwrap_or_default();
    let highest = |of: fn(&SliceFacts) -> i64| facts().map(of).max().unwrap_or_default();
    SliceFacts {
        from: facts().map(|facts| facts.from).min().unwrap_or_default(),
        to: facts().map(|facts| facts.to).max().unwrap_or_default(),
        event_time_ms_min: lowest(|facts| facts.event_time_ms_min),
        event_time_ms_max: highest(|facts| facts.event_time_ms_max),
        recorded_ms_min: lowest(|facts| facts.recorded_ms_min),
        recorded_ms_max: highest(|facts| facts.recorded_ms_max),
        parquet_bytes: 0,
    }
}

fn lowest(heads: &[Option<Position>]) -> Option<(usize, Position)> {
    let heads = heads.iter().enumerate().filter_map(|(source, row)| row.map(|row| (source, row)));
    heads.min_by_key(|(_, row)| *row)
}
