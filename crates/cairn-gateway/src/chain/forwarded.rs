//! Calls that an upstream serves: passed on, heard, recorded, answered.
//!
//! The list of steps is [`run`]. What the upstream says goes to the caller byte for byte; what Cairn
//! says itself is one error, in the caller's protocol, when the upstream cannot be reached or the
//! record cannot be written.

use std::sync::Arc;

use bytes::Bytes;
use cairn_wire::model::{Operation, Protocol, Shape};
use cairn_wire::resolve::{NotAws, Resolved};
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use super::authenticate::Identity;
use super::commit::Built;
use super::document::takes_long;
use super::exchange::{Answered, Failure, Sending, exchange};
use super::heard::{self, Come, Heard, Subject};
use super::resolve::{Found, Named, not_aws};
use super::{Call, ambiguous, apart, browser_upload, commit, passed, refuse};
use crate::beside::Work;
use crate::body::AnswerBody;
use crate::budget::Share;
use crate::forward::held::Held;
use crate::forward::intents::Intent;
use crate::forward::tee::{Invitation, Keep, Passed, Tee};
use crate::forward::upstream::{Upstream, Way};
use crate::forward::{Loss, hop, tunnel};
use crate::limits::ANSWER_IDLE_MAX;
use crate::metric;
use crate::recorder::Outcome;

/// What a caller sent, to be passed on.
pub(super) struct Asking<'a> {
    pub(super) body: Either<Full<Bytes>, Incoming>,
    /// The body is at hand, so nobody needs to be asked for it.
    pub(super) is_read: bool,
    pub(super) share: &'a Arc<Share>,
    pub(super) upgrade: Option<OnUpgrade>,
}

/// Who sent it, as far as that is known before the answer.
pub(super) enum Who {
    /// Verified before anything was passed on.
    Verified(Box<Identity>),
    /// For the upstream to say, and for us to find out when the body has passed.
    Open,
}

/// Takes a call through the rest of the chain.
pub(super) async fn run(
    call: &Call<'_>,
    upstream: &Upstream,
    found: Found<'_>,
    share: &Arc<Share>,
    upgrade: Option<OnUpgrade>,
) -> Response<AnswerBody> {
    let Found { named, body } = found;
    let mut body = body;
    if let Some(refusal) = ambiguous::refusal(call, &named, &mut body).await {
        return *refusal;
    }
    let subject = match subject(call, upstream, named) {
        Ok(subject) => Arc::new(subject),
        Err(NoCall::Refused(refusal)) => return *refusal,
        Err(NoCall::Question) => {
            let body = Either::Left(Full::default());
            let asking = Asking { body, is_read: true, share, upgrade };
            return passed::run(call, upstream, asking, "preflight").await;
        }
        Err(NoCall::Passed(reason)) => {
            let (body, is_read) = body.passing();
            let asking = Asking { body, is_read, share, upgrade };
            return passed::run(call, upstream, asking, reason).await;
        }
    };
    if let Some(refusal) = refused_for_want_of_room(call, upstream, &subject).await {
        return refusal;
    }
    let (sending, who) = match &upstream.way {
        Way::HostKept => {
            let (body, is_read) = body.passing();
            let asking = Asking { body, is_read, share, upgrade };
            let keep =
                Keep { copy: !subject.streams_in(), hash: heard::needs_hash(call, &subject) };
            let sending = as_it_is(call, upstream, asking, keep);
            if browser_upload::is_one(&subject) {
                sending.passed.keep_start(browser_upload::START_BYTES_MAX);
            }
            (sending, Who::Open)
        }
        Way::Resign(credential) => {
            match super::resigned::prepare(call, upstream, credential, &subject, body, share).await
            {
                Ok((sending, identity)) => (sending, Who::Verified(Box::new(identity))),
                Err(refusal) => return *refusal,
            }
        }
    };
    let intent = match declared(call, upstream, &subject, &who).await {
        Ok(intent) => intent,
        Err(commit::Unrecorded) => return subject.unrecorded(call),
    };
    let changes_nothing = subject.operation().is_some_and(Operation::read_only);
    match exchange(call, upstream, sending, changes_nothing).await {
        Ok(Answered { response, passed, upgrades }) => {
            let told = Told { loss: upstream.loss, subject, who, passed, intent };
            told.answer(call, upstream, response, share, upgrades).await
        }
        Err((failure, passed)) => {
            let told = Told { loss: upstream.loss, subject, who, passed, intent };
            told.fail(call, failure, share).await
        }
    }
}

