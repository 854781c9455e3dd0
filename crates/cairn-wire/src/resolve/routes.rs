//! The path templates of a service, taken apart once.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::model::{Location, Operation, Service};

/// A part of a path between slashes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Literal(&'static str),
    Label,
    /// Takes one part or more.
    Greedy,
}

/// One operation's template.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) operation: Operation<'static>,
    pub(super) segments: Box<[Segment]>,
    pub(super) trailing_slash: bool,
    /// Fixed parts of the query: key, value if one is given.
    pub(super) literals: Box<[(&'static str, Option<&'static str>)]>,
    /// Headers and query parameters without which the operation cannot be meant.
    pub(super) headers: Box<[&'static str]>,
    pub(super) parameters: Box<[&'static str]>,
}

type ByService = HashMap<&'static str, &'static [Route]>;

/// The routes of a service, made on first use.
pub(super) fn of(service: &'static Service) -> &'static [Route] {
    static MADE: OnceLock<RwLock<ByService>> = OnceLock::new();
    let made = MADE.get_or_init(RwLock::default);
    if let Some(routes) = made.read().unwrap_or_else(PoisonError::into_inner).get(service.id()) {
        return routes;
    }
    let mut made = made.write().unwrap_or_else(PoisonError::into_inner);
    made.entry(service.id()).or_insert_with(|| Box::leak(service.operations().map(Route::of).collect()))
}

impl Route {
    fn of(operation: Operation<'static>) -> Self {
        let (path, query) = operation.uri().split_once('?').unwrap_or((operation.uri(), ""));
        let literals = query.split('&').filter(|part| !part.is_empty());
        let literals = literals.map(|part| match part.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (part, None),
        });
        let required = |location: Location| -> Box<[&'static str]> {
            let members = operation.input().into_iter().flat_map(|shape| shape.members());
            members.filter(|m| m.required() && m.location() == location).map(|m| m.wire_name()).collect()
        };
        Self {
            operation,
            segments: path.split('/').filter(|part| !part.is_empty()).map(segment).collect(),
            trailing_slash: path.len() > 1 && path.ends_with('/'),
            literals: literals.collect(),
            headers: required(Location::Header),
            parameters: required(Location::QueryString),
        }
    }
}

fn segment(part: &'static str) -> Segment {
    match (part.starts_with('{'), part.ends_with("+}")) {
        (true, true) => Segment::Greedy,
        (true, false) => Segment::Label,
        _ => Segment::Literal(part),
    }
}
