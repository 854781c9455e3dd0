//! Plain copies, whose newest digest has no signature, and the newest digests as they were seen.

use cairn_event::digest::Link;

use super::world::gunzip;
use super::world::{HOUR_MS, World, add_bucket, after, sha256};
use crate::proof::heads::{Heads, RUNS_MAX};
use crate::proof::summary::Summary;

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
        // The key is made anew by each run, and one of sixteen fingerprints begins with any digit.
        let other = if digest.digest_public_key_fingerprint.starts_with('0') { "1" } else { "0" };
        digest.digest_public_key_fingerprint.replace_range(..1, other);
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

/// A trail that was stopped and started again and again.
fn restarted(runs: i64) -> World {
    let mut world = World::empty();
    let chain = world.begin("audit", super::world::HOME, None);
    for run in 0..runs {
        let since = run * 5 * HOUR_MS;
        world.restart(chain);
        world.digest(chain, after(since - HOUR_MS), after(since), 0);
        world.digest(chain, after(since), after(since + HOUR_MS), 2);
        world.digest(chain, after(since + HOUR_MS), after(since + HOUR_MS + 1_200_000), 1);
    }
    world.now = after(runs * 5 * HOUR_MS);
    world.is_live = false;
    world
}

#[test]
fn what_was_remembered_proves_every_run_of_a_plain_copy() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("head.json");
    let mut world = restarted(4);
    let summary = world.check().summary;
    assert_eq!(summary.digests.valid, 12);
    world.heads.learn(&summary);
    world.heads.write(&file, &[]).unwrap();
    world.heads = Heads::read(&file).unwrap().unwrap();
    assert_eq!(world.heads.all().count(), 4);
    world.copy();
    let found = world.check().summary;
    assert_eq!((found.digests.valid, found.digests.unanchored, found.logs.valid), (12, 0, 12));
    // A file of before names the newest only.
    let text = std::fs::read_to_string(&file).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let heads = document["heads"].as_array_mut().unwrap();
    heads.retain(|head| head.get("endsRun").is_none());
    assert_eq!(heads.len(), 1);
    std::fs::write(&file, document.to_string()).unwrap();
    world.heads = Heads::read(&file).unwrap().unwrap();
    assert_eq!(world.check().summary.digests.unanchored, 3);
    // Whoever takes such an end away is seen.
    let mut world = restarted(3);
    world.heads.learn(&world.check().summary);
    let gone = world.chains[0].digests[2].clone();
    world.objects().remove(&gone);
    let lines = world.check().invalid();
    assert!(lines.iter().any(|line| line.contains(&gone)), "{lines:?}");
}

#[test]
fn the_newest_digest_of_a_run_that_goes_on_is_not_kept_as_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("head.json");
    let mut world = World::new();
    let mut heads = Heads::default();
    for hour in 7..12 {
        heads.learn(&world.check().summary);
        heads.write(&file, &[]).unwrap();
        heads = Heads::read(&file).unwrap().unwrap();
        for chain in 0..2 {
            world.digest(chain, after((hour - 1) * HOUR_MS), after(hour * HOUR_MS), 1);
        }
        world.now = after(hour * HOUR_MS + 60_000);
    }
    assert_eq!(heads.all().count(), 2);
}

#[test]
fn the_ends_of_the_newest_runs_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("head.json");
    let mut world = World::new();
    let link = head(&mut world, 6);
    let name = world.chains[0].name.clone();
    let runs = i64::try_from(RUNS_MAX).unwrap() + 20;
    let ends = (0..runs).map(|run| Link {
        key: link.key.replace("1728Z", &format!("{run:04}Z")),
        end: after(run * HOUR_MS),
        ..link.clone()
    });
    let mut summary = Summary::default();
    summary.run_ends.insert(name, ends.collect());
    let mut heads = Heads::default();
    heads.learn(&summary);
    heads.write(&file, &[]).unwrap();
    let kept = Heads::read(&file).unwrap().unwrap();
    assert_eq!(kept.all().count(), RUNS_MAX);
    assert_eq!(kept.all().map(|(_, link)| link.end).min(), Some(after(20 * HOUR_MS)));
}
