//! `tests/recorder/*.json`: one call each, with the fields that its record must have.
//!
//! A field is compared as text, so the order of keys counts. `null` in `record` means that the
//! field is null, a name in `absent` that it is not there at all.

use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use cairn_event::{AccountId, Region, Timestamp, json};
use cairn_iam::{AccessKeyId, Issuer, Principal, Role, SessionFacts, User};
use cairn_wire::RequestHead;
use cairn_wire::model::{self, Protocol, Shape};
use cairn_wire::value::Value;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::typed::typed;
use crate::recorder::text::push_compact;
use crate::recorder::{
    Call, CallCredential, Notes, Outcome, S3Names, SessionTokens, SignatureFacts, SignatureVersion,
    Target, TlsDetails, record,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// What the case shows, for readers.
    #[allow(dead_code)]
    about: String,
    service: String,
    operation: String,
    params: Option<Json>,
    output: Option<Json>,
    error: Option<Failure>,
    #[serde(default = "user")]
    caller: String,
    invoked_by: Option<String>,
    #[serde(default)]
    http: Http,
    tls: Option<[String; 3]>,
    #[serde(default)]
    unmodelled: bool,
    record: Box<RawValue>,
    #[serde(default)]
    absent: Vec<String>,
}

fn user() -> String {
    "user".to_owned()
}

#[derive(Deserialize)]
struct Failure {
    code: String,
    message: Option<String>,
    status: u16,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Http {
    method: Option<String>,
    path: Option<String>,
    query: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    answer: Vec<(String, String)>,
    bucket: Option<String>,
    key: Option<String>,
    owner: Option<String>,
    presigned: bool,
    bytes: [u64; 2],
}

fn headers(pairs: &[(String, String)]) -> HeaderMap {
    let pair = |(name, value): &(String, String)| {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

fn account() -> AccountId {
    AccountId::parse("111122223333").unwrap()
}

fn principal(kind: &str) -> Principal {
    let user = User {
        account: account(),
        path: "/".into(),
        name: "mary".into(),
        id: "AIDAEXAMPLEMARY".into(),
    };
    match kind {
        "user" => Principal::User(user),
        "root" => Principal::Root { account: account() },
        "role" => Principal::AssumedRole {
            role: Role {
                account: account(),
                path: "/ops/".into(),
                name: "deploy".into(),
                id: "AROAEXAMPLEROLE".into(),
            },
            session_name: "ci".into(),
        },
        "federated" => Principal::FederatedUser { name: "bob".into(), issuer: Issuer::User(user) },
        "anonymous" => Principal::Anonymous,
        other => panic!("no caller {other}"),
    }
}

/// One side of a case as the typed tree; an operation without that side takes `{}`.
fn tree(json: Option<&Json>, shape: Option<Shape<'static>>) -> Option<Value> {
    let json = json?;
    let is_empty = json.as_object().is_some_and(serde_json::Map::is_empty);
    assert!(shape.is_some() || is_empty, "the operation has no such side");
    shape.map(|shape| typed(json, shape))
}

fn outcome<'a>(case: &'a Case, output: Option<&'a Value>, headers: &'a HeaderMap) -> Outcome<'a> {
    match &case.error {
        Some(error) => Outcome::Failure {
            code: &error.code,
            message: error.message.as_deref(),
            status: error.status,
        },
        None => Outcome::Success { output, status: 200, headers },
    }
}

fn target(case: &Case) -> Target<'_> {
    if case.unmodelled {
        return Target::Unmodelled { service: &case.service, name: &case.operation };
    }
    let service = model::service(&case.service).expect("a service of the model");
    Target::Modelled(service.find_operation(&case.operation).expect("an operation of the model"))
}

