//! Writes our answers, the good and the bad, of every operation in every protocol, as JSON lines:
//! `conformance/oracle/answers.py` has botocore parse them and compares.
//!
//! `cargo run -p cairn-wire --example answers > answers.jsonl`
#![allow(clippy::expect_used)]

mod fill;

use std::io::{self, BufWriter, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use cairn_wire::{
    codec::{EncodedResponse, WireError, encode_error, encode_response},
    model::{self, Operation, Protocol, Service, Shape},
    value::Value,
};
use serde_json::{Value as Json, json};

const REQUEST_ID: &str = "79104EXAMPLEB723";
const MESSAGE: &str = "it went \"wrong\" <&> ü";
/// Errors of one operation that are written.
const ERRORS_MAX: usize = 3;

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for head in model::services() {
        let service = head.service().expect("a service of the index");
        for operation in service.operations() {
            for protocol in service.protocols() {
                write_operation(&mut out, service, operation, *protocol)?;
            }
        }
    }
    out.flush()
}

fn write_operation(
    out: &mut impl Write,
    service: &'static Service,
    operation: Operation<'static>,
    protocol: Protocol,
) -> io::Result<()> {
    let mut write = |expected: Json, response: EncodedResponse| {
        let line = json!({
            "service": service.id(),
            "operation": operation.name(),
            "protocol": name(protocol),
            "status": response.status,
            "headers": response.headers,
            "body": STANDARD.encode(&response.body),
            "expected": expected,
        });
        writeln!(out, "{line}")
    };
    let (output, json) = operation.output().map_or((Value::empty(), json!({})), fill::fill);
    let response = encode_response(operation, protocol, &output, REQUEST_ID);
    write(json!({ "output": json }), response)?;
    for shape in operation.errors().take(ERRORS_MAX) {
        let (error, expected) = error_of(shape);
        let response = encode_error(Some(service), Some(operation), protocol, &error, REQUEST_ID);
        write(expected, response)?;
    }
    Ok(())
}

fn error_of(shape: Shape<'static>) -> (WireError, Json) {
    let code = shape.error_name().expect("an error has a name");
    let (fields, mut json) = fill::fill(shape);
    let fields = match fields {
        Value::Structure(mut members) => {
            members.retain(|(name, _)| !name.eq_ignore_ascii_case("message"));
            Value::Structure(members)
        }
        other => other,
    };
    if let Json::Object(members) = &mut json {
        members.retain(|name, _| !name.eq_ignore_ascii_case("message"));
    }
    let error = WireError { fields: Some(fields), ..WireError::sender(code, MESSAGE) };
    let expected = json!({
        "error": json,
        "name": code,
        "code": shape.error_code(),
        "message": MESSAGE,
    });
    (error, expected)
}

const fn name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Query => "query",
        Protocol::Ec2 => "ec2",
        Protocol::Json => "json",
        Protocol::RestJson => "rest-json",
        Protocol::RestXml => "rest-xml",
        Protocol::RpcV2Cbor => "smithy-rpc-v2-cbor",
    }
}
