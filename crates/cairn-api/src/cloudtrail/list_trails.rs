//! `ListTrails`: the trails of an account in all regions, each once.
//!
//! The size of a page and what becomes of a wrong token are assumed; neither is documented.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cairn_event::trail::{Trail, TrailArn};
use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::fault::{ConfigurationFault, TrailFault};
use super::trail::store;
use crate::Ctx;

/// The most trails of a page.
const PAGE_TRAILS_MAX: usize = 100;

/// Where to go on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    next_token: Option<String>,
}

/// A page of trails.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    trails: Vec<Info>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    #[serde(rename = "TrailARN")]
    trail_arn: String,
    name: String,
    home_region: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    store::tidy(ctx).await?;
    let mut trails = store::all(ctx).await?;
    trails.sort_by(|one, other| place(one).cmp(&place(other)));
    if let Some(token) = input.next_token {
        let last = position(&token).filter(|arn| arn.account == ctx.account);
        let last = last.ok_or(TrailFault::from(ConfigurationFault::Token))?;
        let last = (last.region.as_str(), last.name.as_str());
        trails.retain(|trail| place(trail) > last);
    }
    let has_more = trails.len() > PAGE_TRAILS_MAX;
    trails.truncate(PAGE_TRAILS_MAX);
    let next_token = trails.last().filter(|_| has_more).map(token);
    Ok(Output { trails: trails.iter().map(Info::of).collect(), next_token })
}

/// What trails are listed by.
fn place(trail: &Trail) -> (&str, &str) {
    (trail.home_region.as_str(), trail.name.as_str())
}

/// A token that goes on behind a trail.
fn token(last: &Trail) -> String {
    URL_SAFE_NO_PAD.encode(last.arn().to_string())
}

fn position(token: &str) -> Option<TrailArn> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    TrailArn::parse(&text).ok()
}

impl Info {
    fn of(trail: &Trail) -> Self {
        Self {
            trail_arn: trail.arn().to_string(),
            name: trail.name.to_string(),
            home_region: trail.home_region.to_string(),
        }
    }
}
