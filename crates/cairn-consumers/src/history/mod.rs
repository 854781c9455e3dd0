//! The workers that keep event history: one feeds its open tail from the log, one seals the tail,
//! one looks after the slices.
//!
//! They are three, because `LookupEvents` waits for the first one (a caller reads its own writes), who
//! waits for the second when the tail is full, and the third is busy for seconds when it merges.

mod feed;
mod metric;
mod seal;
#[cfg(test)]
mod tests;
mod upkeep;

pub use feed::{FeedStatus, HistoryFeed};
pub use seal::{HistorySeal, SealStatus};
pub use upkeep::{HistoryUpkeep, UpkeepStatus};

use std::sync::Arc;

use cairn_history::History;
use cairn_store::EventLog;
use tokio::sync::Notify;

/// The workers of a history.
pub fn workers(
    log: Arc<dyn EventLog>,
    history: Arc<History>,
) -> (HistoryFeed, HistorySeal, HistoryUpkeep) {
    let due = Arc::new(Due::default());
    let feed = HistoryFeed::new(log, Arc::clone(&history), Arc::clone(&due));
    let seal = HistorySeal::new(Arc::clone(&history), Arc::clone(&due));
    (feed, seal, HistoryUpkeep::new(history, due))
}

/// How they tell each other that there is something to do.
#[derive(Debug, Default)]
struct Due {
    /// The tail may have to be sealed.
    seal: Notify,
    /// The tail has room again.
    room: Notify,
    /// There is a new slice.
    merge: Notify,
}
