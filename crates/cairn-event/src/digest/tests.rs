use proptest::prelude::*;

use super::*;
use crate::{AccountId, Region, Timestamp};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const BUCKET: &str = "logs";
const KEY: &str = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/11/25/111122223333_\
                   CloudTrail-Digest_us-east-1_audit_us-east-1_20261125T170002Z.json.gz";
const BEFORE: &str = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/11/25/111122223333_\
                      CloudTrail-Digest_us-east-1_audit_us-east-1_20261125T160002Z.json.gz";
const LOG: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/25/111122223333_CloudTrail_\
                   us-east-1_20261125T1705Z_mFUkoDp0wKa7f6sQ.json.gz";

fn sample() -> Digest {
    let text = |text: &str| Some(text.to_owned());
    Digest {
        aws_account_id: "111122223333".to_owned(),
        digest_start_time: "2026-11-25T16:00:02Z".to_owned(),
        digest_end_time: "2026-11-25T17:00:02Z".to_owned(),
        digest_s3_bucket: BUCKET.to_owned(),
        digest_s3_object: KEY.to_owned(),
        digest_public_key_fingerprint: "7f3f401420072e50a65a141430817ab3".to_owned(),
        digest_signature_algorithm: SIGNATURE_ALGORITHM.to_owned(),
        newest_event_time: text("2026-11-25T16:58:00Z"),
        oldest_event_time: text("2026-11-25T16:01:00Z"),
        previous_digest_s3_bucket: text(BUCKET),
        previous_digest_s3_object: text(BEFORE),
        previous_digest_hash_value: Some("a1".repeat(32)),
        previous_digest_hash_algorithm: text(HASH_ALGORITHM),
        previous_digest_signature: Some("0f".repeat(256)),
        log_files: vec![DigestedFile {
            s3_bucket: BUCKET.to_owned(),
            s3_object: LOG.to_owned(),
            hash_value: "b2".repeat(32),
            hash_algorithm: HASH_ALGORITHM.to_owned(),
            newest_event_time: "2026-11-25T16:58:00Z".to_owned(),
            oldest_event_time: "2026-11-25T16:01:00Z".to_owned(),
        }],
    }
}

fn faults(digest: &Digest) -> Vec<StructureFault> {
    let (account, region) = (account(), region());
    digest.faults(&Found {
        bucket: BUCKET,
        key: KEY,
        account: &account,
        region: &region,
        trail: "audit",
        home_region: &region,
    })
}

fn account() -> AccountId {
    AccountId::parse("111122223333").unwrap()
}

fn region() -> Region {
    Region::parse("us-east-1").unwrap()
}

