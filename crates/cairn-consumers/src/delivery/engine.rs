//! What every part of delivery works with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cairn_bucket::Buckets;
use cairn_event::Timestamp;
use cairn_store::{Clock, EventLog, MetaStore};
use tokio::sync::Semaphore;

use super::DeliveryOptions;
use super::build::Benches;

/// How hard files are compressed: libdeflate's level.
pub const LEVEL: u8 = 6;
/// How hard they are compressed while there is a backlog: a tenth longer, in half the time (measured;
/// level 4 costs as much as level 6 does on some machines).
pub const LEVEL_BEHIND: u8 = 1;
/// The most files that are compressed at the same time, whatever the number of cores.
const BUILDS_MAX: usize = 8;

/// The stores, the clock and the limits, shared by the front and by those who catch up.
pub(super) struct Engine {
    pub options: DeliveryOptions,
    pub log: Arc<dyn EventLog>,
    pub meta: Arc<dyn MetaStore>,
    pub buckets: Arc<dyn Buckets>,
    clock: Clock,
    /// By which records become old enough to be given up.
    age_clock: Clock,
    /// One permit for each file that may be compressed now.
    pub builds: Arc<Semaphore>,
    /// Where they are made.
    pub benches: Benches,
    pub counts: Counts,
}

/// What was done since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub files: AtomicU64,
    pub bytes: AtomicU64,
    pub records: AtomicU64,
    pub failures: AtomicU64,
    pub given_up: AtomicU64,
    pub missed: AtomicU64,
    pub unplaced: AtomicU64,
}

impl Engine {
    pub(super) fn new(
        options: DeliveryOptions,
        log: Arc<dyn EventLog>,
        meta: Arc<dyn MetaStore>,
        buckets: Arc<dyn Buckets>,
        (clock, age_clock): (Clock, Clock),
    ) -> Arc<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let builds = Arc::new(Semaphore::new(cores.min(BUILDS_MAX)));
        let (benches, counts) = (Benches::default(), Counts::default());
        Arc::new(Self { options, log, meta, buckets, clock, age_clock, builds, benches, counts })
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The time by which records are given up.
    pub(super) fn age_now(&self) -> Timestamp {
        (self.age_clock)()
    }
}

impl Counts {
    pub(super) fn read(count: &AtomicU64) -> u64 {
        count.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("options", &self.options).finish_non_exhaustive()
    }
}
