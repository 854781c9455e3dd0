//! What S3 takes as a bucket policy. It is kept as it was given; its evaluation is not decided
//! here.

use serde_json::{Map, Value};

use super::error::S3Fault;

/// The longest policy (documented).
const POLICY_BYTES_MAX: usize = 20 << 10;
/// The versions of the policy language (documented).
const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];

/// Refuses what is not a policy for this bucket, in S3's words as far as they are known (observed).
pub(super) fn check(bucket: &str, text: &str) -> Result<(), S3Fault> {
    let refuse = |why| Err(S3Fault::MalformedPolicy { why });
    if text.len() > POLICY_BYTES_MAX {
        return refuse("Your policy exceeds the maximum allowed document size.");
    }
    if !text.starts_with('{') {
        return refuse("Policies must be valid JSON and the first byte must be '{'");
    }
    let Ok(Value::Object(policy)) = serde_json::from_str::<Value>(text) else {
        return refuse("This policy contains invalid Json");
    };
    if policy.get("Version").is_some_and(|version| !VERSIONS.iter().any(|known| version == known)) {
        return refuse("The policy must contain a valid version string");
    }
    let statements = match policy.get("Statement") {
        None => return refuse("Missing required field Statement"),
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(one) => vec![one],
    };
    if statements.is_empty() {
        return refuse("Could not parse the policy: Statement is empty!");
    }
    for statement in statements {
        let Value::Object(statement) = statement else {
            return refuse("Could not parse the policy: Statement is not an object");
        };
        check_statement(bucket, statement)?;
    }
    Ok(())
}

fn check_statement(bucket: &str, statement: &Map<String, Value>) -> Result<(), S3Fault> {
    let refuse = |why| Err(S3Fault::MalformedPolicy { why });
    let either = |name: &str, not: &str| statement.get(name).or_else(|| statement.get(not));
    match statement.get("Effect") {
        None => return refuse("Missing required field Effect"),
        Some(effect) if effect != "Allow" && effect != "Deny" => return refuse("Invalid effect"),
        Some(_) => {}
    }
    match either("Principal", "NotPrincipal") {
        None => return refuse("Missing required field Principal"),
        Some(Value::String(everyone)) if everyone == "*" => {}
        Some(Value::Object(kinds)) if !kinds.is_empty() => {}
        Some(_) => return refuse("Invalid principal in policy"),
    }
    let Some(actions) = either("Action", "NotAction").map(texts) else {
        return refuse("Missing required field Action");
    };
    let for_s3 = |action: &str| action == "*" || action.to_ascii_lowercase().starts_with("s3:");
    if !actions.is_some_and(|actions| !actions.is_empty() && actions.into_iter().all(for_s3)) {
        return refuse("Policy has invalid action");
    }
    let Some(resources) = either("Resource", "NotResource").map(texts) else {
        return refuse("Missing required field Resource");
    };
    let own = |resource: &str| {
        let name = resource.strip_prefix("arn:").and_then(|rest| rest.split_once(":s3:::"));
        name.is_some_and(|(_, name)| {
            name.strip_prefix(bucket)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*']))
        })
    };
    if !resources.is_some_and(|resources| !resources.is_empty() && resources.into_iter().all(own)) {
        return refuse("Policy has invalid resource");
    }
    if statement.get("Condition").is_some_and(|condition| !condition.is_object()) {
        return refuse("Policy has an invalid condition");
    }
    Ok(())
}

/// One text or a list of texts.
fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}
