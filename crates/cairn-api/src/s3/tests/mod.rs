//! S3 through requests, in process. One client, which reads as a list of calls and what they must
//! give.

mod bucket_keys;
mod bucket_settings;
mod buckets;
mod encryption;
mod faults;
mod intake;
mod listings;
mod members;
mod objects;
mod queries;
mod races;
mod settings;
mod tags;
mod trails;
mod uploads;

use bytes::Bytes;
use cairn_wire::RequestHead;
use cairn_wire::model::Operation;
use cairn_wire::resolve::{BaseDomains, Resolution, resolve};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};

use super::{S3, S3Facts};
use crate::testing::World;

/// The account of most calls.
const ACCOUNT: &str = "111122223333";
/// Another one.
const STRANGER: &str = "444455556666";

/// Who calls, and from which region.
struct Client<'w> {
    world: &'w World,
    s3: S3,
    account: &'static str,
    region: &'static str,
}

/// An answer, read to its end.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    facts: S3Facts,
}

impl<'w> Client<'w> {
    fn new(world: &'w World) -> Self {
        Self { world, s3: S3::new(), account: ACCOUNT, region: "us-east-1" }
    }

    /// A client with a bucket named `bkt`.
    async fn with_bucket(world: &'w World) -> Self {
        let client = Self::new(world);
        client.call("PUT /bkt", "", "").await.is(200);
        client
    }

    fn from(&self, account: &'static str, region: &'static str) -> Self {
        Self { world: self.world, s3: self.s3.clone(), account, region }
    }

    /// One call: `PUT /bucket/key`, headers as lines, a body.
    async fn call(&self, line: &str, headers: &str, body: impl Into<Bytes>) -> Reply {
        self.call_with(line, headers, Full::new(body.into())).await
    }

    async fn call_with<B>(&self, line: &str, headers: &str, body: B) -> Reply
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<super::BoxError>,
    {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request =
            Request::builder().method(method).uri(path).header("host", "localhost:4580");
        request = match body.size_hint().exact() {
            Some(bytes) => request.header("content-length", bytes),
            None => request.header("transfer-encoding", "chunked"),
        };
        for header in headers.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let request = request.body(body).unwrap();
        let ctx = self.world.ctx(self.account, self.region);
        let answer = self.s3.call(&ctx, resolved(&request), "HOST-ID", request).await;
        let (parts, body) = answer.response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let (status, headers, facts) = (parts.status.as_u16(), parts.headers, answer.facts);
        assert_eq!(headers["x-amz-id-2"], "HOST-ID");
        assert_eq!(headers["x-amz-request-id"], ctx.request_id);
        assert!(
            status == 304 || status < 300 || facts.error.is_some(),
            "{line}: no error is noted"
        );
        Reply { status, headers, body, facts }
    }

    /// Calls that must succeed or fail so: `line`, headers, body, `status` and the error's code.
    async fn cases(&self, cases: &[(&str, &str, &str, u16, &str)]) {
        for (line, headers, body, status, code) in cases {
            let reply = self.call(line, headers, (*body).to_owned()).await;
            let found = reply.facts.error.as_ref().map_or("", |error| &error.code);
            assert_eq!(
                (reply.status, found),
                (*status, *code),
                "{line} {headers} {body}: {reply:?}"
            );
            if !code.is_empty() && !line.starts_with("HEAD") && *status != 304 {
                assert_eq!(reply.all("Code"), [*code], "{line}");
            }
        }
    }
}

/// The operation that a request calls, as the gateway finds it.
fn resolved<B>(request: &Request<B>) -> Operation<'static> {
    let scope = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261125/us-east-1/s3/aws4_request, \
                 SignedHeaders=host, Signature=00";
    let mut headers = request.headers().clone();
    headers.insert("authorization", scope.parse().unwrap());
    let uri = request.uri();
    let head = RequestHead {
        method: request.method().as_str(),
        path: uri.path(),
        query: uri.query().unwrap_or_default(),
        headers: &headers,
    };
    match resolve(&head, None, &BaseDomains::default()) {
        Ok(Resolution::Call(resolved)) => resolved.call(),
        other => panic!("{} {uri} is no call of S3: {other:?}", request.method()),
    }
}

impl Reply {
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    fn fails(self, code: &str) -> Self {
        assert_eq!(
            self.facts.error.as_ref().map(|error| error.code.as_str()),
            Some(code),
            "{self:?}"
        );
        self
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The texts of all elements of this name.
    fn all(&self, name: &str) -> Vec<&str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        self.text().split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap()).collect()
    }

    /// The text of the one element of this name.
    fn one(&self, name: &str) -> &str {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "<{name}> in {}", self.text());
        all[0]
    }
}
