//! Connections on which nothing happens are closed, whatever state they are in.
//!
//! The HTTP library limits the head of an HTTP/1 request. It does not limit the time until it knows
//! the version, an HTTP/2 connection without calls, or an answer that nobody reads. This stands
//! below it, and below TLS.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::limits::{CONNECTION_IDLE_MAX, FIRST_CALL_MAX};

/// What the service tells of the calls on a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls(Arc<State>);

#[derive(Debug, Default)]
struct State {
    has_begun: AtomicBool,
    under_way: AtomicUsize,
}

/// A call under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay(Arc<State>);

impl Calls {
    /// A call begins: its head is complete.
    pub(crate) fn begin(&self) -> UnderWay {
        self.0.has_begun.store(true, Ordering::Relaxed);
        self.0.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(&self.0))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that fails when its first call has not come in [`FIRST_CALL_MAX`], or later, when no
/// byte has moved either way for [`CONNECTION_IDLE_MAX`]. A call under way is never cut off: it has
/// limits of its own.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    inner: S,
    calls: Calls,
    opened: Instant,
    moved: Instant,
    timer: Pin<Box<Sleep>>,
}

impl<S> Watched<S> {
    pub(crate) fn new(inner: S, calls: Calls) -> Self {
        let opened = Instant::now();
        let timer = Box::pin(tokio::time::sleep_until(opened + FIRST_CALL_MAX));
        Self { inner, calls, opened, moved: opened, timer }
    }

    /// What is below.
    pub(crate) const fn get_ref(&self) -> &S {
        &self.inner
    }

    fn deadline(&mut self) -> Instant {
        let state = &self.calls.0;
        if !state.has_begun.load(Ordering::Relaxed) {
            return self.opened + FIRST_CALL_MAX;
        }
        if state.under_way.load(Ordering::Relaxed) > 0 {
            self.moved = Instant::now();
        }
        self.moved + CONNECTION_IDLE_MAX
    }

    /// What an operation that waits returns: nothing, or that it has waited for too long.
    fn waits<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let deadline = self.deadline();
            if deadline <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.timer.as_mut().reset(deadline);
        }
    }

    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match polled {
            Poll::Pending => self.waits(cx),
            Poll::Ready(Ok(bytes)) => {
                self.moved = Instant::now();
                Poll::Ready(Ok(bytes))
            }
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_read(cx, buffer) {
            Poll::Pending => this.waits(cx),
            Poll::Ready(read) => {
                this.moved = Instant::now();
                Poll::Ready(read)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_write(cx, bytes);
        this.wrote(cx, polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_write_vectored(cx, slices);
        this.wrote(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_flush(cx) {
            Poll::Pending => this.waits(cx),
            flushed @ Poll::Ready(_) => flushed,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.inner).poll_shutdown(cx) {
            Poll::Pending => this.waits(cx),
            shut @ Poll::Ready(_) => shut,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_secs(1);

    fn watched() -> (Watched<DuplexStream>, Calls, DuplexStream) {
        let (ours, theirs) = duplex(16);
        let calls = Calls::default();
        (Watched::new(ours, calls.clone()), calls, theirs)
    }

    async fn seconds_until_cut(stream: &mut Watched<DuplexStream>) -> u64 {
        let from = Instant::now();
        let mut byte = [0];
        loop {
            match stream.read(&mut byte).await {
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
                    return from.elapsed().as_secs();
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_cut_off() {
        let (mut stream, _, _theirs) = watched();
        assert_eq!(seconds_until_cut(&mut stream).await, FIRST_CALL_MAX.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_never_completes_a_head_is_cut_off() {
        let (mut stream, _, mut theirs) = watched();
        let drips = tokio::spawn(async move {
            while theirs.write_all(b"P").await.is_ok() {
                tokio::time::sleep(SHORT).await;
            }
        });
        assert_eq!(seconds_until_cut(&mut stream).await, FIRST_CALL_MAX.as_secs());
        drips.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_call_only_silence_counts() {
        let (mut stream, calls, mut theirs) = watched();
        drop(calls.begin());
        let still_speaks = CONNECTION_IDLE_MAX / 2;
        let speaks = tokio::spawn(async move {
            tokio::time::sleep(still_speaks).await;
            theirs.write_all(b"x").await.unwrap();
            theirs
        });
        let total = still_speaks + CONNECTION_IDLE_MAX;
        assert_eq!(seconds_until_cut(&mut stream).await, total.as_secs());
        drop(speaks.await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_under_way_is_not_cut_off() {
        let (mut stream, calls, _theirs) = watched();
        let call = calls.begin();
        let long = CONNECTION_IDLE_MAX * 3;
        assert!(tokio::time::timeout(long, seconds_until_cut(&mut stream)).await.is_err());
        drop(call);
        assert!(seconds_until_cut(&mut stream).await <= CONNECTION_IDLE_MAX.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_is_cut_off() {
        let (mut stream, calls, _theirs) = watched();
        drop(calls.begin());
        let from = Instant::now();
        let error = stream.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(from.elapsed().as_secs(), CONNECTION_IDLE_MAX.as_secs());
    }
}
