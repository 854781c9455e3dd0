//! What workers have written down of a trail's deliveries, as far as operations show it.
//!
//! The documents have more in them than is read here, and a worker may come to write more: what is
//! not known is passed over.

use cairn_event::Region;
use cairn_event::trail::{Delivery, DigestOutcome, RegionDelivery, Trail, place};
use cairn_store::Key;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::CloudTrailError;
use crate::{Ctx, Internal};

/// How the deliveries of a trail for one region stand.
#[derive(Debug, Default)]
pub(crate) struct Status {
    pub(crate) delivery: RegionDelivery,
    pub(crate) digests: DigestOutcome,
}

#[derive(Debug, Default, Deserialize)]
struct Chain {
    #[serde(default)]
    outcome: DigestOutcome,
}

impl Status {
    /// What is known by now; nothing, if nothing was tried.
    pub(crate) async fn read(
        ctx: &Ctx,
        trail: &Trail,
        region: &Region,
    ) -> Result<Self, CloudTrailError> {
        let mut delivery: Delivery = document(ctx, &place::delivery(&trail.id)).await?;
        let chain: Chain = document(ctx, &place::chain(&trail.id, &trail.account, region)).await?;
        Ok(Self {
            delivery: delivery.regions.remove(region.as_str()).unwrap_or_default(),
            digests: chain.outcome,
        })
    }
}

/// A document of a worker; an empty one if there is none.
async fn document<T: Default + DeserializeOwned>(
    ctx: &Ctx,
    key: &str,
) -> Result<T, CloudTrailError> {
    let Some(found) = ctx.services.meta.get(&Key::parse(key)?).await? else {
        return Ok(T::default());
    };
    let read = serde_json::from_slice(&found.value);
    Ok(read.map_err(|error| Internal::new("read how deliveries stand", error))?)
}
