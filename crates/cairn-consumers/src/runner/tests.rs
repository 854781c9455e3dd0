use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cairn_event::Timestamp;
use cairn_store::{LogError, Offset};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Runner, RunnerOptions, WorkerState, pause_ms};
use crate::worker::{Progress, StepError, Worker};

/// What a scripted worker does at a step.
#[derive(Clone, Copy, Debug)]
enum Act {
    More,
    Idle,
    Fail,
    Panic,
    /// Takes a minute, then has nothing more to do.
    Slow,
}

/// A worker that does as told, and notes when.
struct Scripted {
    acts: VecDeque<Act>,
    steps: Arc<Mutex<Vec<Duration>>>,
    begun: Instant,
    wake: Arc<Notify>,
}

#[async_trait]
impl Worker for Scripted {
    type Status = usize;

    fn name(&self) -> &'static str {
        "scripted"
    }

    fn status(&self) -> usize {
        self.acts.len()
    }

    async fn step(&mut self, _: Timestamp) -> Result<Progress, StepError> {
        self.steps.lock().unwrap().push(self.begun.elapsed());
        match self.acts.pop_front().unwrap_or(Act::Idle) {
            Act::More => Ok(Progress::More),
            Act::Idle => Ok(Progress::Idle),
            Act::Fail => Err(LogError::Ahead { committed: Offset::ZERO }.into()),
            Act::Panic => panic!("a defect of the test"),
            Act::Slow => {
                tokio::time::sleep(Duration::from_mins(1)).await;
                self.steps.lock().unwrap().push(self.begun.elapsed());
                Ok(Progress::Idle)
            }
        }
    }

    async fn wait(&mut self) {
        self.wake.notified().await;
    }
}

struct Rig {
    runner: Runner,
    steps: Arc<Mutex<Vec<Duration>>>,
    wake: Arc<Notify>,
}

fn rig(acts: &[Act], stop_ms_max: u64) -> Rig {
    let clock: cairn_store::Clock = Arc::new(|| Timestamp::from_ms(7));
    let mut runner = Runner::new(RunnerOptions { clock, stop_ms_max });
    let (steps, wake) = (Arc::default(), Arc::new(Notify::new()));
    runner.spawn(Scripted {
        acts: acts.iter().copied().collect(),
        steps: Arc::clone(&steps),
        begun: Instant::now(),
        wake: Arc::clone(&wake),
    });
    Rig { runner, steps, wake }
}

impl Rig {
    /// Lets everything that is ready run, without time passing.
    async fn settle(&self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    fn steps_ms(&self) -> Vec<u128> {
        self.steps.lock().unwrap().iter().map(Duration::as_millis).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn steps_follow_one_another_while_there_is_more_and_wait_when_there_is_not() {
    let rig = rig(&[Act::More, Act::More, Act::Idle], 1_000);
    rig.settle().await;
    assert_eq!(rig.steps_ms(), [0, 0, 0]);
    let view = rig.runner.workers().list().remove(0);
    assert_eq!((view.state, view.steps, view.status), (WorkerState::Idle, 3, 0.into()));
    rig.wake.notify_one();
    rig.settle().await;
    assert_eq!(rig.steps_ms().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn after_failures_it_is_tried_again_later_and_later() {
    let rig = rig(&[Act::Fail, Act::Fail, Act::Fail, Act::Idle], 1_000);
    rig.settle().await;
    let view = rig.runner.workers().list().remove(0);
    assert_eq!((view.state, view.failures), (WorkerState::Failing, 1));
    let said =
        "the log could not be read: the offset is beyond the end of the event log, which is 0";
    assert_eq!(view.last_error.as_deref(), Some(said));
    assert_eq!(view.last_error_ms, Some(7));
    tokio::time::advance(Duration::from_secs(1)).await;
    rig.settle().await;
    tokio::time::advance(Duration::from_secs(1)).await;
    rig.settle().await;
    tokio::time::advance(Duration::from_secs(1)).await;
    rig.settle().await;
    assert_eq!(rig.steps_ms().len(), 4);
    let view = rig.runner.workers().list().remove(0);
    assert_eq!((view.state, view.failures), (WorkerState::Idle, 0));
    assert!(view.last_error.is_some(), "it stays to be seen");
}

#[test]
fn pauses_double_up_to_a_limit() {
    assert_eq!([0, 1, 2, 3].map(pause_ms), [100, 200, 400, 800]);
    assert_eq!(pause_ms(40), 30_000);
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_a_step_end_and_wakes_those_who_wait() {
    let rig = rig(&[Act::Slow, Act::More, Act::More], 120_000);
    rig.settle().await;
    let (steps, workers) = (Arc::clone(&rig.steps), rig.runner.workers());
    assert!(rig.runner.stop().await);
    assert_eq!(steps.lock().unwrap().len(), 2, "it ended, and no other began");
    assert_eq!(workers.list()[0].state, WorkerState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_ever() {
    let rig = rig(&[Act::Slow], 1_000);
    rig.settle().await;
    assert!(!rig.runner.stop().await);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_shown() {
    let rig = rig(&[Act::Panic], 1_000);
    rig.settle().await;
    assert_eq!(rig.runner.workers().list()[0].state, WorkerState::Panicked);
}

/// Notes the time that its steps are given.
struct Dated(Arc<Mutex<Vec<i64>>>);

#[async_trait]
impl Worker for Dated {
    type Status = ();

    fn name(&self) -> &'static str {
        "dated"
    }

    fn status(&self) {}

    async fn step(&mut self, now: Timestamp) -> Result<Progress, StepError> {
        self.0.lock().unwrap().push(now.as_ms());
        Ok(Progress::Idle)
    }

    async fn wait(&mut self) {
        std::future::pending::<()>().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_may_go_by_another_clock_than_the_one_that_is_shown() {
    let mut rig = rig(&[], 1_000);
    let times = Arc::default();
    rig.runner.spawn(Dated(Arc::clone(&times)));
    rig.settle().await;
    rig.runner.spawn_by(Dated(Arc::clone(&times)), Arc::new(|| Timestamp::from_ms(3)));
    rig.settle().await;
    assert_eq!(*times.lock().unwrap(), [7, 3]);
}
