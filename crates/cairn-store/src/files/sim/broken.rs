//! The operating system's files, with faults. For stores that keep a part of their state in files
//! which the simulated disk cannot hold.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::{Fault, Operation};
use crate::files::{File, Files, OsFiles};

/// Real files, of whose operations one is broken.
#[derive(Clone, Debug, Default)]
pub(crate) struct BrokenFiles(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    log: Vec<Operation>,
    broken: Option<(usize, Fault)>,
}

impl BrokenFiles {
    /// Breaks the operation of this number, counted from 0 over the life of this value.
    pub(crate) fn break_operation(&self, number: usize, fault: Fault) {
        self.0.lock().unwrap().broken = Some((number, fault));
    }

    /// The operations so far.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        self.0.lock().unwrap().log.clone()
    }

    fn fault(&self, operation: Operation) -> Option<Fault> {
        let mut plan = self.0.lock().unwrap();
        let number = plan.log.len();
        plan.log.push(operation);
        plan.broken.filter(|(broken, _)| *broken == number).map(|(_, fault)| fault)
    }

    fn operate<T>(
        &self,
        operation: Operation,
        perform: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        match self.fault(operation) {
            None => perform(),
            Some(fault) => {
                if fault == Fault::FailsButPersists {
                    perform()?;
                }
                Err(fault.error())
            }
        }
    }

    fn wrap(&self, file: Arc<dyn File>) -> Arc<dyn File> {
        Arc::new(BrokenFile { plan: self.clone(), file })
    }
}

impl Files for BrokenFiles {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::CreateDirectory, || OsFiles.create_directory(path))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.operate(Operation::Create, || OsFiles.create(path)).map(|file| self.wrap(file))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        OsFiles.open(path).map(|file| self.wrap(file))
    }

    fn open_to_write(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        OsFiles.open_to_write(path).map(|file| self.wrap(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate(Operation::Rename, || OsFiles.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::Remove, || OsFiles.remove(path))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::SyncDirectory, || OsFiles.sync_directory(path))
    }

    fn names(&self, path: &Path) -> io::Result<Vec<String>> {
        OsFiles.names(path)
    }
}

#[derive(Debug)]
struct BrokenFile {
    plan: BrokenFiles,
    file: Arc<dyn File>,
}

impl File for BrokenFile {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let Some(fault) = self.plan.fault(Operation::Write) else {
            return self.file.write_at(bytes, at);
        };
        let written = match fault {
            Fault::FailsButPersists => bytes.len(),
            Fault::Tears(length) => length.min(bytes.len()),
            Fault::Full => bytes.len() / 2,
            Fault::Fails | Fault::PowerLoss => 0,
        };
        self.file.write_at(&bytes[..written], at)?;
        Err(fault.error())
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.file.read_at(buffer, at)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.plan.operate(Operation::Sync, || self.file.sync_data())
    }

    fn sync_all(&self) -> io::Result<()> {
        self.plan.operate(Operation::Sync, || self.file.sync_all())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.plan.operate(Operation::SetLen, || self.file.set_len(bytes))
    }

    fn allocate(&self, at: u64, bytes: u64) -> io::Result<()> {
        self.plan.operate(Operation::Allocate, || self.file.allocate(at, bytes))
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
}
