//! Buckets: what is kept of one, and how it is found and changed.

use bytes::Bytes;
use cairn_event::{AccountId, Timestamp};
use cairn_store::{MetaStore, Version};
use serde::{Deserialize, Serialize};

use crate::Internal;

use super::call::Call;
use super::error::S3Fault;
use super::name;

/// A bucket as it was read.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) state: BucketState,
    pub(crate) version: Version,
}

/// What is kept of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BucketState {
    /// The account that owns it.
    pub(crate) owner: AccountId,
    /// The region in which it was made.
    pub(crate) region: String,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// `Enabled` or `Suspended`, once it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) versioning: Option<String>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<(String, String)>,
    /// Its policy, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
    /// What public access it blocks; `None` until it is set: all, as in a new bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) public_access: Option<PublicAccess>,
}

/// What public access a bucket blocks. Kept and shown; nothing is public here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "S3 has four switches")]
pub(crate) struct PublicAccess {
    pub(crate) block_public_acls: bool,
    pub(crate) ignore_public_acls: bool,
    pub(crate) block_public_policy: bool,
    pub(crate) restrict_public_buckets: bool,
}

impl BucketState {
    pub(crate) fn to_bytes(&self) -> Result<Bytes, S3Fault> {
        let text = serde_json::to_vec(self);
        Ok(text
            .map_err(|error| S3Fault::Internal(Internal::new("write a bucket's state", error)))?
            .into())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, S3Fault> {
        serde_json::from_slice(bytes)
            .map_err(|error| S3Fault::Internal(Internal::new("read a bucket's state", error)))
    }
}

impl Bucket {
    /// The bucket of this name, whoever owns it.
    pub(crate) async fn find(meta: &dyn MetaStore, name: &str) -> Result<Option<Self>, S3Fault> {
        let Some(found) = meta.get(&name::bucket_key(name)?).await? else { return Ok(None) };
        let state = BucketState::from_bytes(&found.value)?;
        Ok(Some(Self { name: name.to_owned(), state, version: found.version }))
    }

    /// Changes the bucket, if nobody else has changed it since it was read.
    pub(crate) async fn change(
        mut self,
        call: &Call,
        change: impl FnOnce(&mut BucketState),
    ) -> Result<(), S3Fault> {
        change(&mut self.state);
        let key = name::bucket_key(&self.name)?;
        call.meta().swap(&key, Some(self.version), self.state.to_bytes()?).await?;
        Ok(())
    }
}
