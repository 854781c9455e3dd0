//! What holds two digests together.

use serde::{Deserialize, Serialize};

use super::{Digest, HASH_ALGORITHM};
use crate::Timestamp;

/// A written digest, as the next one names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// The SHA-256 of its bytes before compression, in lower-case hex.
    pub sha256: String,
    /// Its signature, in lower-case hex.
    pub signature: String,
    /// The end of its window.
    pub end: Timestamp,
}

/// In what a digest does not follow the one before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkFault {
    /// It begins a chain.
    #[error("it names no digest before it")]
    Starting,
    /// It names another digest.
    #[error("it follows s3://{bucket}/{key}")]
    Place {
        /// The bucket that it names.
        bucket: String,
        /// The key that it names.
        key: String,
    },
    /// What is there has another content than it says.
    #[error("it has another hash of the digest before it")]
    Hash,
    /// What is there has another signature than it says.
    #[error("it has another signature of the digest before it")]
    Signature,
    /// Time is missing between them.
    #[error("its window begins at {start}, after the end of the one before it, {end}")]
    Gap {
        /// Where the earlier window ends.
        end: Timestamp,
        /// Where the later one begins.
        start: Timestamp,
    },
    /// Both claim the same time.
    #[error("its window begins at {start}, before the end of the one before it, {end}")]
    Overlap {
        /// Where the earlier window ends.
        end: Timestamp,
        /// Where the later one begins.
        start: Timestamp,
    },
}

impl Digest {
    /// In what it does not follow the digest before it. Windows of a chain touch (documented);
    /// those of backfill digests need not, so `windows` is false for them.
    pub fn breaks(&self, previous: &Link, windows: bool) -> Vec<LinkFault> {
        if self.is_starting() {
            return vec![LinkFault::Starting];
        }
        let mut faults = Vec::new();
        let [bucket, key, hash, algorithm, signature] = self.previous();
        if bucket != Some(&previous.bucket) || key != Some(&previous.key) {
            faults.push(LinkFault::Place {
                bucket: bucket.unwrap_or_default().to_owned(),
                key: key.unwrap_or_default().to_owned(),
            });
        }
        if hash != Some(&previous.sha256) || algorithm != Some(HASH_ALGORITHM) {
            faults.push(LinkFault::Hash);
        }
        if signature != Some(&previous.signature) {
            faults.push(LinkFault::Signature);
        }
        if let Some(start) = Timestamp::parse_iso(&self.digest_start_time).filter(|_| windows) {
            let end = previous.end;
            match start.cmp(&end) {
                std::cmp::Ordering::Less => faults.push(LinkFault::Overlap { end, start }),
                std::cmp::Ordering::Greater => faults.push(LinkFault::Gap { end, start }),
                std::cmp::Ordering::Equal => {}
            }
        }
        faults
    }
}
