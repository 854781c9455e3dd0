//! Basic selectors.

use super::arn;
use crate::selector::{DataResource, EventSelector, SelectorFault};

/// The most basic selectors of a trail (observed in the text of the refusal).
const SELECTORS_MAX: usize = 5;
/// The most data resources in all basic selectors of a trail together; those that stand for all
/// resources of a type do not count (documented).
const DATA_RESOURCES_MAX: usize = 250;
/// The types that basic selectors know (documented).
const S3_OBJECT: &str = "AWS::S3::Object";
const LAMBDA_FUNCTION: &str = "AWS::Lambda::Function";
const DYNAMODB_TABLE: &str = "AWS::DynamoDB::Table";
/// The sources that can be left out (documented).
pub(super) const EXCLUDABLE_SOURCES: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];

pub(super) fn check(selectors: Vec<EventSelector>) -> Result<Vec<EventSelector>, SelectorFault> {
    if selectors.is_empty() || selectors.len() > SELECTORS_MAX {
        return Err(SelectorFault::BasicCount);
    }
    let mut resources = 0;
    let checked: Vec<_> =
        selectors.into_iter().map(|s| check_one(s, &mut resources)).collect::<Result<_, _>>()?;
    if resources > DATA_RESOURCES_MAX {
        return Err(SelectorFault::DataResourceCount);
    }
    Ok(checked)
}

fn check_one(
    selector: EventSelector,
    resources: &mut usize,
) -> Result<EventSelector, SelectorFault> {
    let kind = selector.read_write_type.unwrap_or_else(|| "All".to_owned());
    // Observed for `read-only`: the names are those of the enum and nothing else.
    if !matches!(kind.as_str(), "All" | "ReadOnly" | "WriteOnly") {
        return Err(invalid(kind, "ReadWriteType"));
    }
    let excluded = selector.exclude_management_event_sources.unwrap_or_default();
    // Accepted without management events too, where it has no effect (assumed).
    if let Some(source) = excluded.iter().find(|s| !EXCLUDABLE_SOURCES.contains(&s.as_str())) {
        return Err(invalid(source.clone(), "ExcludeManagementEventSources"));
    }
    let includes_management = selector.include_management_events.unwrap_or(true);
    let data = selector.data_resources.unwrap_or_default();
    if !includes_management && data.is_empty() {
        return Err(SelectorFault::TakesNothing);
    }
    let data = data.into_iter().map(|d| check_resource(d, resources)).collect::<Result<_, _>>()?;
    Ok(EventSelector {
        read_write_type: Some(kind),
        include_management_events: Some(includes_management),
        data_resources: Some(data),
        exclude_management_event_sources: Some(excluded),
    })
}

fn check_resource(
    resource: DataResource,
    count: &mut usize,
) -> Result<DataResource, SelectorFault> {
    let kind = resource.kind.unwrap_or_else(|| "null".to_owned());
    let is_valid: fn(&str) -> bool = match kind.as_str() {
        S3_OBJECT => arn::is_s3_prefix,
        LAMBDA_FUNCTION => arn::is_lambda_function,
        DYNAMODB_TABLE => arn::is_dynamodb_table,
        _ => return Err(invalid(kind, "DataResources.Type")),
    };
    // An empty list takes nothing and is accepted (observed).
    let values = resource.values.unwrap_or_default();
    for value in &values {
        if !is_all_of(&kind, value) {
            *count += 1;
            if !is_valid(value) {
                return Err(invalid(value.clone(), "DataResources.Values"));
            }
        }
    }
    Ok(DataResource { kind: Some(kind), values: Some(values) })
}

/// Whether a value stands for all resources of its type: `arn:aws:s3`, `arn:aws:lambda` or
/// `arn:aws:dynamodb` (documented), and `arn:aws:s3:::` (documented in examples).
pub(in crate::selector) fn is_all_of(kind: &str, value: &str) -> bool {
    let rest = arn::after_partition(value);
    match kind {
        S3_OBJECT => matches!(rest, Some("s3" | "s3:::")),
        LAMBDA_FUNCTION => rest == Some("lambda"),
        DYNAMODB_TABLE => rest == Some("dynamodb"),
        _ => false,
    }
}

/// Whether values of a type are beginnings of ARNs, not whole ones (documented).
pub(in crate::selector) fn is_prefix_type(kind: &str) -> bool {
    kind == S3_OBJECT
}

fn invalid(value: String, member: &'static str) -> SelectorFault {
    SelectorFault::BasicValue { value, member }
}
