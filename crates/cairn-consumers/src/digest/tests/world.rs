//! Trails, what delivery leaves of them, and a digest worker that may die.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use bytes::Bytes;
use cairn_bucket::testkit::{FaultyBuckets, MemoryBuckets};
use cairn_bucket::{Buckets, TrailObject};
use cairn_event::digest::{Chain, SigningKey};
use cairn_event::key::{Folder, LogKey};
use cairn_event::trail::{LogFile, SpanEnd, Trail, place};
use cairn_event::{Region, Timestamp};
use cairn_store::seal::MasterKey;
use cairn_store::testkit::MemoryMeta;
use cairn_store::{Clock, Key, KeyPrefix, MetaStore, Version};
use libdeflater::{CompressionLvl, Compressor};
use serde::Serialize;
use serde_json::json;

use super::super::seal::sha256;
use super::super::{DigestOptions, DigestWorker, NewKey, worker};
use super::cut::{Cut, CutBuckets, CutMeta};
use crate::worker::{Progress, Worker as _};

/// 2026-11-25T17:00:00Z.
pub(super) const START: i64 = 1_795_626_000;
pub(super) const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 24 * HOUR;
pub(super) const HOME: &str = "us-east-1";
pub(super) const AWAY: &str = "eu-west-1";
pub(super) const ACCOUNT: &str = "111122223333";

pub(super) struct World {
    pub meta: Arc<MemoryMeta>,
    pub memory: Arc<MemoryBuckets>,
    pub buckets: Arc<FaultyBuckets>,
    pub cut: Arc<Cut>,
    pub now_ms: Arc<AtomicI64>,
    pub keys_made: Arc<AtomicUsize>,
    pub options: DigestOptions,
    pub worker: Option<DigestWorker>,
    /// What the trails are now; deleted ones are kept.
    pub trails: Vec<Trail>,
    /// How many log files were delivered while a digest was to cover them.
    pub files: usize,
    /// How often a step failed.
    pub failures: usize,
    offset: u64,
}

impl World {
    pub fn new() -> Self {
        Self::with(DigestOptions::default())
    }

    pub fn with(options: DigestOptions) -> Self {
        let memory = Arc::new(MemoryBuckets::with(&["logs", "other", "third"]));
        let mut world = Self {
            meta: Arc::new(MemoryMeta::new()),
            buckets: Arc::new(FaultyBuckets::new(Arc::clone(&memory) as Arc<dyn Buckets>)),
            memory,
            cut: Arc::default(),
            now_ms: Arc::new(AtomicI64::new(START * 1_000 + 250)),
            keys_made: Arc::default(),
            options,
            worker: None,
            trails: Vec::new(),
            files: 0,
            failures: 0,
            offset: 0,
        };
        world.restart();
        world
    }

    /// The same buckets once more, with nobody at work.
    pub fn copy(&self) -> Self {
        let mut copy = Self::new();
        copy.meta = Arc::clone(&self.meta);
        copy.trails.clone_from(&self.trails);
        copy.offset = self.offset;
        copy.worker = None;
        for bucket in ["logs", "other", "third"] {
            for (key, object) in self.memory.objects(bucket) {
                let object = TrailObject {
                    writer: object.writer,
                    bucket: bucket.to_owned(),
                    key,
                    body: object.body,
                    metadata: object.metadata,
                    kms_key_arn: object.kms_key_arn,
                };
                at_once(copy.memory.put(&object)).unwrap();
            }
        }
        copy
    }

    /// The process dies and comes back.
    pub fn restart(&mut self) {
        self.worker = None;
        let meta = CutMeta(Arc::clone(&self.meta) as _, Arc::clone(&self.cut));
        let buckets = CutBuckets(Arc::clone(&self.buckets) as _, Arc::clone(&self.cut));
        let now_ms = Arc::clone(&self.now_ms);
        let clock: Clock = Arc::new(move || Timestamp::from_ms(now_ms.load(Ordering::SeqCst)));
        let made = Arc::clone(&self.keys_made);
        let new_key: NewKey = Arc::new(move || Ok(super::key(made.fetch_add(1, Ordering::SeqCst))));
        let master = MasterKey::new([7; 32]);
        let (meta, buckets) = (Arc::new(meta), Arc::new(buckets));
        self.worker = Some(worker(self.options, meta, buckets, master, clock, new_key));
    }

