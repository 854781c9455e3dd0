//! Objects: whole files under byte-string names, for trail buckets and whatever S3 serves.

mod local;
mod name;

pub use local::LocalObjects;
pub use name::{NAME_BYTES_MAX, ObjectName};

use std::fmt;
use std::ops::Bound;

use async_trait::async_trait;
use bytes::Bytes;
use cairn_event::Timestamp;
use serde::{Deserialize, Serialize};

use crate::durable::BoxError;

/// The most objects that one `list` returns.
pub const LIST_OBJECTS_MAX: usize = 1_000;
/// The most bytes that one `read_at` returns.
pub const READ_BYTES_MAX: usize = 8 << 20;
/// The most bytes of attributes that an object carries.
pub const ATTRIBUTES_BYTES_MAX: usize = 64 << 10;

/// Whole files under names.
///
/// Contract, checked by `testkit::objects_contract`:
///
///  1. An object appears, or replaces the one before it, whole and at once, when `finish` makes it
///     durable. When `finish` returns `Ok`, it survives loss of power.
///  2. An upload that is dropped, or fails, leaves nothing to be seen. One that grows beyond its
///     limit fails with `TooLarge`.
///  3. `finish` under `Condition::Absent` succeeds for at most one caller while the object exists;
///     under `Condition::Version` only while the object is at that version. Otherwise `Conflict`. The
///     same holds for `delete`.
///  4. A reader sees the bytes of one version from beginning to end, even if the object is replaced
///     or deleted meanwhile. `read_at` beyond the end gives no bytes.
///  5. `head`, `open` and `list` after an `Ok` of `finish` or `delete` see that change or a later
///     one. The attributes come back as they were given.
///  6. A name is any 1 to `NAME_BYTES_MAX` bytes. No name is special, none reaches another's bytes,
///     and one that is the beginning of another (`a` and `a/b`) stands beside it.
///  7. `list` gives objects in byte order of their names, no more than `limit` and
///     `LIST_OBJECTS_MAX`, fewer than both only if there are no more.
///  8. `delete` is durable when it returns, tells whether there was an object, and may be repeated.
///  9. `Unknown` means: it may have happened. Readers then see the old or the new object, whole.
///     Every other error means: it did not.
#[async_trait]
pub trait Objects: Send + Sync + fmt::Debug {
    /// Begins an object of at most `bytes_max` bytes. It has no name until it is finished.
    async fn begin(&self, bytes_max: u64) -> Result<Box<dyn ObjectUpload>, ObjectError>;

    /// What is known of an object without reading it.
    async fn head(&self, name: &ObjectName) -> Result<Option<ObjectHead>, ObjectError>;

    /// Opens one version of an object.
    async fn open(&self, name: &ObjectName) -> Result<Option<Box<dyn ObjectReader>>, ObjectError>;

    /// Objects in byte order of their names.
    async fn list(&self, query: &ListQuery) -> Result<Vec<ObjectHead>, ObjectError>;

    /// Takes an object away, if the condition holds; `false` if there was none.
    async fn delete(&self, name: &ObjectName, condition: Condition) -> Result<bool, ObjectError>;
}

/// An object that is being written.
#[async_trait]
pub trait ObjectUpload: Send + fmt::Debug {
    /// Adds bytes at its end.
    async fn write(&mut self, chunk: Bytes) -> Result<(), ObjectError>;

    /// Makes it durable and gives it its name, if the condition holds.
    async fn finish(
        self: Box<Self>,
        name: &ObjectName,
        attributes: Attributes,
        condition: Condition,
    ) -> Result<ObjectHead, ObjectError>;
}

/// One version of an object, open for reading.
#[async_trait]
pub trait ObjectReader: Send + Sync + fmt::Debug {
    /// What is known of this version.
    fn head(&self) -> &ObjectHead;

    /// Up to `bytes_max` bytes (and up to [`READ_BYTES_MAX`]) from a position on. Fewer only at
    /// the end of the object or at that limit.
    async fn read_at(&self, at: u64, bytes_max: usize) -> Result<Bytes, ObjectError>;
}

/// What is known of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectHead {
    /// Its name.
    pub name: ObjectName,
    /// Its length.
    pub bytes: u64,
    /// When it was finished, by the store's clock.
    pub modified: Timestamp,
    /// Stands for this version of it; never used again.
    pub version: u64,
    /// What its writer said of it.
    pub attributes: Attributes,
}

/// What the writer of an object says of it; kept and returned, not interpreted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attributes {
    /// The S3 entity tag, without quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Content headers, checksums and the like, names in lower case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// User metadata, names in lower case without `x-amz-meta-`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user: Vec<(String, String)>,
}

impl Attributes {
    /// The value of a content header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// On what condition an upload may take its name, or an object may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is there is replaced, or goes.
    Always,
    /// Only if there is no such object.
    Absent,
    /// Only in place of this version; only this version goes.
    Version(u64),
}

/// Which objects to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Only names that begin so.
    pub prefix: Vec<u8>,
    /// Only names from here on; `Excluded(name)` goes on after a page, `Included` skips ahead (as
    /// a listing with a delimiter does, past all names under a common prefix).
    pub from: Bound<Vec<u8>>,
    /// The most objects.
    pub limit: usize,
}

/// Why an object was not written, read or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The condition does not hold.
    #[error("the object {name} is not as expected")]
    Conflict {
        /// The object's name.
        name: ObjectName,
    },
    /// The object, or what is said of it, is beyond the limit.
    #[error("the object is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// The bytes cannot be a name.
    #[error("an object name is 1 to {NAME_BYTES_MAX} bytes long")]
    NameInvalid,
    /// There is no room on the device. Nothing was changed.
    #[error("no space is left for objects")]
    Full,
    /// What is stored is not what was written.
    #[error("the stored object {name} is damaged")]
    Corrupt {
        /// The object's name.
        name: ObjectName,
    },
    /// The key that the object is encrypted under does not open it.
    #[error("the key of the object {name} does not open it")]
    Locked {
        /// The object's name.
        name: ObjectName,
        /// What is wrong with the key.
        #[source]
        source: Box<crate::kms::KmsError>,
    },
    /// The device or the index failed. Nothing was changed.
    #[error("the object store could not {doing}")]
    Io {
        /// What was tried, as a verb with its object.
        doing: &'static str,
        /// What the device said.
        #[source]
        source: BoxError,
    },
    /// It is not known whether the change happened.
    #[error("it is not known whether the object was changed")]
    Unknown {
        /// What the device said.
        #[source]
        source: BoxError,
    },
}
