//! The keys of each region: taken, made, retired.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_event::digest::{Choice, Rotation, SigningKey, choose};
use cairn_event::trail::place;
use cairn_event::{Region, Timestamp};
use cairn_store::seal::MasterKey;
use cairn_store::{MetaStore, Version};

use super::signer::RsaPair;
use super::{NewKey, metric};
use crate::state;
use crate::worker::StepError;

/// The keys that sign, by region.
pub(super) struct KeyRing {
    meta: Arc<dyn MetaStore>,
    master: MasterKey,
    new_key: NewKey,
    rotation: Rotation,
    regions: HashMap<Region, Vec<Held>>,
    /// Private keys that are open, by region and fingerprint.
    open: HashMap<(Region, String), Arc<RsaPair>>,
}

#[derive(Clone)]
struct Held {
    key: SigningKey,
    version: Version,
}

impl KeyRing {
    pub fn new(
        meta: Arc<dyn MetaStore>,
        master: MasterKey,
        new_key: NewKey,
        rotation: Rotation,
    ) -> Self {
        let (regions, open) = (HashMap::new(), HashMap::new());
        Self { meta, master, new_key, rotation, regions, open }
    }

    /// The key for a window that ends at `end` and is signed now: its fingerprint and itself.
    pub async fn key(
        &mut self,
        region: &Region,
        end: Timestamp,
        now: Timestamp,
    ) -> Result<(String, Arc<RsaPair>), StepError> {
        self.load(region).await?;
        loop {
            let keys: Vec<SigningKey> =
                self.held(region).iter().map(|held| held.key.clone()).collect();
            match choose(&keys, end, now, self.rotation) {
                Choice::Take(key) => {
                    if let Some(pair) = self.open(region, key) {
                        return Ok((key.fingerprint.clone(), pair));
                    }
                    self.set_aside(region, &key.fingerprint);
                }
                Choice::Make { starts, ends } => {
                    self.retire(region, now).await?;
                    return self.make(region, (starts, ends)).await;
                }
            }
        }
    }

    fn held(&self, region: &Region) -> &[Held] {
        self.regions.get(region).map(Vec::as_slice).unwrap_or_default()
    }

    async fn load(&mut self, region: &Region) -> Result<(), StepError> {
        if self.regions.contains_key(region) {
            return Ok(());
        }
        let mut keys = Vec::new();
        for (key, found) in state::list(&*self.meta, &place::digest_keys(region)).await? {
            match state::parse(key.as_str(), &found.value) {
                Ok(document) => keys.push(Held { key: document, version: found.version }),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(key = key.as_str(), error, "a digest key cannot be read");
                }
            }
        }
        self.regions.insert(region.clone(), keys);
        Ok(())
    }

    fn open(&mut self, region: &Region, key: &SigningKey) -> Option<Arc<RsaPair>> {
        let name = (region.clone(), key.fingerprint.clone());
        if let Some(pair) = self.open.get(&name) {
            return Some(Arc::clone(pair));
        }
        let context = place::digest_key(region, &key.fingerprint);
        let plain = self.master.open(context.as_bytes(), &key.sealed_private()?).ok()?;
        let pair = RsaPair::from_pkcs8(&plain).ok()?;
        let pair = Arc::new(pair);
        self.open.insert(name, Arc::clone(&pair));
        Some(pair)
    }

    /// A key that does not open signs nothing; another one takes its place.
    fn set_aside(&mut self, region: &Region, fingerprint: &str) {
        tracing::error!(%region, fingerprint, "a digest key does not open; another one signs");
        if let Some(keys) = self.regions.get_mut(region) {
            keys.retain(|held| held.key.fingerprint != fingerprint);
        }
    }

    async fn make(
        &mut self,
        region: &Region,
        times: (Timestamp, Timestamp),
    ) -> Result<(String, Arc<RsaPair>), StepError> {
        let new_key = Arc::clone(&self.new_key);
        let pair = tokio::task::spawn_blocking(move || new_key()).await.map_err(StepError::Lost)?;
        let pair = pair.map_err(|error| other("make a key for digests", error))?;
        let context =
            place::digest_key(region, &cairn_event::digest::fingerprint(pair.public_der()));
        let sealed = self.master.seal(context.as_bytes(), pair.pkcs8());
        let sealed = sealed.map_err(|error| other("seal a key for digests", error))?;
        let key = SigningKey::new(pair.public_der(), times, &sealed);
        // Whatever comes of it, what is there is read before another one is made.
        let known = self.regions.remove(region).unwrap_or_default();
        let version = state::put(&*self.meta, &context, None, &key).await?;
        tracing::info!(%region, fingerprint = key.fingerprint, "a new key signs digests");
        metric::key_made();
        let (pair, print) = (Arc::new(pair), key.fingerprint.clone());
        self.open.insert((region.clone(), print.clone()), Arc::clone(&pair));
        let keys = known.into_iter().chain([Held { key, version }]).collect();
        self.regions.insert(region.clone(), keys);
        Ok((print, pair))
    }

    /// Destroys the private part of keys that have ended. Plans hold their signatures, so nothing
    /// needs it any more.
    async fn retire(&mut self, region: &Region, now: Timestamp) -> Result<(), StepError> {
        let Some(mut keys) = self.regions.remove(region) else { return Ok(()) };
        for held in &mut keys {
            if held.key.ends > now || held.key.sealed.is_none() {
                continue;
            }
            held.key.sealed = None;
            let context = place::digest_key(region, &held.key.fingerprint);
            held.version = state::put(&*self.meta, &context, Some(held.version), &held.key).await?;
            self.open.remove(&(region.clone(), held.key.fingerprint.clone()));
        }
        self.regions.insert(region.clone(), keys);
        Ok(())
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("rotation", &self.rotation).finish_non_exhaustive()
    }
}

pub(super) fn other(
    doing: &'static str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> StepError {
    StepError::Other { doing, error: Box::new(error) }
}
