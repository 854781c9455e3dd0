//! Sending a request to an upstream, and all the ways in which no answer comes.

use cairn_wire::codec::WireError;
use cairn_wire::model::{Operation, Protocol, Service};
use http::header::TRAILER;
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tokio::time::Instant;

use super::{Call, refuse};
use crate::body::{AnswerBody, full};
use crate::forward::client::{Cause, Over, SendError};
use crate::forward::held::Broke;
use crate::forward::hop;
use crate::forward::tee::{Passed, SenderFault};
use crate::forward::upstream::Upstream;
use crate::metric;

/// A request on its way to an upstream.
pub(super) struct Sending {
    pub(super) request: Request<AnswerBody>,
    pub(super) passed: Passed,
    pub(super) upgrade: Option<OnUpgrade>,
}

/// An answer whose head has come.
pub(super) struct Answered {
    pub(super) response: Response<Incoming>,
    pub(super) passed: Passed,
    /// The two ends of a connection that will stop speaking HTTP.
    pub(super) upgrades: Option<(OnUpgrade, OnUpgrade)>,
}

/// Sends a request and waits for the head of its answer: for as long as the body moves, and then for
/// as long as the upstream may take.
///
/// An upstream may close a connection that has waited for a while just when a request is on its way.
/// If the call `changes_nothing` and its body is at hand, it is made once more, over a connection of
/// its own (RFC 9110, section 9.2.2).
pub(super) async fn exchange(
    call: &Call<'_>,
    upstream: &Upstream,
    sending: Sending,
    changes_nothing: bool,
) -> Result<Answered, (Failure, Passed)> {
    let Sending { mut request, passed, upgrade } = sending;
    hop::frame(&mut request);
    let again = changes_nothing.then(|| Again::of(&request)).flatten();
    let lane = call.peer.lane.lane;
    let mut answered = in_time(upstream, request, Over::Any(lane), &passed).await;
    let is_lost =
        matches!(&answered, Err(Failure::Upstream(error)) if error.cause() == Cause::Closed);
    let again = again.filter(|_| is_lost).and_then(|again| again.request(&passed));
    if let Some(request) = again {
        metrics::counter!(metric::UPSTREAM_REPEATS_TOTAL, "upstream" => upstream.name())
            .increment(1);
        tracing::debug!(upstream = upstream.name(), "a call went down with its connection");
        answered = in_time(upstream, request, Over::Fresh, &passed).await;
    }
    match answered {
        Ok(mut response) => {
            let is_switch = response.status() == StatusCode::SWITCHING_PROTOCOLS;
            let upgrades = upgrade.filter(|_| is_switch);
            let upgrades = upgrades.map(|caller| (caller, hyper::upgrade::on(&mut response)));
            Ok(Answered { response, passed, upgrades })
        }
        Err(failure) => {
            failure.tell(upstream);
            Err((failure, passed))
        }
    }
}

/// How often it is looked whether a body moves, in the time that an upstream has to answer.
const LOOKS: u32 = 16;

/// The head of the answer, or why none came. As long as the body moves, nobody is late.
async fn in_time(
    upstream: &Upstream,
    request: Request<AnswerBody>,
    over: Over,
    passed: &Passed,
) -> Result<Response<Incoming>, Failure> {
    let mut sent = std::pin::pin!(upstream.client.send(request, over));
    let (mut seen, mut moved) = (passed.bytes(), Instant::now());
    let look = upstream.answer_max / LOOKS;
    loop {
        match tokio::time::timeout(look, sent.as_mut()).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => {
                let fault = passed.failure();
                return Err(fault.map_or(Failure::Upstream(error), Failure::Sender));
            }
            Err(_) if passed.bytes() > seen => (seen, moved) = (passed.bytes(), Instant::now()),
            Err(_) if moved.elapsed() >= upstream.answer_max => return Err(Failure::TooSlow),
            Err(_) => {}
        }
    }
}

/// What it takes to make a call once more.
struct Again {
    head: Request<()>,
    is_empty: bool,
}

impl Again {
    /// `None` for a request whose body ends with more than bytes.
    fn of(request: &Request<AnswerBody>) -> Option<Self> {
        if request.headers().contains_key(TRAILER) {
            return None;
        }
        let mut head = Request::new(());
        head.method_mut().clone_from(request.method());
        head.uri_mut().clone_from(request.uri());
        *head.version_mut() = request.version();
        head.headers_mut().clone_from(request.headers());
        head.extensions_mut().clone_from(request.extensions());
        Some(Self { head, is_empty: request.body().is_end_stream() })
    }

