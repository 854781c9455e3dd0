//! Before an import: the log is read once, and history takes from it what it does not have yet,
//! as a server or an import left it that did not come to its end.

use anyhow::Context as _;
use cairn_history::SliceBuilder;
use cairn_store::{EventLog as _, ReadLimit};

use crate::directory::Opened;

use super::slices::is_full;

/// How much of the log is read at once.
const READ: ReadLimit = ReadLimit { records_max: 8_192, bytes_max: 8 << 20 };

/// Shows every record of the log, and brings history up to its end.
pub(super) fn history(opened: &Opened, mut show: impl FnMut(&[u8])) -> anyhow::Result<()> {
    let (log, history) = (&opened.log, &opened.history);
    let committed = log.committed();
    anyhow::ensure!(
        history.tail_next() <= committed,
        "history goes on at {}, but the log ends at {committed}: `cairn fsck` shows what is wrong",
        history.tail_next()
    );
    if history.tail_next() < log.first() {
        history.skip_to(log.first())?;
    }
    let mut builder = history.builder(history.tail_next());
    let mut next = log.first();
    while next < committed {
        let slice = log.read_blocking(next, READ).context("cannot read the log")?;
        let missing_from = history.tail_next().plus(builder.records()).since(slice.first) as usize;
        for record in &slice.records {
            show(record);
        }
        let recorded = slice.records.into_iter().zip(slice.appended_ms);
        for (record, appended_ms) in recorded.skip(missing_from) {
            builder.push(record, appended_ms);
        }
        if is_full(&builder) {
            adopt(opened, builder)?;
            builder = history.builder(history.tail_next());
        }
        next = slice.next;
    }
    adopt(opened, builder)
}

fn adopt(opened: &Opened, builder: SliceBuilder) -> anyhow::Result<()> {
    if let Some(built) = builder.finish().context("cannot write history")? {
        opened.history.adopt(built).context("cannot add to history")?;
    }
    Ok(())
}
