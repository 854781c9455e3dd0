//! How a trail's document comes to select records.
//!
//! A document selects the records from the offset on at which it was written (`changed`); those
//! before are selected by the document before. Two things need no such care, and are taken at once:
//! when it logs (spans are offsets themselves), and, while its bucket is broken, where its files
//! go, so that a mended trail can deliver what is left.

use cairn_event::Timestamp;
use cairn_event::trail::{Delivery, LoggingSpan, SpanEnd, Trail};
use cairn_store::{Offset, Version};

use super::record::{Lag, Pending, TrailState};

/// How many documents of one trail may wait for their time.
const PENDING_MAX: usize = 8;
/// How many ended spans are remembered that were not delivered yet.
const SPANS_MAX: usize = 256;

impl TrailState {
    /// A trail that delivery sees for the first time, with the front at `cursor`.
    pub(super) fn first(doc: &Trail, version: Version, cursor: Offset, now: Timestamp) -> Self {
        let mut state = Self {
            delivery: Delivery::default(),
            adopted: bare(doc),
            seen: version.as_u64(),
            pending: Vec::new(),
            through: cursor,
            lag: None,
            drained: doc.spans.iter().all(|span| span.end.is_none()),
            stop_taken: None,
            given_up: 0,
        };
        let late = doc.spans.iter().map(|span| Offset::new(span.from)).min();
        state.fall_back_to(late, cursor, now);
        state
    }

    /// Whether the trail is delivered to with all others.
    pub(super) fn is_at_front(&self) -> bool {
        self.lag.is_none() && (self.adopted.is_logging() || !self.drained)
    }

    /// The first record that the trail has not had, with the front at `cursor`.
    pub(super) fn position(&self, cursor: Offset) -> Offset {
        self.lag.as_ref().map_or(cursor, |lag| lag.next)
    }

    /// Takes in a document, and says whether anything changed. Never while the front has a round
    /// planned: what that selects must not change.
    pub(super) fn take_in(
        &mut self,
        doc: &Trail,
        version: Version,
        cursor: Offset,
        now: Timestamp,
    ) -> bool {
        if version.as_u64() <= self.seen {
            return false;
        }
        self.seen = version.as_u64();
        let is_idle = self.lag.is_none() && !self.is_at_front();
        let doc = bare(doc);
        let position = self.position(cursor);
        let planned = self.lag.as_ref().and_then(|lag| lag.round.as_ref()).map(|round| round.to);
        self.redirect(&doc, now);
        let spans = self.merged_spans(&doc.spans);
        let is_steady = planned.is_none_or(|to| agree_before(self.spans(), &spans, to));
        let new = newer_than(self.spans(), &spans);
        if last_end(&spans) != last_end(&self.newest().spans) {
            self.drained = false;
        }
        let from = Offset::new(doc.changed);
        // One that takes nothing has no records before the change.
        let is_due = from <= position || is_idle;
        let doc = Trail { spans: spans.clone(), ..doc };
        if is_steady && same_selection(self.newest(), &doc) {
            *self.newest_mut() = doc;
        } else if is_steady && planned.is_none() && self.pending.is_empty() && is_due {
            self.adopted = doc;
            self.through = self.through.max(position);
        } else {
            let from = self.pending.last().map_or(from, |before| before.from.max(from));
            self.pending.push(Pending { from, trail: doc });
        }
        if is_steady {
            self.set_spans(&spans);
        }
        if self.pending.len() > PENDING_MAX {
            self.pending.remove(PENDING_MAX - 1);
        }
        if planned.is_none() {
            self.fall_back_to(new, position, now);
        }
        true
    }

    /// Adopts the documents whose time has come, and says whether there were any.
    pub(super) fn ripen(&mut self, cursor: Offset) -> bool {
        let position = self.position(cursor);
        let planned = self.lag.as_ref().is_some_and(|lag| lag.round.is_some());
        let ripe = self.pending.iter().take_while(|pending| pending.from <= position).count();
        if planned || ripe == 0 {
            return false;
        }
        let Some(last) = self.pending.drain(..ripe).next_back() else { return false };
        self.adopted = last.trail;
        // A front that is not written down may come here again, for its old documents.
        self.through = self.through.max(position);
        true
    }

