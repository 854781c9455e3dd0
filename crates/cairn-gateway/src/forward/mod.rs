//! Calls that somebody else serves: passed on untouched, streamed both ways, and recorded.
//!
//! ```text
//!   resolve ► route ─► forward: request ──────► the upstream
//!                          │ tee: a copy of up to BODY_COPY_BYTES_MAX, for the record
//!                      answer ◄────────────────
//!                          │ held (documents) or passed on (objects, streams of events)
//!                      record ► commit ► answer
//! ```
//!
//! | part | does |
//! | --- | --- |
//! | [`upstream`] | which services go where, and how |
//! | [`client`], [`http2`] | connections to one upstream |
//! | [`hop`] | which headers belong to one connection only |
//! | [`tee`] | the body of a request on its way |
//! | [`held`] | the body of an answer, as far as the record needs it |
//! | [`intents`] | uploads under way, for the start after a crash |
//! | [`resign`] | signs towards an upstream that does not know our callers' keys |
//! | [`queue`] | records that may follow their answer |
//! | [`tunnel`] | connections that stop speaking HTTP |
//!
//! The steps of one call are in [`crate::chain`].

pub(crate) mod client;
pub(crate) mod held;
pub(crate) mod hop;
mod http2;
pub(crate) mod intents;
pub(crate) mod queue;
pub(crate) mod resign;
pub(crate) mod tee;
pub(crate) mod tunnel;
pub(crate) mod upstream;

pub use intents::{Intents, RecoverError};
pub use queue::Loss;
pub use resign::ResignCredential;
pub use upstream::{Route, Upstream, UpstreamFault, UpstreamSettings, Upstreams, Way};
