//! What trails write, as S3 shows it.

use std::sync::Arc;

use cairn_bucket::{Buckets as _, EmbeddedBuckets, TrailObject, Writer};
use cairn_event::{AccountId, Region};
use cairn_store::kms::{KeyOwner, NewKey};

use super::{ACCOUNT, Client, Reply};
use crate::testing::World;

const BODY: &[u8] = b"\x1f\x8bone gzip member";
const FOLDER: &str = "AWSLogs/111122223333/CloudTrail/";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
     "Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::bkt"},
    {"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject",
     "Resource":"arn:aws:s3:::bkt/AWSLogs/111122223333/*",
     "Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]}"#;
const KEY_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
     "Action":"kms:GenerateDataKey*","Resource":"*"},
    {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},
     "Action":"kms:Decrypt","Resource":"*"}]}"#;

fn embedded(world: &World) -> EmbeddedBuckets {
    let services = &world.services;
    EmbeddedBuckets::new(
        Arc::clone(&services.meta),
        Arc::clone(&services.objects),
        Arc::clone(&services.kms),
        Arc::clone(&services.clock),
        services.gate.clone(),
    )
}

fn object(key: &str) -> TrailObject {
    TrailObject {
        writer: Writer {
            trail_arn: "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit".to_owned(),
            account: AccountId::parse(ACCOUNT).unwrap(),
        },
        bucket: "bkt".to_owned(),
        key: format!("{FOLDER}{key}"),
        body: BODY.into(),
        metadata: vec![("signature-algorithm".to_owned(), "SHA256withRSA".to_owned())],
        kms_key_arn: None,
    }
}

/// What a reader sees, without what is new in each answer.
async fn shown(client: &Client<'_>, line: &str) -> (Vec<(String, String)>, bytes::Bytes) {
    let Reply { headers, body, status, .. } =
        client.call(line, "x-amz-checksum-mode: ENABLED", "").await;
    assert_eq!(status, 200, "{line}");
    let mut headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .filter(|(name, _)| name != "x-amz-request-id")
        .collect();
    headers.sort();
    (headers, body)
}

#[tokio::test]
async fn an_object_of_a_trail_is_like_one_that_was_put() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt?policy", "", POLICY).await.is(204);
    embedded(&world).put(&object("delivered")).await.unwrap();
    let headers = "content-type: application/json
        content-encoding: gzip
        x-amz-acl: bucket-owner-full-control
        x-amz-server-side-encryption: AES256
        x-amz-meta-signature-algorithm: SHA256withRSA";
    client.call(&format!("PUT /bkt/{FOLDER}put"), headers, BODY).await.is(200);
    for method in ["GET", "HEAD"] {
        let delivered = shown(&client, &format!("{method} /bkt/{FOLDER}delivered")).await;
        assert_eq!(delivered, shown(&client, &format!("{method} /bkt/{FOLDER}put")).await);
        assert_eq!(&delivered.1[..], if method == "GET" { BODY } else { b"" });
    }
    let list = client.call("GET /bkt?list-type=2", "", "").await.is(200);
    let etag = list.all("ETag");
    assert_eq!((etag.len(), etag[0]), (2, etag[1]));
}

#[tokio::test]
async fn an_object_under_a_key_is_read_in_plain() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt?policy", "", POLICY).await.is(204);
    let new = NewKey {
        account: AccountId::parse(ACCOUNT).unwrap(),
        region: Region::parse("us-east-1").unwrap(),
        description: String::new(),
        policy: Some(KEY_POLICY.to_owned()),
        tags: Vec::new(),
        managed_by: KeyOwner::Customer,
    };
    let key = world.services.kms.create(new).await.unwrap();
    let sealed = TrailObject { kms_key_arn: Some(key.arn()), ..object("sealed") };
    embedded(&world).put(&sealed).await.unwrap();
    let reply = client.call(&format!("GET /bkt/{FOLDER}sealed"), "", "").await.is(200);
    assert_eq!(&reply.body[..], BODY);
    assert_eq!(reply.header("x-amz-server-side-encryption"), "aws:kms");
    assert_eq!(reply.header("x-amz-server-side-encryption-aws-kms-key-id"), key.arn());
    assert_eq!(reply.header("content-length"), BODY.len().to_string());
    let range = client.call(&format!("GET /bkt/{FOLDER}sealed"), "range: bytes=2-4", "").await;
    assert_eq!(range.is(206).text(), "one");
    let list = client.call("GET /bkt?list-type=2", "", "").await.is(200);
    assert_eq!(list.one("Size"), BODY.len().to_string());
}

#[tokio::test]
async fn a_folder_that_was_admitted_has_a_marker() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let writer = object("").writer;
    let admit = || async { embedded(&world).admit(&writer, "bkt", FOLDER, None).await };
    assert_eq!(admit().await.unwrap_err().code(), "AccessDenied");
    client.call("PUT /bkt?policy", "", POLICY).await.is(204);
    admit().await.unwrap();
    let marker = client.call(&format!("HEAD /bkt/{FOLDER}"), "", "").await.is(200);
    assert_eq!(marker.header("content-length"), "0");
    assert_eq!(marker.header("content-encoding"), "gzip");
}
