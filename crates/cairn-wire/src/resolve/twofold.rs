//! Requests that name two operations: one server takes the first, another the last, and a record
//! would say what was not done.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::{Resolved, query, rest};
use crate::RequestHead;
use crate::model::{self, Location, Member, Operation, Protocol, Service, Shape};

/// What a request says twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Twofold {
    /// Subresources of S3, each of which has operations of its own: `?acl&policy`; or one of the
    /// headers by which it tells operations apart, in the query, where it reads headers as well.
    Subresources(Vec<String>),
    /// Two actions in a query string, in a form, or one in each.
    Action,
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
            actions.any(|other| Some(other) != first).then_some(Twofold::Action)
        }
        Protocol::RestXml => {
            let call = found.ok().filter(|resolved| resolved.service.id() == "s3");
            call.and_then(|resolved| subresources(head, resolved))
        }
        _ => None,
    }
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
