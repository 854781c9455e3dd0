//! The body of a request on its way to an upstream, and the copy of it that the record needs.
//!
//! The bytes go on as they come. What a record can show is copied, up to [`BODY_COPY_BYTES_MAX`];
//! beyond it the copy is given up, and the record says less. Content of objects is only counted.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use cairn_api::s3::BoxError;
use cairn_wire::sigv4::BodyHash;
use http_body::{Body, Frame, SizeHint};
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
pub(crate) struct Tee<B> {
    inner: B,
    passed: Passed,
    share: Arc<Share>,
    invitation: Option<Invitation>,
    idle: Pin<Box<Sleep>>,
    /// Bytes still to come, where that was announced. Whoever sends the body on asks for no more
    /// once they have come, so the end is seen here.
    left: Option<u64>,
}

impl<B: Body> Tee<B> {
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
        let tee = Self { inner, passed: passed.clone(), share, invitation, idle, left };
        if tee.left == Some(0) {
            tee.end();
        }
        (tee, passed)
    }
}

impl<B> Tee<B> {
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

impl<B> Drop for Tee<B> {
    fn drop(&mut self) {
        self.passed.end_here();
    }
}

impl<B> Body for Tee<B>
where
    B: Body<Data = Bytes> + Unpin,
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
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
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
                if self.inner.is_end_stream() || self.left == Some(0) || frame.is_trailers() {
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
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http_body_util::{BodyExt as _, Full, StreamBody};

    use super::*;
    use crate::budget::Budget;

    const BOTH: Keep = Keep { copy: true, hash: true };

    fn share() -> Arc<Share> {
        Arc::new(Arc::new(Budget::default()).share(false))
    }

    #[tokio::test]
    async fn a_small_body_is_copied_and_a_large_one_counted() {
        for (bytes, is_copied) in
            [(3, true), (BODY_COPY_BYTES_MAX, true), (BODY_COPY_BYTES_MAX + 1, false)]
        {
            let body = Full::new(Bytes::from(vec![b'x'; bytes]));
            let (tee, passed) = Tee::new(body, BOTH, share(), None);
            assert_eq!(tee.collect().await.unwrap().to_bytes().len(), bytes);
            assert_eq!(passed.bytes(), bytes as u64);
            let hash = cairn_wire::sigv4::sha256(&vec![b'x'; bytes]);
            assert_eq!(passed.sha256(), Some(hash));
            assert_eq!(passed.take_copy().map(|copy| copy.len()), is_copied.then_some(bytes));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_copy_is_waited_for_until_the_body_is_over_or_nobody_reads_it() {
        let body = || Full::new(Bytes::from_static(b"late"));
        let (tee, passed) = Tee::new(body(), BOTH, share(), None);
        let reader = tokio::spawn(async move {
            tokio::time::sleep(BODY_LATE_MAX / 2).await;
            tee.collect().await.map(http_body_util::Collected::to_bytes)
        });
        passed.settle().await;
        assert_eq!(passed.take_copy().as_deref(), Some(&b"late"[..]));
        reader.await.unwrap().unwrap();
        let started = Instant::now();
        let (tee, passed) = Tee::new(body(), BOTH, share(), None);
        drop(tee);
        passed.settle().await;
        let (tee, counted) = Tee::new(body(), Keep { copy: false, hash: false }, share(), None);
        counted.settle().await;
        assert_eq!((started.elapsed(), passed.take_copy()), (std::time::Duration::ZERO, None));
        drop(tee);
        let (tee, passed) = Tee::new(body(), BOTH, share(), None);
        passed.settle().await;
        assert_eq!(started.elapsed(), BODY_LATE_MAX);
        drop(tee);
    }

    #[tokio::test]
    async fn an_empty_body_has_ended_before_anybody_asks() {
        let (tee, passed) = Tee::new(Full::new(Bytes::new()), BOTH, share(), None);
        tee.collect().await.unwrap();
        assert_eq!(passed.take_copy(), Some(Vec::new()));
    }

    #[tokio::test]
    async fn the_start_of_content_is_kept_where_it_is_asked_for() {
        let keep = Keep { copy: false, hash: false };
        let (tee, passed) =
            Tee::new(Full::new(Bytes::from_static(b"start, rest")), keep, share(), None);
        passed.keep_start(5);
        tee.collect().await.unwrap();
        assert_eq!((passed.start().as_slice(), passed.take_copy()), (&b"start"[..], None));
    }

    #[tokio::test]
    async fn a_body_ends_with_its_trailers_and_with_its_last_announced_byte() {
        let frames = [Frame::data(Bytes::from_static(b"abc")), Frame::trailers(HeaderMap::new())];
        let body = StreamBody::new(futures_util::stream::iter(frames.map(Ok::<_, BoxError>)));
        let (mut tee, passed) = Tee::new(body, BOTH, share(), None);
        tee.frame().await.unwrap().unwrap();
        assert_eq!(passed.sha256(), None);
        tee.frame().await.unwrap().unwrap();
        assert_eq!(passed.sha256(), Some(cairn_wire::sigv4::sha256(b"abc")));
        let announced = http_body_util::Limited::new(Full::new(Bytes::from_static(b"abc")), 9);
        let (mut tee, passed) = Tee::new(announced, BOTH, share(), None);
        tee.frame().await.unwrap().unwrap();
        assert_eq!(passed.sha256(), Some(cairn_wire::sigv4::sha256(b"abc")));
    }

    #[tokio::test]
    async fn half_a_body_is_no_copy() {
        let body = Full::new(Bytes::from_static(b"half"));
        let body = StreamBody::new(futures_util::stream::iter([
            Ok(Frame::data(body.collect().await.unwrap().to_bytes())),
            Err::<Frame<Bytes>, BoxError>("cut".into()),
        ]));
        let (tee, passed) = Tee::new(body, BOTH, share(), None);
        assert!(tee.collect().await.is_err());
        assert_eq!((passed.take_copy(), passed.sha256()), (None, None));
        assert_eq!(passed.failure(), Some(SenderFault::Broken));
    }

    #[tokio::test(start_paused = true)]
    async fn the_body_waits_for_its_invitation_but_not_for_ever() {
        let started = Instant::now();
        let (sender, invitation) = Invitation::new();
        let (tee, _) =
            Tee::new(Full::new(Bytes::from_static(b"x")), BOTH, share(), Some(invitation));
        let late = tee.collect().await.unwrap();
        assert_eq!((late.to_bytes().as_ref(), started.elapsed()), (&b"x"[..], CONTINUE_MAX));
        drop(sender);
        let (sender, invitation) = Invitation::new();
        let (tee, _) =
            Tee::new(Full::new(Bytes::from_static(b"x")), BOTH, share(), Some(invitation));
        sender.send(()).unwrap();
        let started = Instant::now();
        tee.collect().await.unwrap();
        assert_eq!(started.elapsed(), std::time::Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_without_an_invitation_is_none() {
        let (sender, invitation) = Invitation::new();
        let body = Full::new(Bytes::from_static(b"x"));
        let (mut tee, passed) = Tee::new(body, BOTH, share(), Some(invitation));
        drop(sender);
        assert!(futures_util::poll!(tee.frame()).is_pending());
        let started = Instant::now();
        passed.settle().await;
        assert_eq!(started.elapsed(), std::time::Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_stalls_is_cut_off() {
        let body =
            StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, BoxError>>());
        let (tee, passed) = Tee::new(body, BOTH, share(), None);
        assert!(tee.collect().await.is_err());
        assert_eq!(passed.failure(), Some(SenderFault::Stalled));
    }
}
