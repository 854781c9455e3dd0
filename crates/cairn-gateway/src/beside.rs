//! What takes long, beside the lanes.
//!
//! A lane does one thing at a time: while it unpacks and reads a large document, all its other calls
//! wait. So that is done on other threads, and only so much of it at once; callers who name no key of
//! ours have places of their own, so that they keep nobody else waiting. What is small stays on its
//! lane: a hop costs more than it does.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinError;

use crate::limits::{BESIDE_WAIT_MAX, CALLS_BESIDE_MAX};
use crate::metric;

/// The places beside the lanes.
#[derive(Debug)]
pub(crate) struct Beside {
    known: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    calls: Arc<Semaphore>,
}

/// What is done there, as the metric names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Finding out what a form calls.
    Form,
    /// Hashing, unpacking and decoding a document.
    Document,
    /// Handling a call with a large document.
    Call,
    /// Building the record of one.
    Record,
}

impl Work {
    const fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Document => "document",
            Self::Call => "call",
            Self::Record => "record",
        }
    }
}

/// A place for one piece of work.
#[derive(Debug)]
pub(crate) struct Place {
    _held: OwnedSemaphorePermit,
}

impl Beside {
    /// Places for so many lanes. Threads that read are fewer than would keep lanes from their turn.
    pub(crate) fn new(lanes: NonZeroUsize) -> Self {
        let places = |count: usize| Arc::new(Semaphore::new(count));
        Self {
            known: places(lanes.get().saturating_mul(2)),
            strangers: places(lanes.get().div_ceil(2)),
            calls: places(CALLS_BESIDE_MAX),
        }
    }

    fn readers(&self, is_stranger: bool) -> &Arc<Semaphore> {
        if is_stranger { &self.strangers } else { &self.known }
    }

    /// A place to read, or `None` if there is none for [`BESIDE_WAIT_MAX`].
    pub(crate) async fn place(&self, is_stranger: bool) -> Option<Place> {
        tokio::time::timeout(BESIDE_WAIT_MAX, take(self.readers(is_stranger))).await.ok()
    }

    /// A place to write down what was done, which cannot be refused. What waits holds memory that is
    /// counted, so not much does.
    pub(crate) async fn place_for_record(&self, is_stranger: bool) -> Place {
        take(self.readers(is_stranger)).await
    }

    /// A place to handle a call that was verified.
    pub(crate) async fn place_for_call(&self) -> Place {
        take(&self.calls).await
    }
}

async fn take(places: &Arc<Semaphore>) -> Place {
    match Arc::clone(places).acquire_owned().await {
        Ok(held) => Place { _held: held },
        // Nobody closes them.
        Err(_) => std::future::pending().await,
    }
}

impl Place {
    /// Does this on another thread.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: Work,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        metrics::counter!(metric::BESIDE_TOTAL, "work" => work.name()).increment(1);
        let done = tokio::task::spawn_blocking(move || {
            let done = run();
            drop(self);
            done
        });
        match done.await.map_err(JoinError::try_into_panic) {
            Ok(done) => done,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The lane ends, and this with it.
            Err(Err(_)) => std::future::pending().await,
        }
    }

    /// Goes through this on another thread; what it waits for is seen to by the lane.
    pub(crate) async fn go_through<T: Send + 'static>(
        self,
        work: Work,
        steps: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let lane = Handle::current();
        self.run(work, move || lane.block_on(steps)).await
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn work_is_done_on_another_thread() {
        let beside = Beside::new(NonZeroUsize::MIN);
        let lane = thread::current().id();
        let here = || thread::current().id();
        assert_ne!(beside.place(true).await.unwrap().run(Work::Form, here).await, lane);
        let steps = async move {
            tokio::task::yield_now().await;
            here()
        };
        assert_ne!(beside.place_for_call().await.go_through(Work::Call, steps).await, lane);
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_is_told_so_in_time_and_is_alone_with_that() {
        let beside = Beside::new(NonZeroUsize::MIN);
        let taken = beside.place(true).await.unwrap();
        let started = tokio::time::Instant::now();
        assert!(beside.place(true).await.is_none());
        assert_eq!(started.elapsed(), BESIDE_WAIT_MAX);
        assert!(beside.place(false).await.is_some(), "strangers keep others waiting");
        let mut record = std::pin::pin!(beside.place_for_record(true));
        assert!(poll!(record.as_mut()).is_pending());
        drop(taken);
        record.await;
        assert!(beside.place(true).await.is_some());
    }
}
