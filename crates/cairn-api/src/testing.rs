//! A world for tests: stores in a directory that vanishes, a clock that tests own; and one helper
//! through which the cases of an operation are called, from the JSON of the wire to the JSON of the
//! answer.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use bytes::Bytes;
use cairn_bucket::Gate;
use cairn_bucket::testkit::{FaultyBuckets, MemoryBuckets};
use cairn_event::{AccountId, Region, Timestamp};
use cairn_history::{History, HistoryOptions, Room};
use cairn_iam::Principal;
use cairn_store::testkit::{FaultyLog, FaultyMeta, FaultyObjects};
use cairn_store::{
    Clock, Entropy, Kms, LocalObjects, LogOptions, MasterKey, MetaStore, Offset, ReadLimit,
    SegmentLog, SqliteMeta,
};
use cairn_wire::RequestHead;
use cairn_wire::codec::{decode_request, encode_response};
use cairn_wire::model::{Operation, Protocol, service};
use cairn_wire::validate;
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::cairn::put_records::Ingest;
use crate::{ApiError, Askers, Ctx, Services, Stopping, TrailRules, handle, violation};

/// 2026-11-25T17:00:00Z, when worlds begin.
pub(crate) const START_MS: i64 = 1_795_626_000_000;
/// The account of most calls.
pub(crate) const ACCOUNT: &str = "111122223333";

/// Stores and a clock.
pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    /// What trails deliver to.
    pub(crate) buckets: TrailBuckets,
    now: Arc<AtomicI64>,
    requests: AtomicI64,
    directory: TempDir,
}

/// Buckets in memory that fail when they are told to.
#[derive(Clone)]
pub(crate) struct TrailBuckets {
    pub(crate) memory: Arc<MemoryBuckets>,
    pub(crate) faults: Arc<FaultyBuckets>,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(START_MS));
        let memory = Arc::new(MemoryBuckets::new());
        let faults = Arc::new(FaultyBuckets::new(Arc::clone(&memory) as _));
        let buckets = TrailBuckets { memory, faults };
        let services = Arc::new(open(&directory, &now, &buckets));
        Self { services, buckets, now, requests: AtomicI64::new(0), directory }
    }

    /// A world whose stores fail when they are told to.
    pub(crate) fn faulty() -> (Self, Arc<FaultyMeta>, Arc<FaultyObjects>) {
        let mut world = Self::new();
        let mut services = Services::clone(&world.services);
        let meta = Arc::new(FaultyMeta::new(Arc::clone(&services.meta)));
        let objects = Arc::new(FaultyObjects::new(Arc::clone(&services.objects)));
        services.meta = Arc::clone(&meta) as _;
        services.objects = Arc::clone(&objects) as _;
        world.services = Arc::new(services);
        (world, meta, objects)
    }

    /// A world whose history has a short tail, and as much room for a file as is said.
    pub(crate) fn with_room(options: HistoryOptions, room: &Room) -> Self {
        let mut world = Self::new();
        let mut services = Services::clone(&world.services);
        let place = world.directory.path().join("history");
        let history = History::open_with_room(&place, options, Arc::clone(room)).unwrap();
        services.history = Arc::new(history);
        world.services = Arc::new(services);
        world
    }

    /// A world whose log fails when it is told to.
    pub(crate) fn with_faulty_log() -> (Self, Arc<FaultyLog>) {
        let mut world = Self::new();
        let mut services = Services::clone(&world.services);
        let log = Arc::new(FaultyLog::new(Arc::clone(&services.log)));
        services.log = Arc::clone(&log) as _;
        world.services = Arc::new(services);
        (world, log)
    }

    /// The same world after a restart.
    pub(crate) fn restarted(self) -> Self {
        let Self { services, buckets, now, requests, directory } = self;
        drop(services);
        let services = Arc::new(open(&directory, &now, &buckets));
        let world = Self { services, buckets, now, requests, directory };
        world.feed();
        world
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
            source_ip: IpAddr::from([192, 0, 2, 1]),
            is_secure: false,
            request_id: format!("REQUEST{:09}", self.requests.fetch_add(1, Ordering::SeqCst)),
            services: Arc::clone(&self.services),
        }
    }

    /// Commits records to the log.
    pub(crate) async fn commit(&self, records: &[String]) -> Offset {
        let records = records.iter().map(|text| Bytes::from(text.clone())).collect();
        self.services.log.append(records).await.unwrap()
    }

    /// Commits records and lets history have them, as the worker does.
    pub(crate) async fn record(&self, records: &[String]) {
        self.commit(records).await;
        self.feed();
    }

    /// Lets history have what it lacks.
    pub(crate) fn feed(&self) {
        let (log, history) = (Arc::clone(&self.services.log), Arc::clone(&self.services.history));
        let limit = ReadLimit { records_max: 1_000, bytes_max: 1 << 20 };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                while history.tail_next() < log.committed() {
                    let slice = log.read(history.tail_next(), limit).await.unwrap();
                    history.append(slice.first, &slice.records, &slice.appended_ms).unwrap();
                }
            });
        })
        .join()
        .unwrap();
    }
}

