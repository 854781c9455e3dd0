//! The lives of chains: hours, restarts, changes of trails, keys that end.

use cairn_event::Timestamp;
use cairn_event::trail::place;

use super::checker::{Report, check};
use super::world::{AWAY, DAY, HOME, HOUR, START, World};
use crate::digest::DigestOptions;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

#[tokio::test(start_paused = true)]
async fn a_chain_begins_at_once_and_goes_on_by_the_hour() {
    let mut world = World::new();
    world.pass(7).await;
    let trail = world.create("audit", true).await;
    world.work().await;
    let chain = world.chain(trail, HOME).await.unwrap();
    assert_eq!(chain.last.as_ref().unwrap().end, at(START + 7));
    assert_eq!(chain.outcome.succeeded, Some(world.now()));
    world.pass(HOUR - 1).await;
    assert_eq!(world.chain(trail, HOME).await.unwrap(), chain);
    world.deliver(trail, HOME, 2).await;
    // Elsewhere a chain begins with the first file, at the same second of an hour.
    world.deliver(trail, AWAY, 1).await;
    world.pass(1).await;
    let away = world.chain(trail, AWAY).await.unwrap();
    assert_eq!(away.last.unwrap().end, at(START + 7 + HOUR));
    world.pass(DAY).await;
    let report = check(&world).await;
    assert_eq!(report, Report { starting: 2, digests: 52, backfills: 0, files: 3 });
    assert_eq!(world.chain(trail, AWAY).await.unwrap().window_start, at(START + 7 + 25 * HOUR));
    assert_eq!(world.places(place::FILES).await, Vec::<String>::new());
    assert_eq!(world.keys(HOME).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_trail_of_one_region_has_one_chain() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    world.pass(3 * HOUR).await;
    let report = check(&world).await;
    assert_eq!(report, Report { starting: 1, digests: 4, ..Report::default() });
    assert!(world.chain(trail, AWAY).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_week_of_hours_with_a_restart_each_day() {
    let mut world = World::new();
    let trail = world.create("audit", true).await;
    for hour in 0..7 * 24 {
        if hour % 3 == 0 {
            world.deliver(trail, HOME, 2).await;
        }
        if hour % 5 == 0 {
            world.deliver(trail, AWAY, 1).await;
        }
        world.pass(HOUR).await;
        if hour % 24 == 11 {
            world.restart();
        }
    }
    let report = check(&world).await;
    assert_eq!(report, Report { starting: 2, digests: 338, backfills: 0, files: world.files });
    assert_eq!(world.failures, 0);
}

#[tokio::test(start_paused = true)]
async fn hours_without_a_server_are_written_later() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    // The only key ends while the server is down.
    world.pass(19 * DAY).await;
    world.deliver(trail, HOME, 1).await;
    world.shut_down();
    world.pass(14 * DAY).await;
    world.restart();
    world.deliver(trail, HOME, 1).await;
    world.pass(DAY).await;
    let report = check(&world).await;
    let digests = usize::try_from(34 * 24 + 1).unwrap();
    assert_eq!(report, Report { starting: 1, digests, backfills: 0, files: 2 });
    let keys = world.keys(HOME).await;
    assert_eq!(keys.len(), 2, "{keys:?}");
    // What has ended signs no more.
    let ended = |ends: Timestamp| ends <= world.now();
    assert!(keys.iter().all(|key| key.sealed.is_none() == ended(key.ends)), "{keys:?}");
}

#[tokio::test(start_paused = true)]
async fn keys_take_over_from_each_other() {
    let options = DigestOptions {
        key_validity_ms: 6 * HOUR * 1_000,
        key_successor_ms: 4 * HOUR * 1_000,
        ..DigestOptions::default()
    };
    let mut world = World::with(options);
    world.create("audit", false).await;
    world.pass(24 * HOUR).await;
    check(&world).await;
    let mut keys = world.keys(HOME).await;
    keys.sort_by_key(|key| key.starts);
    assert_eq!(keys.len(), 7);
    let apart =
        |pair: &[cairn_event::digest::SigningKey]| pair[1].starts.as_ms() - pair[0].starts.as_ms();
    assert!(keys.windows(2).all(|pair| apart(pair) == 4 * HOUR * 1_000), "{keys:?}");
}

#[tokio::test(start_paused = true)]
async fn a_final_digest_covers_what_is_left() {
    let mut world = World::new();
    let trail = world.create("audit", true).await;
    world.pass(HOUR + 100).await;
    world.deliver(trail, AWAY, 1).await;
    world.pass(100).await;
    world.stop(trail, false).await;
    world.pass(60).await;
    world.deliver(trail, HOME, 1).await;
    world.deliver(trail, AWAY, 1).await;
    world.settled(trail).await;
    world.pass(60).await;
    for region in [HOME, AWAY] {
        let chain = world.chain(trail, region).await.unwrap();
        assert_eq!((chain.epoch, chain.plan), (None, None));
        assert_eq!(chain.window_start, at(START + HOUR + 261));
    }
    world.pass(DAY).await;
    let report = check(&world).await;
    assert_eq!(report, Report { starting: 2, digests: 5, backfills: 0, files: 3 });
    // What comes later is covered by backfill digests, in a chain of their own.
    for _ in 0..2 {
        world.deliver(trail, HOME, 2).await;
        world.pass(HOUR).await;
    }
    let report = check(&world).await;
    assert_eq!(report, Report { starting: 2, digests: 5, backfills: 2, files: 7 });
}

#[tokio::test(start_paused = true)]
async fn a_final_digest_does_not_wait_for_ever() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    world.pass(HOUR / 2).await;
    world.stop(trail, false).await;
    world.pass(HOUR - 10).await;
    assert!(world.chain(trail, HOME).await.unwrap().epoch.is_some());
    world.pass(20).await;
    assert!(world.chain(trail, HOME).await.unwrap().epoch.is_none());
    world.deliver(trail, HOME, 1).await;
    world.pass(HOUR + 10).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.backfills, report.files), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn logging_that_starts_again_begins_a_chain() {
    let mut world = World::new();
    let trail = world.create("audit", true).await;
    world.deliver(trail, AWAY, 1).await;
    world.pass(HOUR + 600).await;
    // At once, with files that delivery still holds.
    world.stop(trail, false).await;
    world.start(trail).await;
    world.pass(30).await;
    world.deliver(trail, HOME, 1).await;
    world.deliver(trail, AWAY, 1).await;
    world.pass(2 * HOUR).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.backfills, report.files), (4, 0, 3));
    // After a while.
    world.stop(trail, true).await;
    world.pass(5 * HOUR).await;
    let before = world.chain(trail, HOME).await.unwrap();
    world.start(trail).await;
    world.pass(2 * HOUR).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.files), (5, 3));
    let after = world.chain(trail, HOME).await.unwrap();
    assert_eq!(after.window_start.as_ms() - before.window_start.as_ms(), 7 * HOUR * 1_000);
}

