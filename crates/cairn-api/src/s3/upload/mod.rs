//! Uploads in parts.
//!
//! ```text
//!   meta     s3/upload/BUCKET/ID             key, description, checksum algorithm
//!   objects  .parts/BUCKET/ID/NNNNN          the parts, each an object of the store
//!   complete: parts ──copied in order──► BUCKET/KEY, then the upload is forgotten, then its parts
//! ```
//!
//! The object is there before the upload is forgotten, so a crash between leaves an upload that can
//! be completed again.

pub(super) mod abort;
pub(super) mod complete;
pub(super) mod create;
pub(super) mod list;
pub(super) mod part;
pub(super) mod state;

pub use state::PART_BYTES_MIN;
