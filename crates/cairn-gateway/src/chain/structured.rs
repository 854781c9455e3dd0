//! Calls whose body is a document: everything but S3.

use std::sync::Arc;

use bytes::Bytes;
use cairn_api::Ctx;
use cairn_wire::codec::{self, EncodedResponse, WireError};
use cairn_wire::model::Operation;
use cairn_wire::resolve::Resolved;
use cairn_wire::sigv4::sha256;
use cairn_wire::validate;
use cairn_wire::value::Value;
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::authenticate::{Identity, identify};
use super::commit::{self, Facts};
use super::{Call, authorise, refuse};
use crate::body::AnswerBody;
use crate::recorder::{Notes, Outcome, Target};

/// Takes a call through the rest of the chain.
pub(super) async fn run(
    call: &Call<'_>,
    resolved: &Resolved,
    body: &Bytes,
) -> Response<AnswerBody> {
    let operation = resolved.call();
    let service = Some(resolved.service);
    let name = resolved.service.signing_name();
    let identity = match identify(call, name, Some(operation), Some(sha256(body))) {
        Ok(identity) => identity,
        Err(why) => {
            return refuse::signature(call, service, Some(operation), resolved.protocol, &why);
        }
    };
    let account = call.account(&identity);
    let region = call.region(resolved.region.as_deref());
    let input = codec::decode_resolved(resolved, &call.head(), body);
    let outcome = match &input {
        Err(error) => {
            tracing::debug!(error = %error, "a body could not be decoded");
            Err(error.wire_error(resolved.protocol))
        }
        Ok(input) => {
            let ctx = Ctx {
                now: call.started,
                account: account.clone(),
                region: region.clone(),
                principal: Arc::clone(&identity.principal),
                request_id: call.ids.request.clone(),
                services: Arc::clone(&call.stores.services),
            };
            match commit::may_be_done(call, Some(operation)) {
                Ok(()) => handle(&ctx, &identity, operation, input).await,
                Err(denied) => Err(denied.wire()),
            }
        }
    };
    let encoded = match &outcome {
        Ok(output) => {
            let (head, id) = (call.head(), &call.ids.request);
            codec::encode_response_for(&head, operation, resolved.protocol, output, id)
        }
        Err(error) => {
            let (head, id) = (call.head(), &call.ids.request);
            codec::encode_error_for(&head, service, Some(operation), resolved.protocol, error, id)
        }
    };
    let headers = header_map(&encoded);
    let facts = Facts {
        target: Target::Modelled(operation),
        protocol: resolved.protocol,
        input: input.as_ref().ok(),
        body: Some(body),
        outcome: told(&outcome, &encoded, &headers),
        identity: &identity,
        account: &account,
        region: &region,
        bytes_in: body.len() as u64,
        bytes_out: encoded.body.len() as u64,
        s3: None,
        notes: Notes::default(),
        event_id: None,
    };
    match commit::record(call, &facts).await {
        Ok(()) => refuse::response(encoded, call),
        Err(commit::Unrecorded) => {
            refuse::unrecorded(call, service, Some(operation), resolved.protocol)
        }
    }
}

/// Authorise, validate, handle.
async fn handle(
    ctx: &Ctx,
    identity: &Identity,
    operation: Operation<'static>,
    input: &Value,
) -> Result<Value, WireError> {
    authorise::decide(identity, operation).map_err(|denied| denied.wire())?;
    let service = operation.service().id();
    if !cairn_api::serves(service, operation.name()) {
        return Err(not_served(operation));
    }
    if let Err(violations) = validate::check(operation, input) {
        let modelled =
            violations.iter().find_map(|violation| cairn_api::violation(operation, violation));
        return Err(match modelled {
            Some(error) => error.wire(),
            None => WireError::sender("ValidationException", validate::message(&violations)),
        });
    }
    cairn_api::handle(ctx, operation, input.clone()).await.map_err(|error| {
        if let Some(causes) = error.log_text() {
            tracing::error!(operation = operation.name(), causes, "an operation failed");
        }
        error.wire()
    })
}

/// Evidence: assumed. AWS serves all of AWS; the emulators answer 501 to what they do not serve.
fn not_served(operation: Operation<'static>) -> WireError {
    let (service, name) = (operation.service().id(), operation.name());
    let message = format!("Cairn does not serve {service}:{name}. The call was recorded.");
    WireError {
        status: Some(501),
        sender_fault: false,
        ..WireError::sender("NotImplemented", message)
    }
}

fn told<'a>(
    outcome: &'a Result<Value, WireError>,
    encoded: &EncodedResponse,
    headers: &'a HeaderMap,
) -> Outcome<'a> {
    match outcome {
        Ok(output) => Outcome::Success { output: Some(output), status: encoded.status, headers },
        Err(error) => Outcome::Failure {
            code: &error.code,
            message: Some(error.message.as_str()),
            status: encoded.status,
        },
    }
}

fn header_map(encoded: &EncodedResponse) -> HeaderMap {
    let pairs = encoded.headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::try_from(name.as_ref()).ok()?, HeaderValue::from_str(value).ok()?))
    });
    pairs.collect()
}
