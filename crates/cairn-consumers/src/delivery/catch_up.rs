//! How trails catch up that are behind the front: trails at the same place together, beside the
//! front, one round at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_event::Timestamp;
use cairn_store::Offset;
use cairn_store::imported::Imported;

use super::book::{Kept, put};
use super::engine::{Engine, LEVEL_BEHIND};
use super::gather::{Bounds, gather};
use super::metric;
use super::record::{Lag, Round, TrailState};
use super::select::{Batch, Selection};
use super::write::{Written, deliver};
use crate::worker::StepError;

/// Trails that go on from the same place.
#[derive(Debug)]
pub(super) struct CatchUp {
    pub trails: BTreeMap<String, Kept>,
    /// Where the front is: they go as far as that.
    pub front: Offset,
    pub imports: Arc<Imported>,
}

/// What brings trails together that are behind.
pub(super) fn lane(lag: &Lag) -> (Offset, Option<Round>) {
    (lag.next, lag.round.clone())
}

impl CatchUp {
    /// Makes one round, and gives back how the trails stand after it. It writes the states itself.
    pub(super) async fn run(
        mut self,
        engine: &Arc<Engine>,
    ) -> Result<BTreeMap<String, Kept>, StepError> {
        let Some((next, planned)) = self.place() else { return Ok(self.trails) };
        let states = self.trails.iter().map(|(id, kept)| (id, &kept.state));
        let selection = Arc::new(Selection::compile(states));
        let (from, to) = match &planned {
            Some(round) => (round.from, round.to),
            None => self.run_of(next),
        };
        let bounds = match &planned {
            Some(round) => Bounds::of(round),
            None => Bounds::up_to(to, engine),
        };
        let batch = Arc::new(gather(engine, &selection, from, bounds).await?);
        if planned.is_none() {
            batch.count_left_out(engine, from);
        } else {
            batch.count_missed(engine, from);
        }
        let at = engine.now();
        let round = planned.clone();
        let round =
            round.unwrap_or_else(|| Round::new(from, batch.next.max(from), at, LEVEL_BEHIND));
        if planned.is_none() {
            self.plan(engine, &selection, &batch, &round).await?;
        }
        let done = |id: &str| {
            let lag = self.trails.get(id).and_then(|kept| kept.state.lag.as_ref());
            lag.map(|lag| lag.done.clone()).unwrap_or_default()
        };
        let outcomes = deliver(engine, &selection, &round, &batch, done).await?;
        for (member, written) in outcomes.into_iter().enumerate() {
            let Some(kept) = self.trails.get_mut(&selection.members[member].id) else { continue };
            let end = RoundEnd { member: member as u32, batch: &batch, round: &round };
            end.settle(engine, &mut kept.state, written, engine.now());
            kept.state.ripen(self.front);
            put(engine.meta.as_ref(), kept).await?;
        }
        Ok(self.trails)
    }

    fn place(&self) -> Option<(Offset, Option<Round>)> {
        self.trails.values().next()?.state.lag.as_ref().map(lane)
    }

    /// How far a new round may go: records before a change are selected by the document before it,
    /// and those of an import by none.
    fn run_of(&self, next: Offset) -> (Offset, Offset) {
        let pending = self.trails.values().flat_map(|kept| &kept.state.pending);
        let changes = pending.map(|pending| pending.from).filter(|from| *from > next);
        let to = changes.fold(self.front, Offset::min).max(next);
        let from = self.imports.skip(next).min(to);
        (from, self.imports.stop(from, to))
    }

    /// Writes down the round, for those who will get files of it.
    async fn plan(
        &mut self,
        engine: &Engine,
        selection: &Selection,
        batch: &Batch,
        round: &Round,
    ) -> Result<(), StepError> {
        for (member, taken) in selection.members.iter().zip(&batch.taken) {
            let Some(kept) = self.trails.get_mut(&member.id).filter(|_| !taken.is_empty()) else {
                continue;
            };
            if let Some(lag) = &mut kept.state.lag {
                lag.round = Some(round.clone());
                put(engine.meta.as_ref(), kept).await?;
            }
        }
        Ok(())
    }
}

/// The end of a round for one trail.
struct RoundEnd<'a> {
    member: u32,
    batch: &'a Batch,
    round: &'a Round,
}

impl RoundEnd<'_> {
    fn settle(
        &self,
        engine: &Engine,
        state: &mut TrailState,
        written: Option<Written>,
        now: Timestamp,
    ) {
        let Some(written) = written else { return self.go_on(state, now, None) };
        state.show(&written);
        if !written.failed {
            return self.go_on(state, now, None);
        }
        let newest_ms = self.batch.appended_ms.map_or(i64::MAX, |(_, last)| last);
        if !state.gives_up(newest_ms, engine.age_now()) {
            return state.fall_behind(self.round, written.done, now);
        }
        let since = state.lag.as_ref().and_then(|lag| lag.since);
        state.given_up = state.given_up.saturating_add(written.left);
        metric::given_up(&engine.counts, written.left);
        tracing::error!(trail = %state.adopted.arn(), records = written.left,
            from = self.round.from.as_u64(), to = self.round.to.as_u64(),
            "records are given up: they could not be delivered in 30 days");
        self.go_on(state, now, since);
    }

    /// The trail goes on behind this round; `since`: it is still broken.
    fn go_on(&self, state: &mut TrailState, now: Timestamp, since: Option<Timestamp>) {
        state.pass(self.member, self.batch, self.round.to);
        let attempts = state.lag.as_ref().filter(|_| since.is_some()).map_or(0, |lag| lag.attempts);
        let (next, done) = (self.round.to, Vec::new());
        state.lag = Some(Lag { next, round: None, done, attempts, retry_at: now, since });
    }
}
