//! Answers: what a service sends back, the good and the bad.

use http::HeaderMap;

use super::{
    CBOR, CBOR_1_1, DecodeError, EC2_XML, EncodedResponse, Header, TEXT_XML, WireError, XML,
    call::json_type,
    cbor::{self, Dialect},
    fault::Fault,
    is_legacy_cbor, json, rest, scalar,
    xml::{self, Root},
};
use crate::{
    RequestHead,
    model::{Operation, Protocol, Service, Shape},
    value::Value,
};

const OK: u16 = 200;
/// How much of an answer that is no error body at all becomes the message.
const MESSAGE_CHARS_MAX: usize = 512;

fn header(name: &'static str, text: impl Into<String>) -> Header {
    (name.into(), text.into())
}

/// S3's second request id. Ours says nothing that the first does not, but header and body agree.
pub fn extended_request_id(request_id: &str) -> String {
    scalar::base64(request_id.as_bytes())
}

fn request_ids(service: Option<&'static Service>, request_id: &str, headers: &mut Vec<Header>) {
    if is_s3(service) {
        headers.push(header("x-amz-request-id", request_id));
        headers.push(header("x-amz-id-2", extended_request_id(request_id)));
    } else {
        headers.push(header("x-amzn-requestid", request_id));
    }
}

fn is_s3(service: Option<&'static Service>) -> bool {
    service.is_some_and(|service| service.id() == "s3")
}

/// Writes the answer of a call in the protocol it came in.
///
/// Members that the model does not have, and a streaming payload, are left out; the payload's
/// bytes are the caller's to send.
pub fn encode_response(
    operation: Operation<'static>,
    protocol: Protocol,
    output: &Value,
    request_id: &str,
) -> EncodedResponse {
    let service = operation.service();
    let mut response = EncodedResponse {
        status: operation.response_code().unwrap_or(OK),
        headers: Vec::new(),
        body: Vec::new(),
    };
    request_ids(Some(service), request_id, &mut response.headers);
    match protocol {
        Protocol::Json => {
            response.headers.push(header("content-type", json_type(service)));
            response.body = json::encode(operation.output(), output);
        }
        Protocol::RpcV2Cbor => {
            response.headers.push(header("smithy-protocol", "rpc-v2-cbor"));
            if let Some(shape) = operation.output() {
                response.headers.push(header("content-type", CBOR));
                response.body = cbor::encode(Some(shape), output, Dialect::RpcV2);
            }
        }
        Protocol::Query => {
            response.headers.push(header("content-type", TEXT_XML));
            response.body = query_response(operation, output, request_id);
        }
        Protocol::Ec2 => {
            response.headers.push(header("content-type", EC2_XML));
            response.body = ec2_response(operation, output, request_id);
        }
        Protocol::RestJson | Protocol::RestXml => {
            let parts = rest::write_response(operation, protocol, output);
            response.status = parts.status.unwrap_or(response.status);
            response.headers.extend(parts.headers);
            response.body = parts.body;
        }
    }
    response
}

/// [`encode_response`], with an eye on the call: the older CBOR of Kinesis and DynamoDB comes in
/// as a JSON call and wants an answer of its own kind.
pub fn encode_response_for(
    head: &RequestHead<'_>,
    operation: Operation<'static>,
    protocol: Protocol,
    output: &Value,
    request_id: &str,
) -> EncodedResponse {
    let mut response = encode_response(operation, protocol, output, request_id);
    if protocol == Protocol::Json && is_legacy_cbor(head.headers) {
        response.body = cbor::encode(operation.output(), output, Dialect::Legacy);
        set_media_type(&mut response.headers, CBOR_1_1);
    }
    response
}

fn set_media_type(headers: &mut [Header], media_type: &str) {
    for (name, value) in headers {
        if name == "content-type" {
            media_type.clone_into(value);
        }
    }
}

