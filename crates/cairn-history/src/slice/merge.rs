//! One slice out of several that follow one another.
//!
//! No record is parsed: rows go over as columns, and the index out of the indexes. Memory: four
//! bytes a row for the new row numbers, one for the order, and a cluster of each source.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, RecordBatch, StringArray};
use arrow::compute::interleave;
use cairn_event::Likeness;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::file::metadata::PageIndexPolicy;

use crate::fields::{TEXTS, likeness};
use crate::index::{Keys, PlacesWriter, RowKeysReader, RowKeysWriter, SliceFacts};
use crate::key::Scope;
use crate::{HistoryError, Position};

use super::cluster::{self, arrange};
use super::open::Slice;
use super::schema::{FIRST_TEXT, SCHEMA};
use super::write::{Content, Lists};

/// The most slices that are merged at once.
pub(crate) const MERGE_SLICES_MAX: usize = 8;
/// Rows to a batch of the result.
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
    places: PlacesWriter,
    cluster: MergedCluster,
}

/// A cluster of the result under way.
#[derive(Default)]
struct MergedCluster {
    /// Its rows.
    rows: std::ops::Range<usize>,
    /// What they are in.
    batches: Vec<RecordBatch>,
    /// Where each is, by its place.
    order: Vec<RowPlace>,
    /// The next of them.
    next: usize,
}

/// Where a row is: which batch, and which row of it.
type RowPlace = (usize, usize);

/// The rows of one source that are not handed on yet.
struct SourceRows {
    reader: ParquetRecordBatchReader,
    /// A cluster, as it lies in the file.
    batch: RecordBatch,
    /// Where each row of it lies.
    places: Vec<u16>,
    /// The next row, counted from the cluster's first.
    at: usize,
    /// The first row of the next cluster.
    next: u32,
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
            places: PlacesWriter::default(),
            cluster: MergedCluster::default(),
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
            places.push((batch, reader.take(&self.sources[source])?));
        }
        Ok((batches, places))
    }

    /// Goes on to the next cluster.
    fn next_cluster(&mut self) -> Result<(), HistoryError> {
        let first = self.cluster.rows.end;
        let rows = first..(first + self.cluster_rows() as usize).min(self.order.len());
        let (batches, places) = self.take_rows(rows.clone())?;
        let texts = Texts::of(&batches);
        let cluster = arrange(places.iter().map(|place| texts.likeness(*place)));
        self.places.cluster(&cluster);
        let order = cluster.iter().map(|row| places[usize::from(*row)]).collect();
        self.cluster = MergedCluster { rows, batches, order, next: 0 };
        Ok(())
    }
}

impl SourceRows {
    fn open(slice: &Slice) -> Result<Self, HistoryError> {
        let footer = slice.footer(PageIndexPolicy::Skip)?;
        let reader =
            slice.columns(footer).with_batch_size(slice.index.cluster_rows() as usize).build();
        let reader = reader.map_err(|source| slice.unread(source))?;
        let batch = RecordBatch::new_empty(SCHEMA.clone());
        Ok(Self { reader, batch, places: Vec::new(), at: 0, next: 0 })
    }

    /// Reads the next cluster if this one is used up; `true` if it did.
    fn refill(&mut self, slice: &Slice) -> Result<bool, HistoryError> {
        if self.at < self.places.len() {
            return Ok(false);
        }
        let next = self.reader.next().ok_or_else(|| slice.corrupt("it has too few rows"))?;
        self.batch = next.map_err(|source| slice.unread_rows(source))?;
        let rows = slice.index.cluster_of(self.next);
        self.next = rows.end;
        self.places = slice.index.places(rows)?;
        self.at = 0;
        Ok(true)
    }

    /// Where the next row is in the batch.
    fn take(&mut self, slice: &Slice) -> Result<usize, HistoryError> {
        let place = self.places.get(self.at).map(|place| usize::from(*place));
        self.at += 1;
        let place = place.filter(|place| *place < self.batch.num_rows());
        place.ok_or_else(|| slice.index.corrupt("a row lies outside of its cluster"))
    }
}

impl Content for Merged {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, HistoryError> {
        if self.cluster.next == self.cluster.order.len() {
            self.next_cluster()?;
        }
        let cluster = &mut self.cluster;
        let end = (cluster.next + BATCH_ROWS).min(cluster.order.len());
        let places = &cluster.order[cluster.next..end];
        cluster.next = end;
        if places.is_empty() {
            // The index is made next, and needs room of its own.
            self.readers.clear();
            return Ok(None);
        }
        let batches = &cluster.batches;
        let column = |number: usize| -> Result<ArrayRef, arrow::error::ArrowError> {
            let arrays: Vec<&dyn Array> =
                batches.iter().map(|batch| batch.column(number).as_ref()).collect();
            interleave(&arrays, places)
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

    fn cluster_rows(&self) -> u32 {
        // Where records are long in one slice, the clusters of all are small.
        let rows = self.sources.iter().map(|slice| slice.index.cluster_rows());
        rows.min().unwrap_or(cluster::ROWS_MIN)
    }

    fn places(&mut self) -> PlacesWriter {
        std::mem::take(&mut self.places)
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

/// The text columns of several batches.
struct Texts<'b>(Vec<[Option<&'b StringArray>; TEXTS]>);

impl<'b> Texts<'b> {
    fn of(batches: &'b [RecordBatch]) -> Self {
        let column = |batch: &'b RecordBatch, text| {
            let column = batch.columns().get(FIRST_TEXT + text);
            column.and_then(|column: &ArrayRef| column.as_string_opt())
        };
        let texts = |batch| std::array::from_fn(|text| column(batch, text));
        Self(batches.iter().map(texts).collect())
    }

    fn likeness(&self, (batch, row): RowPlace) -> Likeness {
        let value = |column: &'b StringArray| column.is_valid(row).then(|| column.value(row));
        likeness(|text| self.0[batch][text].and_then(value))
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
