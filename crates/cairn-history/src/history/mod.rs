//! The history of one data directory.

mod builder;
mod check;
mod foreseen;
mod known;
mod policy;
mod query;
mod reach;
mod seal;
mod status;
mod upkeep;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use cairn_store::Offset;
use tokio::sync::Notify;

use crate::catalog::Catalog;
use crate::disk::Disk;
use crate::rows::Rows;
use crate::slice::{Benches, Slice, SliceName};
use crate::tail::Tail;
use crate::{HistoryError, HistoryOptions};

use foreseen::Foreseen;
use reach::Reach;
use seal::Sealing;
use upkeep::Upkeep;

pub use builder::{BuiltSlice, Prepared, SliceBuilder};
pub use check::Problem;
pub use foreseen::Foresight;
pub use known::RecordKey;
pub use status::{HistoryStatus, SliceSummary};

/// How many records are taken into the tail under one lock.
const APPEND_RECORDS: usize = 64;

/// The history of one data directory: closed slices on disk and an open tail in memory.
///
/// All methods block (on disk, never on a network) but those that are async; call the long ones
/// (`seal`, `merge_step`, `search`) off the async threads. Queries never wait for `seal`,
/// `merge_step` or `expire`, only for a few records of an `append`.
#[derive(Debug)]
pub struct History {
    directory: PathBuf,
    options: HistoryOptions,
    disk: Disk,
    state: RwLock<State>,
    /// How far queries see.
    reach: Reach,
    /// Told when somebody waits for them to see more.
    wanted: Notify,
    /// Columns of records that are on their way here.
    foreseen: Foreseen,
    /// Room for reading records, shared by the slices.
    benches: Arc<Benches>,
    /// Held while a slice is added at the end.
    sealing: Mutex<Sealing>,
    /// Held while slices are merged or deleted.
    upkeep: Mutex<Upkeep>,
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
    /// There was no room for the last slice of the tail, be it ever so short.
    lacks_room: bool,
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
        Self::open_on(directory, options, Disk { faults: Some(faults), room: None })
    }

    /// As [`History::open`], on a device on which a file may become as long as a test says.
    #[cfg(any(test, feature = "testkit"))]
    pub fn open_with_room(
        directory: &Path,
        options: HistoryOptions,
        room: crate::Room,
    ) -> Result<Self, HistoryError> {
        Self::open_on(directory, options, Disk { faults: None, room: Some(room) })
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
            lacks_room: false,
        };
        Ok(Self {
            directory: directory.to_owned(),
            options,
            disk,
            state: RwLock::new(state),
            reach: Reach::new(covered),
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
            state.append(offset, &rows, records, times, &self.options)?;
            self.tell(&state);
            drop(state);
            offset += records.len() as u64;
        }
        Ok(())
    }

    /// Tells the columns of records that will be appended soon, and in this order: whoever has
    /// parsed them already spares [`History::append`] to do it again. What is foreseen and does not
    /// come costs its memory for a while, unless it is [forgotten](History::forget), and nothing else.
    ///
    /// `records` are those that were prepared, in the same order.
    pub fn foresee(&self, prepared: Prepared, records: Vec<Bytes>) -> Foresight {
        self.foreseen.add(prepared.into_rows(), records)
    }

    /// Tells that records that were foreseen do not come.
    pub fn forget(&self, foresight: &Foresight) {
        self.foreseen.forget(foresight);
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
        if self.tail_is_full(options) {
            return Err(HistoryError::TailFull { records: self.tail.records() });
        }
        Ok((self.tail_next - first) as usize)
    }

    fn tail_is_full(&self, options: &HistoryOptions) -> bool {
        self.tail.records() >= options.slice_records_max.saturating_mul(2)
            || self.tail.record_bytes() >= options.slice_bytes_max.saturating_mul(2)
    }

    /// Appends what is new of a few records, with their columns.
    fn append(
        &mut self,
        first: u64,
        rows: &Rows,
        records: &[Bytes],
        times: &[i64],
        options: &HistoryOptions,
    ) -> Result<(), HistoryError> {
        let known = self.accept(first, options)?;
        for (row, (record, time)) in records.iter().zip(times).enumerate().skip(known) {
            self.tail.push(rows.row(row), self.tail_next, record.clone(), *time);
            self.tail_next += 1;
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
