//! `GetEventConfiguration`: what is configured of a trail or an event data store beside its selectors.
//!
//! A trail has aggregations; the size of events and context keys belong to event data stores
//! (documented). The one that is built in has the defaults: events of standard size (documented), and
//! no keys.

use cairn_event::trail::Trail;
use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::channel::event_data_store;
use super::trail::fault::{ConfigurationFault, TrailFault};
use super::trail::reference::{Reference, Shown};
use crate::Ctx;

/// The category of events that are aggregated; there is no other.
pub(crate) const DATA: &str = "Data";
/// The size of events where none is put (documented).
const STANDARD: &str = "Standard";

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
    #[serde(rename = "TrailARN", skip_serializing_if = "Option::is_none")]
    trail_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregation_configurations: Option<Vec<Aggregation>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_data_store_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_event_size: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_key_selectors: Option<Vec<ContextKeySelector>>,
}

/// Never there: none can be put.
#[derive(Debug, Serialize)]
enum ContextKeySelector {}

/// How events of a category are aggregated.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Aggregation {
    pub(crate) templates: Vec<String>,
    pub(crate) event_category: String,
}

/// What a call is about that may be about a trail or an event data store.
#[derive(Debug)]
pub(crate) enum Configured {
    /// A trail.
    Trail(Reference),
    /// The event data store, by its ARN.
    Store(String),
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let (trail, store) = (input.trail_name.as_deref(), input.event_data_store.as_deref());
    Ok(match Configured::parse(ctx, trail, store)? {
        Configured::Trail(trail) => Output::of(&trail.read(ctx, Shown::Arn).await?.trail),
        Configured::Store(arn) => Output::of_store(arn),
    })
}

impl Configured {
    /// Reads what a caller names: one or the other.
    pub(crate) fn parse(
        ctx: &Ctx,
        trail: Option<&str>,
        event_data_store: Option<&str>,
    ) -> Result<Self, CloudTrailError> {
        match (trail, event_data_store) {
            (Some(trail), None) => Ok(Self::Trail(Reference::parse(ctx, trail)?)),
            (None, Some(store)) => Ok(Self::Store(event_data_store::find(ctx, store)?)),
            _ => Err(TrailFault::from(ConfigurationFault::OneOf).into()),
        }
    }
}

impl Output {
    pub(crate) fn of(trail: &Trail) -> Self {
        let templates = trail.aggregation_templates.clone();
        let aggregation = Aggregation { templates, event_category: DATA.to_owned() };
        let aggregations = [aggregation].into_iter().filter(|one| !one.templates.is_empty());
        Self {
            trail_arn: Some(trail.arn().to_string()),
            aggregation_configurations: Some(aggregations.collect()),
            event_data_store_arn: None,
            max_event_size: None,
            context_key_selectors: None,
        }
    }

    fn of_store(arn: String) -> Self {
        Self {
            trail_arn: None,
            aggregation_configurations: None,
            event_data_store_arn: Some(arn),
            max_event_size: Some(STANDARD),
            context_key_selectors: Some(Vec::new()),
        }
    }
}
