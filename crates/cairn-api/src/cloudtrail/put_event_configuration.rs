//! `PutEventConfiguration`: what is configured of a trail beside its selectors.
//!
//! - A trail has aggregations, and must take data events for it (documented). An empty list ends
//!   them; without a list they stay (assumed).
//! - The size of events and context keys are refused for a trail (documented).
//! - The event data store that is built in stays as it is.

use cairn_event::Category;
use cairn_wire::validate::Violation;
use serde::Deserialize;

use super::CloudTrailError;
use super::channel::fault::ChannelFault;
use super::get_event_configuration::{Aggregation, Configured, Output};
use super::trail::fault::{ConfigurationFault, TrailFault};
use super::trail::store;
use crate::Ctx;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    trail_name: Option<String>,
    event_data_store: Option<String>,
    max_event_size: Option<String>,
    context_key_selectors: Option<Vec<ContextKeySelector>>,
    aggregation_configurations: Option<Vec<Aggregation>>,
}

/// Of event data stores; looked at no further.
#[derive(Debug, Deserialize)]
struct ContextKeySelector {}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let (trail, store) = (input.trail_name.as_deref(), input.event_data_store.as_deref());
    let reference = match Configured::parse(ctx, trail, store)? {
        Configured::Trail(trail) => trail,
        Configured::Store(arn) => return Err(ChannelFault::BuiltIn { arn }.into()),
    };
    let not_of_trails = |member| TrailFault::from(ConfigurationFault::NotOfTrails { member });
    if input.max_event_size.is_some() {
        return Err(not_of_trails("MaxEventSize").into());
    }
    if input.context_key_selectors.is_some_and(|selectors| !selectors.is_empty()) {
        return Err(not_of_trails("ContextKeySelectors").into());
    }
    let templates = input.aggregation_configurations.as_deref().map(templates);
    let trail = store::change(ctx, &reference, |trail, _| {
        let Some(templates) = &templates else { return Ok(()) };
        if !templates.is_empty() && !trail.selectors.may_take(Category::Data) {
            return Err(ConfigurationFault::NoDataEvents.into());
        }
        trail.aggregation_templates.clone_from(templates);
        Ok(())
    })
    .await?;
    Ok(Output::of(&trail))
}

/// The templates of a configuration, each once.
fn templates(aggregations: &[Aggregation]) -> Vec<String> {
    let mut templates: Vec<String> = Vec::new();
    for template in aggregations.iter().flat_map(|aggregation| &aggregation.templates) {
        if !templates.contains(template) {
            templates.push(template.clone());
        }
    }
    templates
}

/// The modelled error for an input that breaks a rule of the model.
pub(crate) fn violation(violation: &Violation) -> CloudTrailError {
    TrailFault::from(ConfigurationFault::Rule { rule: violation.to_string() }).into()
}
