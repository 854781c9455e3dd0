//! What selectors mean, one at a time, over the record as a tree: slow, and read off the rules.

use cairn_event::RecordHead;
use cairn_event::selector::{EventSelector, FieldSelector, Selectors};
use serde_json::Value;

/// Whether a trail with these selectors takes a record.
pub fn takes(selectors: &Selectors, record: &str) -> bool {
    let head = RecordHead::parse(record.as_bytes()).unwrap();
    let Some(category) = head.category().as_str().filter(|name| *name != "Insight") else {
        return false;
    };
    let record: Value = serde_json::from_str(record).unwrap();
    match selectors {
        Selectors::Basic(all) => all.iter().any(|s| basic(s, category, &record)),
        Selectors::Advanced(all) => {
            all.iter().any(|s| advanced(&s.field_selectors, category, &record))
        }
    }
}

fn is_read(record: &Value) -> bool {
    matches!(&record["readOnly"], Value::Bool(true)) || record["readOnly"] == "true"
}

fn resources(record: &Value) -> Vec<Value> {
    record["resources"].as_array().cloned().unwrap_or_default()
}

fn arn(resource: &Value) -> Option<&str> {
    let texts = ["ARN", "arn", "ARNPrefix"].map(|key| resource[key].as_str());
    texts.into_iter().flatten().next()
}

fn basic(selector: &EventSelector, category: &str, record: &Value) -> bool {
    let fits = match selector.read_write_type.as_deref() {
        Some("ReadOnly") => is_read(record),
        Some("WriteOnly") => !is_read(record),
        _ => true,
    };
    let excluded = selector.exclude_management_event_sources.clone().unwrap_or_default();
    let data = selector.data_resources.clone().unwrap_or_default();
    fits && match category {
        "Management" => {
            selector.include_management_events != Some(false)
                && !excluded.iter().any(|source| record["eventSource"] == source.as_str())
        }
        "Data" => data.iter().any(|wanted| {
            let kind = wanted.kind.clone().unwrap_or_default();
            let values = wanted.values.clone().unwrap_or_default();
            resources(record).iter().any(|resource| {
                let arn = arn(resource);
                resource["type"] == kind.as_str()
                    && values.iter().any(|value| match kind.as_str() {
                        "AWS::S3::Object" => {
                            value == "arn:aws:s3"
                                || value == "arn:aws:s3:::"
                                || arn.is_some_and(|arn| arn.starts_with(value))
                        }
                        "AWS::Lambda::Function" => value == "arn:aws:lambda" || arn == Some(value),
                        "AWS::DynamoDB::Table" => value == "arn:aws:dynamodb" || arn == Some(value),
                        _ => arn == Some(value),
                    })
            })
        }),
        _ => false,
    }
}

fn advanced(conditions: &[FieldSelector], category: &str, record: &Value) -> bool {
    let nothing = [Value::Null];
    // A condition without operators asks nothing.
    let asks_resources = conditions
        .iter()
        .any(|c| c.field.starts_with("resources.") && c.operators().next().is_some());
    let found = resources(record);
    let seen = if asks_resources { found.as_slice() } else { &nothing };
    seen.iter().any(|resource| {
        conditions.iter().all(|condition| {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let value = match condition.field.as_str() {
                "eventCategory" => Some(category.to_owned()),
                "readOnly" => Some(is_read(record).to_string()),
                "sessionCredentialFromConsole" => match &record["sessionCredentialFromConsole"] {
                    Value::Bool(is) => Some(is.to_string()),
                    Value::String(word) if word == "true" || word == "false" => Some(word.clone()),
                    _ => None,
                },
                "resources.type" => text(&resource["type"]),
                "resources.ARN" => arn(resource).map(str::to_owned),
                "userIdentity.arn" => text(&record["userIdentity"]["arn"]),
                field @ ("eventSource" | "eventName" | "eventType" | "errorCode"
                | "vpcEndpointId") => text(&record[field]),
                _ => None,
            };
            holds(condition, value.as_deref())
        })
    })
}

fn holds(condition: &FieldSelector, value: Option<&str>) -> bool {
    let some = |values: &Option<Vec<String>>, test: fn(&str, &str) -> bool| {
        value.is_some_and(|value| values.iter().flatten().any(|wanted| test(value, wanted)))
    };
    let is = |value: &str, wanted: &str| value == wanted;
    let starts = |value: &str, wanted: &str| value.starts_with(wanted);
    let ends = |value: &str, wanted: &str| value.ends_with(wanted);
    let is_empty = |values: &Option<Vec<String>>| values.iter().flatten().next().is_none();
    let wants_nothing = is_empty(&condition.equals)
        && is_empty(&condition.starts_with)
        && is_empty(&condition.ends_with);
    (wants_nothing
        || some(&condition.equals, is)
        || some(&condition.starts_with, starts)
        || some(&condition.ends_with, ends))
        && !some(&condition.not_equals, is)
        && !some(&condition.not_starts_with, starts)
        && !some(&condition.not_ends_with, ends)
}
