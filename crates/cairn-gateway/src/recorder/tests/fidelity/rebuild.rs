//! A published record, its call rebuilt, and the record that we write of it.

use std::net::IpAddr;

use cairn_event::{AccountId, Region, Timestamp};
use cairn_iam::{Principal, User};
use cairn_wire::RequestHead;
use cairn_wire::model::{Operation, Protocol, Service, Shape};
use cairn_wire::value::Value;
use http::HeaderMap;
use serde_json::Value as Json;
use uuid::Uuid;

use super::invert::{self, s3};
use crate::recorder::services::{self, Family, ServiceFacts};
use crate::recorder::{
    Call, CallCredential, Notes, Outcome, S3Names, SessionTokens, SignatureFacts, SignatureVersion,
    Target, TlsDetails, record,
};

/// The record that we write of the call that `real` is about, if it was one to `operation`.
pub(super) fn rebuilt(operation: Operation<'static>, real: &Json) -> Json {
    let text = |path: &str| real.pointer(path).and_then(Json::as_str);
    let account = text("/recipientAccountId").and_then(|id| AccountId::parse(id).ok());
    let account = account.unwrap_or_else(|| AccountId::parse("111122223333").unwrap());
    let region = text("/awsRegion").and_then(|region| Region::parse(region).ok());
    let region = region.unwrap_or_else(|| Region::parse("us-east-1").unwrap());
    let facts = services::facts(operation.service().id());
    let is_s3 = facts.family == Family::S3;
    let parameters = &real["requestParameters"];
    let sent = if is_s3 { s3::sent(operation, parameters) } else { s3::Sent::default() };
    let mut headers = sent.headers;
    if let Some(agent) =
        text("/userAgent").and_then(|agent| agent.trim_matches(['[', ']']).parse().ok())
    {
        headers.insert(http::header::USER_AGENT, agent);
    }
    let input = if is_s3 { None } else { invert::input(operation, parameters) };
    let output =
        invert::output(operation, &real["responseElements"]).or_else(|| used(operation, real));
    let answered = answered(&real["responseElements"], facts);
    let wire = text("/errorCode").map(|code| wire_code(code, operation));
    let message = text("/errorMessage")
        .or_else(|| text("/responseElements/message"))
        .or_else(|| text("/responseElements/Message"));
    let outcome = match &wire {
        Some(code) => Outcome::Failure { code, message, status: status(real) },
        None => Outcome::Success { output: output.as_ref(), status: 200, headers: &answered },
    };
    let principal = Principal::User(User {
        account: account.clone(),
        path: "/".into(),
        name: "mary".into(),
        id: "AIDAEXAMPLEMARY".into(),
    });
    let key = cairn_iam::AccessKeyId::parse("AKIAIOSFODNN7EXAMPLE").unwrap();
    let cipher = text("/additionalEventData/CipherSuite");
    let call = Call {
        target: Target::Modelled(operation),
        protocol: Protocol::Json,
        head: RequestHead { method: "POST", path: "/", query: &sent.query, headers: &headers },
        input: input.as_ref(),
        body: sent.body.as_deref(),
        outcome,
        principal: &principal,
        credential: Some(CallCredential { access_key: &key, session: None, invoked_by: None }),
        account: &account,
        region: &region,
        source_ip: IpAddr::from([192, 0, 2, 7]),
        tls: cipher.map(|cipher_suite| TlsDetails {
            version: "TLSv1.3",
            cipher_suite,
            key_exchange: None,
        }),
        request_id: text("/requestID").unwrap_or("REQUEST-ID"),
        extended_request_id: is_s3.then_some("EXTENDED-ID"),
        started: Timestamp::from_ms(1_795_626_000_100),
        finished: Timestamp::from_ms(1_795_626_000_350),
        bytes_in: 0,
        bytes_out: 0,
        signature: signature(real),
        s3: is_s3.then_some(S3Names {
            bucket: sent.bucket.as_deref(),
            key: sent.key.as_deref(),
            owner: None,
        }),
        notes: Notes::default(),
        session_tokens: SessionTokens::Shown,
    };
    serde_json::from_slice(&record(&call, Uuid::nil())).expect("a record is JSON")
}

