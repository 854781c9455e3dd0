//! One chain, one digest further: decide, sign, write down, send; then write down what came of it.

use std::sync::Arc;

use cairn_event::digest::{Chain, Covered, Plan, PlanKind};
use cairn_event::trail::place;
use cairn_event::{Region, Timestamp};
use cairn_store::{Key, MetaError, Version};

use super::decide::{self, Next, View, floor, ms_later, plus};
use super::entries::{Entries, offset};
use super::known::Known;
use super::metric;
use super::put::Outcome;
use super::queue::Item;
use super::seal::{self, Window};
use super::work::DigestWorker;
use crate::state;
use crate::worker::StepError;

/// How long a bucket that does not take a digest is tried, as AWS does (documented).
const TRIES_MS_MAX: i64 = 30 * 24 * 60 * 60 * 1_000;

/// A chain as it was read.
struct Held {
    chain: Chain,
    /// As small state has it.
    before: Chain,
    version: Option<Version>,
}

impl DigestWorker {
    /// Looks at a chain that is due.
    pub(super) async fn advance(
        &mut self,
        item: &Item,
        region: &Region,
        now: Timestamp,
    ) -> Result<(), StepError> {
        // A chain without a trail has been swept, or is about to be.
        let Some(known) = self.trails.get(&item.trail).cloned() else { return Ok(()) };
        let key = place::chain(&known.id, &known.account, region);
        let found = state::get::<Chain>(&*self.meta, &key).await?;
        let (chain, version) = found.map_or((Chain::default(), None), |(c, v)| (c, Some(v)));
        let mut held = Held { before: chain.clone(), chain, version };
        if let Some(plan) = held.chain.plan.clone() {
            if is_hopeless(&held.chain, now) {
                return self.give_up(item, &known, held, now).await;
            }
            if self.send_again(item, &known, &held, plan).await? {
                return Ok(());
            }
            held.chain.plan = None;
            held.chain.failing_since = None;
        }
        let mut entries = self.entries(&known, region, &held.chain).await?;
        self.remove_all(std::mem::take(&mut entries.stale)).await?;
        let view = self.view(&known, region, &held.chain, &entries).await?;
        let interval = self.options.interval_seconds();
        match decide::next(&mut held.chain, &view, now, interval) {
            Next::Rest => {
                self.keep(&key, &mut held).await?;
                if known.gone.is_some() {
                    self.queue.by(Item::gone(&known.id), now);
                }
            }
            Next::Wait(at) => {
                self.keep(&key, &mut held).await?;
                self.queue.by(item.clone(), at);
            }
            Next::Write(kind, start, end) => {
                let window = fit(Window { kind, start, end }, &mut entries);
                self.write(item, &known, (held, entries), window, now).await?;
            }
        }
        Ok(())
    }

    /// Sends what was planned before; `false` if it is to be planned anew.
    async fn send_again(
        &mut self,
        item: &Item,
        known: &Arc<Known>,
        held: &Held,
        plan: Plan,
    ) -> Result<bool, StepError> {
        let Some(region) = &item.region else { return Ok(false) };
        let here = (&known.bucket, seal::key(known, region, plan.kind, plan.end));
        // A bucket that never took it may never do so; the trail has another one now.
        if held.chain.failing_since.is_some() && here != (&plan.bucket, plan.key.clone()) {
            return Ok(false);
        }
        let prefix = place::files(&known.id, &known.account, region);
        let entries = Entries::of_plan(&*self.meta, &prefix, &held.chain, &plan.entries).await?;
        let content = entries.as_ref().map(|found| seal::content(known, &held.chain, &plan, found));
        let content = content.filter(|content| seal::sha256(content) == plan.sha256);
        let (Some(entries), Some(content)) = (entries, content) else {
            tracing::warn!(key = plan.key, "delivered files changed under a digest; made anew");
            return Ok(false);
        };
        let Some(version) = held.version else { return Ok(false) };
        let object = seal::object(known, &plan, content).await?;
        let chain = (item.clone(), held.chain.clone(), version);
        self.puts.begin(&self.buckets, object, chain, (plan, entries), self.options.put_ms_max);
        Ok(true)
    }

