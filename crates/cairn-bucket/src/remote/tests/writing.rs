//! What is sent.

use std::sync::Arc;

use super::*;
use crate::testkit::buckets_contract;
use crate::{Checksum, Encryption};

#[tokio::test]
async fn the_contract_holds() {
    let store = Store::start().await;
    let any = Destination { bucket: "*".to_owned(), ..destination(&store) };
    let read = async |key: String| {
        let (body, metadata) = store.object(&key)?;
        Some((Bytes::from(body), metadata))
    };
    buckets_contract(Arc::new(buckets(any)), BUCKET, read).await;
}

/// The headers of a write.
async fn headers_of(
    change: impl FnOnce(&mut Destination, &mut TrailObject),
) -> std::collections::BTreeMap<String, String> {
    let store = Store::start().await;
    let (mut destination, mut object) = (destination(&store), log_file());
    change(&mut destination, &mut object);
    buckets(destination).put(&object).await.unwrap();
    store.seen().remove(0).headers
}

#[tokio::test]
async fn an_object_is_described_as_aws_describes_it() {
    let headers = headers_of(|_, _| ()).await;
    for (name, value) in [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("x-amz-acl", "bucket-owner-full-control"),
        ("x-amz-checksum-crc64nvme", "rosUhgp5mIg="),
        ("x-amz-meta-signature", "0a1b"),
    ] {
        assert_eq!(headers.get(name).map(String::as_str), Some(value), "{name}");
    }
    let authorization = &headers["authorization"];
    assert!(authorization.contains("/us-east-1/s3/aws4_request"), "{authorization}");
    for signed in ["x-amz-acl", "x-amz-meta-signature", "x-amz-content-sha256", "content-encoding"]
    {
        assert!(authorization.contains(signed), "{signed}");
    }
    assert!(!headers.keys().any(|name| name.starts_with("x-amz-server-side-encryption")));
}

#[tokio::test]
async fn what_a_store_does_not_know_can_be_left_out() {
    let plain = headers_of(|destination, _| {
        destination.acl = false;
        destination.checksum = Checksum::Md5;
        destination.sse = Encryption::Aes256;
        destination.region = Some("garage".to_owned());
    })
    .await;
    assert!(!plain.contains_key("x-amz-acl"));
    assert!(!plain.contains_key("x-amz-checksum-crc64nvme"));
    assert_eq!(plain["content-md5"], "JfnnlDI7RTiF9RgfG2JNCw==");
    assert_eq!(plain["x-amz-server-side-encryption"], "AES256");
    assert!(plain["authorization"].contains("/garage/s3/aws4_request"));
    let bare = headers_of(|destination, _| destination.checksum = Checksum::None).await;
    assert!(!bare.contains_key("content-md5") && !bare.contains_key("x-amz-checksum-crc64nvme"));
}

#[tokio::test]
async fn the_key_of_a_trail_goes_with_its_context() {
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let headers = headers_of(|_, object| object.kms_key_arn = Some(arn.to_owned())).await;
    assert_eq!(headers["x-amz-server-side-encryption"], "aws:kms");
    assert_eq!(headers["x-amz-server-side-encryption-aws-kms-key-id"], arn);
    // {"aws:cloudtrail:arn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/audit"}
    assert_eq!(
        headers["x-amz-server-side-encryption-context"],
        "eyJhd3M6Y2xvdWR0cmFpbDphcm4iOiJhcm46YXdzOmNsb3VkdHJhaWw6dXMtZWFzdC0xOjExMTEyMjIyMzMzMzp0cmFp\
         bC9hdWRpdCJ9"
    );
}

#[tokio::test]
async fn buckets_are_found_by_name() {
    let store = Store::start().await;
    let named = buckets(destination(&store));
    let elsewhere = TrailObject { bucket: "other".to_owned(), ..log_file() };
    assert!(named.names(BUCKET) && !named.names("other") && !named.takes_any());
    assert_eq!(named.put(&elsewhere).await.unwrap_err().code(), "NoSuchBucket");
    assert_eq!(store.seen().len(), 0);
    assert_eq!(named.region(BUCKET).await.unwrap().as_str(), "eu-west-1");
    let twice = RemoteBuckets::new(vec![destination(&store), destination(&store)]);
    assert!(matches!(twice, Err(crate::DestinationFault::Twice { .. })));
}
