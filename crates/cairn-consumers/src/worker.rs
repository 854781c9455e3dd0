//! What a worker is.

use async_trait::async_trait;
use cairn_event::Timestamp;
use serde::Serialize;

/// One background job, as a value that the [`crate::Runner`] drives.
///
/// Contract between worker and runner:
///
///  1. `step` does one bounded unit of work. The runner never cancels it part-way, but the process
///     may die at any of its `.await`s, so it is safe to repeat: it writes down the plan, writes
///     the output, writes down that it is done, and each of the three may happen twice.
///  2. `wait` resolves when there may be work. It may resolve without cause, and may be dropped at
///     any point.
///  3. After an error the runner calls `step` again, later and later. Nothing is skipped.
///  4. `status` is cheap, and is read after every step.
#[async_trait]
pub trait Worker: Send + 'static {
    /// What an operator may want to know of it.
    type Status: Serialize;

    /// Its name in status, metrics and log lines: lower case, words joined by `-`.
    fn name(&self) -> &'static str;

    /// How it stands.
    fn status(&self) -> Self::Status;

    /// Does one bounded unit of work.
    async fn step(&mut self, now: Timestamp) -> Result<Progress, StepError>;

    /// Resolves when there may be work.
    async fn wait(&mut self);
}

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do at once.
    More,
    /// Nothing to do until `wait` resolves.
    Idle,
}

/// Why a step did not do its work. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The event log could not be read.
    #[error("the log could not be read")]
    Log(#[from] cairn_store::LogError),
    /// History could not be written.
    #[error("history could not be written")]
    History(#[from] cairn_history::HistoryError),
    /// Small state could not be read or written.
    #[error("the state could not be read or written")]
    State(#[from] cairn_store::MetaError),
    /// What was imported could not be told.
    #[error(transparent)]
    Imported(#[from] cairn_store::imported::ImportedError),
    /// A document in small state is not what was written, or is of a later version.
    #[error("the document {key} cannot be read or written")]
    Document {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        error: serde_json::Error,
    },
    /// A worker of the program's own could not do its work.
    #[error("cannot {doing}")]
    Other {
        /// What it was about to do.
        doing: &'static str,
        /// Why it could not.
        #[source]
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A blocking part of the step died.
    #[error("a blocking part of the step did not return")]
    Lost(#[source] tokio::task::JoinError),
}
