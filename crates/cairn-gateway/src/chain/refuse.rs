//! Refusals before anybody is identified: counted, logged, not recorded.

use std::sync::PoisonError;

use cairn_api::ApiError;
use cairn_store::log::LogHealth;
use cairn_wire::codec::{EncodedResponse, WireError, encode_error_for};
use cairn_wire::model::{Operation, Protocol, Service};
use cairn_wire::sigv4::SignatureError;
use cairn_wire::value::Value;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use tokio::time::Instant;

use super::Call;
use super::authenticate::family;
use super::resolve::Refusal;
use crate::body::{AnswerBody, full};
use crate::metric;

/// A request that goes no further than the resolver.
pub(super) fn request(call: &Call<'_>, refusal: &Refusal) -> Response<AnswerBody> {
    count(call, refusal.reason);
    error(call, refusal.service, None, refusal.protocol, &refusal.error)
}

/// A signature that does not hold.
pub(super) fn signature(
    call: &Call<'_>,
    service: Option<&'static Service>,
    operation: Option<Operation<'static>>,
    protocol: Protocol,
    why: &SignatureError,
) -> Response<AnswerBody> {
    error(call, service, operation, protocol, &of_signature(call, service, protocol, why))
}

/// The same as an error.
pub(super) fn of_signature(
    call: &Call<'_>,
    service: Option<&'static Service>,
    protocol: Protocol,
    why: &SignatureError,
) -> WireError {
    count(call, "signature");
    tell_of_signature(call, why);
    let answer = why.answer(family(service, protocol));
    let fields = answer.fields.into_iter().map(|(name, text)| (name, Value::String(text)));
    WireError {
        status: Some(answer.status),
        fields: Some(Value::Structure(fields.collect())),
        resource: Some(call.parts.uri.path().to_owned()).filter(|_| protocol == Protocol::RestXml),
        ..WireError::sender(answer.code, answer.message)
    }
}

/// Every refusal is counted; the log has one in a while, and how many there were.
fn tell_of_signature(call: &Call<'_>, why: &SignatureError) {
    let refused = &call.gateway.refused_signatures;
    let told = refused.lock().unwrap_or_else(PoisonError::into_inner).count(Instant::now());
    if let Some(refusals) = told {
        let source = call.source_ip();
        tracing::info!(error = %why, %source, refusals, "a signature was refused");
    }
}

/// A call that is signed for one service and names another.
pub(super) fn contradiction(
    call: &Call<'_>,
    service: &'static Service,
    protocol: Protocol,
) -> Response<AnswerBody> {
    count(call, "contradiction");
    let code = if protocol == Protocol::Query || protocol == Protocol::Ec2 {
        "SignatureDoesNotMatch"
    } else {
        "InvalidSignatureException"
    };
    let name = service.signing_name();
    let message = format!("Credential should be scoped to correct service: '{name}'.");
    let refused = WireError { status: Some(403), ..WireError::sender(code, message) };
    error(call, Some(service), None, protocol, &refused)
}

/// What a caller is told whose record is not in the log; our own text (assumed).
const UNRECORDED_TEXT: &str =
    "The call could not be recorded, so it is not acknowledged. Try again.";
/// The same where it is for want of room.
const UNRECORDED_FULL_TEXT: &str = "The call could not be recorded since the server's disk is full, \
    so it is not acknowledged. Try again when there is room.";

/// The log could not take the record: whatever was done, nothing is acknowledged.
pub(super) fn unrecorded(
    call: &Call<'_>,
    service: Option<&'static Service>,
    operation: Option<Operation<'static>>,
    protocol: Protocol,
) -> Response<AnswerBody> {
    let message = match call.stores.services.log.health() {
        LogHealth::Full => UNRECORDED_FULL_TEXT,
        LogHealth::Open | LogHealth::Failed | LogHealth::Closed => UNRECORDED_TEXT,
    };
    let unavailable = WireError {
        status: Some(503),
        sender_fault: false,
        ..WireError::sender("ServiceUnavailable", message)
    };
    error(call, service, operation, protocol, &unavailable)
}

/// An operation's error as its caller is told of it. The log hears the rest: as an error only what an
/// operator has to act on.
pub(super) fn told(operation: &str, error: &ApiError) -> WireError {
    match error.log_text() {
        Some(causes) if error.sender_fault() => {
            tracing::info!(operation, causes, "an operation was refused");
        }
        Some(causes) => tracing::error!(operation, causes, "an operation failed"),
        None => {}
    }
    error.wire()
}

/// An error in the protocol of the caller.
pub(super) fn error(
    call: &Call<'_>,
    service: Option<&'static Service>,
    operation: Option<Operation<'static>>,
    protocol: Protocol,
    error: &WireError,
) -> Response<AnswerBody> {
    let id = &call.ids.request;
    response(encode_error_for(&call.head(), service, operation, protocol, error, id), call)
}

/// An encoded answer as HTTP.
pub(super) fn response(encoded: EncodedResponse, call: &Call<'_>) -> Response<AnswerBody> {
    // HEAD has no body, whatever the protocol would say.
    let is_head = call.parts.method == http::Method::HEAD;
    let body = if is_head { Vec::new() } else { encoded.body };
    let mut response = Response::new(full(body));
    *response.status_mut() =
        StatusCode::from_u16(encoded.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in encoded.headers {
        let pair = (HeaderName::try_from(name.as_ref()), HeaderValue::try_from(value));
        if let (Ok(name), Ok(value)) = pair {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn count(call: &Call<'_>, reason: &'static str) {
    metrics::counter!(metric::REFUSALS_TOTAL, "reason" => reason).increment(1);
    tracing::debug!(reason, path = call.parts.uri.path(), "a request was refused");
}
