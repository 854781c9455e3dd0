//! One process per data directory.
//!
//! Two servers on one directory would give the same offsets twice. The lock is the kernel's own
//! (`flock`), so it goes away with the process, however that ends; the file's text is only there
//! to name the holder to whoever is refused.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The name of the lock file in the data directory.
pub const LOCK_FILE: &str = "lock";
/// A process number is shorter than this; more of the file is not read.
const PID_BYTES_MAX: u64 = 32;

/// Holds a data directory for this process until it is dropped.
#[derive(Debug)]
pub struct DirectoryLock {
    // The lock lives as long as the open file.
    _file: File,
    path: PathBuf,
}

/// Why a data directory could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{} is in use by process {}", directory.display(), pid_text(*pid))]
    Held {
        /// The data directory.
        directory: PathBuf,
        /// The holder, if it has left its number.
        pid: Option<u32>,
    },
    /// The lock file cannot be made or read.
    #[error("cannot lock {}", directory.display())]
    Io {
        /// The data directory.
        directory: PathBuf,
        /// What the device said.
        #[source]
        source: io::Error,
    },
}

fn pid_text(pid: Option<u32>) -> String {
    pid.map_or_else(|| "(unknown)".to_owned(), |pid| pid.to_string())
}

impl DirectoryLock {
    /// Makes the directory if there is none, and takes it, or says who has it.
    pub fn acquire(directory: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { directory: directory.to_owned(), source };
        crate::durable::create_directory(directory).map_err(failed)?;
        let path = directory.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = read_pid(&mut file);
                return Err(LockError::Held { directory: directory.to_owned(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        write_pid(&mut file).map_err(failed)?;
        Ok(Self { _file: file, path })
    }

    /// Keeps writers away for as long as somebody reads, without changing anything; several may
    /// read. `None` if the directory was never locked: nobody writes to it.
    pub fn acquire_to_read(directory: &Path) -> Result<Option<Self>, LockError> {
        let failed = |source| LockError::Io { directory: directory.to_owned(), source };
        let path = directory.join(LOCK_FILE);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed(source)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Some(Self { _file: file, path })),
            Err(TryLockError::WouldBlock) => {
                let pid = read_pid(&mut file);
                Err(LockError::Held { directory: directory.to_owned(), pid })
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(PID_BYTES_MAX).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::{DirectoryLock, LockError};

    #[test]
    fn a_second_holder_is_refused_and_told_who_has_it() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("data");
        let held = DirectoryLock::acquire(&directory).unwrap();
        let Err(error) = DirectoryLock::acquire(&directory) else {
            panic!("two locks on one directory")
        };
        assert!(
            matches!(error, LockError::Held { pid: Some(pid), .. } if pid == std::process::id())
        );
        assert!(error.to_string().contains(&std::process::id().to_string()));
        drop(held);
        DirectoryLock::acquire(&directory).unwrap();
    }
}
