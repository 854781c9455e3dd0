//! What small state remembers of the log, so that segments that vanish as a whole are missed.
//!
//! The log's own chain shows every change inside it, but not that its end, its beginning or all of
//! it is gone. The anchor is a lower bound of what was there: it is written every few seconds, at a
//! graceful stop and after an import, and before records expire.

use anyhow::Context as _;
use cairn_store::log::{LogHead, SegmentReport};
use cairn_store::{Key, MetaStore, Offset, SegmentLog, Versioned};
use serde::{Deserialize, Serialize};

use crate::print::hex;

const KEY: &str = "log/anchor";

/// What must be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Anchor {
    /// The log begins here, or earlier.
    first_max: Offset,
    /// It has all records below this.
    next_min: Offset,
    /// The hash over them, in hex.
    chain: String,
}

/// What there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    first: Offset,
    head: LogHead,
}

impl Extent {
    /// Of an open log.
    pub(crate) fn of(log: &SegmentLog) -> Self {
        use cairn_store::EventLog as _;
        Self { first: log.first(), head: log.head() }
    }

    /// Of segments that nobody has opened.
    pub(crate) fn of_segments(segments: &[SegmentReport]) -> Self {
        let first = segments.first().map_or(Offset::ZERO, |segment| segment.first);
        let last = segments.last();
        let next = last.map_or(Offset::ZERO, |segment| segment.next);
        let chain = last.map_or([0; 32], |segment| segment.chain);
        Self { first, head: LogHead { next, chain } }
    }
}

impl Anchor {
    /// Its key in small state.
    pub(crate) fn key() -> anyhow::Result<Key> {
        Ok(Key::parse(KEY)?)
    }

    /// An anchor at the end of the log. Below `expires`, records may go.
    fn at(extent: Extent, expires: Offset) -> Self {
        Self {
            first_max: extent.first.max(expires),
            next_min: extent.head.next,
            chain: hex(&extent.head.chain),
        }
    }

    /// Reads what was written.
    pub(crate) fn parse(value: &[u8]) -> anyhow::Result<Self> {
        serde_json::from_slice(value).context("the anchor of the log is damaged")
    }

    /// What is missing.
    pub(crate) fn problems(&self, found: Extent) -> Vec<String> {
        let (first, next) = (found.first, found.head.next);
        let mut problems = Vec::new();
        if first > self.first_max {
            problems.push(format!(
                "log: it begins at record {first}, but records from {} on were kept: its first segments are missing",
                self.first_max
            ));
        }
        if next < self.next_min {
            problems.push(format!(
                "log: it ends before record {next}, but there were {}: its last segments are missing",
                self.next_min
            ));
        } else if next == self.next_min && hex(&found.head.chain) != self.chain {
            problems.push(format!(
                "log: the hash over its records up to {next} is not the one that was noted: it is another log"
            ));
        }
        problems
    }
}

/// The anchor of a data directory, open to be moved.
#[derive(Debug)]
pub(crate) struct Mooring {
    stored: Option<Versioned>,
}

impl Mooring {
    /// Finds the anchor.
    pub(crate) async fn find(meta: &dyn MetaStore) -> anyhow::Result<Self> {
        Ok(Self { stored: meta.get(&Anchor::key()?).await? })
    }

    /// What is missing of a log that was anchored.
    pub(crate) fn problems(&self, found: Extent) -> anyhow::Result<Vec<String>> {
        let Some(stored) = &self.stored else { return Ok(Vec::new()) };
        Ok(Anchor::parse(&stored.value)?.problems(found))
    }

    /// How far the log reached at the least.
    pub(crate) fn next_min(&self) -> anyhow::Result<Offset> {
        let Some(stored) = &self.stored else { return Ok(Offset::ZERO) };
        Ok(Anchor::parse(&stored.value)?.next_min)
    }

    /// Moves the anchor to the end of the log. Below `expires`, records may go from now on.
    pub(crate) async fn set(
        &mut self,
        meta: &dyn MetaStore,
        extent: Extent,
        expires: Offset,
    ) -> anyhow::Result<()> {
        let value = bytes::Bytes::from(serde_json::to_vec(&Anchor::at(extent, expires))?);
        if self.stored.as_ref().is_some_and(|stored| stored.value == value) {
            return Ok(());
        }
        let expected = self.stored.as_ref().map(|stored| stored.version);
        let version = meta.swap(&Anchor::key()?, expected, value.clone()).await?;
        self.stored = Some(Versioned { version, value });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use cairn_store::Offset;
    use cairn_store::log::LogHead;

    use super::{Anchor, Extent};

    fn extent(first: u64, next: u64, chain: u8) -> Extent {
        let head = LogHead { next: Offset::new(next), chain: [chain; 32] };
        Extent { first: Offset::new(first), head }
    }

    #[test]
    fn what_is_missing_is_named_and_what_may_be_is_not() {
        let anchor = Anchor::at(extent(10, 20, 1), Offset::new(12));
        for sound in [extent(10, 20, 1), extent(0, 20, 1), extent(12, 20, 1), extent(10, 25, 9)] {
            assert_eq!(anchor.problems(sound), Vec::<String>::new(), "{sound:?}");
        }
        for (damaged, word) in [
            (extent(13, 20, 1), "first segments"),
            (extent(10, 19, 1), "last segments"),
            (extent(0, 0, 0), "last segments"),
            (extent(10, 20, 2), "another log"),
        ] {
            let problems = anchor.problems(damaged);
            assert!(problems.len() == 1 && problems[0].contains(word), "{problems:?}");
        }
        let text = serde_json::to_vec(&anchor).unwrap();
        assert_eq!(Anchor::parse(&text).unwrap(), anchor);
    }
}
