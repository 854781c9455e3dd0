//! Runs that end, files that are new, keys that were valid, and parts of the time.

use cairn_event::Timestamp;

use super::world::{HOME, HOUR_MS, SIGNERS, World, after, gzip};
use crate::proof::key_ring::KeyRing;

/// A trail that was stopped, with a final digest after so many minutes, and started again later.
pub(super) fn restarted(minutes: i64) -> World {
    let mut world = World::empty();
    let chain = world.begin("audit", HOME, None);
    world.digest(chain, after(-HOUR_MS), after(0), 0);
    world.digest(chain, after(0), after(HOUR_MS), 2);
    world.digest(chain, after(HOUR_MS), after(HOUR_MS + minutes * 60_000), 1);
    world.restart(chain);
    let again = 10 * HOUR_MS + 5_000;
    world.digest(chain, after(again - HOUR_MS), after(again), 0);
    world.digest(chain, after(again), after(again + HOUR_MS), 2);
    world.now = after(again + HOUR_MS + 60_000);
    world
}

#[test]
fn a_gap_between_runs_is_no_flaw() {
    let checked = restarted(20).check();
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!(checked.summary.digests.valid, 5);
    let notes = &checked.summary.notes;
    assert!(notes.len() == 1 && notes[0].starts_with("No log files were delivered"), "{notes:?}");
}

#[test]
fn a_final_digest_that_is_gone_is_missed() {
    let mut world = restarted(20);
    let (key, log) = (world.chains[0].digests[2].clone(), world.chains[0].logs[2][0].clone());
    world.objects().remove(&key);
    world.objects().remove(&log);
    let lines = world.check().invalid();
    assert!(lines.len() == 1 && lines[0].contains("has no final digest"), "{lines:?}");
}

#[test]
fn an_old_digest_that_is_put_there_again_is_not_what_the_server_delivered() {
    let mut world = restarted(20);
    let name = world.chains[0].name.clone();
    let last = world.chains[0].digests[2].clone();
    world.now = after(30 * HOUR_MS);
    world.is_live = false;
    // Delivered late, but when the server says.
    let late = after(11 * HOUR_MS + 10_000);
    world.statuses = vec![(name, late)];
    assert_eq!(world.check().invalid(), Vec::<String>::new());
    let wiped = world.chains[0].clone();
    for key in wiped.digests[3..].iter().chain(wiped.logs[3..].iter().flatten()) {
        world.objects().remove(key);
    }
    world.object(&last).modified = late;
    assert_eq!(world.check().invalid(), Vec::<String>::new());
    for hour in [13, 29] {
        world.object(&last).modified = after(hour * HOUR_MS);
        let lines = world.check().invalid();
        assert!(lines.len() == 1 && lines[0].contains("delivered a newer digest"), "{lines:?}");
    }
}

#[test]
fn a_digest_that_is_longer_than_any_is_not_expanded() {
    let mut world = World::new();
    let key = world.chains[0].digests[3].clone();
    let mut text = super::world::gunzip(&world.object(&key).content);
    text.resize(9 << 20, b' ');
    world.object(&key).content = gzip(&text);
    let lines = world.check().invalid();
    let wanted = format!("{key}\tINVALID: it is longer than any object of a trail");
    assert!(lines.iter().any(|line| line.ends_with(&wanted)), "{lines:?}");
}

#[test]
fn a_final_digest_of_a_whole_hour_is_told_by_what_it_names() {
    let mut world = restarted(60);
    assert!(world.check().invalid().iter().any(|line| line.contains("has no final digest")));
    let (digest, log) = (world.chains[0].digests[2].clone(), world.chains[0].logs[2][0].clone());
    let text = super::world::gunzip(&world.object(&log).content);
    let text = String::from_utf8(text).unwrap();
    let told = text.replacen("PutObject", "StopLogging", 1);
    put_last(&mut world, &digest, &log, &told);
    assert!(world.check().invalid().iter().any(|line| line.contains("has no final digest")));
    let call = "\"eventSource\":\"cloudtrail.amazonaws.com\",\"eventName\":\"StopLogging\",\
                \"requestParameters\":{\"name\":\"audit\"}";
    let text =
        text.replacen("\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"PutObject\"", call, 1);
    put_last(&mut world, &digest, &log, &text);
    assert_eq!(world.check().lines(), Vec::<String>::new());
}

/// Has a digest vouch for other content of its one file.
fn put_last(world: &mut World, digest: &str, log: &str, text: &str) {
    world.object(log).content = gzip(text.as_bytes());
    let mut digest = world.read(digest);
    digest.log_files[0].hash_value = super::world::sha256(text.as_bytes());
    world.write(&digest);
}

