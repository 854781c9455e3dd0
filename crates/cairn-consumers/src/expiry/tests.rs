use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cairn_bucket::lifecycle::{Expiry, Lifecycle};
use cairn_bucket::state::{self, BucketState};
use cairn_event::{AccountId, Timestamp};
use cairn_store::testkit::{Fault, FaultyMeta, FaultyObjects, Moment};
use cairn_store::{Attributes, Condition, ListQuery, LocalObjects, MetaStore, Objects, SqliteMeta};

use super::{ExpiryStatus, ExpiryWorker, Progress, Worker as _, worker};

const DAY_MS: i64 = 86_400_000;
/// 2026-11-25T17:00:00Z.
const START_MS: i64 = 1_795_626_000_000;

struct World {
    now: Arc<AtomicI64>,
    meta: Arc<FaultyMeta>,
    objects: Arc<FaultyObjects>,
    worker: ExpiryWorker,
    _directory: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(START_MS));
        let ticking = Arc::clone(&now);
        let clock: cairn_store::Clock =
            Arc::new(move || Timestamp::from_ms(ticking.load(Ordering::SeqCst)));
        let meta = SqliteMeta::open(&directory.path().join("meta.sqlite")).unwrap();
        let meta = Arc::new(FaultyMeta::new(Arc::new(meta)));
        let objects = LocalObjects::open(&directory.path().join("objects"), clock).unwrap();
        let objects = Arc::new(FaultyObjects::new(Arc::new(objects)));
        let worker = worker(Arc::clone(&meta) as _, Arc::clone(&objects) as _);
        Self { now, meta, objects, worker, _directory: directory }
    }

    async fn bucket(&self, name: &str, expiries: Vec<Expiry>, versioning: Option<&str>) {
        let owner = AccountId::parse("111122223333").unwrap();
        let made = BucketState::new(owner, "us-east-1".to_owned(), Timestamp::from_ms(0));
        let lifecycle =
            (!expiries.is_empty()).then(|| Lifecycle { expiries, ..Lifecycle::default() });
        let state = BucketState { lifecycle, versioning: versioning.map(str::to_owned), ..made };
        let key = state::key(name).unwrap();
        let known = self.meta.get(&key).await.unwrap().map(|found| found.version);
        self.meta.swap(&key, known, state.to_bytes().unwrap()).await.unwrap();
    }

    async fn put(&self, bucket: &str, key: &str) {
        let mut upload = self.objects.begin(100).await.unwrap();
        upload.write(key.to_owned().into()).await.unwrap();
        let name = state::object_name(bucket, key).unwrap();
        upload.finish(&name, Attributes::default(), Condition::Always).await.unwrap();
    }

    async fn keys(&self) -> Vec<String> {
        let query =
            ListQuery { prefix: Vec::new(), from: std::ops::Bound::Unbounded, limit: 1_000 };
        let found = self.objects.list(&query).await.unwrap();
        found.iter().map(|head| String::from_utf8_lossy(head.name.as_bytes()).into()).collect()
    }

    fn days(&self, days: i64) {
        self.now.fetch_add(days * DAY_MS, Ordering::SeqCst);
    }

    /// Steps until there is nothing to do.
    async fn run(&mut self) {
        for _ in 0..1_000 {
            let now = Timestamp::from_ms(self.now.load(Ordering::SeqCst));
            match self.worker.step(now).await {
                Ok(Progress::Idle) => return,
                Ok(Progress::More) | Err(_) => {}
            }
        }
        panic!("it never rests");
    }
}

fn after(days: u32, prefix: &str) -> Expiry {
    Expiry { days: Some(days), prefix: prefix.to_owned(), ..Expiry::default() }
}

#[tokio::test]
async fn objects_go_when_their_time_is_over_and_not_before() {
    let mut world = World::new();
    world.bucket("a", vec![after(2, "old/")], None).await;
    world.bucket("b", Vec::new(), None).await;
    world.bucket("c", vec![after(4, "")], None).await;
    for number in 0..7 {
        for bucket in ["a", "b", "c"] {
            world.put(bucket, &format!("old/{number}")).await;
            world.put(bucket, &format!("x{number}")).await;
        }
    }
    // Two days later the midnight after has not come.
    for (days, left) in [(0, 42), (1, 42), (1, 42), (1, 35), (1, 35), (1, 21), (9, 21)] {
        world.days(days);
        world.run().await;
        assert_eq!(world.keys().await.len(), left);
    }
    let keys = world.keys().await;
    assert!(keys.iter().all(|key| key.starts_with("b/") || key.starts_with("a/x")), "{keys:?}");
    assert_eq!(world.worker.status().expired, 21);
}