/// `<OpResponse xmlns=…><OpResult>…</OpResult><ResponseMetadata><RequestId>…`.
fn query_response(operation: Operation<'static>, output: &Value, request_id: &str) -> Vec<u8> {
    let root = format!("{}Response", operation.name());
    let mut document = xml::Document::bare(false);
    document.open(&root, operation.service().xml_namespace());
    if let (Some(shape), Value::Structure(members)) = (operation.output(), output) {
        if let Some(wrapper) = operation.result_wrapper() {
            document.open(wrapper, None);
            document.members(shape, members);
            document.close(wrapper);
        } else {
            document.members(shape, members);
        }
    }
    document.open("ResponseMetadata", None);
    document.leaf("RequestId", request_id);
    document.close("ResponseMetadata");
    document.close(&root);
    document.finish()
}

/// `<OpResponse xmlns=…><requestId>…</requestId>…`.
fn ec2_response(operation: Operation<'static>, output: &Value, request_id: &str) -> Vec<u8> {
    let service = operation.service();
    let root = format!("{}Response", operation.name());
    let namespace = format!("http://ec2.amazonaws.com/doc/{}/", service.api_version());
    let mut document = xml::Document::declared(true);
    document.open(&root, Some(&namespace));
    document.leaf("requestId", request_id);
    if let (Some(shape), Value::Structure(members)) = (operation.output(), output) {
        document.members(shape, members);
    }
    document.close(&root);
    document.finish()
}

/// Writes an error in the protocol that the call came in.
///
/// The model supplies wire code and status where it has them; an error that it does not know
/// keeps its own. Without a service the answer is as neutral as the protocol allows.
pub fn encode_error(
    service: Option<&'static Service>,
    operation: Option<Operation<'static>>,
    protocol: Protocol,
    error: &WireError,
    request_id: &str,
) -> EncodedResponse {
    let fault = Fault::of(service, operation, protocol, error);
    let mut headers = Vec::new();
    request_ids(service, request_id, &mut headers);
    if service.is_some_and(Service::query_compatible) {
        // evidence: documented (awsQueryCompatible); sent whether the caller asked or not.
        let text = format!("{};{}", fault.code, fault.side());
        headers.push(header("x-amzn-query-error", text));
    }
    let (media_type, body) = match protocol {
        Protocol::Json => (service.map_or(super::JSON_1_1, json_type), json::error(&fault, true)),
        Protocol::RestJson => {
            headers.push(header("x-amzn-errortype", fault.name.clone()));
            ("application/json", json::error(&fault, false))
        }
        Protocol::RpcV2Cbor => {
            headers.push(header("smithy-protocol", "rpc-v2-cbor"));
            (CBOR, cbor::error(&fault, Dialect::RpcV2))
        }
        Protocol::RestXml if is_s3(service) => {
            let body = xml::error_s3(&fault, request_id, &extended_request_id(request_id));
            (XML, body)
        }
        Protocol::Query | Protocol::RestXml => {
            let namespace = service.and_then(Service::xml_namespace);
            (TEXT_XML, xml::error_query(&fault, namespace, request_id))
        }
        Protocol::Ec2 => (EC2_XML, xml::error_ec2(&fault, request_id)),
    };
    headers.push(header("content-type", media_type));
    if matches!(protocol, Protocol::RestJson | Protocol::RestXml) {
        headers.extend(rest::error_headers(&fault));
    }
    EncodedResponse { status: fault.status, headers, body }
}

/// [`encode_error`], with an eye on the call, as [`encode_response_for`] has.
pub fn encode_error_for(
    head: &RequestHead<'_>,
    service: Option<&'static Service>,
    operation: Option<Operation<'static>>,
    protocol: Protocol,
    error: &WireError,
    request_id: &str,
) -> EncodedResponse {
    let mut response = encode_error(service, operation, protocol, error, request_id);
    if protocol == Protocol::Json && is_legacy_cbor(head.headers) {
        let fault = Fault::of(service, operation, protocol, error);
        response.body = cbor::error(&fault, Dialect::Legacy);
        set_media_type(&mut response.headers, CBOR_1_1);
    }
    response
}

