//! Buckets in memory, and buckets that fail on demand, for tests of this and other crates.

#![allow(clippy::missing_panics_doc, clippy::unwrap_used, clippy::panic)]
#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod contract;
mod faulty;
mod memory;

pub use contract::{Content, buckets_contract, writer};
pub use faulty::{BucketFault, FaultyBuckets};
pub use memory::{MemoryBuckets, StoredObject};
