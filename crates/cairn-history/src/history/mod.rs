//! The history of one data directory.

mod builder;
mod check;
mod foreseen;
mod known;
mod policy;
mod query;
mod status;
mod upkeep;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use cairn_event::Timestamp;
use cairn_store::Offset;
use tokio::sync::{Notify, watch};

use crate::catalog::Catalog;
use crate::disk::Disk;
use crate::rows::Rows;
use crate::slice::{Benches, Slice, SliceName};
use crate::tail::Tail;
use crate::{HistoryError, HistoryOptions};

use foreseen::Foreseen;

pub use builder::{BuiltSlice, Prepared, SliceBuilder};
pub use check::Problem;
pub use known::RecordKey;
pub use status::{HistoryStatus, SliceSummary};

/// How many records are taken into the tail under one lock.
const APPEND_RECORDS: usize = 64;

/// The history of one data directory: closed slices on disk and an open tail in memory.
///
/// All methods block (on disk, never on a network) except [`History::reached`]; call the long ones
/// (`seal`, `merge_step`, `search`) off the async threads. Queries never wait for `seal`,
/// `merge_step` or `expire`, only for a few records of an `append`.
#[derive(Debug)]
pub struct History {
    directory: PathBuf,
    options: HistoryOptions,
    disk: Disk,
    state: RwLock<State>,
    /// Where `tail_next` is published.
    next: watch::Sender<u64>,
    /// Told when somebody waits for `tail_next`.
    wanted: Notify,
    /// Columns of records that are on their way here.
    foreseen: Foreseen,
    /// Room for reading records, shared by the slices.
    benches: Arc<Benches>,
    /// Held while a slice is added at the end.
    sealing: Mutex<Unsettled>,
    /// Held while slices are merged or deleted.
    upkeep: Mutex<Unsettled>,
}

/// What queries see.
#[derive(Debug)]
struct State {
    /// By rising offsets.
    slices: Arc<Vec<Arc<Slice>>>,
    /// Slices that could not be opened, and why.
    damaged: Vec<(SliceName, HistoryError)>,
    covered: u64,
    tail: Tail,
    tail_next: u64,
}

/// Files that have to go before the next of their kind is written: a write that failed may have
/// persisted all the same, and a deletion may not have.
#[derive(Debug, Default)]
struct Unsettled {
    paths: Vec<PathBuf>,
}

impl Unsettled {
    /// Removes what is left. What cannot be removed stays on the list.
    fn settle(&mut self, disk: &Disk) -> Result<(), HistoryError> {
        while let Some(path) = self.paths.first() {
            disk.remove(path)?;
            self.paths.remove(0);
        }
        Ok(())
    }

    /// Adds both files of a slice. The Parquet file, which makes it a slice, goes first.
    fn add(&mut self, directory: &Path, name: SliceName) {
        self.paths.push(name.parquet(directory));
        self.paths.push(name.index(directory));
    }
}

impl History {
    /// Opens or creates the history in a directory and removes what a crash left behind.
    ///
    /// A slice that cannot be opened is left where it is and shown by [`History::status`]; the
    /// others work. The caller makes sure that no other process has the directory
    /// (`cairn_store::DirectoryLock`).
    pub fn open(directory: &Path, options: HistoryOptions) -> Result<Self, HistoryError> {
        Self::open_on(directory, options, Disk::default())
    }

    /// As [`History::open`], with writes that fail as a test wants.
    #[cfg(any(test, feature = "testkit"))]
    pub fn open_with_faults(
        directory: &Path,
        options: HistoryOptions,
        faults: crate::FaultPlan,
    ) -> Result<Self, HistoryError> {
        Self::open_on(directory, options, Disk { faults: Some(faults) })
    }

    fn open_on(
        directory: &Path,
        options: HistoryOptions,
        disk: Disk,
    ) -> Result<Self, HistoryError> {
        disk.create_directory(directory)?;
        let catalog = Catalog::read(directory)?;
        for path in &catalog.leftovers {
            disk.remove(path)?;
        }
        let benches = Arc::default();
        let (mut slices, mut damaged) = (Vec::new(), Vec::new());
        for name in &catalog.slices {
            match Slice::open(directory, *name, &benches) {
                Ok(slice) => slices.push(Arc::new(slice)),
                Err(error) => {
                    tracing::error!(slice = %name, error = %error, "a slice could not be opened");
                    damaged.push((*name, error));
                }
            }
        }
        let covered = catalog.covered();
        let state = State {
            slices: Arc::new(slices),
            damaged,
            covered,
            tail: Tail::default(),
            tail_next: covered,
        };
        Ok(Self {
            directory: directory.to_owned(),
            options,
            disk,
            state: RwLock::new(state),
            next: watch::Sender::new(covered),
            wanted: Notify::new(),
            foreseen: Foreseen::default(),
            benches,
            sealing: Mutex::default(),
            upkeep: Mutex::default(),
        })
    }

