//! Requests that name two operations: one server takes the first, another the last, and a record
//! would say what was not done.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::{Resolved, query, rest};
use crate::RequestHead;
use crate::codec::form;
use crate::model::{self, Location, Member, Operation, Protocol, Service, Shape, ShapeKind};

/// What a request says twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Twofold {
    /// Subresources of S3, each of which has operations of its own: `?acl&policy`; or one of the
    /// headers by which it tells operations apart, in the query, where it reads headers as well.
    Subresources(Vec<String>),
    /// Two actions in a query string, in a form, or one in each.
    Action,
    /// A parameter with two values, or, of a query call, one in the query string that is not in the form
    /// beside it: servers take the first value or the last, and read both places or one.
    Parameter(String),
    /// Two headers `X-Amz-Target`, or one where none belongs: beside a call of another protocol, or on
    /// another method than POST.
    Target,
    /// A path that servers which merge slashes read as another one.
    Slashes,
}

/// The names in a query string by which S3 tells operations apart.
static SUBRESOURCES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let service = model::service("s3");
    let operations = service.into_iter().flat_map(Service::operations);
    // Operations on an upload in parts are told by a parameter.
    operations.flat_map(names).chain(["uploadId"]).collect()
});

/// The headers by which S3 tells operations apart: a copy of an upload.
static TELLING_HEADERS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let service = model::service("s3");
    let operations = service.into_iter().flat_map(Service::operations);
    let members = operations.filter_map(Operation::input).flat_map(Shape::members);
    let required =
        members.filter(|member| member.required() && member.location() == Location::Header);
    required.map(Member::wire_name).filter(|name| name.starts_with("x-amz-")).collect()
});

