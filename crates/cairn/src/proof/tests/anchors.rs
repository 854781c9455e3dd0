//! Plain copies, whose newest digest has no signature, and the newest digests as they were seen.

use cairn_event::digest::Link;

use super::world::gunzip;
use super::world::{HOUR_MS, World, add_bucket, after, sha256};

/// The newest digest of the first chain, as somebody saw it.
fn head(world: &mut World, place: u8) -> Link {
    let key = world.chains[0].digests[usize::from(place)].clone();
    let object = world.object(&key).clone();
    Link {
        bucket: "logs".to_owned(),
        key,
        sha256: sha256(&gunzip(&object.content)),
        signature: object.metadata.signature.unwrap(),
        end: after(i64::from(place) * HOUR_MS),
    }
}

#[test]
fn a_plain_copy_proves_all_but_its_newest_digests() {
    let mut world = World::new();
    world.copy();
    let checked = world.check();
    let found = &checked.summary;
    assert_eq!(checked.invalid(), Vec::<String>::new());
    assert_eq!((found.digests.valid, found.digests.unanchored), (12, 2));
    assert_eq!((found.logs.valid, found.logs.unanchored), (22, 4));
    let link = head(&mut world, 6);
    let name = world.chains[0].name.clone();
    world.heads.add(name, link);
    let found = world.check().summary;
    assert_eq!((found.digests.valid, found.digests.unanchored), (13, 1));
}

#[test]
fn what_is_changed_in_a_copy_is_flagged() {
    for place in [0, 3, 5] {
        let mut world = World::new();
        let key = world.chains[0].digests[place].clone();
        let mut digest = world.read(&key);
        digest.digest_public_key_fingerprint.replace_range(..1, "0");
        digest.log_files.clear();
        (digest.newest_event_time, digest.oldest_event_time) = (None, None);
        world.write(&digest);
        world.copy();
        let lines = world.check().invalid();
        assert!(lines.iter().any(|line| line.contains(&key)), "{place}: {lines:?}");
    }
}

#[test]
fn what_was_seen_once_is_missed() {
    let mut world = World::new();
    let link = head(&mut world, 6);
    let (name, key) = (world.chains[0].name.clone(), link.key.clone());
    world.heads.add(name, link);
    assert_eq!(world.check().lines(), Vec::<String>::new());
    world.is_live = false;
    world.objects().remove(&key);
    let lines = world.check().invalid();
    assert!(lines.iter().any(|line| line.contains(&key)), "{lines:?}");
    // The whole region goes.
    world.objects().retain(|key, _| !key.contains("us-east-1/2026"));
    let lines = world.check().invalid();
    assert!(
        lines.iter().any(|line| line.contains("was remembered as the newest digest")),
        "{lines:?}"
    );
}

#[test]
fn a_digest_that_was_signed_anew_is_not_the_one_that_was_seen() {
    let mut world = World::new();
    let link = head(&mut world, 6);
    let name = world.chains[0].name.clone();
    world.heads.add(name, link.clone());
    let mut digest = world.read(&link.key);
    digest.log_files.truncate(1);
    let only = digest.log_files[0].clone();
    digest.newest_event_time = Some(only.newest_event_time);
    digest.oldest_event_time = Some(only.oldest_event_time);
    world.write(&digest);
    let lines = world.check().invalid();
    assert!(
        lines.iter().any(|line| line.contains("not the digest that was remembered")),
        "{lines:?}"
    );
}

#[test]
fn a_chain_goes_on_in_another_bucket_and_prefix() {
    let mut world = World::new();
    add_bucket(&mut world, "old");
    let chain = world.begin("moved", super::world::HOME, Some("a/b"));
    world.chains[chain].bucket = "old".to_owned();
    for hour in 0..=3 {
        world.digest(
            chain,
            after((hour - 1) * HOUR_MS),
            after(hour * HOUR_MS),
            usize::from(hour > 0),
        );
    }
    world.chains[chain].bucket = "logs".to_owned();
    world.chains[chain].prefix = None;
    for hour in 4..=6 {
        world.digest(chain, after((hour - 1) * HOUR_MS), after(hour * HOUR_MS), 1);
    }
    let checked = world.check();
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!(checked.summary.digests.valid, 21);
    // What is gone there is missed, too.
    let key = world.chains[chain].digests[2].clone();
    world.buckets.get_mut("old").unwrap().objects.remove(&key);
    let lines = world.check().invalid();
    assert!(
        lines.iter().any(|line| line.contains(&key) && line.contains("not found")),
        "{lines:?}"
    );
}
