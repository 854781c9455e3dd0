//! The loop around workers: steps, back-off, stop, status, metrics.

mod metric;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;
use std::time::Duration;

use cairn_store::Clock;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::worker::{Progress, StepError, Worker};

use view::Board;
pub use view::{WorkerState, WorkerView, Workers};

/// The first pause after a failed step.
const PAUSE_MS_MIN: u64 = 100;
/// The longest pause after failed steps.
const PAUSE_MS_MAX: u64 = 30_000;

/// What a runner is given.
#[derive(Clone)]
pub struct RunnerOptions {
    /// The time that steps are given, and that is shown.
    pub clock: Clock,
    /// How long [`Runner::stop`] waits for steps under way.
    pub stop_ms_max: u64,
}

impl std::fmt::Debug for RunnerOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunnerOptions")
            .field("stop_ms_max", &self.stop_ms_max)
            .finish_non_exhaustive()
    }
}

/// Drives workers, each in a task of its own.
///
/// Dropped, it ends them at their next `.await`, as a crash would.
#[derive(Debug)]
pub struct Runner {
    options: RunnerOptions,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    board: Arc<Board>,
}

impl Runner {
    /// A runner without workers.
    pub fn new(options: RunnerOptions) -> Self {
        Self {
            options,
            stop: watch::Sender::new(false),
            tasks: JoinSet::new(),
            board: Arc::default(),
        }
    }

    /// Starts a worker.
    pub fn spawn<W: Worker>(&mut self, worker: W) {
        self.spawn_by(worker, Arc::clone(&self.options.clock));
    }

    /// Starts a worker whose steps are given the time of another clock: one that destroys by age
    /// should not follow each jump of the wall clock.
    pub fn spawn_by<W: Worker>(&mut self, worker: W, step_clock: Clock) {
        let seat = self.board.seat(worker.name());
        let drive = Drive {
            worker,
            seat,
            board: Arc::clone(&self.board),
            clock: Arc::clone(&self.options.clock),
            step_clock,
            stop: self.stop.subscribe(),
        };
        self.tasks.spawn(drive.run());
    }

    /// The status of all workers, for those who show it; stays valid after the runner has stopped.
    pub fn workers(&self) -> Workers {
        Workers::new(Arc::clone(&self.board))
    }

    /// Lets steps under way end, starts no more, and returns when all workers have stopped or the
    /// time is up. `true` if all have stopped.
    pub async fn stop(mut self) -> bool {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(Duration::from_millis(self.options.stop_ms_max), all).await.is_ok()
    }
}

/// One worker under way.
struct Drive<W> {
    worker: W,
    seat: usize,
    board: Arc<Board>,
    /// The time that is shown.
    clock: Clock,
    /// The time that steps are given.
    step_clock: Clock,
    stop: watch::Receiver<bool>,
}

impl<W: Worker> Drive<W> {
    async fn run(mut self) {
        // Says so on the board even if a step panics.
        let _left = Leave { board: Arc::clone(&self.board), seat: self.seat };
        let mut failures = 0_u32;
        while !*self.stop.borrow() {
            let outcome = self.worker.step((self.step_clock)()).await;
            self.publish(&outcome);
            match outcome {
                Ok(Progress::More) => {
                    failures = 0;
                    tokio::task::yield_now().await;
                }
                Ok(Progress::Idle) => {
                    failures = 0;
                    tokio::select! {
                        () = self.worker.wait() => {}
                        _ = self.stop.wait_for(|stop| *stop) => {}
                    }
                }
                Err(_) => {
                    let pause = pause_ms(failures);
                    failures = failures.saturating_add(1);
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_millis(pause)) => {}
                        _ = self.stop.wait_for(|stop| *stop) => {}
                    }
                }
            }
        }
    }

    fn publish(&self, outcome: &Result<Progress, StepError>) {
        let name = self.worker.name();
        metric::step(name, outcome);
        if let Err(error) = outcome {
            tracing::warn!(worker = name, error = error as &dyn std::error::Error, "step failed");
        }
        // A status that cannot be shown must not stop the work.
        let status = serde_json::to_value(self.worker.status()).unwrap_or_default();
        self.board.update(self.seat, outcome, status, (self.clock)());
    }
}

/// Marks a worker as stopped when its task ends, whichever way.
struct Leave {
    board: Arc<Board>,
    seat: usize,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.board.leave(self.seat, std::thread::panicking());
    }
}

/// How long to wait after so many failures in a row before this one.
fn pause_ms(failures: u32) -> u64 {
    PAUSE_MS_MIN.saturating_mul(1 << failures.min(20)).min(PAUSE_MS_MAX)
}
