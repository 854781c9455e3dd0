//! What the front door is made of. Everything comes in from the composition root; nothing here is
//! global.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use cairn_api::{Services, s3::S3};
use cairn_event::{AccountId, Region, Timestamp};
use cairn_iam::Keyring;
use cairn_store::Clock;
use cairn_wire::resolve::BaseDomains;
use cairn_wire::sigv4::SigningKey;
use tokio::sync::RwLock;

use crate::beside::Beside;
use crate::budget::Budget;
use crate::flood::Flood;
use crate::forward::queue::Queue;
use crate::forward::{Intents, Upstreams};
use crate::recorder::SessionTokens;

/// Fills a buffer with random bytes.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Makes fresh stores for a test rig.
pub type Reset =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Stores, String>> + Send>> + Send + Sync>;

/// What a reset of a test rig replaces.
#[derive(Clone, Debug)]
pub struct Stores {
    /// What operations work on.
    pub services: Arc<Services>,
    /// Who may call.
    pub keyring: Keyring,
    /// Uploads to upstreams that are under way.
    pub intents: Arc<Intents>,
}

/// What an operator sets.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The account of calls that nobody signed.
    pub account: AccountId,
    /// The region of calls that name none.
    pub region: Region,
    /// Domains below which a label is a bucket.
    pub hosts: BaseDomains,
    /// Test rigs only: any key is the root, signatures are not checked.
    pub accepts_any_credentials: bool,
    /// Threads that serve connections.
    pub lanes: NonZeroUsize,
    /// Connections served at once; further ones are turned away.
    pub connections_max: usize,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Which services are behind us, and where.
    pub upstreams: Upstreams,
    /// The accounts of access keys that we do not know and that do not say it themselves.
    pub key_accounts: HashMap<String, AccountId>,
    /// Whether records show the tokens of sessions, as those of AWS do.
    pub session_tokens: SessionTokens,
}

/// What the program does for the front door.
#[derive(Clone)]
pub struct Hooks {
    /// The metrics page, in the text format of Prometheus.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Empties the server; only test rigs have it.
    pub reset: Option<Reset>,
}

/// The front door.
pub struct Gateway {
    pub(crate) settings: Settings,
    /// Held to read by each call under way, to write by a reset: no call ever sees two servers.
    pub(crate) stores: RwLock<Stores>,
    pub(crate) s3: S3,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) hooks: Hooks,
    pub(crate) signing_keys: Mutex<HashMap<String, SigningKey>>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) beside: Beside,
    pub(crate) queue: Queue,
    /// Signatures that were refused.
    pub(crate) refused_signatures: Mutex<Flood>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Gateway {
    /// A front door to these stores.
    pub fn new(
        settings: Settings,
        stores: Stores,
        clock: Clock,
        entropy: Entropy,
        hooks: Hooks,
    ) -> Arc<Self> {
        let beside = Beside::new(settings.lanes);
        Arc::new(Self {
            settings,
            stores: RwLock::new(stores),
            s3: S3::new(),
            clock,
            entropy,
            hooks,
            signing_keys: Mutex::default(),
            budget: Arc::default(),
            beside,
            queue: Queue::default(),
            refused_signatures: Mutex::default(),
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
