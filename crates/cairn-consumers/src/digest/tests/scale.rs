//! Many trails: each chain costs what it costs, and nothing is looked at before its time.

use cairn_bucket::testkit::BucketFault;

use super::checker::check;
use super::world::{AWAY, HOME, HOUR, World};

#[tokio::test(start_paused = true)]
async fn many_trails_are_signed_together() {
    let mut world = World::new();
    for number in 0..150 {
        let trail = world.create(&format!("trail-{number}"), true).await;
        if number % 3 == 0 {
            world.change(trail, |trail, _| trail.bucket = "other".to_owned()).await;
        }
        world.deliver(trail, HOME, 1).await;
        world.deliver(trail, AWAY, 1).await;
    }
    world.buckets.break_bucket("other", BucketFault::Hangs);
    world.pass(2 * HOUR).await;
    let status = world.worker.as_ref().unwrap();
    assert_eq!(crate::Worker::status(status).chains, 300);
    let written = crate::Worker::status(status).written;
    assert_eq!(written, 100 * 2 * 3);
    world.buckets.mend("other");
    world.pass(HOUR / 2).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.digests, report.files), (300, 900, 300));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_holds_nothing_back() {
    let mut world = World::new();
    let damaged = world.create("damaged", false).await;
    world.create("sound", false).await;
    world.pass(HOUR).await;
    let key = format!("digest/chain/{}/111122223333/us-east-1", world.trails[damaged].id);
    world.put(&key, &"no chain").await;
    world.pass(3 * HOUR).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.digests), (2, 2 + 5));
    assert_eq!(world.failures, 0);
}
