//! When a chain was written, and of what: so that the chains of a trail can be held against each other.

use cairn_event::Timestamp;
use cairn_event::digest::Digest;

/// How much earlier than its record a call may have begun: by so much may events lie outside of the
/// time in which their trail logged. AWS delivers within 15 minutes, typically (documented); where
/// digests are written more often, everything is quicker (assumed).
const EVENT_AGE_MS: (i64, i64) = (10_000, 900_000);

/// A stretch of time; none, where nothing bounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

/// A good digest, by its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dated {
    pub(crate) end: Timestamp,
    /// The length of its window.
    length_ms: i64,
    /// The oldest and the newest event of its files, if it has any.
    events: Option<(Timestamp, Timestamp)>,
}

/// The time that a chain covers, newest first.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    covered: Vec<(Timestamp, Timestamp)>,
    pub(crate) digests: Vec<Dated>,
}

impl Spans {
    /// Notes that a digest covers a window; with what comes after it in the chain, if it is linked to
    /// that: what is missing between them is missed by the chain itself.
    pub(crate) fn cover(&mut self, start: Timestamp, end: Timestamp, is_linked: bool) {
        match self.covered.last_mut() {
            Some((first, _)) if is_linked || end >= *first => *first = start.min(*first),
            _ => self.covered.push((start, end)),
        }
    }

    /// Notes a good digest.
    pub(crate) fn note(&mut self, start: Timestamp, end: Timestamp, digest: &Digest) {
        let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse_iso);
        let events = time(&digest.oldest_event_time).zip(time(&digest.newest_event_time));
        let length_ms = end.as_ms().saturating_sub(start.as_ms());
        self.digests.push(Dated { end, length_ms, events });
    }

    /// What lies before, between and after what is covered, newest first.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        let mut to = None;
        let mut gaps = Vec::new();
        for (start, end) in &self.covered {
            gaps.push(Gap { from: Some(*end), to });
            to = Some(*start);
        }
        gaps.push(Gap { from: None, to });
        gaps
    }
}

impl Gap {
    /// Whether all of a digest's window is in it.
    pub(crate) fn holds(&self, digest: &Dated) -> bool {
        let start = digest.end.as_ms().saturating_sub(digest.length_ms);
        self.from.is_none_or(|from| start >= from.as_ms())
            && self.to.is_none_or(|to| digest.end <= to)
    }

    /// Whether a digest of a trail, written at such an interval, has events that say that the trail
    /// logged inside.
    pub(crate) fn is_belied_by(&self, digest: &Dated, interval_ms: i64) -> bool {
        let Some((oldest, newest)) = digest.events else { return false };
        let age = interval_ms.clamp(EVENT_AGE_MS.0, EVENT_AGE_MS.1);
        let is_inside = |at: Timestamp| {
            self.from.is_none_or(|from| at.as_ms() > from.as_ms().saturating_add(age))
                && self.to.is_none_or(|to| at.as_ms() < to.as_ms().saturating_sub(age))
        };
        is_inside(oldest) || is_inside(newest)
    }
}
