//! Removes objects of the embedded S3 whose time is over, by the lifecycle rules of their buckets.
//!
//! All buckets that have rules are walked once after a start, once a day, and after any bucket was
//! changed; a step looks at one page of one bucket. Nothing is written down: what is due stays due.
//!
//! An object goes only as the version that was looked at, so one that is written anew under an old
//! name stays. Calls that S3 makes of its own accord are not recorded (documented).

#[cfg(test)]
mod tests;

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cairn_bucket::lifecycle::{Aged, Lifecycle};
use cairn_bucket::state::{self, KeptTags, StateError};
use cairn_event::Timestamp;
use cairn_store::{
    Condition, Key, ListQuery, MetaStore, MetaWatch, ObjectError, ObjectHead, Objects,
};
use serde::Serialize;

use crate::worker::{Progress, StepError, Worker};

const DAY_MS: i64 = 86_400_000;
/// How often it looks at the clock.
const WAIT_MS: u64 = 60_000;
/// How many buckets without rules are passed over in one step.
const BUCKETS_PER_STEP: usize = 64;
/// How many objects are looked at in one step.
const OBJECTS_PER_STEP: usize = if cfg!(test) { 3 } else { 1_000 };
const EXPIRED_TOTAL: &str = "cairn_expired_objects_total";

/// Removes objects whose time is over.
#[derive(Debug)]
pub struct ExpiryWorker {
    meta: Arc<dyn MetaStore>,
    objects: Arc<dyn Objects>,
    watch: MetaWatch,
    has_changed: bool,
    /// The day, in UTC, of the last walk.
    day: Option<i64>,
    walk: Option<Walk>,
    status: ExpiryStatus,
}

/// What it has done since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExpiryStatus {
    /// Objects that were removed.
    pub expired: u64,
    /// Walks through all buckets that came to their end.
    pub walks: u64,
}

/// A walk through all buckets.
#[derive(Debug, Default)]
struct Walk {
    /// The bucket that is walked, or was last.
    bucket: Option<Key>,
    /// The object in it that was looked at last, by its name in the store.
    object: Option<Vec<u8>>,
}

/// The worker that removes objects whose time is over. `objects` gives plain lengths.
pub fn worker(meta: Arc<dyn MetaStore>, objects: Arc<dyn Objects>) -> ExpiryWorker {
    let watch = meta.watch(&state::keys(""));
    ExpiryWorker {
        meta,
        objects,
        watch,
        has_changed: false,
        day: None,
        walk: None,
        status: ExpiryStatus::default(),
    }
}