#[test]
fn a_digest_has_the_bytes_that_aws_writes() {
    let mut digest = sample();
    let text = String::from_utf8(digest.render()).unwrap();
    let names = [
        "awsAccountId",
        "digestStartTime",
        "digestEndTime",
        "digestS3Bucket",
        "digestS3Object",
        "digestPublicKeyFingerprint",
        "digestSignatureAlgorithm",
        "newestEventTime",
        "oldestEventTime",
        "previousDigestS3Bucket",
        "previousDigestS3Object",
        "previousDigestHashValue",
        "previousDigestHashAlgorithm",
        "previousDigestSignature",
        "logFiles",
    ];
    let places = names.map(|name| text.find(&format!("\"{name}\":")).expect(name));
    assert!(places.is_sorted(), "{text}");
    assert!(text.contains(r#""logFiles":[{"s3Bucket":"logs","s3Object":"AWSLogs/"#), "{text}");
    assert_eq!(Digest::parse(text.as_bytes()).unwrap(), digest);
    begin(&mut digest);
    digest.log_files.clear();
    (digest.newest_event_time, digest.oldest_event_time) = (None, None);
    let text = String::from_utf8(digest.render()).unwrap();
    assert!(text.contains(r#""newestEventTime":null,"oldestEventTime":null,"#), "{text}");
    assert!(text.ends_with(r#""previousDigestSignature":null,"logFiles":[]}"#), "{text}");
    assert_eq!(faults(&digest), []);
}

fn begin(digest: &mut Digest) {
    digest.previous_digest_s3_bucket = None;
    digest.previous_digest_s3_object = None;
    digest.previous_digest_hash_value = None;
    digest.previous_digest_hash_algorithm = None;
    digest.previous_digest_signature = None;
}

#[test]
fn a_signature_covers_four_lines() {
    let mut digest = sample();
    let signed = digest.signed_text("cc");
    let last = "0f".repeat(256);
    assert_eq!(signed, format!("2026-11-25T17:00:02Z\nlogs/{KEY}\ncc\n{last}"));
    begin(&mut digest);
    assert!(digest.signed_text("cc").ends_with("\ncc\nnull"));
}

#[test]
fn what_is_no_digest_is_refused() {
    let text = String::from_utf8(sample().render()).unwrap();
    for wrong in [
        text.replace("\"previousDigestSignature\":", "\"other\":"),
        text.replace("\"logFiles\":", "\"files\":"),
        text.replace("\"newestEventTime\":", "\"x\":"),
        text.replace("{\"awsAccountId\":\"111122223333\",", "{\"awsAccountId\":111122223333,"),
        text.replace("{\"awsAccountId\"", "{\"awsAccountId\":\"1\",\"awsAccountId\""),
        format!("{text}x"),
        text[..text.len() - 1].to_owned(),
        String::new(),
        "null".to_owned(),
        "[".repeat(100_000),
    ] {
        assert!(Digest::parse(wrong.as_bytes()).is_err(), "{wrong:.80}");
    }
    assert!(matches!(Digest::parse(b"\xff{}"), Err(DigestError::Utf8)));
    let long = vec![b' '; CONTENT_BYTES_MAX + 1];
    assert!(matches!(Digest::parse(&long), Err(DigestError::TooLong { .. })));
    let more = text.replace("{\"awsAccountId\"", "{\"added\":{\"a\":[1]},\"awsAccountId\"");
    assert_eq!(Digest::parse(more.as_bytes()).unwrap(), sample());
}

#[test]
fn every_contradiction_is_found() {
    type Change = fn(&mut Digest);
    assert_eq!(faults(&sample()), []);
    let cases: [(Change, &str); 17] = [
        (|d| d.aws_account_id = "444455556666".to_owned(), "it is of account 444455556666"),
        (|d| d.digest_s3_bucket = "other".to_owned(), "it belongs at s3://other/AWSLogs"),
        (|d| d.digest_s3_object.push('x'), "it belongs at s3://logs/AWSLogs"),
        (|d| d.digest_end_time = "2026-11-25T17:00:03Z".to_owned(), "its key is not the key"),
        (|d| d.digest_start_time = d.digest_end_time.clone(), "its window does not end"),
        (|d| d.digest_start_time = "2026-11-25 16:00:02".to_owned(), "digestStartTime is no time"),
        (|d| d.digest_public_key_fingerprint.make_ascii_uppercase(), "digestPublicKeyFinger"),
        (|d| d.digest_signature_algorithm = "SHA1withRSA".to_owned(), "digestSignatureAlgorithm"),
        (|d| d.previous_digest_s3_bucket = None, "it names the digest before it in part"),
        (|d| d.previous_digest_hash_algorithm = None, "it names the digest before it in part"),
        (|d| d.previous_digest_hash_value = Some("a".repeat(63)), "previousDigestHashValue"),
        (|d| d.previous_digest_signature = Some("0f".repeat(255)), "previousDigestSignature"),
        (|d| d.previous_digest_s3_object = Some(KEY.to_owned()), "it follows a digest that"),
        (|d| d.log_files.push(d.log_files[0].clone()), "it names s3://logs/AWSLogs"),
        (|d| d.log_files[0].s3_object = LOG.replace("us-east-1", "eu-west-1"), "s3://logs/AWSLogs"),
        (|d| d.log_files[0].hash_algorithm = "MD5".to_owned(), "hashAlgorithm is \"MD5\""),
        (|d| d.newest_event_time = None, "its newest and oldest event"),
    ];
    for (change, wanted) in cases {
        let mut digest = sample();
        change(&mut digest);
        let found = faults(&digest);
        let told = found.iter().any(|fault| fault.to_string().starts_with(wanted));
        assert!(told, "{wanted}: {found:?}");
    }
}

#[test]
fn a_digest_follows_one_digest() {
    type Change = fn(&mut Digest);
    let link = Link {
        bucket: BUCKET.to_owned(),
        key: BEFORE.to_owned(),
        sha256: "a1".repeat(32),
        signature: "0f".repeat(256),
        end: Timestamp::parse_iso("2026-11-25T16:00:02Z").unwrap(),
    };
    assert_eq!(sample().breaks(&link, true), []);
    let at = |second| Timestamp::parse_iso(&format!("2026-11-25T16:00:0{second}Z")).unwrap();
    let cases: [(Change, LinkFault); 6] = [
        (begin, LinkFault::Starting),
        (
            |d| d.previous_digest_s3_object = Some("x".to_owned()),
            LinkFault::Place { bucket: BUCKET.to_owned(), key: "x".to_owned() },
        ),
        (|d| d.previous_digest_hash_value = Some("b1".repeat(32)), LinkFault::Hash),
        (|d| d.previous_digest_signature = Some("1f".repeat(256)), LinkFault::Signature),
        (
            |d| d.digest_start_time = "2026-11-25T16:00:03Z".to_owned(),
            LinkFault::Gap { end: at(2), start: at(3) },
        ),
        (
            |d| d.digest_start_time = "2026-11-25T16:00:01Z".to_owned(),
            LinkFault::Overlap { end: at(2), start: at(1) },
        ),
    ];
    for (change, wanted) in cases {
        let mut digest = sample();
        change(&mut digest);
        let windows = matches!(wanted, LinkFault::Gap { .. } | LinkFault::Overlap { .. });
        assert_eq!(digest.breaks(&link, true), [wanted]);
        assert_eq!(digest.breaks(&link, false).is_empty(), windows);
    }
}

#[test]
fn a_fingerprint_is_the_md5_of_the_der() {
    let value = "MIIBCgKCAQEAlSS3cl92HDycr/MTj0moOhas8habjrraXw+KzlWF0axSI2tcF+3iJ9BKQAVSKxGwxwu3m0\
                 wG3J+kUl1xboEcEPHYoIYMbgfSw7KGnuDKwkLzsQWhUJ0cIbOHASox1vv/5fNXkrHhGbDCHeVXm804c8\
                 3nvHUEFYThr1PfyP/8HwrCtR3FX5OANtQCP61C1nJtSSkC8JSQUOrIP4CuwJjc+4WGDk+BGH5m9iuiAK\
                 kipEHWmUl8/P7XpfpWQuk4h8g3pXZOrNXr08lbh4d39svj7UqdhvOXoBISp9t/EXYuePGEtBdrKD9Dz+\
                 VHwyUPtBQvYr9BnkF88qBnaPNhS44rzwIDAQAB";
    let times = (Timestamp::from_seconds(1_453_076_702), Timestamp::from_seconds(1_455_668_702));
    let mut key = SigningKey::new(b"", times, b"sealed");
    assert_eq!(key.sealed_private().unwrap(), b"sealed");
    assert!(!format!("{key:?}").contains(key.sealed.as_deref().unwrap()));
    key.public = value.to_owned();
    // Documented: AWS's own key and its fingerprint.
    assert_eq!(fingerprint(&key.public_der().unwrap()), "7f3f401420072e50a65a141430817ab3");
    assert!(key.covers(times.0) && !key.covers(times.1));
    assert!(key.overlaps(Timestamp::from_ms(0), times.0));
    assert!(!key.overlaps(times.1, Timestamp::from_ms(i64::MAX)));
}

const ROTATION: Rotation = Rotation { validity_ms: 30 * DAY_MS, successor_ms: 20 * DAY_MS };

/// Signs windows one after the other and returns the keys that came of it.
fn sign(windows: impl IntoIterator<Item = (i64, i64)>, rotation: Rotation) -> Vec<SigningKey> {
    let mut keys: Vec<SigningKey> = Vec::new();
    for (end, now) in windows {
        let (end, now) = (Timestamp::from_ms(end), Timestamp::from_ms(now));
        let made = match choose(&keys, end, now, rotation) {
            Choice::Take(key) => {
                assert!(key.covers(end) && key.covers(now));
                continue;
            }
            Choice::Make { starts, ends } => (starts, ends),
        };
        let number = keys.len().to_string();
        keys.push(SigningKey::new(number.as_bytes(), made, b""));
        let Choice::Take(key) = choose(&keys, end, now, rotation) else {
            panic!("a key that was made for a window is taken for it");
        };
        assert!(key.covers(end) && key.covers(now));
        assert_eq!(key, keys.last().unwrap());
    }
    keys
}

#[test]
fn a_key_takes_over_after_twenty_days() {
    let first = 100 * DAY_MS;
    let hours = (0..24 * 61).map(|hour| (first + hour * HOUR_MS, first + hour * HOUR_MS));
    let keys = sign(hours, ROTATION);
    let starts: Vec<i64> = keys.iter().map(|key| key.starts.as_ms()).collect();
    let begin = first - HOUR_MS;
    assert_eq!(starts, [begin, begin + 20 * DAY_MS, begin + 40 * DAY_MS, begin + 60 * DAY_MS]);
    assert!(keys.iter().all(|key| key.ends.as_ms() - key.starts.as_ms() == 30 * DAY_MS));
}

#[test]
fn windows_of_the_past_are_signed_by_keys_that_hold_now() {
    let first = 100 * DAY_MS;
    // Three days without a server, across the end of the only key.
    let before = (0..24 * 19).map(|hour| (first + hour * HOUR_MS, first + hour * HOUR_MS));
    let back = first + 32 * DAY_MS;
    let after = (24 * 19..24 * 32).map(|hour| (first + hour * HOUR_MS, back));
    assert_eq!(sign(before.chain(after), ROTATION).len(), 2);
    // A hundred days without one.
    let late = (1..100).map(|day| (first + day * DAY_MS, first + 100 * DAY_MS));
    let keys = sign(std::iter::once((first, first)).chain(late), ROTATION);
    assert!(keys.len() < 8, "{keys:?}");
    // Windows of many chains end at different seconds of an hour.
    let chains = (0..600).map(|chain| (first - (chain % 7) * 500_000, first));
    assert_eq!(sign(chains, ROTATION).len(), 1);
    // Where everything is short, there is still no new key for each window.
    let short = Rotation { validity_ms: 3_000, successor_ms: 2_000 };
    let keys = sign((0..100).map(|at| (first + at * 1_000, first + at * 1_000 + 7)), short);
    assert!((40..=70).contains(&keys.len()), "{}", keys.len());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Digest::parse(&bytes);
    }

    #[test]
    fn no_text_makes_a_check_panic(place in 0_usize..14, text in "\\PC{0,60}") {
        let rendered = String::from_utf8(sample().render()).unwrap();
        let mut tree: serde_json::Value = serde_json::from_str(&rendered).unwrap();
        let name = tree.as_object().unwrap().keys().nth(place).unwrap().clone();
        if name != "logFiles" {
            tree[&name] = text.into();
            let digest = Digest::parse(tree.to_string().as_bytes()).unwrap();
            let _ = faults(&digest);
        }
    }

    #[test]
    fn a_key_is_always_found(windows in proptest::collection::vec(
        (0_i64..100 * DAY_MS, 0_i64..100 * DAY_MS), 1..60)) {
        sign(windows.into_iter().map(|(end, late)| (end, end + late)), ROTATION);
    }
}
