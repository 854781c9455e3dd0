//! How an object of a trail lies in the embedded store: as a `PutObject` with the same headers
//! would leave it (observed).

use cairn_store::Attributes;

use crate::{TrailObject, description};

/// What is said of the object.
pub(super) fn attributes(object: &TrailObject) -> Attributes {
    let mut headers = vec![
        ("content-type", description::CONTENT_TYPE.to_owned()),
        ("content-encoding", description::CONTENT_ENCODING.to_owned()),
    ];
    // What is encrypted under a key says so itself.
    if object.kms_key_arn.is_none() {
        headers.push(("x-amz-server-side-encryption", "AES256".to_owned()));
    }
    headers.push(("x-amz-checksum-crc64nvme", description::crc64nvme(&object.body)));
    headers.push(("x-amz-checksum-type", "FULL_OBJECT".to_owned()));
    let lower = |(name, value): &(String, String)| (name.to_ascii_lowercase(), value.clone());
    Attributes {
        etag: Some(description::hex(&description::md5(&object.body))),
        headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        user: object.metadata.iter().map(lower).collect(),
    }
}
