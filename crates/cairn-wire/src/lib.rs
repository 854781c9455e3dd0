//! AWS's protocols, bytes in, typed call out and back.
//!
//! Sans-I/O: nothing here reads a socket, a clock or a key store.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod codec;
pub mod head;
pub mod model;
pub mod resolve;
pub mod sigv2;
pub mod sigv4;
pub mod validate;
pub mod value;

pub use head::RequestHead;
