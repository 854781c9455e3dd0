//! What resolving costs, what it takes for something else, and what the models hold in memory.
//!
//! ```text
//! cargo run --package cairn-wire --example resolve_rate -- target/oracle/requests.jsonl
//! ```
//!
//! The file is what `conformance/oracle/run.sh` has botocore write.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use cairn_wire::RequestHead;
use cairn_wire::model::{ServiceHead, service, services};
use cairn_wire::resolve::{BaseDomains, Resolution, resolve};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

/// Resolutions of each request; the fastest counts, so that a busy machine does not.
const TRIES: usize = 5;

#[derive(Deserialize)]
struct Line {
    service: String,
    operation: String,
    protocol: String,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

fn main() {
    let file = std::env::args().nth(1).expect("the file of requests");
    let before = resident_bytes();
    let clock = Instant::now();
    service("ec2").expect("the biggest model");
    let biggest = resident_bytes().saturating_sub(before) / 1024;
    println!("ec2 decoded in {:?}, {biggest} kB resident for it", clock.elapsed());
    let clock = Instant::now();
    let decoded = services().filter_map(ServiceHead::service).count();
    let operations: usize = services()
        .filter_map(ServiceHead::service)
        .map(|service| service.operations().count())
        .sum();
    println!(
        "{decoded} services, {operations} operations decoded in {:?}, {} kB resident for them",
        clock.elapsed(),
        resident_bytes().saturating_sub(before) / 1024
    );
    let mut costs: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
    let mut misses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let lines = BufReader::new(File::open(&file).expect("the file")).lines();
    for text in lines {
        let line: Line = serde_json::from_str(&text.expect("UTF-8")).expect("a request");
        let (cost, found) = measured(&line);
        if found != format!("{}:{}", line.service, line.operation) {
            let service = found.split(':').next().unwrap_or_default();
            let pair = format!("{} taken for {service}", line.service);
            misses.entry(pair).or_default().push(format!("{} as {found}", line.operation));
        }
        costs.entry(line.protocol).or_default().push(cost);
    }
    for (pair, names) in &misses {
        println!("{:4} {pair}: {}", names.len(), names.first().map_or("", String::as_str));
    }
    println!("{:20} {:>9} {:>9} {:>9} {:>9}", "protocol", "requests", "p50", "p99", "most");
    for (protocol, costs) in &mut costs {
        costs.sort();
        let at = |part: usize| costs[(costs.len() - 1) * part / 100];
        println!(
            "{protocol:20} {:>9} {:>9.1?} {:>9.1?} {:>9.1?}",
            costs.len(),
            at(50),
            at(99),
            at(100)
        );
    }
}

/// The shortest time, and `service:operation`.
fn measured(line: &Line) -> (Duration, String) {
    let mut headers = HeaderMap::new();
    for (name, value) in &line.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header value"));
    }
    let body = STANDARD.decode(&line.body).expect("base64");
    let head = RequestHead {
        method: &line.method,
        path: &line.path,
        query: &line.query,
        headers: &headers,
    };
    let hosts = BaseDomains::default();
    let (mut least, mut found) = (Duration::MAX, String::new());
    for _ in 0..TRIES {
        let clock = Instant::now();
        let resolution = match resolve(&head, None, &hosts) {
            Ok(Resolution::NeedsForm) => resolve(&head, Some(&body), &hosts),
            other => other,
        };
        least = least.min(clock.elapsed());
        found = match resolution {
            Ok(Resolution::Call(call)) => format!("{}:{}", call.service.id(), call.call().name()),
            other => format!("nothing:{other:?}"),
        };
    }
    (least, found)
}

fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 =
        text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * 4096
}
