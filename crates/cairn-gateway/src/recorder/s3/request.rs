//! `requestParameters` of S3: the query, the bucket and key, the host, the headers that the
//! operation knows, and the body turned from XML to JSON.

use std::borrow::Cow;
use std::collections::HashSet;

use cairn_wire::model::{Location, Operation};
use percent_encoding::percent_decode_str;

use super::xml;
use crate::recorder::Call;
use crate::recorder::text::{Object, into_text, push_compact};

/// Query parameters that are credentials, or a mark of the SDK; the rest of a presigned URL stays.
const UNSHOWN_QUERY: [&str; 6] = [
    "x-amz-credential",
    "x-amz-signature",
    "x-amz-security-token",
    "awsaccesskeyid",
    "signature",
    "x-id",
];

/// Headers of the model that are secrets, or say what another field says.
const UNSHOWN_HEADERS: [&str; 6] = [
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key-md5",
    "x-amz-mfa",
    "x-amz-account-id",
];

/// Members that say what a call is about, whatever its query says.
const OWN_NAMES: [&str; 4] = ["bucketName", "key", "Host", "bucketPolicy"];

pub(in crate::recorder) fn parameters(
    call: &Call<'_>,
    operation: Operation<'static>,
) -> Option<String> {
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    let body = Body::of(call, operation);
    push_query(&mut object, call, body.name());
    if let Some(names) = call.s3 {
        if let Some(bucket) = names.bucket {
            object.text("bucketName", bucket);
        }
        if let Some(key) = names.key {
            object.text("key", key);
        }
    }
    if let Some(host) = call.head.host() {
        object.text("Host", host);
    }
    push_headers(&mut object, call, operation);
    match &body {
        Body::None => {}
        Body::Policy(policy) => object.key("bucketPolicy").extend_from_slice(policy),
        Body::Tree(root) => root.push(object.key(root.name())),
    }
    let is_empty = object.is_empty();
    object.end();
    (!is_empty).then(|| into_text(out))
}

/// Each name once, and none that another part of the request gives: whoever appends to a URL must not
/// be the one who says which bucket it was.
fn push_query(object: &mut Object<'_>, call: &Call<'_>, body: Option<&str>) {
    let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
    let is_taken = |name: &str| {
        OWN_NAMES.contains(&name) || body == Some(name) || call.head.headers.contains_key(name)
    };
    for pair in call.head.query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name);
        let lower = name.to_ascii_lowercase();
        // A URL of version 2 has its headers here.
        let is_shown = ![&UNSHOWN_QUERY, &UNSHOWN_HEADERS].iter().any(|it| it.contains(&&*lower));
        if is_shown && !seen.contains(&name) && !is_taken(&name) {
            object.text(&name, &decoded(value));
            seen.insert(name);
        }
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
    } else {
        percent_decode_str(text).decode_utf8_lossy()
    }
}

fn push_headers(object: &mut Object<'_>, call: &Call<'_>, operation: Operation<'static>) {
    let Some(shape) = operation.input() else { return };
    let headers = call.head.headers;
    for member in shape.members().filter(|m| m.location() == Location::Header) {
        let known = member.wire_name();
        // Of dozens a few are sent.
        let sent = headers.keys().find(|sent| sent.as_str().eq_ignore_ascii_case(known));
        let sent = sent.filter(|sent| sent.as_str().starts_with("x-amz-"));
        let sent = sent.filter(|sent| !UNSHOWN_HEADERS.contains(&sent.as_str()));
        if let Some((name, value)) = sent.and_then(|name| Some((name, headers.get(name)?))) {
            object.text(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
        }
    }
}

/// What a body adds.
enum Body {
    None,
    /// A policy, compact.
    Policy(Vec<u8>),
    Tree(xml::Element),
}

impl Body {
    fn of(call: &Call<'_>, operation: Operation<'static>) -> Self {
        let body = call.body.and_then(|body| std::str::from_utf8(body).ok());
        let Some(body) = body else { return Self::None };
        if operation.name() == "PutBucketPolicy" {
            let mut policy = Vec::new();
            return if push_compact(&mut policy, body) { Self::Policy(policy) } else { Self::None };
        }
        xml::parse(body).map_or(Self::None, Self::Tree)
    }

    /// The member that it is.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Tree(root) => Some(root.name()),
            Self::None | Self::Policy(_) => None,
        }
    }
}
