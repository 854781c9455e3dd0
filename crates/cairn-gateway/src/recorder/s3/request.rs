//! `requestParameters` of S3: the query, the bucket and key, the host, the headers that the
//! operation knows, and the body turned from XML to JSON.

use std::borrow::Cow;
use std::collections::HashSet;

use cairn_wire::model::{Location, Operation, Shape};
use http::HeaderName;
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
    let headers = shown_headers(call, operation);
    let query = shown_query(call, &headers);
    let body = Body::of(call, operation).unless_named(operation, &query, &headers);
    for (name, value) in query.iter().filter(|(name, _)| body.name() != Some(name)) {
        object.text(name, value);
    }
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
    for (name, value) in &headers {
        object.text(name, value);
    }
    match &body {
        Body::None => {}
        Body::Policy(policy) => object.key("bucketPolicy").extend_from_slice(policy),
        Body::Tree(root) => root.push(object.key(root.name())),
    }
    let is_empty = object.is_empty();
    object.end();
    (!is_empty).then(|| into_text(out))
}

/// The query: each name once, and none that another part of the record gives. Whoever appends to a URL
/// must not be the one who says which bucket it was; and only what is shown elsewhere is left out here.
fn shown_query<'a>(
    call: &Call<'a>,
    headers: &[(&str, String)],
) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
    let mut shown = Vec::new();
    let is_header = |name: &str| headers.iter().any(|(sent, _)| sent.eq_ignore_ascii_case(name));
    for pair in call.head.query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name);
        let lower = name.to_ascii_lowercase();
        // A URL of version 2 has its headers here.
        let is_shown = ![&UNSHOWN_QUERY, &UNSHOWN_HEADERS].iter().any(|it| it.contains(&&*lower));
        let is_taken = OWN_NAMES.contains(&&*name) || is_header(&name);
        if is_shown && !is_taken && seen.insert(name.clone()) {
            shown.push((name, decoded(value)));
        }
    }
    shown
}

fn decoded(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
    } else {
        percent_decode_str(text).decode_utf8_lossy()
    }
}

/// The headers that the operation knows, all values of each: a server may take any of them.
fn shown_headers<'a>(call: &Call<'a>, operation: Operation<'static>) -> Vec<(&'a str, String)> {
    let headers = call.head.headers;
    let members = operation.input().into_iter().flat_map(Shape::members);
    let known = members.filter(|member| member.location() == Location::Header);
    let sent = known.filter_map(|member| {
        // Of dozens a few are sent.
        let is_it = |sent: &&HeaderName| sent.as_str().eq_ignore_ascii_case(member.wire_name());
        headers.keys().find(is_it)
    });
    let is_shown = |name: &&HeaderName| {
        name.as_str().starts_with("x-amz-") && !UNSHOWN_HEADERS.contains(&name.as_str())
    };
    let with_values = |name: &'a HeaderName| {
        let values = headers.get_all(name).iter();
        let values: Vec<_> =
            values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (name.as_str(), values.join(","))
    };
    sent.filter(is_shown).map(with_values).collect()
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
        // Of a call that has none, a body is the caller's own invention.
        let takes_body = operation.input().is_some_and(|shape| {
            shape.payload().is_some()
                || shape.members().any(|member| member.location() == Location::Body)
        });
        let body = call.body.filter(|_| takes_body).and_then(|body| std::str::from_utf8(body).ok());
        let Some(body) = body else { return Self::None };
        if operation.name() == "PutBucketPolicy" {
            let mut policy = Vec::new();
            return if push_compact(&mut policy, body) { Self::Policy(policy) } else { Self::None };
        }
        xml::parse(body).map_or(Self::None, Self::Tree)
    }

    /// Nothing, if it has a name that says something else already. A parameter without a value
    /// (`?tagging`) says nothing, and one that the operation does not have is not read: who appends it
    /// to a URL must not hide the body.
    fn unless_named(
        self,
        operation: Operation<'static>,
        query: &[(Cow<'_, str>, Cow<'_, str>)],
        headers: &[(&str, String)],
    ) -> Self {
        let is_read = |name: &str| {
            operation.query_parameters().any(|known| known == name)
                || operation.query_literals().any(|(known, _)| known == name)
        };
        let is_taken = |root: &str| {
            OWN_NAMES.contains(&root)
                || headers.iter().any(|(name, _)| *name == root)
                || query
                    .iter()
                    .any(|(name, value)| name == root && !value.is_empty() && is_read(name))
        };
        if self.name().is_some_and(is_taken) { Self::None } else { self }
    }

    /// The member that it is.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Tree(root) => Some(root.name()),
            Self::None | Self::Policy(_) => None,
        }
    }
}
