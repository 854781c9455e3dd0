//! Which files are read.
//!
//! A file that is named is read, whatever it is called. In a directory or bucket only files that can
//! hold records are read, by their names, so that all of it can be given.

use std::fs::Metadata;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::finished::{FileNote, FinishedFiles};
use super::left_out::{LeftOut, Why};
use crate::client::ServerChoice;
use crate::proof::{self, Listed, ReadError};
use crate::usage::OrUsage as _;

/// Endings of the names of files that are read in a directory, before compression.
pub(super) const ENDINGS: [&str; 4] = ["json", "jsonl", "ndjson", "log"];
/// Endings before `.gz` of files that hold no records.
const ENDINGS_OF_OTHERS: [&str; 7] = ["tar", "csv", "txt", "parquet", "xml", "md", "py"];
/// The folder in which a trail keeps its digests, which are JSON but no records (documented).
const DIGEST_FOLDER: &str = "CloudTrail-Digest";

/// The files to read.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Buckets that are read.
    pub(super) buckets: Vec<proof::Source>,
    /// Directories that are read.
    pub(super) directories: Vec<PathBuf>,
    /// Those that are named first, those of directories by name.
    pub(super) files: Vec<Source>,
    /// Whether there are digests beside them.
    pub(super) has_digests: bool,
    /// What is not read.
    pub(super) left_out: LeftOut,
    /// Directories and buckets in which there is nothing to read.
    pub(super) empty: Vec<String>,
}

/// Where a file is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// As the user would call it.
    File(PathBuf),
    /// The number of its bucket, and its key.
    Object(usize, String),
}

/// A file to read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) place: Place,
    /// What people call it.
    pub(super) name: String,
    /// How long it is.
    pub(super) bytes: u64,
    /// Says which content of which file this is; `None` if its name is no text.
    pub(super) note: Option<FileNote>,
    /// What a digest says of it, if there is one that nothing is wrong with.
    pub(super) said: Option<Said>,
}

/// What a digest says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// The SHA-256 of its content; `None` if it is no hash.
    pub(super) sha256: Option<[u8; 32]>,
    /// Whether the digest's signature is there, and holds.
    pub(super) is_anchored: bool,
}

impl Sources {
    /// Finds what the paths of the command line lead to. Links are followed only if they are named.
    pub(super) fn find(paths: &[PathBuf], server: &ServerChoice) -> anyhow::Result<Self> {
        let mut sources = Self::default();
        for path in paths {
            if let Some(place) = path.to_str().and_then(|path| path.strip_prefix("s3://")) {
                sources.bucket(place, proof::Source::s3(place, server).or_usage()?)?;
                continue;
            }
            let metadata = std::fs::metadata(path)
                .with_context(|| format!("cannot read {}", path.display()))
                .or_usage()?;
            if metadata.is_dir() {
                let before = sources.files.len();
                sources.walk(path)?;
                if sources.files.len() == before {
                    sources.empty.push(path.display().to_string());
                }
                sources.directories.push(path.clone());
            } else {
                sources.files.push(Source::new(path.clone(), &metadata));
            }
        }
        Ok(sources)
    }

    /// Lists a bucket, from a prefix on.
    fn bucket(&mut self, place: &str, source: proof::Source) -> anyhow::Result<()> {
        let number = self.buckets.len();
        let bucket = source.bucket.name().unwrap_or_default().to_owned();
        let mut found = Vec::new();
        let listed = source.bucket.list(&source.prefix, &mut |listed| {
            let path = Path::new(&listed.key);
            let is_digest = path.components().any(|part| part.as_os_str() == DIGEST_FOLDER);
            if can_hold_records(path) && !is_digest {
                found.push(Source::object(number, &bucket, listed));
            } else if is_digest {
                self.has_digests = true;
            } else if !listed.key.ends_with('/') {
                self.left_out.add(Why::Name, || format!("s3://{bucket}/{}", listed.key));
            }
            ControlFlow::Continue(())
        });
        if let Err(error) = listed {
            let told = Err(anyhow::anyhow!("s3://{place} {error}"));
            return if matches!(error, ReadError::Unnamed) { told.or_usage() } else { told };
        }
        if found.is_empty() {
            self.empty.push(format!("s3://{place}"));
        }
        self.files.append(&mut found);
        self.buckets.push(source);
        Ok(())
    }

