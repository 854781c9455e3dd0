//! Newest first over everything: slices and chunks of the tail, merged by time.
//!
//! Each source has a *head*: its next hit, or only a bound that none of its hits is beyond. The
//! source with the highest head goes on: a hit is taken, a bound is made more exact (a slice is
//! opened, a list read on, a block of rows scanned). So an old slice is never opened for a page
//! of new records, and what was not looked at when a budget ends is known exactly.

mod slice;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use cairn_event::RecordHead;
use cairn_store::Offset;

use crate::plan::Plan;
use crate::rows::RowRef;
use crate::slice::Slice;
use crate::tail::{Chunk, TailHit};
use crate::{Found, HistoryError, Page, Position, SearchBudget};

use slice::SliceWalk;

/// The rows that a page may hold: from `low` on, below `high`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub low: Position,
    pub high: Position,
}

impl Window {
    /// Rows from `start` to `end`, both included, that come after a page.
    pub(crate) fn new(start: Option<i64>, end: Option<i64>, after: Option<Position>) -> Self {
        let at = |event_time_ms| Position { event_time_ms, offset: Offset::ZERO };
        let low = at(start.unwrap_or(i64::MIN));
        let end = end.map_or(POSITION_MAX, |end| end.checked_add(1).map_or(POSITION_MAX, at));
        Self { low, high: after.map_or(end, |after| after.min(end)) }
    }

    fn holds(&self, row: Position) -> bool {
        self.low <= row && row < self.high
    }

    /// Whether rows of these times can be in it.
    fn meets(&self, times: std::ops::RangeInclusive<i64>) -> bool {
        *times.start() <= self.high.event_time_ms && self.low.event_time_ms <= *times.end()
    }

    /// The highest row that it and a source up to a time can share.
    fn bound(&self, event_time_ms_max: i64) -> Position {
        Position { event_time_ms: event_time_ms_max, offset: Offset::new(u64::MAX) }.min(self.high)
    }
}

const POSITION_MAX: Position = Position { event_time_ms: i64::MAX, offset: Offset::new(u64::MAX) };

/// What a source says of its next hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// There is none.
    Done,
    /// None is beyond this.
    Bound(Position),
    /// It is this row, if its record passes.
    Row(Position),
}

/// Something to walk over.
enum Source {
    /// A chunk of the tail that is not looked at yet.
    Chunk(Arc<Chunk>),
    /// Hits of the tail, lowest first.
    Hits(Vec<TailHit>),
    Slice(Box<SliceWalk>),
}

/// Takes a record, and its head if it was parsed.
type Show<'s> = dyn FnMut(&[u8], Option<&RecordHead<'_>>) + 's;

/// From how many slices a walk reads records without opening their pages anew.
const READING_MAX: usize = 2;

/// A walk over all sources of one query.
pub(crate) struct Walk<'p> {
    plan: &'p dyn Plan,
    window: Window,
    sources: Vec<Source>,
    /// The head of each source that is not done.
    heads: BinaryHeap<(Position, Reverse<bool>, usize)>,
    /// The slices that may hold a page of records, the latest one last.
    reading: Vec<usize>,
    budget: SearchBudget<'p>,
    rows_scanned: u64,
}

impl<'p> Walk<'p> {
    pub(crate) fn new(plan: &'p dyn Plan, window: Window, budget: SearchBudget<'p>) -> Self {
        let (sources, heads, reading) = (Vec::new(), BinaryHeap::new(), Vec::new());
        Self { plan, window, sources, heads, reading, budget, rows_scanned: 0 }
    }

    /// Adds a slice; it is opened when the walk comes to it.
    pub(crate) fn add_slice(&mut self, slice: &Arc<Slice>) {
        let facts = slice.facts();
        if self.window.meets(facts.event_time_ms_min..=facts.event_time_ms_max) {
            let bound = self.window.bound(facts.event_time_ms_max);
            self.add(
                Source::Slice(Box::new(SliceWalk::new(Arc::clone(slice)))),
                Head::Bound(bound),
            );
        }
    }

    /// Adds a closed chunk of the tail.
    pub(crate) fn add_chunk(&mut self, chunk: &Arc<Chunk>) {
        let Some(newest) = chunk.event_time_ms_max() else { return };
        let bound = self.window.bound(newest);
        self.add(Source::Chunk(Arc::clone(chunk)), Head::Bound(bound));
    }

    /// Adds what passes of a chunk that may not be held.
    pub(crate) fn add_hits_of(&mut self, chunk: &Chunk) {
        let hits = chunk_hits(self.plan, self.window, chunk);
        let head = last_of(&hits);
        self.add(Source::Hits(hits), head);
    }

    fn add(&mut self, source: Source, head: Head) {
        self.sources.push(source);
        self.push(head, self.sources.len() - 1);
    }

    fn push(&mut self, head: Head, source: usize) {
        match head {
            Head::Done => {}
            // At the same position a row is taken before a bound is looked into: it cannot hold
            // a higher one.
            Head::Bound(at) => self.heads.push((at, Reverse(true), source)),
            Head::Row(at) => self.heads.push((at, Reverse(false), source)),
        }
    }

