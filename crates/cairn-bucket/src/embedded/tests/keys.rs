//! Deliveries under a key.

use super::*;

/// The statement that AWS documents for a trail's key.
fn documented_key_policy() -> String {
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
        "Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*",
        "Resource":"*","Condition":{
        "StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":
            "arn:aws:cloudtrail:*:111122223333:trail/*"},
        "StringEquals":{"aws:SourceArn":
            "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit"}}}]}"#
        .to_owned()
}

#[tokio::test]
async fn an_object_is_encrypted_at_rest_and_described_so() {
    let world = World::new().await;
    let key = world.key(Some(documented_key_policy())).await;
    world.put(Some(&key.arn())).await.unwrap();
    let object = log_file();
    let head = world.head(&object.key).await.unwrap();
    assert_eq!(head.bytes, object.body.len() as u64);
    let header = |name| head.attributes.header(name).map(str::to_owned);
    assert_eq!(header("x-amz-server-side-encryption").unwrap(), "aws:kms");
    assert_eq!(header("x-amz-server-side-encryption-aws-kms-key-id").unwrap(), key.arn());
    assert_eq!(header("x-amz-checksum-crc64nvme").unwrap(), "rosUhgp5mIg=");
    assert_ne!(head.attributes.etag.unwrap(), "25f9e794323b453885f5181f1b624d0b");
    assert_eq!(world.read(&*world.plain, &object.key).await.unwrap(), object.body);
    let at_rest = world.read(&*world.raw, &object.key).await.unwrap();
    assert!(!at_rest.windows(9).any(|window| window == &object.body[..]));
    let text = String::from_utf8_lossy(&at_rest).into_owned();
    for bound in [
        r#""aws:cloudtrail:arn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/audit""#
            .to_owned(),
        format!(r#""aws:s3:arn":"arn:aws:s3:::{BUCKET}/{}""#, object.key),
    ] {
        assert!(text.contains(&bound), "{bound}");
    }
}

#[tokio::test]
async fn a_marker_is_encrypted_too() {
    let world = World::new().await;
    let key = world.key(Some(documented_key_policy())).await;
    world.buckets.admit(&writer(), BUCKET, FOLDER, Some(&key.arn())).await.unwrap();
    let head = world.head(FOLDER).await.unwrap();
    assert_eq!(head.bytes, 0);
    assert_eq!(head.attributes.header("x-amz-server-side-encryption"), Some("aws:kms"));
}

#[tokio::test]
async fn a_key_that_does_not_serve_is_named() {
    let world = World::new().await;
    let key = world.key(Some(documented_key_policy())).await;
    let code = async |arn: &str| {
        let refused = world.put(Some(arn)).await.unwrap_err();
        assert!(matches!(refused, BucketError::Key { .. }), "{refused}");
        refused.code().to_owned()
    };
    world.kms.disable(&key).await.unwrap();
    assert_eq!(code(&key.arn()).await, "KMS.DisabledException");
    world.kms.schedule_deletion(&key, 7).await.unwrap();
    assert_eq!(code(&key.arn()).await, "KMS.KMSInvalidStateException");
    let missing = key.arn().replace(&key.id, "00000000-0000-4000-8000-000000000000");
    assert_eq!(code(&missing).await, "KMS.NotFoundException");
    // documented: the key is in the bucket's region.
    let elsewhere = key.arn().replace("us-east-1", "eu-west-1");
    assert_eq!(code(&elsewhere).await, "KMS.NotFoundException");
    assert_eq!(world.head(&log_file().key).await, None);
}

#[tokio::test]
async fn the_policy_of_the_key_must_allow_the_trail() {
    let world = World::new().await;
    let right = documented_key_policy();
    for policy in [
        None,
        Some(right.replace("trail/audit", "trail/other")),
        Some(right.replace("111122223333:trail/*", "444455556666:trail/*")),
        Some(right.replace("GenerateDataKey*", "DescribeKey")),
    ] {
        let key = world.key(policy).await;
        let refused = world.put(Some(&key.arn())).await.unwrap_err();
        assert!(matches!(refused, BucketError::Key { ref code } if code == "AccessDenied"));
    }
    world.put(None).await.unwrap();
}
