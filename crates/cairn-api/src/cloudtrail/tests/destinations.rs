use cairn_bucket::BucketError;
use cairn_bucket::testkit::BucketFault;
use cairn_event::{AccountId, Region};
use cairn_store::kms::{KeyOwner, KmsKey, NewKey};
use serde_json::{Value as Json, json};

use super::{AWAY, HOME, call, give, make, refuse, trail, world};
use crate::testing::{ACCOUNT, World};

fn with(more: &Json) -> Json {
    let mut input = json!({"Name": "audit", "S3BucketName": "logs"});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

fn keys(world: &World) -> Vec<String> {
    world.buckets.memory.objects("logs").into_keys().collect()
}

async fn key(world: &World, region: &str) -> KmsKey {
    let new = NewKey {
        account: AccountId::parse(ACCOUNT).unwrap(),
        region: Region::parse(region).unwrap(),
        description: String::new(),
        policy: None,
        tags: Vec::new(),
        managed_by: KeyOwner::Customer,
    };
    world.services.kms.create(new).await.unwrap()
}

#[tokio::test]
async fn a_bucket_must_be_there() {
    let world = world();
    let input = json!({"Name": "audit", "S3BucketName": "nowhere"});
    let text = "S3 bucket nowhere does not exist!";
    refuse(&world, "CreateTrail", input, "S3BucketDoesNotExistException", text).await;
    give(&world, "DescribeTrails", json!({})).await;
    make(&world, "audit", json!({})).await;
    world.buckets.memory.remove("logs");
    let text = "S3 bucket logs does not exist!";
    let input = json!({"Name": "audit"});
    refuse(&world, "UpdateTrail", input, "S3BucketDoesNotExistException", text).await;
}

#[tokio::test]
async fn a_bucket_that_refuses_has_one_text_and_keeps_what_was_written() {
    let world = world();
    let text = "Incorrect S3 bucket policy is detected for bucket: logs";
    let code = "InsufficientS3BucketPolicyException";
    let (logs, digests) =
        (format!("AWSLogs/{ACCOUNT}/CloudTrail/"), format!("AWSLogs/{ACCOUNT}/CloudTrail-Digest/"));
    for fault in [BucketFault::Denied, BucketFault::Code("InvalidAccessKeyId")] {
        world.buckets.faults.plan_nth(0, fault);
        refuse(&world, "CreateTrail", with(&json!({})), code, text).await;
        assert!(keys(&world).is_empty());
    }
    // Only the folder of the digests is denied.
    world.buckets.faults.plan_nth(1, BucketFault::Denied);
    let validating = json!({"EnableLogFileValidation": true});
    refuse(&world, "CreateTrail", with(&validating), code, text).await;
    assert_eq!(keys(&world), std::slice::from_ref(&logs));
    call(&world, "GetTrail", &json!({"Name": "audit"})).await.fails("TrailNotFoundException");

    make(&world, "audit", json!({})).await;
    world.buckets.faults.plan_nth(1, BucketFault::Denied);
    let switch = json!({"Name": "audit", "EnableLogFileValidation": true});
    refuse(&world, "UpdateTrail", switch.clone(), code, text).await;
    assert!(!trail(&world, "audit").await.validates_log_files);
    give(&world, "UpdateTrail", switch).await;
    assert_eq!(keys(&world), [digests, logs]);
    // Nothing about the bucket changes, and it is asked all the same.
    world.buckets.faults.plan_nth(0, BucketFault::Denied);
    let other = json!({"Name": "audit", "RecursiveLogging": false});
    refuse(&world, "UpdateTrail", other, code, text).await;
    assert!(trail(&world, "audit").await.recursive_logging);
}

#[tokio::test]
async fn a_store_that_is_away_is_not_the_callers_fault() {
    let world = world();
    for fault in [BucketFault::Fails, BucketFault::Code("SlowDown")] {
        world.buckets.faults.plan_nth(0, fault);
        let error = call(&world, "CreateTrail", &with(&json!({}))).await;
        let error = error.fails("ServiceUnavailable");
        assert_eq!((error.status(), error.sender_fault()), (503, false));
        assert!(error.log_text().is_some());
    }
}

#[test]
fn a_bucket_of_this_server_says_when_the_disk_is_full() {
    let answered = |source: cairn_store::ObjectError| {
        let source = Box::new(source);
        let error = BucketError::Unreachable { bucket: "logs".to_owned(), source };
        super::super::trail::bucket::unavailable(error).to_string()
    };
    assert!(answered(cairn_store::ObjectError::Full).contains("disk is full"));
    assert!(!answered(cairn_store::ObjectError::NameInvalid).contains("disk is full"));
}

#[tokio::test]
async fn the_bucket_is_asked_in_the_name_of_the_trail() {
    let world = world();
    let made = make(&world, "audit", json!({"S3KeyPrefix": "x"})).await;
    let objects = world.buckets.memory.objects("logs");
    let marker = &objects[&format!("x/AWSLogs/{ACCOUNT}/CloudTrail/")];
    assert_eq!(json!(marker.writer.trail_arn), made["TrailARN"]);
    assert_eq!(marker.writer.account.as_str(), ACCOUNT);
    assert_eq!((marker.body.len(), marker.kms_key_arn.clone()), (0, None));
}

#[tokio::test]
async fn no_topic_exists_and_the_bucket_was_asked_before() {
    let world = world();
    let text = "SNS Topic does not exist or the topic policy is incorrect!";
    let code = "InsufficientSnsTopicPolicyException";
    for topic in ["topic", "arn:aws:sns:eu-west-1:444455556666:topic"] {
        world.buckets.memory.remove("logs");
        world.buckets.memory.make("logs", HOME);
        let input = with(&json!({"SnsTopicName": topic}));
        refuse(&world, "CreateTrail", input, code, text).await;
        assert_eq!(keys(&world).len(), 1);
    }
}

#[tokio::test]
async fn a_log_group_and_its_role_are_checked_in_order() {
    let world = world();
    let good = format!("arn:aws:logs:{HOME}:{ACCOUNT}:log-group:trail/x:*");
    let far = format!("arn:aws:logs:{AWAY}:{ACCOUNT}:log-group:trail:*");
    let open = format!("arn:aws:logs:{HOME}:{ACCOUNT}:log-group:trail");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/path/to-logs");
    let (group_code, role_code) =
        ("InvalidCloudWatchLogsLogGroupArnException", "InvalidCloudWatchLogsRoleArnException");
    let pair = "You must specify a log group and a role ARN.";
    let group_text = "CloudTrail cannot validate the specified log group ARN.";
    let role_text = "CloudTrail cannot validate the specified role ARN.";
    let region = "You must specify a log group that is in the current region.";
    let permissions = "Access denied. Verify in IAM that the role has adequate permissions.";
    let table: &[(Option<&str>, Option<&str>, &str, &str)] = &[
        (Some(&good), None, role_code, pair),
        (Some(&good), Some(""), role_code, pair),
        (None, Some(&role), group_code, pair),
        (Some(""), Some(&role), group_code, pair),
        (Some(&open), Some(&role), group_code, group_text),
        (Some("group:*"), Some("role"), group_code, group_text),
        (Some(&good), Some("role"), role_code, role_text),
        (Some(&far), Some("role"), role_code, role_text),
        (Some(&far), Some(&role), group_code, region),
        (Some(&good), Some(&role), group_code, permissions),
    ];
    make(&world, "there", json!({})).await;
    for (group, role, code, text) in table {
        let settings = json!({
            "CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": role,
        });
        refuse(&world, "CreateTrail", with(&settings), code, text).await;
        let mut input = settings;
        input["Name"] = json!("there");
        refuse(&world, "UpdateTrail", input, code, text).await;
    }
    let both = json!({
        "Name": "there", "CloudWatchLogsLogGroupArn": "", "CloudWatchLogsRoleArn": "",
    });
    give(&world, "UpdateTrail", both).await;
    give(&world, "UpdateTrail", json!({"Name": "there", "CloudWatchLogsRoleArn": ""})).await;
}

#[tokio::test]
async fn a_key_is_found_by_each_of_its_names_and_kept_by_its_arn() {
    let world = world();
    let key = key(&world, HOME).await;
    world.services.kms.create_alias("alias/trails", &key).await.unwrap();
    let alias = format!("arn:aws:kms:{HOME}:{ACCOUNT}:alias/trails");
    for (n, name) in [key.id.as_str(), &key.arn(), "alias/trails", &alias].iter().enumerate() {
        let made = make(&world, &format!("trail-{n}"), json!({"KmsKeyId": name})).await;
        assert_eq!(made["KmsKeyId"], key.arn());
    }
    let marker = &world.buckets.memory.objects("logs")[&format!("AWSLogs/{ACCOUNT}/CloudTrail/")];
    assert_eq!(marker.kms_key_arn, Some(key.arn()));
    let same = give(&world, "UpdateTrail", json!({"Name": "trail-0"})).await;
    assert_eq!(same["KmsKeyId"], key.arn());
    let none = give(&world, "UpdateTrail", json!({"Name": "trail-0", "KmsKeyId": ""})).await;
    assert!(none.get("KmsKeyId").is_none());
}

#[tokio::test]
async fn a_key_that_does_not_serve_has_its_error() {
    let world = world();
    let (far, off) = (key(&world, AWAY).await, key(&world, HOME).await);
    world.services.kms.disable(&off).await.unwrap();
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let (missing, policy) = ("KmsKeyNotFoundException", "InsufficientEncryptionPolicyException");
    let table = [
        ("not a key", missing),
        ("arn:aws:s3:::bucket", missing),
        (&far.arn(), missing),
        (id, policy),
        ("alias/nothing", policy),
        (&off.arn(), "KmsException"),
        (&off.id, "KmsException"),
    ];
    for (name, code) in table {
        call(&world, "CreateTrail", &with(&json!({"KmsKeyId": name}))).await.fails(code);
        assert!(keys(&world).is_empty(), "{name}");
    }
    let text = format!("Insufficient permissions to access S3 bucket logs or KMS key {id}.");
    refuse(&world, "CreateTrail", with(&json!({"KmsKeyId": id})), policy, &text).await;
    // The bucket knows the key no better, or may not use it.
    let arn = format!("arn:aws:kms:{HOME}:{ACCOUNT}:key/{id}");
    world.buckets.faults.plan_nth(0, BucketFault::Key("KMS.NotFoundException"));
    call(&world, "CreateTrail", &with(&json!({"KmsKeyId": arn}))).await.fails(policy);
    // A key that was disabled later is found by the check of an update.
    let key = key(&world, HOME).await;
    make(&world, "audit", json!({"KmsKeyId": key.arn()})).await;
    world.buckets.faults.plan_nth(0, BucketFault::Key("KMS.DisabledException"));
    call(&world, "UpdateTrail", &json!({"Name": "audit"})).await.fails("KmsException");
}
