//! The workers that follow the log, each with its own cursor and pace, and the runner that drives
//! them.
//!
//! None knows another; a slow or broken one holds nobody back. A worker has a name, a status, one
//! bounded `step` that is safe to repeat, and one `wait` that may be dropped. The [`Runner`] owns
//! everything else: the loop, the back-off, the stop, the publication of status.

pub mod delivery;
pub mod digest;
pub mod expiry;
pub mod history;
pub mod keys;
mod runner;
mod state;
mod worker;

pub use runner::{Runner, RunnerOptions, WorkerState, WorkerView, Workers};
pub use worker::{Progress, StepError, Worker};
