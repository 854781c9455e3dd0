//! What `LookupEvents` lists as the resources of an event.
//!
//! The list is computed per service from the request and the answer, and has little to do with the
//! record's own `resources` (observed): a new role appears by name, id and ARN, a denied call lists
//! nothing. Which fields count is a table beside this file.

mod table;

use std::borrow::Cow;

use crate::{RecordHead, json};
use table::{Place, Rule};

/// The most resources that one event lists.
pub const RESOURCES_MAX: usize = 100;

/// The most names that are looked at in one record.
const HITS_MAX: usize = 1_000;

/// How deep names are looked for where the table says "any depth".
const DEPTH_MAX: usize = 12;

/// One resource as `LookupEvents` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupResource<'a> {
    /// The type; some services give none.
    pub resource_type: Option<Cow<'a, str>>,
    /// A name, id, URL or ARN, as the service gives it.
    pub resource_name: Cow<'a, str>,
}

/// The resources of an event in the order in which they are listed, none of them twice.
///
/// ```
/// use cairn_event::{RecordHead, lookup_resources};
/// let record = br#"{"eventSource":"cloudtrail.amazonaws.com","eventName":"StartLogging",
///     "requestParameters":{"name":"main"}}"#;
/// let head = RecordHead::parse(record).unwrap();
/// assert_eq!(lookup_resources(&head)[0].resource_name, "main");
/// ```
pub fn lookup_resources<'a>(head: &RecordHead<'a>) -> Vec<LookupResource<'a>> {
    let mut found = Found(Vec::new());
    if is_denied(head) {
        return found.0;
    }
    match table::rules_of(head) {
        Some(rules) => apply(rules, head, &mut found),
        None => own_resources(head, &mut found),
    }
    found.0
}

/// A call that was refused lists nothing (observed).
fn is_denied(head: &RecordHead<'_>) -> bool {
    head.error_code
        .as_deref()
        .is_some_and(|code| code.contains("AccessDenied") || code.contains("UnauthorizedOperation"))
}

struct Found<'a>(Vec<LookupResource<'a>>);

impl<'a> Found<'a> {
    fn add(&mut self, resource_type: Option<Cow<'a, str>>, resource_name: Cow<'a, str>) {
        let resource = LookupResource { resource_type, resource_name };
        let is_wanted = self.0.len() < RESOURCES_MAX && !resource.resource_name.is_empty();
        if is_wanted && !self.0.contains(&resource) {
            self.0.push(resource);
        }
    }
}

fn own_resources<'a>(head: &RecordHead<'a>, found: &mut Found<'a>) {
    for resource in head.resource_refs() {
        if let Some(name) = resource.arn.or(resource.arn_prefix) {
            found.add(resource.resource_type, name);
        }
    }
}

fn apply<'a>(rules: &'static [Rule], head: &RecordHead<'a>, found: &mut Found<'a>) {
    let (request, response) = (head.request_parameters, head.response_elements);
    let mut anywhere = Anywhere { rules, hits: Vec::new() };
    if rules.iter().any(|rule| rule.place == Place::AnyDepth) {
        for text in [request, response].into_iter().flatten() {
            anywhere.search(text, DEPTH_MAX);
        }
    }
    for (index, rule) in rules.iter().enumerate() {
        let at = |text: Option<&'a str>| text.and_then(|text| json::at_path(text, &rule.path));
        let mut add = |text| {
            if let Some(name) = json::string(text) {
                found.add(rule.resource_type.map(Cow::Borrowed), name);
            }
        };
        match rule.place {
            Place::Nowhere => {}
            Place::Request => at(request).into_iter().for_each(add),
            Place::Response => at(response).into_iter().for_each(add),
            Place::AnyDepth => {
                let hits = anywhere.hits.iter().filter(|(hit, _)| *hit == index);
                hits.for_each(|(_, text)| add(text));
            }
        }
    }
}

/// What the rules for "any depth" find, in one pass for all of them.
struct Anywhere<'a> {
    rules: &'static [Rule],
    /// The number of a rule and the text of a value.
    hits: Vec<(usize, &'a str)>,
}

impl<'a> Anywhere<'a> {
    fn search(&mut self, text: &'a str, depth: usize) {
        if depth == 0 || self.hits.len() >= HITS_MAX {
            return;
        }
        for (name, value) in json::members(text) {
            if value.starts_with(['{', '[']) {
                self.search(value, depth - 1);
            } else if let Some(rule) = self.rules.iter().position(|rule| rule.path == [name]) {
                self.hits.push((rule, value));
            }
        }
        json::elements(text).for_each(|element| self.search(element, depth - 1));
    }
}

#[cfg(test)]
mod tests;
