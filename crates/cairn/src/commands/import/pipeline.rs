//! The stages of an import, each on threads of its own.

use std::sync::mpsc::sync_channel;
use std::thread;

use cairn_store::{Clock, EventLog as _};

use crate::directory::Opened;

use super::finished::FinishedFiles;
use super::known::KnownRecords;
use super::progress::Progress;
use super::slices::Dispatch;
use super::sort_out::Findings;
use super::sources::Sources;
use super::{append, publish, read, slices, sort_out};

/// Pieces of files that wait to be taken apart.
const WAITING_PIECES_MAX: usize = 16;
/// Batches that wait to be appended.
const WAITING_BATCHES_MAX: usize = 8;
/// Appends that wait to be durable.
const WAITING_APPENDS_MAX: usize = 64;
/// The most slices that are built at once; each holds its records in memory.
const BUILDERS_MAX: usize = 4;

/// What an import did.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) findings: Findings,
    pub(super) imported: u64,
}

/// Imports all files. On an error, what is durable stays, and another import goes on from there.
pub(super) fn run(
    sources: &Sources,
    opened: &Opened,
    known: KnownRecords,
    finished: FinishedFiles,
    progress: &Progress,
    clock: &Clock,
) -> anyhow::Result<Outcome> {
    let (piece_sender, pieces) = sync_channel(WAITING_PIECES_MAX);
    let (batch_sender, batches) = sync_channel(WAITING_BATCHES_MAX);
    let (done_sender, done) = sync_channel(WAITING_APPENDS_MAX);
    let builders = thread::available_parallelism().map_or(1, usize::from).min(BUILDERS_MAX);
    let (dispatch, orders) = Dispatch::new(opened.log.committed(), builders);
    let (log, history) = (&*opened.log, &*opened.history);
    // A stage that fails drops its channels, and those before and after it end too. Stages that
    // only notice that a neighbour is gone end without an error of their own.
    thread::scope(|scope| {
        let mut stages = Vec::new();
        let stage = |name: &str| thread::Builder::new().name(format!("import-{name}"));
        stage("read").spawn_scoped(scope, move || read::files(sources, &piece_sender, progress))?;
        let sorting = stage("sort").spawn_scoped(scope, move || {
            sort_out::files(sources, &pieces, &batch_sender, known, progress)
        })?;
        for orders in orders {
            let done = done_sender.clone();
            let build = move || slices::build(history, &orders, &done);
            stages.push(stage("build").spawn_scoped(scope, build)?);
        }
        let append = move || append::batches(log, &batches, dispatch, &done_sender, clock);
        stages.push(stage("append").spawn_scoped(scope, append)?);
        let published = publish::all(history, &done, finished, progress);
        drop(done);
        for stage in stages {
            stage.join().map_err(|_| anyhow::anyhow!("a thread of the import has panicked"))??;
        }
        let findings = sorting.join();
        let findings = findings.map_err(|_| anyhow::anyhow!("the reader has panicked"))?;
        Ok(Outcome { findings, imported: published? })
    })
}
