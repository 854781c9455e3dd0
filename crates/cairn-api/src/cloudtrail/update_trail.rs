//! `UpdateTrail`: other settings for a trail, which need not stop for it.
//!
//! - The bucket is checked anew even if nothing about it changes, and a refused update leaves the
//!   trail as it was (observed).

use super::CloudTrailError;
use super::trail::fault::TrailFault;
use super::trail::plan::{Input, Plan};
use super::trail::reference::{Reference, Shown};
use super::trail::shown::Settings;
use super::trail::{destination, room, store};
use crate::Ctx;

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Settings, CloudTrailError> {
    let reference = Reference::parse(ctx, &input.name)?;
    let plan = Plan::read(ctx, input)?;
    for _ in 0..store::ATTEMPTS_MAX {
        let found = reference.open(ctx, Shown::Name).await?;
        let mut trail = found.trail.clone();
        plan.apply(&mut trail, ctx.now)?;
        let widens = trail.is_multi_region && !found.trail.is_multi_region;
        if widens {
            room::check(ctx, &trail).await?;
        }
        destination::admit(ctx, &mut trail, &plan.key).await?;
        let mut turn = None;
        if widens {
            turn = Some(ctx.services.trails.admission.turn().await);
            room::check(ctx, &trail).await?;
        }
        let is_same = trail == found.trail;
        trail.changed = store::committed(ctx);
        if !trail.selects_like(&found.trail) {
            trail.selected_since = trail.changed;
        }
        if is_same || store::replace(ctx, &found, &trail).await? {
            let settings = Settings::of(&trail);
            let removes_topic = plan.removes_topic();
            return Ok(if removes_topic { settings.with_topic_removed() } else { settings });
        }
        drop(turn);
    }
    Err(TrailFault::Conflict.into())
}