impl ExpiryWorker {
    /// Goes on to the next bucket that has rules; whether there may be one.
    async fn next_bucket(&mut self, walk: &mut Walk) -> Result<bool, StepError> {
        for _ in 0..BUCKETS_PER_STEP {
            let page = self.meta.list(&state::keys(""), walk.bucket.as_ref(), 1).await?;
            let Some((key, _)) = page.into_iter().next() else { return Ok(false) };
            let name = state::name_in(&key).to_owned();
            walk.bucket = Some(key);
            if self.rules(&name).await?.is_some() {
                walk.object = Some(format!("{name}/").into_bytes());
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// The rules of a bucket that say when objects expire, and whether it has versions.
    async fn rules(&self, bucket: &str) -> Result<Option<(Lifecycle, bool)>, StepError> {
        let found = match state::find(&*self.meta, bucket).await {
            Ok(found) => found,
            Err(StateError::Meta(error)) => return Err(error.into()),
            Err(error) => {
                // One bad document is no reason to leave all other buckets alone.
                let error = &error as &dyn std::error::Error;
                tracing::error!(bucket, error, "a bucket cannot be read");
                return Ok(None);
            }
        };
        let state = found.map(|found| found.state);
        let has_versions = state.as_ref().is_some_and(|state| state.versioning.is_some());
        let rules = state.and_then(|state| state.lifecycle);
        Ok(rules.filter(|rules| !rules.expiries.is_empty()).map(|rules| (rules, has_versions)))
    }

    /// Looks at the next objects of a bucket; whether there are more.
    async fn look(
        &mut self,
        (bucket, after): (&str, &mut Vec<u8>),
        now: Timestamp,
    ) -> Result<bool, StepError> {
        // Read anew for each page: rules that were taken back count no more.
        let Some((rules, has_versions)) = self.rules(bucket).await? else { return Ok(false) };
        let prefix = format!("{bucket}/").into_bytes();
        let query = ListQuery {
            prefix: prefix.clone(),
            from: Bound::Excluded(after.clone()),
            limit: OBJECTS_PER_STEP,
        };
        let page = self.objects.list(&query).await.map_err(failed)?;
        let mut expired = 0_u64;
        for head in &page {
            let key = head.name.as_bytes().get(prefix.len()..).unwrap_or_default();
            let object = Aged { key, bytes: head.bytes, modified: head.modified };
            if rules.is_over(&object, has_versions, now) && self.remove(head).await? {
                self.status.expired += 1;
                metrics::counter!(EXPIRED_TOTAL).increment(1);
                expired += 1;
            }
            *after = head.name.as_bytes().to_vec();
        }
        if expired > 0 {
            tracing::info!(bucket, objects = expired, "objects expired by a lifecycle rule");
        }
        Ok(page.len() == OBJECTS_PER_STEP)
    }

    /// Removes the version that was looked at, and what is kept beside it.
    async fn remove(&self, seen: &ObjectHead) -> Result<bool, StepError> {
        let condition = Condition::Version(seen.version);
        let was_there = match self.objects.delete(&seen.name, condition).await {
            Ok(was_there) => was_there,
            Err(ObjectError::Conflict { .. }) => return Ok(false),
            Err(error) => return Err(failed(error)),
        };
        if let Some(kept) = KeptTags::find(&*self.meta, &seen.name).await? {
            let now = self.objects.head(&seen.name).await.map_err(failed)?;
            kept.forget_unless_of(&*self.meta, now.as_ref()).await?;
        }
        Ok(was_there)
    }

    async fn walk_on(&mut self, walk: &mut Walk, now: Timestamp) -> Result<bool, StepError> {
        let bucket = walk.bucket.as_ref().map(|key| state::name_in(key).to_owned());
        if let (Some(bucket), Some(mut after)) = (bucket, walk.object.take()) {
            if self.look((&bucket, &mut after), now).await? {
                walk.object = Some(after);
            }
            return Ok(true);
        }
        self.next_bucket(walk).await
    }
}

fn failed(error: ObjectError) -> StepError {
    StepError::Other { doing: "remove objects whose time is over", error: error.into() }
}

#[async_trait]
impl Worker for ExpiryWorker {
    type Status = ExpiryStatus;

    fn name(&self) -> &'static str {
        "expiry"
    }

    fn status(&self) -> ExpiryStatus {
        self.status
    }

    async fn step(&mut self, now: Timestamp) -> Result<Progress, StepError> {
        tokio::select! {
            biased;
            () = self.watch.changed() => self.has_changed = true,
            () = std::future::ready(()) => {}
        }
        let day = now.as_ms().div_euclid(DAY_MS);
        if self.walk.is_none() {
            if !self.has_changed && self.day == Some(day) {
                return Ok(Progress::Idle);
            }
            (self.has_changed, self.day) = (false, Some(day));
            self.walk = Some(Walk::default());
        }
        // After an error the walk begins anew.
        let Some(mut walk) = self.walk.take() else { return Ok(Progress::Idle) };
        let more = self.walk_on(&mut walk, now).await.inspect_err(|_| self.day = None)?;
        if more {
            self.walk = Some(walk);
        } else {
            self.status.walks += 1;
        }
        Ok(Progress::More)
    }

    async fn wait(&mut self) {
        tokio::select! {
            () = self.watch.changed() => self.has_changed = true,
            () = tokio::time::sleep(Duration::from_millis(WAIT_MS)) => {}
        }
    }
}
