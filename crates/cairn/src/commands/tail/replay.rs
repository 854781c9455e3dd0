//! What history has since some time, before what comes.

use std::collections::HashSet;

use cairn_event::RecordHead;

use crate::commands::lookup::PAGE_RECORDS_MAX;
use crate::commands::lookup::online::{Numbered, Online};
use crate::print;

/// The most records that are shown: a search gives the newest first, so all of them wait here.
const RECORDS_MAX: usize = 100_000;
/// And the most bytes of them.
const BYTES_MAX: usize = 256 << 20;

/// Records of the past, newest first.
#[derive(Debug, Default)]
pub(super) struct Replay {
    records: Vec<Numbered>,
    bytes: usize,
}

impl Replay {
    /// Reads all that a search finds, as far as there is room; says if that is not all.
    pub(super) fn read(search: &mut Online) -> anyhow::Result<Self> {
        let mut replay = Self::default();
        loop {
            let (page, is_last) = search.numbered(PAGE_RECORDS_MAX)?;
            let is_whole = replay.add(page, RECORDS_MAX, BYTES_MAX);
            if !is_whole {
                print::complain(&format!(
                    "only the newest {} since then; `cairn lookup --since` has all",
                    print::count(replay.records.len() as u64, "record")
                ));
            }
            if is_last || !is_whole {
                return Ok(replay);
            }
        }
    }

    /// Adds a page; `false` if there is no room for all of it. What a tail leaves out is left out here.
    fn add(&mut self, page: Vec<Numbered>, records_max: usize, bytes_max: usize) -> bool {
        for numbered in page.into_iter().filter(|numbered| !is_tail(numbered.record.as_bytes())) {
            self.bytes += numbered.record.len();
            if self.records.len() == records_max || self.bytes > bytes_max {
                return false;
            }
            self.records.push(numbered);
        }
        true
    }

    /// The records in the order in which they happened.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = &str> {
        self.records.iter().rev().map(|numbered| numbered.record.as_str())
    }

    /// Their numbers: what comes may be among them.
    pub(super) fn numbers(self) -> HashSet<u64> {
        self.records.into_iter().map(|numbered| numbered.offset).collect()
    }
}

/// Whether a record is of a call that follows records, as the server's own `TailRecords` sees it.
fn is_tail(record: &[u8]) -> bool {
    RecordHead::parse(record).is_ok_and(|head| {
        head.event_name.as_deref() == Some("TailRecords")
            && head.event_source.as_deref() == Some("cairn.amazonaws.com")
    })
}

#[cfg(test)]
mod tests {
    use super::{Numbered, Replay};

    fn page(numbers: &[u64]) -> Vec<Numbered> {
        let numbered =
            |offset: &u64| Numbered { offset: *offset, record: format!("{{\"n\":{offset}}}") };
        numbers.iter().map(numbered).collect()
    }

    #[test]
    fn the_newest_are_kept_and_shown_in_their_order() {
        let mut replay = Replay::default();
        assert!(replay.add(page(&[9, 8]), 3, 1_000));
        assert!(replay.add(Vec::new(), 3, 1_000));
        assert!(!replay.add(page(&[7, 6]), 3, 1_000));
        let shown: Vec<_> = replay.oldest_first().collect();
        assert_eq!(shown, ["{\"n\":7}", "{\"n\":8}", "{\"n\":9}"]);
        assert_eq!(replay.numbers(), [7, 8, 9].into());
        assert!(!Replay::default().add(page(&[1, 2]), 9, 8), "nor more than so many bytes");
    }

    #[test]
    fn calls_of_a_tail_are_left_out() {
        let record = r#"{"eventName":"TailRecords","eventSource":"cairn.amazonaws.com"}"#;
        let mut replay = Replay::default();
        assert!(replay.add(vec![Numbered { offset: 1, record: record.to_owned() }], 9, 999));
        assert_eq!(replay.oldest_first().count(), 0);
    }
}
