//! The calls: built and signed before the clock starts, so that the client costs little.

use anyhow::Context as _;
use bytes::Bytes;
use cairn_event::Timestamp;
use cairn_wire::sigv4::{PayloadClaim, Signer, SigningCredential, ToSign};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::Full;

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// STS `GetCallerIdentity`.
    Sts,
    /// S3 `PutObject`, 1 KB, a key of its own each.
    Put,
    /// S3 `GetObject` of `bench/small`, which somebody else serves.
    Small,
    /// S3 `GetObject` of `bench/large`, which somebody else serves.
    Large,
    /// CloudTrail `LookupEvents` by one attribute, from the file of values.
    Lookup,
}

/// One line of the file of values: the region, the attribute's key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    region: String,
    key: String,
    wanted: String,
}

impl Value {
    pub(crate) fn parse(line: &str) -> anyhow::Result<Self> {
        let mut parts = line.splitn(3, '\t').map(str::to_owned);
        let mut next = || parts.next().with_context(|| format!("{line:?} has fewer than 3 parts"));
        Ok(Self { region: next()?, key: next()?, wanted: next()? })
    }
}

/// Who calls, and where.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) authority: String,
    pub(crate) key: String,
    pub(crate) secret: String,
    pub(crate) now: Timestamp,
}

/// The size of an object, in bytes.
const OBJECT_BYTES: usize = 1_024;
/// Signatures name it; Cairn's own default.
const REGION: &str = "us-east-1";

struct Draft {
    service: &'static str,
    region: String,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Caller {
    /// The `number`th call of a kind.
    pub(crate) fn request(
        &self,
        kind: Kind,
        number: usize,
        values: &[Value],
    ) -> anyhow::Result<Request<Full<Bytes>>> {
        let draft = match kind {
            Kind::Sts => Draft {
                service: "sts",
                region: REGION.to_owned(),
                method: Method::POST,
                path: "/".to_owned(),
                headers: vec![(
                    "content-type",
                    "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
                )],
                body: Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15"),
            },
            Kind::Put => Draft {
                service: "s3",
                region: REGION.to_owned(),
                method: Method::PUT,
                path: format!("/bench/{number:08}"),
                headers: vec![("content-type", "application/octet-stream".to_owned())],
                body: Bytes::from(vec![b'x'; OBJECT_BYTES]),
            },
            Kind::Small => get("/bench/small"),
            Kind::Large => get("/bench/large"),
            Kind::Lookup => lookup(values.get(number % values.len().max(1)))?,
        };
        self.signed(draft)
    }

    fn signed(&self, draft: Draft) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(&self.authority)?);
        headers.insert("user-agent", HeaderValue::from_static("cairn-bench"));
        for (name, value) in &draft.headers {
            headers.insert(*name, HeaderValue::from_str(value)?);
        }
        let credential =
            SigningCredential { access_key: &self.key, secret: &self.secret, session_token: None };
        let signer = Signer::new(credential, &draft.region, draft.service, self.now);
        let to_sign = ToSign {
            method: draft.method.as_str(),
            path: &draft.path,
            query: "",
            headers: &headers,
            payload: PayloadClaim::Body,
            body: &draft.body,
        };
        for (name, value) in signer.headers(&to_sign).0 {
            headers.insert(name, HeaderValue::from_str(&value)?);
        }
        let mut request = Request::new(Full::new(draft.body));
        *request.method_mut() = draft.method;
        *request.uri_mut() = draft.path.parse()?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

fn get(path: &str) -> Draft {
    Draft {
        service: "s3",
        region: REGION.to_owned(),
        method: Method::GET,
        path: path.to_owned(),
        headers: Vec::new(),
        body: Bytes::new(),
    }
}

fn lookup(value: Option<&Value>) -> anyhow::Result<Draft> {
    let value = value.context("lookups need a file of values")?;
    let body = serde_json::json!({
        "LookupAttributes": [{"AttributeKey": value.key, "AttributeValue": value.wanted}],
    });
    let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
    Ok(Draft {
        service: "cloudtrail",
        region: value.region.clone(),
        method: Method::POST,
        path: "/".to_owned(),
        headers: vec![
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", target.to_owned()),
        ],
        body: Bytes::from(body.to_string()),
    })
}
