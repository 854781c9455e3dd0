//! `RemoveTags`: fewer tags for a trail or a channel, by its ARN.

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::fault::TrailFault;
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
    tagged
        .change(ctx, |kept, _| {
            tags::remove(kept, &input.tags_list);
            Ok(())
        })
        .await?;
    Ok(Output {})
}
