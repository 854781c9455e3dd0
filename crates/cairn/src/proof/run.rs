//! Runs of a chain: from a starting digest to a final one.

use cairn_event::Timestamp;

use super::inventory::Place;

/// The least and the most time that the next digest is waited for.
const PATIENCE_MS: (i64, i64) = (10_000, 3_600_000);
/// The most digests that are missed one by one after the end of a run.
const MISSED_MAX: i64 = 10_000;

/// A run of a chain, as far as it was seen.
#[derive(Debug)]
pub(crate) struct Run {
    /// Its newest good digest.
    pub(crate) last: Place,
    /// How long that one's window is.
    last_ms: i64,
    /// The longest window: those of a run are of one length, only the final one is shorter.
    pub(crate) interval: i64,
    /// When the run after it begins; `None` if there is none.
    pub(crate) next_start: Option<Timestamp>,
    /// The end of the digest after its last, if that one cannot be believed.
    pub(crate) bad_end: Option<Timestamp>,
    /// Whether the files of its last digest hold a call that ends a run.
    pub(crate) has_ending: bool,
}

impl Run {
    pub(crate) fn new(
        last: Place,
        last_ms: i64,
        next_start: Option<Timestamp>,
        bad_end: Option<Timestamp>,
    ) -> Self {
        Self { last, last_ms, interval: last_ms, next_start, bad_end, has_ending: false }
    }

    /// Whether its last digest is a final one.
    pub(crate) fn is_closed(&self) -> bool {
        self.bad_end.is_none() && (self.last_ms < self.interval || self.has_ending)
    }

    /// Ends of digests that should be there, but are not: up to a time, as far as the next digest is
    /// not just on its way, and up to the newest one of the same trail elsewhere.
    pub(crate) fn missed(
        &self,
        now: Timestamp,
        until: Option<Timestamp>,
        elsewhere: Option<Timestamp>,
    ) -> impl Iterator<Item = Timestamp> {
        let interval = self.interval.max(1);
        let patience = interval.clamp(PATIENCE_MS.0, PATIENCE_MS.1);
        let due = until.map(|until| until.as_ms().min(now.as_ms().saturating_sub(patience)));
        let to = due.max(elsewhere.map(Timestamp::as_ms)).unwrap_or(i64::MIN);
        let from = self.bad_end.map_or(self.last.end, |end| end.max(self.last.end)).as_ms();
        (1..=MISSED_MAX)
            .map(move |number| from.saturating_add(number.saturating_mul(interval)))
            .take_while(move |end| *end <= to)
            .map(Timestamp::from_ms)
    }
}
