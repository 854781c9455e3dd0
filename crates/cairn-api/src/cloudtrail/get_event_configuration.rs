//! `GetEventConfiguration`: what is configured of a trail beside its selectors.
//!
//! A trail has aggregations; the size of events and context keys belong to event data stores, of
//! which there are none (documented).

use cairn_event::trail::Trail;
use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::event_data_store;
use super::trail::fault::{ConfigurationFault, TrailFault};
use super::trail::reference::{Reference, Shown};
use crate::Ctx;

/// The category of events that are aggregated; there is no other.
pub(crate) const DATA: &str = "Data";

/// Of what.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    trail_name: Option<String>,
    event_data_store: Option<String>,
}

/// The configuration. Also what `PutEventConfiguration` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(rename = "TrailARN")]
    trail_arn: String,
    aggregation_configurations: Vec<Aggregation>,
}

/// How events of a category are aggregated.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Aggregation {
    pub(crate) templates: Vec<String>,
    pub(crate) event_category: String,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let reference = one_trail(ctx, input.trail_name.as_deref(), input.event_data_store.as_deref())?;
    Ok(Output::of(&reference.read(ctx, Shown::Arn).await?.trail))
}

/// The trail that a call means which could mean an event data store.
pub(crate) fn one_trail(
    ctx: &Ctx,
    trail: Option<&str>,
    event_data_store: Option<&str>,
) -> Result<Reference, TrailFault> {
    match (trail, event_data_store) {
        (Some(trail), None) => Reference::parse(ctx, trail),
        (None, Some(store)) => Err(event_data_store::refusal(store).into()),
        _ => Err(ConfigurationFault::OneOf.into()),
    }
}

impl Output {
    pub(crate) fn of(trail: &Trail) -> Self {
        let templates = trail.aggregation_templates.clone();
        let aggregation = Aggregation { templates, event_category: DATA.to_owned() };
        let aggregations = [aggregation].into_iter().filter(|one| !one.templates.is_empty());
        Self {
            trail_arn: trail.arn().to_string(),
            aggregation_configurations: aggregations.collect(),
        }
    }
}
