//! The workers of a running server: each follows the log at its own pace.

use std::sync::Arc;

use cairn_consumers::delivery::{self, DeliveryOptions, Needed};
use cairn_consumers::digest::{self, DigestOptions, RsaPair, SignerError};
use cairn_consumers::{Runner, RunnerOptions, history};
use cairn_history::History;
use cairn_store::seal::MasterKey;
use cairn_store::{Clock, EventLog, MetaStore};

use super::settings::Settings;

/// Steps under way have this long to end when the server stops.
const STOP_MS_MAX: u64 = 20_000;

/// What the workers work on.
pub(super) struct Ground {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) history: Arc<History>,
    pub(super) meta: Arc<dyn MetaStore>,
    pub(super) buckets: Arc<dyn cairn_bucket::Buckets>,
    pub(super) master: MasterKey,
}

/// Starts history, delivery and digests; and what delivery still needs of the log. What destroys by
/// age goes by a clock of its own.
pub(super) fn start(
    ground: Ground,
    settings: &Settings,
    (clock, age_clock): (&Clock, &Clock),
) -> (Runner, Needed) {
    let options = RunnerOptions { clock: Arc::clone(clock), stop_ms_max: STOP_MS_MAX };
    let mut runner = Runner::new(options);
    let (feed, seal, upkeep) = history::workers(Arc::clone(&ground.log), ground.history);
    runner.spawn(feed);
    runner.spawn(seal);
    runner.spawn_by(upkeep, Arc::clone(age_clock));
    let options = DeliveryOptions {
        interval_ms: settings.delivery_interval_ms.unsigned_abs(),
        ..DeliveryOptions::default()
    };
    let (worker, needed) = delivery::worker(
        options,
        ground.log,
        Arc::clone(&ground.meta),
        Arc::clone(&ground.buckets),
        (Arc::clone(clock), Arc::clone(age_clock)),
    );
    runner.spawn(worker);
    runner.spawn(digest::worker(
        digest_options(settings),
        ground.meta,
        ground.buckets,
        ground.master,
        Arc::clone(clock),
        Arc::new(new_key),
    ));
    (runner, needed)
}

fn digest_options(settings: &Settings) -> DigestOptions {
    let validity = settings.digest_key_validity_ms;
    DigestOptions {
        interval_ms: settings.digest_interval_ms,
        key_validity_ms: validity,
        // Keys of AWS are valid for 30 days and overlap by 10 (observed).
        key_successor_ms: (validity / 3 * 2).max(1),
        ..DigestOptions::default()
    }
}

fn new_key() -> Result<RsaPair, SignerError> {
    let size = aws_lc_rs::rsa::KeySize::Rsa2048;
    RsaPair::from_pair(&aws_lc_rs::signature::RsaKeyPair::generate(size)?)
}
