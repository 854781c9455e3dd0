//! Calls: what a client sends.

use std::borrow::Cow;

use super::{
    CBOR, DecodeError, EncodedRequest, FORM, Header, JSON_1_0, JSON_1_1,
    cbor::{self, Dialect},
    is_legacy_cbor, json, query, rest,
};
use crate::{
    RequestHead,
    model::{Operation, Protocol, Service},
    resolve::Resolved,
    value::Value,
};

/// A call that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A member that the path needs is absent.
    #[error("a member that the path `{0}` needs is absent")]
    Label(&'static str),
}

/// Reads the parameters of a call whose host names no bucket. `body` is [unpacked](super::unpacked),
/// unless it is an object: a compressed object is the object.
///
/// A streaming payload becomes [`Value::Stream`] when the head announces one; its bytes need not
/// be in `body`. Members that the model does not know are ignored, as AWS ignores them.
pub fn decode_request(
    operation: Operation<'static>,
    protocol: Protocol,
    head: &RequestHead<'_>,
    body: &[u8],
) -> Result<Value, DecodeError> {
    decode(operation, protocol, head, body, None)
}

/// Reads the parameters of a resolved call as [`decode_request`] does; a bucket that the host names is
/// the `Bucket`.
pub fn decode_resolved(
    resolved: &Resolved,
    head: &RequestHead<'_>,
    body: &[u8],
) -> Result<Value, DecodeError> {
    let operation = resolved.service.operation(resolved.operation);
    let bucket = resolved.bucket.as_deref().filter(|_| resolved.virtual_host);
    decode(operation, resolved.protocol, head, body, bucket)
}

fn decode(
    operation: Operation<'static>,
    protocol: Protocol,
    head: &RequestHead<'_>,
    body: &[u8],
    bucket: Option<&str>,
) -> Result<Value, DecodeError> {
    let Some(shape) = operation.input() else {
        return Ok(Value::empty());
    };
    match protocol {
        Protocol::Json if is_legacy_cbor(head.headers) => {
            cbor::structure(shape, body, Dialect::Legacy)
        }
        Protocol::Json => json::structure(shape, body),
        Protocol::RpcV2Cbor => cbor::structure(shape, body, Dialect::RpcV2),
        Protocol::Query | Protocol::Ec2 => {
            let form = if is_form(head) { body } else { &[] };
            let mut input = query::read_request(operation, protocol, head.query, form)?;
            queue_from_path(operation, head, &mut input);
            Ok(input)
        }
        Protocol::RestJson | Protocol::RestXml => {
            rest::read_request(operation, protocol, head, body, bucket)
        }
    }
}

/// A form unless the head says otherwise: some clients send none, or an odd media type.
fn is_form(head: &RequestHead<'_>) -> bool {
    head.header("content-type").is_none_or(|value| !value.starts_with("multipart/"))
}

/// SQS's older protocol names the queue by the path of the call.
///
/// evidence: documented (SQS query API).
fn queue_from_path(operation: Operation<'static>, head: &RequestHead<'_>, input: &mut Value) {
    let Value::Structure(members) = input else {
        return;
    };
    let wanted = operation.service().id() == "sqs"
        && operation.input().is_some_and(|shape| shape.member("QueueUrl").is_some());
    let named = members.iter().any(|(name, _)| *name == "QueueUrl");
    if wanted && !named && head.path.len() > 1 {
        let host = head.host().unwrap_or_default();
        let url = format!("http://{host}{}", head.path);
        members.insert(0, ("QueueUrl", Value::String(url)));
    }
}

/// Writes a call, for our own client. What a resolver reads back is the same call.
pub fn encode_request(
    operation: Operation<'static>,
    protocol: Protocol,
    input: &Value,
) -> Result<EncodedRequest, EncodeError> {
    let service = operation.service();
    let mut request = EncodedRequest {
        method: "POST",
        host_prefix: host_prefix(operation, input),
        path_and_query: "/".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    let header = |name: &'static str, text: &str| -> Header { (name.into(), text.to_owned()) };
    match protocol {
        Protocol::Json => {
            let target =
                format!("{}.{}", service.target_prefix().unwrap_or_default(), operation.name());
            request.headers.push(header("content-type", json_type(service)));
            request.headers.push(header("x-amz-target", &target));
            request.body = json::encode(operation.input(), input);
        }
        Protocol::RpcV2Cbor => {
            let id = service.target_prefix().unwrap_or_else(|| service.service_id());
            request.path_and_query = format!("/service/{id}/operation/{}", operation.name());
            request.headers.push(header("smithy-protocol", "rpc-v2-cbor"));
            request.headers.push(header("accept", CBOR));
            if operation.input().is_some() {
                request.headers.push(header("content-type", CBOR));
                request.body = cbor::encode(operation.input(), input, Dialect::RpcV2);
            }
        }
        Protocol::Query | Protocol::Ec2 => {
            request.headers.push(header("content-type", FORM));
            request.body = query::write_request(operation, protocol, input).into_bytes();
        }
        Protocol::RestJson | Protocol::RestXml => {
            let parts = rest::write_request(operation, protocol, input)
                .ok_or(EncodeError::Label(operation.uri()))?;
            request.method = operation.method();
            request.path_and_query = parts.path_and_query;
            request.headers = parts.headers;
            request.body = parts.body;
        }
    }
    Ok(request)
}

/// `application/x-amz-json-1.0` or `-1.1`, as the service's model says.
pub(super) fn json_type(service: &Service) -> &'static str {
    if service.json_version() == Some("1.0") { JSON_1_0 } else { JSON_1_1 }
}

/// The endpoint trait with its labels filled.
fn host_prefix(operation: Operation<'static>, input: &Value) -> Option<String> {
    let template = operation.host_prefix()?;
    let mut prefix = String::new();
    for piece in template.split_inclusive('}') {
        match piece.split_once('{') {
            Some((text, label)) => {
                prefix.push_str(text);
                let value = input.get(label.trim_end_matches('}'));
                prefix
                    .push_str(&value.and_then(Value::as_str).map_or(Cow::Borrowed(""), Cow::from));
            }
            None => prefix.push_str(piece),
        }
    }
    Some(prefix)
}