#[tokio::test(start_paused = true)]
async fn logging_that_starts_and_stops_each_second_never_repeats_a_name() {
    let mut world = World::new();
    let trail = world.create("audit", true).await;
    for _ in 0..20 {
        world.deliver(trail, HOME, 1).await;
        world.work().await;
        world.stop(trail, true).await;
        world.work().await;
        world.start(trail).await;
        world.now_ms.fetch_add(300, std::sync::atomic::Ordering::SeqCst);
    }
    world.pass(2 * HOUR).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.files), (21, 20));
}

#[tokio::test(start_paused = true)]
async fn validation_is_switched_off_and_on() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    world.deliver(trail, HOME, 1).await;
    world.pass(HOUR + 10).await;
    world.deliver(trail, HOME, 1).await;
    world.change(trail, |trail, now| trail.validate_log_files(false, now)).await;
    world.pass(10 * HOUR).await;
    let report = check(&world).await;
    assert_eq!(report, Report { starting: 1, digests: 3, backfills: 0, files: 2 });
    world.change(trail, |trail, now| trail.validate_log_files(true, now)).await;
    world.deliver(trail, HOME, 1).await;
    world.pass(HOUR).await;
    let report = check(&world).await;
    assert_eq!(report, Report { starting: 2, digests: 5, backfills: 0, files: 3 });
}

#[tokio::test(start_paused = true)]
async fn a_chain_follows_its_trail_to_another_place() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    for (bucket, prefix) in [("other", None), ("other", Some("a/b")), ("logs", None)] {
        world.deliver(trail, HOME, 1).await;
        world.pass(2 * HOUR).await;
        world
            .change(trail, |trail, _| {
                trail.bucket = bucket.to_owned();
                trail.prefix = prefix.map(str::to_owned);
                trail.kms_key_arn = prefix.map(|_| "arn:key".to_owned());
            })
            .await;
    }
    world.pass(2 * HOUR).await;
    let report = check(&world).await;
    assert_eq!(report, Report { starting: 1, digests: 9, backfills: 0, files: 3 });
    let objects = world.memory.objects("other");
    let encrypted = objects.iter().filter(|(key, _)| key.starts_with("a/b/AWSLogs/"));
    let mut encrypted = encrypted.map(|(_, object)| object.kms_key_arn.as_deref()).peekable();
    assert!(encrypted.peek().is_some() && encrypted.all(|key| key == Some("arn:key")));
}

