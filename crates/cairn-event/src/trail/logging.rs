//! When a trail logs, in offsets of the log.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A run of the log that a trail takes its records from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggingSpan {
    /// The first offset.
    pub from: u64,
    /// When logging started.
    pub started: Timestamp,
    /// Where it ended; none while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<SpanEnd>,
}

/// Where a trail stopped logging.
///
/// The record of the call that stops a trail belongs to it (documented), but has no offset yet when
/// the call is handled. So a span ends before `offset`, and of what follows it has the one record
/// with `request_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanEnd {
    /// The end of the log when the call was handled.
    pub offset: u64,
    /// When that was.
    pub at: Timestamp,
    /// The request that stopped it.
    pub request_id: String,
}

/// A chain of digests from its first to its final one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestEpoch {
    /// Counts the chains of a trail.
    pub number: u64,
    /// When it began: digests end at this second of each interval.
    pub since: Timestamp,
}
