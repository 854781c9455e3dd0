//! What an operation knows of the call it serves, and what it can reach.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use cairn_bucket::{Buckets, Gate};
use cairn_event::{AccountId, Region, Timestamp};
use cairn_history::History;
use cairn_iam::Principal;
use cairn_iam::policy::Context;
use cairn_store::{Clock, EventLog, Kms, MetaStore, Objects};
use tokio::sync::{Mutex, MutexGuard, watch};

use crate::askers::Askers;
use crate::cairn::put_records::Ingest;

/// The stores that operations work on. One value for the life of the program (or of a test rig,
/// until it is reset).
#[derive(Clone)]
pub struct Services {
    /// Every record, in order.
    pub log: Arc<dyn EventLog>,
    /// Every record, searchable.
    pub history: Arc<History>,
    /// Where history answers what takes moments.
    pub askers: Askers,
    /// Small state: buckets and their settings, uploads.
    pub meta: Arc<dyn MetaStore>,
    /// The bytes of S3 objects.
    pub objects: Arc<dyn Objects>,
    /// Between who writes objects and who deletes buckets; trails write through the same one.
    pub gate: Gate,
    /// The keys of callers.
    pub kms: Arc<Kms>,
    /// The buckets that trails deliver to.
    pub buckets: Arc<dyn Buckets>,
    /// What limits trails have.
    pub trails: TrailRules,
    /// Where records that come in bulk go into the log.
    pub ingest: Ingest,
    /// What time it is, for S3 calls that go on after they began.
    pub clock: Clock,
    /// Whether the server is about to stop, for calls that wait.
    pub stopping: Stopping,
}

/// What limits trails have; by default AWS's (documented).
#[derive(Clone, Debug)]
pub struct TrailRules {
    /// The most trails of an account in a region. A trail of all regions counts in each.
    pub trails_per_region_max: usize,
    /// The most tags of a trail.
    pub tags_max: usize,
    /// Has trails admitted one after the other.
    pub admission: Admission,
}

impl Default for TrailRules {
    fn default() -> Self {
        Self { trails_per_region_max: 5, tags_max: 50, admission: Admission::default() }
    }
}

/// Lets calls that count trails and then add one do so one after the other, so that no two of them
/// take the last place.
#[derive(Clone, Debug, Default)]
pub struct Admission(Arc<Mutex<()>>);

impl Admission {
    /// Waits for its turn. Short: whoever has it reads and writes small state, no more.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.0.lock().await
    }
}

/// Tells calls that wait for something when the server stops, so that it need not wait for them.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// What says `true` when the stop begins, and who listens.
    pub fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// A server that never stops.
    pub fn never() -> Self {
        Self::channel().1
    }

    /// Resolves once the stop has begun. May be dropped at any point.
    pub async fn begun(&self) {
        if self.0.clone().wait_for(|stops| *stops).await.is_err() {
            // Whoever could say so is gone.
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").finish_non_exhaustive()
    }
}

/// One call: who makes it, when, where, and the stores it works on.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// When the call arrived.
    pub now: Timestamp,
    /// The account that the call acts in.
    pub account: AccountId,
    /// The region that the call was signed for.
    pub region: Region,
    /// Who calls.
    pub principal: Arc<Principal>,
    /// From where the call came, as its record says it.
    pub source_ip: IpAddr,
    /// Whether it came over TLS.
    pub is_secure: bool,
    /// The request's id, as the answer and the record carry it.
    pub request_id: String,
    /// The stores.
    pub services: Arc<Services>,
}

impl Ctx {
    /// What conditions of policies may ask of the call, under the global keys (documented).
    pub(crate) fn conditions(&self) -> Context {
        self.own_conditions()
            .with("aws:SourceIp", self.source_ip.to_string())
            .with("aws:SecureTransport", if self.is_secure { "true" } else { "false" })
            .with("aws:ViaAWSService", "false")
    }

    /// The same without what tells how the call came here.
    pub(crate) fn own_conditions(&self) -> Context {
        Context::of(&self.principal, self.now).with("aws:RequestedRegion", self.region.as_str())
    }
}
