//! The ways of tampering, one function each.

use cairn_event::Timestamp;
use cairn_event::digest::Digest;

use super::world::{ACCOUNT, HOME, HOUR_MS, SIGNERS, World, after, gunzip, gzip, record, sha256};
use crate::proof::bucket::Metadata;

pub(super) fn log_key(world: &World, place: usize) -> String {
    world.chains[0].logs[place][0].clone()
}

pub(super) fn digest_key(world: &World, place: usize) -> String {
    world.chains[0].digests[place].clone()
}

pub(super) fn change_log(world: &mut World, place: usize, change: impl FnOnce(&mut Vec<u8>)) {
    let key = log_key(world, place);
    change(&mut world.object(&key).content);
}

pub(super) fn change_digest(world: &mut World, place: usize, change: impl FnOnce(&mut Vec<u8>)) {
    let key = digest_key(world, place);
    change(&mut world.object(&key).content);
}

pub(super) fn edit_log(world: &mut World, place: usize) {
    change_log(world, place, |file| {
        let text = String::from_utf8(gunzip(file)).unwrap();
        *file = gzip(text.replacen("PutObject", "GetObject", 1).as_bytes());
    });
}

pub(super) fn shorten_log(world: &mut World, place: usize) {
    change_log(world, place, |file| {
        let text = String::from_utf8(gunzip(file)).unwrap();
        let end = text.rfind(",{\"eventVersion").unwrap();
        *file = gzip(format!("{}]}}", &text[..end]).as_bytes());
    });
}

pub(super) fn empty_log(world: &mut World, place: usize) {
    change_log(world, place, |file| *file = gzip(b"{\"Records\":[]}"));
}

pub(super) fn turn_log(world: &mut World, place: usize) {
    change_log(world, place, |file| {
        let middle = file.len() / 2;
        file[middle] ^= 4;
    });
}

pub(super) fn cut_log(world: &mut World, place: usize) {
    change_log(world, place, |file| file.truncate(file.len() / 2));
}

pub(super) fn cut_log_trailer(world: &mut World, place: usize) {
    change_log(world, place, |file| file.truncate(file.len() - 8));
}

pub(super) fn delete_log(world: &mut World, place: usize) {
    let key = log_key(world, place);
    world.objects().remove(&key);
}

pub(super) fn clear_log(world: &mut World, place: usize) {
    change_log(world, place, Vec::clear);
}

pub(super) fn plain_log(world: &mut World, place: usize) {
    change_log(world, place, |file| *file = gunzip(file));
}

pub(super) fn append_to_log(world: &mut World, place: usize) {
    change_log(world, place, |file| file.extend_from_slice(b"more"));
}

pub(super) fn add_member_to_log(world: &mut World, place: usize) {
    change_log(world, place, |file| file.extend_from_slice(&gzip(b" ")));
}

pub(super) fn swap_logs(world: &mut World, place: usize) {
    let (one, other) = (log_key(world, place), world.chains[0].logs[place][1].clone());
    swap(world, &one, &other);
}

pub(super) fn swap(world: &mut World, one: &str, other: &str) {
    let (a, b) = (world.object(one).clone(), world.object(other).clone());
    *world.object(one) = b;
    *world.object(other) = a;
}

pub(super) fn foreign_log(world: &mut World, place: usize) {
    let other = world.chains[1].logs[place][0].clone();
    let content = world.object(&other).content.clone();
    change_log(world, place, |file| *file = content);
}

pub(super) fn edit_digest(world: &mut World, place: usize) {
    change_digest(world, place, |file| {
        let text = String::from_utf8(gunzip(file)).unwrap();
        *file =
            gzip(text.replacen("SHA256withRSA\",\"", "SHA256withRSA\",\"x\":1,\"", 1).as_bytes());
    });
}

pub(super) fn space_digest(world: &mut World, place: usize) {
    change_digest(world, place, |file| {
        let mut text = gunzip(file);
        text.push(b'\n');
        *file = gzip(&text);
    });
}

pub(super) fn turn_digest(world: &mut World, place: usize) {
    change_digest(world, place, |file| {
        let middle = file.len() / 2;
        file[middle] ^= 4;
    });
}

pub(super) fn cut_digest(world: &mut World, place: usize) {
    change_digest(world, place, |file| file.truncate(file.len() / 2));
}

pub(super) fn plain_digest(world: &mut World, place: usize) {
    change_digest(world, place, |file| *file = gunzip(file));
}

pub(super) fn clear_digest(world: &mut World, place: usize) {
    change_digest(world, place, Vec::clear);
}

pub(super) fn append_to_digest(world: &mut World, place: usize) {
    change_digest(world, place, |file| file.extend_from_slice(b"more"));
}

pub(super) fn metadata(world: &mut World, place: usize) -> &mut Metadata {
    let key = digest_key(world, place);
    &mut world.object(&key).metadata
}

pub(super) fn strip(world: &mut World, place: usize) {
    *metadata(world, place) = Metadata::default();
}

pub(super) fn strip_algorithm(world: &mut World, place: usize) {
    metadata(world, place).algorithm = None;
}

pub(super) fn claim_algorithm(world: &mut World, place: usize) {
    metadata(world, place).algorithm = Some("SHA1withRSA".to_owned());
}

pub(super) fn turn_signature(world: &mut World, place: usize) {
    let signature = metadata(world, place).signature.as_mut().unwrap();
    let last = if signature.ends_with('0') { "1" } else { "0" };
    signature.replace_range(511.., last);
}

pub(super) fn other_signature(world: &mut World, place: usize) {
    let other = metadata(world, (place + 1) % 7).clone();
    *metadata(world, place) = other;
}

