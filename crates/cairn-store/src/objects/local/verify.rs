//! Checking an object directory that nobody has opened, without changing anything.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::index::{Entry, Index};
use super::{DATA, INDEX_FILE, LocalObjects};
use crate::objects::ObjectError;

/// What is read of a file at once.
const READ_BYTES: usize = 256 << 10;

impl LocalObjects {
    /// Reads every object of a directory and lists what is wrong: an index that is damaged, an
    /// object whose bytes are missing or do not match their checksum. Blocks.
    pub fn verify(directory: &Path) -> Result<Vec<String>, ObjectError> {
        let index = directory.join(INDEX_FILE);
        if !index.is_file() {
            return Ok(vec![format!("{INDEX_FILE} is missing")]);
        }
        let (mut problems, entries) = Index::examine(&index)?;
        for problem in &mut problems {
            *problem = format!("{INDEX_FILE}: {problem}");
        }
        for entry in &entries {
            if let Some(why) = flaw(&directory.join(DATA).join(&entry.path), entry) {
                problems.push(format!("{DATA}/{}: {why}", entry.path));
            }
        }
        Ok(problems)
    }
}

fn flaw(path: &Path, entry: &Entry) -> Option<String> {
    let (bytes, crc32) = match sum_up(path) {
        Ok(content) => content,
        Err(error) => return Some(format!("cannot be read: {error}")),
    };
    if bytes != entry.head.bytes {
        return Some(format!("it has {bytes} bytes, not {}", entry.head.bytes));
    }
    (crc32 != entry.crc32).then(|| "its bytes do not match their checksum".to_owned())
}

fn sum_up(path: &Path) -> io::Result<(u64, u32)> {
    let mut file = File::open(path)?;
    let (mut bytes, mut crc32) = (0, crc32fast::Hasher::new());
    let mut piece = vec![0; READ_BYTES];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok((bytes, crc32.finalize()));
        }
        bytes += count as u64;
        crc32.update(piece.get(..count).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use cairn_event::Timestamp;

    use crate::{Attributes, Condition, LocalObjects, ObjectName, Objects as _};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn damage_of_an_object_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let clock = Arc::new(|| Timestamp::from_ms(0));
        let objects = LocalObjects::open(root, clock).unwrap();
        for name in ["a", "b/c"] {
            let mut upload = objects.begin(1 << 20).await.unwrap();
            upload.write(Bytes::from(vec![7; 300_000])).await.unwrap();
            let name = ObjectName::new(Bytes::from(name)).unwrap();
            upload.finish(&name, Attributes::default(), Condition::Always).await.unwrap();
        }
        drop(objects);
        assert_eq!(LocalObjects::verify(root).unwrap(), Vec::<String>::new());

        let path = root.join("data/b/c");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[299_999] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        std::fs::write(root.join("data/a"), b"short").unwrap();
        let problems = LocalObjects::verify(root).unwrap();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems.iter().any(|problem| problem.contains("data/b/c: its bytes do not")));
        std::fs::remove_file(&path).unwrap();
        assert!(LocalObjects::verify(root).unwrap().iter().any(|p| p.contains("cannot be read")));
        std::fs::remove_file(root.join("index.sqlite")).unwrap();
        assert_eq!(LocalObjects::verify(root).unwrap(), ["index.sqlite is missing"]);
    }
}
