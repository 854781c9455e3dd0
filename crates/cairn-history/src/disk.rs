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
    /// It fails for want of room, and nothing has happened.
    Full,
    /// It happens, and says that there was no room.
    FullButPersists,
}

/// Asked before each write that can fail, with what it does.
#[cfg(any(test, feature = "testkit"))]
pub type FaultPlan = std::sync::Arc<dyn Fn(&'static str) -> Option<Fault> + Send + Sync>;

/// How long a file may become before a device is full, for a test that owns the device.
#[cfg(any(test, feature = "testkit"))]
pub type Room = std::sync::Arc<std::sync::atomic::AtomicU64>;

/// Where history writes.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    #[cfg(any(test, feature = "testkit"))]
    pub faults: Option<FaultPlan>,
    #[cfg(any(test, feature = "testkit"))]
    pub room: Option<Room>,
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
        let file = self.attempt(doing, || NewFile::create(target))?;
        Ok(NewSliceFile {
            file,
            bytes: 0,
            #[cfg(any(test, feature = "testkit"))]
            room: self.room.clone(),
        })
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
        let fault = self.faults.as_ref().and_then(|faults| faults(doing));
        if matches!(fault, None | Some(Fault::FailsButPersists | Fault::FullButPersists)) {
            let written = write().map_err(|source| HistoryError::io(doing, source));
            if fault.is_none() || written.is_err() {
                return written;
            }
        }
        match fault {
            Some(Fault::Full | Fault::FullButPersists) => Err(HistoryError::Full),
            _ => Err(HistoryError::io(doing, io::Error::other("a test wants this to fail"))),
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
    #[cfg(any(test, feature = "testkit"))]
    room: Option<Room>,
}

impl NewSliceFile {
    /// How many bytes were written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Write for NewSliceFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(any(test, feature = "testkit"))]
        if let Some(room) = &self.room
            && self.bytes + bytes.len() as u64 > room.load(std::sync::atomic::Ordering::SeqCst)
        {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
