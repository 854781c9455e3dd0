//! Event history: every record, searchable the moment it is committed.
//!
//! ```text
//!   log ──► open tail (memory) ──seal──► slice: Parquet + index ──merge──► larger slices ──►
//!   expiry
//!                     └────────────────┬───────────────────┘
//!                        lookup (LookupEvents) and search
//! ```
//!
//! A *slice* is a closed range of log offsets, as one Parquet file that `DuckDB`, Spark or Athena
//! read too, and beside it an index from hashed attribute values to rows, so that a record is
//! found without opening the Parquet file's footer. Slices are published by rename, so a crash
//! leaves the old set or the new one; what is not in a slice yet is read from the log again.
//!
//! History knows no clock and no threads of its own: the worker in `cairn-consumers` drives it.

mod blocks;
mod catalog;
mod disk;
mod error;
mod fields;
mod hashes;
mod history;
mod index;
mod key;
mod options;
mod plan;
mod query;
mod rows;
mod sieve;
mod slice;
mod tail;
#[cfg(test)]
mod tests;
mod varint;
mod walk;

#[cfg(any(test, feature = "testkit"))]
pub use disk::{Fault, FaultPlan, Room};
pub use error::HistoryError;
pub use hashes::{RecordHash, RecordHasher, RecordHashes};
pub use history::{
    BuiltSlice, Foresight, History, HistoryStatus, Prepared, Problem, RecordKey, SliceBuilder,
    SliceSummary,
};
pub use options::{
    HistoryOptions, MERGED_ROWS_MAX, RETENTION_MS, TAIL_AGE_MS_MAX, TAIL_BYTES_MAX,
    TAIL_RECORDS_MAX,
};
pub use query::{
    AttributeKey, Field, Filter, Found, Hit, LookupCategory, LookupQuery, Match, PAGE_RECORDS_MAX,
    Page, Position, SearchBudget, SearchQuery,
};
pub use sieve::Sieve;
