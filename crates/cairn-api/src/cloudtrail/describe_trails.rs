//! `DescribeTrails`: the trails of a region, with the shadows of others; or those that are named.
//!
//! - A name stands for a trail that is at home here; an ARN reaches every region (documented).
//! - What is named and not there is left out (observed).
//! - There are no pages (documented).

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::reference::Reference;
use super::trail::shown::Settings;
use super::trail::store;
use crate::Ctx;

/// Which trails.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(default)]
    trail_name_list: Vec<String>,
    include_shadow_trails: Option<bool>,
}

/// The trails.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    trail_list: Vec<Settings>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let named = input.trail_name_list.iter().map(|text| Reference::parse(ctx, text));
    let named = named.collect::<Result<Vec<_>, _>>()?;
    store::tidy(ctx).await?;
    let mut trails = store::all(ctx).await?;
    if named.is_empty() {
        trails.retain(|trail| trail.covers(&ctx.region));
    } else {
        trails.retain(|trail| named.iter().any(|reference| reference.means(trail)));
    }
    if input.include_shadow_trails == Some(false) {
        trails.retain(|trail| trail.home_region == ctx.region || !trail.is_multi_region);
    }
    Ok(Output { trail_list: trails.iter().map(Settings::in_full).collect() })
}
