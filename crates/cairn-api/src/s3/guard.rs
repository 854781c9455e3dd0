//! What must not reach the codec, because it would take it for something else.
//!
//! The codec ignores what it does not know: to it `PUT /bucket?uploads` makes a bucket, and
//! `DELETE /bucket/key?policy` deletes an object. S3 refuses a sub-resource that an operation does
//! not have; so does this, by the model.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use cairn_wire::model::{Operation, Service};
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, EXPIRES, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE,
    RANGE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use percent_encoding::percent_decode_str;
use s3s::dto::{ObjectAttributes, Timestamp, TimestampFormat};

use super::error::S3Fault;
use super::service;

/// Parameters that say which one is meant, and what S3 says where they mean nothing: to ignore them
/// would be to do it to another one.
///
/// evidence: documented (the text for versions, as public issues quote it), assumed (the others).
const SELECTORS: [(&str, &str); 3] = [
    ("versionId", "This operation does not accept a version-id."),
    ("uploadId", "This operation does not accept an upload id."),
    ("partNumber", "This operation does not accept a part number."),
];

/// Parameters that are numbers, and what S3 says of a text that is none.
///
/// evidence: documented (the text for keys, as public issues quote it; `UploadPart`), assumed (the
/// others).
const NUMBERS: [(&str, &str); 5] = [
    ("max-keys", "Provided max-keys not an integer or within integer range"),
    ("max-parts", "Provided max-parts not an integer or within integer range"),
    ("max-uploads", "Provided max-uploads not an integer or within integer range"),
    ("part-number-marker", "Provided part-number-marker not an integer or within integer range"),
    ("partNumber", "Part number must be an integer between 1 and 10000, inclusive"),
];

/// Conditions on entity tags. The codec wants the quotes that belong to a tag; S3 does without
/// (observed by other servers' tests).
const ENTITY_TAGS: [&str; 4] =
    ["if-match", "if-none-match", "x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match"];

/// What can be asked for of an object (modelled).
const ATTRIBUTES: [&str; 5] = [
    ObjectAttributes::CHECKSUM,
    ObjectAttributes::ETAG,
    ObjectAttributes::OBJECT_PARTS,
    ObjectAttributes::OBJECT_SIZE,
    ObjectAttributes::STORAGE_CLASS,
];

/// What a query can hold, by the model of S3.
static KNOWN: LazyLock<Known> = LazyLock::new(Known::of_model);

/// The names of a query that mean something to some operation.
struct Known {
    /// `acl`, `policy`, `uploads`: which part of a bucket or an object is meant.
    sub_resources: BTreeSet<&'static str>,
    /// `prefix`, `versionId`.
    parameters: BTreeSet<&'static str>,
}

impl Known {
    fn of_model() -> Self {
        let all = || operations().flat_map(Operation::query_parameters);
        let literals = || operations().flat_map(Operation::query_literals);
        // A literal with a value (`list-type=2`) is how a parameter chooses.
        let valued = literals().filter_map(|(name, value)| value.map(|_| name));
        Self {
            sub_resources: literals()
                .filter_map(|(name, value)| value.is_none().then_some(name))
                .collect(),
            parameters: all().chain(valued).chain(["x-id"]).collect(),
        }
    }
}

fn operations() -> impl Iterator<Item = Operation<'static>> {
    cairn_wire::model::service("s3").into_iter().flat_map(Service::operations)
}

/// Removes what speaks of the signature and of `aws-chunked`: both are dealt with, and the codec
/// would look for a key. Likewise a `Range` that cannot be read, or asks for several: S3 sends the
/// whole then (documented); and a condition on a date that is none (documented: RFC 9110 has it
/// ignored). What the codec must not see, but the call may, is returned.
pub(super) fn strip(headers: &mut HeaderMap) -> HeaderMap {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // The codec takes a range without any number for one of no bytes.
    let is_none = |text| text == "bytes=-" || s3s::dto::Range::parse(text).is_err();
    if text(&RANGE).is_none_or(is_none) {
        headers.remove(RANGE);
    }
    for name in [IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE] {
        let text = headers.get(&name).and_then(|value| value.to_str().ok());
        let date = text.map(|text| Timestamp::parse(TimestampFormat::HttpDate, text));
        if date.is_none_or(|date| date.is_err()) {
            headers.remove(name);
        }
    }
    for name in ENTITY_TAGS {
        let text = headers.get(name).and_then(|value| value.to_str().ok());
        let bare = text.filter(|text| !matches!(*text, "" | "*") && !text.contains('"'));
        if let Some(Ok(quoted)) = bare.map(|text| HeaderValue::try_from(format!("\"{text}\""))) {
            headers.insert(name, quoted);
        }
    }
    let mut aside = HeaderMap::new();
    // The codec wants a date; S3 keeps whatever text is sent, often `0` or `-1` (documented: its
    // models have the type withdrawn in favour of a string).
    if let Some(expires) = headers.remove(EXPIRES) {
        aside.insert(EXPIRES, expires);
    }
    strip_signature(headers);
    aside
}

fn strip_signature(headers: &mut HeaderMap) {
    headers.remove(AUTHORIZATION);
    for name in ["x-amz-content-sha256", "x-amz-decoded-content-length", "x-amz-security-token"] {
        headers.remove(name);
    }
    let Some(encoding) = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()) else {
        return;
    };
    if !encoding.contains("aws-chunked") {
        return;
    }
    let kept: Vec<&str> =
        encoding.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked").collect();
    match HeaderValue::try_from(kept.join(",")) {
        Ok(value) if !value.is_empty() => headers.insert(CONTENT_ENCODING, value),
        _ => headers.remove(CONTENT_ENCODING),
    };
}

