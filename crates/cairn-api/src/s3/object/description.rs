//! What a writer says of an object in headers, and how it is shown again.
//!
//! - Names of user metadata are lower case; values come back as they were sent (documented).
//! - User metadata is at most 2 KB, names and values together (documented).
//! - Without a content type an object is `binary/octet-stream` (documented).

use cairn_store::envelope::{ENCRYPTION, ENCRYPTION_KEY};
use cairn_store::{Attributes, ObjectHead};
use s3s::dto;

use super::super::call::Call;
use super::super::checksum::{Algorithm, Sum};
use super::super::encryption::BUCKET_KEY;
use super::super::error::S3Fault;
use super::super::tags;

/// The most bytes of user metadata.
const METADATA_BYTES_MAX: usize = 2 << 10;
/// Headers that are kept with an object and shown with it.
const SHOWN: [&str; 11] = [
    "content-type",
    "content-encoding",
    "content-language",
    "content-disposition",
    "cache-control",
    "expires",
    "x-amz-website-redirect-location",
    "x-amz-storage-class",
    ENCRYPTION,
    ENCRYPTION_KEY,
    BUCKET_KEY,
];
/// The header under which the tags that came with an object are kept.
pub(crate) const TAGGING: &str = "x-amz-tagging";
/// The header under which it is kept how a checksum over parts is made.
pub(crate) const CHECKSUM_TYPE: &str = "x-amz-checksum-type";
const CONTENT_TYPE_DEFAULT: &str = "binary/octet-stream";
const STORAGE_CLASS: &str = "x-amz-storage-class";
/// The classes that may be named. All are the same disk; archives that must be restored first are
/// refused.
const STORAGE_CLASSES: [&str; 6] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER_IR",
];

/// What the headers of a writing call say of the object.
pub(crate) fn of_headers(call: &Call) -> Result<Attributes, S3Fault> {
    let mut attributes = Attributes::default();
    let kept = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for name in SHOWN {
        match call.header(name) {
            Some("") | None => {}
            Some(class) if name == STORAGE_CLASS => {
                if !STORAGE_CLASSES.contains(&class) {
                    return Err(S3Fault::InvalidStorageClass);
                }
                attributes.headers.push(kept(name, class));
            }
            Some(value) => attributes.headers.push(kept(name, value)),
        }
    }
    if let Some(text) = call.header(TAGGING) {
        let tags = tags::of_header(text, tags::OBJECT_TAGS_MAX)?;
        if !tags.is_empty() {
            attributes.headers.push((TAGGING.to_owned(), tags::to_header(&tags)));
        }
    }
    let mut bytes = 0;
    for (name, value) in &call.headers {
        let Some(name) = name.as_str().strip_prefix("x-amz-meta-") else { continue };
        let value = std::str::from_utf8(value.as_bytes())
            .map_err(|_| S3Fault::InvalidArgument { why: "User metadata must be UTF-8" })?;
        bytes += name.len() + value.len();
        attributes.user.push((name.to_owned(), value.to_owned()));
    }
    if bytes > METADATA_BYTES_MAX {
        return Err(S3Fault::MetadataTooLarge);
    }
    Ok(attributes)
}

/// Sets a header that is kept, in place of the one before.
pub(crate) fn keep(attributes: &mut Attributes, name: &str, value: Option<String>) {
    attributes.headers.retain(|(known, _)| known != name);
    if let Some(value) = value {
        attributes.headers.push((name.to_owned(), value));
    }
}

/// Keeps a checksum with the object.
pub(crate) fn keep_sum(attributes: &mut Attributes, sum: &Sum, kind: &str) {
    for algorithm in Algorithm::ALL {
        keep(attributes, algorithm.header(), None);
    }
    keep(attributes, sum.algorithm.header(), Some(sum.value.clone()));
    keep(attributes, CHECKSUM_TYPE, Some(kind.to_owned()));
}

/// The checksum that is kept with an object, and how it was made.
pub(crate) fn sum_of(attributes: &Attributes) -> Option<(Sum, &str)> {
    let kept = Algorithm::ALL.into_iter().find_map(|algorithm| {
        let value = attributes.header(algorithm.header())?.to_owned();
        Some(Sum { algorithm, value })
    })?;
    let kind = attributes.header(CHECKSUM_TYPE).unwrap_or(dto::ChecksumType::FULL_OBJECT);
    Some((kept, kind))
}

/// Shows the kept headers; a call may ask for others in their place.
pub(crate) fn show(call: &Call, head: &ObjectHead, instead: &[(&str, Option<&str>)]) {
    for name in SHOWN {
        let asked =
            instead.iter().find(|(wanted, _)| *wanted == name).and_then(|(_, value)| *value);
        let kept = head.attributes.header(name);
        let default = (name == "content-type").then_some(CONTENT_TYPE_DEFAULT);
        // documented: the class is shown if it is not the standard one.
        let kept =
            kept.filter(|value| name != STORAGE_CLASS || *value != dto::StorageClass::STANDARD);
        if let Some(value) = asked.or(kept).or(default) {
            call.answer_with(name, value);
        }
    }
}

/// Shows the checksum.
pub(crate) fn show_sum(call: &Call, head: &ObjectHead) {
    if let Some((sum, kind)) = sum_of(&head.attributes) {
        call.answer_with(sum.algorithm.header(), &sum.value);
        call.answer_with(CHECKSUM_TYPE, kind);
    }
}

/// The user metadata as the codec takes it.
pub(crate) fn user_of(attributes: &Attributes) -> Option<dto::Metadata> {
    let pairs: dto::Metadata = attributes.user.iter().cloned().collect();
    Some(pairs).filter(|pairs| !pairs.is_empty())
}

/// The storage class.
pub(crate) fn class_of(attributes: &Attributes) -> &str {
    attributes.header(STORAGE_CLASS).unwrap_or(dto::StorageClass::STANDARD)
}

/// The entity tag as the codec takes it.
pub(crate) fn etag_of(attributes: &Attributes) -> Option<dto::ETag> {
    attributes.etag.clone().map(dto::ETag::Strong)
}