    /// The request, if all of its body went by and was kept.
    fn request(self, passed: &Passed) -> Option<Request<AnswerBody>> {
        let body = if self.is_empty { Some(bytes::Bytes::new()) } else { passed.copy() }?;
        Some(self.head.map(|()| full(body)))
    }
}

/// Why there is no answer to pass on.
pub(super) enum Failure {
    /// No connection, or it broke, before there was an answer.
    Upstream(SendError),
    /// No answer in time.
    TooSlow,
    /// The answer paused for too long.
    Stalled,
    /// The answer broke off before it could be passed on.
    BrokeOff(String),
    /// The caller's own body did.
    Sender(SenderFault),
}

impl Failure {
    /// An answer that has no end; it is told to the log.
    pub(super) fn of_answer(upstream: &Upstream, broke: &Broke) -> Self {
        let failure = match broke {
            Broke::Stalled => Self::Stalled,
            Broke::Cut(error) => Self::BrokeOff(error.to_string()),
        };
        failure.tell(upstream);
        failure
    }

    const fn reason(&self, cause: Option<Cause>) -> &'static str {
        match (self, cause) {
            (Self::Upstream(_), Some(Cause::Unreachable)) => "unreachable",
            (Self::Upstream(_), Some(Cause::Untrusted)) => "untrusted",
            (Self::Upstream(_), Some(Cause::Tls)) => "tls",
            (Self::Upstream(_), Some(Cause::Garbled)) => "garbled",
            (Self::Upstream(_), Some(Cause::Closed) | None) => "closed",
            (Self::TooSlow, _) => "too_slow",
            (Self::Stalled, _) => "stalled",
            (Self::BrokeOff(_), _) => "broke_off",
            (Self::Sender(_), _) => "sender",
        }
    }

    /// Counts it and logs it, once.
    fn tell(&self, upstream: &Upstream) {
        let cause = if let Self::Upstream(error) = self { Some(error.cause()) } else { None };
        let reason = self.reason(cause);
        let upstream = upstream.name();
        // As many names as the operator has set up.
        let labels = [("upstream", upstream.clone()), ("reason", reason.to_owned())];
        metrics::counter!(metric::UPSTREAM_FAILURES_TOTAL, &labels).increment(1);
        match self {
            Self::Upstream(error) => {
                let error = error.told();
                tracing::warn!(upstream, reason, error, "an upstream did not answer");
            }
            Self::BrokeOff(error) => {
                tracing::warn!(upstream, reason, error, "an answer broke off");
            }
            Self::TooSlow => tracing::warn!(upstream, reason, "an upstream did not answer in time"),
            Self::Stalled => tracing::warn!(upstream, reason, "an answer paused for too long"),
            Self::Sender(fault) => tracing::debug!(upstream, ?fault, "a body did not arrive"),
        }
    }

    /// What the caller is told. Our own texts (assumed).
    pub(super) fn wire(&self) -> WireError {
        let (code, status, message) = match self {
            Self::Upstream(error) if error.cause() == Cause::Untrusted => (
                "ServiceUnavailable",
                502,
                "The certificate of the service behind Cairn is not trusted. The call was not made.",
            ),
            Self::Upstream(error) if error.is_connect() => (
                "ServiceUnavailable",
                502,
                "The service behind Cairn cannot be reached. The call was not made.",
            ),
            Self::Upstream(error) if error.cause() == Cause::Garbled => (
                "ServiceUnavailable",
                502,
                "The service behind Cairn did not answer in HTTP. The call may have been made.",
            ),
            Self::Upstream(_) | Self::BrokeOff(_) => (
                "ServiceUnavailable",
                502,
                "The service behind Cairn broke the connection. The call may have been made.",
            ),
            Self::TooSlow | Self::Stalled => (
                "ServiceUnavailable",
                504,
                "The service behind Cairn did not answer in time. The call may have been made.",
            ),
            Self::Sender(SenderFault::Stalled) => {
                ("RequestTimeout", 400, "The request body did not arrive in time.")
            }
            Self::Sender(SenderFault::Broken) => {
                ("IncompleteBody", 400, "The request body could not be read to its end.")
            }
        };
        let sender_fault = status < 500;
        WireError { status: Some(status), sender_fault, ..WireError::sender(code, message) }
    }

    pub(super) fn answer(
        &self,
        call: &Call<'_>,
        service: Option<&'static Service>,
        operation: Option<Operation<'static>>,
        protocol: Protocol,
    ) -> Response<AnswerBody> {
        refuse::error(call, service, operation, protocol, &self.wire())
    }
}
