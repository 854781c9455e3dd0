//! What is too much: buckets that do not take digests, for a while or for ever, and very many files.

use cairn_bucket::testkit::BucketFault;
use cairn_event::digest::{Digest, FILES_MAX};
use cairn_event::trail::place;

use super::checker::check;
use super::world::{AWAY, DAY, HOME, HOUR, World};

#[tokio::test(start_paused = true)]
async fn a_broken_bucket_delays_its_own_chains_only() {
    let mut world = World::new();
    let broken = world.create("audit", true).await;
    let sound = world.create("sound", false).await;
    world.change(sound, |trail, _| trail.bucket = "other".to_owned()).await;
    world.pass(HOUR).await;
    world.buckets.break_bucket("logs", BucketFault::Denied);
    for _ in 0..3 * 24 {
        world.deliver(sound, HOME, 1).await;
        world.deliver(broken, AWAY, 1).await;
        world.pass(HOUR).await;
    }
    let chain = world.chain(broken, HOME).await.unwrap();
    assert_eq!(chain.outcome.error.as_deref(), Some("AccessDenied"));
    assert!(chain.outcome.succeeded < chain.outcome.attempted);
    let chain = world.chain(sound, HOME).await.unwrap();
    assert_eq!((chain.outcome.error, chain.last.unwrap().end), (None, chain.window_start));
    assert!(chain.window_start.as_ms() > world.now().as_ms() - HOUR * 1_000);
    world.buckets.mend("logs");
    world.pass(HOUR).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.files, report.backfills), (3, world.files, 0));
    assert_eq!(report.digests, 75 + 75 + 74);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_hangs_counts_as_failed() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    world.buckets.break_bucket("logs", BucketFault::Hangs);
    world.pass(60).await;
    let outcome = world.chain(trail, HOME).await.unwrap().outcome;
    assert_eq!((outcome.error.as_deref(), outcome.succeeded), (Some("RequestTimeout"), None));
    world.buckets.break_bucket("logs", BucketFault::Key("KMS.DisabledException"));
    world.pass(HOUR).await;
    let outcome = world.chain(trail, HOME).await.unwrap().outcome;
    assert_eq!(outcome.error.as_deref(), Some("KMS.DisabledException"));
    world.buckets.mend("logs");
    world.pass(HOUR).await;
    assert_eq!(check(&world).await.digests, 3);
}

#[tokio::test(start_paused = true)]
async fn a_chain_leaves_a_bucket_that_never_took_a_digest() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    world.pass(HOUR + 10).await;
    world.buckets.break_bucket("logs", BucketFault::NoSuchBucket);
    world.deliver(trail, HOME, 1).await;
    world.pass(5 * HOUR).await;
    world.change(trail, |trail, _| trail.bucket = "other".to_owned()).await;
    world.pass(HOUR).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.digests, report.files), (1, 8, 1));
    let digests = world.memory.objects("other");
    assert_eq!(digests.keys().filter(|key| key.contains("CloudTrail-Digest")).count(), 6);
}

#[tokio::test(start_paused = true)]
async fn after_thirty_days_a_digest_is_given_up() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    world.pass(HOUR).await;
    world.buckets.break_bucket("logs", BucketFault::Denied);
    let lost = world.deliver(trail, HOME, 1).await;
    world.pass(29 * DAY).await;
    assert_eq!(world.places(place::FILES).await, lost);
    world.pass(3 * DAY).await;
    assert_eq!(world.places(place::FILES).await, Vec::<String>::new());
    world.buckets.mend("logs");
    let objects = world.memory.objects("logs");
    let key = objects.into_keys().find(|key| key.contains("/CloudTrail/")).unwrap();
    world.memory.delete("logs", &key);
    world.deliver(trail, HOME, 1).await;
    world.pass(2 * HOUR).await;
    let report = check(&world).await;
    assert_eq!((report.starting, report.files), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_trail_with_a_broken_bucket_goes_after_thirty_days() {
    let mut world = World::new();
    let trail = world.create("audit", true).await;
    world.deliver(trail, AWAY, 1).await;
    world.pass(HOUR + 1).await;
    world.buckets.break_bucket("logs", BucketFault::Denied);
    world.deliver(trail, AWAY, 1).await;
    world.delete(trail, true).await;
    world.pass(29 * DAY).await;
    assert_eq!(world.places(place::GONE).await.len(), 1);
    world.pass(32 * DAY).await;
    for prefix in [place::GONE, place::CHAINS, place::FILES] {
        assert_eq!(world.places(prefix).await, Vec::<String>::new(), "{prefix}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_with_very_many_files_is_cut_short() {
    let mut world = World::new();
    let trail = world.create("audit", false).await;
    world.pass(HOUR / 4).await;
    let rounds = 5;
    for _ in 0..rounds {
        // As many as fit into an entry of small state.
        for part in 0..5 {
            let (place, file) = world.file(trail, HOME, part);
            let copies: Vec<_> = (0..1_000)
                .map(|copy| {
                    let mut file = file.clone();
                    file.key = file.key.replace(".json.gz", &format!("-{copy}.json.gz"));
                    file
                })
                .collect();
            world.enter(&place, &copies).await;
        }
        world.pass(HOUR / 10).await;
        // The next round begins at a later offset.
        world.deliver(trail, HOME, 0).await;
    }
    world.pass(HOUR).await;
    let mut named = 0;
    let mut windows = Vec::new();
    for (key, object) in world.memory.objects("logs") {
        if !key.contains("CloudTrail-Digest") {
            continue;
        }
        let size = u32::from_le_bytes(object.body[object.body.len() - 4..].try_into().unwrap());
        let mut content = vec![0; size as usize];
        libdeflater::Decompressor::new().gzip_decompress(&object.body, &mut content).unwrap();
        let digest = Digest::parse(&content).unwrap();
        assert!(digest.log_files.len() <= FILES_MAX);
        named += digest.log_files.len();
        windows.push((digest.digest_start_time, digest.digest_end_time));
    }
    assert_eq!(named, rounds * 5_000);
    assert!(windows.windows(2).all(|pair| pair[0].1 == pair[1].0), "{windows:?}");
    assert_eq!(windows.len(), 4, "{windows:?}");
    assert_eq!(world.places(place::FILES).await, Vec::<String>::new());
}
