//! Published records of modelled operations: is every key that AWS wrote one that we would write?
//!
//! The shares were measured on 2,711 parameter objects with a prototype: 98.5 % of requests and
//! 90.7 % of answers have every key explained. What remains are fields that the public model does
//! not have. EC2's older requests and S3 have rules of their own and are counted apart.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use cairn_event::RecordHead;
use cairn_wire::model::{self, Operation, Shape, ShapeKind};
use serde_json::Value as Json;

use crate::recorder::rules::{Action, Rules, Side};
use crate::recorder::services::{self, Family};
use crate::recorder::text::lower_first;

/// The share of requests that must be explained, once [`INTERNAL`] is set aside.
const REQUESTS_MIN: f64 = 0.98;
/// The share of answers that must be explained.
const ANSWERS_MIN: f64 = 0.90;

/// What services add to a request themselves: the public model has no such members.
const INTERNAL: [&str; 9] = [
    "codebuild.amazonaws.com:CreateProject .awsActId",
    "detective.amazonaws.com:AcceptInvitation .masterAccount",
    "ec2-instance-connect.amazonaws.com:SendSerialConsoleSSHPublicKey .monitorMode",
    "iot.amazonaws.com:CreateOTAUpdate files.fileSource",
    "lambda.amazonaws.com:UpdateFunctionCode20150331v2 .fullyQualifiedArn",
    "monitoring.amazonaws.com:DescribeAlarms .excludeManagedAlarms",
    "route53resolver.amazonaws.com:DeleteResolverQueryLogConfig .originSequenceNumber",
    "ssm.amazonaws.com:SendCommand .interactive",
    "sts.amazonaws.com:AssumeRole .incomingTransitiveTags",
];

/// Operations by event source and event name; several services can share a source.
fn operations() -> HashMap<(String, String), Vec<Operation<'static>>> {
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for head in model::services() {
        let service = model::service(head.id).unwrap();
        for operation in service.operations() {
            let name = services::event_name(service.id(), operation.name());
            for name in [name, operation.name()] {
                let facts = services::facts(service.id());
                let source = facts.source.unwrap_or(service.event_source());
                let key = (source.to_owned(), name.to_owned());
                let same: &mut Vec<Operation<'static>> = found.entry(key).or_default();
                if !same.iter().any(|o| o.service().id() == service.id()) {
                    same.push(operation);
                }
            }
        }
    }
    found
}

/// One side of an operation and how it is named.
struct Names {
    rules: Rules,
    family: Family,
}

impl Names {
    /// The keys that `json` has and we would not write, as paths.
    fn unexplained(
        &self,
        json: &Json,
        shape: Shape<'static>,
        path: &mut Vec<&'static str>,
        found: &mut Vec<String>,
    ) {
        match (json, shape.kind()) {
            (Json::Object(object), ShapeKind::Structure) => {
                for (key, value) in object {
                    let member = shape.members().find(|m| {
                        path.push(m.name());
                        let renamed = match self.rules.at(path) {
                            Some(Action::Rename(name)) => Some(name.to_owned()),
                            _ => None,
                        };
                        path.pop();
                        let usual = match self.family {
                            Family::AsIs => m.wire_name().to_owned(),
                            _ => lower_first(m.name()),
                        };
                        *key == renamed.unwrap_or(usual)
                    });
                    match member {
                        Some(member) => {
                            path.push(member.name());
                            self.unexplained(value, member.shape(), path, found);
                            path.pop();
                        }
                        None => found.push(format!("{}.{key}", path.join("."))),
                    }
                }
            }
            (Json::Object(object), ShapeKind::Map) => {
                let inner = shape.map_value().unwrap().shape();
                for value in object.values() {
                    self.unexplained(value, inner, path, found);
                }
            }
            (Json::Array(items), ShapeKind::List) => {
                let inner = shape.list_member().unwrap().shape();
                for item in items {
                    self.unexplained(item, inner, path, found);
                }
            }
            _ => {}
        }
    }
}