    /// Signs a digest, writes down that it is to be written, and sends it.
    async fn write(
        &mut self,
        item: &Item,
        known: &Arc<Known>,
        (mut held, entries): (Held, Entries),
        window: Window,
        now: Timestamp,
    ) -> Result<(), StepError> {
        let Some(region) = &item.region else { return Ok(()) };
        let (fingerprint, pair) = self.ring.key(region, window.end, now).await?;
        let mut plan = Plan {
            kind: window.kind,
            start: window.start,
            end: window.end,
            bucket: known.bucket.clone(),
            key: seal::key(known, region, window.kind, window.end),
            fingerprint,
            entries: entries.open.iter().map(|entry| entry.name.clone()).collect(),
            sha256: String::new(),
            signature: String::new(),
            made: now,
        };
        let content = seal::sign((known, &held.chain, &entries), &mut plan, pair).await?;
        held.chain.plan = Some(plan.clone());
        let stamp = match window.kind {
            PlanKind::Backfill => &mut held.chain.backfill_stamp,
            _ => &mut held.chain.stamp,
        };
        *stamp = window.end.max(*stamp);
        let key = place::chain(&known.id, &known.account, region);
        let version = state::put(&*self.meta, &key, held.version, &held.chain).await?;
        let object = seal::object(known, &plan, content).await?;
        let chain = (item.clone(), held.chain, version);
        self.puts.begin(&self.buckets, object, chain, (plan, entries), self.options.put_ms_max);
        Ok(())
    }

    /// Writes down what came of a digest.
    pub(super) async fn finish(&mut self, (put, code): Outcome) -> Result<(), StepError> {
        let at = (self.clock)();
        let (item, mut chain, plan) = (put.item, put.chain, put.plan);
        let known = self.trails.get(&item.trail).cloned();
        let (Some(known), Some(region)) = (known, &item.region) else { return Ok(()) };
        let key = place::chain(&known.id, &known.account, region);
        chain.outcome.note(at, code.clone());
        if code.is_some() {
            chain.failing_since.get_or_insert(at);
            metric::failed();
            let later = ms_later(at, self.puts.pause_ms(&item));
            self.queue.by(item, later);
        } else {
            settle(&mut chain, &plan, &put.entries);
            metric::written();
            self.written += 1;
            self.queue.by(item, at);
        }
        // If this fails, the chain is read again when it is due, and the same is sent again.
        state::put(&*self.meta, &key, Some(put.version), &chain).await?;
        if code.is_none() {
            let entries = put.entries.open.into_iter().map(|entry| (entry.key, entry.version));
            self.remove_all(entries.collect()).await?;
        }
        Ok(())
    }

    /// Gives up a digest that its bucket has not taken for 30 days. The chain begins anew, or ends.
    async fn give_up(
        &mut self,
        item: &Item,
        known: &Known,
        mut held: Held,
        now: Timestamp,
    ) -> Result<(), StepError> {
        let Some(region) = &item.region else { return Ok(()) };
        tracing::error!(chain = %item, "a digest could not be written for 30 days and is given up");
        metric::given_up();
        self.puts.forgive(item);
        let chain = &mut held.chain;
        let names = chain.plan.take().map(|plan| plan.entries).unwrap_or_default();
        let prefix = place::files(&known.id, &known.account, region);
        let entries = Entries::of_plan(&*self.meta, &prefix, chain, &names).await?;
        let entries = entries.unwrap_or_default();
        remember(chain, &entries);
        (chain.epoch, chain.ended, chain.failing_since) = (None, None, None);
        chain.linked = false;
        self.keep(&place::chain(&known.id, &known.account, region), &mut held).await?;
        self.remove_all(entries.open.into_iter().map(|e| (e.key, e.version)).collect()).await?;
        self.queue.by(item.clone(), now);
        Ok(())
    }

    /// Writes a chain down if it has changed.
    async fn keep(&self, key: &str, held: &mut Held) -> Result<(), StepError> {
        if held.chain != held.before {
            held.version = Some(state::put(&*self.meta, key, held.version, &held.chain).await?);
            held.before = held.chain.clone();
        }
        Ok(())
    }

