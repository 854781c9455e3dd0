//! The third stage: batches into the log, and at the same time to the builders of history.

use std::sync::mpsc::{Receiver, SyncSender};

use anyhow::Context as _;
use cairn_store::{Clock, EventLog as _, SegmentLog};

use super::publish::Done;
use super::slices::Dispatch;
use super::sort_out::Batch;

/// Queues batches in the log. Nobody else appends, so the offsets they get are known before.
pub(super) fn batches(
    log: &SegmentLog,
    batches: &Receiver<Batch>,
    mut slices: Dispatch,
    done: &SyncSender<Done>,
    clock: &Clock,
) -> anyhow::Result<()> {
    let mut next = log.committed();
    for batch in batches {
        let Batch { records, prepared, finished } = batch;
        let ticket = log.submit_blocking(&records).context("cannot append to the log")?;
        let appended =
            Done::Appended { first: next, records: records.len() as u64, ticket, finished };
        next = next.plus(records.len() as u64);
        if done.send(appended).is_err() || !slices.give(prepared, records, clock().as_ms()) {
            return Ok(());
        }
    }
    slices.end();
    Ok(())
}
