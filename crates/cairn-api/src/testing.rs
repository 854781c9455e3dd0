//! A world for tests: stores in a directory that vanishes, a clock that tests own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cairn_event::{AccountId, Region, Timestamp};
use cairn_iam::Principal;
use cairn_store::{Clock, LocalObjects, LogOptions, SegmentLog, SqliteMeta};
use tempfile::TempDir;

use crate::{Ctx, Services};

/// 2026-11-25T17:00:00Z, when worlds begin.
pub(crate) const START_MS: i64 = 1_795_626_000_000;

/// Stores and a clock.
pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    now: Arc<AtomicI64>,
    requests: AtomicI64,
    _directory: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(START_MS));
        let ticking = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Timestamp::from_ms(ticking.load(Ordering::SeqCst)));
        let path = directory.path();
        let services = Services {
            log: Arc::new(SegmentLog::open(&path.join("log"), &LogOptions::new(Arc::clone(&clock))).unwrap()),
            meta: Arc::new(SqliteMeta::open(&path.join("meta.sqlite")).unwrap()),
            objects: Arc::new(LocalObjects::open(&path.join("objects"), Arc::clone(&clock)).unwrap()),
            clock,
        };
        Self { services: Arc::new(services), now, requests: AtomicI64::new(0), _directory: directory }
    }

    /// Lets time pass.
    pub(crate) fn pass_ms(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    /// A call by the root of an account.
    pub(crate) fn ctx(&self, account: &str, region: &str) -> Ctx {
        let account = AccountId::parse(account).unwrap();
        Ctx {
            now: Timestamp::from_ms(self.now.load(Ordering::SeqCst)),
            account: account.clone(),
            region: Region::parse(region).unwrap(),
            principal: Arc::new(Principal::Root { account }),
            request_id: format!("REQUEST{:09}", self.requests.fetch_add(1, Ordering::SeqCst)),
            services: Arc::clone(&self.services),
        }
    }
}
