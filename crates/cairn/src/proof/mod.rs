//! The proof of delivered log files: what digests, signatures and chains say of what is in a
//! bucket.
//!
//! ```text
//! buckets ─list─► chains of digests ─read─► walks, newest to oldest ─► log files ─read─► findings
//!                                                  └─► what they vouch for ◄─ all other files
//! ```
//!
//! One thread keeps the order; the others read, expand and hash. Nothing is trusted but the public
//! keys, and, where they are given, the newest digests as they were seen before.

mod bucket;
mod chain_name;
mod ending;
mod engine;
mod events;
mod finding;
mod ground;
mod heads;
mod inflate;
mod inventory;
mod key_ring;
mod others;
mod pool;
mod records;
mod room;
mod run;
mod server_keys;
mod spans;
mod summary;
mod walk;

pub(crate) use bucket::{DirectoryBucket, EmbeddedBucket, Listed, ReadError};
pub(crate) use chain_name::{ChainName, Selection};
pub(crate) use engine::{Proof, Voucher, Vouchers, Watcher, inventory};
pub(crate) use events::{EventBook, event_hash};
pub(crate) use finding::{Finding, Flaw, Kind, Verdict};
pub(crate) use ground::{Bystander, Ground, Surroundings};
pub(crate) use heads::Heads;
pub(crate) use inventory::{Inventory, Source};
pub(crate) use key_ring::{KeyRing, from_hex};
pub(crate) use server_keys::fetch_keys;
pub(crate) use summary::{Summary, Tally};

#[cfg(test)]
mod tests;
