//! Tags: what S3 takes as one, in XML and in the `x-amz-tagging` header.
//!
//! evidence: observed (the texts; that XML and the header have different ones for reserved keys and
//! for keys that come twice; the code for too many).

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use s3s::dto;
use s3s::xml::{DeResult, Deserializer};

use super::error::S3Fault;

/// The most tags of an object (documented).
pub(super) const OBJECT_TAGS_MAX: usize = 10;
/// The most tags of a bucket (documented).
pub(super) const BUCKET_TAGS_MAX: usize = 50;
/// The longest key of a tag, in characters (documented).
const KEY_CHARS_MAX: usize = 128;
/// The longest value of a tag, in characters (documented).
const VALUE_CHARS_MAX: usize = 256;

/// What a header is told that is no query string, or has a key twice.
const HEADER_MALFORMED: &str = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL \
                                query parameters without tag name duplicates.";

/// Tags as they are kept.
pub(super) type Tags = Vec<(String, String)>;

const IN_HEADER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Tags out of XML.
pub(super) fn of_dto(set: dto::TagSet, tags_max: usize) -> Result<Tags, S3Fault> {
    let mut tags = Vec::with_capacity(set.len().min(tags_max));
    for tag in set {
        let (Some(key), Some(value)) = (tag.key, tag.value) else {
            return Err(S3Fault::MalformedXml);
        };
        tags.push((key, value));
    }
    let reserved = "System tags cannot be added/updated by requester";
    checked(tags, tags_max, reserved)
}

/// The tags in the document of `CreateBucket`: newer than the codec's model of it.
///
/// evidence: modelled (`CreateBucketConfiguration.Tags`, a list of `Tag`).
pub(super) fn of_new_bucket(document: &[u8]) -> Result<Tags, S3Fault> {
    fn skip(reader: &mut Deserializer<'_>) -> DeResult {
        reader.for_each_element(|reader, _| skip(reader))
    }
    if document.is_empty() {
        return Ok(Tags::new());
    }
    let mut set = dto::TagSet::new();
    let mut reader = Deserializer::new(document);
    let read = reader.element(|reader, _| {
        reader.for_each_element(|reader, name| match name {
            b"Tags" => {
                set = reader.list_content("Tag")?;
                Ok(())
            }
            _ => skip(reader),
        })
    });
    read.map_err(|_| S3Fault::MalformedXml)?;
    of_dto(set, BUCKET_TAGS_MAX)
}

/// Tags for XML.
pub(super) fn to_dto(tags: &[(String, String)]) -> dto::TagSet {
    tags.iter()
        .map(|(key, value)| dto::Tag { key: Some(key.clone()), value: Some(value.clone()) })
        .collect()
}

/// Tags out of `x-amz-tagging`, which is a query string.
pub(super) fn of_header(text: &str, tags_max: usize) -> Result<Tags, S3Fault> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        let text = percent_decode_str(&text).decode_utf8().map(std::borrow::Cow::into_owned);
        text.map_err(|_| S3Fault::InvalidArgument { why: HEADER_MALFORMED })
    };
    let mut tags = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        tags.push((decode(key)?, decode(value)?));
    }
    let keys: BTreeSet<&str> = tags.iter().map(|(key, _)| key.as_str()).collect();
    if keys.len() < tags.len() {
        return Err(S3Fault::InvalidArgument { why: HEADER_MALFORMED });
    }
    checked(tags, tags_max, "Your TagKey cannot be prefixed with aws:")
}

/// Tags as a query string.
pub(super) fn to_header(tags: &[(String, String)]) -> String {
    let encode = |text| utf8_percent_encode(text, IN_HEADER);
    let pairs = tags.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The tags, if they may be; `reserved` is what a key of AWS's own is told.
fn checked(tags: Tags, tags_max: usize, reserved: &'static str) -> Result<Tags, S3Fault> {
    let refuse = |why| Err(S3Fault::InvalidTag { why });
    if tags.len() > tags_max {
        let why = if tags_max == OBJECT_TAGS_MAX {
            "Object tags cannot be greater than 10"
        } else {
            "Bucket tag count cannot be greater than 50"
        };
        return Err(S3Fault::TooManyTags { why });
    }
    for (at, (key, value)) in tags.iter().enumerate() {
        if key.is_empty() || key.chars().count() > KEY_CHARS_MAX {
            return refuse("The TagKey you have provided is invalid");
        }
        if value.chars().count() > VALUE_CHARS_MAX {
            return refuse("The TagValue you have provided is invalid");
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return refuse(reserved);
        }
        if tags.iter().take(at).any(|(other, _)| other == key) {
            return refuse("Cannot provide multiple Tags with the same key");
        }
    }
    Ok(tags)
}
