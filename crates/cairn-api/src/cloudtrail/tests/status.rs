use bytes::Bytes;
use cairn_store::Key;
use serde_json::{Value as Json, json};

use super::{AWAY, HOME, arn, call_from, give, make, trail, world};
use crate::testing::{ACCOUNT, START_MS, World};

async fn put(world: &World, key: &str, document: Json) {
    let key = Key::parse(key).unwrap();
    let version = world.services.meta.get(&key).await.unwrap().map(|found| found.version);
    let value = Bytes::from(document.to_string());
    world.services.meta.swap(&key, version, value).await.unwrap();
}

fn plain() -> Json {
    json!({
        "IsLogging": false, "LatestDeliveryAttemptTime": "", "LatestNotificationAttemptTime": "",
        "LatestNotificationAttemptSucceeded": "", "LatestDeliveryAttemptSucceeded": "",
        "TimeLoggingStarted": "", "TimeLoggingStopped": "",
    })
}

#[tokio::test]
async fn the_life_of_a_trail_shows() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let status = async || give(&world, "GetTrailStatus", json!({"Name": "audit"})).await;
    let mut wanted = plain();
    assert_eq!(status().await, wanted);

    world.pass_ms(1_250);
    give(&world, "StartLogging", json!({"Name": "audit"})).await;
    wanted["IsLogging"] = json!(true);
    wanted["StartLoggingTime"] = json!((START_MS + 1_250) as f64 / 1_000.0);
    wanted["TimeLoggingStarted"] = json!("2026-11-25T17:00:01Z");
    assert_eq!(status().await, wanted);

    world.pass_ms(60_000);
    give(&world, "StopLogging", json!({"Name": "audit"})).await;
    wanted["IsLogging"] = json!(false);
    wanted["StopLoggingTime"] = json!((START_MS + 61_250) as f64 / 1_000.0);
    wanted["TimeLoggingStopped"] = json!("2026-11-25T17:01:01Z");
    assert_eq!(status().await, wanted);

    world.pass_ms(60_000);
    give(&world, "StartLogging", json!({"Name": "audit"})).await;
    wanted["IsLogging"] = json!(true);
    wanted["StartLoggingTime"] = json!((START_MS + 121_250) as f64 / 1_000.0);
    wanted["TimeLoggingStarted"] = json!("2026-11-25T17:02:01Z");
    assert_eq!(status().await, wanted, "the stop stays");
}

#[tokio::test]
async fn what_workers_wrote_shows_for_its_region() {
    let world = world();
    make(&world, "audit", json!({"IsMultiRegionTrail": true})).await;
    let id = trail(&world, "audit").await.id;
    let delivery = json!({
        "regions": {
            HOME: {
                "logs": {"attempted": START_MS + 500, "succeeded": START_MS + 500},
                "notifications": {
                    "attempted": START_MS + 500, "succeeded": START_MS, "error": "AuthorizationError",
                },
                "more": 1,
            },
            AWAY: {"logs": {"attempted": START_MS + 1_000, "error": "NoSuchBucket"}},
        },
        "adopted": {"id": id}, "drained": false,
    });
    put(&world, &format!("delivery/trail/{id}"), delivery).await;
    let chain = json!({
        "window_start": 7,
        "outcome": {"attempted": START_MS + 9_000, "succeeded": START_MS, "error": "AccessDenied"},
    });
    put(&world, &format!("digest/chain/{id}/{ACCOUNT}/{HOME}"), chain).await;

    let mut wanted = plain();
    let members = json!({
        "LatestDeliveryTime": (START_MS + 500) as f64 / 1_000.0,
        "LatestDeliveryAttemptTime": "2026-11-25T17:00:00Z",
        "LatestDeliveryAttemptSucceeded": "2026-11-25T17:00:00Z",
        "LatestNotificationError": "AuthorizationError",
        "LatestNotificationTime": START_MS / 1_000,
        "LatestNotificationAttemptTime": "2026-11-25T17:00:00Z",
        "LatestNotificationAttemptSucceeded": "2026-11-25T17:00:00Z",
        "LatestDigestDeliveryTime": START_MS / 1_000,
        "LatestDigestDeliveryError": "AccessDenied",
    });
    wanted.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    assert_eq!(give(&world, "GetTrailStatus", json!({"Name": "audit"})).await, wanted);

    let mut wanted = plain();
    wanted["LatestDeliveryError"] = json!("NoSuchBucket");
    wanted["LatestDeliveryAttemptTime"] = json!("2026-11-25T17:00:01Z");
    let by_arn = json!({"Name": arn(HOME, "audit")});
    let shadow = call_from(&world, AWAY, "GetTrailStatus", &by_arn).await.json();
    assert_eq!(shadow, wanted);
    let nothing = call_from(&world, "sa-east-1", "GetTrailStatus", &by_arn).await.json();
    assert_eq!(nothing, plain());
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_a_fault_of_ours() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let id = trail(&world, "audit").await.id;
    put(&world, &format!("delivery/trail/{id}"), json!({"regions": 7})).await;
    let error = call_from(&world, HOME, "GetTrailStatus", &json!({"Name": "audit"})).await;
    assert!(error.fails("InternalFailure").log_text().unwrap().contains("deliveries"));
}