pub(super) fn sign_anew(world: &mut World, place: usize) {
    let mut digest = world.read(&digest_key(world, place));
    digest.digest_public_key_fingerprint.clone_from(&SIGNERS[1].fingerprint);
    world.signer = 1;
    world.write(&digest);
}

pub(super) fn forge(world: &mut World, place: usize) {
    let mut digest = world.read(&digest_key(world, place));
    digest.log_files.clear();
    (digest.newest_event_time, digest.oldest_event_time) = (None, None);
    world.signer = 1;
    world.write(&digest);
}

pub(super) fn swap_digests(world: &mut World, place: usize) {
    let (one, other) = (digest_key(world, place), digest_key(world, (place + 1) % 7));
    swap(world, &one, &other);
}

pub(super) fn delete(world: &mut World, places: std::ops::Range<usize>) {
    for place in places {
        let key = digest_key(world, place);
        world.objects().remove(&key);
    }
}

pub(super) fn delete_all(world: &mut World, _: usize) {
    world.objects().retain(|key, _| !key.contains("CloudTrail-Digest"));
}

pub(super) fn plant(world: &mut World, stamp: &str) {
    let key = digest_key(world, 2);
    let planted = key.replace("20260110T021728Z", stamp);
    assert_ne!(planted, key);
    let object = world.object(&key).clone();
    world.objects().insert(planted, object);
}

pub(super) fn plant_future(world: &mut World, _: usize) {
    let key = digest_key(world, 2);
    let planted =
        key.replace("2026/01/10", "9999/12/31").replace("20260110T021728Z", "99991231T235959Z");
    let object = world.object(&key).clone();
    world.objects().insert(planted, object);
}

pub(super) fn rename(world: &mut World, _: usize) {
    let key = digest_key(world, 3);
    let object = world.objects().remove(&key).unwrap();
    world.objects().insert(key.replace("T031728Z", "T031729Z"), object);
}

pub(super) fn plant_log(world: &mut World, ms: i64, records: u64) {
    let time = Timestamp::from_ms(world.now.as_ms() + ms);
    let file = world.log(0, time);
    let records: Vec<_> =
        (0..records).map(|n| record(9_000 + n, time, ACCOUNT, HOME, "X")).collect();
    let content = gzip(format!("{{\"Records\":[{}]}}", records.join(",")).as_bytes());
    *world.object(&file.s3_object) =
        crate::proof::bucket::memory::Kept { content, modified: world.now, ..Default::default() };
}

pub(super) fn plant_copy(world: &mut World, place: usize) {
    let key = log_key(world, place);
    let mut object = world.object(&key).clone();
    object.modified = world.now;
    let name = world
        .log(
            0,
            Timestamp::from_ms(if place == 6 {
                world.now.as_ms()
            } else {
                object.modified.as_ms() - 3 * HOUR_MS
            }),
        )
        .s3_object;
    *world.object(&name) = object;
}

pub(super) fn plant_misnamed(world: &mut World, _: usize) {
    let key = log_key(world, 3);
    let object = world.object(&key).clone();
    world.objects().insert(key.replace(".json.gz", ".txt"), object);
}

/// Changes the newest digest and signs it as its trail would.
pub(super) fn sign(world: &mut World, place: usize, change: impl FnOnce(&mut Digest)) {
    let mut digest = world.read(&digest_key(world, place));
    change(&mut digest);
    world.write(&digest);
}

pub(super) fn wrong_hash(world: &mut World, _: usize) {
    sign(world, 6, |digest| digest.previous_digest_hash_value = Some("0f".repeat(32)));
}

pub(super) fn wrong_signature(world: &mut World, _: usize) {
    sign(world, 6, |digest| digest.previous_digest_signature = Some("0f".repeat(256)));
}

pub(super) fn skip(world: &mut World, _: usize) {
    let after_it = world.read(&digest_key(world, 5));
    sign(world, 6, |digest| {
        digest.previous_digest_s3_object = after_it.previous_digest_s3_object;
        digest.previous_digest_hash_value = after_it.previous_digest_hash_value;
        digest.previous_digest_signature = after_it.previous_digest_signature;
    });
}

pub(super) fn shift(world: &mut World, ms: i64) {
    let start = after(5 * HOUR_MS + ms).iso_seconds();
    sign(world, 6, |digest| digest.digest_start_time = start);
}

pub(super) fn other_account(world: &mut World, _: usize) {
    sign(world, 6, |digest| digest.aws_account_id = "444455556666".to_owned());
}

pub(super) fn twice(world: &mut World, _: usize) {
    sign(world, 6, |digest| digest.log_files.push(digest.log_files[0].clone()));
}

pub(super) fn again(world: &mut World, _: usize) {
    let before = world.read(&digest_key(world, 5)).log_files[0].clone();
    sign(world, 6, |digest| {
        digest.oldest_event_time = Some(before.oldest_event_time.clone());
        digest.log_files.push(before);
    });
}

pub(super) fn foreign(world: &mut World, _: usize) {
    let key = world.chains[1].digests[6].clone();
    let other = world.read(&key).log_files[0].clone();
    sign(world, 6, |digest| digest.log_files[0] = other);
}

pub(super) fn stray(world: &mut World, account: &str, region: &str) {
    let key = log_key(world, 6);
    let record = record(9_999, after(5 * HOUR_MS + 1_000), account, region, "PutObject");
    let text = String::from_utf8(gunzip(&world.object(&key).content)).unwrap();
    let content = text.replacen("{\"Records\":[", &format!("{{\"Records\":[{record},"), 1);
    world.object(&key).content = gzip(content.as_bytes());
    sign(world, 6, |digest| digest.log_files[0].hash_value = sha256(content.as_bytes()));
}
