//! What is left of a deleted trail goes when nothing is to be written any more.

use std::sync::Arc;

use cairn_event::digest::Chain;
use cairn_event::trail::place;
use cairn_event::{Region, Timestamp};
use cairn_store::{Key, KeyPrefix, MetaError};

use super::decide::{SETTLE_MS, ms_later};
use super::known::Known;
use super::queue::Item;
use super::work::DigestWorker;
use crate::delivery::record::TrailState;
use crate::state;
use crate::worker::StepError;

impl DigestWorker {
    /// Whether everything is delivered that a trail was to deliver before its last change.
    pub(super) async fn has_settled(&self, known: &Known) -> Result<bool, StepError> {
        Ok(match TrailState::find(&*self.meta, &known.id).await? {
            Some(state) => state.has_settled(known.version),
            None => !known.has_logged,
        })
    }

    /// Removes what is kept of a deleted trail, if nothing is left to do.
    pub(super) async fn sweep(&mut self, trail: &str, now: Timestamp) -> Result<(), StepError> {
        let Some(known) = self.trails.get(trail).cloned() else { return Ok(()) };
        let Some(gone) = &known.gone else { return Ok(()) };
        if !self.is_finished(&known).await? {
            self.queue.by(Item::gone(trail), ms_later(now, SETTLE_MS));
            return Ok(());
        }
        for region in self.queue.regions(trail) {
            self.bury(&known, &region).await?;
        }
        // Delivery forgets the trail when it sees this.
        self.remove(gone).await?;
        self.queue.forget(trail);
        Ok(())
    }

    async fn is_finished(&self, known: &Arc<Known>) -> Result<bool, StepError> {
        let files = format!("{}{}/", place::FILES, known.id);
        let has_files = !self.meta.list(&KeyPrefix::new(&files), None, 1).await?.is_empty();
        if has_files || !self.has_settled(known).await? {
            return Ok(false);
        }
        for region in self.queue.regions(&known.id) {
            let item = Item::chain(&known.id, &region);
            let key = place::chain(&known.id, &known.account, &region);
            let chain = state::get::<Chain>(&*self.meta, &key).await?;
            let is_open = chain.is_some_and(|(c, _)| c.epoch.is_some() || c.plan.is_some());
            if is_open || self.puts.is_busy(&item) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes a chain, and remembers which seconds it has used.
    async fn bury(&mut self, known: &Known, region: &Region) -> Result<(), StepError> {
        let key = place::chain(&known.id, &known.account, region);
        let Some((chain, _)) = state::get::<Chain>(&*self.meta, &key).await? else {
            return Ok(());
        };
        let stamp = place::digest_stamp(&known.account, &known.home_region, &known.name, region);
        let (before, version) = match state::get::<Timestamp>(&*self.meta, &stamp).await? {
            Some((before, version)) => (before, Some(version)),
            None => (Timestamp::default(), None),
        };
        let used = chain.stamp.max(chain.backfill_stamp);
        if used > before {
            state::put(&*self.meta, &stamp, version, &used).await?;
        }
        self.remove(&key).await
    }

    async fn remove(&self, key: &str) -> Result<(), StepError> {
        let key = Key::parse(key)?;
        let Some(found) = self.meta.get(&key).await? else { return Ok(()) };
        match self.meta.remove(&key, found.version).await {
            // Whoever changed it meanwhile has a reason; the next sweep will tell.
            Ok(()) | Err(MetaError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
