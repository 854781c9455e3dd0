//! A log, small state, buckets, a clock and a worker, and what operations do to trails.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use cairn_bucket::testkit::{FaultyBuckets, MemoryBuckets};
use cairn_event::selector::Selectors;
use cairn_event::trail::{SpanEnd, Trail, TrailName, place};
use cairn_event::{AccountId, Region, Timestamp};
use cairn_store::{Clock, EventLog, Key, LogOptions, MetaStore, SegmentLog, SqliteMeta, Version};
use tempfile::TempDir;

use super::sites::{SitedBuckets, SitedMeta, Sites};
use crate::delivery::record::TrailState;
use crate::delivery::{DeliveryOptions, DeliveryWorker, Needed, worker};
use crate::worker::{Progress, Worker};

/// 2026-11-25T17:00:00Z.
pub(super) const NOW_MS: i64 = 1_795_626_000_000;
pub(in super::super) const ACCOUNT: &str = "111122223333";
pub(super) const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];
const MINUTE_MS: i64 = 60_000;

pub(super) struct World {
    _directory: TempDir,
    pub log: Arc<dyn EventLog>,
    pub meta: Arc<dyn MetaStore>,
    pub store: Arc<MemoryBuckets>,
    pub buckets: Arc<FaultyBuckets>,
    pub sites: Arc<Sites>,
    pub options: DeliveryOptions,
    pub worker: DeliveryWorker,
    pub needed: Needed,
    /// All committed records, by offset.
    pub records: Vec<Bytes>,
    now: Arc<AtomicI64>,
    /// How far the clock has jumped that records do not get older by.
    jumped_ms: Arc<AtomicI64>,
}

fn open_log(directory: &Path, now: &Arc<AtomicI64>, segment: u64) -> Arc<dyn EventLog> {
    let mut options = LogOptions::new(clock(now));
    options.segment_bytes_max = segment;
    Arc::new(SegmentLog::open(&directory.join("log"), &options).unwrap())
}