/// What one side of one record has that no candidate operation explains.
fn misses(json: &Json, candidates: &[Operation<'static>], side: Side) -> Vec<String> {
    let mut best: Option<Vec<String>> = None;
    for operation in candidates {
        let service = operation.service();
        let facts = services::facts(service.id());
        let names =
            Names { rules: Rules::of(service.id(), operation.name(), side), family: facts.family };
        let shape = match side {
            Side::Request => operation.input(),
            Side::Response => operation.output(),
        };
        let shapes = shape.into_iter().chain(
            // An answer with one structure may be written without its outer name.
            shape
                .filter(|_| facts.is_lifted && side == Side::Response)
                .and_then(|shape| shape.members().next())
                .map(cairn_wire::model::Member::shape),
        );
        for shape in shapes {
            let mut found = Vec::new();
            match without_wrapper(json, operation, facts.family, side) {
                Some((outside, body)) => {
                    names.unexplained(&outside, shape, &mut Vec::new(), &mut found);
                    names.unexplained(&body, shape, &mut Vec::new(), &mut found);
                }
                None => names.unexplained(json, shape, &mut Vec::new(), &mut found),
            }
            if best.as_ref().is_none_or(|best| found.len() < best.len()) {
                best = Some(found);
            }
        }
    }
    best.unwrap_or_default()
}

/// API Gateway's requests: what stands beside the body, and the body.
fn without_wrapper(
    json: &Json,
    operation: &Operation<'static>,
    family: Family,
    side: Side,
) -> Option<(Json, Json)> {
    if family != Family::ApiGateway || side != Side::Request {
        return None;
    }
    let mut outside = json.as_object()?.clone();
    outside.remove("template");
    let body = outside.remove(&format!("{}Input", lower_first(operation.name())));
    Some((Json::Object(outside), body.unwrap_or_default()))
}

#[derive(Default)]
struct Tally {
    whole: usize,
    internal: usize,
    all: usize,
    misses: BTreeMap<String, usize>,
}

impl Tally {
    fn count(&mut self, event: &str, misses: Vec<String>) {
        self.all += 1;
        let misses: Vec<_> = misses.into_iter().map(|miss| format!("{event} {miss}")).collect();
        let is_internal = |miss: &String| INTERNAL.contains(&miss.as_str());
        self.whole += usize::from(misses.is_empty());
        self.internal += usize::from(!misses.is_empty() && misses.iter().all(is_internal));
        for miss in misses {
            *self.misses.entry(miss).or_default() += 1;
        }
    }

    fn share(&self) -> f64 {
        (self.whole + self.internal) as f64 / self.all as f64
    }

    fn print(&self, side: &str) {
        let Self { whole, internal, all, .. } = self;
        println!("{side}: {whole} of {all}, {internal} more but for internals of the service");
        for (miss, count) in &self.misses {
            println!("  {count:4} {miss}");
        }
    }
}

/// All published records.
pub(super) fn records() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/records");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let texts = paths.iter().map(|path| fs::read_to_string(path).unwrap());
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn is_counted(operation: &Operation<'static>) -> bool {
    !matches!(services::facts(operation.service().id()).family, Family::S3 | Family::Ec2)
}

#[test]
fn the_keys_of_published_records_are_the_ones_we_would_write() {
    let operations = operations();
    let (mut requests, mut answers) = (Tally::default(), Tally::default());
    for line in records() {
        let head = RecordHead::parse(line.as_bytes()).unwrap();
        let (Some(source), Some(name)) = (&head.event_source, &head.event_name) else { continue };
        let key = (source.trim().to_owned(), name.clone().into_owned());
        let Some(candidates) = operations.get(&key).filter(|c| c.iter().any(is_counted)) else {
            continue;
        };
        for (side, text, tally) in [
            (Side::Request, head.request_parameters, &mut requests),
            (Side::Response, head.response_elements, &mut answers),
        ] {
            let json = text.and_then(|text| serde_json::from_str::<Json>(text).ok());
            if let Some(json) = json.filter(Json::is_object) {
                tally.count(&format!("{}:{}", key.0, key.1), misses(&json, candidates, side));
            }
        }
    }
    requests.print("requestParameters");
    answers.print("responseElements");
    assert!(requests.share() >= REQUESTS_MIN, "{:.4}", requests.share());
    assert!(answers.share() >= ANSWERS_MIN, "{:.4}", answers.share());
}
