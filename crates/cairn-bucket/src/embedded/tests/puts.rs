//! What lies in the store after a delivery.

use super::*;
use crate::testkit::buckets_contract;

#[tokio::test]
async fn the_contract_holds() {
    let world = World::new().await;
    let open = policy(r#""aws:SourceAccount":"111122223333""#);
    world.make(BUCKET, Some(open)).await;
    let buckets = Arc::new(world.buckets.clone());
    let read = async |key: String| {
        let head = world.head(&key).await?;
        Some((world.read(&*world.plain, &key).await?, head.attributes.user))
    };
    buckets_contract(buckets, BUCKET, read).await;
}

#[tokio::test]
async fn an_object_is_described_as_aws_describes_it() {
    let world = World::new().await;
    world.put(None).await.unwrap();
    let head = world.head(&log_file().key).await.unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(head.attributes.etag.unwrap(), "25f9e794323b453885f5181f1b624d0b");
    // observed
    assert_eq!(
        head.attributes.headers,
        [
            pair("content-type", "application/json"),
            pair("content-encoding", "gzip"),
            pair("x-amz-server-side-encryption", "AES256"),
            pair("x-amz-checksum-crc64nvme", "rosUhgp5mIg="),
            pair("x-amz-checksum-type", "FULL_OBJECT"),
        ]
    );
    assert_eq!(head.attributes.user, [pair("signature", "0a1b")]);
}

#[tokio::test]
async fn a_marker_is_an_object_without_content() {
    let world = World::new().await;
    world.admit().await.unwrap();
    let head = world.head(FOLDER).await.unwrap();
    assert_eq!(head.bytes, 0);
    assert_eq!(head.attributes.user, []);
    // observed
    let header = |name| head.attributes.header(name);
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("content-encoding"), Some("gzip"));
    assert_eq!(header("x-amz-server-side-encryption"), Some("AES256"));
    assert_eq!(header("x-amz-checksum-crc64nvme"), Some("AAAAAAAAAAA="));
}

#[tokio::test]
async fn no_object_is_born_into_a_bucket_that_goes_away() {
    let world = World::new().await;
    let deleting = world.buckets.gate.clone().write_owned().await;
    let buckets = world.buckets.clone();
    let putting = tokio::spawn(async move { buckets.put(&log_file()).await });
    // It has read the bucket's policy, or will find no bucket at all.
    tokio::task::yield_now().await;
    let key = state::key(BUCKET).unwrap();
    let version = world.meta.get(&key).await.unwrap().unwrap().version;
    world.meta.remove(&key, version).await.unwrap();
    drop(deleting);
    let refused = putting.await.unwrap().unwrap_err();
    assert!(matches!(refused, BucketError::NoSuchBucket { .. }), "{refused}");
    assert_eq!(world.head(&log_file().key).await, None);
}

#[tokio::test]
async fn names_that_cannot_be_are_refused() {
    let world = World::new().await;
    let open = policy(r#""aws:SourceAccount":"111122223333""#);
    world.make(BUCKET, Some(open)).await;
    let mut object = log_file();
    object.key = format!("AWSLogs/111122223333/{}", "x".repeat(1_024));
    assert_eq!(world.buckets.put(&object).await.unwrap_err().code(), "KeyTooLongError");
    object = log_file();
    object.bucket = "with\nline".to_owned();
    assert_eq!(world.buckets.put(&object).await.unwrap_err().code(), "NoSuchBucket");
}
