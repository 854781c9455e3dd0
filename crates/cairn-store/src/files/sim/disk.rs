//! The simulated disk itself.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Fault, Operation, Random};
use crate::files::{File, Files};

/// The unit in which a device writes; a torn write ends at a multiple of it, or anywhere.
const SECTOR_BYTES: usize = 512;

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    name_changes: Vec<NameChange>,
    contents: Vec<Content>,
    /// The operations so far that a plan can break.
    log: Vec<Operation>,
    plan: BTreeMap<usize, Fault>,
    no_room: bool,
    no_power: bool,
    cannot_allocate: bool,
}

#[derive(Clone, Debug)]
enum NameChange {
    Set(PathBuf, usize),
    Gone(PathBuf),
}

#[derive(Clone, Debug, Default)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    SetLen(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => {
                content.resize(content.len().max(at + bytes.len()), 0);
                content[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Self::SetLen(length) => content.resize(*length, 0),
        }
    }
}

impl SimDisk {
    /// Breaks the operation of this number, counted from 0 over the life of the disk.
    pub(crate) fn break_operation(&self, number: usize, fault: Fault) {
        self.lock().plan.insert(number, fault);
    }

    /// The operations so far.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        self.lock().log.clone()
    }

    /// Lets there be no room for anything that needs more than it has, until `make_room`.
    pub(crate) fn fill(&self) {
        self.lock().no_room = true;
    }

    /// A device on which no space can be set aside.
    pub(crate) fn without_allocation() -> Self {
        let disk = Self::default();
        disk.lock().cannot_allocate = true;
        disk
    }

    /// Ends a lack of space.
    pub(crate) fn make_room(&self) {
        self.lock().no_room = false;
    }

    /// Takes the power away: every operation fails until it is back. The plan is forgotten.
    pub(crate) fn power_off(&self) {
        let mut state = self.lock();
        state.no_power = true;
        state.plan.clear();
    }

    /// Gives the power back after it was lost: only what was synced is certain to be there.
    pub(crate) fn power_on(&self, random: &mut Random) {
        let mut state = self.lock();
        let mut names = state.durable_names.clone();
        let kept = random.below(state.name_changes.len() + 1);
        for change in &state.name_changes[..kept] {
            change.apply(&mut names);
        }
        state.names = names.clone();
        state.durable_names = names;
        state.name_changes.clear();
        for content in &mut state.contents {
            *content = content.after_power_loss(random);
        }
        (state.no_power, state.no_room) = (false, false);
    }

    /// Gives the power back as if it had not been lost: only the program was killed.
    pub(crate) fn carry_on(&self) {
        let mut state = self.lock();
        (state.no_power, state.no_room) = (false, false);
    }

    /// Flips bits of one byte of a file.
    pub(crate) fn flip(&self, path: &Path, at: usize, mask: u8) {
        let mut state = self.lock();
        let id = state.names[path];
        state.contents[id].seen[at] ^= mask;
        state.contents[id].durable = state.contents[id].seen.clone();
    }

    /// A file's bytes as programs see them.
    pub(crate) fn content(&self, path: &Path) -> Vec<u8> {
        let state = self.lock();
        state.contents[state.names[path]].seen.clone()
    }

    /// Puts a file there, durably.
    pub(crate) fn put(&self, path: &Path, bytes: Vec<u8>) {
        let mut state = self.lock();
        let id = state.contents.len();
        state.contents.push(Content { seen: bytes.clone(), durable: bytes, pending: Vec::new() });
        state.names.insert(path.to_owned(), id);
        state.durable_names.insert(path.to_owned(), id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Does an operation as the plan has it.
    fn operate(&self, operation: Operation, perform: impl FnOnce(&mut State)) -> io::Result<()> {
        let mut state = self.lock();
        match state.begin(operation) {
            None => {
                perform(&mut state);
                Ok(())
            }
            Some(fault) => {
                if fault == Fault::FailsButPersists {
                    perform(&mut state);
                }
                Err(fault.error())
            }
        }
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Set(path, id) => names.insert(path.clone(), *id),
            Self::Gone(path) => names.remove(path),
        };
    }
}

impl Content {
    fn after_power_loss(&self, random: &mut Random) -> Self {
        let mut durable = self.durable.clone();
        for change in &self.pending {
            match (random.below(3), change) {
                (0, _) => {}
                (1, Change::Write { at, bytes }) => tear(*at, bytes, random).apply(&mut durable),
                (_, change) => change.apply(&mut durable),
            }
        }
        Self { seen: durable.clone(), durable, pending: Vec::new() }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.pending.push(change);
    }

    fn sync(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            change.apply(&mut self.durable);
        }
    }
}

