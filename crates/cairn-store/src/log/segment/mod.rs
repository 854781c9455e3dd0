//! The event log in segment files of our own.
//!
//! # Constraints
//!
//! - What was acknowledged survives loss of power at any moment; what was refused never shows.
//! - A frame is written once and never changed. Space returns by removing whole segments.
//! - To open a log costs time in proportion to one segment, however many there are.
//! - Every byte is covered by a checksum, and everything up to a point by one hash, so that an
//!   exchanged, altered or missing frame is found and named without trust in this program.
//! - Every later version reads these files: `tests/golden/` holds some of each version.
//!
//! # Layout
//!
//! A log is a directory of segments, each named after its first offset in 20 digits:
//! `00000000000000000000.seg`. Numbers are little endian; a CRC is CRC-32 (IEEE) over the part's
//! bytes before it; a chain is SHA-256. `next.unfinished` is a segment that is being prepared.
//!
//! ```text
//! segment:  header, frame*, then footer if finished, else zeros (space set aside) or nothing
//!
//! header    0  8  "CAIRNLOG"            frame     0  4  "CRNF"
//!           8  4  version = 1                     4  4  flags: 1 = same commit as the frame before
//!          12  4  header bytes = 72               8  4  payload bytes
//!          16  8  first offset                   12  4  payload bytes before compression
//!          24  8  created, epoch ms              16  4  records
//!          32 32  chain at the end of the        20  4  CRC of the payload
//!                 segment before (0 at first)    24  8  offset of the first record
//!          64  4  0                              32  8  appended, epoch ms; never falls
//!          68  4  CRC                            40 32  chain after this frame
//!                                                72  4  CRC of the 72 bytes above
//! footer    0  4  "CRNE"                         76  …  payload: zstd of
//!           4  4  0                                     u32 length of each record, then
//!           8  8  offset after the last record          the records' bytes
//!          16  8  frames
//!          24  8  payload bytes before compression
//!          32  8  appended, first frame         chain after a frame =
//!          40 8 appended, last frame SHA-256(chain before ‖ frame bytes 0..40 ‖ payload) 48 8
//!          position of this footer 56 32 chain after the last frame 88 4 CRC
//! ```
//!
//! # Write
//!
//! One thread commits. It takes all appends that wait, lays the small ones out together in frames
//! (an append is never split over two), writes the frames with one write into space that was set
//! aside before, syncs once, and only then answers. While it syncs, the next appends gather; where
//! the last commits had several, it waits up to 0.5 ms for as many. An append that comes alone costs
//! one sync and no delay. Records that come
//! through `append_blocking` are compressed on the caller's thread.
//!
//! A segment that is long enough gets its footer and is cut to its length and synced. The next one
//! is prepared under another name, synced, renamed, and the directory synced, before anything is
//! written to it. A commit lies in one segment.
//!
//! # When a write fails
//!
//! - *A write fails* (no space, I/O error): the file is cut back to the last commit and synced, and
//!   everybody in the commit is told `Full` or `Io`: nothing was appended. The log works on.
//! - *A sync fails*: the kernel may have dropped the dirty pages and marked them clean, so neither
//!   a second sync nor reading back proves anything. Everybody in the commit is told `Unknown`, and
//!   the log takes no more appends (`Closed`) until it is opened anew; reads go on up to the last
//!   commit. The same when cutting back fails.
//!
//! # Open
//!
//! Only the last segment is read; of the one before it, the footer. Frames are checked one after
//! the other. What does not check out is a torn tail only if no frame of a *later* commit follows:
//! syncs come between commits, so power loss can only tear the last one. A torn tail is cut off.
//! Anything else is damage to acknowledged records: the log does not open, and says where.
//!
//! The frames of the last commit are then written again over themselves and synced before they
//! count as committed. So a commit whose sync failed is settled: its pages are dirty again, and the
//! sync that must now succeed covers them.
//!
//! # Read
//!
//! The newest frames are kept in memory. Older ones are found through an index of one position for
//! every 256 KiB of a segment, built from frame headers when a segment is first read.

pub(crate) mod batch;
pub(crate) mod catalog;
mod committer;
mod flaw;
pub(crate) mod format;
pub(crate) mod fsck;
pub(crate) mod inspect;
mod log;
mod options;
mod queue;
mod reader;
mod recent;
mod recover;
#[cfg(test)]
mod tests;
mod walk;
mod writer;

pub use flaw::Flaw;
pub use log::{LogHead, LogHealth, SegmentLog, Ticket};
pub use options::LogOptions;
pub use recover::Recovery;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use self::batch::Compressors;
use self::catalog::Catalog;
use self::recent::Recent;
use crate::Clock;
use crate::files::Files;
use crate::log::Offset;

/// What the committing thread, the readers and the appenders share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub files: Arc<dyn Files>,
    pub directory: PathBuf,
    pub catalog: Catalog,
    pub recent: Recent,
    pub compressors: Compressors,
    pub now: ClockValue,
    committed: AtomicU64,
    changed: watch::Sender<u64>,
    health: AtomicU8,
    head: Mutex<LogHead>,
}

/// A clock that can be shown in a debug print.
pub(crate) struct ClockValue(pub Clock);

impl std::fmt::Debug for ClockValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Shared {
    pub(crate) fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Makes a commit visible: to `committed` first, then to those who wait.
    pub(crate) fn publish(&self, head: LogHead, frames: Vec<recent::RecentFrame>) {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = head;
        self.committed.store(head.next.as_u64(), Ordering::Release);
        for frame in frames {
            self.recent.push(frame);
        }
        self.changed.send_replace(head.next.as_u64());
    }

    pub(crate) fn head(&self) -> LogHead {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn health(&self) -> LogHealth {
        LogHealth::from_number(self.health.load(Ordering::Acquire))
    }

    pub(crate) fn set_health(&self, health: LogHealth) {
        self.health.store(health as u8, Ordering::Release);
    }

    /// Resolves once more than `seen` is committed.
    pub(crate) async fn changed(&self, seen: Offset) {
        let mut receiver = self.changed.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = receiver.wait_for(|committed| *committed > seen.as_u64()).await;
    }
}