#[test]
fn files_that_are_newer_than_all_digests_are_pending() {
    let mut world = World::new();
    let new = world.log(0, Timestamp::from_ms(world.now.as_ms() - 60_000));
    let checked = world.check();
    assert_eq!(checked.invalid(), Vec::<String>::new());
    assert_eq!(checked.summary.others.pending, 1);
    assert!(checked.lines()[0].contains(&new.s3_object));
    // Those that no digest came to name are not.
    let old = world.log(0, after(2 * HOUR_MS));
    world.object(&old.s3_object).modified = world.now;
    assert!(world.check().invalid()[0].contains("no digest vouches for it"));
}

#[test]
fn a_part_of_the_time_is_a_part_of_the_chain() {
    let mut world = World::new();
    let broken = world.chains[0].logs[1][0].clone();
    world.objects().remove(&broken);
    world.selection.start = Some(after(2 * HOUR_MS));
    world.selection.end = Some(after(4 * HOUR_MS));
    let checked = world.check();
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!(checked.summary.digests.valid, 4);
    world.selection.start = Some(after(HOUR_MS / 2));
    assert_eq!(world.check().invalid().len(), 1);
    let missing = world.chains[0].digests[4].clone();
    world.objects().remove(&missing);
    assert!(world.check().invalid().iter().any(|line| line.contains(&missing)));
}

#[test]
fn other_trails_vouch_for_their_files() {
    let mut world = World::new();
    let chain = world.begin("second", HOME, None);
    for hour in 0..=6 {
        let start = after((hour - 1) * HOUR_MS + 90_000);
        world.digest(chain, start, after(hour * HOUR_MS + 90_000), usize::from(hour > 0));
    }
    let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit";
    world.selection.trail = cairn_event::trail::TrailArn::parse(arn).ok();
    let checked = world.check();
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!(checked.summary.digests.valid, 14);
}

#[test]
fn keys_sign_while_they_are_valid() {
    let world = World::new();
    let sources = [crate::proof::inventory::Source {
        bucket: std::sync::Arc::new(world.buckets["logs"].clone()),
        prefix: String::new(),
    }];
    let check = |from: i64, to: i64, region: Option<&str>, pins: &[String]| {
        let mut ring = KeyRing::new(pins).unwrap();
        let valid = Some((after(from * HOUR_MS), after(to * HOUR_MS)));
        ring.add(&SIGNERS[0].fingerprint, &SIGNERS[0].der, valid, region);
        world.check_with(&sources, &ring).invalid().join("\n")
    };
    assert_eq!(check(-1, 100, None, &[]), "");
    assert!(check(3, 100, None, &[]).contains("was not valid at the time"));
    assert!(check(-1, 2, None, &[]).contains("was not valid at the time"));
    assert!(check(-1, 100, Some(HOME), &[]).contains("public key not found in region eu-west-1"));
    let pins = [SIGNERS[0].fingerprint.clone()];
    assert_eq!(check(-1, 100, None, &pins), "");
    let pins = [super::world::sha256(&SIGNERS[0].der)];
    assert_eq!(check(-1, 100, None, &pins), "");
    let pins = [SIGNERS[1].fingerprint.clone()];
    assert!(check(-1, 100, None, &pins).contains("is not pinned"));
    assert!(KeyRing::new(&["12".to_owned()]).is_err());
}

#[test]
fn late_files_have_a_chain_of_their_own() {
    let mut world = World::new();
    let chain = world.begin("audit", HOME, None);
    world.chains[chain].name.backfill = true;
    for hour in [1, 3] {
        let file = world.log(chain, after(hour * HOUR_MS + 120_000));
        world.digest_of(chain, after((hour - 1) * HOUR_MS), after(hour * HOUR_MS + 7), vec![file]);
    }
    let checked = world.check();
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!((checked.summary.backfill_digests.valid, checked.summary.logs.valid), (2, 28));
    let key = world.chains[chain].digests[1].clone();
    world.object(&key).metadata.backfill = None;
    let lines = world.check().invalid();
    assert!(lines[0].starts_with("(backfill) Digest file") && lines[0].ends_with("invalid format"));
}

#[test]
fn nothing_is_valid_without_a_key() {
    let mut world = World::new();
    world.has_key = false;
    let found = world.check().summary;
    assert_eq!((found.digests.valid, found.digests.invalid, found.logs.valid), (0, 14, 0));
}
