//! Which policies admit a trail (observed for each).

use super::*;

async fn with(policy: Option<String>) -> (World, Result<(), BucketError>) {
    let world = World::new().await;
    world.make(BUCKET, policy).await;
    let admitted = world.admit().await;
    (world, admitted)
}

#[tokio::test]
async fn the_documented_policy_admits() {
    for condition in [
        r#""aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/audit""#,
        r#""aws:SourceAccount":"111122223333""#,
        r#""aws:PrincipalType":"AssumedRole""#,
        r#""aws:SecureTransport":"true""#,
    ] {
        let (world, admitted) = with(Some(policy(condition))).await;
        admitted.unwrap();
        world.put(None).await.unwrap();
    }
}

#[tokio::test]
async fn everything_else_is_refused() {
    let right = documented_policy();
    let wrong = [
        None,
        Some("not a policy".to_owned()),
        Some(right.replace("cloudtrail.amazonaws.com", "config.amazonaws.com")),
        Some(right.replace("trail/audit", "trail/other")),
        Some(right.replace("bucket-owner-full-control", "private")),
        Some(right.replace("/AWSLogs/111122223333/", "/prefix/AWSLogs/111122223333/")),
        Some(right.replace("s3:PutObject", "s3:GetObject")),
        Some(policy(r#""aws:SourceAccount":"444455556666""#)),
        Some(policy(r#""aws:PrincipalType":"Service""#)),
        Some(policy(r#""aws:PrincipalType":"Account""#)),
    ];
    for policy in wrong {
        let (world, admitted) = with(policy.clone()).await;
        let refused = admitted.unwrap_err();
        assert!(matches!(refused, BucketError::AccessDenied { .. }), "{policy:?}");
        assert_eq!(world.head(FOLDER).await, None, "{policy:?}");
        assert_eq!(world.put(None).await.unwrap_err().code(), "AccessDenied", "{policy:?}");
        assert_eq!(world.head(&log_file().key).await, None, "{policy:?}");
    }
}

#[tokio::test]
async fn the_marker_stays_if_only_the_acl_may_not_be_read() {
    let (world, admitted) =
        with(Some(documented_policy().replace("GetBucketAcl", "GetBucketCORS"))).await;
    assert_eq!(admitted.unwrap_err().code(), "AccessDenied");
    assert!(world.head(FOLDER).await.is_some());
}

#[tokio::test]
async fn a_deny_counts_more_than_an_allow() {
    let deny = |action: &str, condition: &str| {
        let statement = format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"s3:{action}","Resource":"*","Condition":{condition}}},"#
        );
        documented_policy().replace(r#""Statement":["#, &format!(r#""Statement":[{statement}"#))
    };
    // What people write to have nothing but TLS and encryption does not keep trails out.
    for harmless in [
        deny("*", r#"{"Bool":{"aws:SecureTransport":"false"}}"#),
        deny("PutObject", r#"{"StringNotEquals":{"s3:x-amz-server-side-encryption":"AES256"}}"#),
    ] {
        with(Some(harmless)).await.1.unwrap();
    }
    let denied = with(Some(deny("*", r#"{"Bool":{"aws:SecureTransport":"true"}}"#))).await.1;
    assert_eq!(denied.unwrap_err().code(), "AccessDenied");
}
