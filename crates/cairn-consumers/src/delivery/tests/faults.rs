//! The fault table: every write × every way in which it can break.

use super::sites::Fault;
use super::world::{World, is_foreign, is_read, only, trail};
use crate::delivery::DeliveryOptions;

/// Files of few records, so that a round has several parts.
fn options() -> DeliveryOptions {
    DeliveryOptions { file_bytes_max: 4_000, round_bytes_max: 16_000, ..Default::default() }
}

/// Two trails over some minutes: one changes its selectors and is stopped, one goes on.
async fn play(world: &mut World) -> (Vec<usize>, Vec<usize>) {
    world.settle().await;
    world.commit(5).await;
    world.start_new(trail("first")).await;
    let from = world.records.len();
    world.commit(60).await;
    world.tick().await;
    world.commit(10).await;
    let mut second = trail("second");
    second.bucket = "other".to_owned();
    second.validates_log_files = false;
    world.start_new(second).await;
    let second_from = world.records.len();
    world.commit(20).await;
    let changed = world.records.len();
    world.change("first", |trail| trail.selectors = only("WriteOnly")).await;
    world.commit(20).await;
    world.tick().await;
    let ended = world.records.len();
    let stop = world.stop("first").await;
    world.commit(10).await;
    world.finish().await;
    world.commit(3).await;
    world.finish().await;
    let all = world.records.len();
    let own = |offset: &usize| *offset == stop || !is_foreign(*offset);
    let first = (from..changed).chain((changed..ended).filter(|at| !is_read(*at)));
    let first = first.filter(own).chain([stop]).collect();
    (first, (second_from..all).filter(own).collect())
}

async fn check(number: usize, fault: Fault) -> usize {
    let mut world = World::with(options());
    world.sites.break_at(number, fault);
    let (first, second) = play(&mut world).await;
    let writes = world.sites.writes();
    let site = writes.get(number).map_or("none", String::as_str);
    let when = format!("write {number} ({site}) {fault:?}");
    world.assert_delivered(&trail("first"), &first, &when).await;
    let second_trail = {
        let mut second = trail("second");
        second.validates_log_files = false;
        second
    };
    world.assert_delivered(&second_trail, &second, &when).await;
    let state = world.state("first-1").await.unwrap();
    assert!(state.has_settled(world.version("first").await), "{when}");
    // Another process finds nothing to do.
    let before = world.sites.writes().len();
    world.restart();
    world.tick().await;
    let after = world.sites.writes();
    assert!(after[before..].iter().all(|write| !write.starts_with("put")), "{when}: {after:?}");
    writes.len()
}

/// Breaks each write that an undisturbed run makes, in worlds of their own.
async fn break_each(fault: Fault) {
    let writes = check(usize::MAX, fault).await;
    assert!(writes > 30, "only {writes} writes can be broken");
    let mut worlds = tokio::task::JoinSet::new();
    for number in 0..writes {
        worlds.spawn(check(number, fault));
    }
    while let Some(world) = worlds.join_next().await {
        world.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn every_record_is_delivered_once_if_a_write_fails() {
    break_each(Fault::Fails).await;
}

#[tokio::test(start_paused = true)]
async fn every_record_is_delivered_once_if_a_write_fails_but_persists() {
    break_each(Fault::FailsButPersists).await;
}

#[tokio::test(start_paused = true)]
async fn every_record_is_delivered_once_if_a_write_is_slow() {
    break_each(Fault::Slow).await;
}

#[tokio::test(start_paused = true)]
async fn every_record_is_delivered_once_if_the_process_dies_before_a_write() {
    break_each(Fault::KilledBefore).await;
}

#[tokio::test(start_paused = true)]
async fn every_record_is_delivered_once_if_the_process_dies_after_a_write() {
    break_each(Fault::KilledAfter).await;
}
