//! REST calls: the path, undecoded, against the templates of every candidate; the closest wins.

use std::cmp::Ordering;

use super::routes::{self, Route, Segment};
use super::{BaseDomains, Match, scope};
use crate::RequestHead;
use crate::model::{Protocol, ServiceHead};

/// How close a template is to a request. Greater is closer: the fields are compared in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Score {
    /// Per part of the path, 3 for a literal, 2 for a label, 1 for a greedy label; the earliest counts most.
    path: u64,
    literals: usize,
    required: usize,
    same_slash: bool,
    current: bool,
}

impl Score {
    fn rank(self) -> (u64, usize, usize, bool, bool) {
        (self.path, self.literals, self.required, self.same_slash, self.current)
    }
}

/// Path parts that a score tells apart; two bits each.
const SCORED_PARTS_MAX: usize = 31;

struct Asked<'a> {
    method: &'a str,
    parts: Vec<&'a str>,
    trailing_slash: bool,
    pairs: Vec<(&'a str, Option<&'a str>)>,
    head: &'a RequestHead<'a>,
}

/// Finds the closest operation of all candidates.
pub(super) fn find(
    head: &RequestHead<'_>,
    candidates: &[&'static ServiceHead],
    signed_for: Option<&str>,
    hosts: &BaseDomains,
) -> Option<Match> {
    let mut found: Vec<(&ServiceHead, Match)> = Vec::new();
    for candidate in candidates {
        let rest = candidate.protocols.iter().find(|p| matches!(p, Protocol::RestJson | Protocol::RestXml));
        let Some(protocol) = rest else { continue };
        let Some(service) = candidate.service() else { continue };
        let bucket = if candidate.id == "s3" { hosts.bucket_of(head) } else { None };
        let asked = Asked::of(head, candidate.id == "s3", bucket.as_deref());
        // Without a signature, only what needs none can be meant; S3 has anonymous callers.
        let anybody = signed_for.is_some() || candidate.id == "s3";
        let matches = routes::of(service).iter().filter(|route| anybody || route.operation.unsigned());
        let scored = matches.filter_map(|route| asked.score(route).map(|score| (route, score)));
        let best = scored.max_by(|a, b| a.1.rank().cmp(&b.1.rank()).then(by_name(b.0, a.0)));
        if let Some((route, score)) = best {
            found.push((candidate, Match { operation: route.operation, protocol: *protocol, score }));
        }
    }
    let closest = found.iter().map(|(_, found)| found.score.rank()).max()?;
    found.retain(|(_, found)| found.score.rank() == closest);
    let wanted = signed_for.map(scope::alias);
    let agent = head.header("user-agent").unwrap_or_default();
    let spoken = found.iter().find(|(head, _)| says_api(agent, head.service_id));
    let namesake = found.iter().find(|(head, _)| Some(head.id) == wanted);
    spoken.or(namesake).or(found.first()).map(|(_, found)| *found)
}

fn by_name(a: &Route, b: &Route) -> Ordering {
    a.operation.name().cmp(b.operation.name())
}

/// Most SDKs say which client they are: `api/lambda#1.2.3`, `api/Lambda_MicroVMs/1`.
fn says_api(agent: &str, service_id: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace([' ', '_', '-'], "");
    let mut words = agent.split(' ').filter_map(|word| word.strip_prefix("api/"));
    words.any(|word| word.split(['#', '/']).next().is_some_and(|name| plain(name) == plain(service_id)))
}

impl<'a> Asked<'a> {
    fn of(head: &'a RequestHead<'a>, is_s3: bool, bucket: Option<&'a str>) -> Self {
        let path = head.path;
        let mut parts: Vec<&str> = Vec::new();
        if is_s3 {
            // A key is taken as it stands, with all its slashes; only the one behind the bucket is the protocol's.
            let rest = path.strip_prefix('/').unwrap_or(path);
            let (first, key) = match bucket {
                Some(bucket) => (bucket, rest),
                None => rest.split_once('/').unwrap_or((rest, "")),
            };
            parts.extend([first, key].into_iter().filter(|part| !part.is_empty()));
        } else {
            parts.extend(path.split('/').filter(|part| !part.is_empty()));
        }
        let trailing_slash = !is_s3 && path.len() > 1 && path.ends_with('/');
        let pairs = head.query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').map_or((pair, None), |(k, v)| (k, Some(v))));
        Self { method: head.method, parts, trailing_slash, pairs: pairs.collect(), head }
    }

    fn score(&self, route: &Route) -> Option<Score> {
        if route.operation.method() != self.method {
            return None;
        }
        let path = path_score(&route.segments, &self.parts)?;
        for (key, value) in &route.literals {
            let is_there = self.pairs.iter().any(|(k, v)| k == key && value.is_none_or(|value| *v == Some(value)));
            if !is_there {
                return None;
            }
        }
        let headers = route.headers.iter().filter(|name| self.head.headers.contains_key(**name)).count();
        let given = |name: &&&str| self.pairs.iter().any(|(key, _)| *key == **name);
        let parameters = route.parameters.iter().filter(given).count();
        if headers < route.headers.len() || parameters < route.parameters.len() {
            return None;
        }
        Some(Score {
            path,
            literals: route.literals.len(),
            required: headers + parameters,
            same_slash: route.trailing_slash == self.trailing_slash,
            current: !route.operation.deprecated(),
        })
    }
}

/// The best way to lay the template over the path, `None` if there is none.
fn path_score(segments: &[Segment], parts: &[&str]) -> Option<u64> {
    walk(segments, parts, 0, 0)
}

fn walk(segments: &[Segment], parts: &[&str], depth: usize, score: u64) -> Option<u64> {
    let Some((segment, segments)) = segments.split_first() else {
        return parts.is_empty().then_some(score);
    };
    let (part, parts) = parts.split_first()?;
    let add = |value: u64| {
        let shift = SCORED_PARTS_MAX.saturating_sub(depth).saturating_mul(2);
        score.saturating_add(value << shift.min(62))
    };
    match segment {
        Segment::Literal(text) if text != part => None,
        Segment::Literal(_) => walk(segments, parts, depth + 1, add(3)),
        Segment::Label => walk(segments, parts, depth + 1, add(2)),
        Segment::Greedy => {
            let fewest = segments.len();
            let most = parts.len().checked_sub(fewest)?;
            (0..=most).rev().find_map(|taken| walk(segments, parts.get(taken..)?, depth + 1, add(1)))
        }
    }
}
