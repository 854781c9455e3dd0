//! Looks at whole buckets, and knows nothing of how they came to be: what anybody can check who has
//! the objects and the listed public keys.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use cairn_bucket::testkit::StoredObject;
use cairn_event::Timestamp;
use cairn_event::digest::{Digest, SigningKey};
use libdeflater::Decompressor;

use super::world::{HOME, HOUR, World, at_once};

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// How many digests begin a chain.
    pub starting: usize,
    /// How many digests there are that are no backfill digests.
    pub digests: usize,
    /// How many backfill digests.
    pub backfills: usize,
    /// How many log files, all of which are vouched for.
    pub files: usize,
}

struct Seen {
    key: String,
    bucket: String,
    document: Digest,
    sha256: String,
    signature: String,
    backfill: bool,
}

fn hex(bytes: &[u8]) -> String {
    let digits = "0123456789abcdef".as_bytes();
    let pair = |byte: &u8| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]];
    bytes.iter().flat_map(pair).map(char::from).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

/// The content of one gzip member that is all of a body.
fn inflate(body: &[u8]) -> Vec<u8> {
    let size = u32::from_le_bytes(body[body.len() - 4..].try_into().unwrap());
    let mut content = vec![0; size as usize];
    let bytes = Decompressor::new().gzip_decompress(body, &mut content).unwrap();
    assert_eq!(bytes, content.len());
    content
}

fn seconds(text: &str) -> i64 {
    let at = Timestamp::parse_iso(text).unwrap();
    assert_eq!(at.iso_seconds(), text);
    at.as_seconds()
}

/// Checks everything; panics at what is wrong.
pub(super) async fn check(world: &World) -> Report {
    let mut keys = BTreeMap::new();
    for region in ["us-east-1", "eu-west-1", "ap-south-1"] {
        for key in world.keys(region).await {
            keys.insert((region.to_owned(), key.fingerprint.clone()), key);
        }
    }
    let (mut seen, mut logs) = (Vec::new(), BTreeMap::new());
    for bucket in ["logs", "other", "third"] {
        for (key, object) in world.memory.objects(bucket) {
            assert!(object.steady, "{key} was written with different contents");
            let content = inflate(&object.body);
            if key.contains("/CloudTrail-Digest/") {
                seen.push(open(bucket, &key, &object, &content, &keys));
            } else {
                logs.insert((bucket.to_owned(), key), hex(digest(&SHA256, &content).as_ref()));
            }
        }
    }
    let mut report = Report { files: logs.len(), ..Report::default() };
    check_files(&seen, logs);
    check_links(&seen, world.options.interval_ms / 1_000, &mut report);
    report
}

/// Checks a digest alone.
fn open(
    bucket: &str,
    key: &str,
    object: &StoredObject,
    content: &[u8],
    keys: &BTreeMap<(String, String), SigningKey>,
) -> Seen {
    let document: Digest = serde_json::from_slice(content).unwrap();
    let at = (&*document.digest_s3_bucket, &*document.digest_s3_object);
    assert_eq!(at, (bucket, key));
    let meta: BTreeMap<_, _> = object.metadata.iter().cloned().collect();
    let signature = meta["signature"].clone();
    assert_eq!(meta["signature-algorithm"], "SHA256withRSA");
    assert_eq!(document.digest_signature_algorithm, "SHA256withRSA");
    let backfill = key.ends_with("_backfill.json.gz");
    assert_eq!(backfill, meta.contains_key("backfill-generation-timestamp"));
    let parts: Vec<&str> = key.split('/').collect();
    let [account, _, region, year, month, day, name] = parts[parts.len() - 7..] else { panic!() };
    let stamp: String = document.digest_end_time.chars().filter(|c| !"-:".contains(*c)).collect();
    assert!(name.contains(&format!("_{stamp}")) && stamp.starts_with(&[year, month, day].concat()));
    assert!(name.starts_with(&format!("{account}_CloudTrail-Digest_{region}_")));
    assert_eq!(document.aws_account_id, account);
    let (start, end) = (seconds(&document.digest_start_time), seconds(&document.digest_end_time));
    assert!(start < end, "{key}");

    let print = &document.digest_public_key_fingerprint;
    let public = &keys[&(region.to_owned(), print.clone())];
    let valid = public.starts.as_ms()..public.ends.as_ms();
    assert!(valid.contains(&(end * 1_000)), "{key}: {public:?}");
    let sha256 = hex(digest(&SHA256, content).as_ref());
    let previous = document.previous_digest_signature.as_deref().unwrap_or("null");
    let signed = format!("{}\n{bucket}/{key}\n{sha256}\n{previous}", document.digest_end_time);
    let der = public.public_der().unwrap();
    let verifier = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der);
    verifier.verify(signed.as_bytes(), &unhex(&signature)).expect(key);
    Seen { key: key.to_owned(), bucket: bucket.to_owned(), document, sha256, signature, backfill }
}

