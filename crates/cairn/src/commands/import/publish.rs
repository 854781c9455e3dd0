//! The last stage: waits until records are durable, then makes them part of history, and notes the
//! files that are finished.
//!
//! Slices are built while their records are still on the way to the disk, so this is where the
//! order is kept: nothing is in history that is not in the log.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

use anyhow::Context as _;
use cairn_history::{BuiltSlice, History};
use cairn_store::Offset;
use cairn_store::log::Ticket;

use super::finished::{FileNote, FinishedFiles};
use super::progress::Progress;

/// What the stages before have done.
#[derive(Debug)]
pub(super) enum Done {
    /// A batch is in the log's queue.
    Appended {
        /// The offset that its first record must get.
        first: Offset,
        /// How many records it has.
        records: u64,
        /// Tells when they are durable.
        ticket: Ticket,
        /// The files that end with it.
        finished: Vec<FileNote>,
    },
    /// A slice is written.
    Built(BuiltSlice),
}

/// Publishes until all stages before have ended; returns how many records came in.
pub(super) fn all(
    history: &History,
    done: &Receiver<Done>,
    mut finished_files: FinishedFiles,
    progress: &Progress,
) -> anyhow::Result<u64> {
    let mut imported = 0;
    let mut durable = history.tail_next();
    let mut built = BTreeMap::new();
    for done in done {
        match done {
            Done::Appended { first, records, ticket, finished } => {
                let given = ticket.wait().context("cannot append to the log")?;
                anyhow::ensure!(
                    records == 0 || given == first,
                    "the log gave offset {given} in place of {first}; run the import again"
                );
                durable = first.plus(records);
                imported += records;
                progress.add_records(records);
                finished_files.add(finished)?;
            }
            Done::Built(slice) => {
                built.insert(slice.from(), slice);
            }
        }
        adopt(history, &mut built, durable)?;
    }
    finished_files.write()?;
    Ok(imported)
}

/// Adopts the slices whose turn it is.
fn adopt(
    history: &History,
    built: &mut BTreeMap<Offset, BuiltSlice>,
    durable: Offset,
) -> anyhow::Result<()> {
    while let Some(first) = built.first_entry() {
        if *first.key() != history.tail_next() || first.get().to() > durable {
            break;
        }
        history.adopt(first.remove()).context("cannot add to history")?;
    }
    Ok(())
}
