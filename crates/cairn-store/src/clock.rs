//! Time comes in as an argument, so that tests own it.

use std::sync::Arc;

use cairn_event::Timestamp;

/// Answers what time it is. The program passes the wall clock, a test passes its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
