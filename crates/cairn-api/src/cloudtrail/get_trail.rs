//! `GetTrail`: the settings of a trail, also from a region that has only its shadow.

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::reference::{Reference, Shown};
use super::trail::shown::Settings;
use crate::Ctx;

/// Which trail.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
}

/// The trail.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    trail: Settings,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let found = Reference::parse(ctx, &input.name)?.read(ctx, Shown::Name).await?;
    Ok(Output { trail: Settings::in_full(&found.trail) })
}
