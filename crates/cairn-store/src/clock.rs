//! Time and randomness come in as arguments, so that tests own them.

use std::sync::Arc;

use cairn_event::Timestamp;

/// Answers what time it is. The program passes the wall clock, a test passes its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Fills a buffer with random bytes that nobody can guess.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;
