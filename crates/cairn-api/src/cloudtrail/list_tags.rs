//! `ListTags`: the tags of up to 20 trails and channels, in the order in which they are named.
//!
//! There is never more than one page, so no token is right.

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::fault::{TagFault, TrailFault};
use super::trail::tags::{self, Tag, Tagged};
use crate::Ctx;

/// The most resources of one call (documented; which error there is for more is assumed).
const RESOURCES_MAX: usize = 20;

/// Of what.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    resource_id_list: Vec<String>,
    next_token: Option<String>,
}

/// The tags of each.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    resource_tag_list: Vec<ResourceTag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceTag {
    resource_id: String,
    tags_list: Vec<Tag>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    if input.resource_id_list.len() > RESOURCES_MAX {
        let fault = TagFault::TooManyResources { max: RESOURCES_MAX };
        return Err(TrailFault::from(fault).into());
    }
    if input.next_token.is_some() {
        return Err(TrailFault::from(TagFault::Token).into());
    }
    let mut resource_tag_list = Vec::with_capacity(input.resource_id_list.len());
    for resource_id in input.resource_id_list {
        let found = Tagged::parse(ctx, &resource_id)?.find(ctx).await?;
        resource_tag_list.push(ResourceTag { resource_id, tags_list: tags::of(&found) });
    }
    Ok(Output { resource_tag_list })
}