/// The fixed names in the query of an operation, those with fixed values aside.
fn names(operation: Operation<'static>) -> impl Iterator<Item = &'static str> {
    operation.query_literals().filter_map(|(name, value)| value.is_none().then_some(name))
}

/// Whether a request names another operation beside the one that was found, or that was not: an
/// unknown name may stand before one that a server knows. `readings` is the body, if it was read as a
/// form: as it came, and as it was before compression, since a server may read either.
pub fn twofold(
    head: &RequestHead<'_>,
    readings: &[&[u8]],
    has_body: bool,
    found: Result<&Resolved, Protocol>,
) -> Option<Twofold> {
    if head.method != "POST" && head.headers.contains_key("x-amz-target") {
        return Some(Twofold::Target);
    }
    if has_slashes(head, found.ok()) {
        return Some(Twofold::Slashes);
    }
    if let Ok(resolved) = found
        && let Some(elsewhere) = elsewhere(head, readings, has_body, resolved)
    {
        return Some(elsewhere);
    }
    match found.map_or_else(|protocol| protocol, |resolved| resolved.protocol) {
        Protocol::Json => {
            let mut targets = head.headers.get_all("x-amz-target").iter();
            let first = targets.next();
            targets.any(|other| Some(other) != first).then_some(Twofold::Target)
        }
        Protocol::Query | Protocol::Ec2 => {
            let mut actions = query::actions(head, readings).into_iter();
            let first = actions.next();
            if actions.any(|other| Some(other) != first) {
                return Some(Twofold::Action);
            }
            parameter(head.query, readings).map(Twofold::Parameter)
        }
        Protocol::RestXml | Protocol::RestJson => {
            let resolved = found.ok()?;
            let is_s3 = resolved.service.id() == "s3";
            let two = if is_s3 { subresources(head, resolved) } else { None };
            two.or_else(|| single(head.query, resolved.call()).map(Twofold::Parameter))
        }
        Protocol::RpcV2Cbor => None,
    }
}

/// What clients put into the query string of a call whose parameters are in a form: what it is, and who
/// signed (documented: the common parameters, and those of signatures of version 2).
const BESIDE_A_FORM: [&str; 9] = [
    "Action",
    "Version",
    "AWSAccessKeyId",
    "Expires",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "Timestamp",
];

/// The name of a parameter that two readers could see with two values. Forms of more parameters than
/// anybody has are read by nobody: their records have none.
fn parameter(query: &str, readings: &[&[u8]]) -> Option<String> {
    let in_query = sorted(query);
    if let Some(name) = twice(&in_query) {
        return Some(name);
    }
    readings.iter().find_map(|reading| {
        let in_form = sorted(String::from_utf8_lossy(reading).trim_ascii());
        let elsewhere = |pair: &&(String, String)| {
            let is_beside =
                BESIDE_A_FORM.contains(&pair.0.as_str()) || pair.0.starts_with("X-Amz-");
            let mut named = in_form.iter().filter(|(name, _)| *name == pair.0);
            !in_form.is_empty() && named.next().map_or(!is_beside, |found| found != *pair)
        };
        let of_query = || in_query.iter().find(elsewhere).map(|(name, _)| name.clone());
        twice(&in_form).or_else(of_query)
    })
}

/// The pairs of a query string or a form, each once, in the order of names.
fn sorted(text: &str) -> Vec<(String, String)> {
    let pairs = form::pairs(text).unwrap_or_default().into_iter();
    let owned = |(name, value): form::Pair<'_>| (name.into_owned(), value.into_owned());
    let mut pairs: Vec<_> = pairs.map(owned).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The first name with two values.
fn twice(pairs: &[(String, String)]) -> Option<String> {
    let mut pairs = pairs.windows(2);
    pairs.find_map(|pair| match pair {
        [(first, _), (second, _)] if first == second => Some(first.clone()),
        _ => None,
    })
}

/// The name of a parameter with two values, of which the operation takes one.
fn single(query: &str, operation: Operation<'static>) -> Option<String> {
    if !query.contains('&') {
        return None;
    }
    let members = || operation.input().into_iter().flat_map(Shape::members);
    let takes_one = |name: &str| {
        let mut named = members().filter(|member| member.location() == Location::QueryString);
        let found = named.find(|member| member.wire_name() == name);
        found.is_some_and(|member| member.shape().kind() != ShapeKind::List)
    };
    let mut pairs = sorted(query);
    pairs.retain(|(name, _)| takes_one(name));
    twice(&pairs)
}

/// What names an operation in the way of another protocol than the one that was found: a server that
/// looks there first does another one. S3 is told by its address, and its queries are free.
fn elsewhere(
    head: &RequestHead<'_>,
    readings: &[&[u8]],
    has_body: bool,
    resolved: &Resolved,
) -> Option<Twofold> {
    if resolved.service.id() == "s3" {
        return None;
    }
    let is_query = matches!(resolved.protocol, Protocol::Query | Protocol::Ec2);
    if resolved.protocol != Protocol::Json && head.headers.contains_key("x-amz-target") {
        return Some(Twofold::Target);
    }
    let takes_action = || resolved.call().query_parameters().any(|name| name == "Action");
    if !is_query && rest::names(head.query).any(|name| name == "Action") && !takes_action() {
        return Some(Twofold::Action);
    }
    // An action in a form beside a call that has none.
    if !is_query && query::are_named(readings) {
        return Some(Twofold::Action);
    }
    // An action in the query string, and a body that was not read as a form: it may be one.
    (is_query && has_body && readings.is_empty()).then_some(Twofold::Action)
}

/// `//bucket/key` is the key of no bucket to S3, and `key` of `bucket` to a server that merges slashes;
/// `/%2Fbucket` is no better. In a key they are what they are.
fn has_slashes(head: &RequestHead<'_>, found: Option<&Resolved>) -> bool {
    match found {
        Some(resolved) => resolved.bucket.as_ref().is_some_and(|bucket| bucket.starts_with('/')),
        None => head.path.contains("//"),
    }
}

fn subresources(head: &RequestHead<'_>, resolved: &Resolved) -> Option<Twofold> {
    if head.query.is_empty() {
        return None;
    }
    let operation = resolved.call();
    let takes = |name: &str| {
        names(operation).chain(operation.query_parameters()).any(|taken| taken == name)
    };
    // S3 takes those in a query of Signature Version 2 for headers (observed); other servers do not.
    let as_header = |name: &Cow<'_, str>| TELLING_HEADERS.contains(&*name.to_ascii_lowercase());
    let headers: Vec<_> = rest::names(head.query).filter(as_header).map(Cow::into_owned).collect();
    if !headers.is_empty() {
        return Some(Twofold::Subresources(headers));
    }
    let named: BTreeSet<_> =
        rest::names(head.query).filter(|name| SUBRESOURCES.contains(name.as_ref())).collect();
    if named.len() < 2 || named.iter().all(|name| takes(name)) {
        return None;
    }
    Some(Twofold::Subresources(named.into_iter().map(Cow::into_owned).collect()))
}