pub(super) fn render(case: &Case) -> String {
    let http = &case.http;
    let (principal, account) = (principal(&case.caller), account());
    let region = Region::parse("eu-central-1").unwrap();
    let owner = http.owner.as_deref().map(|owner| AccountId::parse(owner).unwrap());
    let key = AccessKeyId::parse("AKIAIOSFODNN7EXAMPLE").unwrap();
    let session = SessionFacts {
        created: Timestamp::parse_iso("2026-11-25T16:00:00Z").unwrap(),
        mfa_authenticated: false,
        source_identity: None,
    };
    let (sent, answered) = (headers(&http.headers), headers(&http.answer));
    let target = target(case);
    let (input_shape, output_shape) = match target {
        Target::Modelled(operation) => (operation.input(), operation.output()),
        Target::Unmodelled { .. } => (None, None),
    };
    let input = tree(case.params.as_ref(), input_shape);
    let output = tree(case.output.as_ref(), output_shape);
    let is_signed = case.caller != "anonymous";
    let is_named = http.bucket.is_some() || http.key.is_some();
    let is_old = http.query.starts_with("AWSAccessKeyId=");
    let version = if is_old { SignatureVersion::V2 } else { SignatureVersion::V4 };
    let call = Call {
        target,
        protocol: Protocol::Json,
        head: RequestHead {
            method: http.method.as_deref().unwrap_or("POST"),
            path: http.path.as_deref().unwrap_or("/"),
            query: &http.query,
            headers: &sent,
        },
        input: input.as_ref(),
        body: http.body.as_deref().map(str::as_bytes),
        outcome: outcome(case, output.as_ref(), &answered),
        principal: &principal,
        credential: is_signed.then_some(CallCredential {
            access_key: &key,
            session: matches!(case.caller.as_str(), "role" | "federated").then_some(&session),
            invoked_by: case.invoked_by.as_deref(),
        }),
        account: &account,
        region: &region,
        source_ip: IpAddr::from([192, 0, 2, 7]),
        tls: case.tls.as_ref().map(|[version, cipher_suite, group]| TlsDetails {
            version,
            cipher_suite,
            key_exchange: Some(group),
        }),
        request_id: "REQUEST-ID",
        extended_request_id: (case.service == "s3").then_some("EXTENDED-ID"),
        started: Timestamp::from_ms(1_795_626_000_100),
        finished: Timestamp::from_ms(1_795_626_000_350),
        bytes_in: http.bytes[0],
        bytes_out: http.bytes[1],
        signature: is_signed.then_some(SignatureFacts { version, in_query: http.presigned }),
        s3: is_named.then_some(S3Names {
            bucket: http.bucket.as_deref(),
            key: http.key.as_deref(),
            owner: owner.as_ref(),
        }),
        notes: Notes::default(),
        session_tokens: SessionTokens::default(),
    };
    let id = Uuid::parse_str("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee").unwrap();
    String::from_utf8(record(&call, id)).unwrap()
}

/// What is wrong with the record of a case.
fn complaints(case: &Case) -> Vec<String> {
    let text = render(case);
    let mut found = Vec::new();
    if cairn_event::RecordHead::parse(text.as_bytes()).is_err() {
        found.push(format!("no record: {text}"));
    }
    for (key, value) in json::members(case.record.get()) {
        let mut expected = Vec::new();
        assert!(push_compact(&mut expected, value));
        let expected = String::from_utf8(expected).unwrap();
        let actual = json::member(&text, key).unwrap_or("absent");
        if actual != expected {
            found.push(format!("{key}\n    expected {expected}\n    found    {actual}"));
        }
    }
    for key in &case.absent {
        if let Some(actual) = json::member(&text, key) {
            found.push(format!("{key} is there: {actual}"));
        }
    }
    found
}

#[test]
fn every_case_gives_its_record() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorder");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut report = String::new();
    let mut count = 0;
    for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "json")) {
        let text = fs::read_to_string(path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy();
        let case: Case = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        count += 1;
        for complaint in complaints(&case) {
            writeln!(report, "{name}: {complaint}").unwrap();
        }
    }
    assert!(count >= 60, "{count} cases");
    assert!(report.is_empty(), "\n{report}");
}
