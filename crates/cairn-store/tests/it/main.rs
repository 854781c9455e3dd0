//! The stores from outside: real files, real processes, files of every version.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod golden;
mod kill;
mod log;
