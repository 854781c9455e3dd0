//! The three places where anything lives, each a trait with a contract in numbered prose:
//!
//! - [`EventLog`]: every record, in order, durable before it is acknowledged, never altered;
//!   [`SegmentLog`] keeps it in segment files of our own.
//! - [`MetaStore`]: small versioned values with compare-and-swap; [`SqliteMeta`] keeps them in
//!   one `SQLite` file that anyone can open.
//! - [`Objects`]: whole files under byte-string names; [`LocalObjects`] keeps them in a directory.
//!
//! Beside them stands what keeps them secret: [`seal`] closes small secrets under the key of the
//! data directory, [`kms`] has the keys of callers, [`envelope`] encrypts objects under those.
//!
//! This is the only crate that calls fsync, so what "durable" means is decided here and nowhere
//! else: [`durable`] has the few steps that other crates need for files of their own.
//!
//! [`imported`] tells which records came in from elsewhere.
//!
//! Trust: a disk is trusted to keep what it confirmed, and no more. Bytes read back are hostile
//! until their checksum holds; nothing in this crate panics on them.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod clock;
pub mod durable;
pub mod envelope;
mod files;
pub mod imported;
pub mod kms;
mod lock;
pub mod log;
pub mod meta;
pub mod objects;
pub mod seal;
pub mod secret;
mod sqlite;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod threads;

pub use clock::{Clock, Elapsed, Entropy, held_clock};
pub use kms::Kms;
pub use lock::{DirectoryLock, Holder, LOCK_FILE, LockError};
pub use log::{
    EventLog, FsckReport, LogError, LogOptions, LogSlice, Offset, ReadLimit, SegmentLog, fsck,
    fsck_showing, inspect,
};
pub use meta::{Key, KeyPrefix, MetaError, MetaStore, MetaWatch, SqliteMeta, Version, Versioned};
pub use objects::{
    Attributes, Condition, ListQuery, LocalObjects, ObjectError, ObjectHead, ObjectName,
    ObjectReader, ObjectUpload, Objects,
};
pub use seal::MasterKey;
pub use secret::Secret;
