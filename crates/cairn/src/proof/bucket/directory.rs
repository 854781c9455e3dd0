//! A copy of a bucket in a directory, keys as paths, as `aws s3 sync` makes it.
//!
//! Such a copy has no metadata, so the signatures of digests are missing. All but the newest of a
//! chain stand in the digest after them. Beside an object may lie `OBJECT.metadata.json`: either the
//! metadata itself, or what `aws s3api head-object` printed.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use cairn_event::Timestamp;
use cairn_event::digest::Digest;
use cairn_event::key::DigestKey;
use serde_json::Value as Json;

use super::super::inflate::Inflater;
use super::{Admit, Bucket, Listed, Metadata, OBJECT_BYTES_MAX, Object, ReadError, Show};

/// The folder in which trails write, below the prefix.
const ROOT: &str = "AWSLogs";
/// How deep that folder is looked for: a prefix may have parts.
const ROOT_DEPTH_MAX: usize = 8;
/// What the name of a file with metadata ends with.
const METADATA_ENDING: &str = ".metadata.json";
/// The longest file with metadata.
const METADATA_BYTES_MAX: u64 = 64 << 10;

/// A directory whose paths are keys, or the ends of keys.
#[derive(Debug)]
pub(crate) struct DirectoryBucket {
    root: PathBuf,
    /// What keys begin with before the path: what was copied is a folder of the bucket.
    mount: String,
    name: Option<String>,
    /// The root was found above what was given: nothing beside its `AWSLogs` is anybody's business.
    is_above: bool,
}

impl DirectoryBucket {
    /// The copies of buckets in a directory, or around it: each folder that has `AWSLogs` in it is
    /// one. A directory without any is taken as it is. `name` is the bucket's, if that is known.
    pub(crate) fn find(directory: &Path, name: Option<&str>) -> anyhow::Result<Vec<Self>> {
        let looked_at = || format!("cannot read {}", directory.display());
        let metadata = std::fs::metadata(directory).with_context(looked_at)?;
        anyhow::ensure!(metadata.is_dir(), "{} is no directory", directory.display());
        let whole = std::path::absolute(directory).with_context(looked_at)?;
        let around = whole.ancestors().filter(|path| path.ends_with(ROOT)).last();
        let mut roots: Vec<PathBuf> =
            around.and_then(Path::parent).map(Path::to_path_buf).into_iter().collect();
        let is_above = !roots.is_empty();
        if !is_above {
            roots_in(directory, &mut roots);
        }
        if roots.is_empty() {
            roots.push(directory.to_path_buf());
        }
        roots.sort_unstable();
        let open = |root: PathBuf| {
            let name = name.map(str::to_owned);
            let mut bucket = Self { root, mount: String::new(), name, is_above };
            bucket.settle();
            bucket
        };
        Ok(roots.into_iter().map(open).collect())
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The key of a file in it, by its path from the directory on.
    pub(crate) fn key_of(&self, path: &Path) -> Option<String> {
        Some(format!("{}{}", self.mount, path.to_str()?))
    }

    /// Where the file of a key is.
    pub(crate) fn path_of(&self, key: &str) -> Option<PathBuf> {
        self.path(key)
    }

    /// Lets a digest say where in its bucket the directory is.
    fn settle(&mut self) {
        let mut said = None;
        let _ = self.list("", &mut |listed| {
            if DigestKey::parse(&listed.key).is_some()
                && let Ok(object) = self.read(&listed.key)
                && let Ok(content) = Inflater::new().whole(object.content)
                && let Ok(digest) = Digest::parse(content)
            {
                said = Some((listed.key, digest.digest_s3_object));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        let Some((path, key)) = said else { return };
        if let Some(above) = key.strip_suffix(&path).filter(|above| above.ends_with('/')) {
            above.clone_into(&mut self.mount);
        }
    }

    /// The path of a key; none if it would lead out of the directory.
    fn path(&self, key: &str) -> Option<PathBuf> {
        let key = key.strip_prefix(&self.mount)?;
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        key.split('/').all(is_plain).then(|| self.root.join(key))
    }

    fn metadata(path: &Path) -> Result<Metadata, ReadError> {
        let mut name = path.as_os_str().to_owned();
        name.push(METADATA_ENDING);
        let mut text = String::new();
        match open_regular(Path::new(&name)) {
            Ok(file) => file.take(METADATA_BYTES_MAX).read_to_string(&mut text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Metadata::default());
            }
            Err(error) => Err(error),
        }
        .with_context(|| format!("cannot read {}", Path::new(&name).display()))
        .map_err(ReadError::Failed)?;
        let document: Json = serde_json::from_str(&text).unwrap_or_default();
        let pairs = document.get("Metadata").unwrap_or(&document).as_object();
        let pairs = pairs.into_iter().flatten();
        Ok(Metadata::of(pairs.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))))
    }
}

impl Bucket for DirectoryBucket {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn has_room_for(&self, key: &str) -> bool {
        key.starts_with(&self.mount)
    }

