//! Small, durable, versioned values: trails, cursors, alarm states, keys.

mod key;
mod sqlite;
mod watch;

pub use key::{KEY_BYTES_MAX, Key, KeyPrefix};
pub use sqlite::SqliteMeta;
#[cfg(any(test, feature = "testkit"))]
pub(crate) use watch::Changes;
pub use watch::MetaWatch;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use crate::durable::BoxError;

/// The longest value. What is larger is an object.
pub const VALUE_BYTES_MAX: usize = 1 << 20;
/// The most entries that one `list` returns.
pub const LIST_ENTRIES_MAX: usize = 1_000;

/// Small values under names, changed by compare-and-swap.
///
/// Contract, checked by `testkit::meta_store_contract`:
///
///  1. `swap` and `remove` on one version succeed for at most one caller, across restarts. The
///     others get `Conflict`. `swap` with `None` succeeds only if there is no value.
///  2. When `swap` or `remove` returns `Ok`, the change survives loss of power.
///  3. `Unknown` means: it may have happened. Readers then see the old or the new value, never a
///     mixture; the caller must `get` before it decides. Every other error means: it did not.
///  4. `get` and `list` after an `Ok` see that change or a later one.
///  5. Versions rise with every change of the store and are never used again, not even after a
///     `remove`: a version that was read stands for one value for ever.
///  6. Values are at most `VALUE_BYTES_MAX` long; a longer one is `TooLarge`, not cut.
///  7. `list` gives the entries under a prefix in byte order of their keys, those after `after`,
///     no more than `limit` and `LIST_ENTRIES_MAX`; fewer than both only if there are no more.
///  8. A `watch` reports every change under its prefix that was made after `watch` returned.
///     It may report without cause, and several changes as one.
#[async_trait]
pub trait MetaStore: Send + Sync + fmt::Debug {
    /// The value under a key.
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, MetaError>;

    /// Puts a value in place of the one that has the expected version (`None`: of no value).
    async fn swap(
        &self,
        key: &Key,
        expected: Option<Version>,
        value: Bytes,
    ) -> Result<Version, MetaError>;

    /// Takes away the value that has the expected version.
    async fn remove(&self, key: &Key, expected: Version) -> Result<(), MetaError>;

    /// Entries under a prefix, in key order.
    async fn list(
        &self,
        prefix: &KeyPrefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned)>, MetaError>;

    /// Begins to watch a prefix. Watch first, then read, then await: so no change is missed.
    fn watch(&self, prefix: &KeyPrefix) -> MetaWatch;

    /// Whether the last change found no room on the device. The next one tries again.
    fn lacks_room(&self) -> bool {
        false
    }
}

/// Stands for one value that a key once had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The version with this number, as a store gave it out before.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// A value and the version under which it can be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// Names this value in a later `swap`.
    pub version: Version,
    /// The value.
    pub value: Bytes,
}

/// Why a change or a read did not happen.
#[derive(Debug, thiserror::Error)]
pub enum MetaError {
    /// Somebody else was first.
    #[error("key {key} is not at the expected version")]
    Conflict {
        /// The key that has moved on.
        key: Key,
    },
    /// The value is longer than the store takes.
    #[error("a value of {bytes} bytes is longer than {VALUE_BYTES_MAX}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The text cannot be a key.
    #[error("a key is 1 to {KEY_BYTES_MAX} bytes long and has no control characters")]
    KeyInvalid,
    /// There is no room on the device. Nothing was changed.
    #[error("no space is left for the state")]
    Full,
    /// The stored file is not what was written, or not of a version that this program reads.
    #[error("the state is damaged or of an unknown version")]
    Corrupt {
        /// What the store said.
        #[source]
        source: BoxError,
    },
    /// The store could not be reached or read. Nothing was changed.
    #[error("the state cannot be read")]
    Unavailable {
        /// What the store said.
        #[source]
        source: BoxError,
    },
    /// The outcome of a change is not known.
    #[error("it is not known whether the state was changed")]
    Unknown {
        /// What the store said.
        #[source]
        source: BoxError,
    },
}
