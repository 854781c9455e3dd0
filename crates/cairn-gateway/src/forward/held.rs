//! The body of an answer: a document is held until its record is durable, anything else is passed
//! on as it comes.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use cairn_api::s3::BoxError;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, Sleep};

use crate::body::{AnswerBody, FRAME_BYTES};
use crate::budget::Share;
use crate::limits::{ANSWER_IDLE_MAX, BODY_COPY_BYTES_MAX};

/// An answer, as far as it was read.
pub(crate) struct Held<B> {
    frames: VecDeque<Frame<Bytes>>,
    bytes: usize,
    rest: Option<B>,
    broke: Option<Broke>,
}

/// Why an answer has no end.
#[derive(Debug)]
pub(crate) enum Broke {
    /// Its sender paused for too long.
    Stalled,
    /// The connection ended, or its framing did.
    Cut(BoxError),
}

impl<B> Held<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    /// Nothing is read: the answer is passed on as it comes.
    pub(crate) fn none(body: B) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, rest: Some(body), broke: None }
    }

    /// Reads an answer to its end, or until it is too large to hold or its sender pauses for longer
    /// than `pause_max`.
    pub(crate) async fn read(body: B, share: &Share, pause_max: Duration) -> Self {
        let mut held = Self::none(body);
        while let Some(rest) = &mut held.rest {
            match tokio::time::timeout(pause_max, rest.frame()).await {
                Ok(Some(Ok(frame))) => {
                    let bytes = frame.data_ref().map_or(0, Bytes::len);
                    held.frames.push_back(frame);
                    held.bytes += bytes;
                    // Frames take room, too: an upstream may send one for each byte.
                    let room = held.bytes + held.frames.len() * FRAME_BYTES;
                    if room > BODY_COPY_BYTES_MAX || !share.take(bytes + FRAME_BYTES) {
                        break;
                    }
                }
                Ok(Some(Err(error))) => {
                    held.broke = Some(Broke::Cut(error.into()));
                    held.rest = None;
                }
                Ok(None) => held.rest = None,
                Err(_) => {
                    held.broke = Some(Broke::Stalled);
                    held.rest = None;
                }
            }
        }
        held
    }

    /// The whole body, if all of it is here.
    pub(crate) fn whole(&self) -> Option<Vec<u8>> {
        if self.rest.is_some() || self.broke.is_some() {
            return None;
        }
        let mut whole = Vec::with_capacity(self.bytes);
        for frame in &self.frames {
            whole.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        }
        Some(whole)
    }

    /// Why the answer broke off, if it did before it could be passed on.
    pub(crate) fn broke(&self) -> Option<&Broke> {
        self.broke.as_ref()
    }

    /// Bytes read so far.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The body as the caller gets it; `share` is what is held of it meanwhile.
    pub(crate) fn body(self, share: Arc<Share>) -> AnswerBody
    where
        B: Send + 'static,
    {
        let idle = Box::pin(tokio::time::sleep(ANSWER_IDLE_MAX));
        Passing { frames: self.frames, rest: self.rest, idle, _share: share }.boxed_unsync()
    }
}

struct Passing<B> {
    frames: VecDeque<Frame<Bytes>>,
    rest: Option<B>,
    idle: Pin<Box<Sleep>>,
    _share: Arc<Share>,
}

impl<B> Body for Passing<B>
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
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let polled = Pin::new(rest).poll_frame(cx);
        if polled.is_pending() {
            ready!(self.idle.as_mut().poll(cx));
            self.rest = None;
            return Poll::Ready(Some(Err("the upstream stalled".into())));
        }
        self.idle.as_mut().reset(Instant::now() + ANSWER_IDLE_MAX);
        Poll::Ready(ready!(polled).map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let held =
            self.frames.iter().filter_map(Frame::data_ref).map(|data| data.len() as u64).sum();
        let mut hint = SizeHint::with_exact(held);
        if let Some(rest) = &self.rest {
            let rest = rest.size_hint();
            hint = SizeHint::new();
            hint.set_lower(held + rest.lower());
            if let Some(upper) = rest.upper() {
                hint.set_upper(held + upper);
            }
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{Full, StreamBody};

    use super::*;
    use crate::budget::Budget;

    fn share() -> Arc<Share> {
        Arc::new(Arc::new(Budget::default()).share(false))
    }

    #[tokio::test]
    async fn a_document_is_held_whole_and_passed_on_unchanged() {
        let share = share();
        let held = Held::read(Full::new(Bytes::from_static(b"{}")), &share, ANSWER_IDLE_MAX).await;
        assert_eq!(held.whole().as_deref(), Some(&b"{}"[..]));
        let body = held.body(share);
        assert_eq!(body.size_hint().exact(), Some(2));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "{}");
    }

    #[tokio::test]
    async fn what_is_too_large_to_hold_is_passed_on_all_the_same() {
        let share = share();
        let pieces =
            (0..40).map(|_| Ok::<_, BoxError>(Frame::data(Bytes::from(vec![1; 64 << 10]))));
        let body = StreamBody::new(futures_util::stream::iter(pieces.collect::<Vec<_>>()));
        let held = Held::read(body, &share, ANSWER_IDLE_MAX).await;
        assert!(held.whole().is_none() && held.broke().is_none());
        assert!(held.bytes() <= BODY_COPY_BYTES_MAX + (64 << 10));
        assert_eq!(held.body(share).collect().await.unwrap().to_bytes().len(), 40 * (64 << 10));
    }

    #[tokio::test]
    async fn an_answer_of_single_bytes_is_held_for_what_it_takes() {
        let pieces =
            std::iter::repeat_with(|| Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"x"))));
        let body = StreamBody::new(futures_util::stream::iter(pieces.take(1 << 20)));
        let held = Held::read(body, &share(), ANSWER_IDLE_MAX).await;
        assert!(held.whole().is_none() && held.frames.len() <= BODY_COPY_BYTES_MAX / FRAME_BYTES);
    }

    #[tokio::test(start_paused = true)]
    async fn an_upstream_that_stalls_in_a_document_is_given_up() {
        let pending = futures_util::stream::pending::<Result<Frame<Bytes>, BoxError>>();
        let held = Held::read(StreamBody::new(pending), &share(), ANSWER_IDLE_MAX).await;
        assert!(held.broke().is_some() && held.whole().is_none());
    }
}
