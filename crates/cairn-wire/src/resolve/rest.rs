//! REST calls: the path, undecoded, and the query, decoded, against the templates of every
//! candidate; the closest wins.

use std::borrow::Cow;

use super::routes::{self, Route};
use super::{Asked, Match, hosts, tie};
use crate::model::{Protocol, ServiceHead};

/// How close a template is to a request: the fields are compared in their order, greater is closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    path: u64,
    literals: usize,
    required: usize,
    same_slash: bool,
}

/// The closest operation of one service.
#[derive(Clone, Copy)]
struct Closest {
    service: &'static ServiceHead,
    found: Match,
    score: Score,
    /// Whether nothing newer took its place.
    is_current: bool,
}

/// The path, taken apart as a service reads it.
struct Parts<'a> {
    path: Vec<&'a str>,
    trailing_slash: bool,
}

/// The pairs of the query string, in the order of their names: many are asked for, of many.
struct Pairs<'a>(Vec<Pair<'a>>);

/// Decoded: whoever serves the call reads `%61cl` as `acl`, so the record must too.
type Pair<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

/// Finds the closest operation of all candidates.
pub(super) fn find(asked: &Asked<'_>, candidates: &[&'static ServiceHead]) -> Option<Match> {
    let pairs = Pairs::of(asked.head.query);
    let mut closest: Vec<Closest> =
        candidates.iter().filter_map(|candidate| of_service(asked, candidate, &pairs)).collect();
    let least = closest.iter().map(|one| one.score).max()?;
    closest.retain(|one| one.score == least);
    if let Some(hinted) = tie::hinted(asked.head, &closest, |one| one.service) {
        return Some(hinted.found);
    }
    if closest.iter().any(|one| one.is_current) {
        closest.retain(|one| one.is_current);
    }
    tie::likeliest(&closest, |one| one.service).map(|one| one.found)
}

/// The closest operation of one service; of two that are as close, the one that is not deprecated.
fn of_service(
    asked: &Asked<'_>,
    candidate: &'static ServiceHead,
    pairs: &Pairs<'_>,
) -> Option<Closest> {
    let is_rest = |protocol: &&Protocol| matches!(protocol, Protocol::RestJson | Protocol::RestXml);
    let protocol = *candidate.protocols.iter().find(is_rest)?;
    let service = candidate.service()?;
    let is_s3 = candidate.id == "s3";
    let bucket = if is_s3 { asked.hosts.bucket_of(asked.head) } else { None };
    let parts = Parts::of(asked, is_s3, bucket.as_deref());
    // Without a signature, only what needs none can be meant; S3 has anonymous callers.
    let anybody = is_s3 || asked.is_signed();
    let mut best: Option<(&Route, Score)> = None;
    routes::of(service).fitting(asked.head.method, &parts.path, |route, path| {
        let is_open = anybody || route.operation.unsigned();
        let Some(score) = parts.score(asked, route, path, pairs).filter(|_| is_open) else {
            return;
        };
        let is_closer = best.is_none_or(|(known, least)| {
            let rank = |route: &Route| (route.operation.deprecated(), route.operation.name());
            score > least || (score == least && rank(route) < rank(known))
        });
        if is_closer {
            best = Some((route, score));
        }
    });
    let (route, score) = best?;
    let mut operation = route.operation;
    // One path for two operations; only the endpoint tells them apart.
    if is_s3 && operation.name() == "ListBuckets" && is_express(asked) {
        operation = service.find_operation("ListDirectoryBuckets").unwrap_or(operation);
    }
    let is_current = !operation.deprecated();
    Some(Closest { service: candidate, found: Match { operation, protocol }, score, is_current })
}

/// Whether the call is for directory buckets.
fn is_express(asked: &Asked<'_>) -> bool {
    let host = asked.head.host().unwrap_or_default();
    asked.scope == Some("s3express") || hosts::is_express_control(host)
}

impl<'a> Parts<'a> {
    fn of(asked: &Asked<'a>, is_s3: bool, bucket: Option<&'a str>) -> Self {
        let whole = asked.head.path;
        let rest = whole.strip_prefix('/').unwrap_or(whole);
        let trailing_slash = !is_s3 && rest.ends_with('/');
        let path = if is_s3 {
            // A key is taken as it stands, with all its slashes; only the one behind the bucket is
            // the protocol's.
            let (bucket, key) = match bucket {
                Some(bucket) => (bucket, rest),
                None => rest.split_once('/').unwrap_or((rest, "")),
            };
            let parts = [bucket, key].into_iter();
            if rest.is_empty() && bucket.is_empty() {
                Vec::new()
            } else {
                parts.take(if key.is_empty() { 1 } else { 2 }).collect()
            }
        } else {
            match rest.strip_suffix('/').unwrap_or(rest) {
                "" => Vec::new(),
                parts => parts.split('/').collect(),
            }
        };
        Self { path, trailing_slash }
    }

    /// `None` if the request lacks what the operation must have.
    fn score(
        &self,
        asked: &Asked<'_>,
        route: &Route,
        path: u64,
        pairs: &Pairs<'_>,
    ) -> Option<Score> {
        let is_there = |(key, value): &(&str, Option<&str>)| {
            let fits = |found: Option<&str>| value.is_none_or(|value| found == Some(value));
            pairs.named(key).iter().any(|(_, found)| fits(found.as_deref()))
        };
        let headers = &asked.head.headers;
        let has_all = route.literals.iter().all(is_there)
            && route.headers.iter().all(|name| headers.contains_key(*name))
            && route.parameters.iter().all(|name| !pairs.named(name).is_empty());
        // A browser's upload is told by its form alone.
        if !has_all || (route.operation.name() == "PostObject" && !is_upload(asked)) {
            return None;
        }
        Some(Score {
            path,
            literals: route.literals.len(),
            required: route.headers.len() + route.parameters.len(),
            same_slash: route.trailing_slash == self.trailing_slash,
        })
    }
}

impl<'a> Pairs<'a> {
    fn of(query: &'a str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| match pair.split_once('=') {
            Some((key, value)) => (decoded(key), Some(decoded(value))),
            None => (decoded(pair), None),
        });
        let mut pairs: Vec<Pair<'a>> = pairs.collect();
        pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(pairs)
    }

    /// All pairs of this name.
    fn named(&self, name: &str) -> &[Pair<'a>] {
        let from = self.0.partition_point(|(known, _)| &**known < name);
        let rest = self.0.get(from..).unwrap_or_default();
        let count = rest.partition_point(|(known, _)| known == name);
        rest.get(..count).unwrap_or_default()
    }
}

/// The names in a query string, as services read them.
pub(super) fn names(query: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| decoded(pair.split_once('=').map_or(pair, |(name, _)| name)))
}

/// A name or a value of the query, as services read it.
fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

fn is_upload(asked: &Asked<'_>) -> bool {
    const UPLOAD: &str = "multipart/form-data";
    let media_type = asked.head.header("content-type").unwrap_or_default();
    media_type.get(..UPLOAD.len()).is_some_and(|start| start.eq_ignore_ascii_case(UPLOAD))
}
