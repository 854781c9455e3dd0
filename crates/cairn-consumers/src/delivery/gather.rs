//! Reads a run of the log for a round.

use std::sync::Arc;

use cairn_store::{Offset, ReadLimit};
use tokio::task::JoinHandle;

use super::engine::Engine;
use super::metric;
use super::record::Round;
use super::select::{Batch, BatchLimits, REGIONS_MAX, Selection};
use crate::worker::StepError;

/// How much is read at a time.
const READ_BYTES_MAX: usize = 8 << 20;
/// How many records are read at a time.
const READ_RECORDS_MAX: u64 = 1 << 16;
/// The most records of a round: what is kept of each beside its bytes is 70 bytes.
const ROUND_RECORDS_MAX: u64 = 1 << 18;
/// The most times that records of a round are taken, over all trails: 4 bytes each.
const ROUND_TAKEN_MAX: usize = 16 << 20;
/// The longest time that a round covers, so that what is given up is given up by the day.
const ROUND_MS_MAX: i64 = 24 * 3_600_000;

/// Where a batch ends at the latest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    to: Offset,
    records_max: u64,
    bytes_max: usize,
    limits: BatchLimits,
}

impl Bounds {
    /// A batch that fits into memory, up to an offset.
    pub(super) fn up_to(to: Offset, engine: &Engine) -> Self {
        let limits = BatchLimits {
            region_numbers: REGIONS_MAX,
            taken_max: ROUND_TAKEN_MAX,
            span_ms_max: ROUND_MS_MAX,
        };
        let bytes_max = engine.options.round_bytes_max;
        Self { to, records_max: ROUND_RECORDS_MAX, bytes_max, limits }
    }

    /// Exactly a round: it was planned under the limits of its time.
    pub(super) fn of(round: &Round) -> Self {
        let limits = BatchLimits {
            region_numbers: usize::MAX,
            taken_max: usize::MAX,
            span_ms_max: i64::MAX,
        };
        Self { to: round.to, records_max: u64::MAX, bytes_max: usize::MAX, limits }
    }
}

/// Reads and matches records from an offset on. What has expired from the log is left out: the
/// batch then begins later.
pub(super) async fn gather(
    engine: &Engine,
    selection: &Arc<Selection>,
    from: Offset,
    bounds: Bounds,
) -> Result<Batch, StepError> {
    let mut batch = Batch::new(from.max(engine.log.first()).min(bounds.to.max(from)));
    batch.taken.resize_with(selection.members.len(), Vec::new);
    while batch.next < bounds.to && !batch.is_full {
        let room = bounds.records_max.saturating_sub(batch.records.len() as u64);
        let bytes = bounds.bytes_max.saturating_sub(batch.bytes);
        if room == 0 || bytes == 0 {
            break;
        }
        let records = bounds.to.since(batch.next).min(room).min(READ_RECORDS_MAX);
        let limit = ReadLimit {
            records_max: usize::try_from(records).unwrap_or(usize::MAX),
            bytes_max: bytes.min(READ_BYTES_MAX),
        };
        let slice = engine.log.read(batch.next, limit).await?;
        if slice.records.is_empty() || slice.first != batch.next {
            let error = "records expired while they were read".into();
            return Err(StepError::Other { doing: "read a round", error });
        }
        let (selection, limits) = (Arc::clone(selection), bounds.limits);
        let taken = tokio::task::spawn_blocking(move || {
            selection.take(&mut batch, slice, limits);
            batch
        });
        batch = taken.await.map_err(StepError::Lost)?;
    }
    Ok(batch)
}

impl Batch {
    /// Counts what of a new round, from an offset on, no file will hold; once a round in the log.
    pub(super) fn count_left_out(&self, engine: &Engine, from: Offset) {
        self.count_missed(engine, from);
        if self.unplaced > 0 {
            metric::unplaced(&engine.counts, self.unplaced);
            tracing::warn!(
                records = self.unplaced,
                from = from.as_u64(),
                to = self.next.as_u64(),
                "records that trails select name no region, and are in no file"
            );
        }
    }

    /// Counts what the log has not had any more.
    pub(super) fn count_missed(&self, engine: &Engine, from: Offset) {
        let missed = self.from.since(from);
        if missed > 0 {
            metric::missed(&engine.counts, missed);
            tracing::error!(records = missed, "records expired before they could be delivered");
        }
    }
}

/// The next batch, read while the files of the one before are made.
#[derive(Debug)]
pub(super) struct Ahead {
    selection: Arc<Selection>,
    from: Offset,
    to: Offset,
    reading: JoinHandle<Result<Batch, StepError>>,
}

impl Ahead {
    /// Begins to read.
    pub(super) fn begin(
        engine: &Arc<Engine>,
        selection: &Arc<Selection>,
        from: Offset,
        to: Offset,
    ) -> Self {
        let (engine, selected) = (Arc::clone(engine), Arc::clone(selection));
        let reading = tokio::spawn(async move {
            gather(&engine, &selected, from, Bounds::up_to(to, &engine)).await
        });
        Self { selection: Arc::clone(selection), from, to, reading }
    }

    /// The batch, if it is the one that is wanted.
    pub(super) async fn take(
        mut self,
        selection: &Arc<Selection>,
        from: Offset,
        to: Offset,
    ) -> Result<Option<Batch>, StepError> {
        if !Arc::ptr_eq(&self.selection, selection) || self.from != from || self.to > to {
            return Ok(None);
        }
        Ok(Some((&mut self.reading).await.map_err(StepError::Lost)??))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.reading.abort();
    }
}
