//! Buckets of any other S3.

mod address;
mod answer;
mod client;
mod credentials;
mod destination;
mod listing;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use destination::{Checksum, Destination, DestinationFault, Encryption};
pub use listing::{Listed, Page};
pub use read::{RemoteBucket, RemoteObject};
pub use write::RemoteBuckets;