/// `requestParameters` of a call that went well.
pub(super) fn request(operation: Operation<'static>, input: &Value) -> Json {
    let account = AccountId::parse("111122223333").unwrap();
    let region = Region::parse("us-east-1").unwrap();
    let (principal, headers) = (Principal::Root { account: account.clone() }, HeaderMap::new());
    let at = Timestamp::from_ms(0);
    let call = Call {
        target: Target::Modelled(operation),
        protocol: Protocol::Json,
        head: RequestHead { method: "POST", path: "/", query: "", headers: &headers },
        input: Some(input),
        body: None,
        outcome: Outcome::Success { output: None, status: 200, headers: &headers },
        principal: &principal,
        credential: None,
        account: &account,
        region: &region,
        source_ip: IpAddr::from([192, 0, 2, 7]),
        tls: None,
        request_id: "REQUEST-ID",
        extended_request_id: None,
        started: at,
        finished: at,
        bytes_in: 0,
        bytes_out: 0,
        signature: None,
        s3: None,
        notes: Notes::default(),
        session_tokens: SessionTokens::Shown,
    };
    let record: Json = serde_json::from_slice(&record(&call, Uuid::nil())).expect("JSON");
    record["requestParameters"].clone()
}

/// How the call was signed, as S3 says it.
fn signature(real: &Json) -> Option<SignatureFacts> {
    let data = &real["additionalEventData"];
    let version = data["SignatureVersion"].as_str()?;
    Some(SignatureFacts {
        version: if version == "SigV2" { SignatureVersion::V2 } else { SignatureVersion::V4 },
        in_query: data["AuthenticationMethod"] == "QueryString",
    })
}

/// The answer of a reading call, as far as the record's resources tell it: the keys that served, or
/// the organization.
fn used(operation: Operation<'static>, real: &Json) -> Option<Value> {
    let resources = real["resources"].as_array()?;
    let arn = |entry: Option<&Json>| {
        Some(Value::String(entry?.get("ARN").and_then(Json::as_str)?.to_owned()))
    };
    let (first, last) = (arn(resources.first())?, arn(resources.last())?);
    let has_key = operation.output().is_some_and(|shape| shape.member("KeyId").is_some());
    let told = match (operation.service().id(), operation.name()) {
        ("kms", "ReEncrypt") => vec![("SourceKeyId", first), ("KeyId", last)],
        ("kms", _) if has_key => vec![("KeyId", first)],
        ("organizations", "DescribeOrganization") => {
            vec![("Organization", Value::Structure(vec![("Arn", first)]))]
        }
        _ => return None,
    };
    Some(Value::Structure(told))
}

/// The headers that an answer must have had: those of S3, and the one that others show.
fn answered(elements: &Json, facts: &ServiceFacts) -> HeaderMap {
    let is_header = |name: &str| {
        facts.family == Family::S3
            || (facts.exposes_headers && name == "Access-Control-Expose-Headers")
    };
    let pairs = elements.as_object().into_iter().flatten();
    let pairs = pairs.filter(|(name, _)| is_header(name)).filter_map(|(name, value)| {
        let name = http::HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, value.as_str()?.parse().ok()?))
    });
    pairs.collect()
}

fn status(real: &Json) -> u16 {
    let is_server = real["errorCode"].as_str().is_some_and(|code| code.starts_with("Server."));
    if is_server { 500 } else { 400 }
}

/// The code as it went over the wire, where the model has the error under another name.
fn wire_code(code: &str, operation: Operation<'static>) -> String {
    let bare = code.strip_prefix("Client.").or_else(|| code.strip_prefix("Server."));
    let bare = bare.filter(|_| operation.service().id() == "ec2").unwrap_or(code);
    let named = |shape: &Shape<'static>| shape.error_name() == Some(bare);
    let of_service = || {
        let mut operations = Service::operations(operation.service());
        operations.find_map(|other| other.errors().find(named))
    };
    let shape = operation.errors().find(named).or_else(of_service);
    shape.and_then(Shape::error_code).unwrap_or(bare).to_owned()
}

/// Whether a record's field is there and says something.
pub(super) fn says(record: &Json, field: &str) -> bool {
    record.get(field).is_some_and(|value| !value.is_null())
}