    /// A trail that began to log before the place where it would be read goes back to there. What
    /// it has had of that run is the record of its last stop, if anything.
    fn fall_back_to(&mut self, from: Option<Offset>, position: Offset, now: Timestamp) {
        let Some(from) = from.filter(|from| *from < position) else { return };
        self.through = self.through.min(from);
        let lag = Lag {
            next: from,
            round: None,
            done: Vec::new(),
            attempts: 0,
            retry_at: now,
            since: None,
        };
        match &mut self.lag {
            Some(lag) => lag.next = lag.next.min(from),
            none => *none = Some(lag),
        }
    }

    /// Where the files of a trail go that is behind: to where its newest document says, at once.
    fn redirect(&mut self, doc: &Trail, now: Timestamp) {
        let Some(lag) = &mut self.lag else { return };
        let pending = self.pending.iter_mut().map(|pending| &mut pending.trail);
        let mut moved = false;
        for trail in std::iter::once(&mut self.adopted).chain(pending) {
            moved |= place_of(trail) != place_of(doc);
            trail.bucket.clone_from(&doc.bucket);
            trail.prefix.clone_from(&doc.prefix);
            trail.kms_key_arn.clone_from(&doc.kms_key_arn);
        }
        if moved {
            lag.retry_at = now;
            lag.attempts = 0;
        }
    }

    fn newest(&self) -> &Trail {
        self.pending.last().map_or(&self.adopted, |pending| &pending.trail)
    }

    fn newest_mut(&mut self) -> &mut Trail {
        self.pending.last_mut().map_or(&mut self.adopted, |pending| &mut pending.trail)
    }

    fn set_spans(&mut self, spans: &[LoggingSpan]) {
        self.adopted.spans = spans.to_vec();
        for pending in &mut self.pending {
            pending.trail.spans = spans.to_vec();
        }
    }

    /// The spans of a document, after older ones that it does not tell any more and that were not
    /// delivered yet.
    fn merged_spans(&self, spans: &[LoggingSpan]) -> Vec<LoggingSpan> {
        let first = spans.first().map_or(u64::MAX, |span| span.from);
        let through = self.through.as_u64();
        let kept = self.newest().spans.iter().filter(|span| {
            span.from < first && span.end.as_ref().is_some_and(|end| end.offset > through)
        });
        let mut merged: Vec<_> = kept.cloned().collect();
        merged.drain(..merged.len().saturating_sub(SPANS_MAX));
        merged.extend_from_slice(spans);
        merged
    }

    /// Makes it fit into a value of small state: of documents that wait, the newest counts.
    pub(super) fn shrink(&mut self, bytes_max: usize) {
        while self.pending.len() > 1
            && serde_json::to_vec(self).is_ok_and(|text| text.len() > bytes_max)
        {
            self.pending.remove(self.pending.len() - 2);
        }
    }
}

/// Where a trail stopped last.
pub(super) fn last_end(spans: &[LoggingSpan]) -> Option<&SpanEnd> {
    spans.iter().rev().find_map(|span| span.end.as_ref())
}

/// A document without what delivery does not ask.
fn bare(doc: &Trail) -> Trail {
    let mut doc = doc.clone();
    doc.tags.clear();
    doc
}

fn place_of(trail: &Trail) -> (&str, Option<&str>, Option<&str>) {
    (&trail.bucket, trail.prefix.as_deref(), trail.kms_key_arn.as_deref())
}

/// Whether two documents select the same records of the time in which they log, and treat them
/// alike.
fn same_selection(one: &Trail, other: &Trail) -> bool {
    let switches = |trail: &Trail| {
        (
            trail.includes_global_service_events,
            trail.is_multi_region,
            trail.recursive_logging,
            trail.validates_log_files,
        )
    };
    switches(one) == switches(other)
        && place_of(one) == place_of(other)
        && one.selectors == other.selectors
}

/// Whether two lists of spans say the same of all records before an offset.
fn agree_before(one: &[LoggingSpan], other: &[LoggingSpan], to: Offset) -> bool {
    let to = to.as_u64();
    let before = |spans: &[LoggingSpan]| -> Vec<(u64, Option<u64>)> {
        let spans = spans.iter().filter(|span| span.from < to);
        let end = |span: &LoggingSpan| {
            span.end.as_ref().map(|end| end.offset).filter(|offset| *offset < to)
        };
        spans.map(|span| (span.from, end(span))).collect()
    };
    before(one) == before(other)
}

/// Where the first span begins that is later than all that are known.
fn newer_than(known: &[LoggingSpan], spans: &[LoggingSpan]) -> Option<Offset> {
    let last = known.last().map(|span| (span.from, span.started));
    let new = spans.iter().find(|span| last.is_none_or(|last| (span.from, span.started) > last));
    new.map(|span| Offset::new(span.from))
}
