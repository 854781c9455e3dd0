use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_event::AccountId;
use cairn_iam::Principal;
use cairn_store::{Offset, ReadLimit};
use cairn_wire::RequestHead;
use cairn_wire::codec::decode_request;
use cairn_wire::model::{Protocol, service};
use cairn_wire::validate;
use serde_json::{Value as Json, json};

use crate::testing::{ACCOUNT, World, cases};
use crate::{ApiError, handle, violation};

/// Puts events, as an account.
async fn put(
    world: &World,
    account: &str,
    channel: &str,
    external_id: Option<&str>,
    events: &Json,
) -> Result<Vec<Json>, ApiError> {
    let operation = service("cloudtrail-data").unwrap().find_operation("PutAuditEvents").unwrap();
    let headers = http::HeaderMap::new();
    let external = external_id.map(|id| format!("&externalId={id}")).unwrap_or_default();
    let query = format!("channelArn={channel}{external}");
    let head =
        RequestHead { method: "POST", path: "/PutAuditEvents", query: &query, headers: &headers };
    let body = json!({"auditEvents": events}).to_string();
    let input = decode_request(operation, Protocol::RestJson, &head, body.as_bytes()).unwrap();
    if let Err(violations) = validate::check(operation, &input) {
        let modelled = violations.iter().find_map(|found| violation(operation, found));
        return Err(modelled.unwrap_or_else(|| panic!("{}", validate::message(&violations))));
    }
    let mut ctx = world.ctx(ACCOUNT, "us-east-1");
    ctx.account = AccountId::parse(account).unwrap();
    ctx.principal = Arc::new(Principal::Root { account: ctx.account.clone() });
    let output = handle(&ctx, operation, &input).await?;
    let encoded =
        cairn_wire::codec::encode_response(operation, Protocol::RestJson, &output, &ctx.request_id);
    let answer: Json = serde_json::from_slice(&encoded.body).unwrap();
    Ok(vec![answer["successful"].clone(), answer["failed"].clone()])
}

async fn channel(world: &World) -> String {
    let cloudtrail = |operation| cases(world, "cloudtrail", operation);
    let stores = cloudtrail("ListEventDataStores").call("{}").await.json();
    let location = &stores["EventDataStores"][0]["EventDataStoreArn"];
    let input = json!({
        "Name": "app", "Source": "Custom",
        "Destinations": [{"Type": "EVENT_DATA_STORE", "Location": location}],
    });
    let made = cloudtrail("CreateChannel").call(&input.to_string()).await.json();
    made["ChannelArn"].as_str().unwrap().to_owned()
}

fn data() -> Json {
    json!({
        "version": "1", "userIdentity": {"type": "user", "principalId": "ann", "details": {"x": 1}},
        "eventSource": "app.example.com", "eventName": "Login", "eventTime": "2026-11-25T16:00:00Z",
        "UID": "u-1", "recipientAccountId": ACCOUNT,
    })
}

fn event(id: &str, data: &Json) -> Json {
    json!({"id": id, "eventData": data.to_string()})
}

async fn log(world: &World) -> Vec<String> {
    let limit = ReadLimit { records_max: 1_000, bytes_max: 1 << 22 };
    let slice = world.services.log.read(Offset::ZERO, limit).await.unwrap();
    slice.records.iter().map(|record| String::from_utf8(record.to_vec()).unwrap()).collect()
}

