//! The event log: every record, in one order, durable before it is acknowledged.
//!
//! The log is the heart of the product. Everything else (history, delivery, alarms) is a reader
//! of it with a cursor of its own, and can be built again from it. So the log promises little,
//! and all of it exactly: see the contract of [`EventLog`].

mod error;
mod offset;
mod segment;

pub use error::LogError;
pub(crate) use error::is_full;
pub use offset::Offset;
pub use segment::fsck::{Finding, FsckReport, SegmentReport, fsck, fsck_showing};
pub use segment::inspect::{SegmentView, inspect};
pub use segment::{Flaw, LogHead, LogHealth, LogOptions, Recovery, SegmentLog, Ticket};

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

/// The longest record that a log takes. A record of AWS is at most 256 KiB; the rest is room.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// The most bytes that one append takes, over all of its records.
pub const BATCH_BYTES_MAX: usize = 16 << 20;
/// The most records that one append takes.
pub const BATCH_RECORDS_MAX: usize = 1 << 16;

/// A durable sequence of records, numbered from 0.
///
/// ```text
///   0 … first() ………………… read() ………………… committed()
///   expired │ kept, durable, never altered │ next offset to be given
/// ```
///
/// Contract, checked by `testkit::event_log_contract`:
///
///  1. When `append` returns `Ok(offset)`, its records are at `offset`, `offset + 1`, … in the
///     order given, and survive loss of power.
///  2. An append is all or nothing: no reader, now or after a crash, sees a part of it.
///  3. `Full`, `TooLarge`, `Closed` and `Io` mean that nothing was appended, now or after a
///     restart. `Unknown` means that it may have been; `Closed` follows until the log is opened
///     anew, and readers then see all of it or none of it.
///  4. Appends of one caller, each awaited, get rising offsets. Offsets have no gaps and are never
///     given twice.
///  5. `committed` is the next offset. It never falls, and an `Ok` of `append` is below it at once.
///  6. `read` gives committed records only, byte for byte as they were appended, from `from`
///     (or from `first()`, if that is later: `LogSlice::first` tells) in offset order. It gives
///     at least one record if there is one, whatever the limit says, and otherwise no more than
///     the limit. Each comes with the time at which it was appended. `from` beyond `committed()`
///     is `Ahead`.
///  7. `changed(seen)` resolves once `committed() > seen`, at once if that holds already. It may be
///     dropped at any point and loses nothing.
///  8. `expire(before)` removes records below `before` and none at or above it. It may keep more
///     than it could (it removes whole segments), it returns the new `first()`, which never falls.
///  9. Limits: `RECORD_BYTES_MAX`, `BATCH_BYTES_MAX`, `BATCH_RECORDS_MAX`; beyond them `TooLarge`.
///     An append of no records is `Ok(committed())` and writes nothing.
/// 10. `health` tells whether appends are taken, for whoever directs calls to this server.
/// 11. Appends wait, rather than pile up, when more bytes are under way than the log has set.
///     A dropped `append` may still be appended.
#[async_trait]
pub trait EventLog: Send + Sync + fmt::Debug {
    /// Makes the records durable, then returns the offset of the first one.
    async fn append(&self, records: Vec<Bytes>) -> Result<Offset, LogError>;

    /// The next offset to be given; everything below it is durable.
    fn committed(&self) -> Offset;

    /// The oldest offset that is kept.
    fn first(&self) -> Offset;

    /// Committed records from an offset on.
    async fn read(&self, from: Offset, limit: ReadLimit) -> Result<LogSlice, LogError>;

    /// Resolves once there is more than the caller has seen.
    async fn changed(&self, seen: Offset);

    /// Whether appends are taken.
    fn health(&self) -> LogHealth;

    /// Removes records below an offset, by whole segments, and returns the new `first()`.
    async fn expire(&self, before: Offset) -> Result<Offset, LogError>;
}

/// How much one `read` may return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimit {
    /// The most records.
    pub records_max: usize,
    /// The most record bytes; one record is returned even if it is longer.
    pub bytes_max: usize,
}

/// A run of records as `read` returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSlice {
    /// The offset of the first record here; later than asked for if older records have expired.
    pub first: Offset,
    /// Where the next read goes on: `first` plus the number of records.
    pub next: Offset,
    /// The records as they were appended.
    pub records: Vec<Bytes>,
    /// When each of them was appended, by the log's clock; as long as `records`.
    pub appended_ms: Vec<i64>,
}

impl LogSlice {
    /// A slice without records at an offset.
    pub fn empty(at: Offset) -> Self {
        Self { first: at, next: at, records: Vec::new(), appended_ms: Vec::new() }
    }
}
