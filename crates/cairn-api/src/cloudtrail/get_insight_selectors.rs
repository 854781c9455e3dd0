//! `GetInsightSelectors`: what is watched for unusual activity. Nothing can be put yet, so no trail
//! has Insights, and that is what is answered.

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::get_event_configuration::one_trail;
use super::trail::fault::{ConfigurationFault, TrailFault};
use super::trail::reference::Shown;
use crate::Ctx;

/// Of what.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    trail_name: Option<String>,
    event_data_store: Option<String>,
}

/// Never answered.
#[derive(Debug, Serialize)]
pub(crate) enum Output {}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let reference = one_trail(ctx, input.trail_name.as_deref(), input.event_data_store.as_deref())?;
    let found = reference.read(ctx, Shown::Arn).await?;
    let arn = found.trail.arn().to_string();
    Err(TrailFault::from(ConfigurationFault::NoInsights { arn }).into())
}
