//! What a trail does with a bucket.

use std::fmt;

use async_trait::async_trait;
use cairn_event::Region;

use crate::{BucketError, TrailObject, Writer};

/// Buckets, wherever they are, as a trail reaches them.
///
/// Contract, checked by `testkit::buckets_contract`:
///
///  1. When `put` returns `Ok`, the object is there, whole, and survives loss of power as far as
///     the store promises it. Doing it again with the same object changes nothing that a reader
///     sees but the time and, under a key, the entity tag.
///  2. Any error may mean that the object was written all the same; writing again is how to know.
///  3. `admit` makes what AWS makes when a trail is configured: it reads the ACL and writes an
///     object without content, and says why not if either may not be done. Both are tried,
///     whatever becomes of the first (observed).
///  4. Every call is made for a trail: its ARN and account are what policies see as `aws:SourceArn`
///     and `aws:SourceAccount`.
///  5. No call tries again by itself, and none takes longer than its store's limit: callers have
///     their own back-off.
#[async_trait]
pub trait Buckets: Send + Sync + fmt::Debug {
    /// The region in which a bucket is; `NoSuchBucket` if there is none.
    async fn region(&self, bucket: &str) -> Result<Region, BucketError>;

    /// Whether a trail may deliver below a folder, such as `prefix/AWSLogs/111122223333/CloudTrail/`.
    async fn admit(
        &self,
        writer: &Writer,
        bucket: &str,
        folder: &str,
        kms_key_arn: Option<&str>,
    ) -> Result<(), BucketError>;

    /// Writes an object of a trail.
    async fn put(&self, object: &TrailObject) -> Result<(), BucketError>;
}
