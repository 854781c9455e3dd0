//! Answers and errors, byte for byte as AWS sends them.

use cairn_wire::{
    RequestHead,
    codec::{
        WireError, decode_error, decode_request, encode_error, encode_error_for, encode_response,
        encode_response_for,
    },
    model::{self, Operation, Protocol, Service},
    value::Value,
};
use http::{HeaderMap, HeaderValue};

fn service(id: &str) -> &'static Service {
    model::service(id).expect("a service")
}

fn operation(id: &str, name: &str) -> Operation<'static> {
    service(id).find_operation(name).expect("an operation")
}

fn body(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn header<'r>(headers: &'r [(std::borrow::Cow<'static, str>, String)], name: &str) -> &'r str {
    headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// evidence: observed.
#[test]
fn an_error_of_cloudtrail() {
    let operation = operation("cloudtrail", "GetTrail");
    let error = WireError::sender("TrailNotFoundException", "Unknown trail: x");
    let sent =
        encode_error(Some(operation.service()), Some(operation), Protocol::Json, &error, "id-1");
    assert_eq!(sent.status, 400);
    assert_eq!(
        body(&sent.body),
        r#"{"__type":"TrailNotFoundException","Message":"Unknown trail: x"}"#
    );
    assert_eq!(header(&sent.headers, "content-type"), "application/x-amz-json-1.1");
    assert_eq!(header(&sent.headers, "x-amzn-requestid"), "id-1");
}

/// evidence: observed.
#[test]
fn empty_answers_of_cloudtrail() {
    let stop = encode_response(
        operation("cloudtrail", "StopLogging"),
        Protocol::Json,
        &Value::empty(),
        "i",
    );
    assert_eq!((stop.status, body(&stop.body).as_str()), (200, "{}"));
    let none = Value::Structure(vec![("Events", Value::List(Vec::new()))]);
    let lookup =
        encode_response(operation("cloudtrail", "LookupEvents"), Protocol::Json, &none, "i");
    assert_eq!(body(&lookup.body), r#"{"Events":[]}"#);
}

/// evidence: documented.
#[test]
fn sts_in_the_query_protocol() {
    let operation = operation("sts", "GetCallerIdentity");
    let text = |text: &str| Value::String(text.to_owned());
    let output = Value::Structure(vec![
        ("UserId", text("AIDAEXAMPLE")),
        ("Account", text("123456789012")),
        ("Arn", text("arn:aws:iam::123456789012:user/a&b")),
    ]);
    let sent = encode_response(operation, Protocol::Query, &output, "id-1");
    assert_eq!(
        body(&sent.body),
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult><UserId>AIDAEXAMPLE</UserId><Account>123456789012</Account>\
         <Arn>arn:aws:iam::123456789012:user/a&amp;b</Arn></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>\
         </GetCallerIdentityResponse>"
    );
    let error = WireError::sender("AccessDenied", "no").with_status(403);
    let sent =
        encode_error(Some(operation.service()), Some(operation), Protocol::Query, &error, "id-1");
    assert_eq!(sent.status, 403);
    assert_eq!(
        body(&sent.body),
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
         <Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>\
         <RequestId>id-1</RequestId></ErrorResponse>"
    );
}

/// evidence: documented.
#[test]
fn errors_of_ec2_and_s3() {
    let error = WireError::sender("InvalidInstanceID.NotFound", "none");
    let sent = encode_error(Some(service("ec2")), None, Protocol::Ec2, &error, "id-1");
    assert_eq!(
        body(&sent.body),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>\
         <Code>InvalidInstanceID.NotFound</Code><Message>none</Message></Error></Errors>\
         <RequestID>id-1</RequestID></Response>"
    );
    let error = WireError::sender("NoSuchBucket", "gone").with_status(404).with_resource("/bucket");
    let sent = encode_error(Some(service("s3")), None, Protocol::RestXml, &error, "ID1");
    let host_id = header(&sent.headers, "x-amz-id-2");
    assert_eq!(
        body(&sent.body),
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchBucket</Code>\
             <Message>gone</Message><Resource>/bucket</Resource><RequestId>ID1</RequestId>\
             <HostId>{host_id}</HostId></Error>"
        )
    );
    assert_eq!((sent.status, header(&sent.headers, "x-amz-request-id")), (404, "ID1"));
}

/// evidence: documented.
#[test]
fn an_old_code_beside_a_new_one() {
    let operation = operation("sqs", "GetQueueUrl");
    let error = WireError::sender("QueueDoesNotExist", "none");
    let sent =
        encode_error(Some(operation.service()), Some(operation), Protocol::Json, &error, "i");
    assert_eq!(
        header(&sent.headers, "x-amzn-query-error"),
        "AWS.SimpleQueueService.NonExistentQueue;Sender"
    );
    assert_eq!(body(&sent.body), r#"{"__type":"QueueDoesNotExist","message":"none"}"#);
}

#[test]
fn an_error_without_a_service_is_neutral() {
    let error = WireError::receiver("InternalFailure", "x");
    for protocol in [
        Protocol::Query,
        Protocol::Ec2,
        Protocol::Json,
        Protocol::RestJson,
        Protocol::RestXml,
        Protocol::RpcV2Cbor,
    ] {
        let sent = encode_error(None, None, protocol, &error, "id");
        assert_eq!(sent.status, 500);
        let mut headers = HeaderMap::new();
        if let Some((_, value)) = sent.headers.iter().find(|(name, _)| name == "x-amzn-errortype") {
            headers.insert("x-amzn-errortype", HeaderValue::from_str(value).expect("ASCII"));
        }
        let read = decode_error(None, None, protocol, 500, &headers, &sent.body);
        assert_eq!((read.code.as_str(), read.message.as_str()), ("InternalFailure", "x"));
        assert!(!read.sender_fault);
    }
}

#[test]
fn error_bodies_of_all_kinds() {
    let read = |status, body: &str| {
        decode_error(None, None, Protocol::Json, status, &HeaderMap::new(), body.as_bytes()).code
    };
    assert_eq!(read(400, r#"{"__type":"com.amazonaws.x#Name:http://y"}"#), "Name");
    assert_eq!(read(400, r#"{"code":"Other","message":"m"}"#), "Other");
    assert_eq!(read(404, ""), "NotFound");
    assert_eq!(read(501, "<html>no</html>"), "NotImplemented");
    let mut headers = HeaderMap::new();
    headers.insert("x-amzn-errortype", HeaderValue::from_static("Throttled:http://x/"));
    let error = decode_error(None, None, Protocol::RestJson, 429, &headers, b"{}");
    assert_eq!(error.code, "Throttled");
}

#[test]
fn the_older_cbor_is_answered_in_kind() {
    let operation = operation("kinesis", "DescribeLimits");
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/x-amz-cbor-1.1"));
    let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
    let input = decode_request(operation, Protocol::Json, &head, &[0xbf, 0xff]);
    assert_eq!(input, Ok(Value::empty()));
    let output = Value::Structure(vec![("ShardLimit", Value::Integer(5))]);
    let sent = encode_response_for(&head, operation, Protocol::Json, &output, "i");
    assert_eq!(header(&sent.headers, "content-type"), "application/x-amz-cbor-1.1");
    assert_eq!(sent.body, b"\xa1\x6aShardLimit\x05");
    let error = WireError::sender("X", "y");
    let sent =
        encode_error_for(&head, Some(operation.service()), None, Protocol::Json, &error, "i");
    assert_eq!(sent.body, b"\xa2\x66__type\x61X\x67message\x61y");
}
