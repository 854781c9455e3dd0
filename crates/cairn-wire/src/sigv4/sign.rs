//! Signs requests of our own: the command line's client, and tests.

use std::fmt;

use cairn_event::Timestamp;
use http::HeaderMap;

use super::chunked::{Trailer, chunk_text, trailer_lines, trailer_text};
use super::{
    ALGORITHM, EXPIRES_SECONDS_MAX, PayloadClaim, Scope, SigningKey, body, canonical, encode,
    instant, is_s3, presigned,
};
use crate::RequestHead;

/// An access key with its secret, borrowed for signing.
#[derive(Clone, Copy)]
pub struct SigningCredential<'a> {
    /// The access key.
    pub access_key: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// The token of a temporary key.
    pub session_token: Option<&'a str>,
}

impl fmt::Debug for SigningCredential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningCredential")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// A request about to be signed. `headers` must hold `host` and everything else that will be sent
/// and signed.
#[derive(Clone, Copy, Debug)]
pub struct ToSign<'a> {
    /// The method.
    pub method: &'a str,
    /// The path as it will be sent, percent-encoded.
    pub path: &'a str,
    /// The query string as it will be sent, without `?`.
    pub query: &'a str,
    /// The headers as they will be sent. Those that proxies change are left out of the signature.
    pub headers: &'a HeaderMap,
    /// What to say about the body.
    pub payload: PayloadClaim,
    /// The body, where it is at hand; only [`PayloadClaim::Body`] reads it.
    pub body: &'a [u8],
}

/// Signs for one credential, region and service at one time.
#[derive(Clone, Debug)]
pub struct Signer<'a> {
    credential: SigningCredential<'a>,
    scope: Scope,
    time: String,
    key: SigningKey,
}

impl<'a> Signer<'a> {
    /// A signer for requests to `service` (its signing name) in `region`, sent now.
    pub fn new(
        credential: SigningCredential<'a>,
        region: &str,
        service: &str,
        now: Timestamp,
    ) -> Self {
        let time = instant::render_basic(now);
        let scope = Scope {
            date: time.chars().take(8).collect(),
            region: region.to_owned(),
            service: service.to_owned(),
        };
        let key = SigningKey::derive(credential.secret, &scope);
        Self { credential, scope, time, key }
    }

    /// The headers to add to the request: `x-amz-date`, `authorization` and, where it applies,
    /// `x-amz-content-sha256` and `x-amz-security-token`. The last returned part is the signature,
    /// to which the chunks of a signed stream chain.
    pub fn headers(&self, request: &ToSign<'_>) -> (Vec<(&'static str, String)>, [u8; 32]) {
        let mut added = vec![("x-amz-date", self.time.clone())];
        if is_s3(&self.scope.service) || request.payload != PayloadClaim::Body {
            let hash = request.payload.line(Some(body::sha256(request.body)));
            added.push(("x-amz-content-sha256", hash));
        }
        if let Some(token) = self.credential.session_token {
            added.push(("x-amz-security-token", token.to_owned()));
        }
        let mut headers = request.headers.clone();
        for (name, value) in &added {
            if let Ok(value) = http::HeaderValue::from_str(value) {
                headers.insert(*name, value);
            }
        }
        let signed_headers = signable(&headers);
        let signature = self.signature(request, &headers, request.query, &signed_headers);
        let value = format!(
            "{ALGORITHM} Credential={}, SignedHeaders={signed_headers}, Signature={}",
            self.credential_value(),
            encode::hex_string(&signature)
        );
        added.push(("authorization", value));
        (added, signature)
    }

    /// The query string of a presigned URL that is good for `expires_seconds` (at most a week),
    /// with the request's own query before it. S3's URLs do not cover the body.
    pub fn presign(&self, request: &ToSign<'_>, expires_seconds: i64) -> String {
        let signed_headers = signable(request.headers);
        let expires = expires_seconds.clamp(1, EXPIRES_SECONDS_MAX).to_string();
        let credential = self.credential_value();
        let mut query = request.query.to_owned();
        let mut add = |name: &str, value: &str| {
            if !query.is_empty() {
                query.push('&');
            }
            query.push_str(name);
            query.push('=');
            let mut encoded = Vec::new();
            for byte in value.bytes() {
                encode::push_encoded(&mut encoded, byte);
            }
            query.extend(encoded.iter().map(|byte| char::from(*byte)));
        };
        add("X-Amz-Algorithm", ALGORITHM);
        add("X-Amz-Credential", &credential);
        add("X-Amz-Date", &self.time);
        add("X-Amz-Expires", &expires);
        if let Some(token) = self.credential.session_token {
            add("X-Amz-Security-Token", token);
        }
        add("X-Amz-SignedHeaders", &signed_headers);
        let signature = self.signature(request, request.headers, &query, &signed_headers);
        format!("{query}&{}={}", presigned::SIGNATURE, encode::hex_string(&signature))
    }

    /// Frames and signs one chunk of a stream; `previous` starts as the request's signature and is
    /// moved on. An empty chunk ends the stream.
    pub fn chunk(&self, previous: &mut [u8; 32], bytes: &[u8]) -> Vec<u8> {
        let text = chunk_text(&self.middle(), previous, &body::sha256(bytes));
        *previous = self.key.sign(text.as_bytes());
        let mut framed =
            format!("{:x};chunk-signature={}\r\n", bytes.len(), encode::hex_string(previous))
                .into_bytes();
        framed.extend_from_slice(bytes);
        if !bytes.is_empty() {
            framed.extend_from_slice(b"\r\n");
        }
        framed
    }

    /// What follows the empty chunk: the trailers with their signature, and the last line end.
    pub fn trailer(&self, previous: &[u8; 32], trailers: &[Trailer]) -> Vec<u8> {
        let lines = trailer_lines(trailers, "\r\n");
        let signature =
            self.key.sign_hex(trailer_text(&self.middle(), previous, trailers).as_bytes());
        format!("{lines}x-amz-trailer-signature:{signature}\r\n\r\n").into_bytes()
    }

    fn middle(&self) -> String {
        format!("{}\n{}\n", self.time, self.scope.line())
    }

    fn credential_value(&self) -> String {
        format!("{}/{}", self.credential.access_key, self.scope.line())
    }

    fn signature(
        &self,
        request: &ToSign<'_>,
        headers: &HeaderMap,
        query: &str,
        signed_headers: &str,
    ) -> [u8; 32] {
        let head = RequestHead { method: request.method, path: request.path, query, headers };
        let payload = request.payload.line(Some(body::sha256(request.body)));
        // Every signed header was taken from `headers`, so none can be missing.
        let canonical = canonical::request(&head, &self.scope.service, signed_headers, &payload)
            .unwrap_or_default();
        let text = canonical::string_to_sign(&self.time, &self.scope.line(), &canonical);
        self.key.sign(text.as_bytes())
    }
}

/// The names of the headers to sign: all but those that a proxy may rewrite.
fn signable(headers: &HeaderMap) -> String {
    const REWRITTEN: [&str; 9] = [
        "accept-encoding",
        "authorization",
        "connection",
        "expect",
        "te",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    ];
    let mut names: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
    names.retain(|name| !REWRITTEN.contains(name));
    names.sort_unstable();
    names.join(";")
}
