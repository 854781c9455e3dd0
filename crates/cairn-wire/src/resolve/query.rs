//! Query calls: `Action` and `Version` in the query string, in the form, or one in each; the form wins.

use percent_encoding::percent_decode;

use super::rest::Score;
use super::{Match, ResolveError};
use crate::RequestHead;
use crate::model::{self, Protocol, ServiceHead};

const FORM: &str = "application/x-www-form-urlencoded";

pub(super) enum Found {
    Call(Match),
    NeedsForm,
    No,
}

/// Looks for a query call among the candidates, or, for an unsigned call, among all services.
pub(super) fn find(
    head: &RequestHead<'_>,
    form: Option<&[u8]>,
    candidates: &[&'static ServiceHead],
    is_unsigned: bool,
) -> Result<Found, ResolveError> {
    let mut speakers: Vec<_> = candidates.iter().copied().filter(|head| protocol_of(head).is_some()).collect();
    if is_unsigned {
        speakers.extend(model::services().filter(|head| protocol_of(head).is_some()));
    }
    if speakers.is_empty() {
        return Ok(Found::No);
    }
    let content_type = head.header("content-type").unwrap_or_default();
    let is_form = content_type.starts_with(FORM);
    let bare_post = head.method == "POST" && content_type.is_empty() && !is_unsigned;
    let in_url = parameter(head.query.as_bytes(), "Action");
    if form.is_none() && head.method == "POST" && (is_form || (bare_post && in_url.is_none())) {
        return Ok(Found::NeedsForm);
    }
    let form = form.filter(|_| is_form || bare_post).unwrap_or_default();
    let Some(action) = parameter(form, "Action").or(in_url) else { return Ok(Found::No) };
    let version = parameter(form, "Version").or_else(|| parameter(head.query.as_bytes(), "Version"));
    let by_version = speakers.iter().filter(|head| version.as_deref() == Some(head.api_version));
    // An older or missing version still names the operation: the newest model answers.
    let ranked = by_version.chain(speakers.iter().filter(|_| !is_unsigned || version.is_none()));
    let mut first = None;
    for head in ranked {
        first = first.or(Some(head));
        let Some(protocol) = protocol_of(head) else { continue };
        if let Some(operation) = head.service().and_then(|service| service.find_operation(&action)) {
            return Ok(Found::Call(prefer(&speakers, Match { operation, protocol, score: Score::default() }, &action)));
        }
    }
    match first {
        Some(head) => Err(ResolveError::UnknownOperation {
            service: head.service(),
            protocol: protocol_of(head).unwrap_or(Protocol::Query),
            name: Some(action),
        }),
        None => Ok(Found::No),
    }
}

/// Services that share wire and version (rds, docdb, neptune): the one whose id is the signing name.
fn prefer(speakers: &[&'static ServiceHead], found: Match, action: &str) -> Match {
    let service = found.operation.service();
    let namesake = speakers.iter().find(|head| {
        head.id == head.signing_name
            && head.signing_name == service.signing_name()
            && head.api_version == service.api_version()
    });
    let operation = namesake.and_then(|head| head.service()?.find_operation(action));
    Match { operation: operation.unwrap_or(found.operation), ..found }
}

fn protocol_of(head: &ServiceHead) -> Option<Protocol> {
    head.protocols.iter().copied().find(|protocol| matches!(protocol, Protocol::Query | Protocol::Ec2))
}

/// The first value of a key, decoded.
fn parameter(text: &[u8], key: &str) -> Option<String> {
    text.split(|byte| *byte == b'&').find_map(|pair| {
        let value = pair.strip_prefix(key.as_bytes())?.strip_prefix(b"=")?;
        percent_decode(value).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    })
}
