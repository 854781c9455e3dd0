//! How history stands, for operators.

use std::path::Path;
use std::sync::Arc;

use cairn_store::Offset;
use serde::Serialize;

use crate::HistoryError;
use crate::catalog::Catalog;
use crate::slice::Slice;

use super::History;

/// What is known of a closed slice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SliceSummary {
    /// Its first log offset.
    pub from: Offset,
    /// The log offset after its last.
    pub to: Offset,
    /// The time of its oldest record, in milliseconds since 1970.
    pub event_time_ms_min: i64,
    /// The time of its newest record.
    pub event_time_ms_max: i64,
    /// When its last record was recorded.
    pub recorded_ms_max: i64,
    /// The length of its Parquet file.
    pub parquet_bytes: u64,
    /// The length of its index file.
    pub index_bytes: u64,
}

impl SliceSummary {
    pub(super) fn of(slice: &Slice) -> Self {
        let facts = slice.facts();
        Self {
            from: Offset::new(facts.from),
            to: Offset::new(facts.to),
            event_time_ms_min: facts.event_time_ms_min,
            event_time_ms_max: facts.event_time_ms_max,
            recorded_ms_max: facts.recorded_ms_max,
            parquet_bytes: facts.parquet_bytes,
            index_bytes: slice.index.bytes(),
        }
    }
}

/// How history stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryStatus {
    /// The next log offset that is not in a closed slice.
    pub covered: Offset,
    /// The next log offset that is not visible to queries.
    pub tail_next: Offset,
    /// How many slices there are.
    pub slices: u64,
    /// How many records they hold.
    pub slice_records: u64,
    /// Bytes on disk, Parquet and indexes.
    pub disk_bytes: u64,
    /// Records in the open tail.
    pub tail_records: u64,
    /// Record bytes in the open tail.
    pub tail_bytes: u64,
    /// Records whose columns are told before they come.
    pub foreseen_records: u64,
    /// Whether there was no room for the last slice of the tail.
    pub lacks_room: bool,
    /// Slices that could not be opened; queries do without them.
    pub damaged: Vec<String>,
}

impl History {
    /// The closed slices of a history directory that nobody has opened, oldest offsets first,
    /// without changing anything. Those that cannot be opened are left out; [`History::verify`]
    /// says why.
    pub fn survey(directory: &Path) -> Result<Vec<SliceSummary>, HistoryError> {
        let catalog = Catalog::read(directory)?;
        let slices = catalog.slices.iter();
        let opened = slices.filter_map(|name| Slice::open(directory, *name, &Arc::default()).ok());
        Ok(opened.map(|slice| SliceSummary::of(&slice)).collect())
    }

    /// The closed slices, oldest offsets first.
    pub fn slices(&self) -> Vec<SliceSummary> {
        self.read().slices.iter().map(|slice| SliceSummary::of(slice)).collect()
    }

    /// A slice that could not be opened, if there is one: answers would lack its records.
    pub fn damage(&self) -> Option<String> {
        self.read().damaged.first().map(|(name, why)| format!("{name}: {why}"))
    }

    /// How history stands.
    pub fn status(&self) -> HistoryStatus {
        let state = self.read();
        let each = || state.slices.iter().map(|slice| SliceSummary::of(slice));
        HistoryStatus {
            covered: Offset::new(state.covered),
            tail_next: Offset::new(state.tail_next),
            slices: state.slices.len() as u64,
            slice_records: each().map(|slice| slice.to.since(slice.from)).sum(),
            disk_bytes: each().map(|slice| slice.parquet_bytes + slice.index_bytes).sum(),
            tail_records: state.tail.records(),
            tail_bytes: state.tail.record_bytes(),
            foreseen_records: self.foreseen.records(),
            lacks_room: state.lacks_room,
            damaged: state.damaged.iter().map(|(name, why)| format!("{name}: {why}")).collect(),
        }
    }
}
