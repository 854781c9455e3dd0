//! The front door: one port, every AWS call, and a record of each.
//!
//! ```text
//!   accept ► limit ► resolve ► authenticate ► decode ► validate ► authorise ► handle ► record ►
//!   commit ► answer
//! ```
//!
//! [`chain`] holds that list, step by step; [`recorder`] builds the record; [`server`] listens. An
//! answer leaves only after its record is in the log: when the log refuses, the caller is told
//! `ServiceUnavailable` instead.
//!
//! Trust: nothing that a request says is believed before its signature is verified. A request that
//! no key has signed is refused, counted and logged, and leaves no record (as at AWS), except
//! anonymous calls to S3.
//!
//! This is the only crate that knows HTTP as a server does. What the server does for itself never
//! passes here, so it is never recorded and never makes a loop.

mod beside;
mod body;
mod budget;
mod chain;
mod connection;
mod finish;
mod flood;
pub mod forward;
mod gateway;
mod idle;
mod ids;
mod internal;
mod lanes;
pub mod limits;
pub mod metric;
pub mod recorder;
mod server;
mod tls;

pub use gateway::{Entropy, Gateway, Hooks, Reset, Settings, Stores};