    /// How many bytes are to be read.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Takes out what an earlier import has read to its end.
    pub(super) fn forget(&mut self, finished: &FinishedFiles) {
        self.files.retain(|file| {
            let is_known = file.note.as_ref().is_some_and(|note| finished.has(note));
            if is_known {
                self.left_out.add(Why::Known, || file.name.clone());
            }
            !is_known
        });
    }

    fn walk(&mut self, root: &Path) -> anyhow::Result<()> {
        let mut waiting = vec![root.to_path_buf()];
        while let Some(path) = waiting.pop() {
            let looked_at = || format!("cannot read {}", path.display());
            let metadata = std::fs::symlink_metadata(&path).with_context(looked_at)?;
            let is_root = path == root;
            if metadata.is_file() && can_hold_records(&path) {
                self.files.push(Source::new(path, &metadata));
            } else if is_root || (metadata.is_dir() && !path.ends_with(DIGEST_FOLDER)) {
                let first = waiting.len();
                for entry in std::fs::read_dir(&path).with_context(looked_at)? {
                    waiting.push(entry.with_context(looked_at)?.path());
                }
                waiting[first..].sort_unstable_by(|a, b| b.cmp(a));
            } else {
                self.has_digests |= metadata.is_dir();
                let why = if metadata.is_dir() {
                    Why::Digests
                } else if metadata.is_file() {
                    Why::Name
                } else {
                    Why::NoFile
                };
                self.left_out.add(why, || path.display().to_string());
            }
        }
        Ok(())
    }
}

impl Source {
    fn new(path: PathBuf, metadata: &Metadata) -> Self {
        let note = FileNote::of(&path, metadata);
        let name = path.display().to_string();
        Self { place: Place::File(path), name, bytes: metadata.len(), note, said: None }
    }

    fn object(number: usize, bucket: &str, listed: Listed) -> Self {
        let name = format!("s3://{bucket}/{}", listed.key);
        let note = FileNote::of_object(&name, &listed);
        let place = Place::Object(number, listed.key);
        Self { place, name, bytes: listed.bytes, note, said: None }
    }
}

/// Whether a file of this name may hold records.
fn can_hold_records(path: &Path) -> bool {
    let Some(ending) = ending(path) else { return false };
    if ending != "gz" {
        return ENDINGS.contains(&ending.as_str());
    }
    let inner = path.file_stem().map(Path::new).and_then(self::ending);
    !inner.is_some_and(|inner| ENDINGS_OF_OTHERS.contains(&inner.as_str()))
}

fn ending(path: &Path) -> Option<String> {
    path.extension()?.to_str().map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{ServerChoice, Sources, Why, can_hold_records};

    #[test]
    fn names_tell_which_files_of_a_directory_are_read() {
        for name in ["a.json", "a.JSONL", "a.b.json.gz", "a.gz", "a.log.gz", "a.2026.gz"] {
            assert!(can_hold_records(Path::new(name)), "{name}");
        }
        for name in ["README.md", "gen_events.py", "patterns.txt", "a", "a.tar.gz", ".json"] {
            assert!(!can_hold_records(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn a_walk_is_sorted_and_leaves_out_digests_and_links() {
        let root = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        for name in ["b.json", "a/2.json", "a/1.json", "CloudTrail-Digest/d.json.gz", "README.md"] {
            make(name);
        }
        std::os::unix::fs::symlink(root.path(), root.path().join("loop")).unwrap();
        let find = |path: &Path| Sources::find(&[path.to_path_buf()], &ServerChoice::default());
        let sources = find(root.path()).unwrap();
        let start = format!("{}/", root.path().display());
        let names = sources.files.iter().map(|file| file.name.strip_prefix(&start).unwrap());
        let names: Vec<_> = names.collect();
        assert_eq!(names, ["a/1.json", "a/2.json", "b.json"]);
        let left_out = [Why::Name, Why::Digests, Why::NoFile];
        assert_eq!(left_out.map(|why| sources.left_out.count(why)), [1; 3]);
        assert_eq!((sources.bytes(), sources.empty.len()), (3, 0));
        assert!(sources.has_digests);
        make("none/README.md");
        let none = root.path().join("none");
        let sources = find(&none).unwrap();
        assert_eq!(sources.empty, [none.display().to_string()]);
        assert!(!sources.has_digests);
        assert!(find(&root.path().join("missing")).is_err());
    }
}
