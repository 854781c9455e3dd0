//! `AddTags`: more tags for a trail, by its ARN; a key that is there gets the new value.

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::fault::TrailFault;
use super::trail::store;
use super::trail::tags::{self, Tag, Tagged};
use crate::Ctx;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    resource_id: String,
    tags_list: Vec<Tag>,
}

/// Nothing is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Output {}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let tagged = Tagged::parse(ctx, &input.resource_id)?;
    tags::check(&input.tags_list).map_err(TrailFault::from)?;
    tagged.find(ctx).await?;
    let max = ctx.services.trails.tags_max;
    store::change(ctx, &tagged.trail, |trail, _| Ok(tags::add(trail, &input.tags_list, max)?))
        .await?;
    Ok(Output {})
}
