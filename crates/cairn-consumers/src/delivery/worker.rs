//! The worker itself: what is due, and when to look again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cairn_event::Timestamp;
use cairn_event::trail::place;
use cairn_store::imported::Imported;
use cairn_store::{KeyPrefix, MetaWatch, Offset};
use serde::Serialize;
use tokio::task::{JoinError, JoinSet};

use super::book::{Book, Kept};
use super::catch_up::{CatchUp, lane};
use super::docs::Documents;
use super::engine::{Counts, Engine};
use super::front::{Advance, Target};
use super::gather::Ahead;
use super::record::Round;
use super::{Needed, metric};
use crate::worker::{Progress, StepError, Worker};

/// The longest time without a look at the clock, which may be another one than the runtime's.
const WAIT_MS_MAX: i64 = 1_000;
/// How many groups of trails catch up at the same time, each with a round in memory.
const CATCH_UPS_MAX: usize = 4;

/// Delivers the records of all trails.
#[derive(Debug)]
pub struct DeliveryWorker {
    engine: Arc<Engine>,
    needed: Needed,
    /// What is written down; none before it is read, and after an error, which leaves open what
    /// was written.
    book: Option<Book>,
    documents: Documents,
    trails_watch: MetaWatch,
    gone_watch: MetaWatch,
    /// Documents may have changed since they were read.
    is_stale: bool,
    /// A trail has come back that did not see its document.
    has_returned: bool,
    imports: Arc<Imported>,
    tick: Option<i64>,
    target: Option<Target>,
    ahead: Option<Ahead>,
    catch_ups: JoinSet<Result<BTreeMap<String, Kept>, StepError>>,
    caught_up: Vec<CaughtUp>,
    /// Trails that are catching up now.
    busy: BTreeSet<String>,
}

/// How a round of trails behind the front has ended.
type CaughtUp = Result<Result<BTreeMap<String, Kept>, StepError>, JoinError>;

/// How delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryStatus {
    /// The first record that trails have not had which are not behind.
    pub next: Offset,
    /// How many committed records lie beyond it. They wait for the next tick.
    pub waiting: u64,
    /// How many trails are known that log or have logged.
    pub trails: usize,
    /// How many of them are behind.
    pub trails_behind: usize,
    /// How many of those cannot be delivered to.
    pub trails_broken: usize,
    /// How many files were written since the start.
    pub files: u64,
    /// Their length, compressed.
    pub bytes: u64,
    /// The records in them.
    pub records: u64,
    /// How many files buckets did not take.
    pub failures: u64,
    /// How many records were given up after 30 days.
    pub given_up: u64,
    /// How many records the log had lost before they could be read.
    pub missed: u64,
    /// How many records trails select that are in no file, since they name no region.
    pub unplaced: u64,
}

impl DeliveryWorker {
    pub(super) fn new(engine: Arc<Engine>, needed: Needed) -> Self {
        let watch = |prefix| engine.meta.watch(&KeyPrefix::new(prefix));
        let (trails_watch, gone_watch) = (watch(place::TRAILS), watch(place::GONE));
        Self {
            engine,
            needed,
            book: None,
            documents: Documents::default(),
            trails_watch,
            gone_watch,
            is_stale: true,
            has_returned: false,
            imports: Arc::default(),
            tick: None,
            target: None,
            ahead: None,
            catch_ups: JoinSet::new(),
            caught_up: Vec::new(),
            busy: BTreeSet::new(),
        }
    }

    /// Whether trails are on their way behind the front.
    #[cfg(test)]
    pub(super) fn is_catching_up(&self) -> bool {
        !self.catch_ups.is_empty() || !self.caught_up.is_empty()
    }

    async fn advance(&mut self, now: Timestamp) -> Result<Progress, StepError> {
        // Before documents are read: one that is not there yet says of nothing before this.
        let committed = self.engine.log.committed();
        if self.book.is_none() {
            // Trails that are behind go on before the first tick.
            self.imports = Arc::new(Imported::read(self.engine.meta.as_ref()).await?);
            self.book = Some(Book::read(&self.engine).await?);
            (self.is_stale, self.ahead) = (true, None);
        }
        self.collect()?;
        let Some(book) = &mut self.book else { return Ok(Progress::More) };
        let (engine, imports) = (&self.engine, &self.imports);
        if let Some(round) = book.front().round.clone() {
            let ahead = &mut self.ahead;
            Advance { engine, book, imports, ahead }.resume(round).await?;
            return Ok(Progress::More);
        }
        self.refresh(now).await?;
        self.look_at_clock(committed, now).await?;
        self.join_front(now).await?;
        self.send_out(now);
        let moved = self.go_to_target(now).await?;
        Ok(if moved { Progress::More } else { Progress::Idle })
    }

