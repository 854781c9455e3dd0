//! Digests under way to their buckets: many at once, and those of a sick bucket in few places.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use cairn_bucket::{Buckets, TrailObject};
use cairn_event::Timestamp;
use cairn_event::digest::{Chain, Plan};
use cairn_store::Version;
use tokio::task::{Id, JoinError, JoinSet};

use super::entries::Entries;
use super::queue::Item;

/// The most digests under way at once.
const PUTS_MAX: usize = 64;
/// The most of them that go to buckets which failed last.
const SUSPECTS_MAX: usize = 16;
/// The pause after the first failure of a chain; it doubles with each.
const RETRY_MS_MIN: i64 = 1_000;
/// The longest pause.
const RETRY_MS_MAX: i64 = 300_000;
/// The code of a bucket that does not answer in time.
const SLOW_CODE: &str = "RequestTimeout";
/// The code of a write that died.
const LOST_CODE: &str = "InternalError";

/// A digest under way.
#[derive(Debug)]
pub(super) struct Put {
    pub item: Item,
    pub chain: Chain,
    pub version: Version,
    pub plan: Plan,
    pub entries: Entries,
    is_suspect: bool,
}

/// What came of one: none, or S3's code.
pub(super) type Outcome = (Put, Option<String>);

/// All digests under way, and what is known of their buckets.
#[derive(Debug, Default)]
pub(super) struct Puts {
    tasks: JoinSet<Option<String>>,
    under_way: HashMap<Id, Put>,
    busy: HashSet<Item>,
    suspects: usize,
    /// Buckets whose last answer was a failure.
    sick: HashSet<String>,
    /// Failures in a row, by chain.
    failures: HashMap<Item, u32>,
    /// Chains that wait for one of the few places.
    parked: VecDeque<(Timestamp, Item)>,
    /// What was awaited and not yet looked at.
    ended: VecDeque<Outcome>,
}

impl Puts {
    /// Whether another one may begin, wherever it goes.
    pub fn has_room(&self) -> bool {
        self.tasks.len() < PUTS_MAX
    }

    /// Whether one may begin that goes to a bucket.
    pub fn admits(&self, bucket: &str) -> bool {
        self.has_room() && (self.suspects < SUSPECTS_MAX || !self.sick.contains(bucket))
    }

    /// Whether a chain's digest is under way.
    pub fn is_busy(&self, item: &Item) -> bool {
        self.busy.contains(item)
    }

    /// Has a chain wait for a place.
    pub fn park(&mut self, at: Timestamp, item: Item) {
        self.parked.push_back((at, item));
    }

    /// A chain that may try again for a place.
    pub fn unpark(&mut self) -> Option<(Timestamp, Item)> {
        if self.suspects < SUSPECTS_MAX { self.parked.pop_front() } else { None }
    }

    /// Sends a digest on its way.
    pub fn begin(
        &mut self,
        buckets: &Arc<dyn Buckets>,
        object: TrailObject,
        (item, chain, version): (Item, Chain, Version),
        (plan, entries): (Plan, Entries),
        ms_max: u64,
    ) {
        let is_suspect = self.sick.contains(&object.bucket);
        self.suspects += usize::from(is_suspect);
        self.busy.insert(item.clone());
        let buckets = Arc::clone(buckets);
        let task = self.tasks.spawn(async move {
            let limit = Duration::from_millis(ms_max);
            match tokio::time::timeout(limit, buckets.put(&object)).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => {
                    let code = error.code().to_owned();
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(key = object.key, error, "a digest was not taken");
                    Some(code)
                }
                Err(_) => {
                    tracing::warn!(key = object.key, bucket = object.bucket, "a digest timed out");
                    Some(SLOW_CODE.to_owned())
                }
            }
        });
        let put = Put { item, chain, version, plan, entries, is_suspect };
        self.under_way.insert(task.id(), put);
    }

    /// One that has ended.
    pub fn try_ended(&mut self) -> Option<Outcome> {
        if let Some(ended) = self.ended.pop_front() {
            return Some(ended);
        }
        let joined = self.tasks.try_join_next_with_id()?;
        self.note(joined)
    }

    /// Resolves when one has ended; never, if none is under way. May be dropped at any point.
    pub async fn one_ended(&mut self) {
        if !self.ended.is_empty() {
            return;
        }
        match self.tasks.join_next_with_id().await {
            Some(joined) => {
                let outcome = self.note(joined);
                self.ended.extend(outcome);
            }
            None => std::future::pending().await,
        }
    }

    fn note(&mut self, joined: Result<(Id, Option<String>), JoinError>) -> Option<Outcome> {
        let (id, code) = match joined {
            Ok((id, code)) => (id, code),
            Err(error) => (error.id(), Some(LOST_CODE.to_owned())),
        };
        let put = self.under_way.remove(&id)?;
        self.busy.remove(&put.item);
        self.suspects -= usize::from(put.is_suspect);
        if code.is_some() {
            self.sick.insert(put.plan.bucket.clone());
        } else {
            self.sick.remove(&put.plan.bucket);
            self.failures.remove(&put.item);
        }
        Some((put, code))
    }

    /// How long a chain waits after another failure.
    pub fn pause_ms(&mut self, item: &Item) -> i64 {
        let failures = self.failures.entry(item.clone()).or_default();
        let pause = RETRY_MS_MIN.saturating_mul(1 << (*failures).min(20)).min(RETRY_MS_MAX);
        *failures = failures.saturating_add(1);
        pause
    }

    /// Forgets the failures of a chain.
    pub fn forgive(&mut self, item: &Item) {
        self.failures.remove(item);
    }

    /// How many are under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len() + self.ended.len()
    }

    /// How many chains fail.
    pub fn failing(&self) -> usize {
        self.failures.len()
    }
}