/// A request without a call in it.
enum NoCall {
    /// It goes no further.
    Refused(Box<Response<AnswerBody>>),
    /// It goes on without a record, for this reason.
    Passed(&'static str),
    /// A browser's question, which goes on without a record and without a body: what comes as one
    /// may be a call.
    Question,
}

/// What a request calls.
fn subject(call: &Call<'_>, upstream: &Upstream, named: Named) -> Result<Subject, NoCall> {
    let resigns = matches!(upstream.way, Way::Resign(_));
    let refused = |answer| NoCall::Refused(Box::new(answer));
    match named {
        Named::Refused(refusal) => Err(refused(refuse::request(call, &refusal))),
        Named::NotAws(why) if resigns => Err(refused(refuse::request(call, &not_aws(why)))),
        // Somebody's own API, or a server that does not read the scope: recorded as what it is.
        Named::NotAws(NotAws::ExecuteApi) if heard::has_signature(call) => {
            let unnamed = Subject::unmodelled(call, None, Protocol::RestJson, None);
            unnamed.map_err(|unnamed| refused(unnamed.refuse(call)))
        }
        Named::NotAws(NotAws::ExecuteApi) => Err(NoCall::Passed("data_plane")),
        Named::NotAws(NotAws::Preflight) => Err(NoCall::Question),
        Named::Call(ref resolved) if ambiguous::contradicts(call, resolved.service) => {
            Err(refused(refuse::contradiction(call, resolved.service, resolved.protocol)))
        }
        Named::Unknown { service: Some(service), protocol, .. }
            if ambiguous::contradicts(call, service) =>
        {
            Err(refused(refuse::contradiction(call, service, protocol)))
        }
        Named::Call(resolved) => Ok(Subject::modelled(resolved)),
        Named::Unknown { service, protocol, name } => {
            match Subject::unmodelled(call, service, protocol, name) {
                Ok(subject) => Ok(subject),
                Err(unnamed) if resigns => Err(refused(unnamed.refuse(call))),
                Err(_) => Err(NoCall::Passed("unknown")),
            }
        }
    }
}

/// A call that would change something is not made while nothing can be recorded, unless the operator
/// chose so; the refusal is recorded.
async fn refused_for_want_of_room(
    call: &Call<'_>,
    upstream: &Upstream,
    subject: &Subject,
) -> Option<Response<AnswerBody>> {
    if upstream.loss != Loss::FailClosed {
        return None;
    }
    let denied = commit::may_be_done(call, subject.operation()).err()?;
    let identity = heard::identity(call, subject, None);
    let outcome = Outcome::Failure {
        code: denied.code,
        message: Some(denied.message),
        status: denied.status,
    };
    let facts = subject.facts(call, &identity, outcome);
    Some(match commit::record(call, &facts.facts()).await {
        Ok(()) => subject.error(call, &denied.wire()),
        Err(commit::Unrecorded) => subject.unrecorded(call),
    })
}

/// Writes an upload down before its stream flows, so that a crash on the way leaves a trace.
async fn declared(
    call: &Call<'_>,
    upstream: &Upstream,
    subject: &Subject,
    who: &Who,
) -> Result<Option<Intent>, commit::Unrecorded> {
    if upstream.loss != Loss::FailClosed || !subject.streams_in() {
        return Ok(None);
    }
    let identity = match who {
        Who::Verified(identity) => Identity::clone(identity),
        Who::Open => heard::identity(call, subject, None),
    };
    // What the start after a crash puts into the log (assumed: AWS has no such record).
    let outcome = Outcome::Failure {
        code: "ServiceUnavailable",
        message: Some("Cairn stopped before the call was over. The call may have been made."),
        status: 503,
    };
    let mut facts = subject.facts(call, &identity, outcome);
    facts.notes.is_outcome_unknown = true;
    let event_id = call.gateway.uuid();
    facts.event_id = Some(event_id);
    let record = commit::rendered(call, &facts.facts());
    match call.stores.intents.declare(event_id, record).await {
        Ok(intent) => Ok(Some(intent)),
        Err(error) => {
            metrics::counter!(metric::UNRECORDED_TOTAL).increment(1);
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "an upload could not be written down");
            Err(commit::Unrecorded)
        }
    }
}

