//! Whether the regions that a trail is in have room for it.
//!
//! - A multi-region trail counts in every region, and its name is taken in every region
//!   (documented).
//! - A trail of one region therefore stands in the way of a multi-region trail of its name
//!   (assumed).

use cairn_event::trail::Trail;

use super::super::CloudTrailError;
use super::fault::TrailFault;
use super::store;
use crate::Ctx;

/// Checks a trail that is to be there beside the others of its account.
pub(crate) async fn check(ctx: &Ctx, trail: &Trail) -> Result<(), CloudTrailError> {
    let mut others = store::all(ctx).await?;
    others.retain(|other| other.id != trail.id);
    let meets = |other: &Trail| other.is_multi_region || trail.covers(&other.home_region);
    if others.iter().any(|other| other.name == trail.name && meets(other)) {
        return Err(taken(trail).into());
    }
    let max = ctx.services.trails.trails_per_region_max;
    let mut regions = vec![&trail.home_region];
    if trail.is_multi_region {
        regions.extend(others.iter().map(|other| &other.home_region));
    }
    let is_full = |region| others.iter().filter(|other| other.covers(region)).count() >= max;
    match regions.into_iter().find(|region| is_full(region)) {
        None => Ok(()),
        Some(region) => Err(TrailFault::TooMany {
            account: trail.account.to_string(),
            max,
            region: region.to_string(),
        }
        .into()),
    }
}

/// The trail's name is taken.
pub(crate) fn taken(trail: &Trail) -> TrailFault {
    let (name, account) = (trail.name.to_string(), trail.account.to_string());
    TrailFault::AlreadyExists { name, account }
}
