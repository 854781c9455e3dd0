//! The fault table: every write of a life of two trails, struck in every way.

use cairn_event::trail::place;

use super::checker::{Report, check};
use super::cut::Blow;
use super::world::{AWAY, HOME, HOUR, World};
use crate::digest::DigestOptions;

/// Hours in which everything happens that happens to chains.
async fn live(world: &mut World) {
    let trail = world.create("audit", true).await;
    world.deliver(trail, HOME, 2).await;
    world.deliver(trail, AWAY, 1).await;
    world.pass(HOUR + 60).await;
    // Another place, and a second trail.
    world.change(trail, |trail, _| trail.bucket = "other".to_owned()).await;
    let second = world.create("second", false).await;
    world.deliver(trail, HOME, 1).await;
    world.pass(HOUR).await;
    // An end, a file that comes after it, and another beginning.
    world.stop(trail, false).await;
    world.pass(60).await;
    world.deliver(trail, HOME, 1).await;
    world.settled(trail).await;
    world.pass(600).await;
    world.deliver(trail, HOME, 1).await;
    world.pass(HOUR + 600).await;
    world.start(trail).await;
    world.deliver(trail, AWAY, 1).await;
    // Another key, and a deletion.
    world.pass(2 * HOUR).await;
    world.deliver(second, HOME, 1).await;
    world.delete(second, true).await;
    world.pass(600).await;
    // What was struck has an hour to come right.
    world.pass(HOUR).await;
}

fn world() -> World {
    World::with(DigestOptions {
        key_validity_ms: 6 * HOUR * 1_000,
        key_successor_ms: 4 * HOUR * 1_000,
        ..DigestOptions::default()
    })
}

async fn strike(blow: Blow) {
    let mut whole = world();
    live(&mut whole).await;
    let expected = check(&whole).await;
    assert_eq!((expected.starting, expected.files, expected.backfills), (5, 8, 1));
    let writes = whole.cut.writes();
    assert!(writes > 80, "{writes}");
    for number in 0..writes {
        let mut world = world();
        world.cut.strike(number, blow);
        live(&mut world).await;
        let report = check(&world).await;
        // A blow may delay a digest over the time at which it would have been made otherwise; how
        // many chains there are, and what they vouch for, is the same.
        let Report { starting, files, backfills, .. } = report;
        let found = (starting, files, backfills);
        assert_eq!(found, (5, 8, 1), "{blow:?} at {number}: {report:?}");
        for prefix in [place::FILES, place::GONE] {
            let left = world.places(prefix).await;
            assert!(left.is_empty(), "{blow:?} at {number}: {left:?}");
        }
        for region in [HOME, AWAY] {
            let chain = world.chain(0, region).await.unwrap();
            assert!(chain.plan.is_none() && chain.failing_since.is_none());
            assert_eq!(chain.outcome.error, None, "{blow:?} at {number}");
        }
        assert!(world.chain(1, HOME).await.is_none(), "{blow:?} at {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_fails() {
    strike(Blow::Fails).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_vanishes() {
    strike(Blow::Vanishes).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_persists_and_seems_to_fail() {
    strike(Blow::Persists).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_is_slow() {
    strike(Blow::Slow).await;
}

#[tokio::test(start_paused = true)]
async fn the_process_dies_before_a_write() {
    strike(Blow::KilledBefore).await;
}

#[tokio::test(start_paused = true)]
async fn the_process_dies_after_a_write() {
    strike(Blow::KilledAfter).await;
}
