use std::sync::Arc;

use cairn_bucket::testkit::BucketFault;
use cairn_event::trail::Trail;
use cairn_store::testkit::{Fault, FaultyMeta};
use serde_json::json;

use super::super::trail::reference::{Reference, Shown};
use super::super::trail::store;
use super::{HOME, arn, call, give, gone, kept, make, trail, world};
use crate::testing::{ACCOUNT, World};

/// A world whose small state fails when it is told to.
fn faulty() -> (World, Arc<FaultyMeta>) {
    let (world, meta, _) = World::faulty();
    world.buckets.memory.make("logs", HOME);
    (world, meta)
}

#[tokio::test]
async fn the_last_place_is_taken_once() {
    let world = world();
    for n in 0..4 {
        make(&world, &format!("trail-{n}"), json!({})).await;
    }
    // Both have seen the place before they ask the bucket.
    world.buckets.faults.break_bucket("logs", BucketFault::Held);
    let input = |name: &str| json!({"Name": name, "S3BucketName": "logs"});
    let (one, other) = (input("one"), input("other"));
    let both = async {
        tokio::join!(call(&world, "CreateTrail", &one), call(&world, "CreateTrail", &other))
    };
    let release = async {
        tokio::task::yield_now().await;
        world.buckets.faults.release();
        world.buckets.faults.release();
    };
    let ((one, other), ()) = tokio::join!(both, release);
    let outcomes = [one.result(), other.result()];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let [refused] =
        outcomes.into_iter().filter_map(Result::err).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(refused.code(), "MaximumNumberOfTrailsExceededException");
}

#[tokio::test]
async fn changes_at_the_same_time_all_count() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let tag = |n: usize| json!({"ResourceId": arn(HOME, "audit"), "TagsList": [{"Key": format!("k{n}")}]});
    let inputs: Vec<_> = (0..6).map(tag).collect();
    let calls = inputs.iter().map(|input| call(&world, "AddTags", input));
    for outcome in futures_util::future::join_all(calls).await {
        outcome.json();
    }
    assert_eq!(trail(&world, "audit").await.tags.len(), 6);
}

#[tokio::test]
async fn an_update_that_was_overtaken_is_made_on_what_is_new() {
    let world = world();
    make(&world, "audit", json!({})).await;
    world.buckets.faults.plan_nth(0, BucketFault::Held);
    let input = json!({"Name": "audit", "S3KeyPrefix": "a"});
    let update = call(&world, "UpdateTrail", &input);
    let overtake = async {
        tokio::task::yield_now().await;
        give(&world, "StartLogging", json!({"Name": "audit"})).await;
        world.buckets.faults.release();
    };
    let (updated, ()) = tokio::join!(update, overtake);
    updated.json();
    let kept = trail(&world, "audit").await;
    assert!(kept.is_logging() && kept.prefix.as_deref() == Some("a"));
}

#[tokio::test]
async fn a_change_that_is_not_known_is_looked_at() {
    let (world, meta) = faulty();
    let create = json!({"Name": "audit", "S3BucketName": "logs"});
    for (fault, code) in [
        (Fault::Full, "ServiceUnavailable"),
        (Fault::Fails, "ServiceUnavailable"),
        (Fault::FailsUnknown, "ServiceUnavailable"),
    ] {
        meta.plan(Some(fault));
        let error = call(&world, "CreateTrail", &create).await.fails(code);
        assert_eq!((error.status(), error.log_text().is_some()), (503, true));
        assert_eq!(error.message().contains("disk is full"), fault == Fault::Full);
        assert_eq!(give(&world, "ListTrails", json!({})).await, json!({"Trails": []}));
    }
    meta.plan(Some(Fault::PersistsUnknown));
    give(&world, "CreateTrail", create).await;
    meta.plan(Some(Fault::PersistsUnknown));
    give(&world, "StartLogging", json!({"Name": "audit"})).await;
    assert!(trail(&world, "audit").await.is_logging());
    meta.plan(Some(Fault::FailsUnknown));
    call(&world, "StopLogging", &json!({"Name": "audit"})).await.fails("ServiceUnavailable");
    assert!(trail(&world, "audit").await.is_logging());
}

