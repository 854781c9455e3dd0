//! A slice out of rows in memory.

use arrow::array::RecordBatch;
use cairn_store::Offset;

use crate::index::{RowKeysWriter, SliceFacts};
use crate::key::Scope;
use crate::rows::{RowRef, Rows};
use crate::{HistoryError, Position};

use super::batch::{BATCH_ROWS, batch};
use super::write::{Content, Lists};

/// The rows of a new slice, in its order.
pub(crate) struct Built<'r> {
    order: Vec<RowRef<'r>>,
    scopes: Vec<Scope>,
    next: usize,
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
        Some((Self { order, scopes, next: 0 }, facts))
    }
}

fn position(row: RowRef<'_>) -> Position {
    Position { event_time_ms: row.event_time_ms(), offset: Offset::new(row.offset()) }
}

impl Content for Built<'_> {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, HistoryError> {
        let end = (self.next + BATCH_ROWS).min(self.order.len());
        let rows = &self.order[self.next..end];
        self.next = end;
        if rows.is_empty() {
            return Ok(None);
        }
        let failed = |source| HistoryError::arrow("build the columns of a slice", source);
        batch(rows).map(Some).map_err(failed)
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
