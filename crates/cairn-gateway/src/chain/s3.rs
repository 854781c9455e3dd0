//! Calls to S3: the body streams through, checked on its way.
//!
//! The record is durable before the first byte of the answer, also for a download:
//! `bytesTransferredOut` is the length that the answer announces. A download that the client breaks
//! off is recorded as it was granted.

use std::borrow::Cow;
use std::sync::Arc;

use cairn_api::Ctx;
use cairn_api::s3::S3Answer;
use cairn_wire::codec::WireError;
use cairn_wire::model::Operation;
use cairn_wire::resolve::Resolved;
use cairn_wire::sigv2;
use cairn_wire::sigv4::{BodyHash, ChunkPlan, ChunkedDecoder, PayloadClaim, SignatureError};
use http::{HeaderMap, Request, Response, Uri};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::authenticate::{Identity, identify, payload};
use super::commit::{self, Facts};
use super::resolve::ObjectBody;
use super::{Call, authorise, refuse};
use crate::beside::Work;
use crate::body::{AnswerBody, Check, CheckedBody, full};
use crate::limits::INLINE_BYTES_MAX;
use crate::recorder::{Notes, Outcome, S3Names, Target};

/// Documents of S3 that a record shows (policies, tags, lifecycle rules): the part of a request
/// that is kept for it.
const DOCUMENT_BYTES_MAX: usize = 100 << 10;

/// What does not stand for itself in the name of a bucket.
const BUCKET_ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Takes a call through the rest of the chain.
pub(super) async fn run(
    call: &Call<'_>,
    resolved: &Resolved,
    body: ObjectBody,
) -> Response<AnswerBody> {
    let operation = resolved.call();
    let (service, protocol) = (Some(resolved.service), resolved.protocol);
    let identity = match identify(call, "s3", Some(operation), None) {
        Ok(identity) => identity,
        Err(why) => return refuse::signature(call, service, Some(operation), protocol, &why),
    };
    let decided = served(operation).and_then(|()| authorise::decide(&identity, operation));
    if let Err(denied) = decided.and_then(|()| commit::may_be_done(call, Some(operation))) {
        return deny(call, resolved, &identity, &denied.wire()).await;
    }
    let is_object = operation.input().and_then(cairn_wire::model::Shape::payload);
    let is_object =
        is_object.is_some_and(|payload| payload.streaming() || payload.shape().streaming());
    // It is known who calls, so what goes wrong has a record.
    let (document, request) = match request(call, resolved, &identity, body, is_object).await {
        Ok(read) => read,
        Err(error) => return deny(call, resolved, &identity, &error).await,
    };
    let (account, region) = (call.account(&identity), call.region(resolved.region.as_deref()));
    let ctx = call.context(resolved, &identity);
    let answer = handle(call, ctx, operation, request, is_object).await;
    let key = key_of(call, resolved);
    // At AWS a call is signed for the region of its bucket. Here any will do, but the caller is not to
    // choose which trails hear of it.
    let region = answer.facts.bucket_region.clone().unwrap_or(region);
    let facts = Facts {
        target: Target::Modelled(operation),
        protocol,
        input: None,
        body: document.as_deref(),
        outcome: outcome(&answer),
        identity: &identity,
        account: &account,
        region: &region,
        bytes_in: answer.facts.bytes_in,
        bytes_out: answer.facts.bytes_out,
        s3: Some(S3Names {
            bucket: resolved.bucket.as_deref(),
            key: key.as_deref(),
            owner: answer.facts.bucket_owner.as_ref(),
        }),
        notes: Notes::default(),
        event_id: None,
    };
    match commit::record(call, &facts).await {
        Ok(()) => answer.response.map(http_body_util::BodyExt::boxed_unsync),
        Err(commit::Unrecorded) => refuse::unrecorded(call, service, Some(operation), protocol),
    }
}

/// The call as the service reads it, and the document that it brings.
async fn request(
    call: &Call<'_>,
    resolved: &Resolved,
    identity: &Identity,
    body: ObjectBody,
    is_object: bool,
) -> Result<(Option<Vec<u8>>, Request<AnswerBody>), WireError> {
    let (service, protocol) = (Some(resolved.service), resolved.protocol);
    let (check, decoded_bytes) =
        check(call, identity).map_err(|why| refuse::of_signature(call, service, protocol, &why))?;
    let (document, body) = held(CheckedBody::new(body, check, decoded_bytes), is_object).await?;
    let request = path_style(call, resolved, body)
        .ok_or_else(|| WireError::sender("InvalidURI", "Couldn't parse the specified URI."))?;
    Ok((document, request))
}

