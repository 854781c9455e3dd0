//! The body of a request on its way to an upstream, and the copy of it that the record needs.
//!
//! The bytes go on as they come. What a record can show is copied, up to [`BODY_COPY_BYTES_MAX`];
//! beyond it the copy is given up, and the record says less. Content of objects is only counted.

#[cfg(test)]
mod tests;

use std::future::Future as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use cairn_api::s3::BoxError;
use cairn_wire::sigv4::BodyHash;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, Sleep};

use crate::budget::Share;
use crate::limits::{BODY_COPY_BYTES_MAX, BODY_IDLE_MAX, BODY_LATE_MAX, CONTINUE_MAX};

/// What is known of a body that passes, shared with whoever writes the record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passed {
    state: Arc<Mutex<State>>,
    settled: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    bytes: u64,
    copy: Option<Vec<u8>>,
    /// The first bytes of content, and how many of them are wanted.
    start: Option<(Vec<u8>, usize)>,
    hash: Option<BodyHash>,
    sha256: Option<[u8; 32]>,
    has_ended: bool,
    /// Nothing more will be seen, be it that the body ended or that nobody reads it.
    is_settled: bool,
    failure: Option<SenderFault>,
    /// What nobody has read: the request went nowhere.
    rest: Option<Rest>,
}

/// The end of a body whose sender was asked for it, and who may still be sending.
#[derive(Debug)]
struct Rest {
    body: UnsyncBoxBody<Bytes, BoxError>,
    share: Arc<Share>,
    left: Option<u64>,
}

/// Why the sender of a body is to blame for a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SenderFault {
    /// Nothing came for [`BODY_IDLE_MAX`].
    Stalled,
    /// The connection broke, or the body is not what was announced or signed.
    Broken,
}

/// What to keep of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    /// A copy, for the record.
    pub(crate) copy: bool,
    /// The hash, for a signature that covers the body.
    pub(crate) hash: bool,
}

