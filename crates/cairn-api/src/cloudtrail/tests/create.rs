use serde_json::json;

use super::{AWAY, HOME, arn, call, call_from, give, gone, make, refuse, trail, world, world_of};
use crate::testing::{ACCOUNT, START_MS, cases};

#[tokio::test]
async fn a_new_trail_is_as_aws_makes_it() {
    let world = world();
    let made = make(&world, "audit", json!({})).await;
    let wanted = json!({
        "Name": "audit", "S3BucketName": "logs", "IncludeGlobalServiceEvents": true,
        "IsMultiRegionTrail": false, "TrailARN": arn(HOME, "audit"),
        "LogFileValidationEnabled": false, "IsOrganizationTrail": false, "RecursiveLogging": true,
    });
    assert_eq!(made, wanted);
    let shown = give(&world, "GetTrail", json!({"Name": "audit"})).await;
    let mut full = wanted.clone();
    full["HomeRegion"] = json!(HOME);
    full["HasCustomEventSelectors"] = json!(false);
    full["HasInsightSelectors"] = json!(false);
    assert_eq!(shown, json!({"Trail": full}));
    let kept = trail(&world, "audit").await;
    assert_eq!((kept.id.len(), kept.created.as_ms()), (16, START_MS));
    assert!(!kept.is_logging() && kept.digests.is_none() && kept.spans.is_empty());
}

#[tokio::test]
async fn each_setting_is_kept_and_shown() {
    let world = world();
    let settings = json!({
        "S3KeyPrefix": "a/b", "IsMultiRegionTrail": true, "EnableLogFileValidation": true,
        "RecursiveLogging": false, "SnsTopicName": "", "KmsKeyId": "",
        "CloudWatchLogsLogGroupArn": "", "CloudWatchLogsRoleArn": "",
        "TagsList": [{"Key": "team", "Value": "red"}, {"Key": "bare"}],
    });
    let made = make(&world, "audit", settings).await;
    let shown = json!({
        "Name": "audit", "S3BucketName": "logs", "S3KeyPrefix": "a/b",
        "IncludeGlobalServiceEvents": true, "IsMultiRegionTrail": true,
        "TrailARN": arn(HOME, "audit"), "LogFileValidationEnabled": true,
        "IsOrganizationTrail": false, "RecursiveLogging": false,
    });
    assert_eq!(made, shown);
    let tags = give(&world, "ListTags", json!({"ResourceIdList": [arn(HOME, "audit")]})).await;
    let list = json!([{"Key": "team", "Value": "red"}, {"Key": "bare"}]);
    assert_eq!(tags["ResourceTagList"][0]["TagsList"], list);
    let keys: Vec<_> = world.buckets.memory.objects("logs").into_keys().collect();
    let folder = format!("a/b/AWSLogs/{ACCOUNT}");
    assert_eq!(keys, [format!("{folder}/CloudTrail-Digest/"), format!("{folder}/CloudTrail/")]);
}

#[tokio::test]
async fn a_name_has_rules_and_texts() {
    let world = world();
    let long = "x".repeat(129);
    let characters = "Trail name or ARN can only contain uppercase letters, lowercase letters, \
                      numbers, periods (.), hyphens (-), and underscores (_).";
    let table = [
        (
            "",
            "Trail name too short. Minimum allowed length: 3 characters. Specified name length: \
              0 characters.",
        ),
        (
            "ab",
            "Trail name too short. Minimum allowed length: 3 characters. Specified name length: \
                2 characters.",
        ),
        (
            &long,
            "Trail name too long. Maximum allowed length: 128 characters. Specified name \
                 length: 129 characters.",
        ),
        ("-abc", "Trail name must starts with a letter or number."),
        ("abc_", "Trail name must ends with a letter or number."),
        ("a b", characters),
        // Only a bare name makes a trail.
        ("arn:aws:cloudtrail:us-east-1:111122223333:trail/audit", characters),
    ];
    for (name, text) in table {
        let input = json!({"Name": name, "S3BucketName": "logs"});
        refuse(&world, "CreateTrail", input, "InvalidTrailNameException", text).await;
    }
    for name in ["a--b", "a._b", "192.168.0.1"] {
        let input = json!({"Name": name, "S3BucketName": "logs"});
        call(&world, "CreateTrail", &input).await.fails("InvalidTrailNameException");
    }
    assert!(world.buckets.memory.objects("logs").is_empty());
}

