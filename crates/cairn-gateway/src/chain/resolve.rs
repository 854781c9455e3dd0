//! Resolve: what is called, and with how much of the body in hand.

use std::sync::Arc;

use bytes::Bytes;
use cairn_wire::codec::WireError;
use cairn_wire::model::{Protocol, Service, Shape};
use cairn_wire::resolve::{NotAws, Resolution, ResolveError, Resolved, resolve};
use http::request::Parts;
use http_body::Body as _;
use http_body_util::{Either, Full};
use hyper::body::Incoming;

use super::document::Document;
use super::head_of;
use crate::beside::Work;
use crate::body::{CountedBody, ReadError, read};
use crate::budget::Share;
use crate::gateway::Gateway;

/// The body of a call to S3, or of records in bulk: what looked like a form and was read, or what is
/// still to come.
pub(super) type ObjectBody = Either<Full<Bytes>, Either<Incoming, CountedBody<Incoming>>>;

/// A request whose operation was looked for; its body may still be to come.
pub(super) struct Found<'a> {
    pub(super) named: Named,
    pub(super) body: Body<'a>,
}

/// What a request names.
pub(super) enum Named {
    /// An operation of the model.
    Call(Arc<Resolved>),
    /// An operation that is newer than the model, or a name that is none.
    Unknown { service: Option<&'static Service>, protocol: Protocol, name: Option<String> },
    /// No AWS call at all.
    NotAws(NotAws),
    /// Nothing that can be found out.
    Refused(Refusal),
}

/// How a request is answered that says nothing of its protocol.
pub(super) const UNKNOWN_PROTOCOL: Protocol = Protocol::RestXml;

impl Named {
    /// The service, if one is named, and the protocol to answer in.
    pub(super) fn spoken(&self) -> (Option<&'static Service>, Protocol) {
        let protocol = match self {
            Self::Call(resolved) => resolved.protocol,
            Self::Unknown { protocol, .. } => *protocol,
            Self::Refused(refusal) => refusal.protocol,
            Self::NotAws(_) => UNKNOWN_PROTOCOL,
        };
        (self.service(), protocol)
    }

    /// The service, if one is named.
    pub(super) fn service(&self) -> Option<&'static Service> {
        match self {
            Self::Call(resolved) => Some(resolved.service),
            Self::Unknown { service, .. } => *service,
            Self::Refused(refusal) => refusal.service,
            Self::NotAws(_) => None,
        }
    }
}

/// A request after it was resolved.
pub(super) enum Asked {
    /// A call to S3, whose body may be an object.
    Object { resolved: Arc<Resolved>, body: ObjectBody },
    /// A call whose body is a document, at hand.
    Structured { resolved: Arc<Resolved>, body: Document },
    /// An operation that is newer than the model, or a name that is none.
    Unmodelled {
        service: Option<&'static Service>,
        protocol: Protocol,
        name: Option<String>,
        body: Document,
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

/// Looks for the operation, reading no more of the body than a form needs. What is held of it is
/// taken from `share`, which has to outlive the call.
pub(super) async fn find<'a>(
    gateway: &Arc<Gateway>,
    parts: &Parts,
    body: Incoming,
    share: &'a Arc<Share>,
) -> Found<'a> {
    let head = head_of(parts);
    let mut body = Body { incoming: Some(body), form: None, share };
    if !share.take(head_bytes(parts)) {
        let named = no_room(resolve(&head, None, &gateway.settings.hosts));
        return Found { named, body };
    }
    let resolution = match resolve(&head, None, &gateway.settings.hosts) {
        Ok(Resolution::NeedsForm) => match body.read_form(gateway, parts, Protocol::Query).await {
            Ok(resolution) => resolution,
            Err(refusal) => return Found { named: Named::Refused(refusal), body },
        },
        other => other,
    };
    let named = match resolution {
        Ok(Resolution::Call(resolved)) => Named::Call(Arc::new(resolved)),
        Ok(Resolution::NeedsForm) => {
            Named::Unknown { service: None, protocol: Protocol::Query, name: None }
        }
        Ok(Resolution::NotAws(why)) => Named::NotAws(why),
        Err(ResolveError::UnknownOperation { service, protocol, name }) => {
            Named::Unknown { service, protocol, name }
        }
    };
    Found { named, body }
}

/// Buffers the body of a request that is served here, where it is a document.
pub(super) async fn hold(found: Found<'_>) -> Asked {
    let Found { named, mut body } = found;
    match named {
        Named::Call(resolved) if resolved.service.id() == "s3" || is_bulk(&resolved) => {
            let is_streamed = streams(&resolved);
            Asked::Object { resolved, body: body.object(is_streamed) }
        }
        Named::Call(resolved) => match body.rest().await {
            Ok(body) => Asked::Structured { resolved, body },
            Err(error) => Asked::Refused(refused(Some(resolved.service), resolved.protocol, error)),
        },
        Named::Unknown { service, protocol, name } => match body.rest().await {
            Ok(body) => Asked::Unmodelled { service, protocol, name, body },
            Err(error) => Asked::Refused(refused(service, protocol, error)),
        },
        Named::NotAws(why) => Asked::Refused(not_aws(why)),
        Named::Refused(refusal) => Asked::Refused(refusal),
    }
}

