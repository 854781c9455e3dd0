//! Signs what was delivered: one chain of digests for each trail, account and region.
//!
//! ```text
//!   trail/, trail-gone/ ──► who has a chain, and where it goes
//!   delivery/files/     ──► what no digest covers yet
//!   delivery/trail/     ──► whether there is more to come
//!                  │
//!                  ▼                     ┌─► the bucket
//!   digest/chain/ (plan) ─► render, sign ┤
//!                  ▲                     └─► digest/chain/ (done) ─► entries removed
//!                  └─ digest/key/
//! ```
//!
//! A digest is decided on, signed and written down as a *plan* before it goes to the bucket. Signing
//! is deterministic, so whatever happens, the same bytes go to the same place again, until the chain
//! says that they are there. Entries of delivered files are removed after that; one that turns up
//! again is known by what the chain remembers of it.
//!
//! - A chain begins with a starting digest: in the home region at once, elsewhere with the first
//!   delivered file. Then one digest follows for every interval, empty or not, at the second at
//!   which logging began. Windows that were missed are written later, oldest first.
//! - When logging or validation ends, a final digest covers what is left; what is delivered after
//!   it is covered by backfill digests.
//! - A bucket that does not take a digest delays that chain and no other. It is tried again for
//!   30 days, later and later.
//! - What is due next is kept in memory by time, so that nothing is looked at before its time,
//!   however many chains there are.

mod advance;
mod decide;
mod entries;
mod known;
mod metric;
mod put;
mod queue;
mod ring;
mod scan;
mod seal;
mod signer;
mod sweep;
#[cfg(test)]
mod tests;
mod work;

pub use signer::{RsaPair, SignerError};
pub use work::{DigestStatus, DigestWorker};

use std::sync::Arc;

use cairn_bucket::Buckets;
use cairn_event::digest::Rotation;
use cairn_store::seal::MasterKey;
use cairn_store::{Clock, MetaStore};

/// Makes a key pair. Called rarely, and where it may block.
pub type NewKey = Arc<dyn Fn() -> Result<RsaPair, SignerError> + Send + Sync>;

/// How digests are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestOptions {
    /// The length of a window. Whole seconds, at least one.
    pub interval_ms: i64,
    /// How long a key is valid.
    pub key_validity_ms: i64,
    /// How long after its start another key takes over.
    pub key_successor_ms: i64,
    /// How long a bucket may take for one digest.
    pub put_ms_max: u64,
}

impl Default for DigestOptions {
    /// As AWS has it: hourly, keys of 30 days that take over from each other after 20 (observed).
    fn default() -> Self {
        const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
        Self {
            interval_ms: 60 * 60 * 1_000,
            key_validity_ms: 30 * DAY_MS,
            key_successor_ms: 20 * DAY_MS,
            put_ms_max: 30_000,
        }
    }
}

impl DigestOptions {
    fn interval_seconds(&self) -> i64 {
        (self.interval_ms / 1_000).max(1)
    }

    fn rotation(&self) -> Rotation {
        Rotation { validity_ms: self.key_validity_ms, successor_ms: self.key_successor_ms }
    }
}

/// What signs the deliveries of all trails.
pub fn worker(
    options: DigestOptions,
    meta: Arc<dyn MetaStore>,
    buckets: Arc<dyn Buckets>,
    master: MasterKey,
    clock: Clock,
    new_key: NewKey,
) -> DigestWorker {
    DigestWorker::new(options, meta, buckets, master, clock, new_key)
}