    /// The next log offset that is not in a closed slice: where to read the log from after a start.
    pub fn covered(&self) -> Offset {
        Offset::new(self.read().covered)
    }

    /// The next log offset that queries do not see yet.
    pub fn tail_next(&self) -> Offset {
        Offset::new(self.read().tail_next)
    }

    /// Resolves once `tail_next()` is at least this, so that a caller reads its own writes. May be
    /// dropped at any point.
    pub async fn reached(&self, offset: Offset) {
        let mut next = self.next.subscribe();
        if *next.borrow_and_update() < offset.as_u64() {
            self.wanted.notify_one();
        }
        // The sender lives as long as `self`, so this ends with the value there.
        let _ = next.wait_for(|next| *next >= offset.as_u64()).await;
    }

    /// Resolves when somebody has begun to wait in [`History::reached`] since this was last
    /// resolved. For the one who appends: until then nobody minds that it takes its time.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Takes committed records, each with the time at which it was appended to the log, into the
    /// open tail. They are visible at once; those that are there already are skipped.
    pub fn append(
        &self,
        first: Offset,
        records: &[Bytes],
        appended_ms: &[i64],
    ) -> Result<(), HistoryError> {
        if records.len() != appended_ms.len() {
            return Err(HistoryError::Uneven { records: records.len(), times: appended_ms.len() });
        }
        let known = self.read().accept(first.as_u64(), &self.options)?.min(records.len());
        let mut offset = first.as_u64() + known as u64;
        let (records, appended_ms) = (&records[known..], &appended_ms[known..]);
        let batches = records.chunks(APPEND_RECORDS).zip(appended_ms.chunks(APPEND_RECORDS));
        for (records, times) in batches {
            // Parsed before anybody has to wait for it.
            let mut rows = Rows::default();
            self.foreseen.add_to(&mut rows, records);
            let mut state = self.write();
            let next = state.append(offset, &rows, records, times, &self.options)?;
            drop(state);
            self.next.send_replace(next);
            offset += records.len() as u64;
        }
        Ok(())
    }

    /// Tells the columns of records that will be appended soon, and in this order: whoever has
    /// parsed them already spares [`History::append`] to do it again. What is foreseen and does not
    /// come costs a little memory for a while, and nothing else.
    ///
    /// `records` are those that were prepared, in the same order.
    pub fn foresee(&self, prepared: Prepared, records: Vec<Bytes>) {
        self.foreseen.add(prepared.into_rows(), records);
    }

    /// Goes on at a later offset, because the log does not have the records before it any more.
    /// What is in the tail is sealed first. Going back is not possible, and changes nothing.
    pub fn skip_to(&self, offset: Offset) -> Result<(), HistoryError> {
        self.seal()?;
        let _sealing = lock(&self.sealing);
        let mut state = self.write();
        if state.tail.records() == 0 && state.tail_next < offset.as_u64() {
            state.tail_next = offset.as_u64();
            state.covered = offset.as_u64();
            drop(state);
            self.next.send_replace(offset.as_u64());
        }
        Ok(())
    }

    /// Whether the open tail should be sealed: it is large, or its oldest record is old.
    pub fn seal_due(&self, now: Timestamp) -> bool {
        let state = self.read();
        let age = state.tail.recorded_ms_min().map(|oldest| now.as_ms().saturating_sub(oldest));
        state.tail.records() >= self.options.slice_records_max
            || state.tail.record_bytes() >= self.options.slice_bytes_max
            || age.is_some_and(|age| age >= self.options.slice_age_ms_max)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        // Every change of the state is whole before anything in it can panic.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many records from an offset on are there already; an error if others have to come
    /// first, or if there is no room.
    fn accept(&self, first: u64, options: &HistoryOptions) -> Result<usize, HistoryError> {
        if first > self.tail_next {
            let (expected, given) = (Offset::new(self.tail_next), Offset::new(first));
            return Err(HistoryError::OutOfTurn { expected, given });
        }
        if self.tail.records() >= options.slice_records_max.saturating_mul(2)
            || self.tail.record_bytes() >= options.slice_bytes_max.saturating_mul(2)
        {
            return Err(HistoryError::TailFull { records: self.tail.records() });
        }
        Ok((self.tail_next - first) as usize)
    }

    /// Appends what is new of a few records, with their columns; returns `tail_next`.
    fn append(
        &mut self,
        first: u64,
        rows: &Rows,
        records: &[Bytes],
        times: &[i64],
        options: &HistoryOptions,
    ) -> Result<u64, HistoryError> {
        let known = self.accept(first, options)?;
        for (row, (record, time)) in records.iter().zip(times).enumerate().skip(known) {
            self.tail.push(rows.row(row), self.tail_next, record.clone(), *time);
            self.tail_next += 1;
        }
        Ok(self.tail_next)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
