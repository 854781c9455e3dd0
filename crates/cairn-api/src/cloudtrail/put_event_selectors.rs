//! `PutEventSelectors`: which records a trail takes from now on. One kind takes the place of the
//! other.
//!
//! The answer has the conditions in the order of the call (observed).

use cairn_event::selector::{AdvancedEventSelector, EventSelector, SelectorFault, Selectors};
use cairn_wire::validate::{Constraint, Violation};
use serde::Deserialize;

use super::CloudTrailError;
use super::get_event_selectors::Output;
use super::trail::fault::TrailFault;
use super::trail::reference::Reference;
use super::trail::store;
use crate::Ctx;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    trail_name: String,
    event_selectors: Option<Vec<EventSelector>>,
    advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let reference = Reference::parse(ctx, &input.trail_name)?;
    let selectors = match (input.event_selectors, input.advanced_event_selectors) {
        (Some(_), Some(_)) => Err(SelectorFault::BothKinds),
        (None, Some(advanced)) => Selectors::check_advanced(advanced),
        (basic, None) => Selectors::check_basic(basic.unwrap_or_default()),
    }
    .map_err(|fault| TrailFault::Selectors(fault.to_string()))?;
    let trail = store::change(ctx, &reference, |trail, _| {
        trail.has_custom_selectors = !selectors.is_default();
        trail.selectors = selectors.clone();
        Ok(())
    })
    .await?;
    Ok(Output::of(&trail))
}

/// The modelled error for an input that breaks a rule of the model.
pub(crate) fn violation(violation: &Violation) -> Option<CloudTrailError> {
    let path = violation.path.as_str();
    let is_selector = ["eventSelectors", "advancedEventSelectors"].iter().any(|member| {
        path == *member || path.strip_prefix(member).is_some_and(|rest| rest.starts_with('.'))
    });
    if !is_selector {
        return None;
    }
    let text = match (&violation.constraint, &violation.value) {
        // Observed.
        (Constraint::Enum(_), Some(value)) if path.ends_with(".readWriteType") => {
            format!("Value {value} for ReadWriteType is invalid.")
        }
        _ => violation.to_string(),
    };
    Some(TrailFault::Selectors(text).into())
}
