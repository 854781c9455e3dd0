//! The runner's metrics, each declared once.

use crate::worker::{Progress, StepError};

const STEPS_TOTAL: &str = "cairn_worker_steps_total";
const STEP_FAILURES_TOTAL: &str = "cairn_worker_step_failures_total";

pub(super) fn step(worker: &'static str, outcome: &Result<Progress, StepError>) {
    metrics::counter!(STEPS_TOTAL, "worker" => worker).increment(1);
    if outcome.is_err() {
        metrics::counter!(STEP_FAILURES_TOTAL, "worker" => worker).increment(1);
    }
}
