//! `LookupEvents`: management or Insights events of one account and region, newest first.
//!
//! - At most one attribute, matched exactly; values are case-sensitive (observed).
//! - `ReadOnly` is `true` or `false`, in lower case only (observed).
//! - The time range includes both ends; one that begins in the future is refused (observed).
//! - 50 events a page; a token is good for the query that made it, for ever (assumed).
//! - Data events never show; Insights events show with `EventCategory` `insight` (documented).
//! - A caller finds what it did before. AWS takes minutes for that; nothing is promised there.
//!
//! The double weight that the API reference gives some characters of a value is not enforced
//! (observed).

mod event;
#[cfg(test)]
mod tests;

use cairn_event::Timestamp;
use cairn_history::{AttributeKey, LookupCategory, LookupQuery};
use cairn_wire::validate::Violation;
use serde::{Deserialize, Serialize};

use crate::{Ctx, Internal, history};

use super::CloudTrailError;
use super::error::{LookupAttributesFault, TimeRangeFault};
use event::Event;

/// The most events of a page, and how many there are if the caller says nothing (documented).
const EVENTS_MAX: usize = 50;
/// The longest value of an attribute, in characters (documented).
const VALUE_CHARS_MAX: usize = 2_000;

/// What is asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(default)]
    lookup_attributes: Vec<LookupAttribute>,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    event_category: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LookupAttribute {
    attribute_key: String,
    attribute_value: String,
}

/// A page of events.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    events: Vec<Event>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, CloudTrailError> {
    let query = query(ctx, &input)?;
    let limit = input.max_results.map_or(Ok(EVENTS_MAX), usize::try_from);
    let limit = limit.ok().filter(|limit| (1..=EVENTS_MAX).contains(limit));
    let limit = limit.ok_or(CloudTrailError::InvalidMaxResults)?;
    let identity = identity(&query);
    let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
    let after = match input.next_token.as_deref() {
        None => None,
        Some(token) => {
            Some(history::position(&identity, token).ok_or(CloudTrailError::InvalidNextToken)?)
        }
    };
    history::catch_up(ctx).await?;
    let (events, next) = history::look_up::<_, CloudTrailError>(ctx, move |history| {
        let page = history.lookup(&query, after, limit, Event::of)?;
        Ok((page.hits, page.next))
    })
    .await?;
    let next_token = next.map(|position| history::token(&identity, position));
    Ok(Output { events, next_token })
}

/// The query that an input is.
fn query(ctx: &Ctx, input: &Input) -> Result<LookupQuery, CloudTrailError> {
    let category = match input.event_category.as_deref() {
        None => LookupCategory::Management,
        Some("insight") => LookupCategory::Insight,
        Some(_) => return Err(CloudTrailError::InvalidEventCategory),
    };
    let attribute = match input.lookup_attributes.as_slice() {
        [] => None,
        [one] => Some(attribute(one, category)?),
        _ => return Err(LookupAttributesFault::TooMany.into()),
    };
    if input.start_time.is_some_and(|start| start > ctx.now) {
        return Err(TimeRangeFault::Ahead.into());
    }
    if let (Some(start), Some(end)) = (input.start_time, input.end_time)
        && start > end
    {
        return Err(TimeRangeFault::Reversed.into());
    }
    Ok(LookupQuery {
        account: ctx.account.clone(),
        region: ctx.region.clone(),
        attribute,
        start: input.start_time,
        end: input.end_time,
        category,
    })
}

fn attribute(
    asked: &LookupAttribute,
    category: LookupCategory,
) -> Result<(AttributeKey, String), LookupAttributesFault> {
    let rule = |rule: String| LookupAttributesFault::Rule { rule };
    let key = AttributeKey::parse(&asked.attribute_key)
        .ok_or_else(|| rule(format!("There is no attribute {:?}.", asked.attribute_key)))?;
    let value = &asked.attribute_value;
    if value.is_empty() || value.chars().count() > VALUE_CHARS_MAX {
        return Err(rule(format!("A value has 1 to {VALUE_CHARS_MAX} characters.")));
    }
    if key == AttributeKey::ReadOnly && value != "true" && value != "false" {
        return Err(LookupAttributesFault::ReadOnly);
    }
    let of_insights = [AttributeKey::EventId, AttributeKey::EventName, AttributeKey::EventSource];
    if category == LookupCategory::Insight && !of_insights.contains(&key) {
        return Err(LookupAttributesFault::NotOfInsights { key });
    }
    Ok((key, value.clone()))
}

/// What a token is bound to: everything but the size of the page.
fn identity(query: &LookupQuery) -> Vec<String> {
    let (key, value) = match &query.attribute {
        Some((key, value)) => (key.as_str(), value.as_str()),
        None => ("", ""),
    };
    let time = |at: Option<Timestamp>| at.map(|at| at.as_ms().to_string()).unwrap_or_default();
    let category = match query.category {
        LookupCategory::Management => "management",
        LookupCategory::Insight => "insight",
    };
    [
        "LookupEvents",
        query.account.as_str(),
        query.region.as_str(),
        key,
        value,
        &time(query.start),
        &time(query.end),
        category,
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The modelled error for an input that breaks a rule of the model.
pub(crate) fn violation(violation: &Violation) -> Option<CloudTrailError> {
    let member = violation.path.split('.').next().unwrap_or_default();
    match member {
        "maxResults" => Some(CloudTrailError::InvalidMaxResults),
        "eventCategory" => Some(CloudTrailError::InvalidEventCategory),
        "nextToken" => Some(CloudTrailError::InvalidNextToken),
        "lookupAttributes" => {
            Some(LookupAttributesFault::Rule { rule: violation.to_string() }.into())
        }
        _ => None,
    }
}

impl From<Internal> for CloudTrailError {
    fn from(internal: Internal) -> Self {
        Self::Internal(internal)
    }
}
