//! The seam between the stores and the disk: the few operations that can fail.
//!
//! Everything that the log and the objects do to files goes through [`Files`], so that tests can
//! make each operation fail, tear, or succeed and still report a failure, and can take the power
//! away between any two of them. The program uses [`OsFiles`].

mod os;
#[cfg(test)]
pub(crate) mod sim;

pub(crate) use os::OsFiles;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A file system.
pub(crate) trait Files: Send + Sync + fmt::Debug {
    /// Makes a directory and those above it, durably.
    fn create_directory(&self, path: &Path) -> io::Result<()>;
    /// Makes a file, empty, for reading and writing; one that has the name is emptied.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Opens a file for reading only.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Opens a file for reading and writing.
    fn open_to_write(&self, path: &Path) -> io::Result<Arc<dyn File>>;
    /// Gives a file another name, replacing what had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Takes a name away.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
    /// The names in a directory, in no order.
    fn names(&self, path: &Path) -> io::Result<Vec<String>>;
}

/// An open file. Positions are explicit, so one handle serves many threads.
pub(crate) trait File: Send + Sync + fmt::Debug {
    /// Writes all of the bytes, or fails with any part of them written.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;
    /// Fills the buffer as far as the file goes, and returns how far that was.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize>;
    /// Makes the content durable, and the length as far as the content needs it.
    fn sync_data(&self) -> io::Result<()>;
    /// Makes content and length durable.
    fn sync_all(&self) -> io::Result<()>;
    /// Cuts the file, or lengthens it with zeros.
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    /// Sets space aside, which reads as zeros. `Unsupported` where the device cannot.
    fn allocate(&self, at: u64, bytes: u64) -> io::Result<()>;
    /// The length.
    fn len(&self) -> io::Result<u64>;
}