fn clock(now: &Arc<AtomicI64>) -> Clock {
    let now = Arc::clone(now);
    Arc::new(move || Timestamp::from_ms(now.load(Ordering::SeqCst)))
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(DeliveryOptions::default())
    }

    pub(super) fn with(options: DeliveryOptions) -> Self {
        Self::build(options, 1 << 20)
    }

    /// A log that begins a segment with each append.
    pub(super) fn of_small_segments() -> Self {
        Self::build(DeliveryOptions::default(), 1)
    }

    fn build(options: DeliveryOptions, segment: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(NOW_MS));
        let jumped_ms = Arc::new(AtomicI64::new(0));
        let log = open_log(directory.path(), &now, segment);
        let path = directory.path().join("meta.sqlite");
        let meta: Arc<dyn MetaStore> = Arc::new(SqliteMeta::open(&path).unwrap());
        let store = Arc::new(MemoryBuckets::with(&["logs", "other", "third"]));
        let buckets = Arc::new(FaultyBuckets::new(Arc::clone(&store) as _));
        let sites = Arc::new(Sites::default());
        let parts = (&log, &meta, &buckets, &sites, (&now, &jumped_ms));
        let (worker, needed) = build(&options, parts);
        Self {
            _directory: directory,
            log,
            meta,
            store,
            buckets,
            sites,
            options,
            worker,
            needed,
            records: Vec::new(),
            now,
            jumped_ms,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now.load(Ordering::SeqCst))
    }

    pub(super) fn pass_ms(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    /// The wall clock is set, and no time passes.
    pub(super) fn jump_ms(&self, ms: i64) {
        self.pass_ms(ms);
        self.jumped_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// The process dies, and another one goes on.
    pub(super) fn restart(&mut self) {
        let clocks = (&self.now, &self.jumped_ms);
        let parts = (&self.log, &self.meta, &self.buckets, &self.sites, clocks);
        (self.worker, self.needed) = build(&self.options, parts);
    }

    /// Steps until there is nothing to do at this time. Failed steps are tried again.
    pub(super) async fn settle(&mut self) {
        let sites = Arc::clone(&self.sites);
        for _ in 0..10_000 {
            let now = self.now();
            let outcome = tokio::select! {
                biased;
                () = sites.killed.notified() => None,
                outcome = self.worker.step(now) => Some(outcome),
            };
            match outcome {
                None => self.restart(),
                Some(Ok(Progress::Idle)) if self.worker.is_catching_up() => {
                    let died = tokio::select! {
                        () = sites.killed.notified() => true,
                        () = self.worker.wait() => false,
                    };
                    if died {
                        self.restart();
                    }
                }
                Some(Ok(Progress::Idle)) => return,
                Some(Ok(Progress::More) | Err(_)) => {}
            }
        }
        panic!("it does not come to rest");
    }

    /// Settles, then goes to the next tick, and settles there.
    pub(super) async fn tick(&mut self) {
        self.settle().await;
        self.pass_ms(MINUTE_MS - self.now().as_ms().rem_euclid(MINUTE_MS));
        self.settle().await;
    }

    /// Ticks until everything is where it belongs.
    pub(super) async fn finish(&mut self) {
        for _ in 0..40 {
            self.tick().await;
            let status = self.worker.status();
            if (status.waiting, status.trails_behind) == (0, 0) {
                return;
            }
        }
        panic!("it does not come to an end: {:?}", self.worker.status());
    }

    /// Appends a record.
    pub(super) async fn append(&mut self, record: String) {
        let record = Bytes::from(record);
        self.records.push(record.clone());
        self.log.append(vec![record]).await.unwrap();
    }

    /// Appends numbered records together, in all regions, some of another account.
    pub(super) async fn commit(&mut self, count: usize) {
        let first = self.records.len();
        let seconds = self.now().as_seconds();
        let record = |number: usize| Bytes::from(record(number, seconds));
        let records: Vec<Bytes> = (first..first + count).map(record).collect();
        self.records.extend(records.iter().cloned());
        self.log.append(records).await.unwrap();
    }

    pub(super) fn committed(&self) -> u64 {
        self.log.committed().as_u64()
    }

    async fn document(&self, key: &str) -> Option<(Trail, Version)> {
        let found = self.meta.get(&Key::parse(key).unwrap()).await.unwrap()?;
        Some((serde_json::from_slice(&found.value).unwrap(), found.version))
    }

    async fn put(&self, key: &str, expected: Option<Version>, trail: &Trail) {
        let value = serde_json::to_vec(trail).unwrap().into();
        self.meta.swap(&Key::parse(key).unwrap(), expected, value).await.unwrap();
    }

    /// `CreateTrail` and `StartLogging`.
    pub(super) async fn start_new(&self, mut trail: Trail) {
        trail.changed = self.committed();
        trail.start_logging(self.committed(), self.now());
        self.put(&key_of(&trail), None, &trail).await;
    }

    /// Writes a document as it is.
    pub(super) async fn write(&self, trail: &Trail) {
        self.put(&key_of(trail), None, trail).await;
    }

    /// What the digest worker does at the end.
    pub(super) async fn remove_gone(&self, trail: &Trail) {
        let key = place::gone(trail);
        let (_, version) = self.document(&key).await.unwrap();
        self.meta.remove(&Key::parse(&key).unwrap(), version).await.unwrap();
    }

    /// Puts what is no document in the place of one; gives back what was there.
    pub(super) async fn spoil(&self, name: &str) -> Trail {
        let key = key_of(&trail(name));
        let (good, version) = self.document(&key).await.unwrap();
        let bad = bytes::Bytes::from_static(b"{");
        self.meta.swap(&Key::parse(&key).unwrap(), Some(version), bad).await.unwrap();
        good
    }

    /// Puts a document back.
    pub(super) async fn mend(&self, name: &str, good: Trail) {
        let key = Key::parse(&key_of(&trail(name))).unwrap();
        let version = self.meta.get(&key).await.unwrap().unwrap().version;
        let good = serde_json::to_vec(&good).unwrap().into();
        self.meta.swap(&key, Some(version), good).await.unwrap();
    }

    /// Records of an import.
    pub(super) async fn import(&mut self, count: usize) {
        let from = self.committed();
        self.commit(count).await;
        let key = Key::parse(&format!("import/range/{from:020}")).unwrap();
        let value = format!("{:020}", self.committed()).into();
        self.meta.swap(&key, None, value).await.unwrap();
    }

    /// `UpdateTrail`, `PutEventSelectors`.
    pub(super) async fn change(&self, name: &str, change: impl FnOnce(&mut Trail)) {
        self.change_of(&trail(name), change).await;
    }

    pub(super) async fn change_of(&self, trail: &Trail, change: impl FnOnce(&mut Trail)) {
        let key = key_of(trail);
        let (mut found, version) = self.document(&key).await.unwrap();
        change(&mut found);
        found.changed = self.committed();
        self.put(&key, Some(version), &found).await;
    }

    fn span_end(&self) -> SpanEnd {
        let (offset, at) = (self.committed(), self.now());
        SpanEnd { offset, at, request_id: format!("stop-{offset}") }
    }

    /// `StopLogging`; its record is still to come. Its request id.
    pub(super) async fn stop_without_record(&self, name: &str) -> String {
        let end = self.span_end();
        let request_id = end.request_id.clone();
        self.change(name, |trail| assert!(trail.stop_logging(end))).await;
        request_id
    }

    /// `StopLogging`, with its record. The record's offset.
    pub(super) async fn stop(&mut self, name: &str) -> usize {
        let request_id = self.stop_without_record(name).await;
        self.append_call("StopLogging", &request_id).await
    }

    pub(super) async fn append_call(&mut self, call: &str, request_id: &str) -> usize {
        let offset = self.records.len();
        let time = self.now().iso_seconds();
        self.append(call_record(offset, &time, call, request_id)).await;
        offset
    }

    pub(super) async fn start(&self, name: &str) {
        let (from, now) = (self.committed(), self.now());
        self.change(name, |trail| assert!(trail.start_logging(from, now))).await;
    }

    /// `DeleteTrail` of a trail that may log, with its record. The record's offset.
    pub(super) async fn delete(&mut self, name: &str) -> usize {
        let key = key_of(&trail(name));
        let (mut found, version) = self.document(&key).await.unwrap();
        let end = self.span_end();
        let request_id = end.request_id.clone();
        found.stop_logging(end);
        found.deleted = Some(self.now());
        found.changed = self.committed();
        self.put(&place::gone(&found), None, &found).await;
        self.meta.remove(&Key::parse(&key).unwrap(), version).await.unwrap();
        self.append_call("DeleteTrail", &request_id).await
    }

    pub(super) async fn state(&self, id: &str) -> Option<TrailState> {
        TrailState::find(self.meta.as_ref(), id).await.unwrap()
    }

    /// The version of a trail's document.
    pub(super) async fn version(&self, name: &str) -> Version {
        self.document(&key_of(&trail(name))).await.unwrap().1
    }
}

type Parts<'a> = (
    &'a Arc<dyn EventLog>,
    &'a Arc<dyn MetaStore>,
    &'a Arc<FaultyBuckets>,
    &'a Arc<Sites>,
    (&'a Arc<AtomicI64>, &'a Arc<AtomicI64>),
);

