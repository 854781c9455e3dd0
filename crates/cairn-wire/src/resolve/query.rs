//! Query calls: `Action` and `Version` in the query string, in the form, or one in each; the form
//! wins.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::index::{index, query_protocol};
use super::{Asked, Match, ResolveError, tie};
use crate::RequestHead;
use crate::model::{Operation, Protocol, ServiceHead};

const FORM: &str = "application/x-www-form-urlencoded";

pub(super) enum Found {
    Call(Match),
    NeedsForm,
    No,
}

/// Looks for a query call among the candidates, or, where no scope says whose it is, among all
/// services.
pub(super) fn find(
    asked: &Asked<'_>,
    candidates: &[&'static ServiceHead],
) -> Result<Found, ResolveError> {
    let head = asked.head;
    let in_url = parameter(head.query.as_bytes(), "Action");
    // Version 2 signatures name no service; S3's carry no action.
    let is_open = asked.scope.is_none() || (asked.is_version_2 && in_url.is_some());
    let speakers: Vec<_> = if is_open {
        index().query().to_vec()
    } else {
        candidates.iter().copied().filter(|head| query_protocol(head).is_some()).collect()
    };
    if speakers.is_empty() {
        return Ok(Found::No);
    }
    let is_form = is_form(head);
    // Some clients say no media type; a path of its own is then a REST call of a sibling service.
    let has_rest = || candidates.iter().any(|head| query_protocol(head).is_none());
    let is_bare = head.header("content-type").unwrap_or_default().is_empty()
        && !is_open
        && (head.path == "/" || !has_rest());
    let may_hold = head.method == "POST" && (is_form || (is_bare && in_url.is_none()));
    if asked.form.is_none() && may_hold {
        return Ok(Found::NeedsForm);
    }
    let form = asked.form.filter(|_| is_form || is_bare).unwrap_or_default();
    let Some(action) = parameter(form, "Action").or(in_url) else { return Ok(Found::No) };
    let version =
        parameter(form, "Version").or_else(|| parameter(head.query.as_bytes(), "Version"));
    named(asked, &speakers, &action, version.as_deref(), is_open)
}

/// The operation with this name and version. An older or missing version still names it: the
/// newest model answers.
fn named(
    asked: &Asked<'_>,
    speakers: &[&'static ServiceHead],
    action: &str,
    version: Option<&str>,
    is_open: bool,
) -> Result<Found, ResolveError> {
    let same_version: Vec<_> =
        speakers.iter().copied().filter(|head| version == Some(head.api_version)).collect();
    let all = if is_open && version.is_some() { &[] } else { speakers };
    for heads in [same_version.as_slice(), all] {
        let having =
            heads.iter().filter_map(|head| Some((*head, head.service()?.find_operation(action)?)));
        let having: Vec<(&'static ServiceHead, Operation<'static>)> = having.collect();
        if let Some((head, operation)) = tie::meant(asked.head, &having, |(head, _)| head) {
            let protocol = query_protocol(head).unwrap_or(Protocol::Query);
            return Ok(Found::Call(Match { operation: *operation, protocol }));
        }
    }
    let heads = if same_version.is_empty() { all } else { &same_version };
    match tie::meant(asked.head, heads, |head| head) {
        Some(head) => Err(ResolveError::UnknownOperation {
            service: head.service(),
            protocol: query_protocol(head).unwrap_or(Protocol::Query),
            name: Some(action.to_owned()),
        }),
        None => Ok(Found::No),
    }
}

/// Every action that a query string names, and those of all readings of a form.
pub(super) fn actions(head: &RequestHead<'_>, forms: &[&[u8]]) -> Vec<String> {
    let in_url = parameters(head.query.as_bytes(), "Action");
    in_url.chain(forms.iter().flat_map(|form| parameters(form, "Action"))).collect()
}

/// Whether any reading of a form names an action.
pub(super) fn are_named(forms: &[&[u8]]) -> bool {
    forms.iter().any(|form| parameters(form, "Action").next().is_some())
}

/// Whether the head says that the body is a form.
pub fn is_form(head: &RequestHead<'_>) -> bool {
    let content_type = head.header("content-type").unwrap_or_default();
    content_type.get(..FORM.len()).is_some_and(|start| start.eq_ignore_ascii_case(FORM))
}

/// The first value of a key, decoded.
fn parameter(text: &[u8], wanted: &str) -> Option<String> {
    parameters(text, wanted).next()
}

/// Every value of a key, decoded.
fn parameters<'t>(text: &'t [u8], wanted: &'t str) -> impl Iterator<Item = String> + 't {
    text.split(|byte| *byte == b'&').filter_map(move |pair| {
        let at = memchr::memchr(b'=', pair)?;
        let (key, value) = pair.split_at_checked(at)?;
        let is_wanted = key == wanted.as_bytes() || percent_decode(key).eq(wanted.bytes());
        let value = value.get(1..).filter(|_| is_wanted)?;
        percent_decode(value).decode_utf8().ok().map(Cow::into_owned)
    })
}
