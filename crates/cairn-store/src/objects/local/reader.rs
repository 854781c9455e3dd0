//! One version of a local object, open for reading.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::{Store, lost};
use crate::files::File;
use crate::objects::{ObjectError, ObjectHead, ObjectName, ObjectReader, READ_BYTES_MAX};
use crate::threads::Threads;

/// Objects up to this length are read when they are opened: one trip to a thread that may block in
/// place of two.
const AHEAD_BYTES_MAX: u64 = 128 << 10;

/// An open object.
#[derive(Debug)]
pub(crate) struct LocalReader {
    head: ObjectHead,
    file: Arc<dyn File>,
    threads: Threads,
    /// All of it, if it is short.
    whole: Option<Bytes>,
}

impl LocalReader {
    /// Opens the current version.
    pub(crate) fn open(store: &Store, name: &ObjectName) -> Result<Option<Self>, ObjectError> {
        let failed = |error| ObjectError::io("open an object", error);
        loop {
            let Some(entry) = store.index.get(name)? else { return Ok(None) };
            let file = store.files.open(&store.data.join(&entry.path));
            let now = store.index.get(name)?;
            if now.is_none_or(|now| now.head.version != entry.head.version) {
                // Replaced between the two looks: the path may have been used again.
                continue;
            }
            let file = match file {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(ObjectError::Corrupt { name: name.clone() });
                }
                other => other.map_err(failed)?,
            };
            if file.len().map_err(failed)? != entry.head.bytes {
                return Err(ObjectError::Corrupt { name: name.clone() });
            }
            let head = entry.head;
            let is_short = head.bytes <= AHEAD_BYTES_MAX;
            let whole = is_short.then(|| read(&*file, name, 0, head.bytes as usize)).transpose()?;
            let threads = store.threads.clone();
            return Ok(Some(Self { head, file, threads, whole }));
        }
    }
}

#[async_trait]
impl ObjectReader for LocalReader {
    fn head(&self) -> &ObjectHead {
        &self.head
    }

    async fn read_at(&self, at: u64, bytes_max: usize) -> Result<Bytes, ObjectError> {
        let left = usize::try_from(self.head.bytes.saturating_sub(at)).unwrap_or(usize::MAX);
        let length = left.min(bytes_max).min(READ_BYTES_MAX);
        if length == 0 {
            return Ok(Bytes::new());
        }
        if let Some(whole) = &self.whole {
            let at = usize::try_from(at).unwrap_or(usize::MAX).min(whole.len());
            return Ok(whole.slice(at..at.saturating_add(length).min(whole.len())));
        }
        let (file, name) = (Arc::clone(&self.file), self.head.name.clone());
        let read = move || read(&*file, &name, at, length);
        self.threads.read(read).await.map_err(lost)?
    }
}

/// Reads what must be there.
fn read(file: &dyn File, name: &ObjectName, at: u64, length: usize) -> Result<Bytes, ObjectError> {
    let mut buffer = vec![0; length];
    let filled = file.read_at(&mut buffer, at);
    let filled = filled.map_err(|error| ObjectError::io("read an object", error))?;
    if filled < length {
        return Err(ObjectError::Corrupt { name: name.clone() });
    }
    Ok(Bytes::from(buffer))
}