/// Hands a call to the service: what it reads whole, beside the lanes if it is large.
async fn handle(
    call: &Call<'_>,
    ctx: Ctx,
    operation: Operation<'static>,
    request: Request<AnswerBody>,
    is_object: bool,
) -> S3Answer {
    let document_bytes = request.body().size_hint().lower();
    if is_object || document_bytes <= INLINE_BYTES_MAX as u64 {
        return call.gateway.s3.call(&ctx, operation, &call.ids.extended, request).await;
    }
    let (gateway, extended) = (Arc::clone(call.gateway), call.ids.extended.clone());
    let steps = async move { gateway.s3.call(&ctx, operation, &extended, request).await };
    let place = call.gateway.beside.place_for_call().await;
    Box::pin(place.go_through(Work::Call, steps)).await
}

/// A browser's form carries its signature among its fields, so its sender would be nobody and be
/// told to have no access. That nobody has is nearer to the truth.
fn served(operation: Operation<'static>) -> Result<(), authorise::Denied> {
    if operation.name() != "PostObject" {
        return Ok(());
    }
    let message = "A header you provided implies functionality that is not implemented";
    Err(authorise::Denied { code: "NotImplemented", message, status: 501 })
}

/// A call that is denied, and recorded: the owner of the bucket wants to know.
async fn deny(
    call: &Call<'_>,
    resolved: &Resolved,
    identity: &Identity,
    denied: &WireError,
) -> Response<AnswerBody> {
    let operation = resolved.call();
    let (account, region) = (call.account(identity), call.region(resolved.region.as_deref()));
    let key = key_of(call, resolved);
    let facts = Facts {
        target: Target::Modelled(operation),
        protocol: resolved.protocol,
        input: None,
        body: None,
        outcome: Outcome::Failure {
            code: &denied.code,
            message: Some(denied.message.as_str()),
            status: denied.status.unwrap_or(400),
        },
        identity,
        account: &account,
        region: &region,
        bytes_in: 0,
        bytes_out: 0,
        s3: Some(S3Names { bucket: resolved.bucket.as_deref(), key: key.as_deref(), owner: None }),
        notes: Notes::default(),
        event_id: None,
    };
    let service = Some(resolved.service);
    if commit::record(call, &facts).await.is_err() {
        return refuse::unrecorded(call, service, Some(operation), resolved.protocol);
    }
    refuse::error(call, service, Some(operation), resolved.protocol, denied)
}

/// How the body has to be checked, and how long it is once unwrapped.
pub(super) fn check(
    call: &Call<'_>,
    identity: &Identity,
) -> Result<(Check, Option<u64>), SignatureError> {
    let head = call.head();
    match (payload(identity), &identity.verified) {
        (Some(PayloadClaim::Hash(hash)), _) if identity.is_proven() => {
            Ok((Check::Hash(BodyHash::expecting(hash)), None))
        }
        (Some(PayloadClaim::Chunked { signed, trailer }), Some(verified)) => {
            let plan = ChunkPlan::read(&head)?;
            let bytes = plan.decoded_bytes;
            let decoder = ChunkedDecoder::new(verified, plan, signed, trailer);
            Ok((Check::Chunks(Box::new(decoder)), Some(bytes)))
        }
        (Some(PayloadClaim::Chunked { trailer, .. }), None) => {
            let plan = ChunkPlan::read(&head)?;
            let bytes = plan.decoded_bytes;
            let decoder = ChunkedDecoder::unchecked(plan, trailer);
            Ok((Check::Chunks(Box::new(decoder)), Some(bytes)))
        }
        _ => Ok((Check::None, None)),
    }
}

/// A document is read whole, so that the record can show it; an object goes on as a stream.
async fn held(
    body: CheckedBody<ObjectBody>,
    is_object: bool,
) -> Result<(Option<Vec<u8>>, AnswerBody), WireError> {
    if is_object {
        return Ok((None, body.boxed_unsync()));
    }
    let collected = if let Ok(collected) =
        tokio::time::timeout(crate::limits::BODY_READ_MAX, capped(body)).await
    {
        collected?
    } else {
        let message =
            "Your socket connection to the server was not read from or written to in time.";
        return Err(WireError::sender("RequestTimeout", message));
    };
    let kept = (collected.len() <= DOCUMENT_BYTES_MAX).then(|| collected.to_vec());
    Ok((kept, full(collected)))
}

async fn capped(body: CheckedBody<ObjectBody>) -> Result<bytes::Bytes, WireError> {
    let limited = http_body_util::Limited::new(body, crate::limits::BODY_BYTES_MAX);
    let collected = limited.collect().await.map_err(|error| {
        if let Some(refusal) = error.downcast_ref::<cairn_api::s3::BodyRefusal>() {
            let status = Some(refusal.status);
            return WireError {
                status,
                ..WireError::sender(refusal.code, refusal.message.clone())
            };
        }
        if error.is::<http_body_util::LengthLimitError>() {
            let message = "Your proposed upload exceeds the maximum allowed size";
            return WireError::sender("EntityTooLarge", message);
        }
        WireError::sender("IncompleteBody", "The request body terminated unexpectedly")
    })?;
    Ok(collected.to_bytes())
}

