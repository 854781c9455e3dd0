//! What delivery writes down: documents in small state.

use cairn_event::Timestamp;
use cairn_event::trail::{Delivery, LoggingSpan, Trail, place};
use cairn_store::{MetaStore, Offset, Version};
use serde::{Deserialize, Serialize};

use crate::state;
use crate::worker::StepError;

/// How far all trails have come that are not broken: `delivery/front`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Front {
    /// Every record before it was delivered to those trails, or is none of theirs.
    pub cursor: Offset,
    /// What is being written. It is written down before its first file is, so that repeating it
    /// writes the same files again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Round>,
}

/// A run of the log from which files are cut together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Round {
    /// The first offset.
    pub from: Offset,
    /// The offset after the last.
    pub to: Offset,
    /// When it was planned.
    pub at: Timestamp,
    /// How hard its files are compressed: a repeat writes the same bytes.
    pub level: u8,
    /// Whether the records of a large file stand by likeness. Those of rounds that an older version
    /// has planned stand in the order of the log.
    #[serde(default)]
    pub by_likeness: bool,
}

impl Round {
    /// A round that is planned now.
    pub(crate) fn new(from: Offset, to: Offset, at: Timestamp, level: u8) -> Self {
        Self { from, to, at, level, by_likeness: true }
    }
}

/// How delivery stands for one trail: `delivery/trail/ID`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrailState {
    /// What operations show of it.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// The trail as it selects the records from `through` on, and where these go.
    pub adopted: Trail,
    /// The version of the document that was seen last.
    pub seen: u64,
    /// Later documents whose time has not come: records before their `from` are selected by the
    /// document before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<Pending>,
    /// Every record before it has been delivered, or will never be.
    pub through: Offset,
    /// Set while the trail goes its own way, behind the front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<Lag>,
    /// Whether everything of all its ended spans has been delivered.
    pub drained: bool,
    /// Where the record of the last stop was that has been delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_taken: Option<Offset>,
    /// How many records were given up because they could not be delivered in 30 days.
    #[serde(default)]
    pub given_up: u64,
}

/// A document of a trail that selects records from an offset on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// The first record that it selects.
    pub from: Offset,
    /// The document.
    pub trail: Trail,
}

/// How a trail catches up that is behind the front, for its bucket is broken or it was seen late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lag {
    /// The first record that was not delivered.
    pub next: Offset,
    /// What was tried, so that a retry writes the same files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Round>,
    /// Which files of the round are written, by their number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<u32>,
    /// How many attempts have failed in a row.
    pub attempts: u32,
    /// When it is tried again.
    pub retry_at: Timestamp,
    /// When it began to fail; none if it only has to catch up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl TrailState {
    /// How delivery stands for a trail; none if delivery has not seen it, or it never logged.
    pub(crate) async fn find(
        meta: &dyn MetaStore,
        trail_id: &str,
    ) -> Result<Option<Self>, StepError> {
        let found = state::get(meta, &place::delivery(trail_id)).await?;
        Ok(found.map(|(state, _)| state))
    }

    /// Whether all files are written that hold records from before a version of the trail's
    /// document (in `trail/` or `trail-gone/`): of ended spans everything, with the record that
    /// ended them, and of the time under other selectors or without validation as well.
    pub(crate) fn has_settled(&self, version: Version) -> bool {
        self.seen >= version.as_u64() && self.pending.is_empty() && self.drained
    }

    /// When it logs.
    pub(crate) fn spans(&self) -> &[LoggingSpan] {
        &self.adopted.spans
    }
}
