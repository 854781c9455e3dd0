//! What is kept of a bucket of the embedded S3, in small state.

use std::fmt::Write as _;

use bytes::Bytes;
use cairn_event::{AccountId, Timestamp};
use cairn_store::{
    Key, KeyPrefix, MetaError, MetaStore, ObjectError, ObjectHead, ObjectName, Version,
};
use serde::{Deserialize, Serialize};

use crate::lifecycle::Lifecycle;

/// The longest key of an object (documented).
pub const KEY_BYTES_MAX: usize = 1_024;

/// A bucket as it was read.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What is kept of it.
    pub state: BucketState,
    /// The version under which that can be replaced.
    pub version: Version,
}

/// What is kept of a bucket. JSON in small state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketState {
    /// The account that owns it.
    pub owner: AccountId,
    /// The region in which it was made.
    pub region: String,
    /// When it was made.
    pub created: Timestamp,
    /// `Enabled` or `Suspended`, once it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioning: Option<String>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
    /// Its policy, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What public access it blocks; `None` until it is set: all, as in a new bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_access: Option<PublicAccess>,
    /// How objects are encrypted whose writers do not say; `None` until it is set: `AES256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<DefaultEncryption>,
    /// Who owns objects; `None` until it is set: the bucket's owner, and ACLs are off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// When objects expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
}

/// How objects are encrypted whose writers do not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultEncryption {
    /// `AES256` or `aws:kms`.
    pub algorithm: String,
    /// The key, as it was named; the account's own for S3 if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether a key of the bucket was asked for. Kept and shown; there is none.
    #[serde(default)]
    pub bucket_key: bool,
}

/// Who owns the objects of a bucket. Kept and shown: all are the bucket's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ownership {
    /// The setting was deleted, and is shown as missing.
    Deleted,
    /// `BucketOwnerEnforced`, `BucketOwnerPreferred` or `ObjectWriter`.
    Set(String),
}

/// What public access a bucket blocks. Kept and shown; nothing is public here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "S3 has four switches")]
pub struct PublicAccess {
    /// Whether calls that set a public ACL are refused.
    pub block_public_acls: bool,
    /// Whether public ACLs count for nothing.
    pub ignore_public_acls: bool,
    /// Whether public policies are refused.
    pub block_public_policy: bool,
    /// Whether a public policy counts for the owner and for services only.
    pub restrict_public_buckets: bool,
}

/// Why the state of a bucket was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Small state failed.
    #[error(transparent)]
    Meta(#[from] MetaError),
    /// What is kept is not what this program writes.
    #[error("what is kept of a bucket is not as it was written")]
    Malformed {
        /// What is wrong with it.
        #[from]
        source: serde_json::Error,
    },
}

impl BucketState {
    /// A new bucket, with nothing set.
    pub fn new(owner: AccountId, region: String, created: Timestamp) -> Self {
        Self {
            owner,
            region,
            created,
            versioning: None,
            tags: Vec::new(),
            policy: None,
            public_access: None,
            encryption: None,
            ownership: None,
            lifecycle: None,
        }
    }

    /// The document.
    pub fn to_bytes(&self) -> Result<Bytes, StateError> {
        Ok(serde_json::to_vec(self)?.into())
    }

    /// Reads the document.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

/// The bucket of this name, whoever owns it.
pub async fn find(meta: &dyn MetaStore, name: &str) -> Result<Option<Bucket>, StateError> {
    let Some(found) = meta.get(&key(name)?).await? else { return Ok(None) };
    let state = BucketState::from_bytes(&found.value)?;
    Ok(Some(Bucket { name: name.to_owned(), state, version: found.version }))
}

/// The key under which a bucket's state is kept.
pub fn key(bucket: &str) -> Result<Key, MetaError> {
    Key::parse(&format!("s3/bucket/{bucket}"))
}

/// The beginning of the keys of buckets whose names begin so.
pub fn keys(prefix: &str) -> KeyPrefix {
    KeyPrefix::new(&format!("s3/bucket/{prefix}"))
}

/// The bucket's name in such a key.
pub fn name_in(key: &Key) -> &str {
    key.as_str().rsplit('/').next().unwrap_or_default()
}

/// The name in the store of an object in a bucket.
pub fn object_name(bucket: &str, key: &str) -> Result<ObjectName, ObjectError> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(ObjectError::NameInvalid);
    }
    ObjectName::new(format!("{bucket}/{key}"))
}

/// The key of the tags that were set on an object, named as in the store, after it was written.
pub fn tags_key(object: &ObjectName) -> Result<Key, MetaError> {
    let bucket = object.as_bytes().split(|byte| *byte == b'/').next().unwrap_or_default();
    let bucket = String::from_utf8_lossy(bucket);
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, object.as_bytes());
    let mut text = format!("s3/tags/{bucket}/");
    for byte in hash.as_ref() {
        // Writing to memory cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Key::parse(&text)
}

/// Tags as they were found that were set on an object after it was written. They name its version,
/// and versions are never used again.
#[derive(Debug)]
pub struct KeptTags {
    key: Key,
    found: Version,
    /// The version of the object; none in what cannot be read.
    of: Option<u64>,
}

impl KeptTags {
    /// What is kept under the name of an object.
    pub async fn find(
        meta: &dyn MetaStore,
        object: &ObjectName,
    ) -> Result<Option<Self>, MetaError> {
        #[derive(Deserialize)]
        struct Of {
            version: u64,
        }
        let key = tags_key(object)?;
        let found = meta.get(&key).await?;
        Ok(found.map(|found| {
            let of = serde_json::from_slice::<Of>(&found.value).ok().map(|of| of.version);
            Self { key, found: found.version, of }
        }))
    }

    /// Removes them, unless they are of the object that has the name: as it was seen after the tags
    /// were, so that no newer object loses its own.
    pub async fn forget_unless_of(
        self,
        meta: &dyn MetaStore,
        object: Option<&ObjectHead>,
    ) -> Result<(), MetaError> {
        if object.is_some_and(|object| Some(object.version) == self.of) {
            return Ok(());
        }
        match meta.remove(&self.key, self.found).await {
            // Somebody tags a new object of this name.
            Ok(()) | Err(MetaError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
