//! Reads whole buckets and says what is wrong with them, from records and keys alone.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use cairn_bucket::testkit::StoredObject;
use cairn_event::key::{Folder, LogKey};
use cairn_event::trail::{LogFile, Trail, place};
use cairn_event::{RecordHead, Timestamp};
use cairn_store::KeyPrefix;
use libdeflater::Decompressor;
use serde_json::value::RawValue;

use super::world::World;

/// A log file as it was found.
pub(super) struct Found {
    pub bucket: String,
    pub key: String,
    pub records: Vec<Bytes>,
    sha256: String,
    newest: Timestamp,
    oldest: Timestamp,
}

#[derive(serde::Deserialize)]
struct Content<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<&'a RawValue>,
}

/// The content of one gzip member, and nothing behind it.
fn unzip(body: &[u8]) -> Vec<u8> {
    let (_, length) = body.split_last_chunk::<4>().unwrap();
    let mut content = vec![0; u32::from_le_bytes(*length) as usize];
    let written = Decompressor::new().gzip_decompress(body, &mut content).unwrap();
    assert_eq!(written, content.len());
    content
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Reads a file, and checks it against its own key.
fn read(bucket: &str, key: &str, object: &StoredObject) -> Found {
    assert!(object.steady, "{key} was written with different bytes");
    let parsed = LogKey::parse(key).unwrap_or_else(|| panic!("{key} is no key of a log file"));
    let content = unzip(&object.body);
    let parts: Content<'_> = serde_json::from_slice(&content).unwrap();
    let records: Vec<Bytes> =
        parts.records.iter().map(|raw| Bytes::copy_from_slice(raw.get().as_bytes())).collect();
    assert!(!records.is_empty(), "{key} is empty");
    let joined: Vec<&[u8]> = records.iter().map(AsRef::as_ref).collect();
    let plain = [b"{\"Records\":[", joined.join(&b","[..]).as_slice(), b"]}"].concat();
    assert_eq!(content, plain, "{key} has more than records");
    let mut times = Vec::new();
    for record in &records {
        let head = RecordHead::parse(record).unwrap();
        assert_eq!(head.account(), Some(parsed.account.as_str()), "{key}");
        assert_eq!(head.aws_region.as_deref(), Some(parsed.region.as_str()), "{key}");
        assert_eq!(parsed.folder, Folder::CloudTrail);
        times.push(head.event_time.unwrap());
    }
    let (newest, oldest) = (*times.iter().max().unwrap(), *times.iter().min().unwrap());
    let after = parsed.time.as_ms() - newest.as_ms();
    assert!((1..=300_000).contains(&after), "{key} is labelled {after} ms after its newest record");
    assert_eq!(parsed.time.as_seconds() % 300, 0, "{key}");
    Found {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        records,
        sha256: hex(digest(&SHA256, &content).as_ref()),
        newest,
        oldest,
    }
}

impl World {
    /// All log files of a trail, wherever they are.
    pub(super) fn files_of(&self, trail: &Trail) -> Vec<Found> {
        let arn = trail.arn().to_string();
        let mut files = Vec::new();
        for bucket in ["logs", "other", "third"] {
            let objects = self.store.objects(bucket);
            let own = objects.iter().filter(|(_, object)| object.writer.trail_arn == arn);
            files.extend(own.map(|(key, object)| read(bucket, key, object)));
        }
        files
    }

    /// The trail has exactly the records with these offsets, each once; the files are entered for
    /// digests if it validates, and nothing else is.
    pub(super) async fn assert_delivered(&self, trail: &Trail, offsets: &[usize], when: &str) {
        let files = self.files_of(trail);
        let mut known: BTreeMap<&[u8], usize> = BTreeMap::new();
        known.extend(self.records.iter().enumerate().map(|(at, bytes)| (bytes.as_ref(), at)));
        let mut found = Vec::new();
        for file in &files {
            let of_file: Vec<usize> =
                file.records.iter().map(|record| known[record.as_ref()]).collect();
            assert!(of_file.is_sorted(), "{when}: {} is not in the order of the log", file.key);
            found.extend(of_file);
        }
        found.sort_unstable();
        assert_eq!(found, offsets, "{when}: records of {}", trail.name);
        self.assert_entered(trail, &files, when).await;
    }

    async fn assert_entered(&self, trail: &Trail, files: &[Found], when: &str) {
        let prefix = KeyPrefix::new(&format!("{}{}/", place::FILES, trail.id));
        let mut entries: BTreeMap<(String, String), (LogFile, String)> = BTreeMap::new();
        for (key, value) in self.meta.list(&prefix, None, 1_000).await.unwrap() {
            let listed: Vec<LogFile> = serde_json::from_slice(&value.value).unwrap();
            for entry in listed {
                let name = (entry.bucket.clone(), entry.key.clone());
                let twice = entries.insert(name, (entry, key.as_str().to_owned()));
                assert!(twice.is_none(), "{when}: {key} is entered twice");
            }
        }
        if !trail.validates_log_files {
            assert!(entries.is_empty(), "{when}: {entries:?}");
            return;
        }
        for file in files {
            let name = (file.bucket.clone(), file.key.clone());
            let Some((entry, under)) = entries.remove(&name) else {
                panic!("{when}: {} is not entered", file.key)
            };
            let parsed = LogKey::parse(&file.key).unwrap();
            let region = place::files(&trail.id, &parsed.account, &parsed.region);
            assert!(under.starts_with(&region), "{when}: {under}");
            assert_eq!(entry.sha256, file.sha256, "{when}");
            assert_eq!((entry.newest, entry.oldest), (file.newest, file.oldest), "{when}");
            assert!(entry.delivered <= self.now(), "{when}");
        }
        assert!(entries.is_empty(), "{when}: entered without a file: {entries:?}");
    }
}
