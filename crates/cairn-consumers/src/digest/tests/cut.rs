//! Writes that go wrong at a chosen place: of small state and of buckets, counted together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cairn_bucket::{BucketError, Buckets, TrailObject, Writer};
use cairn_event::Region;
use cairn_store::{Key, KeyPrefix, MetaError, MetaStore, MetaWatch, Version, Versioned};

/// How a write goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blow {
    /// It is not done, and says so.
    Fails,
    /// It is not done, and does not say whether it was.
    Vanishes,
    /// It is done, and does not say so.
    Persists,
    /// It takes long, and is done.
    Slow,
    /// The process dies before it.
    KilledBefore,
    /// The process dies after it.
    KilledAfter,
}

/// Counts writes and strikes one of them.
#[derive(Debug, Default)]
pub(super) struct Cut {
    state: Mutex<(usize, Option<(usize, Blow)>)>,
    dead: AtomicBool,
    pub(super) killed: tokio::sync::Notify,
}

impl Cut {
    /// Strikes the write of this number, from 0.
    pub(super) fn strike(&self, number: usize, blow: Blow) {
        self.state.lock().unwrap().1 = Some((number, blow));
    }

    /// How many writes there were.
    pub(super) fn writes(&self) -> usize {
        self.state.lock().unwrap().0
    }

    /// Whether the process has died; it is begun anew.
    pub(super) fn take_death(&self) -> bool {
        self.dead.swap(false, Ordering::SeqCst)
    }

    fn next(&self) -> Option<Blow> {
        let mut state = self.state.lock().unwrap();
        let number = state.0;
        state.0 += 1;
        state.1.filter(|(at, _)| *at == number).map(|(_, blow)| blow)
    }

    async fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.killed.notify_one();
        std::future::pending::<()>().await;
    }

    /// Whatever the process does after its death.
    async fn live(&self) {
        if self.dead.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
}

fn cause() -> std::io::Error {
    std::io::Error::other("a fault of the test")
}

/// Small state under the cut.
#[derive(Debug)]
pub(super) struct CutMeta(pub Arc<dyn MetaStore>, pub Arc<Cut>);

impl CutMeta {
    async fn change<T: Send>(
        &self,
        change: impl Future<Output = Result<T, MetaError>> + Send,
    ) -> Result<T, MetaError> {
        self.1.live().await;
        match self.1.next() {
            None => return change.await,
            Some(Blow::Fails) => return Err(MetaError::Unavailable { source: cause().into() }),
            Some(Blow::Vanishes) => {}
            Some(Blow::Slow) => {
                tokio::time::sleep(Duration::from_hours(1)).await;
                return change.await;
            }
            Some(Blow::Persists) => drop(change.await?),
            Some(Blow::KilledBefore) => self.1.die().await,
            Some(Blow::KilledAfter) => {
                drop(change.await?);
                self.1.die().await;
            }
        }
        Err(MetaError::Unknown { source: cause().into() })
    }
}

#[async_trait]
impl MetaStore for CutMeta {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, MetaError> {
        self.1.live().await;
        self.0.get(key).await
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<Version>,
        value: Bytes,
    ) -> Result<Version, MetaError> {
        self.change(self.0.swap(key, expected, value)).await
    }

    async fn remove(&self, key: &Key, expected: Version) -> Result<(), MetaError> {
        self.change(self.0.remove(key, expected)).await
    }

    async fn list(
        &self,
        prefix: &KeyPrefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, MetaError> {
        self.1.live().await;
        self.0.list(prefix, after, limit).await
    }

    fn watch(&self, prefix: &KeyPrefix) -> MetaWatch {
        self.0.watch(prefix)
    }
}

/// Buckets under the cut.
#[derive(Debug)]
pub(super) struct CutBuckets(pub Arc<dyn Buckets>, pub Arc<Cut>);

#[async_trait]
impl Buckets for CutBuckets {
    async fn region(&self, bucket: &str) -> Result<Region, BucketError> {
        self.0.region(bucket).await
    }

    async fn admit(
        &self,
        writer: &Writer,
        bucket: &str,
        folder: &str,
        kms_key_arn: Option<&str>,
    ) -> Result<(), BucketError> {
        self.0.admit(writer, bucket, folder, kms_key_arn).await
    }

    async fn put(&self, object: &TrailObject) -> Result<(), BucketError> {
        self.1.live().await;
        let bucket = object.bucket.clone();
        match self.1.next() {
            None => return self.0.put(object).await,
            Some(Blow::Fails) => return Err(BucketError::AccessDenied { bucket }),
            Some(Blow::Vanishes) => {}
            Some(Blow::Persists) => self.0.put(object).await?,
            Some(Blow::Slow) => {
                self.0.put(object).await?;
                std::future::pending::<()>().await;
            }
            Some(Blow::KilledBefore) => self.1.die().await,
            Some(Blow::KilledAfter) => {
                self.0.put(object).await?;
                self.1.die().await;
            }
        }
        Err(BucketError::Unreachable { bucket, source: cause().into() })
    }
}