#[tokio::test]
async fn a_new_rule_counts_at_once_and_one_that_is_taken_back_no_more() {
    let mut world = World::new();
    world.bucket("a", Vec::new(), None).await;
    for number in 0..9 {
        world.put("a", &format!("{number}")).await;
    }
    world.days(30);
    world.run().await;
    assert_eq!(world.keys().await.len(), 9);
    world.bucket("a", vec![after(1, "")], None).await;
    // The first page of it goes, then the rule.
    let now = Timestamp::from_ms(world.now.load(Ordering::SeqCst));
    while world.keys().await.len() == 9 {
        world.worker.step(now).await.unwrap();
    }
    world.bucket("a", Vec::new(), None).await;
    world.run().await;
    assert_eq!(world.keys().await.len(), 6);
}

#[tokio::test]
async fn what_was_written_anew_stays() {
    let mut world = World::new();
    world.bucket("a", vec![after(1, "")], None).await;
    world.put("a", "key").await;
    world.days(5);
    let query = ListQuery { prefix: Vec::new(), from: std::ops::Bound::Unbounded, limit: 9 };
    let seen = world.objects.list(&query).await.unwrap().remove(0);
    world.put("a", "key").await;
    assert!(!world.worker.remove(&seen).await.unwrap());
    world.run().await;
    assert_eq!(world.keys().await, ["a/key"]);
    // Nor does it lose what it has, when it comes while the old one is removed.
    let seen = world.objects.list(&query).await.unwrap().remove(0);
    let mut pause = world.objects.pause(Moment::After);
    let objects = Arc::clone(&world.objects);
    let meta = Arc::clone(&world.meta);
    let tags = state::tags_key(&seen.name).unwrap();
    let meanwhile = async {
        pause.reached().await;
        let upload = objects.begin(9).await.unwrap();
        let newer = upload.finish(&seen.name, Attributes::default(), Condition::Always).await;
        let newer = newer.unwrap();
        let text = format!("{{\"version\":{},\"tags\":[]}}", newer.version);
        meta.swap(&tags, None, text.into()).await.unwrap();
        pause.end();
    };
    let (removed, ()) = tokio::join!(world.worker.remove(&seen), meanwhile);
    assert!(removed.unwrap());
    assert!(world.meta.get(&tags).await.unwrap().is_some());
    // Its tags go with it.
    let seen = world.objects.list(&query).await.unwrap().remove(0);
    assert!(world.worker.remove(&seen).await.unwrap());
    assert!(world.meta.get(&tags).await.unwrap().is_none());
}

#[tokio::test]
async fn in_a_bucket_with_versions_both_times_must_have_passed() {
    let mut world = World::new();
    world.bucket("a", vec![after(1, "")], Some("Enabled")).await;
    let both = Expiry { noncurrent_days: Some(10), ..after(1, "") };
    world.bucket("b", vec![both], Some("Suspended")).await;
    world.put("a", "key").await;
    world.put("b", "key").await;
    for (days, left) in [(5, 2), (6, 2), (1, 1), (900, 1)] {
        world.days(days);
        world.run().await;
        assert_eq!(world.keys().await.len(), left);
    }
    assert_eq!(world.keys().await, ["a/key"]);
}

#[tokio::test]
async fn what_fails_is_done_again() {
    let mut world = World::new();
    world.bucket("a", vec![after(1, "")], None).await;
    for number in 0..8 {
        world.put("a", &format!("{number}")).await;
    }
    world.days(3);
    for fault in [Fault::Fails, Fault::FailsUnknown, Fault::PersistsUnknown] {
        world.objects.plan(Some(fault));
        world.objects.plan(None);
    }
    world.run().await;
    assert_eq!(world.keys().await, Vec::<String>::new());
    let ExpiryStatus { expired, walks } = world.worker.status();
    // One removal succeeded without saying so.
    assert!(expired == 7 && walks == 1, "{expired} {walks}");
}

#[tokio::test]
async fn a_bucket_that_cannot_be_read_holds_no_other_back() {
    let mut world = World::new();
    world.bucket("b", vec![after(1, "")], None).await;
    world.put("b", "key").await;
    let key = state::key("a").unwrap();
    world.meta.swap(&key, None, "{".into()).await.unwrap();
    world.days(3);
    world.run().await;
    assert_eq!(world.keys().await, Vec::<String>::new());
}
