//! Chains that moved, trails that share a place, and trails without digests.

use cairn_event::Timestamp;
use cairn_event::digest::Link;
use cairn_event::trail::TrailArn;

use super::world::{ACCOUNT, HOME, HOUR_MS, World, add_bucket, after, gunzip, sha256};
use crate::proof::ground::{Bystander, Ground};
use crate::proof::heads::Heads;

fn arn(trail: &str) -> TrailArn {
    TrailArn::parse(&format!("arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/{trail}")).unwrap()
}

/// A trail that was stopped, told another place, and started again.
fn moved(bucket: &str) -> World {
    let mut world = World::empty();
    add_bucket(&mut world, "other");
    let chain = world.begin("audit", HOME, Some("old"));
    world.digest(chain, after(-HOUR_MS), after(0), 0);
    world.digest(chain, after(0), after(HOUR_MS), 2);
    world.digest(chain, after(HOUR_MS), after(HOUR_MS + 60_000), 0);
    world.restart(chain);
    world.chains[chain].prefix = Some("new".to_owned());
    world.chains[chain].bucket = bucket.to_owned();
    world.digest(chain, after(HOUR_MS / 2), after(HOUR_MS * 3 / 2), 0);
    world.digest(chain, after(HOUR_MS * 3 / 2), after(HOUR_MS * 5 / 2), 1);
    world.now = after(HOUR_MS * 5 / 2 + 1_000);
    world.selection.trail = Some(arn("audit"));
    world
}

fn link(world: &mut World, key: &str, end: Timestamp) -> Link {
    let object = world.object(key).clone();
    let (bucket, key) = ("logs".to_owned(), key.to_owned());
    let signature = object.metadata.signature.unwrap();
    Link { bucket, key, sha256: sha256(&gunzip(&object.content)), signature, end }
}

fn without_digests(trail: &str) -> Bystander {
    Bystander {
        arn: arn(trail).to_string(),
        name: trail.to_owned(),
        home_region: HOME.to_owned(),
        ground: Ground::of_trail("logs", None, ACCOUNT, false),
        region: None,
    }
}

#[test]
fn a_chain_under_an_earlier_prefix_is_checked_and_remembered() {
    let mut world = moved("logs");
    let checked = world.check();
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!(checked.summary.digests.valid, 5);
    let newest = &checked.summary.newest[&world.chains[0].name];
    let prefixes: Vec<_> = newest.iter().map(|link| link.key.split('/').next()).collect();
    assert_eq!(prefixes, [Some("new"), Some("old")]);
    // A starting digest whose window begins before the final one ends leaves no gap.
    assert_eq!(checked.summary.notes, Vec::<String>::new());
    let log = world.chains[0].logs[1][0].clone();
    world.object(&log).content.push(0);
    assert!(world.check().invalid().iter().any(|line| line.contains(&log)));
}

#[test]
fn a_remembered_digest_that_is_gone_is_named_once_and_not_forgotten() {
    let mut world = moved("other");
    let key = world.chains[0].digests[2].clone();
    let link = link(&mut world, &key, after(HOUR_MS + 60_000));
    let name = world.chains[0].name.clone();
    world.heads.add(name.clone(), link.clone());
    let same = Link { signature: String::new(), ..link.clone() };
    world.heads.add(name, same);
    world.objects().remove(&key);
    let checked = world.check();
    let lines = checked.invalid();
    assert_eq!(lines.iter().filter(|line| line.contains(&key)).count(), 1, "{lines:?}");
    assert!(checked.summary.lost.contains(&link));
    let mut heads = world.heads.clone();
    heads.learn(&checked.summary);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("heads.json");
    heads.write(&file, &checked.summary.lost).unwrap();
    let kept = Heads::read(&file).unwrap().unwrap();
    assert!(kept.all().any(|(_, kept)| *kept == link));
}

#[test]
fn only_the_places_of_the_trail_that_is_asked_for_are_looked_at() {
    let mut world = World::new();
    let chain = world.begin("second", HOME, Some("p2"));
    let file = world.log(chain, after(2 * HOUR_MS));
    world.digest(chain, after(-HOUR_MS), after(0), 0);
    for hour in 1..=6 {
        world.digest(chain, after((hour - 1) * HOUR_MS), after(hour * HOUR_MS), 1);
    }
    assert!(world.check().invalid()[0].contains(&file.s3_object));
    world.selection.trail = Some(arn("audit"));
    let checked = world.check();
    assert_eq!((checked.lines(), checked.summary.chains), (Vec::new(), 2));
    world.selection.trail = Some(arn("second"));
    assert_eq!(world.check().invalid().len(), 1);
}

#[test]
fn a_trail_without_digests_is_not_accused() {
    let mut world = World::new();
    let file = world.log(0, after(2 * HOUR_MS));
    assert!(world.check().invalid()[0].contains("no digest vouches for it"));
    world.bystanders.push(without_digests("plain"));
    let checked = world.check();
    assert_eq!((checked.invalid(), checked.summary.others.undigested), (Vec::new(), 1));
    let line = &checked.lines()[0];
    let said = format!("unvouched: trail {} delivers here without", arn("plain"));
    assert!(line.contains(&file.s3_object) && line.contains(&said), "{line}");
    // A trail whose digests ended cannot have written where they reach.
    world.bystanders = vec![without_digests("audit")];
    assert_eq!(world.check().invalid().len(), 1);
}

#[test]
fn a_copy_says_what_its_bucket_says_of_the_covered_time() {
    let mut world = World::empty();
    let chain = world.begin("audit", HOME, None);
    world.digest(chain, after(-HOUR_MS), after(0), 0);
    world.digest(chain, after(0), after(HOUR_MS), 2);
    world.digest(chain, after(HOUR_MS), after(HOUR_MS * 3 / 2), 1);
    let file = world.log(chain, after(HOUR_MS * 3 / 2 - 60_000));
    world.now = after(HOUR_MS * 3 / 2 + 60_000);
    let in_bucket = world.check().invalid().join("\n");
    world.copy();
    let in_copy = world.check().invalid().join("\n");
    assert!(in_bucket.contains(&file.s3_object) && in_copy.contains(&file.s3_object), "{in_copy}");
}
