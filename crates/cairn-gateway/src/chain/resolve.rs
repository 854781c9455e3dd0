//! Resolve: what is called, and with how much of the body in hand.

use std::sync::Arc;

use bytes::Bytes;
use cairn_wire::codec::WireError;
use cairn_wire::model::{Protocol, Service, Shape};
use cairn_wire::resolve::{NotAws, Resolution, ResolveError, Resolved, resolve};
use http::request::Parts;
use http_body_util::{Either, Full};
use hyper::body::Incoming;

use super::head_of;
use crate::body::{CountedBody, ReadError, read};
use crate::budget::Share;
use crate::gateway::Gateway;

/// The body of a call to S3: what looked like a form and was read, or what is still to come.
pub(super) type ObjectBody = Either<Full<Bytes>, Either<Incoming, CountedBody<Incoming>>>;

/// A request after it was resolved.
pub(super) enum Asked {
    /// A call to S3, whose body may be an object.
    Object { resolved: Box<Resolved>, body: ObjectBody },
    /// A call whose body is a document, at hand.
    Structured { resolved: Box<Resolved>, body: Bytes },
    /// An operation that is newer than the model, or a name that is none.
    Unmodelled {
        service: Option<&'static Service>,
        protocol: Protocol,
        name: Option<String>,
        body: Bytes,
    },
    /// A request that goes no further.
    Refused(Refusal),
}

/// Why a request goes no further, before anybody is identified.
pub(super) struct Refusal {
    pub(super) service: Option<&'static Service>,
    pub(super) protocol: Protocol,
    pub(super) error: WireError,
    pub(super) reason: &'static str,
}

impl Asked {
    pub(super) fn service(&self) -> Option<&'static Service> {
        match self {
            Self::Object { resolved, .. } | Self::Structured { resolved, .. } => {
                Some(resolved.service)
            }
            Self::Unmodelled { service, .. } => *service,
            Self::Refused(refusal) => refusal.service,
        }
    }
}

/// Resolves a request, buffering its body where the body is a document. What is held of it is taken
/// from `share`, which has to outlive the call.
pub(super) async fn ask(
    gateway: &Gateway,
    parts: &Parts,
    body: Incoming,
    share: &Arc<Share>,
) -> Asked {
    let head = head_of(parts);
    let mut body = Body { incoming: Some(body), share };
    if !share.take(head_bytes(parts)) {
        return no_room(resolve(&head, None, &gateway.settings.hosts));
    }
    let mut form = None;
    let resolution = loop {
        match resolve(&head, form.as_deref(), &gateway.settings.hosts) {
            Ok(Resolution::NeedsForm) if form.is_none() => match body.read().await {
                Ok(bytes) => form = Some(bytes),
                Err(error) => return refused(None, Protocol::Query, error),
            },
            other => break other,
        }
    };
    match resolution {
        Ok(Resolution::Call(resolved)) if resolved.service.id() == "s3" => {
            let body = match (form, body.incoming) {
                (None, Some(incoming)) if streams(&resolved) => {
                    ObjectBody::Right(Either::Left(incoming))
                }
                (None, Some(incoming)) => {
                    let counted = CountedBody::new(incoming, Arc::clone(share));
                    ObjectBody::Right(Either::Right(counted))
                }
                (form, _) => ObjectBody::Left(Full::new(form.unwrap_or_default())),
            };
            Asked::Object { resolved: Box::new(resolved), body }
        }
        Ok(Resolution::Call(resolved)) => {
            let resolved = Box::new(resolved);
            match body.rest_of(form).await {
                Ok(body) => Asked::Structured { resolved, body },
                Err(error) => refused(Some(resolved.service), resolved.protocol, error),
            }
        }
        Ok(Resolution::NeedsForm) => unmodelled(None, Protocol::Query, None, form),
        Ok(Resolution::NotAws(why)) => Asked::Refused(not_aws(why)),
        Err(ResolveError::UnknownOperation { service, protocol, name }) => {
            match body.rest_of(form).await {
                Ok(body) => unmodelled(service, protocol, name, Some(body)),
                Err(error) => refused(service, protocol, error),
            }
        }
    }
}

