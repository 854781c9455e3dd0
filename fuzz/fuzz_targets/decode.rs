//! Bodies in all six protocols, as calls and as answers: read or refused, never a panic, and what
//! was read can be written so that it reads back the same.
//!
//! The first byte picks the service, the second the operation, the third the protocol; the rest is
//! a request.
#![no_main]

use cairn_fuzz::Request;
use cairn_wire::RequestHead;
use cairn_wire::codec::limits::DECOMPRESSED_BYTES_MAX;
use cairn_wire::codec::{
    decode_error, decode_request, decode_response, encode_request, encode_response, unpacked,
};
use cairn_wire::model::{Operation, Protocol, service};
use cairn_wire::validate;
use cairn_wire::value::Value;
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

/// Services that between them speak everything, with every kind of member.
const SERVICES: [&str; 16] = [
    "apigateway",
    "cairn",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "iam",
    "kinesis",
    "lambda",
    "logs",
    "route53",
    "s3",
    "sns",
    "sqs",
    "sts",
];

fn headers(pairs: impl IntoIterator<Item = (String, String)>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        // A caller's own text may not fit into a header; HTTP refuses it then.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            map.append(name, value);
        }
    }
    map
}

/// Writes a call and reads it back.
fn again(operation: Operation<'static>, protocol: Protocol, input: &Value) -> Option<Value> {
    let call = encode_request(operation, protocol, input).ok()?;
    let headers =
        headers(call.headers.iter().map(|(name, value)| (name.to_string(), value.clone())));
    let (path, query) = call.path_and_query.split_once('?').unwrap_or((&call.path_and_query, ""));
    let head = RequestHead { method: call.method, path, query, headers: &headers };
    decode_request(operation, protocol, &head, &call.body).ok()
}

fn check_answer(operation: Operation<'static>, protocol: Protocol, request: &Request<'_>) {
    let _ = decode_error(
        Some(operation.service()),
        Some(operation),
        protocol,
        400,
        &request.headers,
        request.body,
    );
    let read = decode_response(operation, protocol, 200, &request.headers, request.body);
    if let Ok(output) = read {
        let answer = encode_response(operation, protocol, &output, "id");
        assert!((200..400).contains(&answer.status));
    }
}

fuzz_target!(|input: &[u8]| {
    let [pick_service, pick_operation, pick_protocol, bytes @ ..] = input else { return };
    let id = SERVICES[usize::from(*pick_service) % SERVICES.len()];
    let service = service(id).expect("a known service");
    let operations = service.operations().count();
    let operation = service
        .operations()
        .nth(usize::from(*pick_operation) * 3 % operations)
        .expect("there are that many");
    let protocols = service.protocols();
    let protocol = protocols[usize::from(*pick_protocol) % protocols.len()];
    let request = Request::parse(bytes);
    let room = |_| true;
    let body = unpacked(&request.headers, request.body, DECOMPRESSED_BYTES_MAX, room);
    let body = body.unwrap_or(std::borrow::Cow::Borrowed(request.body));
    if let Ok(value) = decode_request(operation, protocol, &request.head(), &body) {
        let _ = validate::check(operation, &value);
        // Once written by us it is in one form, and that form must be stable.
        if let Some(once) = again(operation, protocol, &value) {
            let twice = again(operation, protocol, &once);
            assert_eq!(twice.map(|value| format!("{value:?}")), Some(format!("{once:?}")));
        }
    }
    check_answer(operation, protocol, &request);
});