fn open(directory: &TempDir, now: &Arc<AtomicI64>, buckets: &TrailBuckets) -> Services {
    let ticking = Arc::clone(now);
    let clock: Clock = Arc::new(move || Timestamp::from_ms(ticking.load(Ordering::SeqCst)));
    let path = directory.path();
    let options = LogOptions::new(Arc::clone(&clock));
    let meta: Arc<dyn MetaStore> = Arc::new(SqliteMeta::open(&path.join("meta.sqlite")).unwrap());
    let seed = AtomicU8::new(1);
    let entropy: Entropy = Arc::new(move |bytes| bytes.fill(seed.fetch_add(1, Ordering::SeqCst)));
    let kms = Kms::new(Arc::clone(&meta), MasterKey::new([7; 32]), Arc::clone(&clock), entropy);
    Services {
        log: Arc::new(SegmentLog::open(&path.join("log"), &options).unwrap()),
        history: Arc::new(History::open(&path.join("history"), HistoryOptions::default()).unwrap()),
        askers: Askers::new(NonZeroUsize::MIN).unwrap(),
        meta,
        objects: Arc::new(LocalObjects::open(&path.join("objects"), Arc::clone(&clock)).unwrap()),
        gate: Gate::default(),
        kms: Arc::new(kms),
        buckets: Arc::clone(&buckets.faults) as _,
        trails: TrailRules::default(),
        ingest: Ingest::new(7),
        clock,
        stopping: Stopping::never(),
    }
}

/// Calls of one operation.
pub(crate) struct Cases<'w> {
    world: &'w World,
    operation: Operation<'static>,
    principal: Option<Arc<Principal>>,
    account: &'static str,
    region: &'static str,
    is_secure: bool,
}

/// Calls of one operation, by the root of [`ACCOUNT`] from us-east-1.
pub(crate) fn cases<'w>(world: &'w World, of: &str, operation: &str) -> Cases<'w> {
    let operation = service(of).unwrap().find_operation(operation).unwrap();
    let (account, region) = (ACCOUNT, "us-east-1");
    Cases { world, operation, principal: None, account, region, is_secure: false }
}

impl Cases<'_> {
    /// By somebody else.
    pub(crate) fn by(mut self, principal: Arc<Principal>) -> Self {
        self.principal = Some(principal);
        self
    }

    /// In another account and region.
    pub(crate) fn from(mut self, account: &'static str, region: &'static str) -> Self {
        (self.account, self.region) = (account, region);
        self
    }

    /// Over TLS.
    pub(crate) fn over_tls(mut self) -> Self {
        self.is_secure = true;
        self
    }

    /// One call, as the gateway makes it: decoded, checked against the model, handled, encoded.
    pub(crate) async fn call(&self, input: &str) -> Outcome {
        let mut ctx = self.world.ctx(self.account, self.region);
        ctx.is_secure = self.is_secure;
        if let Some(principal) = &self.principal {
            ctx.principal = Arc::clone(principal);
        }
        Outcome(self.answer(&ctx, input).await)
    }

    async fn answer(&self, ctx: &Ctx, input: &str) -> Result<Json, ApiError> {
        let headers = http::HeaderMap::new();
        let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
        let input = decode_request(self.operation, Protocol::Json, &head, input.as_bytes());
        let input = input.unwrap();
        if let Err(violations) = validate::check(self.operation, &input) {
            let modelled = violations.iter().find_map(|found| violation(self.operation, found));
            return Err(modelled.unwrap_or_else(|| panic!("{}", validate::message(&violations))));
        }
        let output = handle(ctx, self.operation, &input).await?;
        let answer = encode_response(self.operation, Protocol::Json, &output, &ctx.request_id);
        Ok(serde_json::from_slice(&answer.body).unwrap())
    }
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Outcome(Result<Json, ApiError>);

impl Outcome {
    /// It succeeds with exactly this.
    pub(crate) fn gives(self, wanted: &str) {
        assert_eq!(self.json(), serde_json::from_str::<Json>(wanted).unwrap());
    }

    /// Whatever it is.
    pub(crate) fn result(self) -> Result<Json, ApiError> {
        self.0
    }

    /// It succeeds.
    pub(crate) fn json(self) -> Json {
        self.0.unwrap()
    }

    /// It fails under this name.
    pub(crate) fn fails(self, code: &str) -> ApiError {
        let error = self.0.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        error
    }
}

/// A record of a management event, as the recorder writes it; `more` is put at its end.
pub(crate) fn event(id: &str, name: &str, seconds: i64, more: &str) -> String {
    let time = Timestamp::from_ms(START_MS + seconds * 1_000).iso_seconds();
    let parts = [
        r#""eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE""#,
        &format!(r#""arn":"arn:aws:iam::{ACCOUNT}:user/ann","accountId":"{ACCOUNT}""#),
        r#""accessKeyId":"AKIAEXAMPLE","userName":"ann"}"#,
        &format!(r#""eventTime":"{time}","eventSource":"iam.amazonaws.com""#),
        &format!(r#""eventName":"{name}","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.7""#),
        r#""userAgent":"test","requestParameters":null,"responseElements":null"#,
        &format!(r#""requestID":"r-{id}","eventID":"{id}","readOnly":false"#),
        r#""eventType":"AwsApiCall","managementEvent":true"#,
        &format!(r#""recipientAccountId":"{ACCOUNT}","eventCategory":"Management""#),
    ];
    format!("{{{}{more}}}", parts.join(","))
}
