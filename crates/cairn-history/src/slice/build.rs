//! A slice out of rows in memory.

use arrow::array::RecordBatch;
use cairn_store::Offset;

use crate::index::{PlacesWriter, RowKeysWriter, SliceFacts};
use crate::key::Scope;
use crate::rows::{RowRef, Rows};
use crate::{HistoryError, Position};

use super::batch::{BATCH_ROWS, batch};
use super::cluster::{arrange, rows_for};
use super::write::{Content, Lists};

/// The rows of a new slice, in its order.
pub(crate) struct Built<'r> {
    order: Vec<RowRef<'r>>,
    scopes: Vec<Scope>,
    cluster_rows: u32,
    places: PlacesWriter,
    /// The rows of the cluster under way, by place.
    cluster: std::vec::IntoIter<u16>,
    /// The first row of that cluster, and the one after its last.
    rows: std::ops::Range<usize>,
}

impl<'r> Built<'r> {
    /// Sorts the rows of one or more runs, which must follow one another; `None` without rows.
    pub(crate) fn new(runs: &[&'r Rows]) -> Option<(Self, SliceFacts)> {
        let mut order = Vec::with_capacity(runs.iter().map(|rows| rows.len()).sum());
        for rows in runs {
            order.extend((0..rows.len()).map(|row| rows.row(row)));
        }
        let (first, last) = (order.first()?.offset(), order.last()?.offset());
        let recorded = || order.iter().map(|row| row.recorded_ms());
        let (recorded_ms_min, recorded_ms_max) = (recorded().min()?, recorded().max()?);
        order.sort_unstable_by_key(|row| position(*row));
        let facts = SliceFacts {
            from: first,
            to: last + 1,
            event_time_ms_min: order.first()?.event_time_ms(),
            event_time_ms_max: order.last()?.event_time_ms(),
            recorded_ms_min,
            recorded_ms_max,
            parquet_bytes: 0,
        };
        let mut scopes: Vec<_> = runs.iter().flat_map(|rows| rows.scopes()).cloned().collect();
        scopes.sort_unstable();
        scopes.dedup();
        let record_bytes: Vec<_> = order.iter().map(|row| row.record().len()).collect();
        let cluster_rows = rows_for(&record_bytes);
        let (places, cluster) = (PlacesWriter::default(), Vec::new().into_iter());
        Some((Self { order, scopes, cluster_rows, places, cluster, rows: 0..0 }, facts))
    }

    /// Goes on to the next cluster.
    fn next_cluster(&mut self) {
        let end = (self.rows.end + self.cluster_rows as usize).min(self.order.len());
        self.rows = self.rows.end..end;
        let rows = self.order[self.rows.clone()].iter();
        let cluster = arrange(rows.map(|row| row.likeness()));
        self.places.cluster(&cluster);
        self.cluster = cluster.into_iter();
    }
}

fn position(row: RowRef<'_>) -> Position {
    Position { event_time_ms: row.event_time_ms(), offset: Offset::new(row.offset()) }
}

impl Content for Built<'_> {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, HistoryError> {
        if self.cluster.len() == 0 {
            self.next_cluster();
        }
        let (order, first) = (&self.order, self.rows.start);
        let next = self.cluster.by_ref().take(BATCH_ROWS);
        let rows: Vec<_> = next.map(|row| order[first + usize::from(row)]).collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let failed = |source| HistoryError::arrow("build the columns of a slice", source);
        batch(&rows).map(Some).map_err(failed)
    }

    fn write_lists(&mut self, lists: &mut Lists<'_>) -> Result<(), HistoryError> {
        let count = self.order.iter().map(|row| row.keys().len()).sum();
        let mut pairs: Vec<(u64, u32)> = Vec::with_capacity(count);
        for (number, row) in self.order.iter().enumerate() {
            pairs.extend(row.keys().iter().map(|key| (*key, number as u32)));
        }
        pairs.sort_unstable();
        // Two attributes of one row may share a key.
        pairs.dedup();
        let mut rows = Vec::new();
        for group in pairs.chunk_by(|a, b| a.0 == b.0) {
            rows.clear();
            rows.extend(group.iter().map(|pair| pair.1));
            lists
                .list(group[0].0, &rows)
                .map_err(|source| HistoryError::io("write an index file", source))?;
        }
        Ok(())
    }

    fn cluster_rows(&self) -> u32 {
        self.cluster_rows
    }

    fn places(&mut self) -> PlacesWriter {
        std::mem::take(&mut self.places)
    }

    fn row_keys(&mut self) -> Result<RowKeysWriter, HistoryError> {
        let whole_seconds = self.order.iter().all(|row| row.event_time_ms() % 1_000 == 0);
        let mut keys = RowKeysWriter::new(whole_seconds);
        for row in &self.order {
            keys.push(position(*row));
        }
        Ok(keys)
    }

    fn scopes(&self) -> Result<Vec<Scope>, HistoryError> {
        Ok(self.scopes.clone())
    }
}
