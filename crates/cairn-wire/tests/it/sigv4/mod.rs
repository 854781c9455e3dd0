//! Signatures: those of botocore and of AWS's own examples hold, and nothing else does.

mod answers;
mod chunks;
mod examples;
mod forgeries;
mod hostile;
mod signer;
mod vectors;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_event::Timestamp;
use cairn_wire::RequestHead;
use cairn_wire::sigv4::{
    Claim, Expectation, PayloadClaim, SignatureError, SigningKey, Verified, check_token, read,
    sha256, verify,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

/// The keys that `vectors.py` signs with.
pub const SECRETS: [(&str, &str, Option<&str>); 2] = [
    ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None),
    (
        "ASIAY34FZKBOKMUTVV7A",
        "s+cr/et00000000000000000000000000000000",
        Some("IQoJb3JpZ2luX2VjEXAMPLE//////////+token/with+odd=="),
    ),
];

/// One request as it came over the wire.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    pub name: String,
    pub kind: String,
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub service: String,
    pub region: String,
    pub cred: usize,
    pub time: i64,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub decoded: String,
    #[serde(default)]
    pub trailers: Vec<(String, String)>,
}

impl Request {
    pub fn body(&self) -> Vec<u8> {
        STANDARD.decode(&self.body).unwrap()
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.time)
    }

    pub fn header_map(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        map
    }

    pub fn header_mut(&mut self, name: &str) -> &mut String {
        &mut self.headers.iter_mut().find(|header| header.0 == name).unwrap().1
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|header| header.0 == name)
    }

    /// True when the header is among the signed ones.
    pub fn signs(&self, name: &str) -> bool {
        let headers = self.header_map();
        let (method, path, query) = (&self.method, &self.path, &self.query);
        let claim = read(&RequestHead { method, path, query, headers: &headers });
        claim.unwrap().unwrap().signed_headers.split(';').any(|signed| signed == name)
    }

    /// Everything the gateway does with a signature, the body included unless it is chunked.
    pub fn check(&self) -> Result<(Claim, Verified), SignatureError> {
        self.check_at(self.now(), &self.body())
    }

    pub fn check_at(
        &self,
        now: Timestamp,
        body: &[u8],
    ) -> Result<(Claim, Verified), SignatureError> {
        let headers = self.header_map();
        let head = RequestHead {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
        };
        let claim = read(&head)?.ok_or(SignatureError::Missing)?;
        let (key, secret, token) = SECRETS[self.cred];
        if claim.access_key != key {
            return Err(SignatureError::UnknownAccessKey { access_key: claim.access_key });
        }
        let hashed = matches!(claim.payload, PayloadClaim::Hash(_) | PayloadClaim::Body);
        let expected = Expectation {
            region: Some(&self.region),
            service: Some(&self.service),
            body: hashed.then(|| sha256(body)),
        };
        let key = SigningKey::derive(secret, &claim.scope);
        let verified = verify(&claim, &head, &key, now, &expected)?;
        check_token(claim.session_token.as_deref(), token)?;
        Ok((claim, verified))
    }
}

/// What botocore signed.
pub fn vectors() -> Vec<Request> {
    include_str!("vectors.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
