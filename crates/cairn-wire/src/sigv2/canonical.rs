//! The one text that both sides can make from a request.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};

use crate::RequestHead;
use crate::sigv4::encode;

/// The parameters of a query that are signed by their name, whatever value they have.
///
/// evidence: documented (those that the guide lists), observed (the others: S3 names them in the text
/// that it shows to a caller whose signature does not match), modelled (the last line: what tells
/// operations apart must not be added to a request that was signed without it).
const SIGNED: [&str; 41] = [
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "annotationName",
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
    "metadataAnnotationTable",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
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
    "tagging",
    "torrent",
    "uploads",
    "versioning",
    "versions",
    "website",
    // These are in the model alone.
    "renameObject",
    "session",
];

/// The parameters that are signed with their value, decoded (documented, and observed for
/// `select-type`).
const SIGNED_WITH_VALUE: [&str; 10] = [
    "partNumber",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "select-type",
    "uploadId",
    "versionId",
];

/// The parameters of a query that S3 reads as headers, as they are signed: their names start with
/// `x-amz-`, in any case (observed). `None` if one of them could be no header: its text would run
/// into other lines of what is signed.
pub fn moved_headers(query: &str) -> Option<Vec<(HeaderName, HeaderValue)>> {
    let mut moved = Vec::new();
    for (raw_name, raw_value) in encode::query_pairs(query) {
        let name = encode::decode_component(raw_name).to_ascii_lowercase();
        if !name.starts_with("x-amz-") {
            continue;
        }
        let mut value = Vec::with_capacity(raw_value.len());
        encode::for_each_decoded(raw_value, |byte| value.push(byte));
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        moved.push((name, HeaderValue::from_bytes(&value).ok()?));
    }
    Some(moved)
}

/// Writes the text up to the resource. `None` as [`moved_headers`] has it.
pub(super) fn start(head: &RequestHead<'_>, date_line: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let positional = |name| head.headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    let lines = [head.method.as_bytes(), positional("content-md5"), positional("content-type")];
    for line in lines.into_iter().chain([date_line.as_bytes()]) {
        out.extend_from_slice(line.trim_ascii());
        out.push(b'\n');
    }
    // All values of a name in one line, those of headers first. S3 lets the query win; whoever signs
    // for one of the two never signed for this, so neither can be slipped in beside the other.
    let moved = moved_headers(head.query)?;
    let mut named: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
    let sent = head.headers.iter().chain(moved.iter().map(|(name, value)| (name, value)));
    for (name, value) in sent.filter(|(name, _)| name.as_str().starts_with("x-amz-")) {
        named.entry(name.as_str()).or_default().push(value.as_bytes().trim_ascii());
    }
    for (name, values) in named {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        out.extend_from_slice(&values.join(&b','));
        out.push(b'\n');
    }
    Some(out)
}

/// Writes the resource: the bucket that the host names, the path as sent, and what of the query is
/// signed, in the order of names. What comes twice is written twice, so that nothing can be added.
pub(super) fn push_resource(out: &mut Vec<u8>, bucket: Option<&str>, path: &str, query: &str) {
    if let Some(bucket) = bucket {
        out.push(b'/');
        // A host can hold what would be more than one part of a path.
        bucket.bytes().for_each(|byte| encode::push_encoded(out, byte));
    }
    out.extend_from_slice(if path.is_empty() { b"/" } else { path.as_bytes() });
    let mut signed: Vec<(String, Option<&str>)> = Vec::new();
    for (raw_name, value) in encode::query_pairs(query) {
        let name = encode::decode_component(raw_name);
        let has_value = SIGNED_WITH_VALUE.contains(&&*name);
        if has_value || SIGNED.contains(&&*name) {
            signed.push((name.into_owned(), has_value.then_some(value)));
        }
    }
    signed.sort_by(|left, right| left.0.cmp(&right.0));
    for (place, (name, value)) in signed.iter().enumerate() {
        out.push(if place == 0 { b'?' } else { b'&' });
        out.extend_from_slice(name.as_bytes());
        if let Some(value) = value {
            out.push(b'=');
            encode::for_each_decoded(value, |byte| out.push(byte));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{self, Operation, Service};

    /// Else a call could be turned into another one after it was signed.
    #[test]
    fn whatever_tells_operations_apart_is_signed() {
        let operations = || model::service("s3").into_iter().flat_map(Service::operations);
        let names = operations().flat_map(Operation::query_literals);
        let mut missing: Vec<_> = names
            .filter_map(|(name, value)| value.is_none().then_some(name))
            .chain(["uploadId", "versionId", "partNumber"])
            .filter(|name| !SIGNED.contains(name) && !SIGNED_WITH_VALUE.contains(name))
            .collect();
        missing.dedup();
        assert_eq!(missing, Vec::<&str>::new());
    }
}
