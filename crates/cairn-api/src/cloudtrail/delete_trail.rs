//! `DeleteTrail`: a trail is gone at once; what it still has to deliver and to sign follows.
//!
//! Bucket, objects and log group stay (documented). A trail that logs needs no stop before
//! (observed).

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::fault::TrailFault;
use super::trail::reference::{Reference, Shown};
use super::trail::store;
use crate::Ctx;

/// Which trail.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
}

/// Nothing is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Output {}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let reference = Reference::parse(ctx, &input.name)?;
    for _ in 0..store::ATTEMPTS_MAX {
        let found = reference.open(ctx, Shown::Arn).await?;
        let (mut deleted, end) = (found.trail.clone(), store::committed(ctx));
        deleted.stop_logging(store::span_end(ctx, end));
        deleted.deleted = Some(ctx.now);
        deleted.changed = end;
        if store::delete(ctx, &found, deleted).await? {
            return Ok(Output {});
        }
    }
    Err(TrailFault::Conflict.into())
}
