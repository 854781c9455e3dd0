//! Resolve: what is called, and with how much of the body in hand.

use bytes::Bytes;
use cairn_wire::codec::WireError;
use cairn_wire::model::{Protocol, Service};
use cairn_wire::resolve::{NotAws, Resolution, ResolveError, Resolved, resolve};
use http::request::Parts;
use http_body_util::{Either, Full};
use hyper::body::Incoming;

use super::head_of;
use crate::body::{ReadError, read};
use crate::gateway::Gateway;

/// The body of a call to S3: what looked like a form and was read, or what is still to come.
pub(super) type ObjectBody = Either<Full<Bytes>, Incoming>;

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

/// Resolves a request, buffering its body where the body is a document.
pub(super) async fn ask(gateway: &Gateway, parts: &Parts, body: Incoming) -> Asked {
    let head = head_of(parts);
    let mut body = Some(body);
    let mut form = None;
    let resolution = loop {
        match resolve(&head, form.as_deref(), &gateway.settings.hosts) {
            Ok(Resolution::NeedsForm) if form.is_none() => match read_whole(&mut body).await {
                Ok(bytes) => form = Some(bytes),
                Err(error) => return refused(None, Protocol::Query, error),
            },
            other => break other,
        }
    };
    match resolution {
        Ok(Resolution::Call(resolved)) if resolved.service.id() == "s3" => {
            let body = match (form, body) {
                (None, Some(body)) => ObjectBody::Right(body),
                (form, _) => ObjectBody::Left(Full::new(form.unwrap_or_default())),
            };
            Asked::Object { resolved: Box::new(resolved), body }
        }
        Ok(Resolution::Call(resolved)) => {
            let resolved = Box::new(resolved);
            match rest_of(form, &mut body).await {
                Ok(body) => Asked::Structured { resolved, body },
                Err(error) => refused(Some(resolved.service), resolved.protocol, error),
            }
        }
        Ok(Resolution::NeedsForm) => unmodelled(None, Protocol::Query, None, form),
        Ok(Resolution::NotAws(why)) => Asked::Refused(not_aws(why)),
        Err(ResolveError::UnknownOperation { service, protocol, name }) => {
            match rest_of(form, &mut body).await {
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

async fn rest_of(form: Option<Bytes>, body: &mut Option<Incoming>) -> Result<Bytes, ReadError> {
    match form {
        Some(form) => Ok(form),
        None => read_whole(body).await,
    }
}

async fn read_whole(body: &mut Option<Incoming>) -> Result<Bytes, ReadError> {
    match body.take() {
        Some(body) => read(body).await,
        None => Ok(Bytes::new()),
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
    };
    let error = WireError { status: Some(status), ..WireError::sender(code, message) };
    Asked::Refused(Refusal { service, protocol, error, reason })
}
