//! Checking a history directory, file by file, without changing anything.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMillisecondType};
use cairn_store::Offset;
use parquet::file::metadata::PageIndexPolicy;
use xxhash_rust::xxh3::xxh3_64;

use crate::catalog::Catalog;
use crate::fields::with_fields;
use crate::index::RowKeysReader;
use crate::slice::{RecordReader, Slice, SliceName, record_text, schema};
use crate::{HistoryError, Position};

use super::History;

/// Something that [`History::verify`] found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The slice, as its files are called, without the ending.
    pub slice: String,
    /// What is wrong with it.
    pub what: String,
}

impl History {
    /// Reads every byte of a history directory and lists what is wrong, without changing anything:
    /// hashes, the order of rows, every record by Parquet and by index, every key of the index,
    /// and whether offsets are missing between slices. What a crash leaves behind is not wrong, see
    /// [`History::leftovers`].
    pub fn verify(directory: &Path) -> Result<Vec<Problem>, HistoryError> {
        let catalog = Catalog::read(directory)?;
        let mut problems = Vec::new();
        let mut report = |slice: SliceName, what: String| {
            problems.push(Problem { slice: slice.to_string(), what });
        };
        let mut expected = None;
        for name in &catalog.slices {
            if let Some(expected) = expected.filter(|expected| *expected != name.from) {
                report(*name, format!("offsets from {expected} on are missing before it"));
            }
            expected = Some(name.to);
            if let Err(error) = check_slice(directory, *name) {
                report(*name, error.to_string());
            }
        }
        for name in catalog.orphans.iter().filter(|orphan| catalog.is_lost(**orphan)) {
            report(*name, "its Parquet file is missing".to_owned());
        }
        for name in &catalog.overlapping {
            report(*name, "it overlaps another slice and is not used".to_owned());
        }
        Ok(problems)
    }

    /// The files that a crash left behind in a history directory, and that the next start removes;
    /// nothing is lost with them.
    pub fn leftovers(directory: &Path) -> Result<Vec<PathBuf>, HistoryError> {
        let mut catalog = Catalog::read(directory)?;
        let lost = catalog.orphans.iter().filter(|orphan| catalog.is_lost(**orphan));
        let lost: Vec<_> = lost.map(|orphan| orphan.index(directory)).collect();
        catalog.leftovers.retain(|path| !lost.contains(path));
        Ok(catalog.leftovers)
    }
}

fn check_slice(directory: &Path, name: SliceName) -> Result<(), HistoryError> {
    let slice = Arc::new(Slice::open(directory, name, &Arc::default())?);
    slice.index.check_all()?;
    slice.check_parquet()?;
    let keys = check_rows(&slice)?;
    check_keys(&slice, keys)
}

/// Compares each row of the Parquet file with the index; returns the digest of the keys it should
/// have.
fn check_rows(slice: &Arc<Slice>) -> Result<KeyDigest, HistoryError> {
    let footer = slice.footer(PageIndexPolicy::Skip)?;
    let rows = slice.columns(footer).with_batch_size(slice.index.cluster_rows() as usize).build();
    let rows = rows.map_err(|source| slice.unread(source))?;
    let mut check = RowCheck {
        slice,
        records: RecordReader::new(Arc::clone(slice)),
        row_keys: RowKeysReader::new(&slice.index),
        row: 0,
        keys: KeyDigest::default(),
        scratch: Vec::new(),
    };
    for batch in rows {
        let batch = batch.map_err(|source| slice.unread_rows(source))?;
        check.batch(&batch)?;
    }
    if u64::from(check.row) != slice.facts().rows() {
        return Err(slice.corrupt("it has another number of rows than its index"));
    }
    Ok(check.keys)
}

struct RowCheck<'s> {
    slice: &'s Arc<Slice>,
    records: RecordReader,
    row_keys: RowKeysReader<'s>,
    row: u32,
    keys: KeyDigest,
    scratch: Vec<u64>,
}

impl RowCheck<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), HistoryError> {
        let other = || self.slice.corrupt("its columns are not those of a slice");
        if batch.num_columns() != schema::SCHEMA.fields().len() {
            return Err(other());
        }
        let times = batch.column(schema::EVENT_TIME);
        let times = times.as_primitive_opt::<TimestampMillisecondType>().ok_or_else(other)?;
        let offsets = batch.column(schema::LOG_OFFSET).as_primitive_opt::<Int64Type>();
        let offsets = offsets.ok_or_else(other)?;
        let records = batch.column(schema::RECORD).as_string_opt::<i32>().ok_or_else(other)?;
        let cluster = self.slice.index.cluster_of(self.row);
        let places = self.slice.index.places(cluster.clone())?;
        self.slice.index.cluster(cluster)?;
        if places.len() != batch.num_rows() {
            return Err(self.slice.corrupt("a cluster has another number of rows"));
        }
        for place in places.into_iter().map(usize::from) {
            let at = Position {
                event_time_ms: times.value(place),
                offset: Offset::new(offsets.value(place).cast_unsigned()),
            };
            self.one(at, records.value(place).as_bytes())?;
        }
        Ok(())
    }

    fn one(&mut self, at: Position, text: &[u8]) -> Result<(), HistoryError> {
        if self.row_keys.next()? != Some(at) {
            return Err(self.slice.index.corrupt("it has another time or offset for a row"));
        }
        let record = record_text::decode(text);
        if !self.records.is(self.row, &record)? {
            return Err(self.slice.index.corrupt("it points to another record for a row"));
        }
        self.scratch.clear();
        with_fields(&record, |fields| fields.keys(&mut self.scratch));
        self.scratch.sort_unstable();
        self.scratch.dedup();
        for key in &self.scratch {
            self.keys.add(*key, self.row);
        }
        self.row += 1;
        Ok(())
    }
}

fn check_keys(slice: &Arc<Slice>, expected: KeyDigest) -> Result<(), HistoryError> {
    let mut found = KeyDigest::default();
    let mut keys = slice.index.keys();
    while let Some((key, value)) = keys.next()? {
        let mut list = keys.list(value)?;
        while let Some(row) = list.next()? {
            found.add(key, row);
        }
    }
    if found != expected {
        return Err(slice.index.corrupt("its keys are not those of the records"));
    }
    Ok(())
}

/// Stands for a set of (key, row), whatever the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct KeyDigest {
    count: u64,
    sum: u64,
}

impl KeyDigest {
    fn add(&mut self, key: u64, row: u32) {
        let mut pair = [0; 12];
        pair[..8].copy_from_slice(&key.to_le_bytes());
        pair[8..].copy_from_slice(&row.to_le_bytes());
        self.count += 1;
        self.sum = self.sum.wrapping_add(xxh3_64(&pair));
    }
}
