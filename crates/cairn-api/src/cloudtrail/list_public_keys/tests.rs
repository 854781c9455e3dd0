use bytes::Bytes;
use cairn_event::digest::{SigningKey, fingerprint};
use cairn_event::trail::place;
use cairn_event::{Region, Timestamp};
use cairn_store::Key;
use serde_json::json;

use crate::testing::{ACCOUNT, START_MS, World, cases};

const DAY_S: i64 = 86_400;
/// Now, in seconds.
const NOW: i64 = START_MS / 1_000;

/// Puts a key there that starts and ends so many days from now.
async fn put(world: &World, region: &str, der: &[u8], days: (i64, i64)) -> String {
    let at = |days: i64| Timestamp::from_seconds(NOW + days * DAY_S);
    let key = SigningKey::new(der, (at(days.0), at(days.1)), b"sealed");
    let place = place::digest_key(&Region::parse(region).unwrap(), &key.fingerprint);
    let value = Bytes::from(serde_json::to_vec(&key).unwrap());
    world.services.meta.swap(&Key::parse(&place).unwrap(), None, value).await.unwrap();
    key.fingerprint
}

/// The fingerprints that a call lists.
async fn listed(world: &World, region: &'static str, input: &str) -> Vec<String> {
    let call = cases(world, "cloudtrail", "ListPublicKeys").from(ACCOUNT, region);
    let answer = call.call(input).await.json();
    let keys = answer["PublicKeyList"].as_array().unwrap();
    keys.iter().map(|key| key["Fingerprint"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn keys_are_listed_whose_validity_meets_the_range() {
    let world = World::new();
    let old = put(&world, "us-east-1", b"old", (-50, -20)).await;
    let now = put(&world, "us-east-1", b"now", (-25, 5)).await;
    let next = put(&world, "us-east-1", b"next", (-5, 25)).await;
    let away = put(&world, "eu-west-1", b"away", (-5, 25)).await;
    let range = |from: i64, to: i64| {
        json!({"StartTime": NOW + from * DAY_S, "EndTime": NOW + to * DAY_S}).to_string()
    };
    let (east, all) = ("us-east-1", [old.clone(), now.clone(), next.clone()]);
    assert_eq!(listed(&world, east, "{}").await, [now.clone(), next.clone()]);
    assert_eq!(listed(&world, east, &range(-60, 60)).await, all);
    assert_eq!(listed(&world, east, &range(-60, -50)).await, all[..1]);
    // The end of a validity is outside it.
    assert_eq!(listed(&world, east, &range(-20, -20)).await, all[1..2]);
    assert_eq!(listed(&world, east, &range(-90, -51)).await, Vec::<String>::new());
    assert_eq!(listed(&world, east, &range(5, 6)).await, [next]);
    // What is not given is now.
    let from = json!({"StartTime": NOW - 60 * DAY_S}).to_string();
    assert_eq!(listed(&world, east, &from).await, all);
    // A region has its own (documented), and a token means nothing (observed).
    assert_eq!(listed(&world, "eu-west-1", r#"{"NextToken":"invalid"}"#).await, [away]);
    assert_eq!(listed(&world, "eu-west-2", "{}").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_key_is_as_validators_read_it() {
    let world = World::new();
    let print = put(&world, "us-east-1", b"\x30\x00der", (-1, 29)).await;
    assert_eq!(print, fingerprint(b"\x30\x00der"));
    cases(&world, "cloudtrail", "ListPublicKeys").call("{}").await.gives(
        &json!({"PublicKeyList": [{
            "Value": "MABkZXI=",
            "ValidityStartTime": NOW - DAY_S,
            "ValidityEndTime": NOW + 29 * DAY_S,
            "Fingerprint": print,
        }]})
        .to_string(),
    );
}

#[tokio::test]
async fn every_key_is_on_the_one_page() {
    let world = World::new();
    for number in 0_u32..1_100 {
        put(&world, "us-east-1", &number.to_be_bytes(), (-1, 1)).await;
    }
    assert_eq!(listed(&world, "us-east-1", "{}").await.len(), 1_100);
}

#[tokio::test]
async fn what_is_not_a_range_or_not_a_key_is_refused() {
    let world = World::new();
    let call = cases(&world, "cloudtrail", "ListPublicKeys");
    let reversed = json!({"StartTime": NOW, "EndTime": NOW - 1}).to_string();
    call.call(&reversed).await.fails("InvalidTimeRangeException");
    let ahead = json!({"StartTime": NOW + 1}).to_string();
    call.call(&ahead).await.fails("InvalidTimeRangeException");
    let damaged = Key::parse("digest/key/us-east-1/0123").unwrap();
    world.services.meta.swap(&damaged, None, Bytes::from_static(b"{")).await.unwrap();
    call.call("{}").await.fails("InternalFailure");
}
