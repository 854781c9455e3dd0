//! Threads that may block, and how many of them one store has at once.
//!
//! Each piece of work that waits for a disk takes a thread, and callers choose how much there is: a
//! call can delete a thousand objects, and thousands can call. More threads than the disk can serve
//! are of no use, so what comes beyond them waits in line as a future, which costs next to nothing.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinError;

/// Changes of one store that run at once: as many as share one wait for the disk.
pub(crate) const CHANGES_AT_ONCE_MAX: usize = 64;
/// Reads of one store that run at once.
pub(crate) const READS_AT_ONCE_MAX: usize = 32;

/// The threads of one store. Copies share them.
#[derive(Clone, Debug)]
pub(crate) struct Threads {
    changes: Arc<Semaphore>,
    reads: Arc<Semaphore>,
}

impl Threads {
    pub(crate) fn new() -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self { changes: places(CHANGES_AT_ONCE_MAX), reads: places(READS_AT_ONCE_MAX) }
    }

    /// Runs work that changes something, where it holds nobody up. It must not wait for other work
    /// that has yet to begin.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        run(&self.changes, work).await
    }

    /// The same for work that only reads; it never stands in line behind changes.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        run(&self.reads, work).await
    }
}

async fn run<T: Send + 'static>(
    places: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    // Nobody closes them, so there is always a place in the end.
    let place = Arc::clone(places).acquire_owned().await.ok();
    // The place is given back with the outcome, when the thread is about to be free for the next one;
    // if nobody waits for it any more, when the work is done.
    let (done, _place) = tokio::task::spawn_blocking(move || (work(), place)).await?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::sync::{Arc, Mutex};

    use super::{CHANGES_AT_ONCE_MAX, Threads};

    /// Work that says that it has begun, and ends when it is let go.
    struct Held {
        begun: Arc<AtomicUsize>,
        go_on: mpsc::Sender<()>,
        waits: Arc<Mutex<mpsc::Receiver<()>>>,
        told: Arc<tokio::sync::Semaphore>,
    }

    impl Held {
        fn new() -> Self {
            let (go_on, waits) = mpsc::channel();
            let told = Arc::new(tokio::sync::Semaphore::new(0));
            Self { begun: Arc::default(), go_on, waits: Arc::new(Mutex::new(waits)), told }
        }

        fn work(&self) -> impl FnOnce() + Send + 'static {
            let (begun, waits) = (Arc::clone(&self.begun), Arc::clone(&self.waits));
            let told = Arc::clone(&self.told);
            move || {
                begun.fetch_add(1, Ordering::SeqCst);
                told.add_permits(1);
                let _ = waits.lock().unwrap().recv();
            }
        }

        async fn begun(&self, count: usize) {
            self.told.acquire_many(count.try_into().unwrap()).await.unwrap().forget();
        }
    }

    #[tokio::test]
    async fn no_more_begin_than_there_are_places() {
        let (threads, held) = (Threads::new(), Held::new());
        let all = CHANGES_AT_ONCE_MAX * 3;
        let tasks = (0..all).map(|_| {
            let (threads, work) = (threads.clone(), held.work());
            tokio::spawn(async move { threads.change(work).await.unwrap() })
        });
        let tasks = tasks.collect::<Vec<_>>();
        held.begun(CHANGES_AT_ONCE_MAX).await;
        // Reads have places of their own. Meanwhile every task has had its turn to begin.
        assert_eq!(threads.read(|| 1).await.unwrap(), 1);
        assert_eq!(held.begun.load(Ordering::SeqCst), CHANGES_AT_ONCE_MAX);
        for _ in 0..all {
            held.go_on.send(()).unwrap();
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(held.begun.load(Ordering::SeqCst), all, "none is forgotten");
    }

    #[tokio::test]
    async fn a_place_is_taken_until_the_work_is_done() {
        let (threads, held) = (Threads::new(), Held::new());
        for _ in 0..CHANGES_AT_ONCE_MAX {
            let (threads, work) = (threads.clone(), held.work());
            let task = tokio::spawn(async move { threads.change(work).await });
            held.begun(1).await;
            // Who waits goes away; the thread is still busy.
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
        assert_eq!(threads.changes.available_permits(), 0);
        for _ in 0..CHANGES_AT_ONCE_MAX {
            held.go_on.send(()).unwrap();
        }
        threads.change(|| ()).await.unwrap();
    }
}
