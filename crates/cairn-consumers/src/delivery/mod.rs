//! Takes committed records to the buckets of trails, each exactly once.
//!
//! At each tick of the delivery interval the *front* goes on to the end of the log, round by round.
//! A [`record::Round`] is a run of the log that fits into memory: it is read once, all trails are
//! matched together, and what each of them takes is cut into files by account, region and folder.
//! The round is written down before its first file is, and the names of files follow from it, so
//! that whatever breaks off is done again with the same bytes under the same names.
//!
//! ```text
//!   log   ──────────────┬──────────────────────────┬────────┬─────►
//!                       │ lag.next of a trail       │ front  │ committed
//!                       │ whose bucket is broken    │        │
//! ```
//!
//! A trail whose bucket does not take a file leaves the front and goes its own way (`lag`), later
//! and later, for up to 30 days; the others never wait for it. When it has caught up it joins the
//! front again.
//!
//! The worker and the operations share documents and nothing else: see [`cairn_event::trail::place`].
//! A document selects records from the offset on at which it was written; those before it are
//! selected by the one before (`adopt`).

mod adopt;
mod book;
mod build;
mod catch_up;
mod cut;
mod docs;
mod engine;
mod front;
mod gather;
mod metric;
mod name;
pub(crate) mod record;
mod select;
mod settle;
#[cfg(test)]
mod tests;
mod worker;
mod write;

pub use engine::{LEVEL, LEVEL_BEHIND};
pub use worker::{DeliveryStatus, DeliveryWorker};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cairn_bucket::Buckets;
use cairn_store::{Clock, EventLog, MetaStore, Offset};

/// How often records are delivered, if nothing else is said.
const INTERVAL_MS: u64 = 60_000;
/// The most record bytes of a round, and so, several times, of memory.
const ROUND_BYTES_MAX: usize = 32 << 20;
/// The most record bytes of a file. Files of AWS have at most 50 MB (documented); a third of it, so
/// that several cores share the work of a backlog.
const FILE_BYTES_MAX: usize = 16_000_000;
/// How long a bucket may take for a file.
const PUT_MS_MAX: u64 = 30_000;

/// How records are delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryOptions {
    /// Files are cut when the clock passes a multiple of this.
    pub interval_ms: u64,
    /// The most record bytes that are read together.
    pub round_bytes_max: usize,
    /// The most record bytes of a file, before compression; one record fits always.
    pub file_bytes_max: usize,
    /// How long a bucket may take for a file before it counts as broken.
    pub put_ms_max: u64,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self {
            interval_ms: INTERVAL_MS,
            round_bytes_max: ROUND_BYTES_MAX,
            file_bytes_max: FILE_BYTES_MAX,
            put_ms_max: PUT_MS_MAX,
        }
    }
}

/// The lowest offset that delivery still needs: the log must keep what is not below it.
#[derive(Clone, Debug, Default)]
pub struct Needed(Arc<AtomicU64>);

impl Needed {
    /// The offset; 0 until the worker has read its state.
    pub fn offset(&self) -> Offset {
        Offset::new(self.0.load(Ordering::Acquire))
    }

    fn publish(&self, offset: Offset) {
        self.0.store(offset.as_u64(), Ordering::Release);
    }
}

/// The worker that delivers for all trails, and what it needs of the log. By `age_clock` records get
/// old enough to be given up, which is final; everything else goes by `clock`.
pub fn worker(
    options: DeliveryOptions,
    log: Arc<dyn EventLog>,
    meta: Arc<dyn MetaStore>,
    buckets: Arc<dyn Buckets>,
    (clock, age_clock): (Clock, Clock),
) -> (DeliveryWorker, Needed) {
    let needed = Needed::default();
    let engine = engine::Engine::new(options, log, meta, buckets, (clock, age_clock));
    (DeliveryWorker::new(engine, needed.clone()), needed)
}
