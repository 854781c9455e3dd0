//! The workers that keep event history: one feeds its open tail from the log, one looks after its
//! files.
//!
//! They are two, because `LookupEvents` waits for the first one (a caller reads its own writes),
//! and the second is busy for seconds when it merges.

mod feed;
#[cfg(test)]
mod tests;
mod upkeep;

pub use feed::{FeedStatus, HistoryFeed};
pub use upkeep::{HistoryUpkeep, UpkeepStatus};

use std::sync::Arc;

use cairn_history::History;
use cairn_store::EventLog;
use tokio::sync::Notify;

/// Both workers of a history.
pub fn workers(log: Arc<dyn EventLog>, history: Arc<History>) -> (HistoryFeed, HistoryUpkeep) {
    let due = Arc::new(Due::default());
    let feed = HistoryFeed::new(log, Arc::clone(&history), Arc::clone(&due));
    (feed, HistoryUpkeep::new(history, due))
}

/// How the two tell each other that there is something to do.
#[derive(Debug, Default)]
struct Due {
    /// The tail may have to be sealed.
    seal: Notify,
    /// The tail has room again.
    room: Notify,
}
