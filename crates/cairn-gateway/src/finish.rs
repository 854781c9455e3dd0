//! Calls that run to their end, whoever hangs up.
//!
//! The HTTP library drops what it waits for when the connection breaks: a call would stop half way,
//! between what was done and its record. A task of its own for each call would do, and costs two
//! changes of thread for each; so a call becomes a task only when it is dropped.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A future that goes on as a task when it is dropped before its end.
pub(crate) struct Finishes<T: Send + 'static>(Option<Boxed<T>>);

impl<T: Send + 'static> Finishes<T> {
    pub(crate) fn new(call: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(call)))
    }
}

impl<T: Send + 'static> Future for Finishes<T> {
    type Output = Result<T, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Not there while it is polled: what has panicked does not go on.
        let Some(mut call) = self.0.take() else { return Poll::Pending };
        let polled = call.as_mut().poll(cx);
        if polled.is_pending() {
            self.0 = Some(call);
        }
        polled.map(Ok)
    }
}

impl<T: Send + 'static> Drop for Finishes<T> {
    fn drop(&mut self) {
        // Without a runtime the process is at its end, and nothing was acknowledged.
        if let (Some(call), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_dropped_half_way_goes_on() {
        let (go, wait) = oneshot::channel();
        let (done, seen) = oneshot::channel();
        let mut call = Finishes::new(async move {
            let _ = wait.await;
            let _ = done.send(7);
        });
        assert!(futures_util::poll!(&mut call).is_pending());
        drop(call);
        go.send(()).unwrap();
        assert_eq!(seen.await, Ok(7));
    }

    #[tokio::test]
    async fn what_has_panicked_does_not_go_on() {
        let call = Finishes::new(std::future::poll_fn(|_| -> Poll<()> { panic!("on purpose") }));
        let mut call = std::panic::AssertUnwindSafe(call);
        let mut context = Context::from_waker(std::task::Waker::noop());
        let poll = || Pin::new(&mut call.0).poll(&mut context).is_ready();
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(poll)).is_err());
        assert!(call.0.0.is_none());
    }

    #[tokio::test]
    async fn what_is_over_is_over() {
        let mut call = Finishes::new(async { 3 });
        assert_eq!(futures_util::poll!(&mut call), Poll::Ready(Ok(3)));
        assert!(call.0.is_none());
    }
}
