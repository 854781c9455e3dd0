//! `requestParameters` and `responseElements`: one way of naming per family of services.

mod apigateway;
mod dynamodb;
pub(super) mod ec2;
mod members;
pub(super) mod walk;

use cairn_wire::model::Operation;
use cairn_wire::value::Value;

use super::call::Outcome;
use super::errors::{self, Refusal};
use super::rules::{Action, Rules, Side};
use super::services::{Denied, Family, ServiceFacts};
use super::text::into_text;
use super::{Call, s3, secrets};
use walk::Walk;

/// Both sides of a call as JSON; `None` is null.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) request: Option<String>,
    pub(super) response: Option<String>,
}

/// The parameters of a call to a modelled operation.
pub(super) fn of(
    call: &Call<'_>,
    operation: Operation<'static>,
    facts: &'static ServiceFacts,
) -> Parameters {
    match call.outcome {
        Outcome::Success { output, .. } => Parameters {
            request: request(call, operation, facts),
            response: response(call, operation, facts, output),
        },
        Outcome::Failure { code, message, .. } => {
            let refusal =
                errors::refusal(code).or((facts.bare_error == Some(code)).then_some(Refusal::Bare));
            failure(call, operation, facts, refusal, message)
        }
    }
}

/// A call that was refused before its service looked at it shows no parameters (observed for 29
/// services), with the exceptions of the table; throttled ones never do.
fn failure(
    call: &Call<'_>,
    operation: Operation<'static>,
    facts: &'static ServiceFacts,
    refusal: Option<Refusal>,
    message: Option<&str>,
) -> Parameters {
    let is_shown = match (refusal, facts.denied) {
        (None, _)
        | (Some(Refusal::Denied), Denied::Keep | Denied::Message | Denied::MessageAlways) => true,
        (Some(Refusal::Throttled), _) => matches!(facts.family, Family::Ec2 | Family::S3),
        (Some(Refusal::Denied), Denied::Bare) | (Some(Refusal::Bare), _) => false,
    };
    let says_so = errors::tells_in_answer(facts, refusal);
    Parameters {
        request: is_shown.then(|| request(call, operation, facts)).flatten(),
        response: message
            .filter(|_| says_so)
            .map(|message| message_object(facts.message_key, message)),
    }
}

fn message_object(key: &str, message: &str) -> String {
    let mut out = Vec::new();
    let mut object = super::text::Object::begin(&mut out);
    object.text(key, message);
    object.end();
    into_text(out)
}

fn request(
    call: &Call<'_>,
    operation: Operation<'static>,
    facts: &'static ServiceFacts,
) -> Option<String> {
    let service = operation.service().id();
    if facts.family == Family::S3 {
        return s3::request::parameters(call, operation);
    }
    let rules = Rules::of(service, operation.name(), Side::Request).with(call.session_tokens);
    if is_null(&rules) {
        return None;
    }
    let Some(Value::Structure(input)) = call.input else { return None };
    let mut out = Vec::new();
    if service == "dynamodb" && operation.data_event() {
        dynamodb::request(&mut out, input, operation);
        return Some(into_text(out)).filter(|text| text != "{}");
    }
    let input = &secrets::without_secrets(input, &rules, facts.mask);
    let walk = Walk::new(rules, facts, operation);
    match facts.family {
        Family::Ec2 if operation.ec2_legacy() => {
            ec2::old::request(&mut out, input, operation, &walk);
        }
        Family::Ec2 => ec2::new::request(&mut out, input, operation, &walk),
        Family::ApiGateway => apigateway::request(&mut out, input, operation, &walk),
        _ => members::structure(&mut out, input, operation.input(), &mut Vec::new(), &walk),
    }
    Some(into_text(out)).filter(|text| text != "{}")
}

fn response(
    call: &Call<'_>,
    operation: Operation<'static>,
    facts: &'static ServiceFacts,
    output: Option<&Value>,
) -> Option<String> {
    if facts.family == Family::S3 {
        return s3::response_elements(call, operation);
    }
    let service = operation.service().id();
    let rules = Rules::of(service, operation.name(), Side::Response).with(call.session_tokens);
    if operation.read_only() && !is_shown(&rules) {
        return None;
    }
    // Observed: null even where the caller asked for the old values.
    if service == "dynamodb" && operation.data_event() {
        return None;
    }
    if is_null(&rules) {
        return None;
    }
    let empty = Vec::new();
    let output = match output {
        Some(Value::Structure(output)) => output,
        _ if facts.family == Family::Ec2 => &empty,
        _ => return None,
    };
    let output = &*secrets::without_secrets(output, &rules, facts.mask);
    let walk = Walk::new(rules, facts, operation);
    let mut out = Vec::new();
    match facts.family {
        Family::Ec2 if operation.ec2_legacy() => {
            ec2::old::response(&mut out, output, operation, call.request_id, &walk);
        }
        Family::Ec2 => ec2::new::response(&mut out, output, operation, call.request_id, &walk),
        _ => {
            let (output, shape) = match (facts.is_lifted, output) {
                (true, [(name, Value::Structure(inner))]) => {
                    let outer = operation.output().and_then(|shape| shape.member(name));
                    (inner.as_slice(), outer.map(cairn_wire::model::Member::shape))
                }
                _ => (output, operation.output()),
            };
            members::structure(&mut out, output, shape, &mut Vec::new(), &walk);
        }
    }
    let text = into_text(out);
    let text = if facts.exposes_headers { with_exposed_headers(text, call) } else { text };
    Some(text).filter(|text| text != "{}")
}

/// An answer with the header that tells browsers which others they may see, if it came with it
/// (observed and documented; answers to other callers often come without).
fn with_exposed_headers(answer: String, call: &Call<'_>) -> String {
    let Outcome::Success { headers, .. } = call.outcome else { return answer };
    let header = headers.get(http::header::ACCESS_CONTROL_EXPOSE_HEADERS);
    let Some(value) = header.and_then(|value| value.to_str().ok()) else { return answer };
    let mut out = Vec::new();
    let mut object = super::text::Object::begin(&mut out);
    object.text("Access-Control-Expose-Headers", value);
    if let Some(members) = answer.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        object.members(members);
    }
    object.end();
    into_text(out)
}

fn is_null(rules: &Rules) -> bool {
    matches!(rules.at(&[]), Some(Action::Null | Action::Omit))
}

/// A few reading calls show their answers all the same.
fn is_shown(rules: &Rules) -> bool {
    rules.at(&[]) == Some(Action::Show)
}

/// Whether the record of a successful call can have anything of its answer.
pub(super) fn shows_answer(operation: Operation<'static>) -> bool {
    let rules = Rules::of(operation.service().id(), operation.name(), Side::Response);
    !is_null(&rules) && (!operation.read_only() || is_shown(&rules))
}
