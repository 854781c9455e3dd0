//! `GetEventSelectors`: which records a trail takes.
//!
//! The conditions of an advanced selector are sorted by field, whatever the order in which they
//! were put (observed).

use cairn_event::selector::{AdvancedEventSelector, EventSelector, Selectors};
use cairn_event::trail::Trail;
use serde::{Deserialize, Serialize};

use super::CloudTrailError;
use super::trail::reference::{Reference, Shown};
use crate::Ctx;

/// Which trail.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    trail_name: String,
}

/// One kind of selectors or the other. Also what `PutEventSelectors` answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(rename = "TrailARN")]
    trail_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_selectors: Option<Vec<EventSelector>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let found = Reference::parse(ctx, &input.trail_name)?.read(ctx, Shown::Arn).await?;
    let mut output = Output::of(&found.trail);
    output.advanced_event_selectors = output
        .advanced_event_selectors
        .map(|selectors| selectors.into_iter().map(AdvancedEventSelector::sorted).collect());
    Ok(output)
}

impl Output {
    /// The selectors of a trail as they were put.
    pub(crate) fn of(trail: &Trail) -> Self {
        let (basic, advanced) = match trail.selectors.clone() {
            Selectors::Basic(selectors) => (Some(selectors), None),
            Selectors::Advanced(selectors) => (None, Some(selectors)),
        };
        Self {
            trail_arn: trail.arn().to_string(),
            event_selectors: basic,
            advanced_event_selectors: advanced,
        }
    }
}
