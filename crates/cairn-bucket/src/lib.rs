//! Buckets that trails deliver to: those of the embedded S3, and those of any other S3.
//!
//! Operations ask whether a trail may write to its bucket, and workers write to it; neither knows
//! where the bucket is. This is the only crate that sees `object_store`.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod buckets;
mod description;
mod embedded;
mod error;
pub mod lifecycle;
mod object;
mod remote;
mod routed;
pub mod state;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

pub use buckets::Buckets;
pub use embedded::{EmbeddedBuckets, Gate};
pub use error::BucketError;
pub use object::{TrailObject, Writer};
pub use remote::{
    Checksum, Destination, DestinationFault, Encryption, Listed, Page, RemoteBucket, RemoteBuckets,
    RemoteObject,
};
pub use routed::Routed;
