//! A local object that is being written.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::index::{self, NewEntry};
use super::{Store, lost, place};
use crate::files::File;
use crate::objects::{Attributes, Condition, ObjectError, ObjectHead, ObjectName, ObjectUpload};

/// Chunks are gathered until there is so much to write.
const WRITE_BYTES: usize = 256 << 10;

/// A file under `unfinished/`; removed unless it was finished.
#[derive(Debug)]
pub(crate) struct LocalUpload {
    unfinished: Unfinished,
    bytes: u64,
    bytes_max: u64,
    gathered: Vec<u8>,
    /// Over all that was written.
    crc32: crc32fast::Hasher,
    /// A write has failed: the file is not what the caller thinks.
    broken: bool,
}

/// What was written.
#[derive(Clone, Copy, Debug)]
struct Content {
    bytes: u64,
    crc32: u32,
}

/// The file of an upload.
#[derive(Debug)]
struct Unfinished {
    store: Arc<Store>,
    path: PathBuf,
    file: Arc<dyn File>,
    renamed: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.renamed {
            // What stays is removed when the store is opened.
            let _ = self.store.files.remove(&self.path);
        }
    }
}

impl LocalUpload {
    pub(crate) fn begin(store: Arc<Store>, bytes_max: u64) -> Result<Self, ObjectError> {
        let path = store.next_upload();
        let file = store.files.create(&path);
        let file = file.map_err(|error| ObjectError::io("begin an object", error))?;
        let unfinished = Unfinished { store, path, file, renamed: false };
        let (gathered, crc32) = (Vec::new(), crc32fast::Hasher::new());
        Ok(Self { unfinished, bytes: 0, bytes_max, gathered, crc32, broken: false })
    }

    /// Writes what was gathered.
    async fn flush(&mut self) -> Result<(), ObjectError> {
        let gathered = std::mem::take(&mut self.gathered);
        let at = self.bytes.saturating_sub(gathered.len() as u64);
        let file = Arc::clone(&self.unfinished.file);
        self.broken = true;
        let written = move || file.write_at(&gathered, at);
        let written = self.unfinished.store.threads.change(written).await.map_err(lost)?;
        written.map_err(|error| ObjectError::io("write an object", error))?;
        self.broken = false;
        Ok(())
    }

    fn refuse_if_broken(&self) -> Result<(), ObjectError> {
        if self.broken {
            let source = io::Error::other("an earlier write has failed");
            return Err(ObjectError::Io { doing: "go on with an object", source: source.into() });
        }
        Ok(())
    }
}

#[async_trait]
impl ObjectUpload for LocalUpload {
    async fn write(&mut self, chunk: Bytes) -> Result<(), ObjectError> {
        self.refuse_if_broken()?;
        let bytes = self.bytes.saturating_add(chunk.len() as u64);
        if bytes > self.bytes_max {
            self.broken = true;
            return Err(ObjectError::TooLarge { bytes_max: self.bytes_max });
        }
        self.bytes = bytes;
        self.crc32.update(&chunk);
        self.gathered.extend_from_slice(&chunk);
        if self.gathered.len() >= WRITE_BYTES { self.flush().await } else { Ok(()) }
    }

    async fn finish(
        mut self: Box<Self>,
        name: &ObjectName,
        attributes: Attributes,
        condition: Condition,
    ) -> Result<ObjectHead, ObjectError> {
        self.refuse_if_broken()?;
        self.flush().await?;
        let (name, content) =
            (name.clone(), Content { bytes: self.bytes, crc32: self.crc32.finalize() });
        let unfinished = self.unfinished;
        let threads = unfinished.store.threads.clone();
        let finish = move || unfinished.finish(&name, content, attributes, condition);
        threads.change(finish).await.map_err(lost)?
    }
}

impl Unfinished {
    fn finish(
        mut self,
        name: &ObjectName,
        content: Content,
        attributes: Attributes,
        condition: Condition,
    ) -> Result<ObjectHead, ObjectError> {
        let store = Arc::clone(&self.store);
        let failed = |error| ObjectError::io("finish an object", error);
        self.file.sync_all().map_err(failed)?;
        let _name = store.lock(name);
        let before = store.index.get(name)?;
        index::check(condition, name, before.as_ref())?;
        let in_use = before.as_ref().map(|entry| entry.path.as_str());
        let put = {
            let _tree = store.tree.read().unwrap_or_else(PoisonError::into_inner);
            let path = self.put_in_place(name, in_use).map_err(failed)?;
            let modified = (store.now)();
            let Content { bytes, crc32 } = content;
            let new = NewEntry { name, bytes, modified, path: &path, attributes, crc32 };
            store.index.put(new, condition).map_err(|error| (path, error))
        };
        match put {
            Ok(head) => {
                if let Some(before) = in_use {
                    store.discard(before);
                }
                Ok(head)
            }
            Err((_, error @ ObjectError::Unknown { .. })) => Err(error),
            Err((path, error)) => {
                store.discard(&path);
                Err(error)
            }
        }
    }

    /// Renames the file to a path under `data/` that no entry uses, durably.
    fn put_in_place(&mut self, name: &ObjectName, in_use: Option<&str>) -> io::Result<String> {
        let readable = place::readable(name.as_bytes()).filter(|_| self.store.case_matters);
        if let Some(path) = readable {
            let path = place::free(path, in_use);
            match self.rename_to(&path) {
                Err(error) if is_in_the_way(&error) => {}
                other => return other.map(|()| path),
            }
        }
        let path = place::free(place::hashed(name.as_bytes()), in_use);
        self.rename_to(&path).map(|()| path)
    }

    fn rename_to(&mut self, path: &str) -> io::Result<()> {
        let Store { files, data, .. } = &*self.store;
        let target = data.join(path);
        let directory = crate::durable::parent(&target);
        self.store.create_directory(directory)?;
        files.rename(&self.path, &target)?;
        self.renamed = true;
        files.sync_directory(directory)
    }
}

/// Whether a path cannot be because of others: `a` is a file and `a/b` is wanted, or the reverse.
fn is_in_the_way(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::InvalidFilename
    )
}