    /// Takes what is shown of up to `limit` hits, and says where to go on if there are more.
    pub(crate) fn page<T>(
        mut self,
        limit: usize,
        mut show: impl FnMut(Found<'_>) -> T,
    ) -> Result<Page<T>, HistoryError> {
        let mut page = Page { hits: Vec::new(), next: None, rows_scanned: 0 };
        let mut last = None;
        while let Some((at, Reverse(bound), source)) = self.heads.pop() {
            if at < self.window.low {
                break;
            }
            if page.hits.len() == limit && bound && self.plan.scan().is_some() {
                // Looking for one more could take long; the next page may turn out empty.
                page.next = last.or(Some(self.beyond(at)));
                break;
            }
            // A row that a scan found is paid for; taking it is what makes the page go on.
            if (bound || self.is_unchecked(source)) && self.is_spent() {
                page.next = Some(self.beyond(at));
                break;
            }
            if bound {
                let head = self.refine(source)?;
                self.push(head, source);
                continue;
            }
            let mut hit = None;
            let (has_room, Position { event_time_ms, offset }) = (page.hits.len() < limit, at);
            let passes = self.take(source, &mut |record, head| {
                if has_room {
                    hit = Some(show(Found { offset, event_time_ms, record, head }));
                }
            })?;
            let head = self.after_take(source)?;
            self.push(head, source);
            if let Some(hit) = hit {
                page.hits.push(hit);
                last = Some(at);
            } else if passes {
                // One more than wanted: so there is a next page.
                page.next = last.or(Some(self.beyond(at)));
                break;
            }
        }
        page.rows_scanned = self.rows_scanned;
        Ok(page)
    }

    /// Whether the budget is used up. The first block is always looked at.
    fn is_spent(&self) -> bool {
        self.rows_scanned > 0 && (self.rows_scanned >= self.budget.rows_max || (self.budget.stop)())
    }

    /// Whether rows of a source are candidates only.
    fn is_unchecked(&self, source: usize) -> bool {
        matches!(&self.sources[source], Source::Slice(walk) if walk.is_unchecked())
    }

    /// The position whose next page begins with this row.
    fn beyond(&self, row: Position) -> Position {
        let next = match row.offset.as_u64().checked_add(1) {
            Some(offset) => Position { offset: Offset::new(offset), ..row },
            None => Position {
                event_time_ms: row.event_time_ms.saturating_add(1),
                offset: Offset::ZERO,
            },
        };
        next.min(self.window.high)
    }

    /// Makes room for a slice's page: a page takes most of a megabyte, and hits may come from
    /// hundreds of slices in turn.
    fn read_from(&mut self, source: usize) {
        if self.reading.last() == Some(&source) {
            return;
        }
        self.reading.retain(|reading| *reading != source);
        if self.reading.len() == READING_MAX
            && let Source::Slice(walk) = &mut self.sources[self.reading.remove(0)]
        {
            walk.close_records();
        }
        self.reading.push(source);
    }

    /// Makes a bound more exact.
    fn refine(&mut self, source: usize) -> Result<Head, HistoryError> {
        if self.plan.scan().is_some() {
            self.read_from(source);
        }
        match &mut self.sources[source] {
            Source::Hits(hits) => Ok(last_of(hits)),
            Source::Chunk(chunk) => {
                let hits = chunk_hits(self.plan, self.window, chunk);
                let head = last_of(&hits);
                self.sources[source] = Source::Hits(hits);
                Ok(head)
            }
            Source::Slice(walk) => {
                let left = self.budget.rows_max.saturating_sub(self.rows_scanned);
                walk.refine(self.plan, self.window, left, &mut self.rows_scanned)
            }
        }
    }

    /// Shows the hit at a source's head; `false` if its record does not pass after all.
    fn take(&mut self, source: usize, show: &mut Show<'_>) -> Result<bool, HistoryError> {
        self.read_from(source);
        match &mut self.sources[source] {
            Source::Chunk(_) => Ok(false),
            Source::Hits(hits) => {
                let Some((_, record)) = hits.pop() else { return Ok(false) };
                show(&record, None);
                Ok(true)
            }
            Source::Slice(walk) => walk.take(self.plan, &mut self.rows_scanned, show),
        }
    }

    fn after_take(&mut self, source: usize) -> Result<Head, HistoryError> {
        match &mut self.sources[source] {
            Source::Chunk(_) => Ok(Head::Done),
            Source::Hits(hits) => Ok(last_of(hits)),
            Source::Slice(walk) => walk.head(),
        }
    }
}

fn last_of(hits: &[TailHit]) -> Head {
    hits.last().map_or(Head::Done, |(row, _)| Head::Row(*row))
}

/// What passes of a chunk, lowest first.
fn chunk_hits(plan: &dyn Plan, window: Window, chunk: &Chunk) -> Vec<TailHit> {
    let mut hits = Vec::new();
    plan.chunk_rows(chunk, &mut |row: RowRef<'_>| {
        let at = Position { event_time_ms: row.event_time_ms(), offset: Offset::new(row.offset()) };
        if window.holds(at) {
            hits.push((at, row.record().clone()));
        }
    });
    hits.sort_unstable_by_key(|(at, _)| *at);
    hits
}
