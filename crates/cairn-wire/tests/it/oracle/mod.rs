//! The inverse oracle: requests that botocore serialised, resolved and decoded by us.
//!
//! `conformance/oracle/run.sh` has botocore write every operation of every service and names the
//! file in `CAIRN_ORACLE`; without it, a committed sample is read, so that there is always
//! something to fail.

mod answers;
#[path = "../../../examples/answers/fill.rs"]
mod fill;
mod line;
mod same;
mod tally;

use std::{
    fs::File,
    io::{BufRead, BufReader},
    panic::catch_unwind,
    path::Path,
    thread,
};

use cairn_wire::{
    RequestHead,
    codec::{decode_request, decode_resolved, encode_request},
    model::{self, Operation, Protocol},
    resolve::{BaseDomains, Resolution, Resolved, resolve},
    value::Value,
};
use http::{HeaderMap, HeaderName, HeaderValue};
pub use line::Line;
use tally::{Tally, Verdict};

#[test]
fn what_botocore_sends_is_what_we_read() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/oracle/sample.jsonl");
    let named = std::env::var("CAIRN_ORACLE").ok();
    let tally = judged(Path::new(named.as_deref().unwrap_or(sample)));
    println!("{tally}");
    tally.assert(if named.is_some() { 40_000 } else { 200 });
}

/// Judges all lines, on all cores.
fn judged(file: &Path) -> Tally {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let parts: Vec<_> = (0..workers)
            .map(|worker| scope.spawn(move || judged_part(file, worker, workers)))
            .collect();
        for part in parts {
            tally.add(part.join().expect("a worker"));
        }
    });
    tally
}

/// Judges every `workers`-th line.
fn judged_part(file: &Path, worker: usize, workers: usize) -> Tally {
    let open = File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut tally = Tally::default();
    for (number, text) in BufReader::new(open).lines().enumerate() {
        if number % workers == worker {
            let line = Line::parse(&text.expect("UTF-8"));
            let verdict = catch_unwind(|| judge(&line)).unwrap_or(Verdict::Panic);
            tally.put(&line, verdict);
        }
    }
    tally
}

fn judge(line: &Line) -> Verdict {
    let request = line.request();
    let head = request.head();
    let hosts = BaseDomains::default();
    let resolution = match resolve(&head, None, &hosts) {
        Ok(Resolution::NeedsForm) => resolve(&head, Some(&request.body), &hosts),
        other => other,
    };
    let resolved = match resolution {
        Ok(Resolution::Call(resolved)) => resolved,
        other => return Verdict::Unrouted(format!("{other:?}")),
    };
    let exact = resolved.service.id() == line.service && resolved.call().name() == line.operation;
    if !exact {
        return if event(resolved.service.signing_name(), resolved.call().name())
            == event(&line.signing_name, &line.operation)
        {
            Verdict::SameEvent
        } else {
            Verdict::OtherEvent(format!("{}:{}", resolved.service.id(), resolved.call().name()))
        };
    }
    if resolved.protocol != line.wire_protocol() {
        return Verdict::Parameters(format!("read as {:?}", resolved.protocol));
    }
    match parameters(line, &resolved, &head, &request.body) {
        Ok(()) => Verdict::Equal,
        Err(difference) => Verdict::Parameters(difference),
    }
}

fn parameters(
    line: &Line,
    resolved: &Resolved,
    head: &RequestHead<'_>,
    body: &[u8],
) -> Result<(), String> {
    let read = decode_resolved(resolved, head, body).map_err(|error| error.to_string())?;
    if let Some(shape) = resolved.call().input() {
        same::same(shape, &line.input, &read)?;
    }
    round_trip(resolved.call(), resolved.protocol, &read)
}

/// What we write ourselves from what we read is read as the same.
fn round_trip(
    operation: Operation<'static>,
    protocol: Protocol,
    input: &Value,
) -> Result<(), String> {
    let written = encode_request(operation, protocol, input).map_err(|error| error.to_string())?;
    let (path, query) =
        written.path_and_query.split_once('?').unwrap_or((&written.path_and_query, ""));
    let mut headers = HeaderMap::new();
    for (name, value) in &written.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|error| error.to_string())?;
        headers.append(name, value);
    }
    if streams(input) {
        headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
    }
    let head = RequestHead { method: written.method, path, query, headers: &headers };
    match decode_request(operation, protocol, &head, &written.body) {
        Ok(again) if again == *input => Ok(()),
        other => Err(format!(": round trip from {input:?} to {other:?}")),
    }
}

fn streams(input: &Value) -> bool {
    let members = input.as_structure().unwrap_or_default();
    members.iter().any(|(_, value)| matches!(value, Value::Stream))
}

/// What CloudTrail calls the event: S3's deprecated twins share the name of what replaced them,
/// and on one host `ListDirectoryBuckets` is `ListBuckets`.
fn event<'n>(signing_name: &'n str, operation: &'n str) -> (&'n str, &'n str) {
    let name = match operation {
        "GetBucketLifecycleConfiguration" => "GetBucketLifecycle",
        "PutBucketLifecycleConfiguration" => "PutBucketLifecycle",
        "GetBucketNotificationConfiguration" => "GetBucketNotification",
        "PutBucketNotificationConfiguration" => "PutBucketNotification",
        "ListDirectoryBuckets" => "ListBuckets",
        other => other,
    };
    (signing_name, name)
}

/// The models know every service that the sample names.
#[test]
fn every_service_of_botocore_is_there() {
    assert!(model::services().count() >= 439);
    for id in ["sts", "s3", "cloudtrail", "ec2"] {
        assert!(model::service(id).is_some(), "{id}");
    }
}
