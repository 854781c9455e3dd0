use serde_json::{Value as Json, json};

use super::{AWAY, HOME, arn, call, call_from, give, make, refuse, trail, world};
use crate::testing::World;

async fn tags(world: &World) -> Json {
    let list = give(world, "ListTags", json!({"ResourceIdList": [arn(HOME, "audit")]})).await;
    list["ResourceTagList"][0]["TagsList"].clone()
}

fn tag(key: &str, value: &str) -> Json {
    json!({"Key": key, "Value": value})
}

#[tokio::test]
async fn tags_come_and_go() {
    let world = world();
    make(&world, "audit", json!({})).await;
    assert_eq!(tags(&world).await, json!([]));
    let change = async |operation: &str, list: Json| {
        let input = json!({"ResourceId": arn(HOME, "audit"), "TagsList": list});
        assert_eq!(give(&world, operation, input).await, json!({}));
    };
    change("AddTags", json!([tag("a", "1"), tag("b", "2")])).await;
    change("AddTags", json!([tag("c", "3"), tag("a", "4")])).await;
    assert_eq!(tags(&world).await, json!([tag("a", "4"), tag("b", "2"), tag("c", "3")]));
    change("RemoveTags", json!([tag("b", "another"), {"Key": "c"}, {"Key": "nothing"}])).await;
    assert_eq!(tags(&world).await, json!([tag("a", "4")]));
    change("AddTags", json!([])).await;
    change("AddTags", json!([{"Key": "a"}])).await;
    assert_eq!(tags(&world).await, json!([{"Key": "a"}]));
}

#[tokio::test]
async fn many_trails_are_listed_as_they_are_named() {
    let world = world();
    make(&world, "one", json!({"TagsList": [tag("a", "1")]})).await;
    make(&world, "two", json!({})).await;
    let named = [arn(HOME, "two"), arn(HOME, "one")];
    let list = give(&world, "ListTags", json!({"ResourceIdList": named})).await;
    let wanted = json!({"ResourceTagList": [
        {"ResourceId": named[0], "TagsList": []},
        {"ResourceId": named[1], "TagsList": [tag("a", "1")]},
    ]});
    assert_eq!(list, wanted);
    let many = json!({"ResourceIdList": vec![arn(HOME, "one"); 21]});
    call(&world, "ListTags", &many).await.fails("InvalidParameterException");
    let token = json!({"ResourceIdList": named, "NextToken": "x"});
    call(&world, "ListTags", &token).await.fails("InvalidTokenException");
}

#[tokio::test]
async fn tags_have_rules() {
    let world = world();
    make(&world, "audit", json!({"TagsList": [tag("kept", "1")]})).await;
    let before = trail(&world, "audit").await;
    let (wrong, many) = ("InvalidTagParameterException", "TagsLimitExceededException");
    let numbered =
        |count: usize| -> Vec<Json> { (0..count).map(|n| tag(&format!("k{n}"), "v")).collect() };
    let table = [
        (json!([tag("a", "1"), tag("a", "2")]), wrong),
        (json!([tag("aws:a", "1")]), wrong),
        (json!([tag("AWS:a", "1")]), wrong),
        (json!([tag("", "1")]), wrong),
        (json!([tag("a", "")]), wrong),
        (json!([tag(&"x".repeat(129), "1")]), wrong),
        (json!([tag("a", &"x".repeat(257))]), wrong),
        (json!([tag("a?", "1")]), wrong),
        (json!([{"Value": "1"}]), wrong),
        (json!(numbered(50)), many),
        (json!(numbered(201)), many),
    ];
    for (list, code) in table {
        let input = json!({"ResourceId": arn(HOME, "audit"), "TagsList": list});
        call(&world, "AddTags", &input).await.fails(code);
        assert_eq!(trail(&world, "audit").await, before);
        if code == wrong {
            let input = json!({"Name": "other", "S3BucketName": "logs", "TagsList": list});
            call(&world, "CreateTrail", &input).await.fails(code);
        }
    }
    let input = json!({"ResourceId": arn(HOME, "audit"), "TagsList": numbered(49)});
    give(&world, "AddTags", input).await;
    let input = json!({"Name": "other", "S3BucketName": "logs", "TagsList": numbered(51)});
    let text = "The number of tags exceeds the limit of 50 for a resource.";
    refuse(&world, "CreateTrail", input, many, text).await;
}

#[tokio::test]
async fn only_trails_at_home_have_tags_here() {
    let world = world();
    make(&world, "audit", json!({"IsMultiRegionTrail": true})).await;
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let of = |resource: &str| format!("arn:aws:cloudtrail:{HOME}:111122223333:{resource}");
    let table = [
        ("audit".to_owned(), "CloudTrailARNInvalidException"),
        ("arn:aws:s3:::bucket".to_owned(), "CloudTrailARNInvalidException"),
        (of("trail/x"), "CloudTrailARNInvalidException"),
        (of("trail/nothing"), "ResourceNotFoundException"),
        (of(&format!("eventdatastore/{id}")), "EventDataStoreNotFoundException"),
        (of("eventdatastore/x"), "EventDataStoreARNInvalidException"),
        (of(&format!("channel/{id}")), "ChannelNotFoundException"),
        (of("dashboard/x"), "ResourceNotFoundException"),
        (of("anything/x"), "ResourceTypeNotSupportedException"),
        (
            arn(HOME, "audit").replace("111122223333", "444455556666"),
            "CloudTrailARNInvalidException",
        ),
    ];
    for (resource, code) in table {
        for operation in ["AddTags", "RemoveTags"] {
            let input = json!({"ResourceId": resource, "TagsList": [tag("a", "1")]});
            call(&world, operation, &input).await.fails(code);
        }
        let input = json!({"ResourceIdList": [arn(HOME, "audit"), resource]});
        call(&world, "ListTags", &input).await.fails(code);
    }
    let input = json!({"ResourceIdList": [arn(HOME, "audit")]});
    let error = call_from(&world, AWAY, "ListTags", &input).await;
    let wanted = "Region in ARN is wrong, you can only access resources in region eu-west-1.";
    assert_eq!(error.fails("CloudTrailARNInvalidException").message(), wanted);
}