/// Reads the answer of a call that went well.
pub fn decode_response(
    operation: Operation<'static>,
    protocol: Protocol,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, DecodeError> {
    let Some(shape) = operation.output() else {
        return Ok(Value::empty());
    };
    let read = match protocol {
        Protocol::Json if is_legacy_cbor(headers) => cbor::structure(shape, body, Dialect::Legacy)?,
        Protocol::Json => json::structure(shape, body)?,
        Protocol::RpcV2Cbor => cbor::structure(shape, body, Dialect::RpcV2)?,
        Protocol::Query => {
            let root = operation.result_wrapper().map_or(Root::Itself, Root::Inside);
            xml::read(shape, body, root)?
        }
        Protocol::Ec2 => xml::read(shape, body, Root::Itself)?,
        Protocol::RestJson | Protocol::RestXml => {
            rest::read_response(operation, protocol, status, headers, body)?
        }
    };
    Ok(if matches!(read, Value::Null) { Value::empty() } else { read })
}

/// Reads the answer of a call that did not go well, whatever its body is: of the protocol, empty
/// (HEAD), or a page of HTML. The code is the shape name where the model knows the error.
pub fn decode_error(
    service: Option<&'static Service>,
    operation: Option<Operation<'static>>,
    protocol: Protocol,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> WireError {
    let fields = match protocol {
        Protocol::Json if is_legacy_cbor(headers) => cbor::error_fields(body),
        Protocol::Json | Protocol::RestJson => json::error_fields(body),
        Protocol::RpcV2Cbor => cbor::error_fields(body),
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => xml::error_fields(body),
    };
    let field = |name: &str| {
        let named = |known: &&(String, String)| known.0.eq_ignore_ascii_case(name);
        fields.iter().find(named).map(|(_, text)| text.as_str())
    };
    let sent = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let code = sent("x-amzn-errortype")
        .or_else(|| field("__type"))
        .or_else(|| field("code"))
        .or_else(|| sent("x-amzn-query-error"))
        .map(bare_code)
        .filter(|code| !code.is_empty());
    let error = WireError {
        code: code.unwrap_or_else(|| code_of_status(status)).to_owned(),
        message: field("message").map_or_else(|| shown(body), str::to_owned),
        status: Some(status),
        sender_fault: status < 500,
        fields: None,
        resource: field("Resource").map(str::to_owned),
    };
    let fault = Fault::of(service, operation, protocol, &error);
    let fields = fault.shape.and_then(|shape| error_members(shape, protocol, headers, body));
    WireError { code: fault.name.clone(), fields, ..error }
}

/// The modelled members of an error beside its message.
fn error_members(
    shape: Shape<'static>,
    protocol: Protocol,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<Value> {
    let read = match protocol {
        Protocol::Json if is_legacy_cbor(headers) => cbor::structure(shape, body, Dialect::Legacy),
        Protocol::Json | Protocol::RestJson => json::structure(shape, body),
        Protocol::RpcV2Cbor => cbor::structure(shape, body, Dialect::RpcV2),
        Protocol::Query => xml::read(shape, body, Root::Inside("Error")),
        Protocol::Ec2 | Protocol::RestXml => return None,
    };
    let Ok(Value::Structure(mut members)) = read else {
        return None;
    };
    members.retain(|(name, _)| !name.eq_ignore_ascii_case("message"));
    (!members.is_empty()).then_some(Value::Structure(members))
}

/// `com.amazonaws.x#Name:http://…` and `Name;Sender` are `Name`.
fn bare_code(text: &str) -> &str {
    let text = text.split([';', ',']).next().unwrap_or_default();
    let text = text.rsplit_once('#').map_or(text, |(_, name)| name);
    text.split(':').next().unwrap_or_default().trim()
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(MESSAGE_CHARS_MAX).collect()
}

/// What an answer without any body is called.
///
/// evidence: assumed (the codes that S3 uses where it has a body).
const fn code_of_status(status: u16) -> &'static str {
    match status {
        301 => "PermanentRedirect",
        304 => "NotModified",
        400 => "BadRequest",
        401 | 403 => "AccessDenied",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        409 => "Conflict",
        412 => "PreconditionFailed",
        413 => "RequestEntityTooLarge",
        416 => "InvalidRange",
        429 => "ThrottlingException",
        501 => "NotImplemented",
        503 => "ServiceUnavailable",
        _ if status < 500 => "BadRequest",
        _ => "InternalFailure",
    }
}
