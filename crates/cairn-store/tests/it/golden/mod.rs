//! Files that earlier versions wrote, and that every later one reads.
//!
//! `tests/golden/vN` was written by version N of the formats and is never changed. When a format
//! changes, raise `content::CURRENT`, run
//! `cargo run -p cairn-store --example write_golden` and commit the new directory.

mod content;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cairn_store::{
    EventLog, KeyPrefix, LocalObjects, MetaStore, ObjectName, Objects, Offset, ReadLimit,
    SegmentLog, SqliteMeta, fsck,
};

use self::content::{CHAIN, CURRENT, OBJECTS, attributes, batches, clock, golden, hex, options};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn versions() -> Vec<PathBuf> {
    let versions: Vec<_> =
        fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(versions.contains(&golden().join(CURRENT)));
    versions
}

#[test]
fn logs_of_every_version_are_read_and_continued() {
    for version in versions() {
        let report = fsck(&version.join("log")).unwrap();
        assert!(report.findings.is_empty(), "{:?}", report.findings);
        assert!(report.segments.len() >= 2);
        let directory = tempfile::tempdir().unwrap();
        copy(&version.join("log"), directory.path());
        let log = SegmentLog::open(directory.path(), &options()).unwrap();
        let chain = fs::read_to_string(version.join(CHAIN)).unwrap();
        assert_eq!(hex(&log.head().chain), chain.trim());
        let limit = ReadLimit { records_max: usize::MAX, bytes_max: usize::MAX };
        let slice = log.read_blocking(Offset::ZERO, limit).unwrap();
        assert_eq!(slice.records, batches().concat());
        assert!(slice.appended_ms.iter().all(|ms| *ms == clock()().as_ms()));
        let next = log.committed();
        assert_eq!(log.append_blocking(&[b"later"]).unwrap(), next);
        drop(log);
        assert!(fsck(directory.path()).unwrap().findings.is_empty());
    }
}

#[tokio::test]
async fn state_of_every_version_is_read() {
    for version in versions() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("meta.sqlite");
        fs::copy(version.join("meta.sqlite"), &path).unwrap();
        let meta = SqliteMeta::open(&path).unwrap();
        let entries = meta.list(&KeyPrefix::default(), None, 10).await.unwrap();
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let entries: Vec<_> = entries
            .iter()
            .map(|(key, entry)| (key.as_str(), entry.version.as_u64(), text(&entry.value)))
            .collect();
        assert_eq!(entries, [("cursor/history", 3, "13".into()), ("trail/a", 2, "{}".into())]);
    }
}

#[tokio::test]
async fn objects_of_every_version_are_read() {
    for version in versions() {
        let directory = tempfile::tempdir().unwrap();
        copy(&version.join("objects"), directory.path());
        let objects = LocalObjects::open(directory.path(), clock()).unwrap();
        for (name, bytes) in OBJECTS {
            let name = ObjectName::new(name).unwrap();
            let reader = objects.open(&name).await.unwrap().unwrap();
            assert_eq!(reader.read_at(0, 100).await.unwrap(), bytes);
            assert_eq!(reader.head().attributes, attributes());
            assert_eq!(reader.head().modified, clock()());
        }
    }
}