fn build(
    options: &DeliveryOptions,
    (log, meta, buckets, sites, (now, jumped_ms)): Parts<'_>,
) -> (DeliveryWorker, Needed) {
    let meta = SitedMeta { inner: Arc::clone(meta), sites: Arc::clone(sites) };
    let buckets = SitedBuckets { inner: Arc::clone(buckets) as _, sites: Arc::clone(sites) };
    let (wall, jumped_ms) = (clock(now), Arc::clone(jumped_ms));
    let age_clock: Clock =
        Arc::new(move || Timestamp::from_ms(wall().as_ms() - jumped_ms.load(Ordering::SeqCst)));
    let clocks = (clock(now), age_clock);
    worker(options.clone(), Arc::clone(log), Arc::new(meta), Arc::new(buckets), clocks)
}

fn key_of(of: &Trail) -> String {
    place::trail(&of.account, &of.home_region, &of.name)
}

/// A multi-region trail for management events that validates and delivers to `logs`. Its id begins
/// with its name.
pub(in super::super) fn trail(name: &str) -> Trail {
    Trail {
        id: format!("{name}-1"),
        name: TrailName::parse(name).unwrap(),
        account: AccountId::parse(ACCOUNT).unwrap(),
        home_region: Region::parse("us-east-1").unwrap(),
        created: Timestamp::from_ms(NOW_MS),
        bucket: "logs".to_owned(),
        prefix: None,
        sns_topic: None,
        includes_global_service_events: true,
        is_multi_region: true,
        validates_log_files: true,
        is_organization: false,
        recursive_logging: true,
        kms_key_arn: None,
        log_group_arn: None,
        log_role_arn: None,
        selectors: Selectors::default(),
        has_custom_selectors: false,
        aggregation_templates: Vec::new(),
        tags: Vec::new(),
        spans: Vec::new(),
        digests: None,
        digest_epochs: 0,
        changed: 0,
        selected_since: 0,
        deleted: None,
    }
}

/// Basic selectors that take `ReadOnly` or `WriteOnly` management events.
pub(super) fn only(kind: &str) -> Selectors {
    let Selectors::Basic(mut selectors) = Selectors::default() else { unreachable!() };
    selectors[0].read_write_type = Some(kind.to_owned());
    Selectors::Basic(selectors)
}

/// A record: every fourth is of another account, every second reads.
fn record(number: usize, seconds: i64) -> String {
    let time = Timestamp::from_seconds(seconds - (number % 7).cast_signed() as i64).iso_seconds();
    let account = if is_foreign(number) { "999988887777" } else { ACCOUNT };
    let (region, reads) = (REGIONS[number % REGIONS.len()], is_read(number));
    format!(
        r#"{{"eventTime":"{time}","eventID":"event-{number}","requestID":"request-{number}","eventSource":"kms.amazonaws.com","eventName":"Call","awsRegion":"{region}","readOnly":{reads},"eventCategory":"Management","managementEvent":true,"recipientAccountId":"{account}" }}"#
    )
}

pub(super) fn is_foreign(number: usize) -> bool {
    number % 4 == 3
}

pub(super) fn is_read(number: usize) -> bool {
    number.is_multiple_of(2)
}

fn call_record(number: usize, time: &str, call: &str, request_id: &str) -> String {
    format!(
        r#"{{"eventTime":"{time}","eventID":"event-{number}","requestID":"{request_id}","eventSource":"cloudtrail.amazonaws.com","eventName":"{call}","awsRegion":"us-east-1","readOnly":false,"eventCategory":"Management","managementEvent":true,"recipientAccountId":"{ACCOUNT}"}}"#
    )
}
