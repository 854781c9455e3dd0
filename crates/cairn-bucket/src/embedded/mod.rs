//! Buckets of the embedded S3, written as a trail writes to them.

mod access;
mod content;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use cairn_event::Region;
use cairn_store::{
    Clock, Condition, Kms, MetaError, MetaStore, ObjectError, ObjectUpload, Objects, envelope,
};
use tokio::sync::RwLock;

use self::access::{Delivery, Sealing};
use crate::state::{self, Bucket, StateError};
use crate::{BucketError, Buckets, TrailObject, Writer};

/// Held to write while a bucket is deleted, to read while an object takes its name in one, so that
/// no object is born into a bucket that is gone. All who write to one store share one.
pub type Gate = Arc<RwLock<()>>;

/// Buckets of the embedded S3.
///
/// Whoever delivers here is `cloudtrail.amazonaws.com`, and the bucket's policy must allow it,
/// even if the bucket is the trail's owner's (documented). The same holds for the policy of a key.
#[derive(Clone)]
pub struct EmbeddedBuckets {
    meta: Arc<dyn MetaStore>,
    objects: Arc<dyn Objects>,
    kms: Arc<Kms>,
    clock: Clock,
    gate: Gate,
}

impl fmt::Debug for EmbeddedBuckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedBuckets")
            .field("meta", &self.meta)
            .field("objects", &self.objects)
            .finish_non_exhaustive()
    }
}

impl EmbeddedBuckets {
    /// The buckets that small state knows, their objects in a store. The gate is the one that the
    /// S3 interface of the same store holds.
    pub fn new(
        meta: Arc<dyn MetaStore>,
        objects: Arc<dyn Objects>,
        kms: Arc<Kms>,
        clock: Clock,
        gate: Gate,
    ) -> Self {
        Self { meta, objects, kms, clock, gate }
    }

    /// Whether there is a bucket of this name.
    pub async fn has(&self, bucket: &str) -> Result<bool, BucketError> {
        match self.find(bucket).await {
            Ok(_) => Ok(true),
            Err(BucketError::NoSuchBucket { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn find(&self, bucket: &str) -> Result<Bucket, BucketError> {
        let none = || BucketError::NoSuchBucket { bucket: bucket.to_owned() };
        match state::find(&*self.meta, bucket).await {
            Ok(found) => found.ok_or_else(none),
            Err(StateError::Meta(MetaError::KeyInvalid)) => Err(none()),
            Err(error) => Err(failed(bucket, error)),
        }
    }

    async fn write(&self, bucket: &Bucket, object: &TrailObject) -> Result<(), BucketError> {
        let delivery = Delivery::of(bucket, &object.writer, (self.clock)());
        delivery.may_put(object)?;
        let name = state::object_name(&object.bucket, &object.key);
        let name = name.map_err(|_| refused(&object.bucket, "KeyTooLongError"))?;
        let bytes = object.body.len() as u64;
        let broken = |error| store_failed(&object.bucket, error);
        let mut upload: Box<dyn ObjectUpload> = match &object.kms_key_arn {
            None => self.objects.begin(bytes).await.map_err(broken)?,
            Some(key) => {
                let sealing = Sealing { kms: &self.kms, delivery: &delivery };
                let key = sealing.data_key(key, &object.key).await?;
                let upload = envelope::seal_upload(&*self.objects, &name, bytes, key).await;
                upload.map_err(broken)?
            }
        };
        upload.write(object.body.clone()).await.map_err(broken)?;
        let attributes = content::attributes(object, &self.kms);
        let _open = self.gate.read().await;
        // Reading the policy, it was there; it may be gone since.
        self.find(&object.bucket).await?;
        upload.finish(&name, attributes, Condition::Always).await.map_err(broken)?;
        Ok(())
    }
}

#[async_trait]
impl Buckets for EmbeddedBuckets {
    async fn region(&self, bucket: &str) -> Result<Region, BucketError> {
        let found = self.find(bucket).await?;
        Region::parse(&found.state.region).map_err(|error| failed(bucket, error))
    }

    async fn admit(
        &self,
        writer: &Writer,
        bucket: &str,
        folder: &str,
        kms_key_arn: Option<&str>,
    ) -> Result<(), BucketError> {
        let found = self.find(bucket).await?;
        let marker = TrailObject::marker(writer, bucket, folder, kms_key_arn);
        let written = self.write(&found, &marker).await;
        Delivery::of(&found, writer, (self.clock)()).may_read_acl()?;
        written
    }

    async fn put(&self, object: &TrailObject) -> Result<(), BucketError> {
        let bucket = self.find(&object.bucket).await?;
        self.write(&bucket, object).await
    }
}

fn refused(bucket: &str, code: &str) -> BucketError {
    BucketError::Refused { bucket: bucket.to_owned(), code: code.to_owned() }
}

/// The embedded store itself failed.
fn failed(
    bucket: &str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> BucketError {
    BucketError::Unreachable { bucket: bucket.to_owned(), source: source.into() }
}

fn store_failed(bucket: &str, error: ObjectError) -> BucketError {
    failed(bucket, error)
}