    fn keeps_metadata(&self) -> bool {
        false
    }

    fn tells_time(&self) -> bool {
        false
    }

    fn reads_at_once(&self) -> usize {
        2
    }

    fn list(&self, prefix: &str, show: &mut Show<'_>) -> Result<(), ReadError> {
        let begin = if self.is_above {
            (self.root.join(ROOT), format!("{}{ROOT}/", self.mount))
        } else {
            (self.root.clone(), self.mount.clone())
        };
        let mut waiting = vec![begin];
        while let Some((directory, start)) = waiting.pop() {
            let looked_at = || format!("cannot list {}", directory.display());
            let entries = std::fs::read_dir(&directory).with_context(looked_at);
            for entry in entries.map_err(ReadError::Failed)? {
                let entry = entry.with_context(looked_at).map_err(ReadError::Failed)?;
                let key = format!("{start}{}", entry.file_name().to_string_lossy());
                // A link is taken for what it leads to: a copy may be laid out with links.
                let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
                if metadata.is_dir() {
                    let start = format!("{key}/");
                    let is_inside = start.starts_with(prefix) || prefix.starts_with(&start);
                    let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                    if is_inside && !is_link {
                        waiting.push((entry.path(), start));
                    }
                } else if key.starts_with(prefix) && !key.ends_with(METADATA_ENDING) {
                    let modified = metadata.modified().ok().and_then(timestamp);
                    let listed = Listed { key, bytes: metadata.len(), modified };
                    if show(listed).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn read_after(&self, key: &str, admit: &mut Admit<'_>) -> Result<Object, ReadError> {
        let path = self.path(key).ok_or(ReadError::Missing)?;
        let looked_at = || format!("cannot read {}", path.display());
        let mut file = match open_regular(&path) {
            Ok(file) => file,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Err(ReadError::Missing);
            }
            Err(error) => {
                return Err(ReadError::Failed(anyhow::Error::new(error).context(looked_at())));
            }
        };
        let length = file.metadata().with_context(looked_at).map_err(ReadError::Failed)?.len();
        if length > OBJECT_BYTES_MAX as u64 {
            return Err(ReadError::TooLarge);
        }
        admit(length);
        let mut content = Vec::with_capacity(length as usize + 1);
        let limited = file.by_ref().take(OBJECT_BYTES_MAX as u64 + 1).read_to_end(&mut content);
        limited.with_context(looked_at).map_err(ReadError::Failed)?;
        if content.len() > OBJECT_BYTES_MAX {
            return Err(ReadError::TooLarge);
        }
        let is_digest = key.contains("/CloudTrail-Digest/");
        let metadata = if is_digest { Self::metadata(&path)? } else { Metadata::default() };
        Ok(Object { content, metadata })
    }

    fn sibling(&self, _: &str) -> Option<Arc<dyn Bucket>> {
        None
    }
}

/// Opens a file that holds bytes. A pipe would be waited for, for ever.
fn open_regular(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
    }
}

/// Folders in a directory in which trails write: those that hold `AWSLogs`.
fn roots_in(directory: &Path, roots: &mut Vec<PathBuf>) {
    let mut waiting = vec![(directory.to_path_buf(), 0)];
    while let Some((path, depth)) = waiting.pop() {
        if path.join(ROOT).is_dir() {
            roots.push(path);
        } else if depth < ROOT_DEPTH_MAX {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            waiting.extend(folders.map(|entry| (entry.path(), depth + 1)));
        }
    }
}

fn timestamp(time: std::time::SystemTime) -> Option<Timestamp> {
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_ms(i64::try_from(since.as_millis()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_paths_and_metadata_lies_beside_them() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("AWSLogs/1/CloudTrail-Digest");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("d.json.gz"), "x").unwrap();
        let text = r#"{"Metadata":{"signature":"0f","signature-algorithm":"SHA256withRSA"}}"#;
        std::fs::write(folder.join("d.json.gz.metadata.json"), text).unwrap();
        std::fs::write(folder.join("e.json.gz"), "y").unwrap();
        std::fs::write(folder.join("e.json.gz.metadata.json"), r#"{"signature":"1f"}"#).unwrap();
        std::fs::write(root.path().join("other"), "z").unwrap();
        let [bucket] = &DirectoryBucket::find(root.path(), None).unwrap()[..] else {
            panic!("there is one");
        };
        let mut keys = Vec::new();
        bucket
            .list("AWSLogs/", &mut |listed| {
                keys.push(listed.key);
                ControlFlow::Continue(())
            })
            .unwrap();
        keys.sort();
        let prefix = "AWSLogs/1/CloudTrail-Digest/";
        assert_eq!(keys, [format!("{prefix}d.json.gz"), format!("{prefix}e.json.gz")]);
        let read = |name: &str| bucket.read(&format!("{prefix}{name}"));
        assert_eq!(read("d.json.gz").unwrap().metadata.signature.as_deref(), Some("0f"));
        assert_eq!(read("e.json.gz").unwrap().metadata.signature.as_deref(), Some("1f"));
        assert!(matches!(read("f.json.gz"), Err(ReadError::Missing)));
        for outside in ["../x", "a/../../x", "/etc/passwd", "a//b", ""] {
            assert!(matches!(bucket.read(outside), Err(ReadError::Missing)), "{outside}");
        }
    }

    #[test]
    fn what_lies_beside_the_given_folder_is_not_looked_at() {
        let home = tempfile::tempdir().unwrap();
        let given = home.path().join("AWSLogs/1/CloudTrail");
        for folder in [&given, &home.path().join("letters/AWSLogs/1")] {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join("a.json.gz"), "x").unwrap();
        }
        for directory in [&given, &home.path().join("AWSLogs")] {
            let [bucket] = &DirectoryBucket::find(directory, None).unwrap()[..] else {
                panic!("there is one");
            };
            let mut keys = Vec::new();
            let mut show = |listed: Listed| {
                keys.push(listed.key);
                ControlFlow::Continue(())
            };
            bucket.list("", &mut show).unwrap();
            assert_eq!(keys, ["AWSLogs/1/CloudTrail/a.json.gz"]);
        }
    }

    #[test]
    fn a_pipe_is_listed_and_not_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("AWSLogs/1/CloudTrail-Digest");
        std::fs::create_dir_all(&folder).unwrap();
        let made = std::process::Command::new("mkfifo").arg(folder.join("d.json.gz")).status();
        assert!(made.unwrap().success());
        let bucket = DirectoryBucket::find(root.path(), None).unwrap().remove(0);
        let mut keys = Vec::new();
        let mut show = |listed: Listed| {
            keys.push(listed.key);
            ControlFlow::Continue(())
        };
        bucket.list("", &mut show).unwrap();
        assert_eq!(keys, ["AWSLogs/1/CloudTrail-Digest/d.json.gz"]);
        assert!(matches!(bucket.read(&keys[0]), Err(ReadError::Failed(_))));
    }
}
