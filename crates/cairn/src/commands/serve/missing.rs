//! What a data directory has lost, before anything is written to it.
//!
//! Records have numbers, and history, trails and digests remember how far they have come by them.
//! So a log that has lost its end must not give a number out again: what came under it would be
//! taken for known. Where records are lost, marks take their numbers; no trail takes a mark, and
//! no `LookupEvents` shows one.

use anyhow::Context as _;
use bytes::Bytes;
use cairn_store::log::BATCH_RECORDS_MAX;
use cairn_store::{EventLog as _, Offset};

use crate::anchor::{Extent, Mooring};
use crate::directory::Opened;
use crate::lost::MARK;

/// Refuses a directory that has lost records, or goes on with what is left if that is accepted.
pub(super) async fn settle(
    opened: &Opened,
    mooring: &mut Mooring,
    is_accepted: bool,
) -> anyhow::Result<()> {
    let problems = problems(opened, mooring)?;
    if !is_accepted {
        anyhow::ensure!(
            problems.is_empty(),
            "{}; restore what is missing, or start with --accept-missing-records to go on with what \
             is left",
            problems.join("; ")
        );
        return Ok(());
    }
    for problem in problems {
        tracing::error!(problem, "goes on with what is left");
    }
    mark(opened, mooring).await?;
    // The next start is over this log, however soon this process ends.
    mooring.set(&*opened.meta, Extent::of(&opened.log), Offset::ZERO).await
}

/// What is missing of the log: by its anchor, and by what history has seen of it.
fn problems(opened: &Opened, mooring: &Mooring) -> anyhow::Result<Vec<String>> {
    let found = Extent::of(&opened.log);
    let mut problems = mooring.problems(found)?;
    let (seen, next) = (opened.history.covered(), opened.log.head().next);
    if problems.is_empty() && next < seen {
        problems.push(format!("history: it goes up to record {seen}, but the log ends at {next}"));
    }
    Ok(problems)
}

/// Lets the log go on behind everything that it has ever held, as far as that is known.
async fn mark(opened: &Opened, mooring: &Mooring) -> anyhow::Result<()> {
    let seen = opened.history.covered().max(mooring.next_min()?);
    let first = opened.log.head().next;
    let mut next = first;
    while next < seen {
        let count = seen.since(next).min(BATCH_RECORDS_MAX as u64) as usize;
        let marks = vec![Bytes::from_static(MARK); count];
        opened.log.append(marks).await.context("cannot mark lost records in the log")?;
        next = next.plus(count as u64);
    }
    if first < seen {
        tracing::error!(from = %first, to = %seen, "records are lost: marks stand for them in the log");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::MARK;
    use crate::row::{Row, Widths};

    #[test]
    fn a_mark_is_shown_as_a_lost_record() {
        let shown = |record: &[u8]| Widths::usual(None).row(&Row::of(record), false);
        let cells: Vec<_> = shown(MARK).split("  ").map(|cell| cell.trim().to_owned()).collect();
        let said: Vec<_> = cells.iter().filter(|cell| !matches!(&***cell, "" | "-")).collect();
        assert_eq!(said, ["(record lost)", "lost"]);
        let named = br#"{"eventType":"CairnRecordLost","eventName":"CreateBucket"}"#;
        assert!(shown(named).contains("CreateBucket") && !shown(named).contains("lost"));
    }
}
