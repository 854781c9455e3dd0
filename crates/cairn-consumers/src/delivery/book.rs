//! The state documents of delivery as the worker holds them: read once, then written through.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_event::Timestamp;
use cairn_event::trail::place;
use cairn_store::meta::VALUE_BYTES_MAX;
use cairn_store::{Key, MetaStore, Offset, Version};

use super::engine::Engine;
use super::record::{Front, TrailState};
use super::select::Selection;
use crate::state;
use crate::worker::StepError;

/// What comes before the trail's id in the keys of states.
const STATES: &str = "delivery/trail/";
/// How far the front may be ahead of what is written down, while nobody takes anything.
const FRONT_RECORDS_MAX: u64 = 200_000;
/// How long it may be so.
const FRONT_MS_MAX: i64 = 300_000;

/// The state of a trail and the version under which it can be replaced.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub state: TrailState,
    pub version: Option<Version>,
}

/// Everything that delivery has written down.
#[derive(Debug)]
pub(super) struct Book {
    front: Front,
    front_version: Option<Version>,
    front_written: Timestamp,
    /// How far the front is. What is written down may lag behind while nobody takes anything.
    pub cursor: Offset,
    pub trails: BTreeMap<String, Kept>,
    /// The trails at the front; none if it has to be compiled anew.
    selection: Option<Arc<Selection>>,
}

impl Book {
    /// Reads it. Where delivery has never been, the front begins at the end of the log: trails that
    /// began before catch up.
    pub(super) async fn read(engine: &Engine) -> Result<Self, StepError> {
        let meta = engine.meta.as_ref();
        let end = engine.log.committed();
        let (front, front_version) = match state::get::<Front>(meta, place::FRONT).await? {
            Some((front, version)) => (front, Some(version)),
            None => (Front { cursor: end, round: None }, None),
        };
        let mut trails = BTreeMap::new();
        for (key, found) in state::list(meta, STATES).await? {
            let state: TrailState = state::parse(key.as_str(), &found.value)?;
            let id = key.as_str().trim_start_matches(STATES).to_owned();
            trails.insert(id, Kept { state, version: Some(found.version) });
        }
        let mut book = Self {
            cursor: front.cursor,
            front: front.clone(),
            front_version,
            front_written: engine.now(),
            trails,
            selection: None,
        };
        if front_version.is_none() {
            // At once: the next start must not begin later than this one.
            book.put_front(engine, front).await?;
        }
        Ok(book)
    }

    /// The front as it is written down.
    pub(super) fn front(&self) -> &Front {
        &self.front
    }

    /// Writes down how far the front is, and what it is about to write.
    pub(super) async fn put_front(
        &mut self,
        engine: &Engine,
        front: Front,
    ) -> Result<(), StepError> {
        let meta = engine.meta.as_ref();
        let version = state::put(meta, place::FRONT, self.front_version, &front).await?;
        self.front_version = Some(version);
        self.cursor = front.cursor;
        self.front = front;
        self.front_written = engine.now();
        Ok(())
    }

    /// Moves the front over records that nobody takes. That is written down only now and then:
    /// after a crash they are looked at again.
    pub(super) async fn pass(&mut self, engine: &Engine, to: Offset) -> Result<(), StepError> {
        self.cursor = to;
        let records = to.since(self.front.cursor);
        let ms = engine.now().as_ms().saturating_sub(self.front_written.as_ms());
        if records >= FRONT_RECORDS_MAX || (records > 0 && ms >= FRONT_MS_MAX) {
            self.put_front(engine, Front { cursor: to, round: None }).await?;
        }
        Ok(())
    }

    /// Writes down the state of a trail.
    pub(super) async fn put(&mut self, engine: &Engine, id: &str) -> Result<(), StepError> {
        let Some(kept) = self.trails.get_mut(id) else { return Ok(()) };
        put(engine.meta.as_ref(), kept).await
    }

    /// Forgets a trail whose documents are gone.
    pub(super) async fn remove(&mut self, engine: &Engine, id: &str) -> Result<(), StepError> {
        let Some(kept) = self.trails.remove(id) else { return Ok(()) };
        self.selection = None;
        let Some(version) = kept.version else { return Ok(()) };
        Ok(engine.meta.remove(&Key::parse(&place::delivery(id))?, version).await?)
    }

    /// The trails at the front, compiled together.
    pub(super) fn selection(&mut self) -> Arc<Selection> {
        let trails = &self.trails;
        let compile = || {
            let states = trails.iter().map(|(id, kept)| (id, &kept.state));
            Arc::new(Selection::compile(states.filter(|(_, state)| state.is_at_front())))
        };
        Arc::clone(self.selection.get_or_insert_with(compile))
    }

    /// The trails at the front, or what they select, have changed.
    pub(super) fn reselect(&mut self) {
        self.selection = None;
    }

    /// The lowest offset that is still to be read.
    pub(super) fn needed(&self) -> Offset {
        let lags = self.trails.values().filter_map(|kept| Some(kept.state.lag.as_ref()?.next));
        lags.fold(self.front.cursor, Offset::min)
    }
}

/// Writes down a state.
pub(super) async fn put(meta: &dyn MetaStore, kept: &mut Kept) -> Result<(), StepError> {
    kept.state.shrink(VALUE_BYTES_MAX);
    let key = place::delivery(&kept.state.adopted.id);
    kept.version = Some(state::put(meta, &key, kept.version, &kept.state).await?);
    Ok(())
}
