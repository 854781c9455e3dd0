//! Objects in a local directory.
//!
//! # Layout
//!
//! ```text
//! DIR/index.sqlite      names in byte order, attributes, and where the bytes lie
//! DIR/data/…            the bytes, one file each, at a path that looks like the name
//! DIR/unfinished/N      uploads under way; emptied when the store is opened
//! ```
//!
//! # Write
//!
//! An upload is written and synced under `unfinished/`, renamed to a path under `data/` that the
//! index does not use, and its directory synced. Then one `SQLite` transaction points the name at
//! the path: that is the moment at which the object is there, bytes and attributes together. The
//! bytes that were there before are removed afterwards.
//!
//! # Recover
//!
//! There is nothing to do: the index is right at every crash point. What a crash can leave is a
//! file to which no entry points. The next upload to the same name takes its place;
//! [`LocalObjects::sweep`] finds the others.
//!
//! # Read
//!
//! The entry, then the file, then the entry again: if it is another version by then, once more. The
//! open file stays the same version whatever happens to its name.

mod index;
mod place;
mod reader;
#[cfg(test)]
mod tests;
mod upload;
mod verify;

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_trait::async_trait;
use tokio::task::JoinError;

use self::index::Index;
use self::reader::LocalReader;
use self::upload::LocalUpload;
use super::{
    Condition, ListQuery, ObjectError, ObjectHead, ObjectName, ObjectReader, ObjectUpload, Objects,
};
use crate::Clock;
use crate::files::{Files, OsFiles};
use crate::threads::Threads;

/// The index's file name.
const INDEX_FILE: &str = "index.sqlite";
/// The directory of the objects' bytes.
const DATA: &str = "data";
/// The directory of uploads under way.
const UNFINISHED: &str = "unfinished";
/// Changes of different names run side by side on so many locks.
const NAME_LOCKS: usize = 64;
/// So many directories are remembered as durable; then it begins anew.
const DIRECTORIES_MAX: usize = 4_096;

/// An [`Objects`] store in a directory of the local disk.
///
/// One process at a time may have it open; [`crate::DirectoryLock`] sees to that.
#[derive(Clone)]
pub struct LocalObjects {
    store: Arc<Store>,
}

/// What uploads, readers and the store share.
pub(crate) struct Store {
    files: Arc<dyn Files>,
    threads: Threads,
    data: PathBuf,
    unfinished: PathBuf,
    index: Index,
    now: Clock,
    uploads: AtomicU64,
    names: Vec<Mutex<()>>,
    /// Held to write while empty directories are removed, to read while files are put into them.
    tree: RwLock<()>,
    /// Directories that are known to be durable, so that an upload need not sync their names again.
    durable: Mutex<HashSet<PathBuf>>,
    /// Whether `A` and `a` are two files here.
    case_matters: bool,
}

impl LocalObjects {
    /// Opens the store in a directory, or makes it. Blocks.
    pub fn open(directory: &Path, now: Clock) -> Result<Self, ObjectError> {
        Self::open_on(Arc::new(OsFiles), directory, now)
    }

    pub(crate) fn open_on(
        files: Arc<dyn Files>,
        directory: &Path,
        now: Clock,
    ) -> Result<Self, ObjectError> {
        let opened = |error| ObjectError::io("open the object directory", error);
        let (data, unfinished) = (directory.join(DATA), directory.join(UNFINISHED));
        for path in [&data, &unfinished] {
            files.create_directory(path).map_err(opened)?;
        }
        for name in files.names(&unfinished).map_err(opened)? {
            files.remove(&unfinished.join(name)).map_err(opened)?;
        }
        let store = Store {
            case_matters: case_matters(&unfinished).map_err(opened)?,
            files,
            threads: Threads::new(),
            data,
            unfinished,
            index: Index::open(&directory.join(INDEX_FILE))?,
            now,
            uploads: AtomicU64::new(0),
            names: std::iter::repeat_with(Mutex::default).take(NAME_LOCKS).collect(),
            tree: RwLock::default(),
            durable: Mutex::default(),
        };
        Ok(Self { store: Arc::new(store) })
    }

    /// Removes files to which no entry points: what crashes left behind. Blocks; may run at any
    /// time. Returns how many there were.
    pub fn sweep(&self) -> Result<u64, ObjectError> {
        let failed = |error| ObjectError::io("sweep the object directory", error);
        let mut removed = 0;
        let mut directories = vec![self.store.data.clone()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(&directory).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                if path.is_dir() {
                    directories.push(path);
                } else if self.store.remove_if_unused(&path)? {
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }

    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Store>) -> Result<T, ObjectError> + Send + 'static,
    ) -> Result<T, ObjectError> {
        let store = Arc::clone(&self.store);
        self.store.threads.change(move || work(&store)).await.map_err(lost)?
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Store>) -> Result<T, ObjectError> + Send + 'static,
    ) -> Result<T, ObjectError> {
        let store = Arc::clone(&self.store);
        self.store.threads.read(move || work(&store)).await.map_err(lost)?
    }
}

