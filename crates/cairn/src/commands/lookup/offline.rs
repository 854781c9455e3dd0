//! Reads the directory of a stopped server.

use anyhow::Context as _;
use cairn_event::Timestamp;
use cairn_history::{HistoryError, Position, SearchBudget, SearchQuery};
use cairn_store::{DirectoryLock, EventLog as _, ReadLimit, SqliteMeta};

use crate::anchor::{Anchor, Extent};
use crate::directory::{Command, Directory, OpenOptions, Opened, wall_clock};
use crate::print;

use super::{Found, Source};

/// How much of the log is read at once.
const READ: ReadLimit = ReadLimit { records_max: 2_048, bytes_max: 8 << 20 };

/// A search in a directory.
pub(super) struct Offline {
    opened: Opened,
    query: SearchQuery,
    after: Option<Position>,
    _lock: DirectoryLock,
}

impl Offline {
    /// Opens the directory, and shows history what the log has beyond it.
    pub(super) fn open(directory: &Directory, query: SearchQuery) -> anyhow::Result<Self> {
        let lock = directory.lock(Command::Lookup)?;
        let clock = wall_clock();
        let options = OpenOptions {
            segment_bytes_max: None,
            log_memory_bytes_max: Some(0),
            retention_ms: None,
            accepts_missing_state: false,
        };
        let opened = directory.open(&options, &clock)?;
        if let Some(value) = SqliteMeta::peek(&directory.meta(), &Anchor::key()?)? {
            for problem in Anchor::parse(&value)?.problems(Extent::of(&opened.log)) {
                print::complain(&format!("{problem}; here is what is left"));
            }
        }
        catch_up(&opened, (*clock)())?;
        Ok(Self { opened, query, after: None, _lock: lock })
    }
}

impl Source for Offline {
    fn page(&mut self, records_max: u64) -> anyhow::Result<Found> {
        let limit = usize::try_from(records_max)?;
        let budget = SearchBudget::rows(u64::MAX);
        let page = self.opened.history.search(&self.query, self.after, limit, budget)?;
        self.after = page.next;
        let records = page.hits.into_iter().map(|hit| hit.record).collect();
        Ok(Found { records, is_last: page.next.is_none() })
    }
}

/// What the last server did not put into a slice is read from the log, as a server does at its
/// start.
fn catch_up(opened: &Opened, now: Timestamp) -> anyhow::Result<()> {
    let (log, history) = (&opened.log, &opened.history);
    if history.tail_next() < log.first() {
        history.skip_to(log.first())?;
    }
    while history.tail_next() < log.committed() {
        let slice = log.read_blocking(history.tail_next(), READ).context("cannot read the log")?;
        history.goes_on().context("cannot write history")?;
        history.append(slice.first, &slice.records, &slice.appended_ms)?;
        // What does not fit on a disk that is full may fit in memory.
        if history.seal_due(now) && !history.lacks_room() {
            match history.seal() {
                Ok(_) | Err(HistoryError::Full) => {}
                Err(error) => return Err(error).context("cannot write history"),
            }
        }
    }
    Ok(())
}
