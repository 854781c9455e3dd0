//! Buckets that trails deliver to: those of the embedded S3, and those of any other S3.
//!
//! Operations ask whether a trail may write to its bucket, and workers write to it; neither knows
//! where the bucket is. This is the only crate that sees `object_store`.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use cairn_event::{AccountId, Region};

/// Buckets, wherever they are, as a trail reaches them.
///
/// Contract:
///
///  1. When `put` returns `Ok`, the object is there, whole, and survives loss of power as far as
///     the store promises it. Doing it again with the same object changes nothing that a reader
///     sees but the time.
///  2. Any error may mean that the object was written all the same; writing again is how to know.
///  3. `admit` makes what AWS makes when a trail is configured: it reads the ACL and writes an
///     object without content, and says `Refused` if either may not be done. Both are tried,
///     whatever becomes of the first (observed).
///  4. Every call is made for a trail: its ARN and account are what policies see as `aws:SourceArn`
///     and `aws:SourceAccount`.
#[async_trait]
pub trait Buckets: Send + Sync + fmt::Debug {
    /// Writes an object of a trail.
    async fn put(&self, object: &TrailObject) -> Result<(), BucketError>;

    /// Whether a trail may deliver below a folder, such as `prefix/AWSLogs/111122223333/CloudTrail/`.
    async fn admit(
        &self,
        writer: &Writer,
        bucket: &str,
        folder: &str,
        kms_key_arn: Option<&str>,
    ) -> Result<(), BucketError>;

    /// The region in which a bucket is; `NoSuchBucket` if there is none.
    async fn region(&self, bucket: &str) -> Result<Region, BucketError>;
}

/// The trail on whose behalf something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// Its ARN.
    pub trail_arn: String,
    /// Its owner.
    pub account: AccountId,
}

/// An object of a trail: a log file or a digest, compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailObject {
    /// The trail.
    pub writer: Writer,
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// One gzip member.
    pub body: Bytes,
    /// User metadata; names in lower case, without `x-amz-meta-`.
    pub metadata: Vec<(String, String)>,
    /// The key that encrypts it; none for the bucket's own.
    pub kms_key_arn: Option<String>,
}

/// Why a bucket did not take something.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// There is no such bucket.
    #[error("there is no bucket {bucket}")]
    NoSuchBucket {
        /// The bucket.
        bucket: String,
    },
    /// The bucket's policy, or the store's own rules, do not allow it.
    #[error("access to bucket {bucket} is denied")]
    AccessDenied {
        /// The bucket.
        bucket: String,
    },
    /// The key does not encrypt: it is disabled, gone, or its policy does not allow it.
    #[error("the key does not encrypt: {code}")]
    Key {
        /// As `GetTrailStatus` shows it, such as `KMS.DisabledException`.
        code: String,
    },
    /// The store answered with another error.
    #[error("the store of bucket {bucket} answers {code}")]
    Refused {
        /// The bucket.
        bucket: String,
        /// S3's code, such as `SlowDown`.
        code: String,
    },
    /// The store could not be reached, or broke off.
    #[error("the store of bucket {bucket} cannot be reached")]
    Unreachable {
        /// The bucket.
        bucket: String,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl BucketError {
    /// The code that `GetTrailStatus` shows: S3's own for S3's errors (documented).
    pub fn code(&self) -> &str {
        match self {
            Self::NoSuchBucket { .. } => "NoSuchBucket",
            Self::AccessDenied { .. } => "AccessDenied",
            Self::Key { code } | Self::Refused { code, .. } => code,
            Self::Unreachable { .. } => "ServiceUnavailable",
        }
    }
}
