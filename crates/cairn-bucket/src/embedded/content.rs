//! How an object of a trail lies in the embedded store: as a `PutObject` with the same headers
//! would leave it (observed).

use cairn_store::{Attributes, Kms};

use crate::{TrailObject, description};

/// What is said of the object. Its entity tag is the MD5 of what lies there in plain; an object
/// under a key has a tag that says nothing of it (documented).
pub(super) fn attributes(object: &TrailObject, kms: &Kms) -> Attributes {
    let md5 = description::md5(&object.body);
    let tag = match object.kms_key_arn {
        None => description::hex(&md5),
        Some(_) => description::hex(kms.random(md5.len()).as_bytes()),
    };
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
        etag: Some(tag),
        headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        user: object.metadata.iter().map(lower).collect(),
    }
}
