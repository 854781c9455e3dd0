//! What must not reach the codec, because it would take it for something else.

use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderValue, Method, Uri};

use super::error::S3Fault;

/// The sub-resources that the codec knows, by name of the query parameter. Any other one is
/// refused: the codec ignores what it does not know, so that `PUT /bucket?news` would make a bucket
/// and `DELETE /bucket?news` remove it.
const SUB_RESOURCES: &[&str] = &[
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploads",
    "versioning",
    "versions",
    "website",
];

/// Parameters that may come without a value and are no sub-resources.
const MAY_BE_EMPTY: &[&str] = &[
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "id",
    "key-marker",
    "marker",
    "max-keys",
    "max-uploads",
    "prefix",
    "start-after",
    "upload-id-marker",
    "version-id-marker",
    "versionId",
    "x-id",
];

/// Removes what speaks of the signature and of `aws-chunked`: both are dealt with, and the codec
/// would look for a key. Likewise a `Range` that cannot be read, or asks for several: S3 sends the
/// whole then (documented).
pub(super) fn strip(headers: &mut HeaderMap) {
    let range = headers.get(RANGE).and_then(|value| value.to_str().ok());
    if range.is_none_or(|text| s3s::dto::Range::parse(text).is_err()) {
        headers.remove(RANGE);
    }
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

/// Whether the body of a request is the bytes of an object or a part, rather than a document.
pub(super) fn is_object(method: &Method, uri: &Uri) -> bool {
    let key =
        uri.path().strip_prefix('/').and_then(|path| path.split_once('/')).map(|(_, key)| key);
    let mut names = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .map(|pair| pair.split('=').next().unwrap_or(pair));
    *method == Method::PUT
        && key.is_some_and(|key| !key.is_empty())
        && !names.any(|name| SUB_RESOURCES.contains(&name))
}

/// Refuses what the codec would misread.
pub(super) fn check(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), S3Fault> {
    for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if value.is_empty() && !SUB_RESOURCES.contains(&name) && !MAY_BE_EMPTY.contains(&name) {
            return Err(S3Fault::NotImplemented);
        }
    }
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
