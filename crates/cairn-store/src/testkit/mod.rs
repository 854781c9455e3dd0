//! Contract suites and fault wrappers, for tests of this and other crates.
//!
//! A suite takes a function that opens the store under test (again), so that it can check what is
//! there after a restart. It copes with refusals and unknown outcomes as the contracts tell callers
//! to, so it runs over a backend whose device fails as well as over one whose device works.

#![allow(clippy::missing_panics_doc, clippy::unwrap_used, clippy::panic)]
#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod faulty;
mod log;
mod memory;
mod meta;
mod objects;

pub use faulty::{Fault, FaultyLog, FaultyMeta, FaultyObjects, Moment, Pause};
pub use log::event_log_contract;
pub use memory::MemoryMeta;
pub use meta::meta_store_contract;
pub use objects::objects_contract;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cairn_event::Timestamp;

use crate::Clock;

/// How often a suite tries again after a refusal before it takes the store for broken.
const TRIES_MAX: usize = 200;

/// A clock that goes one millisecond further every time it is asked.
pub fn ticking_clock(start_ms: i64) -> Clock {
    let now = AtomicI64::new(start_ms);
    Arc::new(move || Timestamp::from_ms(now.fetch_add(1, Ordering::Relaxed)))
}
