//! `resources`: what a call touched, for the services that say so.

mod s3;
mod template;

use cairn_wire::model::Operation;
use cairn_wire::value::Value;

use super::Call;
use super::call::Outcome;
use super::errors::{Refusal, refusal};
use super::services::{Family, ServiceFacts};
use super::text::{Array, Object, into_text};
use template::Places;

/// The most entries that one record lists.
const RESOURCES_MAX: usize = 100;

/// The services whose denied calls keep their resources (observed).
const KEPT_WHEN_DENIED: [&str; 3] = ["ecr", "sns", "s3"];

/// One entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Resource {
    account: Option<String>,
    kind: Option<&'static str>,
    arn: Option<String>,
    arn_prefix: Option<String>,
}

/// The array as JSON; `None` if there is nothing to list.
pub(super) fn of(
    call: &Call<'_>,
    operation: Operation<'static>,
    facts: &ServiceFacts,
    region: &str,
) -> Option<String> {
    let service = operation.service().id();
    // Observed: what does not exist has no owner to tell.
    let is_missing = matches!(call.outcome, Outcome::Failure { code: "NoSuchBucket", .. });
    if facts.family == Family::S3 && is_missing {
        return None;
    }
    let is_denied = matches!(call.outcome, Outcome::Failure { code, .. }
        if refusal(code) == Some(Refusal::Denied));
    if is_denied && !KEPT_WHEN_DENIED.contains(&service) {
        return None;
    }
    let resources = match facts.family {
        Family::S3 => s3::resources(call, operation),
        _ => listed(call, operation, region),
    };
    (!resources.is_empty()).then(|| write(&resources))
}

/// The ARN that the table finds for a call, such as the key of a KMS call.
pub(super) fn first_arn(
    call: &Call<'_>,
    operation: Operation<'static>,
    region: &str,
) -> Option<String> {
    listed(call, operation, region).into_iter().find_map(|resource| resource.arn)
}

fn listed(call: &Call<'_>, operation: Operation<'static>, region: &str) -> Vec<Resource> {
    let output: Option<&Value> = match call.outcome {
        Outcome::Success { output, .. } => output,
        Outcome::Failure { .. } => None,
    };
    let places = Places { region, account: call.account.as_str(), input: call.input, output };
    let mut found: Vec<Resource> = Vec::new();
    for line in template::lines_of(operation.service().id(), operation.name()) {
        for arn in line.values(&places) {
            let account = line.has_owner.then(|| owner(&arn, places.account));
            let arn = (!arn.is_empty()).then_some(arn);
            let resource = Resource { account, kind: line.kind, arn, arn_prefix: None };
            if found.len() < RESOURCES_MAX && !found.contains(&resource) {
                found.push(resource);
            }
        }
    }
    found
}

/// The account in an ARN, or else the caller's.
fn owner(arn: &str, account: &str) -> String {
    arn.split(':').nth(4).filter(|part| !part.is_empty()).unwrap_or(account).to_owned()
}

fn write(resources: &[Resource]) -> String {
    let mut out = Vec::new();
    let mut array = Array::begin(&mut out);
    for resource in resources {
        let mut object = Object::begin(array.element());
        if let Some(account) = &resource.account {
            object.text("accountId", account);
        }
        if let Some(kind) = resource.kind {
            object.text("type", kind);
        }
        if let Some(arn) = &resource.arn {
            object.text("ARN", arn);
        }
        if let Some(prefix) = &resource.arn_prefix {
            object.text("ARNPrefix", prefix);
        }
        object.end();
    }
    array.end();
    into_text(out)
}
