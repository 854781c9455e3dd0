//! The few threads on which history answers questions that take moments.
//!
//! A lookup takes the processor for a fraction of a millisecond and now and then a page from the
//! disk. With a thread for each that is asked at once, as a pool for work of all kinds has them, most
//! of the time goes into waking threads and changing between them; a few that always find the next
//! question waiting answer more.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Threads for each processor: while one waits for the disk, the other one works.
const THREADS_PER_PROCESSOR: usize = 2;

/// The threads that answer short questions. Copies share them; they end with the last copy.
#[derive(Clone, Debug)]
pub struct Askers(Arc<Threads>);

#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Askers {
    /// For a machine with so many processors. Threads are started when there is something to ask.
    pub fn new(processors: NonZeroUsize) -> io::Result<Self> {
        let threads = processors.get().saturating_mul(THREADS_PER_PROCESSOR);
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.max_blocking_threads(threads).thread_name("history-asker").build()?;
        Ok(Self(Arc::new(Threads(Some(runtime)))))
    }

    /// Has a question answered, in its turn.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        match &self.0.0 {
            Some(runtime) => runtime.spawn_blocking(question),
            None => tokio::task::spawn_blocking(question),
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // The last copy may go on a thread that must not wait for others.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::mpsc;

    use super::{Askers, THREADS_PER_PROCESSOR};

    #[tokio::test]
    async fn there_are_a_few_threads_and_the_rest_waits() {
        let askers = Askers::new(NonZeroUsize::MIN).unwrap();
        let (begun, seen) = mpsc::channel();
        let mut held = Vec::new();
        for _ in 0..=THREADS_PER_PROCESSOR {
            let (go_on, wait) = mpsc::channel::<()>();
            let begun = begun.clone();
            let asked = askers.ask(move || {
                begun.send(()).unwrap();
                wait.recv().is_ok()
            });
            held.push((go_on, asked));
        }
        for _ in 0..THREADS_PER_PROCESSOR {
            seen.recv().unwrap();
        }
        assert!(seen.try_recv().is_err(), "the last one waits");
        for (go_on, _) in &held {
            go_on.send(()).unwrap();
        }
        for (_, asked) in held {
            assert!(asked.await.unwrap());
        }
        // Dropped on a thread that serves a runtime.
        drop(askers);
    }
}