pub(super) fn not_aws(why: NotAws) -> Refusal {
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

/// A body, until it is read.
pub(super) struct Body<'a> {
    incoming: Option<Incoming>,
    form: Option<Document>,
    share: &'a Arc<Share>,
}

impl Body<'_> {
    /// Whether anything follows the head.
    pub(super) fn is_there(&self) -> bool {
        let form = self.form.as_ref().is_some_and(|form| !form.sent().is_empty());
        form || self.incoming.as_ref().is_some_and(|body| !body.is_end_stream())
    }

    /// The form that was read to find the operation.
    pub(super) fn form(&self) -> Option<&Document> {
        self.form.as_ref()
    }

    /// Reads the body as a form, and looks for the operation in it.
    pub(super) async fn read_form(
        &mut self,
        gateway: &Arc<Gateway>,
        parts: &Parts,
        spoken: Protocol,
    ) -> Result<Result<Resolution, ResolveError>, Refusal> {
        let form = self.rest().await.map_err(|error| refused(None, spoken, error))?;
        let place = form.place(&gateway.beside, &parts.headers).await;
        let read = match place.map_err(|error| refused(None, spoken, error))? {
            None => form.into_form(parts, &gateway.settings.hosts),
            Some(place) => {
                let (gateway, parts) = (Arc::clone(gateway), parts.clone());
                let read = move || form.into_form(&parts, &gateway.settings.hosts);
                Box::pin(place.run(Work::Form, read)).await
            }
        };
        let (form, resolution) = read.map_err(|error| {
            let error = error.wire_error(spoken);
            Refusal { service: None, protocol: spoken, error, reason: "form" }
        })?;
        self.form = Some(form);
        Ok(resolution)
    }

    /// The whole body, which may have been read as a form.
    pub(super) async fn rest(&mut self) -> Result<Document, ReadError> {
        if let Some(form) = self.form.take() {
            return Ok(form);
        }
        let sent = match self.incoming.take() {
            Some(body) => read(body, self.share).await?,
            None => Bytes::new(),
        };
        Ok(Document::new(sent, Arc::clone(self.share)))
    }

    /// The body of a call to S3: streamed, or gathered by whoever serves it.
    pub(super) fn object(self, is_streamed: bool) -> ObjectBody {
        match (self.form, self.incoming) {
            (None, Some(incoming)) if is_streamed => ObjectBody::Right(Either::Left(incoming)),
            (None, Some(incoming)) => {
                let counted = CountedBody::new(incoming, Arc::clone(self.share));
                ObjectBody::Right(Either::Right(counted))
            }
            (form, _) => ObjectBody::Left(at_hand(form)),
        }
    }

    /// The body as it came, to be passed on, and whether it is at hand already.
    pub(super) fn passing(self) -> (Either<Full<Bytes>, Incoming>, bool) {
        match (self.form, self.incoming) {
            (None, Some(incoming)) => (Either::Right(incoming), false),
            (form, _) => (Either::Left(at_hand(form)), true),
        }
    }
}

fn at_hand(form: Option<Document>) -> Full<Bytes> {
    Full::new(form.map(|form| form.sent().clone()).unwrap_or_default())
}

/// Whether the body is records in bulk, which are never held whole either.
pub(super) fn is_bulk(resolved: &Resolved) -> bool {
    resolved.service.id() == "cairn" && streams(resolved)
}

/// Whether the body is an object, which is never held whole.
pub(super) fn streams(resolved: &Resolved) -> bool {
    let payload = resolved.call().input().and_then(Shape::payload);
    payload.is_some_and(|payload| payload.streaming() || payload.shape().streaming())
}

fn head_bytes(parts: &Parts) -> usize {
    let headers = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    headers.sum::<usize>() + target
}

/// Documented: the text of this error in the common errors of services.
const UNAVAILABLE_TEXT: &str = "The request has failed due to a temporary failure of the server.";

/// The refusal of a request that there is no room for, worded as far as its head says how.
fn no_room(resolution: Result<Resolution, ResolveError>) -> Named {
    let (service, protocol) = match resolution {
        Ok(Resolution::Call(resolved)) => (Some(resolved.service), resolved.protocol),
        Ok(Resolution::NeedsForm) => (None, Protocol::Query),
        Ok(Resolution::NotAws(why)) => return Named::NotAws(why),
        Err(ResolveError::UnknownOperation { service, protocol, .. }) => (service, protocol),
    };
    Named::Refused(refused(service, protocol, ReadError::NoRoom))
}

pub(super) fn refused(
    service: Option<&'static Service>,
    protocol: Protocol,
    error: ReadError,
) -> Refusal {
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
        ReadError::NoRoom | ReadError::Crowded => {
            let reason = if error == ReadError::NoRoom { "no_room" } else { "crowded" };
            if service.is_some_and(|service| service.id() == "s3") {
                ("SlowDown", 503, "Please reduce your request rate.", reason)
            } else {
                ("ServiceUnavailable", 503, UNAVAILABLE_TEXT, reason)
            }
        }
    };
    let sender_fault = status < 500;
    let error =
        WireError { status: Some(status), sender_fault, ..WireError::sender(code, message) };
    Refusal { service, protocol, error, reason }
}
