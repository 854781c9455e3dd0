//! Calls to an upstream that knows other keys than our callers do: verified here, signed anew.

use std::sync::Arc;

use bytes::Bytes;
use cairn_wire::codec::WireError;
use cairn_wire::sigv4::{PayloadClaim, sha256};
use http::uri::PathAndQuery;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Either, Full};

use super::authenticate::{Identity, identify, payload};
use super::exchange::Sending;
use super::forwarded::{address, version};
use super::heard::Subject;
use super::resolve::{Body, refused};
use super::{Call, apart, authorise, commit, refuse, s3};
use crate::beside::Work;
use crate::body::{AnswerBody, CheckedBody};
use crate::budget::Share;
use crate::forward::hop;
use crate::forward::resign::{Framed, ResignCredential, Target, Unsigned};
use crate::forward::tee::{Keep, Tee};
use crate::forward::upstream::Upstream;
use crate::recorder::Outcome;

/// A call that goes no further is answered.
type Refused = Box<Response<AnswerBody>>;
type Prepared = Result<(Sending, Identity), Refused>;

/// Verifies the caller and signs in its place. A caller that nobody has verified gets no signature
/// of ours: anonymous calls go on as they are if the operation allows them, and else no further.
pub(super) async fn prepare(
    call: &Call<'_>,
    upstream: &Upstream,
    credential: &ResignCredential,
    subject: &Arc<Subject>,
    body: Body<'_>,
    share: &Arc<Share>,
) -> Prepared {
    let is_s3 = subject.service.is_some_and(|service| service.id() == "s3");
    let (identity, outgoing) =
        if is_s3 { object(call, subject, body)? } else { document(call, subject, body).await? };
    if let Some(operation) = subject.operation()
        && let Err(denied) = authorise::decide(&identity, operation)
    {
        return Err(Box::new(deny(call, subject, &identity, &denied).await));
    }
    let Outgoing { body, path_and_query, payload, hash_of, decoded_bytes } = outgoing;
    let target = PathAndQuery::try_from(path_and_query).map_err(|_| {
        let error = WireError::sender("InvalidURI", "Couldn't parse the specified URI.");
        subject.error(call, &error)
    })?;
    let mut headers = s3::headers(call, subject.resolved.as_deref());
    hop::strip(&mut headers, false);
    let keep = Keep { copy: !subject.streams_in(), hash: false };
    let (tee, passed) = Tee::new(body, keep, Arc::clone(share), None);
    let sign_for = signed_for(call, subject);
    let body = if identity.is_anonymous() {
        tee.boxed_unsync()
    } else {
        let unsigned = Unsigned {
            method: call.parts.method.as_str(),
            path: target.path(),
            query: target.query().unwrap_or_default(),
            payload,
            body: &hash_of,
            decoded_bytes,
        };
        let signature = credential.sign(&sign_for, &upstream.authority, &mut headers, &unsigned);
        match payload {
            PayloadClaim::Chunked { trailer, .. } => {
                let credential = Arc::new(credential.clone());
                Framed::new(tee, credential, sign_for, signature, trailer).boxed_unsync()
            }
            _ => tee.boxed_unsync(),
        }
    };
    let mut request = Request::new(body);
    *request.method_mut() = call.parts.method.clone();
    *request.version_mut() = version(call, upstream);
    *request.uri_mut() = address(upstream, Some(target));
    *request.headers_mut() = headers;
    *request.extensions_mut() = call.parts.extensions.clone();
    Ok((Sending { request, passed, upgrade: None }, identity))
}

/// A call that is denied, and recorded, as one to a service of ours is.
async fn deny(
    call: &Call<'_>,
    subject: &Subject,
    identity: &Identity,
    denied: &authorise::Denied,
) -> Response<AnswerBody> {
    let outcome = Outcome::Failure {
        code: denied.code,
        message: Some(denied.message),
        status: denied.status,
    };
    let facts = subject.facts(call, identity, outcome);
    match commit::record(call, &facts.facts()).await {
        Ok(()) => subject.error(call, &denied.wire()),
        Err(commit::Unrecorded) => subject.unrecorded(call),
    }
}

/// A request without the caller's signature.
struct Outgoing {
    body: AnswerBody,
    path_and_query: String,
    payload: PayloadClaim,
    /// What the signature covers, where it is at hand.
    hash_of: Bytes,
    decoded_bytes: Option<u64>,
}

/// A document is read whole: its hash is part of both signatures.
async fn document(
    call: &Call<'_>,
    subject: &Arc<Subject>,
    mut body: Body<'_>,
) -> Result<(Identity, Outgoing), Refused> {
    let refuse_body =
        |error| refuse::request(call, &refused(subject.service, subject.protocol, error));
    let document = body.rest().await.map_err(refuse_body)?;
    let place = document.place(&call.gateway.beside, &call.parts.headers).await;
    let place = place.map_err(refuse_body)?;
    let bytes = document.sent().clone();
    let identify = {
        let (subject, bytes) = (Arc::clone(subject), bytes.clone());
        move |call: &Call<'_>| {
            let hash = Some(sha256(&bytes));
            identify(call, subject.signing_name(), subject.operation(), hash)
        }
    };
    let identity = apart::step(call, place, Work::Document, identify).await.map_err(|why| {
        refuse::signature(call, subject.service, subject.operation(), subject.protocol, &why)
    })?;
    let outgoing = Outgoing {
        body: crate::body::full(bytes.clone()),
        path_and_query: s3::unsigned_target(call, None),
        payload: PayloadClaim::Body,
        hash_of: bytes,
        decoded_bytes: None,
    };
    Ok((identity, outgoing))
}

/// An object streams through; what was signed of it is checked on its way.
fn object(
    call: &Call<'_>,
    subject: &Subject,
    body: Body<'_>,
) -> Result<(Identity, Outgoing), Refused> {
    let (service, protocol) = (subject.service, subject.protocol);
    let refuse = |why: &_| refuse::signature(call, service, subject.operation(), protocol, why);
    let identity = identify(call, "s3", subject.operation(), None).map_err(|why| refuse(&why))?;
    let (check, decoded_bytes) = s3::check(call, &identity).map_err(|why| refuse(&why))?;
    let claimed = match payload(&identity) {
        Some(PayloadClaim::Chunked { trailer, .. }) => {
            PayloadClaim::Chunked { signed: true, trailer }
        }
        Some(claimed @ PayloadClaim::Hash(_)) => claimed,
        Some(PayloadClaim::Unsigned | PayloadClaim::Body) | None => PayloadClaim::Unsigned,
    };
    let (body, _): (Either<Full<Bytes>, _>, _) = body.passing();
    let checked = CheckedBody::new(body, check, decoded_bytes).boxed_unsync();
    let outgoing = Outgoing {
        body: checked,
        path_and_query: s3::unsigned_target(call, subject.resolved.as_deref()),
        payload: claimed,
        hash_of: Bytes::new(),
        decoded_bytes,
    };
    Ok((identity, outgoing))
}

/// Region and service as the caller signed for them.
fn signed_for(call: &Call<'_>, subject: &Subject) -> Target {
    let (region, service) = (call.signed.region(), call.signed.service());
    Target {
        region: region.unwrap_or(call.gateway.settings.region.as_str()).to_owned(),
        service: service.unwrap_or_else(|| subject.signing_name()).to_owned(),
        now: call.started,
    }
}