    /// Takes back the trails whose round behind the front has ended.
    fn collect(&mut self) -> Result<(), StepError> {
        while let Some(ended) = self.catch_ups.try_join_next() {
            self.caught_up.push(ended);
        }
        let Some(book) = &mut self.book else { return Ok(()) };
        for ended in std::mem::take(&mut self.caught_up) {
            for (id, kept) in ended.map_err(StepError::Lost)?? {
                self.busy.remove(&id);
                book.trails.insert(id, kept);
                self.has_returned = true;
            }
        }
        Ok(())
    }

    /// Reads the documents of trails, if they may have changed.
    async fn refresh(&mut self, now: Timestamp) -> Result<(), StepError> {
        tokio::select! {
            biased;
            () = self.trails_watch.changed() => self.is_stale = true,
            () = self.gone_watch.changed() => self.is_stale = true,
            () = std::future::ready(()) => {}
        }
        let Some(book) = self.book.as_mut().filter(|_| self.is_stale || self.has_returned) else {
            return Ok(());
        };
        if self.is_stale {
            self.documents.refresh(self.engine.meta.as_ref()).await?;
        }
        let busy = |id: &str| self.busy.contains(id);
        self.documents.take_in(&self.engine, book, busy, now).await?;
        (self.is_stale, self.has_returned) = (false, false);
        Ok(())
    }

    /// At a tick everything becomes due that was committed.
    async fn look_at_clock(&mut self, committed: Offset, now: Timestamp) -> Result<(), StepError> {
        let interval = i64::try_from(self.engine.options.interval_ms).unwrap_or(i64::MAX).max(1);
        let tick = now.as_ms().div_euclid(interval);
        let before = self.tick.replace(tick);
        if before.is_some_and(|before| before != tick) {
            let imports = Imported::read(self.engine.meta.as_ref()).await?;
            self.target = Some(Target { to: imports.until(committed), at: now });
            self.imports = Arc::new(imports);
        }
        Ok(())
    }

    /// Makes one round towards the target. `false` if there is none, or it is reached.
    async fn go_to_target(&mut self, now: Timestamp) -> Result<bool, StepError> {
        let (Some(target), Some(book)) = (self.target, &mut self.book) else { return Ok(false) };
        let engine = &self.engine;
        if book.cursor < target.to {
            let (imports, ahead) = (&self.imports, &mut self.ahead);
            Advance { engine, book, imports, ahead }.go_on(target, now).await?;
            return ripen(engine, self.book.as_mut()).await.map(|()| true);
        }
        self.target = None;
        // A stop whose record never came: it was handled, and the process died.
        let waiting = book.trails.iter().filter(|(_, kept)| kept.state.is_at_front());
        let ids: Vec<_> = waiting.map(|(id, _)| id.clone()).collect();
        for id in ids {
            let Some(kept) = book.trails.get_mut(&id) else { continue };
            if kept.state.drain_by(book.cursor, target.at.as_ms()) {
                book.reselect();
                book.put(engine, &id).await?;
            }
        }
        Ok(false)
    }

    /// Lets trails join that have caught up with the front.
    async fn join_front(&mut self, now: Timestamp) -> Result<(), StepError> {
        let Some(book) = &mut self.book else { return Ok(()) };
        let front = book.cursor;
        let ready = book.trails.iter_mut().filter(|(id, _)| !self.busy.contains(*id));
        let ready = ready.filter(|(_, kept)| {
            let lag = kept.state.lag.as_ref();
            lag.is_some_and(|lag| lag.round.is_none() && lag.next >= front && lag.is_due(now))
        });
        let mut ids = Vec::new();
        for (id, kept) in ready {
            kept.state.lag = None;
            kept.state.through = kept.state.through.max(front);
            ids.push(id.clone());
        }
        for id in ids {
            book.reselect();
            book.put(&self.engine, &id).await?;
        }
        Ok(())
    }

    /// Sends out trails that are behind and due: those at the same place together, those that are
    /// due longest first.
    fn send_out(&mut self, now: Timestamp) {
        let Some(book) = &self.book else { return };
        let mut lanes: BTreeMap<(Offset, Option<Round>), Vec<&String>> = BTreeMap::new();
        let mut due: Vec<(Timestamp, (Offset, Option<Round>))> = Vec::new();
        for (id, kept) in book.trails.iter().filter(|(id, _)| !self.busy.contains(*id)) {
            let Some(lag) = kept.state.lag.as_ref().filter(|lag| lag.is_due(now)) else {
                continue;
            };
            lanes.entry(lane(lag)).or_default().push(id);
            due.push((lag.retry_at, lane(lag)));
        }
        due.sort_unstable();
        for (_, place) in due {
            if self.catch_ups.len() >= CATCH_UPS_MAX {
                return;
            }
            let Some(ids) = lanes.remove(&place) else { continue };
            let trails: BTreeMap<_, _> = ids
                .into_iter()
                .filter_map(|id| Some((id.clone(), book.trails.get(id)?.clone())))
                .collect();
            self.busy.extend(trails.keys().cloned());
            let (front, imports) = (book.cursor, Arc::clone(&self.imports));
            let (engine, catch_up) = (Arc::clone(&self.engine), CatchUp { trails, front, imports });
            self.catch_ups.spawn(async move { catch_up.run(&engine).await });
        }
    }