/// A request as it came: the upstream's address in front, the hop's own headers off, all else
/// untouched.
pub(super) fn as_it_is(
    call: &Call<'_>,
    upstream: &Upstream,
    asking: Asking<'_>,
    keep: Keep,
) -> Sending {
    let parts = call.parts;
    let upgrades = asking.upgrade.is_some() && hop::asks_for_upgrade(&parts.headers);
    let expects = parts.headers.get(http::header::EXPECT);
    let expects =
        expects.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    let (invite, invitation) =
        Some(Invitation::new()).filter(|_| expects && !asking.is_read).unzip();
    let (tee, passed) = Tee::new(asking.body, keep, Arc::clone(asking.share), invitation);
    let mut request = Request::new(tee.boxed_unsync());
    *request.method_mut() = parts.method.clone();
    *request.version_mut() = version(call, upstream);
    *request.uri_mut() = address(upstream, parts.uri.path_and_query().cloned());
    *request.headers_mut() = parts.headers.clone();
    *request.extensions_mut() = parts.extensions.clone();
    hop::strip(request.headers_mut(), upgrades);
    if let Some(invite) = invite {
        invite_when_told(&mut request, invite);
    }
    Sending { request, passed, upgrade: asking.upgrade.filter(|_| upgrades) }
}

/// Hands the upstream's `100 Continue` on to the body that waits for it.
fn invite_when_told(request: &mut Request<AnswerBody>, invite: tokio::sync::oneshot::Sender<()>) {
    let invite = std::sync::Mutex::new(Some(invite));
    hyper::ext::on_informational(request, move |answer| {
        if answer.status() != StatusCode::CONTINUE {
            return;
        }
        let invite = invite.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(invite) = invite {
            let _ = invite.send(());
        }
    });
}

pub(super) fn version(call: &Call<'_>, upstream: &Upstream) -> Version {
    let is_http2 = call.parts.version == Version::HTTP_2 && upstream.http2;
    if is_http2 { Version::HTTP_2 } else { Version::HTTP_11 }
}

pub(super) fn address(upstream: &Upstream, target: Option<http::uri::PathAndQuery>) -> Uri {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(upstream.scheme.clone());
    parts.authority = Some(upstream.authority.clone());
    parts.path_and_query =
        Some(target.unwrap_or_else(|| http::uri::PathAndQuery::from_static("/")));
    // The three together are always an address.
    Uri::from_parts(parts).unwrap_or_default()
}

/// A call that was passed on.
struct Told {
    loss: Loss,
    subject: Arc<Subject>,
    who: Who,
    passed: Passed,
    intent: Option<Intent>,
}

impl Told {
    /// Records what the upstream answered, and answers.
    async fn answer(
        self,
        call: &Call<'_>,
        upstream: &Upstream,
        response: Response<Incoming>,
        share: &Arc<Share>,
        upgrades: Option<(OnUpgrade, OnUpgrade)>,
    ) -> Response<AnswerBody> {
        let (mut head, body) = response.into_parts();
        hop::strip(&mut head.headers, upgrades.is_some());
        let is_stream = head.status.is_success() && self.subject.streams_out();
        let held = if is_stream || upgrades.is_some() {
            Held::none(body)
        } else {
            Held::read(body, share, upstream.answer_max.min(ANSWER_IDLE_MAX)).await
        };
        self.passed.settle().await;
        self.passed.read_rest().await;
        if let Some(broke) = held.broke() {
            let failure = Failure::of_answer(upstream, broke);
            return self.fail(call, failure, share).await;
        }
        let come = Come {
            headers: head.headers,
            status: head.status,
            bytes: held.bytes(),
            body: held.whole(),
        };
        let is_long = come.body.as_ref().is_some_and(|body| takes_long(&come.headers, body, None));
        let built = self.step(call, share, is_long, |told, call| {
            let heard = Heard::new(call, &told.subject, &told.passed, &come);
            let call = &heard.call(call);
            let identity = told.identity(call);
            let built = told.build(call, heard.facts(&told.subject, call, &identity));
            (come.headers, call.ids.clone(), built)
        });
        let (told, (headers, ids, built)) = built.await;
        head.headers = headers;
        let call = &Call { ids, ..*call };
        if told.write(call, built).await.is_err() {
            return told.subject.unrecorded(call);
        }
        if let Some((caller, upstream)) = upgrades {
            tunnel::join(Arc::clone(call.peer), caller, upstream);
        }
        Response::from_parts(head, held.body(Arc::clone(share)))
    }