/// Refuses what the codec would misread.
pub(super) fn check(
    operation: Operation<'static>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), S3Fault> {
    check_path(uri.path())?;
    check_headers(headers)?;
    let query = uri.query().unwrap_or_default();
    // Without the header it resolves to be a call of the other operation.
    let asks_for_attributes =
        query.split('&').any(|pair| matches!(pair, "attributes" | "attributes="));
    if asks_for_attributes && ["GetObject", "GetObjectAttributes"].contains(&operation.name()) {
        check_attributes(headers)?;
    }
    check_query(operation, query)?;
    let form = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let form =
        form.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"));
    // A browser's form carries its own signature in its fields, and the codec would hold the whole
    // file.
    if *method == Method::POST && form {
        return Err(S3Fault::NotImplemented);
    }
    Ok(())
}

/// A header that is no text would be taken for one that is not there, such as whom a caller expects to
/// own the bucket. What describes an object may be any bytes.
///
/// evidence: assumed.
pub(super) fn check_headers(headers: &HeaderMap) -> Result<(), S3Fault> {
    let is_no_text = |(name, value): (&HeaderName, &HeaderValue)| {
        let name = name.as_str();
        name.starts_with("x-amz-") && !name.starts_with("x-amz-meta-") && value.to_str().is_err()
    };
    if headers.iter().any(is_no_text) {
        let why = "The value of a header is not valid.";
        return Err(S3Fault::InvalidArgument { why });
    }
    Ok(())
}

/// The codec decodes a path before it looks for the slash behind the bucket, and lets a broken
/// escape stand for itself; S3 does neither.
///
/// evidence: documented (`InvalidURI`).
fn check_path(path: &str) -> Result<(), S3Fault> {
    let is_escape = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !path.split('%').skip(1).all(is_escape) {
        return Err(S3Fault::InvalidUri);
    }
    let bucket = path.strip_prefix('/').unwrap_or(path).split('/').next().unwrap_or_default();
    if percent_decode_str(bucket).any(|byte| byte == b'/') {
        return Err(S3Fault::InvalidBucketName);
    }
    Ok(())
}

/// Refuses names that the operation does not have and that S3 does not ignore.
///
/// evidence: observed (`MethodNotAllowed`, conflicting parameters), assumed (a name without a value
/// that the model does not know is a sub-resource of tomorrow).
fn check_query(operation: Operation<'static>, query: &str) -> Result<(), S3Fault> {
    let own = || operation.query_literals().map(|(name, _)| name);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name);
        let name = name.as_ref();
        if own().any(|known| known == name) {
            continue;
        }
        if operation.query_parameters().any(|known| known == name) {
            check_header(name, value)?;
            check_number(name, value)?;
            continue;
        }
        if let Some(sub_resource) = KNOWN.sub_resources.get(name) {
            return Err(misplaced(operation, sub_resource));
        }
        if let Some((_, why)) = SELECTORS.iter().find(|(selector, _)| *selector == name) {
            return Err(S3Fault::InvalidArgument { why });
        }
        if value.is_empty() && !KNOWN.parameters.contains(name) {
            return Err(S3Fault::NotImplemented);
        }
    }
    Ok(())
}

/// What S3 says of a sub-resource that an operation does not have.
fn misplaced(operation: Operation<'static>, sub_resource: &'static str) -> S3Fault {
    let own = operation.query_literals().find(|(name, _)| KNOWN.sub_resources.contains(name));
    if let Some((first, _)) = own {
        return S3Fault::ConflictingParameters { first, second: sub_resource };
    }
    let path = |operation: Operation<'static>| operation.uri().split('?').next();
    let is_of_others = operations().any(|other| {
        other.method() == operation.method()
            && path(other) == path(operation)
            && other.query_literals().any(|(name, _)| name == sub_resource)
            && !service::serves(other.name())
    });
    if is_of_others { S3Fault::NotImplemented } else { S3Fault::MethodNotAllowed }
}

/// What of an object is asked for must be said. Without it the codec would take the call for another.
///
/// evidence: observed (the first text, as public issues quote it), assumed (the second).
fn check_attributes(headers: &HeaderMap) -> Result<(), S3Fault> {
    let values = headers.get_all("x-amz-object-attributes").into_iter();
    let names = values.flat_map(|value| value.to_str().unwrap_or("?").split(','));
    let mut names = names.map(str::trim).filter(|name| !name.is_empty()).peekable();
    if names.peek().is_none() {
        let why = "The x-amz-object-attributes header specifying the attributes to be retrieved \
                   is either missing or empty";
        return Err(S3Fault::InvalidRequest { why });
    }
    if names.any(|name| !ATTRIBUTES.contains(&name)) {
        return Err(S3Fault::InvalidArgument { why: "Invalid attribute name specified." });
    }
    Ok(())
}

/// A parameter that stands in for a header of the answer must be able to be one.
///
/// evidence: documented (the text, as public issues quote it, for what is not Latin-1), assumed
/// (for control characters).
fn check_header(name: &str, value: &str) -> Result<(), S3Fault> {
    if name.starts_with("response-") && HeaderValue::from_str(&decoded(value)).is_err() {
        let why = "Header value cannot be represented using ISO-8859-1.";
        return Err(S3Fault::InvalidArgument { why });
    }
    Ok(())
}

/// A number must be one: the codec would say no more than that something is wrong.
fn check_number(name: &str, value: &str) -> Result<(), S3Fault> {
    let value = decoded(value);
    match NUMBERS.iter().find(|(number, _)| *number == name) {
        Some((name, why)) if value.parse::<i32>().is_err() => {
            Err(S3Fault::BadArgument { why, name, value: value.into_owned() })
        }
        _ => Ok(()),
    }
}

/// As the codec reads a query, except that a plus may stay: no name of S3 holds a space.
fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}
