//! CloudTrail. What is built is in the table of [`crate::dispatch`]; `coverage.txt` lists the rest.

mod error;
pub(crate) mod lookup_events;

pub use error::CloudTrailError;
