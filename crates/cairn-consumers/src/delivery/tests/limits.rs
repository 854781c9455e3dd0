//! Limits of rounds and files, and the log's own end.

use super::world::{ACCOUNT, World, is_foreign, trail};
use crate::delivery::DeliveryOptions;
use crate::worker::{Progress, Worker};

fn own(count: usize) -> Vec<usize> {
    (0..count).filter(|offset| !is_foreign(*offset)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_backlog_is_taken_in_rounds_of_bounded_size() {
    let options =
        DeliveryOptions { round_bytes_max: 10_000, file_bytes_max: 2_000, ..Default::default() };
    let mut world = World::with(options);
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.commit(300).await;
    world.finish().await;
    world.assert_delivered(&trail("audit"), &own(300), "in rounds").await;
    for file in world.files_of(&trail("audit")) {
        let bytes: usize = file.records.iter().map(|record| record.len() + 1).sum();
        assert!(bytes <= 2_000, "{} of {bytes} bytes", file.key);
    }
    let plans =
        world.sites.writes().iter().filter(|write| *write == "state delivery/front").count();
    let bytes: usize = world.records.iter().map(bytes::Bytes::len).sum();
    assert!(plans >= 2 * (bytes / 10_000), "{plans} writes of the front for {bytes} bytes");
}

#[tokio::test(start_paused = true)]
async fn a_record_longer_than_a_file_is_a_file() {
    let options =
        DeliveryOptions { round_bytes_max: 100, file_bytes_max: 100, ..Default::default() };
    let mut world = World::with(options);
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.commit(9).await;
    world.finish().await;
    world.assert_delivered(&trail("audit"), &own(9), "long records").await;
    assert_eq!(world.files_of(&trail("audit")).len(), own(9).len());
}

#[tokio::test(start_paused = true)]
async fn what_names_no_region_is_counted() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.commit(3).await;
    let nowhere = std::str::from_utf8(&world.records[0]).unwrap();
    let nowhere = nowhere.replace("us-east-1", "no/region");
    world.append(nowhere.clone()).await;
    world.append(nowhere.replace(ACCOUNT, "999988887777")).await;
    world.finish().await;
    world.assert_delivered(&trail("audit"), &[0, 1, 2], "what has a place").await;
    // The one of another account is none of the trail's.
    assert_eq!(world.worker.status().unplaced, 1);
    world.restart();
    world.finish().await;
    assert_eq!(world.worker.status().unplaced, 0);
}

#[tokio::test(start_paused = true)]
async fn files_are_cut_at_ticks_only() {
    let mut world = World::new();
    world.settle().await;
    // Unvalidated: a set-back clock makes entries of the future.
    let mut audit = trail("audit");
    audit.validates_log_files = false;
    world.start_new(audit.clone()).await;
    world.commit(9).await;
    world.settle().await;
    for _ in 0..5 {
        world.pass_ms(9_000);
        world.settle().await;
        assert_eq!(world.files_of(&audit).len(), 0);
    }
    world.tick().await;
    world.assert_delivered(&audit, &own(9), "at the tick").await;
    // A clock that is set back does not hold delivery up.
    world.pass_ms(-3_600_000);
    world.commit(9).await;
    world.tick().await;
    world.assert_delivered(&audit, &own(18), "an hour before").await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_waits_for_ticks_retries_and_documents() {
    let mut world = World::new();
    world.settle().await;
    let waited = async |world: &mut World| {
        let begun = tokio::time::Instant::now();
        world.worker.wait().await;
        begun.elapsed().as_millis()
    };
    assert_eq!(waited(&mut world).await, 1_000);
    world.pass_ms(59_700);
    let left = waited(&mut world).await;
    assert!((300..320).contains(&left), "{left}");
    world.start_new(trail("audit")).await;
    assert_eq!(waited(&mut world).await, 0);
    let now = world.now();
    assert_eq!(world.worker.step(now).await.unwrap(), Progress::Idle);
    assert!(world.state("audit-1").await.is_some(), "it is adopted before the tick");
}

#[tokio::test(start_paused = true)]
async fn what_the_log_has_lost_is_counted_and_passed_over() {
    let mut world = World::of_small_segments();
    world.settle().await;
    world.start_new(trail("audit")).await;
    for _ in 0..5 {
        world.commit(8).await;
    }
    let first = world.log.expire(cairn_store::Offset::new(16)).await.unwrap();
    assert!(first.as_u64() > 0);
    world.finish().await;
    let missed = usize::try_from(first.as_u64()).unwrap();
    let expected: Vec<usize> = own(40).into_iter().filter(|offset| *offset >= missed).collect();
    world.assert_delivered(&trail("audit"), &expected, "what is left").await;
    assert_eq!(world.worker.status().missed, first.as_u64());
}
