//! Records in bulk (`cairn:PutRecords`): the body streams through, checked on its way.
//!
//! Records are taken in groups while the body comes, so the signature's word on the body may come
//! after some are taken: a hash holds or not at the end, a chunk of `aws-chunked` at its own. What
//! was taken stays, and the answer says how far that is. A body of one group is taken only after it
//! was checked.

use cairn_api::cairn::put_records::{ContentEncoding, Intake, Taken};
use cairn_api::s3::{BodyRefusal, BoxError};
use cairn_api::{ApiError, Ctx};
use cairn_wire::codec::{EncodedResponse, WireError, encode_error_for, encode_response_for};
use cairn_wire::resolve::Resolved;
use cairn_wire::value::Value;
use http::{HeaderMap, Response};
use http_body_util::BodyExt as _;

use super::authenticate::{Identity, identify};
use super::commit::{self, Facts};
use super::resolve::ObjectBody;
use super::{Call, authorise, refuse, s3};
use crate::body::{AnswerBody, CheckedBody};
use crate::recorder::{Notes, Outcome, Target};

/// What a body is signed with, as a header, or it could only be checked when all of it has come.
const HASH_HEADER: &str = "x-amz-content-sha256";
/// What a caller is told without it; ours.
const NO_HASH_TEXT: &str = "PutRecords streams its body: the header x-amz-content-sha256 has to say \
                            how it is signed (its SHA-256, UNSIGNED-PAYLOAD, or STREAMING-…).";

/// What came of the body.
struct Came {
    taken: Taken,
    error: Option<WireError>,
    bytes_in: u64,
}

/// Takes a call through the rest of the chain.
pub(super) async fn run(
    call: &Call<'_>,
    resolved: &Resolved,
    body: ObjectBody,
) -> Response<AnswerBody> {
    let operation = resolved.call();
    let (service, protocol) = (Some(resolved.service), resolved.protocol);
    let is_rig = call.stores.keyring.accepts_any();
    if !is_rig && !call.parts.headers.contains_key(HASH_HEADER) {
        let error = WireError::sender("MissingAuthenticationTokenException", NO_HASH_TEXT);
        return refuse::error(call, service, Some(operation), protocol, &error);
    }
    let signed = identify(call, resolved.service.signing_name(), Some(operation), None)
        .and_then(|identity| Ok((s3::check(call, &identity)?, identity)));
    let ((check, decoded_bytes), identity) = match signed {
        Ok(signed) => signed,
        Err(why) => return refuse::signature(call, service, Some(operation), protocol, &why),
    };
    let denied = authorise::decide(&identity, operation)
        .and_then(|()| commit::may_be_done(call, Some(operation)));
    let came = match denied {
        Ok(()) => {
            let body = CheckedBody::new(body, check, decoded_bytes);
            take(&call.context(resolved, &identity), &call.parts.headers, body).await
        }
        Err(denied) => Came::refused(denied.wire()),
    };
    answer(call, resolved, &identity, came).await
}

/// Takes the body in.
async fn take(ctx: &Ctx, headers: &HeaderMap, mut body: CheckedBody<ObjectBody>) -> Came {
    let named = encoding(headers);
    let Some(encoding) = ContentEncoding::parse(&named) else {
        let message = format!("Content-Encoding {named:?} is not read; gzip and zstd are.");
        return Came::refused(WireError::sender("InvalidBodyException", message));
    };
    let mut intake = match Intake::begin(ctx, encoding) {
        Ok(intake) => intake,
        Err(error) => return Came::refused(told(&error.into())),
    };
    let mut bytes_in = 0;
    while let Some(frame) = body.frame().await {
        match frame.map(http_body::Frame::into_data) {
            Ok(Ok(data)) => {
                bytes_in += data.len() as u64;
                if !intake.push(data).await {
                    break;
                }
            }
            Ok(Err(_)) => {}
            Err(error) => {
                let taken = intake.abandon().await;
                let error = taken.after(refusal(&error));
                return Came { taken, error: Some(error), bytes_in };
            }
        }
    }
    let outcome = intake.finish().await;
    let taken = outcome.taken;
    let error = outcome.fault.map(|fault| taken.after(told(&fault.into())));
    Came { taken, error, bytes_in }
}

impl Came {
    fn refused(error: WireError) -> Self {
        Self { taken: Taken::default(), error: Some(error), bytes_in: 0 }
    }
}

/// Records the call, and answers.
async fn answer(
    call: &Call<'_>,
    resolved: &Resolved,
    identity: &Identity,
    came: Came,
) -> Response<AnswerBody> {
    let operation = resolved.call();
    let (service, protocol) = (Some(resolved.service), resolved.protocol);
    let (head, id) = (call.head(), &call.ids.request);
    let outputs = match came.error {
        Some(error) => Err(error),
        None => came
            .taken
            .answer(operation)
            .and_then(|whole| Ok((whole, came.taken.counts().answer(operation)?)))
            .map_err(|error| told(&error)),
    };
    let (account, region) = (call.account(identity), call.region(resolved.region.as_deref()));
    let headers = HeaderMap::new();
    let encoded: EncodedResponse = match &outputs {
        Ok((whole, _)) => encode_response_for(&head, operation, protocol, whole, id),
        Err(error) => encode_error_for(&head, service, Some(operation), protocol, error, id),
    };
    let status = encoded.status;
    let named = encoding(&call.parts.headers);
    let input = Value::Structure(vec![("ContentEncoding", Value::String(named))]);
    let facts = Facts {
        target: Target::Modelled(operation),
        protocol,
        input: Some(&input),
        body: None,
        outcome: match &outputs {
            Ok((_, counts)) => Outcome::Success { output: Some(counts), status, headers: &headers },
            Err(WireError { code, message, .. }) => {
                Outcome::Failure { code, message: Some(message), status }
            }
        },
        identity,
        account: &account,
        region: &region,
        bytes_in: came.bytes_in,
        bytes_out: encoded.body.len() as u64,
        s3: None,
        notes: Notes::default(),
        event_id: None,
    };
    match commit::record(call, &facts).await {
        Ok(()) => refuse::response(encoded, call),
        Err(commit::Unrecorded) => refuse::unrecorded(call, service, Some(operation), protocol),
    }
}

/// As the caller is told of an error; the log hears the rest.
fn told(error: &ApiError) -> WireError {
    refuse::told("PutRecords", error)
}

/// Why a body could not be read to its end, or was not what was signed.
fn refusal(error: &BoxError) -> WireError {
    match error.downcast_ref::<BodyRefusal>() {
        Some(refusal) => WireError {
            status: Some(refusal.status),
            ..WireError::sender(refusal.code, refusal.message.clone())
        },
        None => WireError::sender("IncompleteBody", "The request body terminated unexpectedly."),
    }
}

fn encoding(headers: &HeaderMap) -> String {
    let lines = headers.get_all(http::header::CONTENT_ENCODING).iter();
    let texts: Vec<_> = lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    texts.join(",")
}
