//! The front: all trails that are not behind, one round after the other.

use std::sync::Arc;

use cairn_event::Timestamp;
use cairn_store::Offset;
use cairn_store::imported::Imported;

use super::book::Book;
use super::engine::{Engine, LEVEL, LEVEL_BEHIND};
use super::gather::{Ahead, Bounds, gather};
use super::record::{Front, Round};
use super::select::{Batch, Selection};
use super::write::deliver;
use crate::worker::StepError;

/// Where the front goes: to what was committed at a tick.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub to: Offset,
    pub at: Timestamp,
}

/// One step of the front.
pub(super) struct Advance<'a> {
    pub engine: &'a Arc<Engine>,
    pub book: &'a mut Book,
    pub imports: &'a Imported,
    pub ahead: &'a mut Option<Ahead>,
}

impl Advance<'_> {
    /// Does again what was planned before the process died.
    pub(super) async fn resume(self, round: Round) -> Result<(), StepError> {
        let selection = self.book.selection();
        let batch = gather(self.engine, &selection, round.from, Bounds::of(&round)).await?;
        self.finish(&selection, round, batch).await
    }

    /// Goes one round towards the target.
    pub(super) async fn go_on(self, target: Target, now: Timestamp) -> Result<(), StepError> {
        let Self { engine, imports, .. } = self;
        let from = imports.skip(self.book.cursor).min(target.to);
        let to = imports.stop(from, self.change_before(from, target.to));
        let selection = self.book.selection();
        if selection.members.is_empty() || from == to {
            return self.book.pass(engine, to).await;
        }
        let ready = match self.ahead.take() {
            Some(ahead) => ahead.take(&selection, from, to).await?,
            None => None,
        };
        let batch = match ready {
            Some(batch) => batch,
            None => gather(engine, &selection, from, Bounds::up_to(to, engine)).await?,
        };
        batch.count_left_out(engine, from);
        let end = batch.next.max(from);
        if batch.is_untouched() {
            return self.skip(&selection, &batch, end).await;
        }
        if end < to {
            *self.ahead = Some(Ahead::begin(engine, &selection, end, to));
        }
        let level = if end < target.to { LEVEL_BEHIND } else { LEVEL };
        let round = Round::new(from, end, now, level);
        let cursor = self.book.cursor;
        self.book.put_front(engine, Front { cursor, round: Some(round.clone()) }).await?;
        self.finish(&selection, round, batch).await
    }

    /// The first change of a trail at the front that lies ahead: what comes before it is selected
    /// by the document before.
    fn change_before(&self, from: Offset, to: Offset) -> Offset {
        let states = self.book.trails.values().map(|kept| &kept.state);
        let changes = states.filter(|state| state.lag.is_none()).flat_map(|state| &state.pending);
        changes.map(|change| change.from).filter(|at| *at > from).fold(to, Offset::min)
    }

    /// Passes over records that nobody takes; a stop that was awaited may be among them.
    async fn skip(self, selection: &Selection, batch: &Batch, to: Offset) -> Result<(), StepError> {
        self.book.pass(self.engine, to).await?;
        for (member, part) in (0_u32..).zip(&selection.members) {
            let Some(kept) = self.book.trails.get_mut(&part.id) else { continue };
            if kept.state.pass(member, batch, to) {
                self.book.reselect();
                self.book.put(self.engine, &part.id).await?;
            }
        }
        Ok(())
    }

    /// Writes the files of a round, then how its trails stand, then that it is done.
    async fn finish(
        self,
        selection: &Selection,
        round: Round,
        batch: Batch,
    ) -> Result<(), StepError> {
        let Self { engine, book, .. } = self;
        let batch = Arc::new(batch);
        let outcomes = deliver(engine, selection, &round, &batch, |_| Vec::new()).await?;
        for ((member, part), outcome) in (0_u32..).zip(&selection.members).zip(outcomes) {
            let Some(kept) = book.trails.get_mut(&part.id) else { continue };
            let mut news = outcome.is_some();
            let failed = outcome.as_ref().is_some_and(|written| written.failed);
            if let Some(written) = outcome {
                kept.state.show(&written);
                if failed {
                    kept.state.fall_behind(&round, written.done, engine.now());
                }
            }
            let drained = !failed && kept.state.pass(member, &batch, round.to);
            news |= drained;
            if failed || drained {
                book.reselect();
            }
            if news {
                book.put(engine, &part.id).await?;
            }
        }
        book.put_front(engine, Front { cursor: round.to, round: None }).await
    }
}
