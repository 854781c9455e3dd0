use serde_json::{Value as Json, json};

use super::{AWAY, HOME, arn, call, call_from, give, make, refuse, trail, world};
use crate::testing::{ACCOUNT, World};

async fn update(world: &World, more: Json) -> Json {
    let mut input = json!({"Name": "audit"});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    give(world, "UpdateTrail", input).await
}

#[tokio::test]
async fn what_is_absent_stays_and_what_is_empty_goes() {
    let world = world();
    let settings = json!({"S3KeyPrefix": "a", "EnableLogFileValidation": true});
    let made = make(&world, "audit", settings).await;
    let before = trail(&world, "audit").await;
    assert_eq!(update(&world, json!({})).await, made);
    assert_eq!(trail(&world, "audit").await, before);

    world.buckets.memory.make("other", HOME);
    let changed = update(
        &world,
        json!({
            "S3BucketName": "other", "S3KeyPrefix": "", "EnableLogFileValidation": false,
            "RecursiveLogging": false, "IncludeGlobalServiceEvents": false,
        }),
    )
    .await;
    let wanted = json!({
        "Name": "audit", "S3BucketName": "other", "IncludeGlobalServiceEvents": false,
        "IsMultiRegionTrail": false, "TrailARN": arn(HOME, "audit"),
        "LogFileValidationEnabled": false, "IsOrganizationTrail": false, "RecursiveLogging": false,
    });
    assert_eq!(changed, wanted);
    let shown = give(&world, "GetTrail", json!({"Name": "audit"})).await;
    assert!(shown["Trail"].get("S3KeyPrefix").is_none());
    let folder = format!("AWSLogs/{ACCOUNT}/CloudTrail/");
    assert!(world.buckets.memory.objects("other").contains_key(&folder));
    assert_eq!(trail(&world, "audit").await.id, before.id);
}

#[tokio::test]
async fn a_topic_that_is_removed_shows_as_empty() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let changed = update(&world, json!({"SnsTopicName": ""})).await;
    assert_eq!((&changed["SnsTopicName"], &changed["SnsTopicARN"]), (&json!(""), &json!("")));
    let shown = give(&world, "GetTrail", json!({"Name": "audit"})).await;
    assert!(shown["Trail"].get("SnsTopicName").is_none());
    assert!(shown["Trail"].get("SnsTopicARN").is_none());
}

#[tokio::test]
async fn global_service_events_follow_the_regions() {
    let world = world();
    make(&world, "audit", json!({"IncludeGlobalServiceEvents": false})).await;
    let settings = |changed: &Json| {
        (changed["IsMultiRegionTrail"].clone(), changed["IncludeGlobalServiceEvents"].clone())
    };
    let wide = update(&world, json!({"IsMultiRegionTrail": true})).await;
    assert_eq!(settings(&wide), (json!(true), json!(true)));
    let code = "InvalidParameterCombinationException";
    let text = "Multi-Region trail must include global service events.";
    let without = json!({"Name": "audit", "IncludeGlobalServiceEvents": false});
    refuse(&world, "UpdateTrail", without, code, text).await;
    assert!(trail(&world, "audit").await.includes_global_service_events);
    let narrow = update(&world, json!({"IsMultiRegionTrail": false})).await;
    assert_eq!(settings(&narrow), (json!(false), json!(false)));
    let same = update(&world, json!({"IncludeGlobalServiceEvents": true})).await;
    assert_eq!(settings(&same), (json!(false), json!(true)));
    let same = update(&world, json!({"IsMultiRegionTrail": false})).await;
    assert_eq!(settings(&same), (json!(false), json!(true)), "nothing was switched");
    update(&world, json!({"IsMultiRegionTrail": true})).await;
    let both = json!({"IsMultiRegionTrail": false, "IncludeGlobalServiceEvents": true});
    assert_eq!(settings(&update(&world, both).await), (json!(false), json!(true)));
}

