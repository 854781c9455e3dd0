//! What trails write to another S3.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_event::Region;
use http::{HeaderName, Method, header};

use super::client::{Call, Client};
use super::destination::{Checksum, Destination, DestinationFault, Encryption};
use crate::{BucketError, Buckets, TrailObject, Writer, description};

const ACL: HeaderName = HeaderName::from_static("x-amz-acl");
const CRC64NVME: HeaderName = HeaderName::from_static("x-amz-checksum-crc64nvme");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
const SSE: HeaderName = HeaderName::from_static("x-amz-server-side-encryption");
const SSE_KEY: HeaderName = HeaderName::from_static("x-amz-server-side-encryption-aws-kms-key-id");
const SSE_CONTEXT: HeaderName = HeaderName::from_static("x-amz-server-side-encryption-context");

/// Buckets of other S3 stores, as the settings name them.
#[derive(Debug)]
pub struct RemoteBuckets {
    stores: Vec<(Destination, Client)>,
}

impl RemoteBuckets {
    /// Those destinations. Nothing is asked of them yet.
    pub fn new(destinations: Vec<Destination>) -> Result<Self, DestinationFault> {
        let mut stores: Vec<(Destination, Client)> = Vec::new();
        for destination in destinations {
            if stores.iter().any(|(other, _)| other.bucket == destination.bucket) {
                return Err(DestinationFault::Twice { bucket: destination.bucket });
            }
            let client = Client::of(&destination)?;
            stores.push((destination, client));
        }
        Ok(Self { stores })
    }

    /// Whether a destination names the bucket.
    pub fn names(&self, bucket: &str) -> bool {
        self.stores.iter().any(|(destination, _)| destination.bucket == bucket)
    }

    /// Whether there is a destination for all buckets.
    pub fn takes_any(&self) -> bool {
        self.stores.iter().any(|(destination, _)| destination.is_for_any())
    }

    fn store(&self, bucket: &str) -> Result<&(Destination, Client), BucketError> {
        let named = self.stores.iter().find(|(destination, _)| destination.bucket == bucket);
        named
            .or_else(|| self.stores.iter().find(|(destination, _)| destination.is_for_any()))
            .ok_or_else(|| BucketError::NoSuchBucket { bucket: bucket.to_owned() })
    }
}

#[async_trait]
impl Buckets for RemoteBuckets {
    async fn region(&self, bucket: &str) -> Result<Region, BucketError> {
        self.store(bucket)?.1.find(bucket).await
    }

    /// Writes the marker. The ACL is not read: whoever wrote the destination into the settings has
    /// said that its keys are for this, and keys that may only write are the best to have there.
    async fn admit(
        &self,
        writer: &Writer,
        bucket: &str,
        folder: &str,
        kms_key_arn: Option<&str>,
    ) -> Result<(), BucketError> {
        self.put(&TrailObject::marker(writer, bucket, folder, kms_key_arn)).await
    }

    async fn put(&self, object: &TrailObject) -> Result<(), BucketError> {
        let (destination, client) = self.store(&object.bucket)?;
        let call = Call {
            method: Method::PUT,
            bucket: &object.bucket,
            key: Some(&object.key),
            query: &[],
            headers: headers(destination, object)?,
            body: object.body.clone(),
        };
        client.call(call).await.map(drop)
    }
}

fn headers(
    destination: &Destination,
    object: &TrailObject,
) -> Result<Vec<(HeaderName, String)>, BucketError> {
    let mut headers = vec![
        (header::CONTENT_TYPE, description::CONTENT_TYPE.to_owned()),
        (header::CONTENT_ENCODING, description::CONTENT_ENCODING.to_owned()),
        (header::CONTENT_LENGTH, object.body.len().to_string()),
    ];
    if destination.acl {
        headers.push((ACL, description::ACL.to_owned()));
    }
    match destination.checksum {
        Checksum::Crc64nvme => headers.push((CRC64NVME, description::crc64nvme(&object.body))),
        Checksum::Md5 => {
            headers.push((CONTENT_MD5, STANDARD.encode(description::md5(&object.body))));
        }
        Checksum::None => {}
    }
    match (&object.kms_key_arn, destination.sse) {
        (Some(key), _) => {
            let context = description::encryption_context(&object.writer);
            headers.push((SSE, "aws:kms".to_owned()));
            headers.push((SSE_KEY, key.clone()));
            headers.push((SSE_CONTEXT, STANDARD.encode(context.to_string())));
        }
        (None, Encryption::Aes256) => headers.push((SSE, "AES256".to_owned())),
        (None, Encryption::Default) => {}
    }
    for (name, value) in &object.metadata {
        let name = HeaderName::try_from(format!("x-amz-meta-{name}"));
        let refused = |_| BucketError::Refused {
            bucket: object.bucket.clone(),
            code: "InvalidArgument".to_owned(),
        };
        headers.push((name.map_err(refused)?, value.clone()));
    }
    Ok(headers)
}
