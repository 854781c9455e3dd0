//! The trails that have or had chains, and what digests need of them.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_bucket::Writer;
use cairn_event::trail::{DigestEpoch, Trail, TrailName, place};
use cairn_event::{AccountId, Region, Timestamp};
use cairn_store::{MetaStore, Version};

use crate::state;
use crate::worker::StepError;

/// A trail as digests see it.
#[derive(Debug)]
pub(super) struct Known {
    pub id: String,
    pub name: TrailName,
    pub account: AccountId,
    pub home_region: Region,
    pub bucket: String,
    pub prefix: Option<String>,
    pub kms_key_arn: Option<String>,
    pub digests: Option<DigestEpoch>,
    pub is_multi_region: bool,
    /// Whether it ever logged.
    pub has_logged: bool,
    /// Where its document is, if it was deleted.
    pub gone: Option<String>,
    /// The version of its document.
    pub version: Version,
}

/// All trails, by id.
#[derive(Debug, Default)]
pub(super) struct Trails {
    by_id: HashMap<String, Arc<Known>>,
}

impl Known {
    fn new(trail: Trail, version: Version) -> Self {
        let gone = trail.deleted.is_some().then(|| place::gone(&trail));
        Self {
            gone,
            id: trail.id,
            name: trail.name,
            account: trail.account,
            home_region: trail.home_region,
            bucket: trail.bucket,
            prefix: trail.prefix,
            kms_key_arn: trail.kms_key_arn,
            digests: trail.digests,
            is_multi_region: trail.is_multi_region,
            has_logged: !trail.spans.is_empty(),
            version,
        }
    }

    /// The chain that it wants in a region now.
    pub fn wanted(&self, region: &Region) -> Option<DigestEpoch> {
        let covers = self.is_multi_region || *region == self.home_region;
        self.digests.clone().filter(|_| covers && self.gone.is_none())
    }

    /// On whose behalf its digests are written.
    pub fn writer(&self) -> Writer {
        let partition = cairn_event::trail::TrailArn::partition_of(&self.home_region).to_owned();
        let arn = cairn_event::trail::TrailArn {
            partition,
            region: self.home_region.clone(),
            account: self.account.clone(),
            name: self.name.clone(),
        };
        Writer { trail_arn: arn.to_string(), account: self.account.clone() }
    }

    /// Whether the keys of their digests could be the same.
    fn shares_names(&self, other: &Self) -> bool {
        self.id != other.id
            && self.account == other.account
            && self.name == other.name
            && self.home_region == other.home_region
    }
}

impl Trails {
    /// Reads all trails. Those that are there first: a deleted one is in its second place before it
    /// leaves the first, and until then it is not deleted.
    pub async fn read(meta: &dyn MetaStore) -> Result<Self, StepError> {
        let mut by_id: HashMap<String, Arc<Known>> = HashMap::new();
        for prefix in [place::TRAILS, place::GONE] {
            for (key, found) in state::list(meta, prefix).await? {
                match state::parse::<Trail>(key.as_str(), &found.value) {
                    Ok(trail) => {
                        let known = Known::new(trail, found.version);
                        by_id.entry(known.id.clone()).or_insert(Arc::new(known));
                    }
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        tracing::error!(key = key.as_str(), error, "a trail cannot be read");
                    }
                }
            }
        }
        Ok(Self { by_id })
    }

    pub fn get(&self, id: &str) -> Option<&Arc<Known>> {
        self.by_id.get(id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Known>> {
        self.by_id.values()
    }

    /// Other trails of the same name.
    pub fn namesakes<'a>(&'a self, trail: &'a Known) -> impl Iterator<Item = &'a Arc<Known>> {
        self.iter().filter(|other| other.shares_names(trail))
    }

    /// When a later trail of the same name began a chain in a region.
    pub fn replaced(&self, trail: &Known, region: &Region) -> Option<Timestamp> {
        trail.gone.as_ref()?;
        let chains = self.namesakes(trail).filter_map(|other| other.wanted(region));
        chains.map(|epoch| epoch.since).min()
    }
}