/// The request as the S3 service reads it: the bucket in the path, no signature.
fn path_style(
    call: &Call<'_>,
    resolved: &Resolved,
    body: AnswerBody,
) -> Option<Request<AnswerBody>> {
    let mut request = Request::new(body);
    *request.method_mut() = call.parts.method.clone();
    *request.version_mut() = call.parts.version;
    *request.uri_mut() = unsigned_target(call, Some(resolved)).parse::<Uri>().ok()?;
    *request.headers_mut() = headers(call, Some(resolved));
    Some(request)
}

/// The headers of a call to S3, with those that stand in a query of version 2: they were signed as
/// headers, and S3 takes them for such.
pub(super) fn headers(call: &Call<'_>, resolved: Option<&Resolved>) -> HeaderMap {
    let mut headers = call.parts.headers.clone();
    if has_headers_in_query(call, resolved) {
        headers.extend(sigv2::moved_headers(call.head().query).into_iter().flatten());
    }
    headers
}

fn has_headers_in_query(call: &Call<'_>, resolved: Option<&Resolved>) -> bool {
    let is_s3 = resolved.is_some_and(|resolved| resolved.service.id() == "s3");
    is_s3 && call.signed.is_version_2()
}

/// Path and query without what signs, and without what [`headers`] has; the bucket of a call to S3
/// moves from the host into the path.
pub(super) fn unsigned_target(call: &Call<'_>, resolved: Option<&Resolved>) -> String {
    let uri = &call.parts.uri;
    let mut target = String::new();
    let in_host = resolved.filter(|resolved| resolved.virtual_host);
    if let Some(bucket) = in_host.and_then(|resolved| resolved.bucket.as_deref()) {
        // A host can hold what would be more than one part of a path, or a query.
        target.push('/');
        target.extend(utf8_percent_encode(bucket, &BUCKET_ESCAPED));
    }
    target.push_str(uri.path());
    let query = uri.query().unwrap_or_default();
    let are_moved = has_headers_in_query(call, resolved);
    let goes = |pair: &str| is_signature(pair) || are_moved && is_header(pair);
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !goes(pair));
    for (place, pair) in kept.enumerate() {
        target.push(if place == 0 { '?' } else { '&' });
        target.push_str(pair);
    }
    target
}

/// Query parameters of a presigned URL.
fn is_signature(pair: &str) -> bool {
    let name = name_of(pair);
    let amz = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("X-Amz-"));
    let word = name.get(6..).unwrap_or_default();
    let words = [
        "Algorithm",
        "Credential",
        "Date",
        "Expires",
        "SignedHeaders",
        "Signature",
        "Security-Token",
        "Content-Sha256",
    ];
    // Those of version 2.
    let is_old = ["AWSAccessKeyId", "Signature", "Expires"].contains(&&*name);
    is_old || amz && words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Query parameters that S3 reads as headers.
fn is_header(pair: &str) -> bool {
    name_of(pair).get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"))
}

/// The name of a parameter, as whoever verifies it reads it.
fn name_of(pair: &str) -> Cow<'_, str> {
    let name = pair.split('=').next().unwrap_or(pair);
    percent_encoding::percent_decode_str(name).decode_utf8_lossy()
}

pub(super) fn key_of(call: &Call<'_>, resolved: &Resolved) -> Option<String> {
    let path = call.parts.uri.path().strip_prefix('/')?;
    let key = if resolved.virtual_host { path } else { path.split_once('/')?.1 };
    let decoded = percent_encoding::percent_decode_str(key).decode_utf8_lossy().into_owned();
    (!decoded.is_empty()).then_some(decoded)
}

fn outcome(answer: &S3Answer) -> Outcome<'_> {
    let status = answer.response.status().as_u16();
    match &answer.facts.error {
        Some(failure) => {
            Outcome::Failure { code: &failure.code, message: Some(&failure.message), status }
        }
        None => Outcome::Success { output: None, status, headers: answer.response.headers() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signature_leaves_the_query() {
        let new = ["X-Amz-Signature=1", "x-amz-date=2", "X-Amz-Security-Token=t"];
        let old =
            ["AWSAccessKeyId=A", "Signature=s%3D", "Expires=1", "%53ignature=s", "%45xpires=1"];
        for pair in new.into_iter().chain(old) {
            assert!(is_signature(pair), "{pair}");
        }
        for pair in ["x-amz-acl=private", "X-Amz-Meta-A", "%78-amz-meta-a=b"] {
            assert!(is_header(pair) && !is_signature(pair), "{pair}");
        }
        for pair in ["x-id=GetObject", "acl", "x-amz-checksum-mode=ENABLED", "é"] {
            assert!(!is_signature(pair), "{pair}");
        }
    }
}
