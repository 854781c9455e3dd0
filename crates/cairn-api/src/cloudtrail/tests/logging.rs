use serde_json::json;

use super::{HOME, arn, give, make, trail, world};
use crate::testing::START_MS;

#[tokio::test]
async fn a_span_begins_and_ends_where_the_log_does() {
    let world = world();
    make(&world, "audit", json!({"EnableLogFileValidation": true})).await;
    world.commit(&["{}".to_owned(), "{}".to_owned()]).await;
    assert_eq!(give(&world, "StartLogging", json!({"Name": "audit"})).await, json!({}));
    let started = trail(&world, "audit").await;
    assert!(started.is_logging());
    assert_eq!((started.spans[0].from, started.changed), (2, 2));
    assert_eq!(started.spans[0].started.as_ms(), START_MS);
    assert_eq!(started.digests.as_ref().unwrap().number, 1);

    // Repeating it changes nothing, by name or ARN.
    world.commit(&["{}".to_owned()]).await;
    world.pass_ms(10_000);
    assert_eq!(give(&world, "StartLogging", json!({"Name": arn(HOME, "audit")})).await, json!({}));
    assert_eq!(trail(&world, "audit").await, started);

    assert_eq!(give(&world, "StopLogging", json!({"Name": "audit"})).await, json!({}));
    let stopped = trail(&world, "audit").await;
    let end = stopped.spans[0].end.clone().unwrap();
    assert_eq!((end.offset, end.at.as_ms(), stopped.changed), (3, START_MS + 10_000, 3));
    assert!(!stopped.is_logging() && stopped.digests.is_none());
    give(&world, "StopLogging", json!({"Name": "audit"})).await;
    assert_eq!(trail(&world, "audit").await, stopped);

    give(&world, "StartLogging", json!({"Name": "audit"})).await;
    let again = trail(&world, "audit").await;
    assert_eq!((again.spans.len(), again.digests.unwrap().number), (2, 2));
    // It takes what it took all the time.
    assert_eq!((again.selected_since, again.changed), (0, 3));
}

#[tokio::test]
async fn a_stop_of_what_never_began_changes_nothing() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let before = trail(&world, "audit").await;
    give(&world, "StopLogging", json!({"Name": "audit"})).await;
    assert_eq!(trail(&world, "audit").await, before);
}

#[tokio::test]
async fn a_restart_keeps_a_trail() {
    let world = world();
    make(&world, "audit", json!({})).await;
    give(&world, "StartLogging", json!({"Name": "audit"})).await;
    let before = trail(&world, "audit").await;
    let world = world.restarted();
    assert_eq!(trail(&world, "audit").await, before);
    assert_eq!(give(&world, "GetTrailStatus", json!({"Name": "audit"})).await["IsLogging"], true);
}