    /// The entries that a chain's next digest may cover.
    async fn entries(
        &self,
        known: &Known,
        region: &Region,
        chain: &Chain,
    ) -> Result<Entries, StepError> {
        let prefix = place::files(&known.id, &known.account, region);
        let wanted = known.wanted(region);
        let until = decide::window_end(chain, wanted.as_ref(), self.options.interval_seconds());
        Entries::read(&*self.meta, &prefix, chain, until).await
    }

    /// What a chain's next step depends on.
    async fn view(
        &self,
        known: &Known,
        region: &Region,
        chain: &Chain,
        entries: &Entries,
    ) -> Result<View, StepError> {
        let wanted = known.wanted(region);
        let number = chain.epoch.as_ref().map(|epoch| epoch.number);
        let goes_on = wanted.as_ref().is_some_and(|wanted| Some(wanted.number) == number);
        let replaced = match (&wanted, &chain.epoch) {
            (Some(wanted), Some(_)) if !goes_on => Some(wanted.since),
            _ => self.trails.replaced(known, region),
        };
        let needs_settled = !goes_on && replaced.is_none() && wanted.is_none();
        Ok(View {
            is_home: *region == known.home_region,
            settled: needs_settled && self.has_settled(known).await?,
            stamp_min: match chain.epoch {
                None => self.stamp_min(known, region).await?,
                Some(_) => Timestamp::default(),
            },
            pending: entries.span(),
            wanted,
            replaced,
        })
    }

    /// The newest second that digests of other trails of the same name have used.
    async fn stamp_min(&self, known: &Known, region: &Region) -> Result<Timestamp, StepError> {
        let buried = place::digest_stamp(&known.account, &known.home_region, &known.name, region);
        let mut newest = state::get::<Timestamp>(&*self.meta, &buried).await?;
        let mut newest = newest.take().map(|(at, _)| at).unwrap_or_default();
        for other in self.trails.namesakes(known) {
            let key = place::chain(&other.id, &other.account, region);
            if let Some((chain, _)) = state::get::<Chain>(&*self.meta, &key).await? {
                newest = newest.max(chain.stamp);
            }
        }
        Ok(newest)
    }

    async fn remove_all(&self, entries: Vec<(Key, Version)>) -> Result<(), StepError> {
        for (key, version) in entries {
            match self.meta.remove(&key, version).await {
                // It was written again: the chain knows it, and it goes the next time.
                Ok(()) | Err(MetaError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn is_hopeless(chain: &Chain, now: Timestamp) -> bool {
    chain.failing_since.is_some_and(|since| ms_later(since, TRIES_MS_MAX) <= now)
}

/// Fits a window and its entries to each other: a digest names so many files, and no more.
fn fit(window: Window, entries: &mut Entries) -> Window {
    let Window { kind, start, mut end } = window;
    match kind {
        PlanKind::Starting => {
            *entries = Entries::default();
            return window;
        }
        PlanKind::Backfill => return window,
        PlanKind::Regular | PlanKind::Final => entries.cut(end),
    }
    if !entries.has_more {
        return window;
    }
    // The window ends early, and the next one goes on from there.
    if let Some((_, newest)) = entries.span() {
        end = plus(floor(newest), 1).max(plus(start, 1)).min(end);
    }
    Window { kind: PlanKind::Regular, start, end }
}

/// Moves a chain past a digest that was written.
fn settle(chain: &mut Chain, plan: &Plan, entries: &Entries) {
    chain.plan = None;
    chain.failing_since = None;
    let link = Some(seal::link(plan));
    match plan.kind {
        PlanKind::Backfill => chain.backfill = link,
        PlanKind::Starting => (chain.last, chain.linked) = (link, true),
        PlanKind::Regular => (chain.last, chain.window_start) = (link, plan.end),
        PlanKind::Final => {
            (chain.last, chain.window_start) = (link, plan.end);
            (chain.epoch, chain.ended, chain.linked) = (None, None, false);
        }
    }
    remember(chain, entries);
}

/// Remembers which entries are covered, should delivery write them again.
fn remember(chain: &mut Chain, entries: &Entries) {
    if let Some(newest) = entries.remembered() {
        let same_round = |old: &Covered| {
            newest.first().is_some_and(|new| offset(&old.entry) == offset(&new.entry))
        };
        chain.covered.retain(same_round);
        chain.covered.extend(newest);
    }
}
