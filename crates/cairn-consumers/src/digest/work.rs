//! The worker: one chain, one ended write or one look at what is new, each step.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cairn_bucket::Buckets;
use cairn_event::Timestamp;
use cairn_event::trail::place;
use cairn_store::seal::MasterKey;
use cairn_store::{Clock, KeyPrefix, MetaStore, MetaWatch};
use serde::Serialize;

use super::known::Trails;
use super::put::Puts;
use super::queue::{Item, Queue};
use super::ring::KeyRing;
use super::scan::Scan;
use super::{DigestOptions, NewKey};
use crate::worker::{Progress, StepError, Worker};

/// How often it looks at the clock at least: time may be set.
const WAIT_MS_MAX: i64 = 1_000;

/// Writes the digests of all trails.
pub struct DigestWorker {
    pub(super) options: DigestOptions,
    pub(super) meta: Arc<dyn MetaStore>,
    pub(super) buckets: Arc<dyn Buckets>,
    pub(super) clock: Clock,
    pub(super) ring: KeyRing,
    pub(super) trails: Trails,
    pub(super) queue: Queue,
    pub(super) puts: Puts,
    pub(super) scan: Scan,
    pub(super) written: u64,
    watches: Watches,
    is_loaded: bool,
}

/// How digests stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DigestStatus {
    /// How many chains are or were written.
    pub chains: usize,
    /// How many digests are on their way to a bucket.
    pub under_way: usize,
    /// How many chains wait to try again.
    pub failing: usize,
    /// How many digests were written since the start of the program.
    pub written: u64,
    /// When there is something to do next.
    pub next: Option<Timestamp>,
}

/// What tells of changes.
struct Watches {
    trails: MetaWatch,
    gone: MetaWatch,
    files: MetaWatch,
    trails_changed: bool,
}

impl DigestWorker {
    pub(super) fn new(
        options: DigestOptions,
        meta: Arc<dyn MetaStore>,
        buckets: Arc<dyn Buckets>,
        master: MasterKey,
        clock: Clock,
        new_key: NewKey,
    ) -> Self {
        let watch = |prefix| meta.watch(&KeyPrefix::new(prefix));
        let watches = Watches {
            trails: watch(place::TRAILS),
            gone: watch(place::GONE),
            files: watch(place::FILES),
            trails_changed: false,
        };
        let ring = KeyRing::new(Arc::clone(&meta), master, new_key, options.rotation());
        Self {
            options,
            meta,
            buckets,
            clock,
            ring,
            trails: Trails::default(),
            queue: Queue::default(),
            puts: Puts::default(),
            scan: Scan::default(),
            written: 0,
            watches,
            is_loaded: false,
        }
    }

    /// Notes what the watches have to say, without waiting.
    async fn hear(&mut self) {
        let Watches { trails, gone, files, trails_changed } = &mut self.watches;
        *trails_changed |= has_changed(trails).await | has_changed(gone).await;
        if has_changed(files).await {
            self.scan.want();
        }
    }

    async fn look(&mut self, now: Timestamp) -> Result<Progress, StepError> {
        if !self.is_loaded {
            self.load(now).await?;
            self.is_loaded = true;
            return Ok(Progress::More);
        }
        self.hear().await;
        if self.watches.trails_changed {
            self.see_trails(now).await?;
            self.watches.trails_changed = false;
            return Ok(Progress::More);
        }
        if let Some(outcome) = self.puts.try_ended() {
            self.finish(outcome).await?;
            return Ok(Progress::More);
        }
        if self.scan_step(now).await? {
            return Ok(Progress::More);
        }
        if let Some((at, item)) = self.puts.unpark() {
            self.queue.by(item, at);
        }
        if !self.puts.has_room() {
            return Ok(Progress::Idle);
        }
        let Some((at, item)) = self.queue.pop(now) else { return Ok(Progress::Idle) };
        self.attend(at, item, now).await?;
        Ok(Progress::More)
    }

    /// Looks at what is due. What cannot be done because of its own documents or keys is tried again
    /// later, and holds nothing else back.
    async fn attend(&mut self, at: Timestamp, item: Item, now: Timestamp) -> Result<(), StepError> {
        if self.puts.is_busy(&item) {
            return Ok(());
        }
        let bucket = self.trails.get(&item.trail).map(|known| known.bucket.as_str());
        if item.region.is_some() && bucket.is_some_and(|bucket| !self.puts.admits(bucket)) {
            self.puts.park(at, item);
            return Ok(());
        }
        let outcome = match &item.region {
            Some(region) => self.advance(&item, &region.clone(), now).await,
            None => self.sweep(&item.trail, now).await,
        };
        match outcome {
            Ok(()) => Ok(()),
            Err(error @ StepError::State(_)) => {
                self.queue.by(item, now);
                Err(error)
            }
            Err(error) => {
                let later = super::decide::ms_later(now, self.puts.pause_ms(&item));
                let error = &error as &dyn std::error::Error;
                tracing::error!(chain = %item, error, "a chain of digests cannot go on");
                self.queue.by(item, later);
                Ok(())
            }
        }
    }
}

/// Whether a watch has something to say now.
async fn has_changed(watch: &mut MetaWatch) -> bool {
    tokio::select! {
        biased;
        () = watch.changed() => true,
        () = std::future::ready(()) => false,
    }
}

#[async_trait]
impl Worker for DigestWorker {
    type Status = DigestStatus;

    fn name(&self) -> &'static str {
        "digest"
    }

    fn status(&self) -> DigestStatus {
        DigestStatus {
            chains: self.queue.chains(),
            under_way: self.puts.under_way(),
            failing: self.puts.failing(),
            written: self.written,
            next: self.queue.next().into_iter().chain(self.scan.due()).min(),
        }
    }

    async fn step(&mut self, now: Timestamp) -> Result<Progress, StepError> {
        self.look(now).await
    }

    async fn wait(&mut self) {
        let due = if self.puts.has_room() { self.queue.next() } else { None };
        let due = due.into_iter().chain(self.scan.due()).min();
        let ms = due.map_or(WAIT_MS_MAX, |due| due.as_ms() - (self.clock)().as_ms());
        let ms = ms.clamp(0, WAIT_MS_MAX).unsigned_abs();
        let Watches { trails, gone, files, trails_changed } = &mut self.watches;
        tokio::select! {
            () = trails.changed() => *trails_changed = true,
            () = gone.changed() => *trails_changed = true,
            () = files.changed() => self.scan.want(),
            () = self.puts.one_ended() => {}
            () = tokio::time::sleep(Duration::from_millis(ms)) => {}
        }
    }
}

impl std::fmt::Debug for DigestWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DigestWorker").field("options", &self.options).finish_non_exhaustive()
    }
}
