//! The path templates of a service, as a tree of their parts.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::model::{Location, Member, Operation, Service, Shape};

/// One operation's template, without the path, which is its place in the tree.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) operation: Operation<'static>,
    pub(super) trailing_slash: bool,
    /// Fixed parts of the query: key, value if one is given.
    pub(super) literals: Box<[(&'static str, Option<&'static str>)]>,
    /// Headers and query parameters without which the operation cannot be meant.
    pub(super) headers: Box<[&'static str]>,
    pub(super) parameters: Box<[&'static str]>,
}

/// What follows a part of a path.
#[derive(Debug, Default)]
struct Node {
    /// In the order of their texts.
    literals: Vec<(&'static str, usize)>,
    label: Option<usize>,
    /// What follows a label that takes one part or more.
    greedy: Option<usize>,
    /// The routes that end here.
    ends: Vec<usize>,
}

/// The templates of one service.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// The root of each method.
    roots: Vec<(&'static str, usize)>,
    nodes: Vec<Node>,
    templates: Vec<Route>,
}

type ByService = HashMap<&'static str, &'static Routes>;

/// The routes of a service, made on first use.
pub(super) fn of(service: &'static Service) -> &'static Routes {
    static MADE: OnceLock<RwLock<ByService>> = OnceLock::new();
    let made = MADE.get_or_init(RwLock::default);
    if let Some(routes) = made.read().unwrap_or_else(PoisonError::into_inner).get(service.id()) {
        return routes;
    }
    let mut made = made.write().unwrap_or_else(PoisonError::into_inner);
    made.entry(service.id()).or_insert_with(|| Box::leak(Box::new(Routes::of(service))))
}

impl Routes {
    fn of(service: &'static Service) -> Self {
        let mut routes = Self::default();
        service.operations().for_each(|operation| routes.add(operation));
        routes
    }

    fn add(&mut self, operation: Operation<'static>) {
        let path = operation.uri().split('?').next().unwrap_or_default();
        let mut node = self.root(operation.method());
        for part in path.split('/').filter(|part| !part.is_empty()) {
            node = self.follow(node, part);
        }
        let end = self.templates.len();
        self.templates.push(Route::of(operation, path));
        if let Some(node) = self.nodes.get_mut(node) {
            node.ends.push(end);
        }
    }

    fn root(&mut self, method: &'static str) -> usize {
        if let Some((_, root)) = self.roots.iter().find(|(known, _)| *known == method) {
            return *root;
        }
        let root = self.grow();
        self.roots.push((method, root));
        root
    }

    /// The node behind a part of a template.
    fn follow(&mut self, node: usize, part: &'static str) -> usize {
        let next = self.nodes.len();
        let Some(at) = self.nodes.get_mut(node) else { return node };
        let found = match (part.starts_with('{'), part.ends_with("+}")) {
            (true, true) => *at.greedy.get_or_insert(next),
            (true, false) => *at.label.get_or_insert(next),
            _ => match at.literals.binary_search_by(|(known, _)| (*known).cmp(part)) {
                Ok(place) => at.literals.get(place).map_or(next, |(_, node)| *node),
                Err(place) => {
                    at.literals.insert(place, (part, next));
                    next
                }
            },
        };
        if found == next { self.grow() } else { found }
    }

    fn grow(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    /// Calls `each` with every route whose path fits, and with how closely: for each part of the
    /// path 3 for a literal, 2 for a label, 1 for a greedy label, the earliest counting most.
    pub(super) fn fitting<'s>(
        &'s self,
        method: &str,
        parts: &[&str],
        mut each: impl FnMut(&'s Route, u64),
    ) {
        let root = self.roots.iter().find(|(known, _)| *known == method);
        if let Some((_, root)) = root {
            self.walk(*root, parts, Closeness::default(), &mut each);
        }
    }

    fn walk<'s>(
        &'s self,
        node: usize,
        parts: &[&str],
        so_far: Closeness,
        each: &mut impl FnMut(&'s Route, u64),
    ) {
        let Some(node) = self.nodes.get(node) else { return };
        let Some((part, rest)) = parts.split_first() else {
            let ends = node.ends.iter().filter_map(|end| self.templates.get(*end));
            return ends.for_each(|route| each(route, so_far.score));
        };
        if let Ok(place) = node.literals.binary_search_by(|(known, _)| (*known).cmp(part))
            && let Some((_, next)) = node.literals.get(place)
        {
            self.walk(*next, rest, so_far.and(3), each);
        }
        if let Some(next) = node.label.filter(|_| !part.is_empty()) {
            self.walk(next, rest, so_far.and(2), each);
        }
        if let Some(next) = node.greedy {
            self.walk_greedy(next, parts, so_far.and(1), each);
        }
    }

    /// What follows a greedy label says how many parts the label takes.
    fn walk_greedy<'s>(
        &'s self,
        next: usize,
        parts: &[&str],
        so_far: Closeness,
        each: &mut impl FnMut(&'s Route, u64),
    ) {
        let Some(node) = self.nodes.get(next) else { return };
        let is_last = node.literals.is_empty() && node.label.is_none() && node.greedy.is_none();
        let fewest = if is_last { parts.len() } else { 1 };
        for taken in fewest..=parts.len() {
            self.walk(next, parts.get(taken..).unwrap_or(&[]), so_far, each);
        }
    }
}

impl Route {
    fn of(operation: Operation<'static>, path: &'static str) -> Self {
        let required = |location: Location| -> Box<[&'static str]> {
            let members = operation.input().into_iter().flat_map(Shape::members);
            members
                .filter(|member| member.required() && member.location() == location)
                .map(Member::wire_name)
                .collect()
        };
        Self {
            operation,
            trailing_slash: path.len() > 1 && path.ends_with('/'),
            literals: operation.query_literals().collect(),
            headers: required(Location::Header),
            parameters: required(Location::QueryString),
        }
    }
}

/// How close a template is to a path, part by part.
#[derive(Clone, Copy, Default)]
struct Closeness {
    score: u64,
    parts: u32,
}

/// Parts that a score tells apart, at two bits each.
const SCORED_PARTS_MAX: u32 = 31;

impl Closeness {
    fn and(self, value: u64) -> Self {
        let shift = SCORED_PARTS_MAX.saturating_sub(self.parts).saturating_mul(2);
        Self {
            score: self.score.saturating_add(value << shift),
            parts: self.parts.saturating_add(1),
        }
    }
}