#[tokio::test]
async fn a_deletion_is_one_change_and_its_rest_follows() {
    let by_name = json!({"Name": "audit"});
    let unknown = "TrailNotFoundException";
    // The change, the copy for workers, the removal: which of them fails, and how.
    let table = [
        (vec![Some(Fault::Fails)], false),
        (vec![Some(Fault::FailsUnknown)], false),
        (vec![Some(Fault::PersistsUnknown)], true),
        (vec![None, Some(Fault::Fails)], true),
        (vec![None, Some(Fault::FailsUnknown)], true),
        (vec![None, Some(Fault::PersistsUnknown)], true),
        (vec![None, None, Some(Fault::Fails)], true),
        (vec![None, None, Some(Fault::FailsUnknown)], true),
        (vec![None, None, Some(Fault::PersistsUnknown)], true),
    ];
    for (plan, succeeds) in table {
        let (world, meta) = faulty();
        make(&world, "audit", json!({"EnableLogFileValidation": true})).await;
        give(&world, "StartLogging", by_name.clone()).await;
        let id = trail(&world, "audit").await.id;
        for fault in &plan {
            meta.plan(*fault);
        }
        let outcome = call(&world, "DeleteTrail", &by_name).await.result();
        assert_eq!(outcome.is_ok(), succeeds, "{plan:?}");
        if !succeeds {
            assert!(trail(&world, "audit").await.is_logging());
            assert!(gone(&world).await.is_empty());
            give(&world, "DeleteTrail", by_name.clone()).await;
        }
        for operation in ["GetTrail", "GetTrailStatus", "StartLogging", "DeleteTrail"] {
            call(&world, operation, &by_name).await.fails(unknown);
        }
        // Whatever is left, the next look at the trails puts it where it belongs.
        let operation = if plan.len() == 2 { "DescribeTrails" } else { "ListTrails" };
        let shown = give(&world, operation, json!({})).await;
        assert!(shown == json!({"Trails": []}) || shown == json!({"trailList": []}));
        let [left] = gone(&world).await.try_into().unwrap();
        assert_eq!((left.id.as_str(), left.spans.len()), (id.as_str(), 1), "{plan:?}");
        assert!(left.spans[0].end.is_some() && left.deleted.is_some() && left.digests.is_none());
        let place = format!("trail/{ACCOUNT}/{HOME}/audit");
        assert_eq!(kept::<Trail>(&world, &place).await, None, "{plan:?}");
        make(&world, "audit", json!({})).await;
        assert_ne!(trail(&world, "audit").await.id, id);
        assert_eq!(gone(&world).await.len(), 1);
    }
}

#[tokio::test]
async fn a_name_is_free_even_if_its_trail_was_left_in_its_place() {
    let (world, meta) = faulty();
    make(&world, "audit", json!({})).await;
    for fault in [None, Some(Fault::Fails)] {
        meta.plan(fault);
    }
    give(&world, "DeleteTrail", json!({"Name": "audit"})).await;
    assert!(trail(&world, "audit").await.deleted.is_some());
    make(&world, "audit", json!({})).await;
    assert!(trail(&world, "audit").await.deleted.is_none());
    assert_eq!(gone(&world).await.len(), 1);
}

#[tokio::test]
async fn a_deletion_that_is_overtaken_begins_anew() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let ctx = world.ctx(ACCOUNT, HOME);
    let reference = Reference::parse(&ctx, "audit").unwrap();
    let read = reference.open(&ctx, Shown::Arn).await.unwrap();
    give(&world, "StartLogging", json!({"Name": "audit"})).await;
    let mut deleted = read.trail.clone();
    deleted.deleted = Some(ctx.now);
    assert!(!store::delete(&ctx, &read, deleted.clone()).await.unwrap());
    assert!(gone(&world).await.is_empty());
    assert!(trail(&world, "audit").await.is_logging());
    // Two at the same time: one finds nothing any more.
    let both = json!({"Name": "audit"});
    let (one, other) =
        tokio::join!(call(&world, "DeleteTrail", &both), call(&world, "DeleteTrail", &both));
    let outcomes = [one.result().is_ok(), other.result().is_ok()];
    assert_eq!(outcomes.into_iter().filter(|is_ok| *is_ok).count(), 1);
    assert!(!store::delete(&ctx, &read, deleted).await.unwrap());
    assert_eq!(gone(&world).await.len(), 1);
}