/// Every log file is vouched for once, and is what it was.
fn check_files(seen: &[Seen], mut logs: BTreeMap<(String, String), String>) {
    for digest in seen {
        let files = &digest.document.log_files;
        let newest = files.iter().map(|file| file.newest_event_time.clone()).max();
        let oldest = files.iter().map(|file| file.oldest_event_time.clone()).min();
        assert_eq!(
            (&digest.document.newest_event_time, &digest.document.oldest_event_time),
            (&newest, &oldest)
        );
        for file in files {
            let region = digest.key.split('/').rev().nth(4).unwrap();
            assert!(file.s3_object.contains(&format!("/CloudTrail/{region}/")));
            let at = (file.s3_bucket.clone(), file.s3_object.clone());
            let hash = logs.remove(&at);
            assert!(hash.is_some(), "{} vouches for {at:?}, again or without need", digest.key);
            assert_eq!((hash.as_ref(), &*file.hash_algorithm), (Some(&file.hash_value), "SHA-256"));
        }
    }
    assert!(logs.is_empty(), "nothing vouches for {logs:?}");
}

/// Chains: each digest follows one that is there, nothing is followed twice, and windows touch.
fn check_links(seen: &[Seen], interval: i64, report: &mut Report) {
    let by_place: BTreeMap<(&str, &str), &Seen> =
        seen.iter().map(|seen| ((&*seen.bucket, &*seen.key), seen)).collect();
    let mut followed = BTreeSet::new();
    let mut stamps = BTreeSet::new();
    for digest in seen {
        let document = &digest.document;
        let name = digest.key.rsplit('/').next().unwrap();
        assert!(stamps.insert(name), "{name} is there twice");
        let length = seconds(&document.digest_end_time) - seconds(&document.digest_start_time);
        *(if digest.backfill { &mut report.backfills } else { &mut report.digests }) += 1;
        let previous = [
            &document.previous_digest_s3_bucket,
            &document.previous_digest_s3_object,
            &document.previous_digest_hash_value,
            &document.previous_digest_hash_algorithm,
            &document.previous_digest_signature,
        ];
        if previous.iter().all(|field| field.is_none()) {
            if !digest.backfill {
                report.starting += 1;
                assert!(document.log_files.is_empty() && length == interval, "{name}");
            }
            continue;
        }
        let [bucket, key, hash, algorithm, signature] =
            previous.map(|field| field.as_deref().expect("all five or none"));
        let before = by_place[&(bucket, key)];
        assert!(followed.insert((bucket, key)), "{key} is followed twice");
        assert_eq!((hash, signature), (&*before.sha256, &*before.signature));
        assert_eq!((algorithm, before.backfill), ("SHA-256", digest.backfill));
        if digest.backfill {
            assert!(before.document.digest_end_time < document.digest_end_time);
        } else {
            assert!(length <= interval, "{name}");
            assert_eq!(before.document.digest_end_time, document.digest_start_time, "{name}");
        }
    }
    // Every chain has one end: what nothing follows.
    let ends = seen.iter().filter(|s| !followed.contains(&(&*s.bucket, &*s.key))).count();
    let starts = seen.iter().filter(|s| s.document.previous_digest_signature.is_none()).count();
    assert_eq!(ends, starts);
}

type Tamper = fn(&World, &str, &str);

/// What the checker would be worth nothing without.
#[tokio::test(start_paused = true)]
async fn the_checker_sees_what_is_wrong() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    for _ in 0..4 {
        world.deliver(trail, HOME, 1).await;
        world.pass(HOUR).await;
    }
    check(&world).await;
    let tampers: [(&str, Tamper); 7] = [
        ("a digest is missing", |world, digest, _| world.memory.delete("logs", digest)),
        ("a log file is missing", |world, _, log| world.memory.delete("logs", log)),
        ("a log file has another content", |world, _, log| {
            let (key, object) = world.memory.objects("logs").pop_last().unwrap();
            assert_ne!(key, log);
            world.memory.tamper("logs", log, |log| log.body = object.body);
        }),
        ("nothing vouches for a log file", |world, _, _| drop(world.file(0, HOME, 9))),
        ("a signature is another", |world, digest, _| {
            let change = |(_, value): &mut (String, String)| *value = value.replace('a', "b");
            world.memory.tamper("logs", digest, |d| d.metadata.iter_mut().for_each(change));
        }),
        ("a digest was written in two ways", |world, digest, _| {
            world.memory.tamper("logs", digest, |d| d.steady = false);
        }),
        ("a digest is not where it was", |world, digest, log| {
            let body = world.memory.objects("logs")[digest].clone();
            world.memory.tamper("logs", log, |log| *log = body);
        }),
    ];
    for (wrong, tamper) in tampers {
        let world = world.copy();
        let keys: Vec<String> = world.memory.objects("logs").into_keys().collect();
        let digest = keys.iter().filter(|key| key.contains("-Digest/")).nth(2).unwrap();
        let log = keys.iter().find(|key| key.contains("/CloudTrail/")).unwrap();
        tamper(&world, digest, log);
        let seen = std::panic::AssertUnwindSafe(|| at_once(check(&world)));
        assert!(std::panic::catch_unwind(seen).is_err(), "{wrong}");
    }
}
