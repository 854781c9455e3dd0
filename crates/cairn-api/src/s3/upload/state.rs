//! What is kept of an upload in parts.

use std::ops::Bound;

use bytes::Bytes;
use cairn_event::Timestamp;
use cairn_store::{Attributes, ListQuery, ObjectHead, Version};
use serde::{Deserialize, Serialize};

use crate::Internal;

use super::super::call::Call;
use super::super::checksum::Algorithm;
use super::super::encryption::Remembered;
use super::super::error::S3Fault;
use super::super::name;

/// The highest number of a part (documented).
pub(crate) const PART_NUMBER_MAX: i32 = 10_000;
/// The most parts (documented).
pub(crate) const PARTS_MAX: usize = 10_000;
/// The smallest part but the last (documented).
pub const PART_BYTES_MIN: u64 = 5 << 20;
/// How many parts are listed at a time.
const STEP: usize = 1_000;

/// An upload as it was read.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) bucket: String,
    pub(crate) id: String,
    pub(crate) state: UploadState,
    pub(crate) version: Version,
}

/// What is kept of an upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UploadState {
    /// The key of the object to be.
    pub(crate) key: String,
    /// When it began.
    pub(crate) initiated: Timestamp,
    /// Who began it: the ARN, or the account.
    pub(crate) initiator: String,
    /// What will be said of the object.
    pub(crate) attributes: Attributes,
    /// The algorithm, by name, that the caller chose.
    pub(crate) algorithm: Option<String>,
    /// `COMPOSITE` or `FULL_OBJECT`.
    pub(crate) checksum_type: String,
    /// The key under which the parts and the object are encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encryption: Option<Remembered>,
}

impl UploadState {
    /// The algorithm that the caller chose.
    pub(crate) fn chosen(&self) -> Option<Algorithm> {
        self.algorithm.as_deref().and_then(Algorithm::parse)
    }

    pub(crate) fn to_bytes(&self) -> Result<Bytes, S3Fault> {
        let text = serde_json::to_vec(self);
        Ok(text
            .map_err(|error| S3Fault::Internal(Internal::new("write an upload's state", error)))?
            .into())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, S3Fault> {
        serde_json::from_slice(bytes)
            .map_err(|error| S3Fault::Internal(Internal::new("read an upload's state", error)))
    }
}

impl Upload {
    /// The upload of this id, if it is one to this key.
    pub(crate) async fn find(
        call: &Call,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Result<Self, S3Fault> {
        call.bucket(bucket).await?;
        let found = call.meta().get(&name::upload_key(bucket, id)?).await?;
        let found = found.ok_or(S3Fault::NoSuchUpload)?;
        let state = UploadState::from_bytes(&found.value)?;
        if state.key != key {
            return Err(S3Fault::NoSuchUpload);
        }
        Ok(Self { bucket: bucket.to_owned(), id: id.to_owned(), state, version: found.version })
    }

    /// Its parts after a number, in order.
    pub(crate) async fn parts(
        &self,
        call: &Call,
        after: i32,
        parts_max: usize,
    ) -> Result<Vec<(i32, ObjectHead)>, S3Fault> {
        let after = name::part(&self.bucket, &self.id, after)?;
        let mut from = Bound::Excluded(after.as_bytes().to_vec());
        let mut parts = Vec::new();
        while parts.len() < parts_max {
            let limit = (parts_max - parts.len()).min(STEP);
            let prefix = name::parts_of(&self.bucket, &self.id);
            let heads = call.objects().list(&ListQuery { prefix, from, limit }).await?;
            let last = heads.len() < limit;
            from = match heads.last() {
                Some(head) => Bound::Excluded(head.name.as_bytes().to_vec()),
                None => break,
            };
            let numbered =
                heads.into_iter().filter_map(|head| Some((name::part_number(&head.name)?, head)));
            parts.extend(numbered);
            if last {
                break;
            }
        }
        Ok(parts)
    }
}
