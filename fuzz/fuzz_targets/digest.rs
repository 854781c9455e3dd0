//! Digests out of any bytes: read or refused. One that is read is written so that it reads back the
//! same, and can be held against the place where it was found, against what it must sign, and against
//! itself as the one before it.
#![no_main]

use cairn_event::digest::{Digest, Found, Link};
use cairn_event::key::DigestKey;
use cairn_event::{AccountId, Region, Timestamp};
use libfuzzer_sys::fuzz_target;

/// As long as the SHA-256 of anything.
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fuzz_target!(|bytes: &[u8]| {
    let Ok(digest) = Digest::parse(bytes) else { return };
    let again = Digest::parse(&digest.render()).expect("what is written can be read");
    assert_eq!(again, digest);

    let text = digest.signed_text(SHA256);
    assert!(text.starts_with(&digest.digest_end_time));

    let key = DigestKey::parse(&digest.digest_s3_object);
    let account = AccountId::parse("111122223333").expect("an account");
    let region = Region::parse("us-east-1").expect("a region");
    let found = Found {
        bucket: &digest.digest_s3_bucket,
        key: &digest.digest_s3_object,
        account: key.as_ref().map_or(&account, |key| &key.account),
        region: key.as_ref().map_or(&region, |key| &key.region),
        trail: key.as_ref().map_or("trail", |key| &key.trail),
        home_region: key.as_ref().map_or(&region, |key| &key.home_region),
    };
    let faults = digest.faults(&found);
    assert_eq!(faults, again.faults(&found));

    let end = Timestamp::parse_iso(&digest.digest_end_time).unwrap_or_default();
    let link = Link {
        bucket: digest.previous_digest_s3_bucket.clone().unwrap_or_default(),
        key: digest.previous_digest_s3_object.clone().unwrap_or_default(),
        sha256: digest.previous_digest_hash_value.clone().unwrap_or_default(),
        signature: digest.previous_digest_signature.clone().unwrap_or_default(),
        end,
    };
    for has_windows in [true, false] {
        assert_eq!(digest.breaks(&link, has_windows), again.breaks(&link, has_windows));
    }
});
