//! Finding what is new: chains at the start, trails that changed, files of regions without a chain.

use std::sync::Arc;

use cairn_event::trail::place;
use cairn_event::{Region, Timestamp};
use cairn_store::{Key, KeyPrefix};

use super::decide::ms_later;
use super::known::{Known, Trails};
use super::queue::Item;
use super::work::DigestWorker;
use crate::state;
use crate::worker::StepError;

/// How many trails and regions with files are looked at in one step.
const GROUPS_PER_STEP: usize = 64;
/// The pause between two looks, and what each found adds to it, so that many files cost little.
const PAUSE_MS: i64 = 1_000;
const PAUSE_MS_PER_GROUP: i64 = 1;

/// A look through the delivered files for regions whose chain is not under way.
#[derive(Debug, Default)]
pub(super) struct Scan {
    is_wanted: bool,
    not_before: Timestamp,
    under_way: Option<Passage>,
}

#[derive(Debug, Default)]
struct Passage {
    after: Option<Key>,
    groups: i64,
}

impl Scan {
    /// There may be new files.
    pub fn want(&mut self) {
        self.is_wanted = true;
    }

    /// When it goes on.
    pub fn due(&self) -> Option<Timestamp> {
        self.is_wanted.then_some(self.not_before)
    }
}

impl DigestWorker {
    /// Finds out at the start what there is.
    pub(super) async fn load(&mut self, now: Timestamp) -> Result<(), StepError> {
        self.trails = Trails::read(&*self.meta).await?;
        for (key, found) in state::list(&*self.meta, place::CHAINS).await? {
            let Some(item) = chain_item(key.as_str(), place::CHAINS) else { continue };
            let brief = state::parse::<Brief>(key.as_str(), &found.value);
            self.queue.by(item, brief.map_or(now, |brief| brief.window_start.min(now)));
        }
        let trails: Vec<Arc<Known>> = self.trails.iter().cloned().collect();
        for known in trails {
            self.notice(&known, now);
        }
        self.scan.want();
        Ok(())
    }

    /// Reads the trails again and looks at what belongs to those that changed.
    pub(super) async fn see_trails(&mut self, now: Timestamp) -> Result<(), StepError> {
        let before = std::mem::take(&mut self.trails);
        self.trails = match Trails::read(&*self.meta).await {
            Ok(trails) => trails,
            Err(error) => {
                self.trails = before;
                return Err(error);
            }
        };
        let is_new = |known: &&Arc<Known>| {
            before.get(&known.id).is_none_or(|other| other.version != known.version)
        };
        let changed: Vec<Arc<Known>> = self.trails.iter().filter(is_new).cloned().collect();
        for known in changed {
            let namesakes: Vec<Arc<Known>> = self.trails.namesakes(&known).cloned().collect();
            self.notice(&known, now);
            for other in namesakes {
                self.notice(&other, now);
            }
        }
        Ok(())
    }

    /// Has everything of a trail looked at now.
    fn notice(&mut self, known: &Known, now: Timestamp) {
        for region in self.queue.regions(&known.id) {
            self.queue.by(Item::chain(&known.id, &region), now);
        }
        if known.wanted(&known.home_region).is_some() {
            self.queue.by(Item::chain(&known.id, &known.home_region), now);
        }
        if known.gone.is_some() {
            self.queue.by(Item::gone(&known.id), now);
        }
    }

    /// Goes on with a look through the delivered files; whether there was something to do.
    pub(super) async fn scan_step(&mut self, now: Timestamp) -> Result<bool, StepError> {
        if self.scan.under_way.is_none() {
            if !self.scan.is_wanted || now < self.scan.not_before {
                return Ok(false);
            }
            self.scan.is_wanted = false;
            self.scan.under_way = Some(Passage::default());
        }
        for _ in 0..GROUPS_PER_STEP {
            if !self.scan_group(now).await? {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Looks at the next trail and region that has files; whether there is one.
    async fn scan_group(&mut self, now: Timestamp) -> Result<bool, StepError> {
        let Some(passage) = &mut self.scan.under_way else { return Ok(false) };
        let prefix = KeyPrefix::new(place::FILES);
        let found = self.meta.list(&prefix, passage.after.as_ref(), 1).await?;
        let Some((key, _)) = found.into_iter().next() else {
            let pause = PAUSE_MS + passage.groups * PAUSE_MS_PER_GROUP;
            self.scan.not_before = ms_later(now, pause);
            self.scan.under_way = None;
            return Ok(false);
        };
        passage.groups += 1;
        let group = key.as_str().rsplit_once('/').map_or(key.as_str(), |(group, _)| group);
        // Names of entries begin with a digit, which sorts before this.
        passage.after = Some(Key::parse(&format!("{group}/~"))?.max(key.clone()));
        if let Some(item) = chain_item(group, place::FILES)
            && self.trails.get(&item.trail).is_some()
            && self.queue.time(&item).is_none()
            && !self.puts.is_busy(&item)
        {
            self.queue.by(item, now);
        }
        Ok(true)
    }
}

/// What is read of a chain at the start: those that are furthest behind go first.
#[derive(serde::Deserialize)]
struct Brief {
    #[serde(default)]
    window_start: Timestamp,
}

/// The chain that `PREFIX ID/ACCOUNT/REGION` is of.
fn chain_item(key: &str, prefix: &str) -> Option<Item> {
    let mut parts = key.strip_prefix(prefix)?.split('/');
    let (trail, _, region) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Item::chain(trail, &Region::parse(region).ok()?))
}
