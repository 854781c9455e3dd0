//! What operators see of the workers.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use cairn_event::Timestamp;
use serde::Serialize;

use crate::worker::{Progress, StepError};

/// What a worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerState {
    /// It has not made a step yet.
    Starting,
    /// Its last step did work, and there is more.
    Working,
    /// It has nothing to do.
    Idle,
    /// Its last step failed; it tries again.
    Failing,
    /// It was told to stop and did.
    Stopped,
    /// It panicked: a defect. It does not come back before the next start.
    Panicked,
}

/// One worker as an operator sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkerView {
    /// Its name.
    pub name: &'static str,
    /// What it is doing.
    pub state: WorkerState,
    /// How many steps it has made.
    pub steps: u64,
    /// How many steps have failed since the last that did not.
    pub failures: u64,
    /// What the last failed step said, with its causes; stays after the recovery.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_ms: Option<i64>,
    /// What the worker says of itself.
    pub status: serde_json::Value,
}

/// The status of all workers of a runner.
#[derive(Clone, Debug)]
pub struct Workers {
    board: Arc<Board>,
}

impl Workers {
    pub(super) fn new(board: Arc<Board>) -> Self {
        Self { board }
    }

    /// Every worker as it stands now, in the order in which they were started.
    pub fn list(&self) -> Vec<WorkerView> {
        self.board.with(|views| views.clone())
    }
}

/// Where the workers' status is published.
#[derive(Debug, Default)]
pub(super) struct Board {
    views: Mutex<Vec<WorkerView>>,
}

impl Board {
    pub(super) fn seat(&self, name: &'static str) -> usize {
        self.with(|views| {
            views.push(WorkerView {
                name,
                state: WorkerState::Starting,
                steps: 0,
                failures: 0,
                last_error: None,
                last_error_ms: None,
                status: serde_json::Value::Null,
            });
            views.len() - 1
        })
    }

    pub(super) fn update(
        &self,
        seat: usize,
        outcome: &Result<Progress, StepError>,
        status: serde_json::Value,
        now: Timestamp,
    ) {
        self.with(|views| {
            let Some(view) = views.get_mut(seat) else { return };
            view.steps += 1;
            view.status = status;
            match outcome {
                Ok(progress) => {
                    view.failures = 0;
                    view.state = match progress {
                        Progress::More => WorkerState::Working,
                        Progress::Idle => WorkerState::Idle,
                    };
                }
                Err(error) => {
                    view.failures += 1;
                    view.state = WorkerState::Failing;
                    view.last_error = Some(with_causes(error));
                    view.last_error_ms = Some(now.as_ms());
                }
            }
        });
    }

    pub(super) fn leave(&self, seat: usize, panicked: bool) {
        self.with(|views| {
            if let Some(view) = views.get_mut(seat) {
                view.state = if panicked { WorkerState::Panicked } else { WorkerState::Stopped };
            }
        });
    }

    fn with<T>(&self, look: impl FnOnce(&mut Vec<WorkerView>) -> T) -> T {
        // A view is replaced field by field and means something at each point.
        look(&mut self.views.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
