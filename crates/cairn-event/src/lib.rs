//! The CloudTrail record as a value: its bytes, its head, its names.
//!
//! A record that came in as JSON goes out as the same bytes, so nothing here builds a tree and
//! prints it again. What the rest of Cairn asks of a record (when, who, what, where) is borrowed
//! from those bytes by [`RecordHead`]. The crate is pure: no I/O, no clock, no randomness, and no
//! input can make it panic.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod digest;
pub mod draft;
pub mod json;
pub mod key;
pub mod likeness;
pub mod lookup_resource;
mod name;
mod record;
pub mod selector;
pub mod split;
pub mod timestamp;
pub mod trail;

pub use draft::RecordDraft;
pub use likeness::Likeness;
pub use lookup_resource::{LookupResource, lookup_resources};
pub use name::{AccountId, NameError, Region};
pub use record::{
    Category, IdentityHead, RECORD_BYTES_MAX, RecordError, RecordHead, ResourceRef, ResourceRefs,
};
pub use timestamp::Timestamp;
