//! The contract of `Buckets`, number by number.

use std::sync::Arc;

use bytes::Bytes;
use cairn_event::AccountId;

use crate::{Buckets, TrailObject, Writer};

/// What lies under a key: body and user metadata.
pub type Content = Option<(Bytes, Vec<(String, String)>)>;

/// Checks the contract of [`Buckets`] on a bucket that takes what comes for [`writer`]. `read`
/// reads an object of it by another way than the one under test.
pub async fn buckets_contract<R>(
    buckets: Arc<dyn Buckets>,
    bucket: &str,
    read: impl Fn(String) -> R,
) where
    R: Future<Output = Content>,
{
    let writer = writer();
    buckets.region(bucket).await.unwrap();
    let missing = buckets.region("no-such-bucket-here").await.unwrap_err();
    assert_eq!(missing.code(), "NoSuchBucket");

    let folder = "AWSLogs/111122223333/CloudTrail/";
    buckets.admit(&writer, bucket, folder, None).await.unwrap();
    assert_eq!(read(folder.to_owned()).await, Some((Bytes::new(), Vec::new())));
    buckets.admit(&writer, bucket, folder, None).await.unwrap();

    let mut object = TrailObject {
        writer,
        bucket: bucket.to_owned(),
        key: format!("{folder}us-east-1/2026/11/25/a b+c=d~e%ü_x.json.gz"),
        body: Bytes::from_static(b"\x1f\x8bnot looked at"),
        metadata: vec![("signature".to_owned(), "0a1b".to_owned())],
        kms_key_arn: None,
    };
    for _ in 0..2 {
        buckets.put(&object).await.unwrap();
        let content = read(object.key.clone()).await.unwrap();
        assert_eq!(content, (object.body.clone(), object.metadata.clone()));
    }
    object.body = Bytes::from(vec![7; 300_000]);
    object.metadata = Vec::new();
    buckets.put(&object).await.unwrap();
    assert_eq!(read(object.key.clone()).await, Some((object.body.clone(), Vec::new())));

    "no-such-bucket-here".clone_into(&mut object.bucket);
    assert_eq!(buckets.put(&object).await.unwrap_err().code(), "NoSuchBucket");
    let refused = buckets.admit(&object.writer, &object.bucket, folder, None).await.unwrap_err();
    assert_eq!(refused.code(), "NoSuchBucket");
}

/// The trail of the suite.
pub fn writer() -> Writer {
    Writer {
        trail_arn: "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit".to_owned(),
        account: AccountId::parse("111122223333").unwrap(),
    }
}
