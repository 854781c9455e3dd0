//! The few writes that history makes, each through the durable steps of `cairn-store`.
//!
//! They stand behind one value so that a test can make each of them fail, or fail after it
//! persisted.

use std::io::{self, Write};
use std::path::Path;

use cairn_store::durable::{self, NewFile};

use crate::HistoryError;

/// What a write does when a test wants it to fail.
#[cfg(any(test, feature = "testkit"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and nothing has happened.
    Fails,
    /// It happens, and says that it failed.
    FailsButPersists,
}

/// Asked before each write that can fail, with what it does.
#[cfg(any(test, feature = "testkit"))]
pub type FaultPlan = std::sync::Arc<dyn Fn(&'static str) -> Option<Fault> + Send + Sync>;

/// Where history writes.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    #[cfg(any(test, feature = "testkit"))]
    pub faults: Option<FaultPlan>,
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Disk")
    }
}

impl Disk {
    /// Begins a file that takes its name when it is published.
    pub(crate) fn create(&self, target: &Path) -> Result<NewSliceFile, HistoryError> {
        let doing = "create a history file";
        self.attempt(doing, || NewFile::create(target)).map(|file| NewSliceFile { file, bytes: 0 })
    }

    /// Gives a file its name, durably.
    pub(crate) fn publish(&self, file: NewSliceFile) -> Result<(), HistoryError> {
        self.attempt("publish a history file", || file.file.publish())
    }

    /// Removes a file, durably; none is no error.
    pub(crate) fn remove(&self, path: &Path) -> Result<(), HistoryError> {
        self.attempt("remove a history file", || durable::remove_file(path))
    }

    /// Makes the directory.
    pub(crate) fn create_directory(&self, path: &Path) -> Result<(), HistoryError> {
        self.attempt("create the history directory", || durable::create_directory(path))
    }

    #[cfg(any(test, feature = "testkit"))]
    fn attempt<T>(
        &self,
        doing: &'static str,
        write: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, HistoryError> {
        let failed = || HistoryError::io(doing, io::Error::other("a test wants this to fail"));
        match self.faults.as_ref().and_then(|faults| faults(doing)) {
            None => write().map_err(|source| HistoryError::io(doing, source)),
            Some(Fault::Fails) => Err(failed()),
            Some(Fault::FailsButPersists) => {
                write().map_err(|source| HistoryError::io(doing, source))?;
                Err(failed())
            }
        }
    }

    #[cfg(not(any(test, feature = "testkit")))]
    #[expect(clippy::unused_self, reason = "with faults, it is used")]
    fn attempt<T>(
        &self,
        doing: &'static str,
        write: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, HistoryError> {
        write().map_err(|source| HistoryError::io(doing, source))
    }
}

/// A file that is not published yet. Dropped, it leaves nothing.
#[derive(Debug)]
pub(crate) struct NewSliceFile {
    file: NewFile,
    bytes: u64,
}

impl NewSliceFile {
    /// How many bytes were written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Write for NewSliceFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