/// A part of a write: some sectors of it, or its beginning.
fn tear(at: usize, bytes: &[u8], random: &mut Random) -> Change {
    let sectors = bytes.len().div_ceil(SECTOR_BYTES);
    if sectors > 1 && random.one_in(2) {
        let from = random.below(sectors) * SECTOR_BYTES;
        return Change::Write { at: at + from, bytes: bytes[from..].to_vec() };
    }
    Change::Write { at, bytes: bytes[..random.below(bytes.len())].to_vec() }
}

impl State {
    /// Numbers an operation, and says how it is to fail, if it is.
    fn begin(&mut self, operation: Operation) -> Option<Fault> {
        let needs_room = matches!(operation, Operation::Create | Operation::Allocate);
        self.begin_with(operation, needs_room)
    }

    /// The same for a write, which needs no room within the file.
    fn begin_write(&mut self, id: usize, end: usize) -> Option<Fault> {
        let needs_room = end > self.contents[id].seen.len();
        self.begin_with(Operation::Write, needs_room)
    }

    fn begin_with(&mut self, operation: Operation, needs_room: bool) -> Option<Fault> {
        let number = self.log.len();
        self.log.push(operation);
        if self.no_power {
            return Some(Fault::PowerLoss);
        }
        let fault = self.plan.remove(&number);
        self.no_power |= fault == Some(Fault::PowerLoss);
        self.no_room |= fault == Some(Fault::Full);
        if self.no_room && needs_room { Some(Fault::Full) } else { fault }
    }

    fn rename(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.name_changes.push(change);
    }
}

impl Files for SimDisk {
    fn create_directory(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.operate(Operation::Create, |state| {
            let id = state.contents.len();
            state.contents.push(Content::default());
            state.rename(NameChange::Set(path.to_owned(), id));
        })?;
        self.open(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let state = self.lock();
        let id = state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(SimFile { disk: self.clone(), id: *id }))
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate(Operation::Rename, |state| {
            let id = state.names[from];
            state.rename(NameChange::Set(to.to_owned(), id));
            state.rename(NameChange::Gone(from.to_owned()));
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if !self.lock().names.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.operate(Operation::Remove, |state| state.rename(NameChange::Gone(path.to_owned())))
    }

    fn sync_directory(&self, _path: &Path) -> io::Result<()> {
        self.operate(Operation::SyncDirectory, |state| {
            state.name_changes.clear();
            state.durable_names = state.names.clone();
        })
    }

    fn names(&self, path: &Path) -> io::Result<Vec<String>> {
        let state = self.lock();
        let inside = state.names.keys().filter(|name| name.parent() == Some(path));
        let names = inside.filter_map(|name| name.file_name()?.to_str().map(str::to_owned));
        Ok(names.collect())
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    id: usize,
}

impl File for SimFile {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        let fault = state.begin_write(self.id, at as usize + bytes.len());
        let written = match fault {
            None | Some(Fault::FailsButPersists) => bytes.len(),
            Some(Fault::Tears(length)) => length.min(bytes.len()),
            Some(Fault::Full) => bytes.len() / 2,
            Some(Fault::Fails | Fault::PowerLoss) => 0,
        };
        if written > 0 {
            let change = Change::Write { at: at as usize, bytes: bytes[..written].to_vec() };
            state.contents[self.id].change(change);
        }
        fault.map_or(Ok(()), |fault| Err(fault.error()))
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let state = self.disk.lock();
        let seen = &state.contents[self.id].seen;
        let from = seen.len().min(at as usize);
        let length = buffer.len().min(seen.len() - from);
        buffer[..length].copy_from_slice(&seen[from..from + length]);
        Ok(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.lock();
        let fault = state.begin(Operation::Sync);
        let content = &mut state.contents[self.id];
        match fault {
            None => content.sync(),
            Some(Fault::FailsButPersists) => {
                content.sync();
                return Err(Fault::FailsButPersists.error());
            }
            Some(Fault::PowerLoss) => return Err(Fault::PowerLoss.error()),
            // As kernels do: the pages are clean from now on, and what was in them is only seen.
            Some(fault) => {
                content.pending.clear();
                return Err(fault.error());
            }
        }
        Ok(())
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let change = Change::SetLen(bytes as usize);
        self.disk.operate(Operation::SetLen, |state| state.contents[self.id].change(change))
    }

    fn allocate(&self, at: u64, bytes: u64) -> io::Result<()> {
        if self.disk.lock().cannot_allocate {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.disk.operate(Operation::Allocate, |state| {
            let content = &mut state.contents[self.id];
            let length = content.seen.len().max((at + bytes) as usize);
            content.change(Change::SetLen(length));
        })
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.lock().contents[self.id].seen.len() as u64)
    }
}
