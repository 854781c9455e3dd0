//! Which buckets a name stands for.

use async_trait::async_trait;
use cairn_event::Region;

use crate::{
    BucketError, Buckets, Destination, DestinationFault, EmbeddedBuckets, RemoteBuckets,
    TrailObject, Writer,
};

/// All buckets that a trail reaches.
///
/// A bucket that a destination names is there. Any other is the embedded one of that name; if there
/// is none, it is that of the destination for all buckets, if the settings have one.
#[derive(Debug)]
pub struct Routed {
    embedded: EmbeddedBuckets,
    remote: RemoteBuckets,
}

impl Routed {
    /// The embedded buckets, and those destinations.
    pub fn new(
        embedded: EmbeddedBuckets,
        destinations: Vec<Destination>,
    ) -> Result<Self, DestinationFault> {
        Ok(Self { embedded, remote: RemoteBuckets::new(destinations)? })
    }

    async fn buckets(&self, bucket: &str) -> Result<&dyn Buckets, BucketError> {
        let away = self.remote.names(bucket)
            || self.remote.takes_any() && !self.embedded.has(bucket).await?;
        Ok(if away { &self.remote } else { &self.embedded })
    }
}

#[async_trait]
impl Buckets for Routed {
    async fn region(&self, bucket: &str) -> Result<Region, BucketError> {
        self.buckets(bucket).await?.region(bucket).await
    }

    async fn admit(
        &self,
        writer: &Writer,
        bucket: &str,
        folder: &str,
        kms_key_arn: Option<&str>,
    ) -> Result<(), BucketError> {
        self.buckets(bucket).await?.admit(writer, bucket, folder, kms_key_arn).await
    }

    async fn put(&self, object: &TrailObject) -> Result<(), BucketError> {
        self.buckets(&object.bucket).await?.put(object).await
    }
}
