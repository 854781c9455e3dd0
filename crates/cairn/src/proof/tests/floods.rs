//! Files that no digest names: too many of them, and of trails that have stopped.

use cairn_event::Timestamp;
use cairn_event::trail::TrailArn;

use super::times::restarted;
use super::world::{ACCOUNT, HOME, HOUR_MS, World, after, gzip};
use crate::proof::bucket::Metadata;
use crate::proof::engine::OTHERS_MAX;

/// Puts files without content there that have names as log files have.
fn flood(world: &mut World, account: &str) {
    for number in 0..=OTHERS_MAX {
        let key = format!(
            "AWSLogs/{account}/CloudTrail/{HOME}/2026/01/10/\
             {account}_CloudTrail_{HOME}_20260110T0105Z_{number:016}.json.gz"
        );
        world.put("logs", &key, gzip(b""), Metadata::default(), after(HOUR_MS));
    }
}

#[test]
fn files_of_other_accounts_hide_nothing() {
    let mut world = World::new();
    let arn = format!("arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/audit");
    world.selection.trail = TrailArn::parse(&arn).ok();
    let forged = world.log(0, after(2 * HOUR_MS));
    flood(&mut world, "000000000001");
    let checked = world.check();
    let lines = checked.invalid();
    assert!(lines.len() == 1 && lines[0].contains(&forged.s3_object), "{lines:?}");
    assert_eq!(checked.summary.others.unchecked, 0);
}

#[test]
fn files_that_are_too_many_to_look_at_are_told_of() {
    let mut world = World::new();
    flood(&mut world, ACCOUNT);
    let found = world.check().summary;
    assert_eq!((found.others.unchecked, found.has_unchecked()), (1, true));
}

#[test]
fn regions_that_are_gone_are_missed() {
    let mut world = World::new();
    world.objects().retain(|key, _| !key.contains("/us-east-1/"));
    let home = world.chains[0].name.clone();
    let lines = world.check().invalid();
    assert!(lines.len() == 1 && lines[0].contains("none of the home region"), "{lines:?}");
    let mut world = World::new();
    world.objects().retain(|key, _| !key.contains("/eu-west-1/"));
    assert_eq!(world.check().invalid(), Vec::<String>::new());
    let away = world.chains[1].name.clone();
    world.statuses = vec![(away, after(6 * HOUR_MS + 5_000))];
    let lines = world.check().invalid();
    assert!(lines.len() == 1 && lines[0].contains("the server delivered"), "{lines:?}");
    world.objects().clear();
    world.statuses.push((home, after(6 * HOUR_MS + 5_000)));
    assert_eq!(world.check().summary.digests.unchecked, 2);
}

#[test]
fn what_was_remembered_of_a_bucket_that_is_not_here_is_unchecked() {
    let mut world = World::new();
    world.copy();
    let link = cairn_event::digest::Link {
        bucket: "elsewhere".to_owned(),
        key: world.chains[0].digests[6].clone(),
        sha256: String::new(),
        signature: String::new(),
        end: after(6 * HOUR_MS),
    };
    world.heads.add(world.chains[0].name.clone(), link);
    let checked = world.check();
    assert_eq!((checked.invalid().len(), checked.summary.digests.unchecked), (0, 1));
}

#[test]
fn a_trail_that_has_stopped_delivers_nothing() {
    let mut world = restarted(20);
    let end = HOUR_MS + 20 * 60_000;
    let later = world.chains[0].digests.split_off(3);
    for key in later {
        world.objects().remove(&key);
    }
    for key in world.chains[0].logs[3..].concat() {
        world.objects().remove(&key);
    }
    // What came late, a digest will name soon.
    let late = world.log(0, after(end + 60_000));
    world.now = after(end + 5 * 60_000);
    let checked = world.check();
    assert_eq!((checked.invalid().len(), checked.summary.others.pending), (0, 1));
    world.now = after(end + 3 * HOUR_MS);
    assert!(world.check().invalid()[0].contains(&late.s3_object));
    world.objects().remove(&late.s3_object);
    let forged = world.log(0, Timestamp::from_ms(world.now.as_ms() - 60_000));
    let lines = world.check().invalid();
    assert!(lines.len() == 1 && lines[0].contains(&forged.s3_object), "{lines:?}");
}
