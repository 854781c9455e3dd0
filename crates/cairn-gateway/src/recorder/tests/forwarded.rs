//! Answers as AWS, moto, `LocalStack` and `MinIO` write them, and what is heard of them.

use std::io::Write as _;

use cairn_wire::RequestHead;
use cairn_wire::codec::encode_request;
use cairn_wire::model::{self, Protocol};
use cairn_wire::resolve::Resolved;
use cairn_wire::value::Value;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::recorder::forwarded::{Answer, Heard, hear};

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

fn resolved(service: &str, operation: &str, protocol: Protocol) -> Resolved {
    let service = model::service(service).unwrap();
    let operation = service.find_operation(operation).unwrap().id();
    Resolved {
        service,
        operation,
        protocol,
        credential: None,
        region: None,
        presigned: false,
        bucket: None,
        virtual_host: false,
    }
}

/// What is heard of an answer to a call without a body.
fn answered(
    (service, operation, protocol): (&str, &str, Protocol),
    method: &str,
    status: u16,
    answer: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Heard {
    let none = HeaderMap::new();
    let head = RequestHead { method, path: "/", query: "", headers: &none };
    hear(&resolved(service, operation, protocol), &head, None, status, &headers(answer), body)
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn code_and_message(heard: &Heard) -> (&str, Option<&str>) {
    match &heard.answer {
        Answer::Failure { code, message, .. } => (code, message.as_deref()),
        Answer::Success { .. } => panic!("no failure: {heard:?}"),
    }
}

const GET_ITEM: (&str, &str, Protocol) = ("dynamodb", "GetItem", Protocol::Json);
const GET_ROLE: (&str, &str, Protocol) = ("iam", "GetRole", Protocol::Query);
const INVOKE: (&str, &str, Protocol) = ("lambda", "Invoke", Protocol::RestJson);
const GET_OBJECT: (&str, &str, Protocol) = ("s3", "GetObject", Protocol::RestXml);
const VPCS: (&str, &str, Protocol) = ("ec2", "DescribeVpcs", Protocol::Ec2);
const ALARMS: (&str, &str, Protocol) = ("cloudwatch", "DescribeAlarms", Protocol::RpcV2Cbor);

/// A call, the status, headers and body of its answer, the code and message that are heard.
type Case = (
    (&'static str, &'static str, Protocol),
    u16,
    &'static [(&'static str, &'static str)],
    &'static [u8],
    &'static str,
    &'static str,
);

const CBOR_ERROR: &[u8] = b"\xa2\x66__type\x78\x1ecom.amazonaws#ResourceNotFound\x67message\x62no";

const ERRORS: [Case; 11] = [
        // AWS and moto: the shape with its namespace.
        (
            GET_ITEM,
            400,
            &[],
            br#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no t"}"#,
            "ResourceNotFoundException",
            "no t",
        ),
        // CloudTrail's capital letter.
        (
            ("cloudtrail", "GetTrail", Protocol::Json),
            400,
            &[],
            br#"{"__type":"TrailNotFoundException","Message":"Unknown trail"}"#,
            "TrailNotFoundException",
            "Unknown trail",
        ),
        // Query, as AWS and moto have it; the code of the wire becomes the modelled name.
        (
            GET_ROLE,
            404,
            &[],
            b"<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>Role r not found</Message></Error><RequestId>R</RequestId></ErrorResponse>",
            "NoSuchEntityException",
            "Role r not found",
        ),
        (
            VPCS,
            400,
            &[],
            b"<?xml version=\"1.0\"?><Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>no</Message></Error></Errors><RequestID>R</RequestID></Response>",
            "InvalidVpcID.NotFound",
            "no",
        ),
        // REST: the header of AWS and `LocalStack`.
        (
            INVOKE,
            404,
            &[("x-amzn-errortype", "ResourceNotFoundException:http://internal.amazon.com/")],
            br#"{"Type":"User","Message":"Function not found"}"#,
            "ResourceNotFoundException",
            "Function not found",
        ),
        (ALARMS, 400, &[], CBOR_ERROR, "ResourceNotFound", "no"),
        // `awsQueryCompatible` without a type in the body.
        (
            ("sqs", "GetQueueUrl", Protocol::Json),
            400,
            &[("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")],
            br#"{"message":"no queue"}"#,
            "QueueDoesNotExist",
            "no queue",
        ),
        // `MinIO`.
        (
            GET_OBJECT,
            404,
            &[],
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>k</Key><RequestId>17A</RequestId><HostId>h</HostId></Error>",
            "NoSuchKey",
            "The specified key does not exist.",
        ),
        // Another protocol than asked: a gateway that refuses in JSON, an emulator in XML.
        (GET_ROLE, 403, &[], br#"{"__type":"AccessDeniedException","message":"m"}"#, "AccessDeniedException", "m"),
        (
            GET_ITEM,
            400,
            &[],
            b"<ErrorResponse><Error><Code>InvalidAction</Code><Message>m</Message></Error></ErrorResponse>",
            "InvalidAction",
            "m",
        ),
        // No protocol at all.
        (GET_ITEM, 503, &[("content-type", "text/plain")], b"upstream connect error", "ServiceUnavailable", "upstream connect error"),
];

#[test]
fn errors_of_every_protocol_are_told_by_code_and_message() {
    for (call, status, answer, body, code, message) in ERRORS {
        let heard = answered(call, "POST", status, answer, Some(body));
        assert_eq!(code_and_message(&heard), (code, Some(message)), "{call:?}");
        assert_eq!(heard.outcome().status(), status);
    }
}

#[test]
fn what_says_nothing_is_told_by_its_status() {
    let page = b"<!doctype html>\n<html lang=en>\n<title>501 Not Implemented</title>\n<p>x</p>";
    let garbled = b"\xa1\xff\xfe";
    for (call, method, status, body, code) in [
        // HEAD of S3, and moto's page for what it has not built.
        (("s3", "HeadObject", Protocol::RestXml), "HEAD", 404, None, "NotFound"),
        (("s3", "HeadBucket", Protocol::RestXml), "HEAD", 403, None, "AccessDenied"),
        (("s3", "HeadBucket", Protocol::RestXml), "HEAD", 301, None, "PermanentRedirect"),
        (GET_OBJECT, "GET", 304, None, "NotModified"),
        (GET_ITEM, "POST", 501, Some(page.as_slice()), "NotImplemented"),
        (ALARMS, "POST", 404, Some(page.as_slice()), "NotFound"),
        (ALARMS, "POST", 400, Some(garbled.as_slice()), "BadRequest"),
        (GET_ITEM, "POST", 400, Some(b"{\"a\":1}".as_slice()), "BadRequest"),
        (GET_ROLE, "POST", 500, Some(b"<broken".as_slice()), "InternalFailure"),
        (GET_ITEM, "POST", 400, Some(b"".as_slice()), "BadRequest"),
        (GET_ITEM, "POST", 400, None, "BadRequest"),
    ] {
        let heard = answered(call, method, status, &[], body);
        assert_eq!(code_and_message(&heard), (code, None), "{call:?} {status}");
    }
}

#[test]
fn s3_can_fail_after_it_has_said_200() {
    let copy = ("s3", "CopyObject", Protocol::RestXml);
    let body = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InternalError</Code><Message>m</Message></Error>";
    let heard = answered(copy, "PUT", 200, &[], Some(body));
    assert_eq!(code_and_message(&heard), ("InternalError", Some("m")));
    let body = b"<CopyObjectResult><ETag>e</ETag></CopyObjectResult>";
    let answer = [("x-amz-version-id", "v"), ("x-amz-meta-secret", "s"), ("server", "x")];
    let heard = answered(copy, "PUT", 200, &answer, Some(body));
    let Answer::Success { headers, .. } = &heard.answer else { panic!("{heard:?}") };
    assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-amz-version-id"]);
}

#[test]
fn ids_come_from_headers_or_bodies() {
    let role = b"<GetRoleResponse><GetRoleResult/><ResponseMetadata><RequestId> in-body </RequestId></ResponseMetadata></GetRoleResponse>";
    let errors = b"<Response><Errors/><RequestID>of-ec2</RequestID></Response>";
    let object =
        b"<Error><Code>NoSuchKey</Code><RequestId>17A</RequestId><HostId>host</HostId></Error>";
    for (call, status, answer, body, id, extended) in [
        (GET_ITEM, 200, &[("x-amzn-RequestId", "a-b")][..], &b"{}"[..], Some("a-b"), None),
        (GET_ROLE, 200, &[], role, Some("in-body"), None),
        (VPCS, 400, &[], errors, Some("of-ec2"), None),
        (GET_OBJECT, 404, &[], object, Some("17A"), Some("host")),
        (
            GET_OBJECT,
            200,
            &[("x-amz-request-id", "17B"), ("x-amz-id-2", "h2")],
            b"content",
            Some("17B"),
            Some("h2"),
        ),
        (GET_ITEM, 200, &[("x-amzn-requestid", "two words")], b"{}", None, None),
        (GET_ITEM, 200, &[("x-amz-id-2", "not s3")], b"<RequestId>", None, None),
    ] {
        let heard = answered(call, "GET", status, answer, Some(body));
        assert_eq!((heard.request_id(), heard.extended_request_id()), (id, extended), "{call:?}");
    }
}

/// A call as a client writes it, and what is heard of its parameters.
fn heard_input(call: (&str, &str, Protocol), input: &Value, zip: bool, held: bool) -> Heard {
    let resolved = resolved(call.0, call.1, call.2);
    let sent = encode_request(resolved.call(), call.2, input).unwrap();
    let mut pairs: Vec<_> = sent.headers.iter().map(|(n, v)| (n.as_ref(), v.as_str())).collect();
    let body = if zip { zipped(&sent.body) } else { sent.body.clone() };
    let length = body.len().to_string();
    pairs.push(("content-length", &length));
    if zip {
        pairs.push(("content-encoding", "gzip"));
    }
    let (path, query) = sent.path_and_query.split_once('?').unwrap_or((&sent.path_and_query, ""));
    let headers = headers(&pairs);
    let head = RequestHead { method: sent.method, path, query, headers: &headers };
    hear(&resolved, &head, held.then_some(&body), 200, &HeaderMap::new(), Some(b"{}"))
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

#[test]
fn parameters_are_heard_in_every_protocol_zipped_or_not() {
    let trail = Value::Structure(vec![("Name", text("t"))]);
    let role = Value::Structure(vec![("RoleName", text("r"))]);
    let alarms = Value::Structure(vec![("AlarmNamePrefix", text("p"))]);
    for (call, input) in
        [(("cloudtrail", "GetTrail", Protocol::Json), &trail), (GET_ROLE, &role), (ALARMS, &alarms)]
    {
        for zip in [false, true] {
            let heard = heard_input(call, input, zip, true);
            assert_eq!(heard.input(), Some(input), "{call:?} zipped {zip}");
        }
        assert_eq!(heard_input(call, input, false, false).input(), None, "{call:?} not held");
    }
}

#[test]
fn what_stands_beside_content_is_heard_without_it() {
    let input = Value::Structure(vec![
        ("FunctionName", text("f")),
        ("InvocationType", text("Event")),
        ("Payload", Value::Blob(b"{}".to_vec())),
    ]);
    for held in [true, false] {
        let heard = heard_input(INVOKE, &input, false, held);
        let input = heard.input().expect("parameters");
        assert_eq!(input.get("FunctionName").and_then(Value::as_str), Some("f"));
        assert_eq!(input.get("InvocationType").and_then(Value::as_str), Some("Event"));
    }
}

#[test]
fn answers_are_heard_where_a_record_shows_them() {
    let body = br#"{"Name":"t","TrailARN":"arn"}"#;
    let create = ("cloudtrail", "CreateTrail", Protocol::Json);
    let zip = [("content-encoding", "gzip")];
    for (answer, body) in [(&[][..], body.to_vec()), (&zip[..], zipped(body))] {
        let heard = answered(create, "POST", 200, answer, Some(&body));
        let Answer::Success { output: Some(output), .. } = &heard.answer else { panic!("none") };
        assert_eq!(output.get("TrailARN").and_then(Value::as_str), Some("arn"));
    }
    for (call, body) in [
        (("cloudtrail", "GetTrail", Protocol::Json), Some(body.as_slice())),
        (create, None),
        (create, Some(b"no json".as_slice())),
    ] {
        let heard = answered(call, "POST", 200, &[], body);
        assert!(matches!(heard.answer, Answer::Success { output: None, .. }), "{call:?}");
    }
}

#[test]
fn a_bomb_is_not_unzipped() {
    let bomb = zipped(&vec![b' '; (1 << 20) + 1]);
    let answer = [("content-encoding", "gzip")];
    let heard = answered(GET_ITEM, "POST", 500, &answer, Some(&bomb));
    assert_eq!(code_and_message(&heard), ("InternalFailure", None));
    let broken = answered(GET_ITEM, "POST", 400, &answer, Some(b"\x1f\x8b\x08broken"));
    assert_eq!(code_and_message(&broken), ("BadRequest", None));
}

#[test]
fn what_only_some_servers_read_is_heard() {
    let heard = |body: &str| {
        let resolved = resolved("cloudwatch", "PutMetricAlarm", Protocol::Json);
        let headers = headers(&[("content-length", "1")]);
        let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
        hear(&resolved, &head, Some(body.as_bytes()), 200, &HeaderMap::new(), Some(b"{}")).input
    };
    let input = heard("\u{feff}{\"AlarmName\":\"NaN\",\"Threshold\":NaN}").unwrap();
    assert_eq!(input.get("AlarmName"), Some(&text("NaN")));
    assert!(input.get("Threshold").is_some());
    assert_eq!(heard("{\"AlarmName\":NaN,}"), None);
}
