//! Why a bucket did not take something.

use cairn_store::ObjectError;

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
    /// The store answered what no S3 answers.
    #[error("the store of bucket {bucket} answers what cannot be read")]
    Unreadable {
        /// The bucket.
        bucket: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The object is longer than the reader takes.
    #[error("the object is longer than {bytes_max} bytes")]
    TooLarge {
        /// What the reader takes.
        bytes_max: usize,
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
    /// Whether the bucket is one of this server, whose device is full.
    pub fn is_full(&self) -> bool {
        let Self::Unreachable { source, .. } = self else { return false };
        matches!(source.downcast_ref(), Some(ObjectError::Full))
    }

    /// The code that `GetTrailStatus` shows: S3's own for S3's errors (documented).
    pub fn code(&self) -> &str {
        match self {
            Self::NoSuchBucket { .. } => "NoSuchBucket",
            Self::AccessDenied { .. } => "AccessDenied",
            Self::Key { code } | Self::Refused { code, .. } => code,
            Self::TooLarge { .. } => "EntityTooLarge",
            Self::Unreachable { .. } | Self::Unreadable { .. } => "ServiceUnavailable",
        }
    }
}