fn not_aws(why: NotAws) -> Refusal {
    let (protocol, error) = match why {
        NotAws::ExecuteApi => {
            let message = "This is a call to an API behind a gateway, which Cairn does not serve.";
            (Protocol::RestJson, WireError::sender("NotFoundException", message).with_status(404))
        }
        // Documented: S3's answer where a bucket has no CORS rules, and ours have none.
        NotAws::Preflight => {
            let message = "CORSResponse: CORS is not enabled for this bucket.";
            (Protocol::RestXml, WireError::sender("AccessForbidden", message).with_status(403))
        }
    };
    Refusal { service: None, protocol, error, reason: "not_aws" }
}

fn unmodelled(
    service: Option<&'static Service>,
    protocol: Protocol,
    name: Option<String>,
    body: Option<Bytes>,
) -> Asked {
    Asked::Unmodelled { service, protocol, name, body: body.unwrap_or_default() }
}

/// A body, until it is read.
struct Body<'a> {
    incoming: Option<Incoming>,
    share: &'a Share,
}

impl Body<'_> {
    async fn rest_of(&mut self, form: Option<Bytes>) -> Result<Bytes, ReadError> {
        match form {
            Some(form) => Ok(form),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Result<Bytes, ReadError> {
        match self.incoming.take() {
            Some(body) => read(body, self.share).await,
            None => Ok(Bytes::new()),
        }
    }
}

/// Whether the body is an object, which is never held whole.
fn streams(resolved: &Resolved) -> bool {
    let payload = resolved.call().input().and_then(Shape::payload);
    payload.is_some_and(|payload| payload.streaming() || payload.shape().streaming())
}

fn head_bytes(parts: &Parts) -> usize {
    let headers = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    headers.sum::<usize>() + target
}

/// The refusal of a request that there is no room for, worded as far as its head says how.
fn no_room(resolution: Result<Resolution, ResolveError>) -> Asked {
    match resolution {
        Ok(Resolution::Call(resolved)) => {
            refused(Some(resolved.service), resolved.protocol, ReadError::NoRoom)
        }
        Ok(Resolution::NeedsForm) => refused(None, Protocol::Query, ReadError::NoRoom),
        Ok(Resolution::NotAws(why)) => Asked::Refused(not_aws(why)),
        Err(ResolveError::UnknownOperation { service, protocol, .. }) => {
            refused(service, protocol, ReadError::NoRoom)
        }
    }
}

fn refused(service: Option<&'static Service>, protocol: Protocol, error: ReadError) -> Asked {
    // Documented: the common errors of every service.
    let (code, status, message, reason) = match error {
        ReadError::TooLarge => (
            "RequestEntityTooLargeException",
            413,
            "The request body is larger than the service accepts.",
            "body_too_large",
        ),
        ReadError::TooSlow => (
            "RequestTimeoutException",
            408,
            "The request body did not arrive in time.",
            "body_too_slow",
        ),
        ReadError::Broken => (
            "MalformedHttpRequestException",
            400,
            "The request body could not be read.",
            "body_broken",
        ),
        ReadError::NoRoom if service.is_some_and(|service| service.id() == "s3") => {
            ("SlowDown", 503, "Please reduce your request rate.", "no_room")
        }
        ReadError::NoRoom => (
            "ServiceUnavailable",
            503,
            "The request has failed due to a temporary failure of the server.",
            "no_room",
        ),
    };
    let sender_fault = status < 500;
    let error =
        WireError { status: Some(status), sender_fault, ..WireError::sender(code, message) };
    Asked::Refused(Refusal { service, protocol, error, reason })
}
