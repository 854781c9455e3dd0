//! Whether a trail can deliver where it is told to, asked of the destinations themselves.
//!
//! The bucket comes first: its check leaves marks even if the topic is then refused (observed).

use cairn_event::trail::Trail;

use super::super::CloudTrailError;
use super::fault::TrailFault;
use super::plan::Change;
use super::{bucket, key, log_group, topic};
use crate::Ctx;

/// Finds the key that is asked for and asks bucket, topic and log group.
pub(crate) async fn admit(
    ctx: &Ctx,
    trail: &mut Trail,
    key_change: &Change,
) -> Result<(), CloudTrailError> {
    let region = bucket::region(ctx, &trail.bucket).await?;
    match key_change {
        Change::Keep => {}
        Change::Clear => trail.kms_key_arn = None,
        Change::Set(named) => {
            trail.kms_key_arn = Some(key::resolve(ctx, named, &trail.bucket, &region).await?);
        }
    }
    bucket::admit(ctx, trail).await?;
    topic::admit(trail).map_err(TrailFault::from)?;
    log_group::admit(trail).map_err(TrailFault::from)?;
    Ok(())
}