impl Passed {
    fn with<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        read(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until the body is over, for an upstream may answer before it has read to the end. What
    /// is only counted is not waited for, nor is a body that is late.
    pub(crate) async fn settle(&self) {
        let mut settled = std::pin::pin!(self.settled.notified());
        settled.as_mut().enable();
        if self.wants_more() {
            let _ = tokio::time::timeout(BODY_LATE_MAX, settled).await;
        }
    }

    /// Reads what nobody has read, of a call that was not made or that was answered before: the record
    /// shows who wanted what. Only as much as a record shows, and no longer than for a body that is
    /// late.
    pub(crate) async fn read_rest(&self) {
        let Some(Rest { body, share, left }) = self.with(|state| state.rest.take()) else { return };
        let (passed, idle) = (self.clone(), Box::pin(tokio::time::sleep(BODY_IDLE_MAX)));
        let mut tee = Tee { inner: Some(body), passed, share, invitation: None, idle, left };
        let read = async {
            while self.with(|state| state.copy.is_some() && !state.has_ended) {
                if !matches!(tee.frame().await, Some(Ok(_))) {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(BODY_LATE_MAX, read).await;
    }

    fn wants_more(&self) -> bool {
        self.with(|state| !state.is_settled && (state.copy.is_some() || state.hash.is_some()))
    }

    /// Bytes that have gone by.
    pub(crate) fn bytes(&self) -> u64 {
        self.with(|state| state.bytes)
    }

    /// The whole body, if it ended and was small enough. Taken: the next caller gets nothing.
    pub(crate) fn take_copy(&self) -> Option<Vec<u8>> {
        self.with(|state| state.copy.take().filter(|_| state.has_ended))
    }

    /// Asks something of the copy, as far as there is one.
    pub(crate) fn with_copy(&self, ask: impl FnOnce(&[u8]) -> bool) -> bool {
        self.with(|state| state.copy.as_deref().is_some_and(ask))
    }

    /// Keeps the first bytes of a body, whatever becomes of the rest.
    pub(crate) fn keep_start(&self, bytes_max: usize) {
        self.with(|state| state.start = Some((Vec::new(), bytes_max)));
    }

    /// As many of them as have gone by; empty if nobody asked for them.
    pub(crate) fn start(&self) -> Vec<u8> {
        self.with(|state| state.start.as_ref().map(|(kept, _)| kept.clone()).unwrap_or_default())
    }

    /// The same, and it stays here.
    pub(crate) fn copy(&self) -> Option<Bytes> {
        self.with(|state| {
            let whole = state.copy.as_ref().filter(|_| state.has_ended);
            whole.map(|copy| Bytes::copy_from_slice(copy))
        })
    }

    /// The hash of the whole body, if it ended and somebody asked for it.
    pub(crate) fn sha256(&self) -> Option<[u8; 32]> {
        self.with(|state| state.sha256)
    }

    /// What the sender did wrong.
    pub(crate) fn failure(&self) -> Option<SenderFault> {
        self.with(|state| state.failure)
    }

    fn fail(&self, fault: SenderFault) {
        self.with(|state| state.failure = Some(fault));
        self.end_here();
    }

    fn end_here(&self) {
        self.with(|state| state.is_settled = true);
        self.settled.notify_waiters();
    }
}

/// Until the upstream says `100 Continue`, the caller is not asked for its body.
#[derive(Debug)]
pub(crate) struct Invitation {
    /// Gone once the upstream has answered without saying it: the body is not wanted.
    said: Option<oneshot::Receiver<()>>,
    patience: Pin<Box<Sleep>>,
}

impl Invitation {
    /// An invitation, and the end on which the upstream gives it.
    pub(crate) fn new() -> (oneshot::Sender<()>, Self) {
        let (sender, said) = oneshot::channel();
        (sender, Self { said: Some(said), patience: Box::pin(tokio::time::sleep(CONTINUE_MAX)) })
    }

    /// Ready once it came, or was waited for long enough (RFC 9110, section 10.1.1).
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(said) = &mut self.said {
            match Pin::new(said).poll(cx) {
                Poll::Ready(Ok(())) => return Poll::Ready(()),
                Poll::Ready(Err(_)) => self.said = None,
                Poll::Pending => {}
            }
        }
        self.patience.as_mut().poll(cx)
    }
}

/// A body that passes.
pub(crate) struct Tee<B>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// Gone once the tee is dropped.
    inner: Option<B>,
    passed: Passed,
    share: Arc<Share>,
    invitation: Option<Invitation>,
    idle: Pin<Box<Sleep>>,
    /// Bytes still to come, where that was announced. Whoever sends the body on asks for no more
    /// once they have come, so the end is seen here.
    left: Option<u64>,
}

impl<B> Tee<B>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BoxError>,
{
    pub(crate) fn new(
        inner: B,
        keep: Keep,
        share: Arc<Share>,
        invitation: Option<Invitation>,
    ) -> (Self, Passed) {
        let passed = Passed::default();
        passed.with(|state| {
            state.copy = keep.copy.then(Vec::new);
            state.hash = keep.hash.then(BodyHash::unstated);
        });
        let idle = Box::pin(tokio::time::sleep(BODY_IDLE_MAX));
        let left = inner.size_hint().exact();
        let inner = Some(inner);
        let tee = Self { inner, passed: passed.clone(), share, invitation, idle, left };
        if tee.left == Some(0) {
            tee.end();
        }
        (tee, passed)
    }

    fn saw(&self, data: &Bytes) {
        self.passed.with(|state| {
            state.bytes += data.len() as u64;
            if let Some(hash) = &mut state.hash {
                hash.update(data);
            }
            if let Some((kept, bytes_max)) = &mut state.start {
                let wanted = bytes_max.saturating_sub(kept.len()).min(data.len());
                kept.extend_from_slice(data.get(..wanted).unwrap_or_default());
            }
            let Some(copy) = &mut state.copy else { return };
            let fits = copy.len() + data.len() <= BODY_COPY_BYTES_MAX;
            if fits && self.share.take(data.len()) {
                copy.extend_from_slice(data);
            } else {
                state.copy = None;
            }
        });
    }

    fn end(&self) {
        self.passed.with(|state| {
            state.has_ended = true;
            if let Some(hash) = state.hash.take() {
                state.sha256 = hash.finish().ok();
            }
        });
        self.passed.end_here();
    }
}

impl<B> Drop for Tee<B>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn drop(&mut self) {
        // Whoever was not invited to send a body is not made to.
        let inner = self.inner.take().filter(|_| self.invitation.is_none());
        self.passed.with(|state| {
            let is_wanted = state.copy.is_some() && !state.has_ended && state.failure.is_none();
            state.rest = inner.filter(|_| is_wanted).map(|inner| Rest {
                body: inner.map_err(Into::into).boxed_unsync(),
                share: Arc::clone(&self.share),
                left: self.left,
            });
        });
        self.passed.end_here();
    }
}

impl<B> Body for Tee<B>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(invitation) = &mut self.invitation {
            let polled = invitation.poll(cx);
            if polled.is_pending() && invitation.said.is_none() {
                // The answer is there, and the body was not wanted.
                self.passed.end_here();
            }
            ready!(polled);
            self.invitation = None;
            self.idle.as_mut().reset(Instant::now() + BODY_IDLE_MAX);
        }
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let polled = Pin::new(inner).poll_frame(cx);
        if polled.is_pending() {
            ready!(self.idle.as_mut().poll(cx));
            self.passed.fail(SenderFault::Stalled);
            return Poll::Ready(Some(Err("the sender of the body stalled".into())));
        }
        match ready!(polled) {
            Some(Ok(frame)) => {
                self.idle.as_mut().reset(Instant::now() + BODY_IDLE_MAX);
                if let Some(data) = frame.data_ref() {
                    self.saw(data);
                    let bytes = data.len() as u64;
                    self.left = self.left.map(|left| left.saturating_sub(bytes));
                }
                // Trailers are the last thing that a body has.
                if self.is_end_stream() || self.left == Some(0) || frame.is_trailers() {
                    self.end();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                self.passed.fail(SenderFault::Broken);
                Poll::Ready(Some(Err(error.into())))
            }
            None => {
                self.end();
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
