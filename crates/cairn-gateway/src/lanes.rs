//! Lanes: a connection, and all that its calls do on their way, stay on one thread.
//!
//! A runtime of several threads hands tasks around among them whenever one has nothing to do, and
//! each hand-over wakes a thread, which costs more than what a small call does. So each lane is a
//! thread with a runtime of its own, a connection is given to the lane that has the fewest, and what
//! its calls need (the connections to upstreams, too) is on the same thread. What takes long, as
//! searches, files and compression do, runs on threads beside the lanes.

use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::limits::LANE_THREADS_MAX;

/// Work on other threads that has this long when a lane ends.
const END_MAX: Duration = Duration::from_secs(5);

/// The threads that serve connections. Dropped, they end without waiting for what they serve.
pub(crate) struct Lanes(Vec<Lane>);

struct Lane {
    runtime: Handle,
    connections: Arc<AtomicUsize>,
    /// Dropped, it stops the thread.
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

/// A connection's place in a lane, until it is dropped.
#[derive(Debug)]
pub(crate) struct InLane {
    /// The lane's number, from zero.
    pub(crate) lane: usize,
    connections: Arc<AtomicUsize>,
}

impl Drop for InLane {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lanes {
    /// Starts so many threads.
    pub(crate) fn start(count: NonZeroUsize) -> io::Result<Self> {
        (0..count.get()).map(Lane::start).collect::<io::Result<_>>().map(Self)
    }

    /// Gives a connection to the lane that has the fewest.
    pub(crate) fn spawn<F>(&self, serve: impl FnOnce(InLane) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let lanes = self.0.iter().enumerate();
        let fewest = lanes.min_by_key(|(_, lane)| lane.connections.load(Ordering::Relaxed));
        let Some((number, lane)) = fewest else { return };
        lane.connections.fetch_add(1, Ordering::Relaxed);
        let place = InLane { lane: number, connections: Arc::clone(&lane.connections) };
        lane.runtime.spawn(async move { serve(place).await });
    }

    /// Ends the threads and what is still on them.
    pub(crate) async fn end(self) {
        let threads = self.0.into_iter().map(|lane| {
            let Lane { stop, thread, .. } = lane;
            drop(stop);
            thread
        });
        let threads = threads.collect::<Vec<_>>();
        let join = move || threads.into_iter().map(thread::JoinHandle::join).all(|end| end.is_ok());
        if !matches!(tokio::task::spawn_blocking(join).await, Ok(true)) {
            tracing::error!("a thread that served connections has panicked");
        }
    }
}

impl Lane {
    fn start(number: usize) -> io::Result<Self> {
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_all().max_blocking_threads(LANE_THREADS_MAX).build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let work = move || {
            // An error says that the other end is gone, which is the signal.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_timeout(END_MAX);
        };
        let thread = thread::Builder::new().name(format!("lane-{number}")).spawn(work)?;
        Ok(Self { runtime: handle, connections: Arc::default(), stop, thread })
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_connection_goes_to_the_lane_that_has_the_fewest_and_stays() {
        let lanes = Lanes::start(NonZeroUsize::new(3).unwrap()).unwrap();
        let (told, mut heard) = mpsc::unbounded_channel();
        for _ in 0..6 {
            let told = told.clone();
            lanes.spawn(move |place| async move {
                let before = thread::current().id();
                tokio::task::yield_now().await;
                let stayed = before == thread::current().id();
                let _ = told.send((place, stayed));
            });
        }
        let mut places = Vec::new();
        for _ in 0..6 {
            places.push(heard.recv().await.unwrap());
        }
        let mut numbers = places.iter().map(|(place, _)| place.lane).collect::<Vec<_>>();
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 0, 1, 1, 2, 2]);
        assert!(places.iter().all(|(_, stayed)| *stayed));
        places.retain(|(place, _)| place.lane != 1);
        lanes.spawn(move |place| async move {
            let _ = told.send((place, true));
        });
        assert_eq!(heard.recv().await.unwrap().0.lane, 1);
        lanes.end().await;
    }

    #[tokio::test]
    async fn what_is_on_a_lane_ends_with_it() {
        let lanes = Lanes::start(NonZeroUsize::MIN).unwrap();
        let (held, gone) = oneshot::channel::<()>();
        lanes.spawn(move |_| async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        lanes.end().await;
        assert!(gone.await.is_err());
    }
}