    /// The server does not run until [`World::restart`].
    pub fn shut_down(&mut self) {
        self.worker = None;
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now_ms.load(Ordering::SeqCst))
    }

    /// Lets time pass, with everything done that comes to be due.
    pub async fn pass(&mut self, seconds: i64) {
        let until = self.now().as_ms() + seconds * 1_000;
        loop {
            self.work().await;
            let next = self.worker.as_ref().and_then(|worker| worker.status().next);
            let next = next.map_or(until, |next| next.as_ms().max(self.now().as_ms() + 1));
            if next >= until {
                self.now_ms.store(until, Ordering::SeqCst);
                self.work().await;
                return;
            }
            self.now_ms.store(next, Ordering::SeqCst);
        }
    }

    /// Does what is due now.
    pub async fn work(&mut self) {
        let cut = Arc::clone(&self.cut);
        loop {
            let now = self.now();
            let Some(worker) = &mut self.worker else { return };
            let turn = async {
                match worker.step(now).await {
                    Ok(Progress::More) => true,
                    Ok(Progress::Idle) if worker.status().under_way == 0 => false,
                    Ok(Progress::Idle) => {
                        worker.wait().await;
                        true
                    }
                    Err(_) => {
                        self.failures += 1;
                        true
                    }
                }
            };
            let goes_on = tokio::select! {
                biased;
                () = cut.killed.notified() => true,
                goes_on = turn => goes_on,
            };
            if cut.take_death() {
                self.restart();
            } else if !goes_on {
                return;
            }
        }
    }

    /// Puts a document there, whatever was there.
    pub async fn put<T: Serialize>(&self, key: &str, value: &T) -> Version {
        let key = Key::parse(key).unwrap();
        let version = self.meta.get(&key).await.unwrap().map(|found| found.version);
        let value = Bytes::from(serde_json::to_vec(value).unwrap());
        self.meta.swap(&key, version, value).await.unwrap()
    }

    /// Takes a document away.
    pub async fn remove(&self, key: &str) {
        let key = Key::parse(key).unwrap();
        if let Some(found) = self.meta.get(&key).await.unwrap() {
            self.meta.remove(&key, found.version).await.unwrap();
        }
    }

    /// Makes a trail that logs and validates; its number.
    pub async fn create(&mut self, name: &str, is_multi_region: bool) -> usize {
        let number = self.trails.len();
        let mut trail: Trail = serde_json::from_value(json!({
            "id": format!("{number:016x}"),
            "name": name,
            "account": ACCOUNT,
            "home_region": HOME,
            "created": self.now(),
            "bucket": "logs",
            "includes_global_service_events": true,
            "is_multi_region": is_multi_region,
            "validates_log_files": true,
            "recursive_logging": true,
            "selectors": {"Basic": []},
        }))
        .unwrap();
        trail.start_logging(self.offset, self.now());
        self.trails.push(trail);
        self.change(number, |_, _| {}).await;
        number
    }

    /// Changes a trail as an operation does. Delivery comes to know of it at once, and has nothing
    /// left to deliver if `settles`.
    pub async fn change_and(
        &mut self,
        number: usize,
        settles: bool,
        change: impl FnOnce(&mut Trail, Timestamp),
    ) {
        let now = self.now();
        let trail = &mut self.trails[number];
        change(trail, now);
        trail.changed = self.offset;
        let trail = trail.clone();
        let place = place::trail(&trail.account, &trail.home_region, &trail.name);
        let version = if trail.deleted.is_some() {
            let version = self.put(&place::gone(&trail), &trail).await;
            self.remove(&place).await;
            version
        } else {
            self.put(&place, &trail).await
        };
        if settles {
            self.settle(&trail, version).await;
        }
    }

    pub async fn change(&mut self, number: usize, change: impl FnOnce(&mut Trail, Timestamp)) {
        self.change_and(number, true, change).await;
    }

    /// Delivery has everything of a trail behind it.
    pub async fn settled(&mut self, number: usize) {
        let trail = self.trails[number].clone();
        self.settle(&trail, Version::new(u64::MAX)).await;
    }

    async fn settle(&self, trail: &Trail, version: Version) {
        let state = json!({
            "regions": {}, "adopted": trail, "seen": version.as_u64(), "through": self.offset,
            "drained": true,
        });
        self.put(&place::delivery(&trail.id), &state).await;
    }

    pub async fn stop(&mut self, number: usize, settles: bool) {
        let end = |offset, at| SpanEnd { offset, at, request_id: "r".to_owned() };
        let offset = self.offset;
        self.change_and(number, settles, |trail, now| {
            trail.stop_logging(end(offset, now));
        })
        .await;
    }

    pub async fn start(&mut self, number: usize) {
        let offset = self.offset;
        self.change(number, |trail, now| {
            trail.start_logging(offset, now);
        })
        .await;
    }

    pub async fn delete(&mut self, number: usize, settles: bool) {
        let end = SpanEnd { offset: self.offset, at: self.now(), request_id: "r".to_owned() };
        self.change_and(number, settles, |trail, now| {
            trail.stop_logging(end);
            trail.deleted = Some(now);
            trail.digests = None;
        })
        .await;
    }

    /// Delivers files for a region, as one round, and has them entered for digests.
    pub async fn deliver(&mut self, number: usize, region: &str, files: usize) -> Vec<String> {
        self.offset += 10;
        let mut keys = Vec::new();
        for part in 0..files {
            let (place, file) = self.file(number, region, part);
            keys.push(place.clone());
            self.put(&place, &[file]).await;
        }
        self.files += files;
        keys
    }

    /// A file in its bucket, and where it is entered.
    pub fn file(&self, number: usize, region: &str, part: usize) -> (String, LogFile) {
        let trail = &self.trails[number];
        let region = Region::parse(region).unwrap();
        let key = LogKey {
            prefix: trail.prefix.clone(),
            organization: None,
            account: trail.account.clone(),
            folder: Folder::CloudTrail,
            region: region.clone(),
            time: self.now(),
            unique: format!("{number:04}{:08}{part:04}", self.offset),
        }
        .to_string();
        let content = format!("{{\"Records\":[{{\"eventID\":\"{number}/{region}/{key}\"}}]}}");
        let mut compressor = Compressor::new(CompressionLvl::default());
        let mut body = vec![0; compressor.gzip_compress_bound(content.len())];
        let bytes = compressor.gzip_compress(content.as_bytes(), &mut body).unwrap();
        body.truncate(bytes);
        let object = TrailObject {
            writer: cairn_bucket::testkit::writer(),
            bucket: trail.bucket.clone(),
            key: key.clone(),
            body: body.into(),
            metadata: Vec::new(),
            kms_key_arn: trail.kms_key_arn.clone(),
        };
        // A bucket in memory never waits.
        let put = self.memory.put(&object);
        at_once(put).unwrap();
        let under = place::files(&trail.id, &trail.account, &region);
        let file = LogFile {
            bucket: trail.bucket.clone(),
            key,
            sha256: sha256(content.as_bytes()),
            newest: self.now(),
            oldest: Timestamp::from_ms(self.now().as_ms() - 90_000),
            delivered: self.now(),
        };
        (format!("{under}{:020}-{part:04}", self.offset), file)
    }

    /// Enters a file again, as a round does that is repeated.
    pub async fn enter(&mut self, place: &str, files: &[LogFile]) {
        self.put(place, &files).await;
    }

    /// The public parts of all keys of a region.
    pub async fn keys(&self, region: &str) -> Vec<SigningKey> {
        let prefix = KeyPrefix::new(&place::digest_keys(&Region::parse(region).unwrap()));
        let found = self.meta.list(&prefix, None, 1_000).await.unwrap();
        found.iter().map(|(_, found)| serde_json::from_slice(&found.value).unwrap()).collect()
    }

    pub async fn chain(&self, number: usize, region: &str) -> Option<Chain> {
        let (trail, region) = (&self.trails[number], Region::parse(region).unwrap());
        let key = Key::parse(&place::chain(&trail.id, &trail.account, &region)).unwrap();
        let found = self.meta.get(&key).await.unwrap()?;
        Some(serde_json::from_slice(&found.value).unwrap())
    }

    /// The keys of small state under a prefix.
    pub async fn places(&self, prefix: &str) -> Vec<String> {
        let found = self.meta.list(&KeyPrefix::new(prefix), None, 1_000).await.unwrap();
        found.into_iter().map(|(key, _)| key.as_str().to_owned()).collect()
    }
}

/// The value of a future that never waits.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits"),
    }
}