    /// After an error it is open what was written: everything is read again, as after a crash.
    async fn forget(&mut self) {
        self.catch_ups.shutdown().await;
        self.caught_up.clear();
        self.busy.clear();
        (self.book, self.ahead) = (None, None);
    }

    fn publish(&self, now: Timestamp) {
        let Some(book) = &self.book else { return };
        self.needed.publish(book.needed());
        let (mut next, mut since) = (book.cursor, self.target.map_or(now, |target| target.at));
        let mut behind = 0;
        for lag in book.trails.values().filter_map(|kept| kept.state.lag.as_ref()) {
            next = next.min(lag.next);
            since = since.min(lag.since.unwrap_or(now));
            behind += 1;
        }
        let records = self.engine.log.committed().since(next);
        metric::lag(records, now.as_ms().saturating_sub(since.as_ms()), behind);
    }

    /// How long until something is due by the clock.
    fn wait_ms(&self) -> u64 {
        let now = self.engine.now().as_ms();
        let interval = i64::try_from(self.engine.options.interval_ms).unwrap_or(i64::MAX).max(1);
        let tick = now.div_euclid(interval).saturating_add(1).saturating_mul(interval);
        let trails = self.book.iter().flat_map(|book| &book.trails);
        let idle = trails.filter(|(id, _)| !self.busy.contains(*id));
        let retries = idle.filter_map(|(_, kept)| kept.state.lag.as_ref()).map(|lag| lag.retry_at);
        // While all places are taken, one that becomes free is what is waited for.
        let is_free = self.catch_ups.len() < CATCH_UPS_MAX;
        let retry = retries.min().filter(|_| is_free).map_or(i64::MAX, Timestamp::as_ms);
        let wait = tick.min(retry).saturating_sub(now);
        wait.clamp(0, WAIT_MS_MAX).unsigned_abs()
    }
}

/// Adopts the documents of trails at the front whose time has come.
async fn ripen(engine: &Engine, book: Option<&mut Book>) -> Result<(), StepError> {
    let Some(book) = book else { return Ok(()) };
    let cursor = book.cursor;
    let mut ripe = Vec::new();
    for (id, kept) in &mut book.trails {
        if kept.state.lag.is_none() && kept.state.ripen(cursor) {
            ripe.push(id.clone());
        }
    }
    for id in ripe {
        book.reselect();
        book.put(engine, &id).await?;
    }
    Ok(())
}

#[async_trait]
impl Worker for DeliveryWorker {
    type Status = DeliveryStatus;

    fn name(&self) -> &'static str {
        "delivery"
    }

    fn status(&self) -> DeliveryStatus {
        let (book, counts) = (self.book.as_ref(), &self.engine.counts);
        let lags = || {
            let trails = book.into_iter().flat_map(|book| book.trails.values());
            trails.filter_map(|kept| kept.state.lag.as_ref())
        };
        let next = book.map_or(Offset::ZERO, |book| book.cursor);
        DeliveryStatus {
            next,
            waiting: self.engine.log.committed().since(next),
            trails: book.map_or(0, |book| book.trails.len()),
            trails_behind: lags().count(),
            trails_broken: lags().filter(|lag| lag.since.is_some()).count(),
            files: Counts::read(&counts.files),
            bytes: Counts::read(&counts.bytes),
            records: Counts::read(&counts.records),
            failures: Counts::read(&counts.failures),
            given_up: Counts::read(&counts.given_up),
            missed: Counts::read(&counts.missed),
            unplaced: Counts::read(&counts.unplaced),
        }
    }

    async fn step(&mut self, now: Timestamp) -> Result<Progress, StepError> {
        let outcome = self.advance(now).await;
        if outcome.is_err() {
            self.forget().await;
        }
        if matches!(outcome, Ok(Progress::Idle)) && self.catch_ups.is_empty() {
            self.engine.benches.clear();
        }
        self.publish(now);
        outcome
    }

    async fn wait(&mut self) {
        let pause = Duration::from_millis(self.wait_ms());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.trails_watch.changed() => self.is_stale = true,
            () = self.gone_watch.changed() => self.is_stale = true,
            Some(ended) = self.catch_ups.join_next() => self.caught_up.push(ended),
        }
    }
}