#[tokio::test]
async fn events_become_records_that_keep_their_bytes() {
    let world = World::new();
    let arn = channel(&world).await;
    let text = data().to_string().replace(r#""x":1"#, r#""x": 1.50"#);
    let events = json!([{"id": "one", "eventData": text}]);
    let done = put(&world, ACCOUNT, &arn, None, &events).await.unwrap();
    let id = done[0][0]["eventID"].as_str().unwrap();
    assert_eq!(done, [json!([{"eventID": id, "id": "one"}]), json!([])]);
    let record = format!(
        concat!(
            r#"{{"eventVersion":"1.0","eventCategory":"ActivityAuditLog","#,
            r#""eventType":"ActivityLog","eventID":"{id}","eventTime":"2026-11-25T16:00:00Z","#,
            r#""awsRegion":"us-east-1","recipientAccountId":"{account}","#,
            r#""metadata":{{"ingestionTime":"2026-11-25T17:00:00Z","channelARN":"{arn}"}},"#,
            r#""eventData":{text}}}"#,
        ),
        id = id,
        account = ACCOUNT,
        arn = arn,
        text = text,
    );
    assert_eq!(log(&world).await, [record]);
    let again = put(&world, ACCOUNT, &arn, None, &events).await.unwrap();
    assert_ne!(again[0][0]["eventID"], id, "another call, another record");
}

#[tokio::test]
async fn what_is_wrong_with_one_event_is_told_of_it() {
    let world = World::new();
    let arn = channel(&world).await;
    let with = |member: &str, value: Json| {
        let mut data = data();
        data[member] = value;
        data
    };
    let without = |member: &str| {
        let mut data = data();
        data.as_object_mut().unwrap().remove(member);
        data
    };
    let long = "x".repeat(1_025);
    let table = [
        (without("version"), "FieldNotFound"),
        (without("UID"), "FieldNotFound"),
        (without("userIdentity"), "FieldNotFound"),
        (with("userIdentity", json!({"type": "user"})), "FieldNotFound"),
        (with("eventName", json!("")), "FieldNotFound"),
        (with("eventName", Json::Null), "FieldNotFound"),
        (with("eventName", json!(long)), "FieldTooLong"),
        (with("version", json!("x".repeat(257))), "FieldTooLong"),
        (with("requestParameters", json!({"x": "y".repeat(100 << 10)})), "FieldTooLong"),
        (with("eventName", json!(1)), "InvalidData"),
        (with("eventTime", json!("yesterday")), "InvalidData"),
        (with("requestParameters", json!("x")), "InvalidData"),
        (with("extra", json!("y".repeat(256 << 10))), "InvalidData"),
        (json!("text"), "InvalidData"),
        (with("recipientAccountId", json!("444455556666")), "InvalidRecipient"),
    ];
    for (data, code) in &table {
        let events = json!([event("bad", data), event("good", &self::data())]);
        let done = put(&world, ACCOUNT, &arn, None, &events).await.unwrap();
        assert_eq!((&done[1][0]["errorCode"], &done[1][0]["id"]), (&json!(code), &json!("bad")));
        assert_eq!(done[0][0]["id"], "good", "{data}");
    }
    assert_eq!(log(&world).await.len(), table.len());
    let twice = json!([{"id": "x", "eventData": r#"{"version":"1","version":"1"}"#}]);
    let done = put(&world, ACCOUNT, &arn, None, &twice).await.unwrap();
    assert_eq!(done[1][0]["errorCode"], "InvalidData");
}

#[tokio::test]
async fn checksums_are_checked() {
    let world = World::new();
    let arn = channel(&world).await;
    let text = data().to_string();
    let hash =
        STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()));
    for (sum, failed) in [(hash.as_str(), 0), ("AAAA", 1), ("!", 1)] {
        let events = json!([{"id": "x", "eventData": text, "eventDataChecksum": sum}]);
        let done = put(&world, ACCOUNT, &arn, None, &events).await.unwrap();
        assert_eq!(done[1].as_array().unwrap().len(), failed, "{sum}");
        assert!(failed == 0 || done[1][0]["errorCode"] == "InvalidChecksum");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_call_takes_nothing() {
    let world = World::new();
    let arn = channel(&world).await;
    let one = event("x", &data());
    let twice = json!([one, one]);
    let missing = format!("{}11111111-1111-4111-8111-111111111111", &arn[..arn.len() - 36]);
    let padding = json!({"x": "y".repeat(250 << 10)});
    let long: Vec<_> = (0..5).map(|n| event(&format!("{n}"), &padding)).collect();
    let table = [
        (arn.clone(), twice, "DuplicatedAuditEventId"),
        (missing, json!([one]), "ChannelNotFound"),
        (arn.replace("us-east-1", "eu-west-1"), json!([one]), "ChannelNotFound"),
        ("app".to_owned(), json!([one]), "InvalidChannelARN"),
        (arn.replace("channel/", "trail/"), json!([one]), "InvalidChannelARN"),
        (arn.clone(), json!(long), "RequestEntityTooLargeException"),
    ];
    for (channel, events, code) in table {
        let error = put(&world, ACCOUNT, &channel, None, &events).await.unwrap_err();
        assert_eq!(error.code(), code, "{channel}");
    }
    assert!(log(&world).await.is_empty());
}

#[tokio::test]
async fn others_put_events_if_the_policy_lets_them() {
    let world = World::new();
    let arn = channel(&world).await;
    let (friend, stranger) = ("444455556666", "777788889999");
    let events = json!([event("x", &data())]);
    let code = async |account: &str, external: Option<&str>| {
        let done = put(&world, account, &arn, external, &events).await;
        done.map_or_else(|error| error.code(), |_| "")
    };
    let denied = "ChannelInsufficientPermission";
    assert_eq!((code(ACCOUNT, None).await, code(friend, None).await), ("", denied));
    let statement = |effect: &str, account: &str, condition: Json| {
        json!({
            "Effect": effect, "Principal": {"AWS": account}, "Resource": arn,
            "Action": "cloudtrail-data:PutAuditEvents", "Condition": condition,
        })
    };
    let set = async |statements: Json| {
        let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let input = json!({"ResourceArn": arn, "ResourcePolicy": policy}).to_string();
        cases(&world, "cloudtrail", "PutResourcePolicy").call(&input).await.json();
    };
    let secret = json!({"StringEquals": {"cloudtrail:ExternalId": "agreed"}});
    set(json!([statement("Allow", friend, secret)])).await;
    assert_eq!(code(friend, Some("agreed")).await, "");
    for (account, external) in
        [(friend, None), (friend, Some("guessed")), (stranger, Some("agreed"))]
    {
        assert_eq!(code(account, external).await, denied, "{account} {external:?}");
    }
    assert_eq!(code(ACCOUNT, None).await, "", "the owner needs no policy");
    set(json!([statement("Deny", ACCOUNT, json!({}))])).await;
    assert_eq!(code(ACCOUNT, None).await, denied, "but can be denied");
}

#[tokio::test]
async fn the_channel_shows_how_its_events_fared() {
    let world = World::new();
    let arn = channel(&world).await;
    let status = async || {
        let input = json!({"Channel": arn}).to_string();
        let channel = cases(&world, "cloudtrail", "GetChannel").call(&input).await.json();
        channel["IngestionStatus"].clone()
    };
    assert_eq!(status().await, Json::Null);
    let done = put(&world, ACCOUNT, &arn, None, &json!([event("x", &data())])).await.unwrap();
    let good = done[0][0]["eventID"].clone();
    let seconds = crate::testing::START_MS / 1_000;
    let times = |status: &Json| {
        ["LatestIngestionSuccessTime", "LatestIngestionAttemptTime"]
            .map(|name| status[name].as_f64().unwrap() as i64)
    };
    let first = status().await;
    assert_eq!(first["LatestIngestionSuccessEventID"], good);
    assert_eq!(times(&first), [seconds; 2]);
    assert!(first.get("LatestIngestionErrorCode").is_none());
    world.pass_ms(60_000);
    put(&world, ACCOUNT, &arn, None, &json!([event("x", &json!({}))])).await.unwrap();
    let second = status().await;
    assert_eq!(second["LatestIngestionErrorCode"], "FieldNotFound");
    assert_eq!(second["LatestIngestionSuccessEventID"], good);
    assert_eq!(times(&second), [seconds, seconds + 60]);
    put(&world, ACCOUNT, &arn, None, &json!([event("x", &data())])).await.unwrap();
    assert!(status().await.get("LatestIngestionErrorCode").is_none());
}