#[tokio::test]
async fn settings_that_do_not_go_are_refused_before_anything_is_written() {
    let world = world();
    let table = [
        (
            json!({"IsMultiRegionTrail": true, "IncludeGlobalServiceEvents": false}),
            "InvalidParameterCombinationException",
        ),
        (json!({"IsOrganizationTrail": true}), "OrganizationsNotInUseException"),
        (json!({"S3BucketName": "No_Bucket"}), "InvalidS3BucketNameException"),
        (json!({"S3BucketName": "ab"}), "InvalidS3BucketNameException"),
        (json!({"S3BucketName": ""}), "InvalidS3BucketNameException"),
        (json!({"S3KeyPrefix": "x".repeat(201)}), "InvalidS3PrefixException"),
        (json!({"S3KeyPrefix": "/logs"}), "InvalidS3PrefixException"),
        (json!({"S3KeyPrefix": "logs/"}), "InvalidS3PrefixException"),
        (json!({"S3KeyPrefix": "lo\ngs"}), "InvalidS3PrefixException"),
        (json!({"SnsTopicName": "a topic"}), "InvalidSnsTopicNameException"),
        (json!({"SnsTopicName": "topic.fifo"}), "InvalidSnsTopicNameException"),
        (
            json!({"SnsTopicName": "arn:aws:sqs:us-east-1:111122223333:topic"}),
            "InvalidSnsTopicNameException",
        ),
        (json!({"SnsTopicName": "x".repeat(257)}), "InvalidSnsTopicNameException"),
        (json!({"TagsList": [{"Key": "aws:x", "Value": "y"}]}), "InvalidTagParameterException"),
    ];
    for (more, code) in table {
        let mut input = json!({"Name": "audit", "S3BucketName": "logs"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call(&world, "CreateTrail", &input).await.fails(code);
    }
    assert!(world.buckets.memory.objects("logs").is_empty());
    let combination = json!({
        "Name": "audit", "S3BucketName": "logs", "IsMultiRegionTrail": true,
        "IncludeGlobalServiceEvents": false,
    });
    let text = "Multi-Region trail must include global service events.";
    let code = "InvalidParameterCombinationException";
    refuse(&world, "CreateTrail", combination, code, text).await;
    // A trail of one region may do without them.
    let made = make(&world, "audit", json!({"IncludeGlobalServiceEvents": false})).await;
    assert_eq!(made["IncludeGlobalServiceEvents"], false);
}

#[tokio::test]
async fn a_name_is_there_once() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let again = json!({"Name": "audit", "S3BucketName": "logs"});
    let text = format!("Trail audit already exists for customer: {ACCOUNT}");
    let code = "TrailAlreadyExistsException";
    refuse(&world, "CreateTrail", again.clone(), code, &text).await;
    // Elsewhere it is free, for another trail of one region.
    call_from(&world, AWAY, "CreateTrail", &again).await.json();
    // A trail of all regions would be there twice.
    let mut everywhere = again.clone();
    everywhere["IsMultiRegionTrail"] = json!(true);
    call_from(&world, "sa-east-1", "CreateTrail", &everywhere).await.fails(code);
    everywhere["Name"] = json!("shadow");
    call_from(&world, "sa-east-1", "CreateTrail", &everywhere).await.json();
    let under_a_shadow = json!({"Name": "shadow", "S3BucketName": "logs"});
    refuse(
        &world,
        "CreateTrail",
        under_a_shadow,
        code,
        &format!("Trail shadow already exists for customer: {ACCOUNT}"),
    )
    .await;
    // Another account has its own names.
    let other = cases(&world, "cloudtrail", "CreateTrail").from("444455556666", HOME);
    other.call(&again.to_string()).await.json();
}

#[tokio::test]
async fn a_region_has_room_for_five() {
    let world = world();
    for n in 0..4 {
        make(&world, &format!("trail-{n}"), json!({})).await;
    }
    let everywhere = json!({"Name": "all", "S3BucketName": "logs", "IsMultiRegionTrail": true});
    call_from(&world, AWAY, "CreateTrail", &everywhere).await.json();
    let text = format!("User: {ACCOUNT} already has 5 trails in {HOME}.");
    let code = "MaximumNumberOfTrailsExceededException";
    let sixth = json!({"Name": "sixth", "S3BucketName": "logs"});
    refuse(&world, "CreateTrail", sixth.clone(), code, &text).await;
    // The shadow counts, and a further one would be one too many there.
    let mut other = everywhere.clone();
    other["Name"] = json!("other");
    let error = call_from(&world, AWAY, "CreateTrail", &other).await.fails(code);
    assert_eq!(error.message(), text);
    call_from(&world, AWAY, "CreateTrail", &sixth).await.json();
    give(&world, "DeleteTrail", json!({"Name": "trail-0"})).await;
    make(&world, "fifth", json!({})).await;
}

#[tokio::test]
async fn room_can_be_made_for_more() {
    let world = world_of(7);
    for n in 0..7 {
        make(&world, &format!("trail-{n}"), json!({})).await;
    }
    let input = json!({"Name": "one-more", "S3BucketName": "logs"});
    let text = format!("User: {ACCOUNT} already has 7 trails in {HOME}.");
    let code = "MaximumNumberOfTrailsExceededException";
    refuse(&world, "CreateTrail", input, code, &text).await;
}

#[tokio::test]
async fn a_deleted_trail_leaves_what_workers_need() {
    let world = world();
    make(&world, "audit", json!({"EnableLogFileValidation": true})).await;
    give(&world, "StartLogging", json!({"Name": "audit"})).await;
    let before = trail(&world, "audit").await;
    world.commit(&["{}".to_owned()]).await;
    world.pass_ms(5_000);
    let deleted = give(&world, "DeleteTrail", json!({"Name": arn(HOME, "audit")})).await;
    assert_eq!(deleted, json!({}));
    let [left] = gone(&world).await.try_into().unwrap();
    let end = left.spans[0].end.clone().unwrap();
    assert_eq!((left.id.as_str(), left.digests.clone()), (before.id.as_str(), None));
    assert_eq!((end.offset, end.at.as_ms()), (1, START_MS + 5_000));
    assert!(end.request_id.starts_with("REQUEST"));
    assert_eq!(
        (left.changed, left.deleted.map(cairn_event::Timestamp::as_ms)),
        (1, Some(START_MS + 5_000))
    );
    assert!(!left.is_logging());
    // The name is free, for a trail with another id.
    let text = format!("Unknown trail: {} for the user: {ACCOUNT}", arn(HOME, "audit"));
    let again = json!({"Name": "audit"});
    refuse(&world, "DeleteTrail", again, "TrailNotFoundException", &text).await;
    make(&world, "audit", json!({})).await;
    assert_ne!(trail(&world, "audit").await.id, before.id);
    let objects = world.buckets.memory.objects("logs").len();
    assert_eq!(objects, 2, "the bucket stays as it is");
}
