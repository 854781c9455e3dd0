//! How a log is kept.

use std::fmt;

use crate::Clock;
use crate::log::{BATCH_BYTES_MAX, BATCH_RECORDS_MAX};

/// What a record in the queue costs beyond its bytes, roughly.
pub(crate) const QUEUED_RECORD_BYTES: usize = 64;

/// How a log is kept. Begin with [`LogOptions::new`] and change what must be different.
#[derive(Clone)]
pub struct LogOptions {
    /// A segment that has grown to this is finished. Space returns in such pieces, and so much is
    /// read to open the log.
    pub segment_bytes_max: u64,
    /// The most bytes of appends under way; further ones wait. At least one of the largest fits.
    pub queue_bytes_max: usize,
    /// How much of the newest records is kept in memory for those who follow the log.
    pub recent_bytes_max: usize,
    /// Tells when a record is appended.
    pub now: Clock,
}

impl LogOptions {
    /// 64 MiB segments, 64 MiB under way, 32 MiB in memory.
    pub fn new(now: Clock) -> Self {
        let (segment_bytes_max, queue_bytes_max, recent_bytes_max) = (64 << 20, 64 << 20, 32 << 20);
        Self { segment_bytes_max, queue_bytes_max, recent_bytes_max, now }
    }

    pub(crate) fn queue_bytes(&self) -> usize {
        let largest = BATCH_BYTES_MAX + BATCH_RECORDS_MAX * QUEUED_RECORD_BYTES;
        self.queue_bytes_max.clamp(largest, u32::MAX as usize)
    }
}

impl fmt::Debug for LogOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogOptions")
            .field("segment_bytes_max", &self.segment_bytes_max)
            .field("queue_bytes_max", &self.queue_bytes_max)
            .field("recent_bytes_max", &self.recent_bytes_max)
            .finish_non_exhaustive()
    }
}
