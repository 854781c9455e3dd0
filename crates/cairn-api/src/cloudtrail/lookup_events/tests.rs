use std::sync::atomic::{AtomicU64, Ordering};

use cairn_history::{HistoryOptions, Room};
use serde_json::{Value as Json, json};

use crate::testing::{ACCOUNT, Cases, START_MS, World, cases, event};

/// The ids of the events of one page.
fn ids(page: &Json) -> Vec<&str> {
    page["Events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["EventId"].as_str().unwrap())
        .collect()
}

async fn found(calls: &Cases<'_>, input: Json) -> String {
    ids(&calls.call(&input.to_string()).await.json()).join(" ")
}

fn by(key: &str, value: &str) -> Json {
    json!({"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]})
}

/// Seconds since 1970 of a moment after the world began.
fn at(seconds: f64) -> f64 {
    START_MS as f64 / 1_000.0 + seconds
}

#[tokio::test]
async fn an_event_is_shown_as_aws_shows_it() {
    let world = World::new();
    let record = event("e-1", "CreateUser", 0, "");
    let answer = r#""responseElements":{"user":{"userName":"bob","userId":"AIDABOB"}}"#;
    let record = record.replace(r#""responseElements":null"#, answer);
    world.record(std::slice::from_ref(&record)).await;
    let page = cases(&world, "cloudtrail", "LookupEvents").call("{}").await.json();
    assert!(page.get("NextToken").is_none());
    let event = &page["Events"][0];
    let shown = json!({
        "EventId": "e-1", "EventName": "CreateUser", "ReadOnly": "false", "AccessKeyId": "AKIAEXAMPLE",
        "EventTime": START_MS / 1_000, "EventSource": "iam.amazonaws.com", "Username": "ann",
        "Resources": [
            {"ResourceType": "AWS::IAM::User", "ResourceName": "bob"},
            {"ResourceType": "AWS::IAM::User", "ResourceName": "AIDABOB"},
        ],
        "CloudTrailEvent": record,
    });
    assert_eq!(event, &shown);
}

#[tokio::test]
async fn what_a_record_lacks_is_absent() {
    let world = World::new();
    let record = r#"{"eventVersion":"1.11","eventTime":"2026-11-25T17:00:00Z",
        "userIdentity":{"accountId":"111122223333","invokedBy":"kms.amazonaws.com"},
        "eventSource":"kms.amazonaws.com","eventName":"RotateKey","awsRegion":"us-east-1","eventID":"e-1",
        "recipientAccountId":"111122223333","eventType":"AwsServiceEvent","eventCategory":"Management"}"#;
    world.record(&[record.to_owned()]).await;
    cases(&world, "cloudtrail", "LookupEvents").call("{}").await.gives(
        &json!({"Events": [{
            "EventId": "e-1", "EventName": "RotateKey", "EventTime": START_MS / 1_000,
            "EventSource": "kms.amazonaws.com", "Resources": [], "CloudTrailEvent": record,
        }]})
        .to_string(),
    );
}

#[tokio::test]
async fn each_attribute_finds_its_events() {
    let world = World::new();
    let bucket = r#""eventName":"CreateBucket","requestParameters":{"bucketName":"logs"}"#;
    let read =
        event("e-read", "ListUsers", 3, "").replace(r#""readOnly":false"#, r#""readOnly":true"#);
    let other = event("e-bucket", "CreateBucket", 2, "")
        .replace("iam.amazonaws.com", "s3.amazonaws.com")
        .replace(r#""eventName":"CreateBucket""#, bucket)
        .replace(r#""requestParameters":null,"#, "")
        .replace("AKIAEXAMPLE", "AKIAOTHER")
        .replace(r#""userName":"ann""#, r#""userName":"bob""#);
    world.record(&[event("e-user", "CreateUser", 1, ""), other, read]).await;
    let calls = cases(&world, "cloudtrail", "LookupEvents");
    let table = [
        ("EventId", "e-user", "e-user"),
        ("EventName", "CreateBucket", "e-bucket"),
        ("EventName", "createbucket", ""),
        ("EventName", "Create", ""),
        ("ReadOnly", "true", "e-read"),
        ("ReadOnly", "false", "e-bucket e-user"),
        ("Username", "ann", "e-read e-user"),
        ("ResourceName", "logs", "e-bucket"),
        ("ResourceType", "AWS::S3::Bucket", "e-bucket"),
        ("ResourceType", "AWS::No::Such", ""),
        ("EventSource", "iam.amazonaws.com", "e-read e-user"),
        ("AccessKeyId", "AKIAOTHER", "e-bucket"),
    ];
    for (key, value, wanted) in table {
        assert_eq!(found(&calls, by(key, value)).await, wanted, "{key}={value}");
    }
    assert_eq!(found(&calls, json!({})).await, "e-read e-bucket e-user");
}

#[tokio::test]
async fn the_time_range_includes_both_ends() {
    let world = World::new();
    let events = [1, 2, 3].map(|second| event(&format!("e-{second}"), "CreateUser", second, ""));
    world.record(&events).await;
    world.pass_ms(10_000);
    let calls = cases(&world, "cloudtrail", "LookupEvents");
    let range = |start: f64, end: f64| json!({"StartTime": at(start), "EndTime": at(end)});
    assert_eq!(found(&calls, range(1.0, 2.0)).await, "e-2 e-1");
    assert_eq!(found(&calls, range(1.5, 2.5)).await, "e-2");
    assert_eq!(found(&calls, range(2.0, 2.0)).await, "e-2");
    assert_eq!(found(&calls, json!({"StartTime": at(3.0)})).await, "e-3");
    assert_eq!(found(&calls, json!({"EndTime": at(1.0)})).await, "e-1");
    assert_eq!(found(&calls, json!({"EndTime": at(1e9)})).await, "e-3 e-2 e-1");
    calls.call(&range(2.0, 1.0).to_string()).await.fails("InvalidTimeRangeException");
    calls
        .call(&json!({"StartTime": at(10.001)}).to_string())
        .await
        .fails("InvalidTimeRangeException");
    assert_eq!(found(&calls, json!({"StartTime": at(10.0)})).await, "");
}

#[tokio::test]
async fn only_what_belongs_there_shows() {
    let world = World::new();
    let data = event("e-data", "GetObject", 1, "")
        .replace(r#""managementEvent":true"#, r#""managementEvent":false"#)
        .replace(r#""eventCategory":"Management""#, r#""eventCategory":"Data""#);
    let insight = event("e-insight", "CreateUser", 2, "")
        .replace(r#""eventCategory":"Management""#, r#""eventCategory":"Insight""#);
    let foreign = event("e-foreign", "CreateUser", 3, "").replace(ACCOUNT, "444455556666");
    let far = event("e-far", "CreateUser", 4, "").replace("us-east-1", "eu-west-1");
    world.record(&[event("e-own", "CreateUser", 0, ""), data, insight, foreign, far]).await;
    let calls = || cases(&world, "cloudtrail", "LookupEvents");
    assert_eq!(found(&calls(), json!({})).await, "e-own");
    assert_eq!(found(&calls(), json!({"EventCategory": "insight"})).await, "e-insight");
    assert_eq!(found(&calls().from("444455556666", "us-east-1"), json!({})).await, "e-foreign");
    assert_eq!(found(&calls().from(ACCOUNT, "eu-west-1"), json!({})).await, "e-far");
    assert_eq!(found(&calls().from("999999999999", "us-east-1"), json!({})).await, "");
}

#[tokio::test]
async fn wrong_inputs_have_modelled_errors() {
    let world = World::new();
    let calls = cases(&world, "cloudtrail", "LookupEvents");
    let (attributes, max) = ("InvalidLookupAttributesException", "InvalidMaxResultsException");
    let one = json!({"AttributeKey": "EventName", "AttributeValue": "x"});
    let mut of_insights = by("Username", "ann");
    of_insights["EventCategory"] = json!("insight");
    let table = [
        (json!({"LookupAttributes": [one, one]}), attributes),
        (by("Nothing", "x"), attributes),
        (by("eventname", "x"), attributes),
        (by("EventName", ""), attributes),
        (by("EventName", &"x".repeat(2_001)), attributes),
        (by("ReadOnly", "True"), attributes),
        (by("ReadOnly", "yes"), attributes),
        (json!({"LookupAttributes": [{"AttributeKey": "EventName"}]}), attributes),
        (json!({"LookupAttributes": [null]}), attributes),
        (of_insights, attributes),
        (json!({"MaxResults": 0}), max),
        (json!({"MaxResults": 51}), max),
        (json!({"MaxResults": -1}), max),
        (json!({"EventCategory": "Insight"}), "InvalidEventCategoryException"),
        (json!({"EventCategory": "management"}), "InvalidEventCategoryException"),
        (json!({"NextToken": "made-up"}), "InvalidNextTokenException"),
        (json!({"NextToken": ""}), "InvalidNextTokenException"),
    ];
    for (input, code) in table {
        let error = calls.call(&input.to_string()).await.fails(code);
        assert_eq!((error.status(), error.sender_fault()), (400, true), "{input}");
    }
    for good in
        [by("EventName", &"_".repeat(2_000)), json!({"MaxResults": 1}), json!({"MaxResults": 50})]
    {
        assert_eq!(found(&calls, good).await, "");
    }
}

#[tokio::test]
async fn pages_go_on_where_they_ended_even_after_a_restart() {
    let mut world = World::new();
    let events: Vec<_> =
        (0..120).map(|n| event(&format!("e-{n:03}"), "CreateUser", n / 3, "")).collect();
    world.record(&events).await;
    world.pass_ms(60_000);
    let newest_first: Vec<String> = (0..120).rev().map(|n| format!("e-{n:03}")).collect();
    let (mut all, mut input) = (Vec::new(), json!({"StartTime": at(0.0)}));
    loop {
        let page =
            cases(&world, "cloudtrail", "LookupEvents").call(&input.to_string()).await.json();
        assert!(ids(&page).len() <= 50);
        all.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(token) = page.get("NextToken") else { break };
        input["NextToken"] = token.clone();
        // What comes in between does not shift the pages.
        world.record(&[event("e-late", "CreateUser", 500, "")]).await;
        world = world.restarted();
    }
    assert_eq!(all, newest_first);
    let calls = cases(&world, "cloudtrail", "LookupEvents");
    for other in [json!({}), json!({"StartTime": at(1.0)}), by("EventName", "CreateUser")] {
        let mut other = other;
        other["NextToken"] = input["NextToken"].clone();
        calls.call(&other.to_string()).await.fails("InvalidNextTokenException");
    }
    input["MaxResults"] = json!(7);
    assert_eq!(ids(&calls.call(&input.to_string()).await.json()).len(), 7);
    let elsewhere = cases(&world, "cloudtrail", "LookupEvents").from(ACCOUNT, "eu-west-1");
    elsewhere.call(&input.to_string()).await.fails("InvalidNextTokenException");
}

#[tokio::test]
async fn a_caller_finds_what_it_did_before() {
    let world = World::new();
    world.commit(&[event("e-1", "CreateUser", 0, "")]).await;
    let calls = cases(&world, "cloudtrail", "LookupEvents");
    let lookup = calls.call("{}");
    // The worker is a moment behind: the lookup waits for it.
    let (page, ()) = tokio::join!(lookup, async {
        tokio::task::yield_now().await;
        world.feed();
    });
    assert_eq!(ids(&page.json()), ["e-1"]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_is_told_at_once_that_history_cannot_go_on() {
    let room = Room::new(AtomicU64::new(0));
    let options = HistoryOptions { slice_records_max: 2, ..HistoryOptions::default() };
    let world = World::with_room(options, &room);
    let events: Vec<_> = (0..4).map(|at| event(&format!("e-{at}"), "CreateUser", at, "")).collect();
    world.record(&events).await;
    let history = &world.services.history;
    assert!(history.seal().is_err());
    let calls = cases(&world, "cloudtrail", "LookupEvents");
    assert_eq!(ids(&calls.call("{}").await.json()).len(), 4, "it has all that there is");
    world.commit(&[event("e-4", "CreateUser", 4, "")]).await;
    let begun = tokio::time::Instant::now();
    let error = calls.call("{}").await.fails("ServiceUnavailable");
    assert!(error.to_string().contains("disk is full"), "{error}");
    let search = cases(&world, "cairn", "SearchRecords").call("{}").await;
    let error = search.fails("ServiceUnavailable");
    assert!(error.to_string().contains("disk is full"), "{error}");
    assert!(begun.elapsed().is_zero());
    room.store(u64::MAX, Ordering::SeqCst);
    history.seal().unwrap();
    world.feed();
    assert_eq!(ids(&calls.call("{}").await.json()).len(), 5);
}