/// Work on another thread broke off.
fn lost(error: JoinError) -> ObjectError {
    ObjectError::Unknown { source: error.into() }
}

#[async_trait]
impl Objects for LocalObjects {
    async fn begin(&self, bytes_max: u64) -> Result<Box<dyn ObjectUpload>, ObjectError> {
        let upload = self.change(move |store| LocalUpload::begin(Arc::clone(store), bytes_max));
        Ok(Box::new(upload.await?))
    }

    async fn head(&self, name: &ObjectName) -> Result<Option<ObjectHead>, ObjectError> {
        let name = name.clone();
        self.read(move |store| Ok(store.index.get(&name)?.map(|entry| entry.head))).await
    }

    async fn open(&self, name: &ObjectName) -> Result<Option<Box<dyn ObjectReader>>, ObjectError> {
        let name = name.clone();
        let reader = self.read(move |store| LocalReader::open(store, &name)).await?;
        Ok(reader.map(|reader| Box::new(reader) as Box<dyn ObjectReader>))
    }

    async fn list(&self, query: &ListQuery) -> Result<Vec<ObjectHead>, ObjectError> {
        let query = query.clone();
        self.read(move |store| store.index.list(&query)).await
    }

    async fn delete(&self, name: &ObjectName, condition: Condition) -> Result<bool, ObjectError> {
        let name = name.clone();
        self.change(move |store| store.delete(&name, condition)).await
    }
}

impl Store {
    fn next_upload(&self) -> PathBuf {
        self.unfinished.join(self.uploads.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// Holds off other changes of a name.
    fn lock(&self, name: &ObjectName) -> Option<MutexGuard<'_, ()>> {
        let index = crc32fast::hash(name.as_bytes()) as usize % NAME_LOCKS;
        self.names.get(index).map(|lock| lock.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn delete(&self, name: &ObjectName, condition: Condition) -> Result<bool, ObjectError> {
        let _held = self.lock(name);
        let Some(path) = self.index.remove(name, condition)? else { return Ok(false) };
        self.discard(&path);
        Ok(true)
    }

    /// Removes bytes to which no entry points any more, and directories that this leaves empty.
    /// A failure leaves garbage for a sweep, no more.
    fn discard(&self, path: &str) {
        let file = self.data.join(path);
        if let Err(error) = self.files.remove(&file) {
            tracing::warn!(%error, "an object's bytes are left for the next sweep");
            return;
        }
        let _held = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        let mut directory = crate::durable::parent(&file);
        while directory != self.data && fs::remove_dir(directory).is_ok() {
            self.durable().remove(directory);
            directory = crate::durable::parent(directory);
        }
    }

    /// Makes a directory, or makes sure that the one that is there stays. Its caller holds `tree`.
    fn create_directory(&self, directory: &Path) -> io::Result<()> {
        // A person may have removed one that was empty.
        if self.durable().contains(directory) && directory.is_dir() {
            return Ok(());
        }
        self.files.create_directory(directory)?;
        let mut durable = self.durable();
        if durable.len() >= DIRECTORIES_MAX {
            durable.clear();
        }
        durable.insert(directory.to_owned());
        Ok(())
    }

    fn durable(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes a file if no entry points to it and none is about to.
    fn remove_if_unused(&self, path: &Path) -> Result<bool, ObjectError> {
        // Uploads hold this from the rename to the entry.
        let _held = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        let below = path.strip_prefix(&self.data).ok().and_then(Path::to_str);
        if let Some(below) = below
            && self.index.has_path(below)?
        {
            return Ok(false);
        }
        match self.files.remove(path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(ObjectError::io("sweep the object directory", error)),
        }
    }
}

impl ObjectError {
    pub(crate) fn io(doing: &'static str, source: io::Error) -> Self {
        if crate::log::is_full(&source) {
            return Self::Full;
        }
        Self::Io { doing, source: source.into() }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("data", &self.data).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for LocalObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalObjects").field("data", &self.store.data).finish_non_exhaustive()
    }
}

/// Some file systems take `A` and `a` for one name. Readable paths would then mix objects up.
fn case_matters(directory: &Path) -> io::Result<bool> {
    let (lower, upper) = (directory.join("case"), directory.join("CASE"));
    fs::write(&lower, b"")?;
    let matters = !upper.exists();
    fs::remove_file(&lower)?;
    Ok(matters)
}
