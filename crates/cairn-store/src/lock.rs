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
/// A process number and what it does are shorter than this; more of the file is not read.
const HOLDER_BYTES_MAX: u64 = 128;

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
    #[error("{} is in use by {}", directory.display(), holder_text(holder.as_ref()))]
    Held {
        /// The data directory.
        directory: PathBuf,
        /// The holder, if it has left its number.
        holder: Option<Holder>,
    },
    /// Others read it; they leave no name.
    #[error("{} is being read by another process", directory.display())]
    Read {
        /// The data directory.
        directory: PathBuf,
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

/// Who holds a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The number of the process.
    pub pid: u32,
    /// What it does there, as it said itself; empty if it did not.
    pub work: String,
}

fn holder_text(holder: Option<&Holder>) -> String {
    match holder {
        None => "another process".to_owned(),
        Some(Holder { pid, work }) if work.is_empty() => format!("process {pid}"),
        Some(Holder { pid, work }) => format!("process {pid} (`{work}`)"),
    }
}

impl DirectoryLock {
    /// Makes the directory if there is none, and takes it for `work`, such as `cairn serve`, or says
    /// who has it.
    pub fn acquire(directory: &Path, work: &str) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { directory: directory.to_owned(), source };
        crate::durable::create_directory(directory).map_err(failed)?;
        let path = directory.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let directory = directory.to_owned();
                // Beside readers there is room for one more, and the name in the file is of somebody
                // who has gone.
                return Err(match file.try_lock_shared() {
                    Ok(()) => LockError::Read { directory },
                    Err(_) => LockError::Held { directory, holder: read_holder(&mut file) },
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        write_holder(&mut file, work).map_err(failed)?;
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
                let holder = read_holder(&mut file);
                Err(LockError::Held { directory: directory.to_owned(), holder })
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.take(HOLDER_BYTES_MAX).read_to_string(&mut text).ok()?;
    let text = text.trim();
    let (pid, work) = text.split_once(' ').unwrap_or((text, ""));
    Some(Holder { pid: pid.parse().ok()?, work: work.to_owned() })
}

fn write_holder(file: &mut File, work: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{} {work}\n", std::process::id()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{DirectoryLock, Holder, LockError};

    #[test]
    fn a_second_holder_is_refused_and_told_who_has_it() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("data");
        let held = DirectoryLock::acquire(&directory, "cairn serve").unwrap();
        let pid = std::process::id();
        let refusals = [
            DirectoryLock::acquire(&directory, "cairn import").unwrap_err(),
            DirectoryLock::acquire_to_read(&directory).unwrap_err(),
        ];
        for error in refusals {
            let told = error.to_string();
            assert!(told.ends_with(&format!("in use by process {pid} (`cairn serve`)")), "{told}");
            let LockError::Held { holder, .. } = error else { panic!("{told}") };
            assert_eq!(holder, Some(Holder { pid, work: "cairn serve".to_owned() }));
        }
        drop(held);
        DirectoryLock::acquire(&directory, "").unwrap();
    }

    #[test]
    fn readers_are_not_taken_for_who_was_there_before() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("data");
        drop(DirectoryLock::acquire(&directory, "cairn serve").unwrap());
        let readers = [(); 2].map(|()| DirectoryLock::acquire_to_read(&directory).unwrap());
        let error = DirectoryLock::acquire(&directory, "cairn serve").unwrap_err();
        assert!(matches!(error, LockError::Read { .. }), "{error}");
        drop(readers);
        DirectoryLock::acquire(&directory, "cairn serve").unwrap();
    }

    #[test]
    fn a_lock_of_an_earlier_version_names_only_the_process() {
        let parent = tempfile::tempdir().unwrap();
        let held = DirectoryLock::acquire(parent.path(), "cairn serve").unwrap();
        std::fs::write(held.path(), "17\n").unwrap();
        let error = DirectoryLock::acquire(parent.path(), "cairn serve").unwrap_err();
        assert!(error.to_string().ends_with("in use by process 17"), "{error}");
        std::fs::write(held.path(), "").unwrap();
        let error = DirectoryLock::acquire(parent.path(), "cairn serve").unwrap_err();
        assert!(error.to_string().ends_with("in use by another process"), "{error}");
    }
}
