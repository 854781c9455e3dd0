//! Calls whose body is a document: everything but S3.

use std::sync::Arc;

use cairn_api::Ctx;
use cairn_wire::codec::{self, DecodeError, EncodedResponse, WireError};
use cairn_wire::model::Operation;
use cairn_wire::resolve::Resolved;
use cairn_wire::sigv4::{SignatureError, sha256};
use cairn_wire::validate;
use cairn_wire::value::Value;
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::authenticate::{Identity, identify};
use super::commit::{self, Built, Facts};
use super::document::Document;
use super::resolve::{refused, streams};
use super::{Call, apart, authorise, refuse};
use crate::beside::Work;
use crate::body::AnswerBody;
use crate::recorder::{Notes, Outcome, Target};

/// Takes a call through the rest of the chain.
pub(super) async fn run(
    call: &Call<'_>,
    resolved: Arc<Resolved>,
    document: Document,
) -> Response<AnswerBody> {
    let operation = resolved.call();
    let (service, protocol) = (Some(resolved.service), resolved.protocol);
    let place = match document.place(&call.gateway.beside, &call.parts.headers).await {
        Ok(place) => place,
        Err(error) => return refuse::request(call, &refused(service, protocol, error)),
    };
    let is_long = place.is_some();
    let read = {
        let (resolved, document) = (Arc::clone(&resolved), document.clone());
        apart::step(call, place, Work::Document, move |call| read(call, &resolved, &document)).await
    };
    let (identity, input) = match read {
        Ok(read) => read,
        Err(why) => return refuse::signature(call, service, Some(operation), protocol, &why),
    };
    let outcome = match &input {
        Err(error) => {
            tracing::debug!(error = %error, "a body could not be decoded");
            Err(error.wire_error(protocol))
        }
        Ok(input) => match commit::may_be_done(call, Some(operation))
            .and_then(|()| authorise::decide(&identity, operation))
        {
            Ok(()) => {
                let steps =
                    handle(call.context(&resolved, &identity), operation, Arc::clone(input));
                if is_long && !waits(operation) {
                    let place = call.gateway.beside.place_for_call().await;
                    Box::pin(place.go_through(Work::Call, steps)).await
                } else {
                    steps.await
                }
            }
            Err(denied) => Err(denied.wire()),
        },
    };
    let place = if is_long || answers_much(operation) {
        let is_stranger = document.is_strangers();
        Some(call.gateway.beside.place_for_record(is_stranger).await)
    } else {
        None
    };
    let handled = Handled { resolved, document, identity, input: input.ok(), outcome };
    let answered = apart::step(call, place, Work::Record, move |call| handled.answer(call)).await;
    let (encoded, record) = answered;
    match commit::append(call, record).await {
        Ok(()) => refuse::response(encoded, call),
        Err(commit::Unrecorded) => refuse::unrecorded(call, service, Some(operation), protocol),
    }
}

/// Who calls, and with which parameters.
type Read = (Identity, Result<Arc<Value>, DecodeError>);

/// Authenticate, decode.
fn read(call: &Call<'_>, resolved: &Resolved, document: &Document) -> Result<Read, SignatureError> {
    let (operation, name) = (resolved.call(), resolved.service.signing_name());
    let identity = identify(call, name, Some(operation), Some(sha256(document.sent())))?;
    let headers = &call.parts.headers;
    // A compressed object is the object.
    let plain = if streams(resolved) {
        Ok(document.sent().as_ref().into())
    } else {
        document.plain(headers)
    };
    let input = plain.and_then(|plain| codec::decode_resolved(resolved, &call.head(), &plain));
    Ok((identity, input.map(Arc::new)))
}

/// Whether an operation may wait for long, in which case no place is kept for it. What it needs is
/// little, however large the body was.
fn waits(operation: Operation<'static>) -> bool {
    operation.service().id() == "cairn" && operation.name() == "TailRecords"
}

/// Whether an operation gives out records by the thousand, whose answer takes long to write.
fn answers_much(operation: Operation<'static>) -> bool {
    let is_ours = operation.service().id() == "cairn";
    is_ours && ["SearchRecords", "TailRecords"].contains(&operation.name())
}

/// Validate, handle.
async fn handle(
    ctx: Ctx,
    operation: Operation<'static>,
    input: Arc<Value>,
) -> Result<Value, WireError> {
    let service = operation.service().id();
    if !cairn_api::serves(service, operation.name()) {
        return Err(not_served(operation));
    }
    if let Err(violations) = validate::check(operation, &input) {
        let modelled =
            violations.iter().find_map(|violation| cairn_api::violation(operation, violation));
        return Err(match modelled {
            Some(error) => error.wire(),
            None => WireError::sender("ValidationException", validate::message(&violations)),
        });
    }
    cairn_api::handle(&ctx, operation, &input)
        .await
        .map_err(|error| refuse::told(operation.name(), &error))
}

/// A call that is over, but for its record and its answer.
struct Handled {
    resolved: Arc<Resolved>,
    document: Document,
    identity: Identity,
    input: Option<Arc<Value>>,
    outcome: Result<Value, WireError>,
}

impl Handled {
    /// The answer, and the record that goes before it.
    fn answer(self, call: &Call<'_>) -> (EncodedResponse, Built) {
        let (operation, protocol) = (self.resolved.call(), self.resolved.protocol);
        let (head, id) = (call.head(), &call.ids.request);
        let encoded = match &self.outcome {
            Ok(output) => codec::encode_response_for(&head, operation, protocol, output, id),
            Err(error) => {
                let service = Some(self.resolved.service);
                codec::encode_error_for(&head, service, Some(operation), protocol, error, id)
            }
        };
        let body = self.document.sent();
        let headers = header_map(&encoded);
        let facts = Facts {
            target: Target::Modelled(operation),
            protocol,
            input: self.input.as_deref(),
            body: Some(body),
            outcome: told(&self.outcome, &encoded, &headers),
            identity: &self.identity,
            account: &call.account(&self.identity),
            region: &call.region(self.resolved.region.as_deref()),
            bytes_in: body.len() as u64,
            bytes_out: encoded.body.len() as u64,
            s3: None,
            notes: Notes::default(),
            event_id: None,
        };
        let record = commit::build(call, &facts);
        (encoded, record)
    }
}

/// Evidence: assumed. AWS serves all of AWS; the emulators answer 501 to what they do not serve.
fn not_served(operation: Operation<'static>) -> WireError {
    let (service, name) = (operation.service().id(), operation.name());
    let message = format!(
        "Cairn does not serve {service}:{name}. The call was recorded. `cairn serve --upstream \
         {service}=URL` passes the calls of this service on to a server that has it."
    );
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

#[cfg(test)]
mod tests {
    use cairn_wire::model;

    use super::not_served;
    use crate::forward::{Route, Upstreams};

    #[test]
    fn whoever_calls_what_nobody_serves_is_told_who_may() {
        let ec2 = model::service("ec2").unwrap().find_operation("RunInstances").unwrap();
        let error = not_served(ec2);
        assert_eq!((&*error.code, error.status), ("NotImplemented", Some(501)));
        let says = "Cairn does not serve ec2:RunInstances. The call was recorded. `cairn serve \
                    --upstream ec2=URL` passes the calls of this service on to a server that has it.";
        assert_eq!(error.message, says);
        // The name is one that the flag takes, whichever service it is.
        for service in model::services() {
            assert!(Upstreams::default().name(service.id, Route::Local).is_ok(), "{}", service.id);
        }
    }
}
