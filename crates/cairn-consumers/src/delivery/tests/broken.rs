//! Trails whose buckets do not work.

use cairn_bucket::testkit::BucketFault;
use cairn_event::trail::Trail;

use super::world::{World, is_foreign, is_read, only, trail};
use crate::worker::Worker;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn to(bucket: &str, name: &str) -> Trail {
    let mut trail = trail(name);
    bucket.clone_into(&mut trail.bucket);
    trail
}

fn own(offsets: std::ops::Range<usize>) -> Vec<usize> {
    offsets.filter(|offset| !is_foreign(*offset)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_broken_bucket_holds_nobody_back_and_gets_everything_when_it_is_mended() {
    let mut world = World::new();
    world.settle().await;
    for (name, bucket) in [("good", "logs"), ("bad", "other"), ("fine", "third")] {
        world.start_new(to(bucket, name)).await;
    }
    world.commit(12).await;
    world.tick().await;
    world.buckets.break_bucket("other", BucketFault::Denied);
    // Three days.
    for hour in 0..72 {
        world.commit(6).await;
        world.tick().await;
        let own = own(0..world.records.len());
        world.assert_delivered(&trail("good"), &own, &format!("hour {hour}")).await;
        world.pass_ms(HOUR_MS);
        if hour % 20 == 7 {
            world.restart();
        }
    }
    let state = world.state("bad-1").await.unwrap();
    let region = &state.delivery.regions["us-east-1"].logs;
    assert_eq!(region.error.as_deref(), Some("AccessDenied"));
    assert!(region.succeeded < region.attempted);
    let lag = state.lag.unwrap();
    assert!(lag.attempts > 50 && lag.next.as_u64() == 12, "{lag:?}");
    assert_eq!(world.needed.offset().as_u64(), 12);
    let status = world.worker.status();
    assert_eq!((status.trails_behind, status.trails_broken), (1, 1));
    world.buckets.mend("other");
    world.pass_ms(300_000);
    world.finish().await;
    let own = own(0..world.records.len());
    for name in ["good", "bad", "fine"] {
        world.assert_delivered(&trail(name), &own, "mended").await;
    }
    let state = world.state("bad-1").await.unwrap();
    let region = &state.delivery.regions["us-east-1"].logs;
    assert_eq!((region.error.as_deref(), region.succeeded), (None, region.attempted));
    assert_eq!(world.needed.offset(), world.log.committed());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_holds_no_trail_up() {
    let mut world = World::new();
    world.settle().await;
    // Unvalidated: a set-back clock makes entries of the future.
    let mut audit = trail("audit");
    audit.validates_log_files = false;
    world.start_new(audit.clone()).await;
    world.tick().await;
    world.buckets.break_bucket("logs", BucketFault::Denied);
    world.commit(12).await;
    world.tick().await;
    assert_eq!(world.worker.status().trails_broken, 1);
    world.buckets.mend("logs");
    world.pass_ms(-DAY_MS);
    world.settle().await;
    world.assert_delivered(&audit, &own(0..12), "a day before").await;
    assert_eq!(world.worker.status().trails_behind, 0);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_ahead_gives_nothing_up() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.tick().await;
    world.buckets.break_bucket("logs", BucketFault::Denied);
    world.commit(12).await;
    world.tick().await;
    world.jump_ms(40 * DAY_MS);
    world.tick().await;
    assert_eq!(world.worker.status().trails_broken, 1);
    world.buckets.mend("logs");
    world.pass_ms(300_000);
    world.finish().await;
    assert_eq!(world.worker.status().given_up, 0);
    world.assert_delivered(&trail("audit"), &own(0..12), "after a jump").await;
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_never_answers_is_left_alone() {
    let mut world = World::new();
    world.settle().await;
    for number in 0..30 {
        world.start_new(to("other", &format!("slow{number}"))).await;
    }
    world.start_new(trail("good")).await;
    world.buckets.break_bucket("other", BucketFault::Hangs);
    world.commit(12).await;
    let begun = tokio::time::Instant::now();
    world.settle().await;
    world.pass_ms(60_000);
    while world.worker.status().waiting > 0 {
        let now = world.now();
        world.worker.step(now).await.unwrap();
    }
    assert!(begun.elapsed().as_secs() < 65, "{:?}", begun.elapsed());
    world.assert_delivered(&trail("good"), &own(0..12), "beside silent ones").await;
    world.buckets.mend("other");
    world.pass_ms(300_000);
    world.finish().await;
    for number in 0..30 {
        let name = format!("slow{number}");
        world.assert_delivered(&trail(&name), &own(0..12), "answers again").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_trail_may_be_pointed_elsewhere() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.commit(20).await;
    world.tick().await;
    world.buckets.break_bucket("logs", BucketFault::NoSuchBucket);
    world.commit(20).await;
    world.tick().await;
    world.change("audit", |trail| trail.selectors = only("WriteOnly")).await;
    world.commit(20).await;
    world.tick().await;
    world.restart();
    world
        .change("audit", |trail| {
            "third".clone_into(&mut trail.bucket);
            trail.prefix = Some("new/place".to_owned());
        })
        .await;
    world.commit(20).await;
    world.finish().await;
    let takes = |offset: &usize| *offset < 40 || !is_read(*offset);
    let expected: Vec<usize> = own(0..80).into_iter().filter(takes).collect();
    world.assert_delivered(&trail("audit"), &expected, "moved").await;
    let files = world.files_of(&trail("audit"));
    let moved: usize =
        files.iter().filter(|file| file.bucket == "third").map(|file| file.records.len()).sum();
    assert_eq!(moved, expected.len() - own(0..20).len());
    assert!(files.iter().all(|file| (file.bucket == "third") == file.key.starts_with("new/place")));
}

#[tokio::test(start_paused = true)]
async fn a_trail_that_failed_in_part_does_not_write_the_rest_twice() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.commit(20).await;
    // Three regions: the first file is written, the others are not.
    world.buckets.plan(None);
    world.buckets.plan(Some(BucketFault::Code("SlowDown")));
    world.buckets.plan(Some(BucketFault::Code("SlowDown")));
    world.tick().await;
    let lag = world.state("audit-1").await.unwrap().lag.unwrap();
    assert!(!lag.done.is_empty(), "{lag:?}");
    world.change("audit", |trail| "other".clone_into(&mut trail.bucket)).await;
    world.finish().await;
    world.assert_delivered(&trail("audit"), &own(0..20), "in two buckets").await;
}

#[tokio::test(start_paused = true)]
async fn after_thirty_days_old_records_are_given_up() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(to("other", "bad")).await;
    world.buckets.break_bucket("other", BucketFault::Denied);
    for _ in 0..34 {
        world.commit(4).await;
        world.tick().await;
        world.pass_ms(DAY_MS);
    }
    world.tick().await;
    let given_up = world.state("bad-1").await.unwrap().given_up;
    // Three of four records a day are its own; days 0 to 4 are more than 30 days old.
    assert!((9..=15).contains(&given_up), "{given_up}");
    assert_eq!(world.worker.status().given_up, given_up);
    world.buckets.mend("other");
    world.pass_ms(300_000);
    world.finish().await;
    let expected = own(0..world.records.len()).split_off(given_up as usize);
    world.assert_delivered(&trail("bad"), &expected, "the rest").await;
}

#[tokio::test(start_paused = true)]
async fn a_broken_trail_that_is_stopped_and_deleted_gets_its_last_records() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.buckets.break_bucket("logs", BucketFault::Key("KMS.DisabledException"));
    world.commit(8).await;
    world.tick().await;
    let stop = world.stop("audit").await;
    world.commit(8).await;
    world.tick().await;
    world.delete("audit").await;
    world.tick().await;
    let state = world.state("audit-1").await.unwrap();
    assert!(!state.drained && state.lag.is_some());
    let shown = &state.delivery.regions["us-east-1"].logs;
    assert_eq!(shown.error.as_deref(), Some("KMS.DisabledException"));
    world.pass_ms(DAY_MS);
    world.buckets.mend("logs");
    world.restart();
    world.finish().await;
    let expected: Vec<usize> = own(0..8).into_iter().chain([stop]).collect();
    world.assert_delivered(&trail("audit"), &expected, "deleted").await;
    assert!(world.state("audit-1").await.unwrap().drained);
}