    /// Records that there was no answer, and says so.
    async fn fail(
        self,
        call: &Call<'_>,
        failure: Failure,
        share: &Arc<Share>,
    ) -> Response<AnswerBody> {
        self.passed.read_rest().await;
        let wire = failure.wire();
        let built = self.step(call, share, false, {
            let wire = wire.clone();
            move |told, call| {
                let identity = told.identity(call);
                let outcome = Outcome::Failure {
                    code: &wire.code,
                    message: Some(wire.message.as_str()),
                    status: wire.status.unwrap_or(502),
                };
                let mut facts = told.subject.facts(call, &identity, outcome);
                facts.read(call, &told.subject, &told.passed);
                told.build(call, facts)
            }
        });
        let (told, built) = built.await;
        if told.write(call, built).await.is_err() {
            return told.subject.unrecorded(call);
        }
        told.subject.error(call, &wire)
    }

    /// Takes a step with both sides of the call: here, or, if one of them takes long to read, beside
    /// the lanes.
    async fn step<T: Send + 'static>(
        self,
        call: &Call<'_>,
        share: &Share,
        is_long: bool,
        step: impl FnOnce(&Self, &Call<'_>) -> T + Send + 'static,
    ) -> (Self, T) {
        let is_long =
            is_long || self.passed.with_copy(|copy| takes_long(&call.parts.headers, copy, None));
        let place = if is_long {
            Some(call.gateway.beside.place_for_record(share.is_strangers()).await)
        } else {
            None
        };
        let step = move |call: &Call<'_>| {
            let done = step(&self, call);
            (self, done)
        };
        apart::step(call, place, Work::Record, step).await
    }

    /// Builds the record, in the place of what was written down before the call.
    fn build(&self, call: &Call<'_>, mut facts: heard::Owned<'_>) -> Built {
        facts.event_id = self.intent.as_ref().map(|intent| intent.event_id);
        commit::build(call, &facts.facts())
    }

    /// Records the call.
    async fn write(&self, call: &Call<'_>, built: Built) -> Result<(), commit::Unrecorded> {
        commit::write(call, built, self.loss).await?;
        if let Some(intent) = &self.intent {
            intent.done();
        }
        Ok(())
    }

    fn identity(&self, call: &Call<'_>) -> std::borrow::Cow<'_, Identity> {
        match &self.who {
            Who::Verified(identity) => std::borrow::Cow::Borrowed(identity),
            Who::Open => {
                let posted = browser_upload::identity(call, &self.subject, &self.passed);
                let signed = || heard::identity(call, &self.subject, self.passed.sha256());
                std::borrow::Cow::Owned(posted.unwrap_or_else(signed))
            }
        }
    }
}

/// Whether a side of a call is content or a stream of events, which is never held whole.
pub(super) fn is_stream(shape: Option<Shape<'static>>) -> bool {
    let payload = shape.and_then(Shape::payload);
    let is_content =
        payload.is_some_and(|payload| payload.streaming() || payload.shape().streaming());
    let has_events =
        || shape.is_some_and(|shape| shape.members().any(|member| member.shape().event_stream()));
    is_content || has_events()
}

/// Bytes of content that a head announces, without the framing of `aws-chunked`.
pub(super) fn announced(resolved: Option<&Resolved>, call: &Call<'_>) -> Option<u64> {
    let is_s3 = resolved.is_some_and(|resolved| resolved.service.id() == "s3");
    let decoded = call.head().header("x-amz-decoded-content-length").filter(|_| is_s3);
    decoded.and_then(|length| length.parse().ok())
}
