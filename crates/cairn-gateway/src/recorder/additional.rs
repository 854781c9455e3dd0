//! `additionalEventData` and `tlsDetails`.

use cairn_wire::value::Value;

use super::call::Outcome;
use super::services::{Family, ServiceFacts};
use super::text::{Object, into_text};
use super::{Call, Described, s3};

/// Which member of an answer of KMS says which material served, and under which name the record
/// has it (observed, documented).
const KEY_MATERIALS: [(&str, &str); 3] = [
    ("KeyMaterialId", "keyMaterialId"),
    ("DestinationKeyMaterialId", "destinationKeyMaterialId"),
    ("SourceKeyMaterialId", "sourceKeyMaterialId"),
];

/// `additionalEventData` as JSON, for the services that have it.
pub(super) fn of(call: &Call<'_>, described: &Described<'_>) -> Option<String> {
    match described.facts.family {
        Family::S3 => Some(s3::additional_event_data(call, described.operation)),
        _ if described.operation.is_some_and(|o| o.service().id() == "sts") => {
            Some(sts(call, described.region))
        }
        _ if described.operation.is_some_and(|o| o.service().id() == "kms") => kms(call),
        _ if described.operation.is_some_and(|o| matches!(o.service().id(), "ses" | "sesv2")) => {
            ses(call).filter(|_| described.is_data)
        }
        _ if described
            .operation
            .is_some_and(|o| matches!(o.name(), "IsAuthorized" | "IsAuthorizedWithToken")) =>
        {
            decision(call)
        }
        _ => described.facts.additional.map(constant),
    }
}

/// What Verified Permissions answered to a question (documented): a reading call shows no answer.
fn decision(call: &Call<'_>) -> Option<String> {
    let Outcome::Success { output: Some(output), .. } = call.outcome else { return None };
    output.get("decision").and_then(Value::as_str).map(|word| constant(("decision", word)))
}

/// The id of a message that was sent (documented, observed).
fn ses(call: &Call<'_>) -> Option<String> {
    let Outcome::Success { output: Some(output), .. } = call.outcome else { return None };
    output.get("MessageId").and_then(Value::as_str).map(|id| constant(("sesMessageId", id)))
}

fn constant((key, value): (&str, &str)) -> String {
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    object.text(key, value);
    object.end();
    into_text(out)
}

/// Which endpoint of STS answered (observed).
fn sts(call: &Call<'_>, region: &str) -> String {
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    if let Some(id) = call.extended_request_id {
        object.text("ExtendedRequestId", id);
    }
    let mut details = Object::begin(object.key("RequestDetails"));
    details.text("awsServingRegion", region);
    details.text("endpointType", if is_global_sts(call) { "global" } else { "regional" });
    details.end();
    object.end();
    into_text(out)
}

/// Which material of a key served.
fn kms(call: &Call<'_>) -> Option<String> {
    let Outcome::Success { output: Some(output), .. } = call.outcome else { return None };
    let known = |(member, name)| match output.get(member) {
        Some(Value::String(id)) => Some((name, id)),
        _ => None,
    };
    let materials: Vec<_> = KEY_MATERIALS.into_iter().filter_map(known).collect();
    if materials.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    for (name, id) in materials {
        object.text(name, id);
    }
    object.end();
    Some(into_text(out))
}

/// STS has one name without a Region.
pub(super) fn is_global_sts(call: &Call<'_>) -> bool {
    call.head.host().is_some_and(|host| host == "sts.amazonaws.com")
}

/// `tlsDetails` as JSON: not for calls of services, nor on plain HTTP.
pub(super) fn tls_details(call: &Call<'_>, facts: &ServiceFacts) -> Option<String> {
    let is_by_service = call.credential.is_some_and(|c| c.invoked_by.is_some());
    let tls = call.tls.filter(|_| !is_by_service && !facts.has_no_tls)?;
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    object.text("tlsVersion", tls.version);
    object.text("cipherSuite", tls.cipher_suite);
    if let Some(host) = call.head.host() {
        object.text("clientProvidedHostHeader", host);
    }
    if let Some(group) = tls.key_exchange.filter(|_| facts.has_key_exchange) {
        object.text("keyExchange", group);
    }
    object.end();
    Some(into_text(out))
}
