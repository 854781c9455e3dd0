//! Buckets that fail when told to, around buckets that work.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cairn_event::Region;
use tokio::sync::Semaphore;

use crate::{BucketError, Buckets, TrailObject, Writer};

/// How a write goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BucketFault {
    /// Nothing is written: the store cannot be reached.
    Fails,
    /// It is written, and the connection breaks before the answer.
    FailsPersisted,
    /// Nothing is written: access is denied.
    Denied,
    /// Nothing is written: the bucket is said to be gone.
    NoSuchBucket,
    /// Nothing is written: the key does not encrypt, with this code.
    Key(&'static str),
    /// Nothing is written: the store answers this code, such as `SlowDown`.
    Code(&'static str),
    /// Slow: nothing happens until [`FaultyBuckets::release`]; then it is written.
    Held,
    /// Never answers, and nothing is written.
    Hangs,
    /// It is written, and no answer ever comes.
    HangsPersisted,
}

/// [`Buckets`] whose writes (`put` and `admit`) fail on demand.
#[derive(Debug)]
pub struct FaultyBuckets {
    inner: Arc<dyn Buckets>,
    plan: Mutex<VecDeque<Option<BucketFault>>>,
    broken: Mutex<Vec<(String, BucketFault)>>,
    released: Semaphore,
    writes: AtomicU64,
}

impl FaultyBuckets {
    /// Buckets that work like `inner` until told otherwise.
    pub fn new(inner: Arc<dyn Buckets>) -> Self {
        Self {
            inner,
            plan: Mutex::default(),
            broken: Mutex::default(),
            released: Semaphore::new(0),
            writes: AtomicU64::new(0),
        }
    }

    /// Plans the next write that is not planned yet: it fails so, or works.
    pub fn plan(&self, fault: Option<BucketFault>) {
        self.plan.lock().unwrap().push_back(fault);
    }

    /// Breaks the n-th write from now on (0 is the next), and no other.
    pub fn plan_nth(&self, n: usize, fault: BucketFault) {
        let mut plan = self.plan.lock().unwrap();
        plan.clear();
        plan.extend(std::iter::repeat_n(None, n));
        plan.push_back(Some(fault));
    }

    /// Every write to a bucket that the plan says nothing of fails so, until it is mended.
    pub fn break_bucket(&self, bucket: &str, fault: BucketFault) {
        self.mend(bucket);
        self.broken.lock().unwrap().push((bucket.to_owned(), fault));
    }

    /// The bucket works again.
    pub fn mend(&self, bucket: &str) {
        self.broken.lock().unwrap().retain(|(broken, _)| broken != bucket);
    }

    /// Lets one write go on that is [`BucketFault::Held`], now or later.
    pub fn release(&self) {
        self.released.add_permits(1);
    }

    /// How many writes were begun.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    fn next(&self, bucket: &str) -> Option<BucketFault> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        if let Some(planned) = self.plan.lock().unwrap().pop_front() {
            return planned;
        }
        let broken = self.broken.lock().unwrap();
        broken.iter().find(|(name, _)| name == bucket).map(|(_, fault)| fault.clone())
    }

    async fn write(
        &self,
        bucket: &str,
        write: impl Future<Output = Result<(), BucketError>> + Send,
    ) -> Result<(), BucketError> {
        let Some(fault) = self.next(bucket) else { return write.await };
        let bucket = bucket.to_owned();
        let source = || Box::new(io::Error::other("a fault of the test"));
        match fault {
            BucketFault::Fails => Err(BucketError::Unreachable { bucket, source: source() }),
            BucketFault::FailsPersisted => {
                write.await?;
                Err(BucketError::Unreachable { bucket, source: source() })
            }
            BucketFault::Denied => Err(BucketError::AccessDenied { bucket }),
            BucketFault::NoSuchBucket => Err(BucketError::NoSuchBucket { bucket }),
            BucketFault::Key(code) => Err(BucketError::Key { code: code.to_owned() }),
            BucketFault::Code(code) => Err(BucketError::Refused { bucket, code: code.to_owned() }),
            BucketFault::Held => {
                self.released.acquire().await.unwrap().forget();
                write.await
            }
            BucketFault::Hangs => std::future::pending().await,
            BucketFault::HangsPersisted => {
                write.await?;
                std::future::pending().await
            }
        }
    }
}

#[async_trait]
impl Buckets for FaultyBuckets {
    async fn region(&self, bucket: &str) -> Result<Region, BucketError> {
        self.inner.region(bucket).await
    }

    async fn admit(
        &self,
        writer: &Writer,
        bucket: &str,
        folder: &str,
        kms_key_arn: Option<&str>,
    ) -> Result<(), BucketError> {
        self.write(bucket, self.inner.admit(writer, bucket, folder, kms_key_arn)).await
    }

    async fn put(&self, object: &TrailObject) -> Result<(), BucketError> {
        self.write(&object.bucket, self.inner.put(object)).await
    }
}
