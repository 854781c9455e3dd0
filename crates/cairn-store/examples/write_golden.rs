//! Writes the golden files of the current version of the formats, once:
//! `cargo run -p cairn-store --example write_golden`.

#[path = "../tests/it/golden/content.rs"]
mod content;

use std::fs;

use bytes::Bytes;
use cairn_store::{
    Condition, Key, LocalObjects, MetaStore, ObjectName, Objects, SegmentLog, SqliteMeta,
};

use self::content::{CHAIN, CURRENT, OBJECTS, attributes, batches, clock, golden, hex, options};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let target = golden().join(CURRENT);
    assert!(!target.exists(), "what was written once is never changed");
    fs::create_dir_all(&target).expect("it can be written");
    let log = SegmentLog::open(&target.join("log"), &options()).expect("it can be written");
    for batch in batches() {
        log.append_blocking(&batch).expect("it can be written");
    }
    fs::write(target.join(CHAIN), hex(&log.head().chain) + "\n").expect("it can be written");
    drop(log);
    let meta = SqliteMeta::open(&target.join("meta.sqlite")).expect("it can be written");
    let (trail, cursor) = (
        Key::parse("trail/a").expect("it can be written"),
        Key::parse("cursor/history").expect("it can be written"),
    );
    let version =
        meta.swap(&cursor, None, Bytes::from_static(b"1")).await.expect("it can be written");
    meta.swap(&trail, None, Bytes::from_static(b"{}")).await.expect("it can be written");
    meta.swap(&cursor, Some(version), Bytes::from_static(b"13")).await.expect("it can be written");
    drop(meta);
    let objects = LocalObjects::open(&target.join("objects"), clock()).expect("it can be written");
    for (name, bytes) in OBJECTS {
        let mut upload = objects.begin(100).await.expect("it can be written");
        upload.write(Bytes::from_static(bytes)).await.expect("it can be written");
        let name = ObjectName::new(name).expect("it can be written");
        upload.finish(&name, attributes(), Condition::Absent).await.expect("it can be written");
    }
}
