//! When a trail logs, to the record.

use super::world::{World, is_foreign, is_read, only, trail};

fn own(world: &World, offsets: impl Iterator<Item = usize>) -> Vec<usize> {
    let call = |offset: usize| world.records[offset].ends_with(b"\"}");
    offsets.filter(|offset| call(*offset) || !is_foreign(*offset)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_the_last_record() {
    let mut world = World::new();
    world.settle().await;
    world.commit(3).await;
    world.start_new(trail("audit")).await;
    world.commit(10).await;
    let request_id = world.stop_without_record("audit").await;
    world.commit(4).await;
    let stop = world.append_call("StopLogging", &request_id).await;
    // A second record with its id is another's.
    world.append_call("StopLogging", &request_id).await;
    world.commit(4).await;
    world.finish().await;
    let expected = own(&world, (3..13).chain([stop]));
    world.assert_delivered(&trail("audit"), &expected, "after the stop").await;
    assert!(world.state("audit-1").await.unwrap().drained);
    world.commit(4).await;
    world.finish().await;
    world.assert_delivered(&trail("audit"), &expected, "later").await;
}

#[tokio::test(start_paused = true)]
async fn the_record_of_a_stop_may_come_after_the_tick() {
    let mut world = World::new();
    world.start_new(trail("audit")).await;
    world.settle().await;
    world.commit(6).await;
    let request_id = world.stop_without_record("audit").await;
    world.tick().await;
    assert!(!world.state("audit-1").await.unwrap().drained);
    let version = world.version("audit").await;
    assert!(!world.state("audit-1").await.unwrap().has_settled(version));
    world.restart();
    let stop = world.append_call("StopLogging", &request_id).await;
    world.finish().await;
    let state = world.state("audit-1").await.unwrap();
    assert!(state.has_settled(version));
    let expected = own(&world, (0..6).chain([stop]));
    world.assert_delivered(&trail("audit"), &expected, "after the tick").await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_whose_record_never_comes_ends_too() {
    let mut world = World::new();
    world.start_new(trail("audit")).await;
    world.settle().await;
    world.commit(6).await;
    let request_id = world.stop_without_record("audit").await;
    world.tick().await;
    world.tick().await;
    world.tick().await;
    assert!(world.state("audit-1").await.unwrap().drained);
    // Far too late: it is somebody else's.
    world.append_call("StopLogging", &request_id).await;
    world.finish().await;
    let expected = own(&world, 0..6);
    world.assert_delivered(&trail("audit"), &expected, "without a record").await;
}

#[tokio::test(start_paused = true)]
async fn spans_within_one_interval_are_kept_apart() {
    let mut world = World::new();
    world.settle().await;
    let (mut expected, mut from) = (Vec::new(), 0);
    world.start_new(trail("audit")).await;
    for _ in 0..4 {
        world.commit(7).await;
        let stop = world.stop("audit").await;
        expected.extend(from..=stop);
        world.commit(5).await;
        world.start("audit").await;
        from = world.records.len();
    }
    world.commit(7).await;
    world.restart();
    world.finish().await;
    expected.extend(from..world.records.len());
    let expected = own(&world, expected.into_iter());
    world.assert_delivered(&trail("audit"), &expected, "four stops").await;
    let state = world.state("audit-1").await.unwrap();
    assert!(state.has_settled(world.version("audit").await));
}

#[tokio::test(start_paused = true)]
async fn a_trail_that_is_seen_late_catches_up() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("early")).await;
    world.commit(9).await;
    world.finish().await;
    // Its document is written long after its first record: the front has gone by.
    let mut late = trail("late");
    late.changed = 2;
    late.start_logging(2, world.now());
    late.bucket = "other".to_owned();
    world.write(&late).await;
    world.commit(6).await;
    world.finish().await;
    let expected = own(&world, 2..15);
    world.assert_delivered(&late, &expected, "late").await;
    let expected = own(&world, 0..15);
    world.assert_delivered(&trail("early"), &expected, "early").await;
    assert_eq!(world.state("late-1").await.unwrap().lag, None);
}

#[tokio::test(start_paused = true)]
async fn a_trail_of_the_same_name_is_another_one() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.commit(8).await;
    let deleted = world.delete("audit").await;
    let mut second = trail("audit");
    "audit-2".clone_into(&mut second.id);
    second.bucket = "other".to_owned();
    world.start_new(second.clone()).await;
    world.commit(8).await;
    world.finish().await;
    let expected = own(&world, (0..8).chain([deleted]));
    // Both have one ARN; their buckets tell them apart.
    let files = world.files_of(&trail("audit"));
    let count = |bucket: &str| {
        let files = files.iter().filter(|file| file.bucket == bucket);
        files.map(|file| file.records.len()).sum::<usize>()
    };
    assert_eq!(count("logs"), expected.len());
    let second_expected = own(&world, 9..17);
    assert_eq!(count("other"), second_expected.len());
    let both: Vec<usize> = expected.into_iter().chain(second_expected).collect();
    second.validates_log_files = false;
    let mut nobody = second.clone();
    "nobody".clone_into(&mut nobody.id);
    world.assert_delivered(&nobody, &both, "both").await;
    assert!(world.state("audit-1").await.unwrap().drained);
}

#[tokio::test(start_paused = true)]
async fn a_change_counts_from_its_offset() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.settle().await;
    world.commit(20).await;
    world.change("audit", |trail| trail.selectors = only("ReadOnly")).await;
    world.settle().await;
    world.commit(20).await;
    world
        .change("audit", |trail| {
            trail.selectors = only("WriteOnly");
            trail.is_multi_region = false;
            trail.includes_global_service_events = false;
        })
        .await;
    world.settle().await;
    world.restart();
    world.commit(20).await;
    world.finish().await;
    let takes = |offset: &usize| match offset {
        0..20 => true,
        20..40 => is_read(*offset),
        _ => !is_read(*offset) && offset.is_multiple_of(3),
    };
    let expected = own(&world, (0..60).filter(takes));
    world.assert_delivered(&trail("audit"), &expected, "three documents").await;
}

#[tokio::test(start_paused = true)]
async fn a_change_counts_from_its_offset_where_nobody_takes_anything() {
    let mut world = World::new();
    world.settle().await;
    let mut quiet = trail("audit");
    quiet.account = "444455556666".parse().unwrap();
    world.start_new(quiet.clone()).await;
    world.commit(20).await;
    world.finish().await;
    // The front has gone by, but that is not written down; the process dies after the change.
    world.change_of(&quiet, |trail| trail.account = "999988887777".parse().unwrap()).await;
    world.settle().await;
    world.restart();
    world.commit(20).await;
    world.finish().await;
    let expected: Vec<usize> = (20..40).filter(|offset| is_foreign(*offset)).collect();
    quiet.account = "999988887777".parse().unwrap();
    world.assert_delivered(&quiet, &expected, "after the change").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_forgotten() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.commit(8).await;
    world.delete("audit").await;
    world.finish().await;
    assert!(world.state("audit-1").await.unwrap().drained);
    world.remove_gone(&trail("audit")).await;
    world.settle().await;
    assert_eq!(world.state("audit-1").await, None);
    world.restart();
    world.finish().await;
}
