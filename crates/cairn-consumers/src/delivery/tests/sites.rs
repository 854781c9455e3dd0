//! Every write of delivery, counted through, so that each can be broken in each way.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cairn_bucket::{BucketError, Buckets, TrailObject, Writer};
use cairn_event::Region;
use cairn_store::{Key, KeyPrefix, MetaError, MetaStore, MetaWatch, Version, Versioned};
use tokio::sync::Notify;

/// What happens at a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It fails.
    Fails,
    /// It is done, and reported as failed.
    FailsButPersists,
    /// It takes longer than a bucket may, and is done before it ends.
    Slow,
    /// The process dies before it is done.
    KilledBefore,
    /// It is done, and the process dies.
    KilledAfter,
}

/// Counts writes, and breaks one of them.
#[derive(Debug, Default)]
pub(super) struct Sites {
    state: Mutex<State>,
    /// Says that the process is to die.
    pub killed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// What was written, in order.
    writes: Vec<String>,
    /// Which one breaks.
    breaks: Option<(usize, Fault)>,
}

impl Sites {
    /// Breaks the write with this number, counted from the start.
    pub(super) fn break_at(&self, number: usize, fault: Fault) {
        self.state.lock().unwrap().breaks = Some((number, fault));
    }

    pub(super) fn writes(&self) -> Vec<String> {
        self.state.lock().unwrap().writes.clone()
    }

    fn next(&self, what: String) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let number = state.writes.len();
        state.writes.push(what);
        state.breaks.filter(|(at, _)| *at == number).map(|(_, fault)| fault)
    }

    /// Does a write, or what becomes of it. `refused`: it was not done; `open`: that is not known.
    async fn write<T, E>(
        &self,
        what: String,
        write: impl Future<Output = Result<T, E>>,
        refused: impl FnOnce() -> E,
        open: impl FnOnce() -> E,
    ) -> Result<T, E> {
        match self.next(what) {
            None => write.await,
            Some(Fault::Fails) => Err(refused()),
            Some(Fault::FailsButPersists) => {
                write.await?;
                Err(open())
            }
            Some(Fault::Slow) => {
                let done = write.await;
                tokio::time::sleep(Duration::from_secs(45)).await;
                done
            }
            Some(Fault::KilledBefore) => self.die().await,
            Some(Fault::KilledAfter) => {
                write.await?;
                self.die().await
            }
        }
    }

    async fn die<T>(&self) -> T {
        self.killed.notify_one();
        std::future::pending().await
    }
}

fn cause() -> io::Error {
    io::Error::other("a fault of the test")
}

/// Small state whose writes are counted.
#[derive(Debug)]
pub(super) struct SitedMeta {
    pub inner: Arc<dyn MetaStore>,
    pub sites: Arc<Sites>,
}

#[async_trait]
impl MetaStore for SitedMeta {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, MetaError> {
        self.inner.get(key).await
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<Version>,
        value: Bytes,
    ) -> Result<Version, MetaError> {
        let write = self.inner.swap(key, expected, value);
        let refused = || MetaError::Unavailable { source: cause().into() };
        let open = || MetaError::Unknown { source: cause().into() };
        self.sites.write(format!("state {key}"), write, refused, open).await
    }

    async fn remove(&self, key: &Key, expected: Version) -> Result<(), MetaError> {
        let write = self.inner.remove(key, expected);
        let refused = || MetaError::Unavailable { source: cause().into() };
        let open = || MetaError::Unknown { source: cause().into() };
        self.sites.write(format!("remove {key}"), write, refused, open).await
    }

    async fn list(
        &self,
        prefix: &KeyPrefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, MetaError> {
        self.inner.list(prefix, after, limit).await
    }

    fn watch(&self, prefix: &KeyPrefix) -> MetaWatch {
        self.inner.watch(prefix)
    }
}

/// Buckets whose writes are counted.
#[derive(Debug)]
pub(super) struct SitedBuckets {
    pub inner: Arc<dyn Buckets>,
    pub sites: Arc<Sites>,
}

#[async_trait]
impl Buckets for SitedBuckets {
    async fn put(&self, object: &TrailObject) -> Result<(), BucketError> {
        let error =
            || BucketError::Unreachable { bucket: object.bucket.clone(), source: cause().into() };
        let what = format!("put {}", object.key);
        self.sites.write(what, self.inner.put(object), error, error).await
    }

    async fn admit(
        &self,
        writer: &Writer,
        bucket: &str,
        folder: &str,
        kms_key_arn: Option<&str>,
    ) -> Result<(), BucketError> {
        self.inner.admit(writer, bucket, folder, kms_key_arn).await
    }

    async fn region(&self, bucket: &str) -> Result<Region, BucketError> {
        self.inner.region(bucket).await
    }
}
