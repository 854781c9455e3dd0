//! The operations of Cairn's own services: typed input to typed output, no HTTP, no JSON.
//!
//! ```text
//!   gateway ──Value──► dispatch ──typed──► sts/get_caller_identity.rs
//!                        │                 cloudtrail/lookup_events/
//!                        │                 cairn/search_records.rs, tail_records.rs
//!           ──http───►  s3::S3 ──s3s──►   s3/ (one file per group of calls)
//! ```
//!
//! [`handle`] answers what [`serves`] says is served; the table behind both is in [`dispatch`] and
//! reads as a list. S3 is the exception to "no HTTP": its bodies are streams, and half of its
//! interface are headers, so it takes whole requests, after the gateway has verified and unwrapped
//! them.
//!
//! Time comes in through [`Ctx`]; nothing here reads a clock, the environment or a global.

mod askers;
pub mod cairn;
pub mod cloudtrail;
pub mod cloudtrail_data;
mod ctx;
pub mod dispatch;
mod error;
mod history;
pub mod kms;
pub mod s3;
pub mod sts;
#[cfg(test)]
mod testing;

pub use askers::Askers;
pub use ctx::{Admission, Ctx, Services, Stopping, TrailRules};
pub use dispatch::{handle, serves, services, violation};
pub use error::{ApiError, Internal};
