//! Files that earlier versions wrote, and that every later one reads.
//!
//! `tests/golden/vN` was written by version N of the formats and is never changed. When a format
//! changes, run `cargo test -p cairn-store -- --ignored write_golden` and commit the new directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use cairn_event::Timestamp;
use cairn_store::{
    Attributes, Clock, Condition, EventLog, Key, KeyPrefix, LocalObjects, LogOptions, MetaStore,
    ObjectName, Objects, Offset, ReadLimit, SegmentLog, SqliteMeta, fsck,
};

/// The version that is written now.
const CURRENT: &str = "v1";
const CHAIN: &str = "chain.hex";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn clock() -> Clock {
    Arc::new(|| Timestamp::from_ms(1_795_539_600_000))
}

fn options() -> LogOptions {
    LogOptions { segment_bytes_max: 900, ..LogOptions::new(clock()) }
}

/// The records of every golden log, batch by batch.
fn batches() -> Vec<Vec<Bytes>> {
    let record = |number: usize| {
        let padding = "é\\u0000\"".repeat(number * 3);
        Bytes::from(format!("{{\"eventVersion\":\"1.11\",\"n\":{number},\"pad\":\"{padding}\"}}"))
    };
    let single = (0..12).map(|number| vec![record(number)]);
    let odd = [vec![Bytes::new(), record(99), Bytes::from_static(b"\xff\0")]];
    single.chain(odd).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

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

const OBJECTS: [(&[u8], &[u8]); 3] =
    [(b"b/AWSLogs/x.json.gz", b"plain"), (b"b/\xff%", b"escaped"), (b"b//", b"hashed")];

fn attributes() -> Attributes {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Attributes {
        etag: Some("0123".to_owned()),
        headers: vec![pair("content-type", "application/json")],
        user: vec![pair("k", "v")],
    }
}

#[tokio::test]
#[ignore = "writes the files of the current version"]
async fn write_golden() {
    let target = golden().join(CURRENT);
    assert!(!target.exists(), "what was written once is never changed");
    fs::create_dir_all(&target).unwrap();
    let log = SegmentLog::open(&target.join("log"), &options()).unwrap();
    for batch in batches() {
        log.append_blocking(&batch).unwrap();
    }
    fs::write(target.join(CHAIN), hex(&log.head().chain) + "\n").unwrap();
    drop(log);
    let meta = SqliteMeta::open(&target.join("meta.sqlite")).unwrap();
    let (trail, cursor) = (Key::parse("trail/a").unwrap(), Key::parse("cursor/history").unwrap());
    let version = meta.swap(&cursor, None, Bytes::from_static(b"1")).await.unwrap();
    meta.swap(&trail, None, Bytes::from_static(b"{}")).await.unwrap();
    meta.swap(&cursor, Some(version), Bytes::from_static(b"13")).await.unwrap();
    drop(meta);
    let objects = LocalObjects::open(&target.join("objects"), clock()).unwrap();
    for (name, bytes) in OBJECTS {
        let mut upload = objects.begin(100).await.unwrap();
        upload.write(Bytes::from_static(bytes)).await.unwrap();
        let name = ObjectName::new(name).unwrap();
        upload.finish(&name, attributes(), Condition::Absent).await.unwrap();
    }
}
