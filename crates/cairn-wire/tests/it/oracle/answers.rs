//! Our answers, read back by ourselves: every output of every operation in every protocol.
//!
//! That botocore reads them too is checked by `conformance/oracle/answers.py`.

use cairn_wire::{
    codec::{
        EncodedResponse, WireError, decode_error, decode_response, encode_error, encode_response,
    },
    model::{self, Operation, Protocol, Service, ServiceHead, Shape},
    value::Value,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::fill::fill;

fn headers(response: &EncodedResponse) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &response.headers {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).expect("a header name"),
            HeaderValue::from_bytes(value.as_bytes()).expect("a header value"),
        );
    }
    headers
}

/// Without what a body cannot bring back: the streams.
fn without_streams(value: Value) -> Value {
    match value {
        Value::Structure(members) => Value::Structure(
            members.into_iter().filter(|(_, value)| !matches!(value, Value::Stream)).collect(),
        ),
        other => other,
    }
}

#[test]
fn outputs_come_back() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for service in model::services().filter_map(ServiceHead::service) {
        for operation in service.operations() {
            let Some(shape) = operation.output() else {
                continue;
            };
            for protocol in service.protocols() {
                count += 1;
                if let Some(told) = output_differs(operation, shape, *protocol) {
                    wrong.push(format!(
                        "{}:{} {protocol:?} {told:.400}",
                        service.id(),
                        operation.name()
                    ));
                }
            }
        }
    }
    assert!(count > 15_000, "only {count} outputs");
    // Members of one name in two places, in the models themselves.
    assert!(wrong.len() <= 2, "{} of {count} differ\n{}", wrong.len(), wrong.join("\n"));
}

fn output_differs(
    operation: Operation<'static>,
    shape: Shape<'static>,
    protocol: Protocol,
) -> Option<String> {
    let output = without_streams(fill(shape).0);
    let response = encode_response(operation, protocol, &output, "id");
    let read =
        decode_response(operation, protocol, response.status, &headers(&response), &response.body);
    match read {
        Ok(read) if without_streams(read.clone()) == output => None,
        other => Some(format!("{other:?}\n{}", String::from_utf8_lossy(&response.body))),
    }
}

#[test]
fn errors_come_back() {
    let mut count = 0;
    for service in model::services().filter_map(ServiceHead::service) {
        for operation in service.operations() {
            for protocol in service.protocols() {
                for shape in operation.errors() {
                    count += 1;
                    check_error(service, operation, shape, *protocol);
                }
            }
        }
    }
    assert!(count > 50_000, "only {count} errors");
}

fn check_error(
    service: &'static Service,
    operation: Operation<'static>,
    shape: Shape<'static>,
    protocol: Protocol,
) {
    let name = shape.error_name().expect("an error has a name");
    let error = WireError::sender(name, "it went \"wrong\" <&> ü");
    let response = encode_error(Some(service), Some(operation), protocol, &error, "id");
    let read = decode_error(
        Some(service),
        Some(operation),
        protocol,
        response.status,
        &headers(&response),
        &response.body,
    );
    let told = format!("{}:{} {protocol:?} {read:?}", service.id(), operation.name());
    assert_eq!(read.message, error.message, "{told}");
    let twin = operation.errors().find(|other| other.error_code() == shape.error_code());
    let in_xml = matches!(protocol, Protocol::Query | Protocol::Ec2 | Protocol::RestXml);
    let expected = if in_xml { twin.and_then(Shape::error_name) } else { Some(name) };
    assert_eq!(Some(read.code.as_str()), expected, "{told}");
    // What is no member of the error's own comes from the wrapping.
    let own = |name: &str| !matches!(name, "Code" | "Type" | "code");
    let fields = read.fields.as_ref().and_then(Value::as_structure).unwrap_or_default();
    assert!(fields.iter().all(|(name, _)| !own(name)), "{told}");
}