#[tokio::test]
async fn becoming_multi_region_takes_room() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let away = |name: &str| json!({"Name": name, "S3BucketName": "logs"});
    call_from(&world, AWAY, "CreateTrail", &away("audit")).await.json();
    let wide = json!({"Name": "audit", "IsMultiRegionTrail": true});
    let text = format!("Trail audit already exists for customer: {ACCOUNT}");
    refuse(&world, "UpdateTrail", wide.clone(), "TrailAlreadyExistsException", &text).await;
    call_from(&world, AWAY, "DeleteTrail", &json!({"Name": "audit"})).await.json();
    for n in 0..5 {
        call_from(&world, AWAY, "CreateTrail", &away(&format!("trail-{n}"))).await.json();
    }
    let text = format!("User: {ACCOUNT} already has 5 trails in {AWAY}.");
    let code = "MaximumNumberOfTrailsExceededException";
    refuse(&world, "UpdateTrail", wide.clone(), code, &text).await;
    call_from(&world, AWAY, "DeleteTrail", &json!({"Name": "trail-0"})).await.json();
    give(&world, "UpdateTrail", wide).await;
    let shadows = call_from(&world, "sa-east-1", "DescribeTrails", &json!({})).await.json();
    assert_eq!(shadows["trailList"].as_array().unwrap().len(), 1);
    update(&world, json!({"IsMultiRegionTrail": false})).await;
    let shadows = call_from(&world, "sa-east-1", "DescribeTrails", &json!({})).await.json();
    assert_eq!(shadows, json!({"trailList": []}));
}

#[tokio::test]
async fn a_switch_of_validation_begins_and_ends_a_chain() {
    let world = world();
    make(&world, "audit", json!({})).await;
    give(&world, "StartLogging", json!({"Name": "audit"})).await;
    world.commit(&["{}".to_owned()]).await;
    world.pass_ms(7_000);
    update(&world, json!({"EnableLogFileValidation": true})).await;
    let on = trail(&world, "audit").await;
    let chain = on.digests.clone().unwrap();
    assert_eq!((chain.number, chain.since.as_ms()), (1, crate::testing::START_MS + 7_000));
    assert_eq!(on.changed, 1);
    world.pass_ms(7_000);
    update(&world, json!({"EnableLogFileValidation": true, "RecursiveLogging": false})).await;
    assert_eq!(trail(&world, "audit").await.digests, Some(chain));
    update(&world, json!({"EnableLogFileValidation": false})).await;
    assert_eq!(trail(&world, "audit").await.digests, None);
    update(&world, json!({"EnableLogFileValidation": true})).await;
    assert_eq!(trail(&world, "audit").await.digests.unwrap().number, 2);
}

#[tokio::test]
async fn a_refused_update_changes_nothing() {
    let world = world();
    make(&world, "audit", json!({"S3KeyPrefix": "a"})).await;
    let before = trail(&world, "audit").await;
    let table = [
        (json!({"S3BucketName": "nowhere"}), "S3BucketDoesNotExistException"),
        (json!({"S3BucketName": "No"}), "InvalidS3BucketNameException"),
        (json!({"S3KeyPrefix": "/"}), "InvalidS3PrefixException"),
        (json!({"SnsTopicName": "topic"}), "InsufficientSnsTopicPolicyException"),
        (json!({"SnsTopicName": "topic.fifo"}), "InvalidSnsTopicNameException"),
        (json!({"IsOrganizationTrail": true}), "OrganizationsNotInUseException"),
        (json!({"KmsKeyId": "nothing"}), "KmsKeyNotFoundException"),
    ];
    for (more, code) in table {
        let mut input = json!({"Name": "audit", "S3KeyPrefix": "b"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call(&world, "UpdateTrail", &input).await.fails(code);
        assert_eq!(trail(&world, "audit").await, before);
    }
    let text = "S3 bucket nowhere does not exist!";
    let input = json!({"Name": "audit", "S3BucketName": "nowhere"});
    refuse(&world, "UpdateTrail", input, "S3BucketDoesNotExistException", text).await;
}
