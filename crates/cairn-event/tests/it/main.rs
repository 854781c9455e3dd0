//! Real records, as others published them: every one must parse and keep its bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod corpus;
mod head;
mod selector;
