//! What can go wrong with a log, by what it means for the caller.

use std::io;
use std::sync::Arc;

use super::Offset;

/// Why the log did not do as asked. Each variant says whether anything was written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// There is no room on the device. Nothing was appended; appends work again once there is room.
    #[error("no space is left for the event log")]
    Full,
    /// The device failed while the records were made durable: they may be there or not.
    /// The log takes no more appends until it is opened anew, which settles the question.
    #[error("it is not known whether the records were written")]
    Unknown {
        /// What the device said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Stored bytes are not what was written.
    #[error("segment {segment} is damaged at byte {at_byte}: {why}")]
    Corrupt {
        /// The segment's file name.
        segment: String,
        /// Where in the file.
        at_byte: u64,
        /// What does not hold there.
        why: super::Flaw,
    },
    /// A record or a batch is beyond the log's limits. Nothing was appended.
    #[error("{bytes} bytes in {records} records are more than the event log takes at once")]
    TooLarge {
        /// Bytes over all records of the batch.
        bytes: usize,
        /// Records in the batch.
        records: usize,
    },
    /// A cursor points beyond the end: it belongs to another log, or this log lost its end.
    #[error("the offset is beyond the end of the event log, which is {committed}")]
    Ahead {
        /// The log's next offset.
        committed: Offset,
    },
    /// The log takes no more appends: it was closed, or a sync has failed. Nothing was appended.
    #[error("the event log is closed")]
    Closed,
    /// The device failed otherwise. Nothing was appended.
    #[error("the event log could not {doing}")]
    Io {
        /// What was tried, as a verb with its object.
        doing: &'static str,
        /// What the device said.
        #[source]
        source: Arc<io::Error>,
    },
}

impl LogError {
    pub(crate) fn io(doing: &'static str, source: io::Error) -> Self {
        if is_full(&source) {
            return Self::Full;
        }
        Self::Io { doing, source: Arc::new(source) }
    }

    pub(crate) fn unknown(source: io::Error) -> Self {
        Self::Unknown { source: Arc::new(source) }
    }
}

/// Whether an error says that the device, or a quota on it, is used up.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
