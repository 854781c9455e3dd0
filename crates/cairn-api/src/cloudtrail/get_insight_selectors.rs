//! `GetInsightSelectors`: what is watched for unusual activity. Nothing can be put yet, so no trail
//! has Insights, nor has the event data store, and that is what is answered.

use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::get_event_configuration::Configured;
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
    let (trail, store) = (input.trail_name.as_deref(), input.event_data_store.as_deref());
    let fault = match Configured::parse(ctx, trail, store)? {
        Configured::Trail(trail) => {
            let arn = trail.read(ctx, Shown::Arn).await?.trail.arn().to_string();
            ConfigurationFault::NoInsights { arn }
        }
        Configured::Store(arn) => ConfigurationFault::NoInsightsOfStore { arn },
    };
    Err(TrailFault::from(fault).into())
}