#[tokio::test(start_paused = true)]
async fn a_trail_comes_to_cover_one_region_and_all_again() {
    let mut world = World::new();
    let trail = world.create("audit", true).await;
    world.deliver(trail, AWAY, 1).await;
    world.pass(HOUR + 60).await;
    world.change(trail, |trail, _| trail.is_multi_region = false).await;
    world.pass(3 * HOUR).await;
    assert!(world.chain(trail, AWAY).await.unwrap().epoch.is_none());
    world.change(trail, |trail, _| trail.is_multi_region = true).await;
    world.deliver(trail, AWAY, 1).await;
    world.pass(2 * HOUR).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.backfills, report.files), (3, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_trail_leaves_nothing_but_its_files() {
    let mut world = World::new();
    let trail = world.create("audit", true).await;
    world.deliver(trail, AWAY, 1).await;
    world.pass(HOUR).await;
    world.delete(trail, false).await;
    world.pass(100).await;
    // One region whose first file comes now.
    world.deliver(trail, "ap-south-1", 1).await;
    world.deliver(trail, HOME, 1).await;
    assert!(!world.places(place::GONE).await.is_empty());
    world.settled(trail).await;
    world.pass(100).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.backfills, report.files), (3, 0, 3));
    for prefix in [place::GONE, place::CHAINS, place::FILES] {
        assert_eq!(world.places(prefix).await, Vec::<String>::new(), "{prefix}");
    }
    assert_eq!(world.places("digest/stamp/").await.len(), 3);
    assert_eq!(world.worker.as_ref().unwrap().queue.chains(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_trail_that_never_logged_just_goes() {
    let mut world = World::new();
    let trail = world.create("audit", true).await;
    world.remove(&place::delivery(&world.trails[trail].id)).await;
    world
        .change_and(trail, false, |trail, now| {
            (trail.spans, trail.digests) = (Vec::new(), None);
            trail.deleted = Some(now);
        })
        .await;
    world.pass(1).await;
    assert_eq!(world.places(place::GONE).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_trail_of_the_same_name_begins_after_the_one_before() {
    for settles in [true, false] {
        let mut world = World::new();
        let mut files = 0;
        for round in 0..4 {
            let trail = world.create("audit", true).await;
            world.deliver(trail, HOME, 1).await;
            world.deliver(trail, AWAY, 1).await;
            world.pass(if round % 2 == 0 { 0 } else { HOUR + 1 }).await;
            world.delete(trail, settles).await;
            if round == 3 {
                world.pass(1).await;
            }
            files += 2;
        }
        for trail in 0..4 {
            world.settled(trail).await;
        }
        world.pass(3 * HOUR).await;
        assert_eq!(check(&world).await.files, files);
        assert_eq!(world.places(place::GONE).await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_entered_again_is_vouched_for_once() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    world.deliver(trail, HOME, 1).await;
    world.pass(10).await;
    let (place, file) = world.file(trail, HOME, 7);
    world.enter(&place, std::slice::from_ref(&file)).await;
    world.pass(HOUR).await;
    assert_eq!(check(&world).await.files, 2);
    // The round is repeated: the same file, and one of its parts that was missing.
    world.enter(&place, std::slice::from_ref(&file)).await;
    let (part, missing) = world.file(trail, HOME, 3);
    world.enter(&part, &[missing]).await;
    world.pass(HOUR).await;
    assert_eq!(check(&world).await.files, 3);
    // It went to another bucket meanwhile: both files are there.
    world.change(trail, |trail, _| trail.bucket = "other".to_owned()).await;
    let (place, moved) = world.file(trail, HOME, 7);
    world.enter(&place, &[file, moved]).await;
    world.pass(HOUR).await;
    assert_eq!(check(&world).await.files, 4);
    // Later rounds go on from there.
    world.deliver(trail, HOME, 1).await;
    world.pass(HOUR).await;
    assert_eq!(check(&world).await.files, 5);
    assert_eq!(world.places(place::FILES).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_does_no_harm() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    world.deliver(trail, HOME, 1).await;
    world.pass(5 * HOUR).await;
    world.deliver(trail, HOME, 1).await;
    world.now_ms.fetch_sub(3 * HOUR * 1_000, std::sync::atomic::Ordering::SeqCst);
    world.restart();
    world.pass(HOUR).await;
    world.stop(trail, true).await;
    world.pass(10).await;
    world.start(trail).await;
    world.pass(9 * HOUR).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.files), (2, 2));
}
