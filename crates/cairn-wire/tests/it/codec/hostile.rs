//! Bytes from anyone: nothing panics, nothing grows without a limit.

use std::io::Write;

use cairn_wire::{
    RequestHead,
    codec::{
        DecodeError, decode_error, decode_request, decode_response, limits::DECOMPRESSED_BYTES_MAX,
        unpacked,
    },
    model::{self, Operation, Protocol},
    value::Value,
};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

/// An operation with much in its input and output for every protocol.
const TARGETS: [(&str, &str, Protocol, &str); 7] = [
    ("dynamodb", "TransactWriteItems", Protocol::Json, "/"),
    ("cloudwatch", "GetMetricData", Protocol::RpcV2Cbor, "/"),
    ("autoscaling", "CreateAutoScalingGroup", Protocol::Query, "/"),
    ("ec2", "RunInstances", Protocol::Ec2, "/"),
    ("lambda", "CreateFunction", Protocol::RestJson, "/2015-03-31/functions"),
    ("s3", "PutBucketLifecycleConfiguration", Protocol::RestXml, "/b"),
    ("s3", "ListObjectsV2", Protocol::RestXml, "/b"),
];

fn operation(id: &str, name: &str) -> Operation<'static> {
    model::service(id).and_then(|service| service.find_operation(name)).expect("an operation")
}

fn decode_all(path: &str, query: &str, body: &[u8]) {
    let headers = HeaderMap::new();
    for (id, name, protocol, own_path) in TARGETS {
        let operation = operation(id, name);
        for path in [path, own_path] {
            let head = RequestHead { method: "POST", path, query, headers: &headers };
            let _ = decode_request(operation, protocol, &head, body);
        }
        let _ = decode_response(operation, protocol, 200, &headers, body);
        let _ = decode_error(None, Some(operation), protocol, 400, &headers, body);
    }
}

const ALMOST_A_FORM: &str =
    r"([A-Za-z]{0,6}(\.([0-9]{1,12}|member|entry|[A-Z][a-z]{0,4})){0,5}=?[%a-z0-9+]{0,6}&?){0,30}";

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes(
        body in prop::collection::vec(any::<u8>(), 0..400),
        query in "[ -~é]{0,40}",
        path in "[ -~é/]{0,40}",
    ) {
        decode_all(&path, &query, &body);
    }

    #[test]
    fn almost_json(body in r#"[{}\[\]",:0-9a-zA-Z\\.\-u ]{0,200}"#) {
        decode_all("/", "", body.as_bytes());
    }

    #[test]
    fn almost_xml(body in r#"(<[/a-zA-Z:!\[\]= "?-]{0,12}>?|&[#a-z0-9x;]{0,6}|[a-z ]{0,5}){0,40}"#) {
        decode_all("/", "", body.as_bytes());
    }

    #[test]
    fn almost_a_form(body in ALMOST_A_FORM) {
        decode_all("/", &body, body.as_bytes());
    }

    #[test]
    fn cut_and_flipped(seed in any::<u64>(), line in 0_usize..200) {
        let sample = include_str!("../oracle/sample.jsonl");
        let Some(line) = sample.lines().nth(line) else { return Ok(()) };
        let line = crate::oracle::Line::parse(line);
        let request = line.request();
        let operation = operation(&line.service, &line.operation);
        let mut body = request.body.clone();
        if !body.is_empty() {
            let at = (seed as usize) % body.len();
            body[at] ^= (seed >> 32) as u8 | 1;
            body.truncate(body.len().saturating_sub((seed >> 40) as usize % 4));
        }
        let _ = decode_request(operation, line.wire_protocol(), &request.head(), &body);
    }
}

fn gzipped(size: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"{}").expect("memory");
    let blanks = vec![b' '; 64 * 1024];
    for _ in 0..size / blanks.len() {
        encoder.write_all(&blanks).expect("memory");
    }
    encoder.finish().expect("memory")
}

#[test]
fn compressed_bodies_are_read_up_to_a_limit() {
    let operation = operation("cloudtrail", "LookupEvents");
    let mut headers = HeaderMap::new();
    headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
    let read = |body: &[u8]| {
        let plain = unpacked(&headers, body, DECOMPRESSED_BYTES_MAX, |_| true)?;
        decode_request(operation, Protocol::Json, &head, &plain)
    };
    assert_eq!(read(&gzipped(128 * 1024)), Ok(Value::empty()));
    assert_eq!(
        read(&gzipped(2 * DECOMPRESSED_BYTES_MAX)),
        Err(DecodeError::TooLarge(DECOMPRESSED_BYTES_MAX))
    );
    assert_eq!(read(b"{}"), Ok(Value::empty()));
    let cut = gzipped(128 * 1024);
    assert!(matches!(read(&cut[..cut.len() / 2]), Err(DecodeError::Syntax { syntax: "gzip", .. })));
}

#[test]
fn decode_errors_are_told_in_the_callers_protocol() {
    let operation = operation("cloudtrail", "LookupEvents");
    let headers = HeaderMap::new();
    let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
    let error = decode_request(operation, Protocol::Json, &head, b"{").expect_err("broken");
    let told = error.wire_error(Protocol::Json);
    assert_eq!((told.code.as_str(), told.status), ("SerializationException", Some(400)));
    assert_eq!(DecodeError::TooLarge(1).wire_error(Protocol::RestXml).code, "EntityTooLarge");
    assert_eq!(error.wire_error(Protocol::Query).code, "MalformedQueryString");
}
