//! The record of a call: one builder, from the call as the chain knows it to the bytes that go into
//! the log.
//!
//! How AWS writes records differs by service in hundreds of small ways. Six families of naming are
//! code ([`parameters`], [`s3`]); what single services and operations do differently is data, in
//! `tables/`, each line with its evidence. Values stream straight into JSON text.
//!
//! A record is never refused: what cannot be decoded is null, what is too large is left out by
//! [`RecordDraft`], and nothing here can fail.

mod additional;
mod call;
mod errors;
pub mod forwarded;
mod gap;
mod loose;
mod notes;
mod parameters;
mod resources;
mod rules;
mod s3;
mod secrets;
mod services;
mod text;
mod unmodelled;

pub use call::{
    Call, CallCredential, Outcome, S3Names, SignatureFacts, SignatureVersion, Target, TlsDetails,
};
pub(crate) use gap::gap;
pub use notes::{Doubt, Notes};
pub use rules::SessionTokens;

use cairn_event::RecordDraft;
use cairn_iam::Caller;
use cairn_wire::model::Operation;
use uuid::Uuid;

use parameters::Parameters;
use services::{Family, ServiceFacts};

/// The version of the format (observed in every service since 2026).
const EVENT_VERSION: &str = "1.11";

/// What a record says that depends on the operation.
struct Described<'a> {
    facts: &'static ServiceFacts,
    operation: Option<Operation<'static>>,
    source: String,
    name: &'a str,
    region: &'a str,
    is_read_only: bool,
    is_data: bool,
    parameters: Parameters,
    resources: Option<String>,
}

/// The record of a call, rendered.
pub fn record(call: &Call<'_>, event_id: Uuid) -> Vec<u8> {
    let described = match call.target {
        Target::Modelled(operation) => describe(call, operation),
        Target::Unmodelled { service, name } => unmodelled::describe(call, service, name),
    };
    let facts = described.facts;
    let failure = errors::failure(&call.outcome, described.operation, facts);
    let invoked_by = call.credential.and_then(|credential| credential.invoked_by);
    let identity = identity(call);
    let source_ip = call.source_ip.to_string();
    let user_agent = user_agent(call, facts.family);
    let event_id = event_id.hyphenated().to_string();
    let additional = notes::with(additional::of(call, &described), call.notes);
    let tls = additional::tls_details(call, facts);
    let is_refused =
        matches!(call.outcome, Outcome::Failure { code, .. } if errors::refusal(code).is_some());
    RecordDraft {
        event_version: EVENT_VERSION,
        user_identity: &identity,
        event_time: call.finished,
        event_source: &described.source,
        event_name: described.name,
        aws_region: described.region,
        source_ip_address: invoked_by.unwrap_or(&source_ip),
        user_agent: invoked_by.or(user_agent.as_deref()),
        error_code: failure.code.as_deref(),
        error_message: failure.message,
        request_parameters: described.parameters.request.as_deref(),
        response_elements: described.parameters.response.as_deref(),
        additional_event_data: additional.as_deref(),
        request_id: Some(call.request_id),
        event_id: &event_id,
        read_only: Some(described.is_read_only),
        resources: described.resources.as_deref(),
        event_type: "AwsApiCall",
        // Observed: absent on calls that were denied.
        api_version: facts.api_version.filter(|_| !is_refused),
        management_event: Some(!described.is_data),
        recipient_account_id: Some(call.account.as_str()),
        event_category: if described.is_data { "Data" } else { "Management" },
        tls_details: tls.as_deref(),
        ..RecordDraft::default()
    }
    .render()
}

fn describe<'a>(call: &Call<'a>, operation: Operation<'static>) -> Described<'a> {
    let service = operation.service();
    let facts = services::facts(service.id());
    let region = region(call, service.id(), facts);
    let mut parameters = parameters::of(call, operation, facts);
    if service.id() == "kms" && !operation.read_only() {
        parameters.response = kms_answer(call, operation, region, parameters.response.take());
    }
    Described {
        facts,
        operation: Some(operation),
        source: source(call, facts.source.unwrap_or(service.event_source())),
        name: services::event_name(service.id(), operation.name()),
        region,
        is_read_only: operation.read_only(),
        is_data: operation.data_event() && !facts.management.contains(&operation.name()),
        parameters,
        resources: resources::of(call, operation, facts, region),
    }
}

/// Directory buckets have a source of their own.
fn source(call: &Call<'_>, usual: &str) -> String {
    let bucket = call.s3.and_then(|names| names.bucket).unwrap_or_default();
    let source = if bucket.ends_with("--x-s3") { "s3express.amazonaws.com" } else { usual };
    source.to_owned()
}

/// Global services are recorded in their home (documented), and so is STS where it was called by
/// its global name.
fn region<'a>(call: &Call<'a>, service: &str, facts: &ServiceFacts) -> &'a str {
    let is_global_sts = service == "sts" && additional::is_global_sts(call);
    match facts.home {
        Some(home) => home,
        None if is_global_sts => "us-east-1",
        None => call.region.as_str(),
    }
}

/// A change of a key that answers nothing shows the key's ARN, and so does a new grant (observed).
fn kms_answer(
    call: &Call<'_>,
    operation: Operation<'static>,
    region: &str,
    answer: Option<String>,
) -> Option<String> {
    let is_told = operation.output().is_none() || operation.name() == "CreateGrant";
    let is_done = matches!(call.outcome, Outcome::Success { .. });
    let arn = resources::first_arn(call, operation, region).filter(|_| is_told && is_done);
    let Some(arn) = arn else { return answer };
    let mut out = Vec::new();
    let mut object = text::Object::begin(&mut out);
    object.text("keyId", &arn);
    object.end();
    let key = text::into_text(out);
    match answer.as_deref().and_then(|answer| answer.strip_suffix('}')) {
        Some(members) => Some(format!("{members},{}", key.strip_prefix('{').unwrap_or(&key))),
        None => Some(key),
    }
}

fn identity(call: &Call<'_>) -> String {
    let credential = call.credential;
    Caller {
        principal: call.principal,
        access_key: credential.map(|credential| credential.access_key),
        session: credential.and_then(|credential| credential.session),
        invoked_by: credential.and_then(|credential| credential.invoked_by),
    }
    .identity_json()
}

/// The `User-Agent`; S3 puts it in brackets, also an empty one (observed).
fn user_agent(call: &Call<'_>, family: Family) -> Option<String> {
    let header = call.head.headers.get(http::header::USER_AGENT);
    let text = header.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    if family == Family::S3 { Some(format!("[{}]", text.unwrap_or_default())) } else { text }
}

#[cfg(test)]
mod tests;
