//! What a request claims about who signed it, read without believing any of it.

use cairn_event::Timestamp;
use http::HeaderMap;

use super::{ALGORITHM, SignatureError, TERMINATOR, encode, instant, is_s3, presigned};
use crate::RequestHead;

/// Headers that decide who is calling, and what they signed. Two of a kind would let two readers
/// see two requests.
const ONCE: [&str; 7] = [
    "authorization",
    "host",
    "x-amz-date",
    "date",
    "x-amz-content-sha256",
    "x-amz-security-token",
    "x-amz-decoded-content-length",
];

/// Where and when a signing key is good.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The day, `20130524`.
    pub date: String,
    /// The region, as the caller wrote it.
    pub region: String,
    /// The signing name of the service, as the caller wrote it.
    pub service: String,
}

impl Scope {
    /// The scope as signatures and credentials write it: `20130524/us-east-1/s3/aws4_request`.
    pub fn line(&self) -> String {
        format!("{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }
}

/// What the signature says about the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadClaim {
    /// It has this SHA-256, stated in `x-amz-content-sha256`.
    Hash([u8; 32]),
    /// It is not covered.
    Unsigned,
    /// It is in aws-chunked framing.
    Chunked {
        /// Every chunk carries a signature.
        signed: bool,
        /// A trailer follows the last chunk.
        trailer: bool,
    },
    /// It is covered, but its hash is not stated: it has to be read before the signature can be
    /// checked.
    Body,
}

impl PayloadClaim {
    /// The last line of the canonical request; `body` is the hash of the body, if there is one.
    pub(super) fn line(self, body: Option<[u8; 32]>) -> String {
        match self {
            Self::Hash(hash) => encode::hex_string(&hash),
            Self::Unsigned => "UNSIGNED-PAYLOAD".to_owned(),
            Self::Chunked { signed: true, trailer: false } => {
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD".to_owned()
            }
            Self::Chunked { signed: true, trailer: true } => {
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER".to_owned()
            }
            Self::Chunked { signed: false, .. } => "STREAMING-UNSIGNED-PAYLOAD-TRAILER".to_owned(),
            Self::Body => encode::hex_string(&body.unwrap_or(super::EMPTY_SHA256)),
        }
    }

    pub(crate) fn parse(value: &str) -> Result<Self, SignatureError> {
        match value {
            "UNSIGNED-PAYLOAD" => Ok(Self::Unsigned),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => {
                Ok(Self::Chunked { signed: true, trailer: false })
            }
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => {
                Ok(Self::Chunked { signed: true, trailer: true })
            }
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => {
                Ok(Self::Chunked { signed: false, trailer: true })
            }
            _ if value.starts_with("STREAMING-AWS4-") => {
                Err(SignatureError::StreamingUnsupported { value: value.to_owned() })
            }
            _ => encode::unhex(value.as_bytes())
                .map(Self::Hash)
                .ok_or_else(|| SignatureError::ContentHashMalformed { value: value.to_owned() }),
        }
    }
}

/// A signature as the request presents it. Nothing in it is true before [`super::verify`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The access key it says it was signed with.
    pub access_key: String,
    /// The day, region and service it says it was signed for.
    pub scope: Scope,
    /// The last word of the scope; only [`TERMINATOR`] will do.
    pub terminator: String,
    /// Names of the signed headers, lower case, sorted, separated by `;`.
    pub signed_headers: String,
    /// The signature.
    pub signature: [u8; 32],
    /// When it was signed, by the caller's clock.
    pub time: Timestamp,
    /// How many seconds a presigned URL is good; `None` for a signature in headers.
    pub expires_seconds: Option<i64>,
    /// The token of temporary credentials.
    pub session_token: Option<String>,
    /// What it says about the body.
    pub payload: PayloadClaim,
    /// The signature came in the query string.
    pub presigned: bool,
}

/// Reads the signature of a request. `None` means that there is none: an anonymous call.
///
/// Headers that came twice, two mechanisms at once, Signature Version 2 and 4A are refused here: S3
/// takes the second version, which [`crate::sigv2`] reads.
pub fn read(head: &RequestHead<'_>) -> Result<Option<Claim>, SignatureError> {
    if let Some(name) = repeated(head.headers) {
        return Err(SignatureError::RepeatedHeader { name });
    }
    let in_query = presigned::find(head.query);
    let Some(value) = head.headers.get("authorization") else {
        return in_query?.map(|found| presigned::read(head, &found)).transpose();
    };
    match in_query {
        Ok(None) => {}
        Ok(Some(_)) | Err(SignatureError::SignatureV2) => {
            return Err(SignatureError::SeveralMechanisms);
        }
        Err(error) => return Err(error),
    }
    let header = value.to_str().map_err(|_| SignatureError::MalformedAuthorization {
        part: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    })?;
    read_header(head, header).map(Some)
}

/// The first of [`ONCE`] that came twice. Nearly no request has any header twice, which its counts
/// tell at once.
fn repeated(headers: &HeaderMap) -> Option<&'static str> {
    if headers.len() == headers.keys_len() {
        return None;
    }
    ONCE.into_iter().find(|name| headers.get_all(*name).iter().nth(1).is_some())
}

fn read_header(head: &RequestHead<'_>, header: &str) -> Result<Claim, SignatureError> {
    let header = header.trim();
    let (algorithm, parts) = header.split_once(' ').unwrap_or((header, ""));
    check_algorithm(algorithm)?;
    let parts = Parts::parse(header, parts)?;
    let date = head.header("x-amz-date").or_else(|| head.header("date"));
    let (Some(credential), Some(signed_headers), Some(signature), Some(date)) =
        (parts.credential, parts.signed_headers, parts.signature, date)
    else {
        return Err(parts.missing(header, date.is_none()));
    };
    let time = instant::parse_date_header(date)
        .ok_or_else(|| SignatureError::MalformedDate { date: date.to_owned(), presigned: false })?;
    let (access_key, scope, terminator) = split_credential(credential, false)?;
    let payload = match head.header("x-amz-content-sha256") {
        Some(value) => PayloadClaim::parse(value)?,
        None if head.headers.contains_key("x-amz-content-sha256") => {
            return Err(SignatureError::ContentHashMalformed { value: String::new() });
        }
        None if is_s3(&scope.service) => return Err(SignatureError::ContentHashMissing),
        None => PayloadClaim::Body,
    };
    Ok(Claim {
        access_key,
        scope,
        terminator,
        signed_headers: check_signed_headers(signed_headers, false)?,
        signature: encode::unhex(signature.as_bytes()).ok_or(SignatureError::MalformedSignature)?,
        time,
        expires_seconds: None,
        session_token: read_token(head)?,
        payload,
        presigned: false,
    })
}

/// The session token in the headers; one that is no text can be nobody's.
pub(crate) fn read_token(head: &RequestHead<'_>) -> Result<Option<String>, SignatureError> {
    head.headers
        .get("x-amz-security-token")
        .map(|value| value.to_str().map(str::to_owned).map_err(|_| SignatureError::InvalidToken))
        .transpose()
}

fn check_algorithm(algorithm: &str) -> Result<(), SignatureError> {
    match algorithm {
        ALGORITHM => Ok(()),
        "AWS" => Err(SignatureError::SignatureV2),
        "AWS4-ECDSA-P256-SHA256" => Err(SignatureError::SignatureV4a),
        _ if algorithm.starts_with("AWS4-") => Err(SignatureError::UnknownAlgorithm {
            algorithm: algorithm.to_owned(),
            presigned: false,
        }),
        _ => Err(SignatureError::UnsupportedScheme),
    }
}

/// The three parts of an `Authorization` header.
#[derive(Default)]
struct Parts<'a> {
    credential: Option<&'a str>,
    signed_headers: Option<&'a str>,
    signature: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn parse(header: &str, text: &'a str) -> Result<Self, SignatureError> {
        let mut parts = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let malformed = || SignatureError::MalformedAuthorization { part: part.to_owned() };
            let (name, value) = part.split_once('=').ok_or_else(malformed)?;
            let place = match name {
                "Credential" => &mut parts.credential,
                "SignedHeaders" => &mut parts.signed_headers,
                "Signature" => &mut parts.signature,
                // Not AWS's; another reader may find a second credential in it.
                _ => return Err(malformed()),
            };
            if place.replace(value).is_some() {
                return Err(SignatureError::MalformedAuthorization { part: header.to_owned() });
            }
        }
        Ok(parts)
    }

    fn missing(&self, header: &str, no_date: bool) -> SignatureError {
        let parts = [
            ("Credential", self.credential),
            ("Signature", self.signature),
            ("SignedHeaders", self.signed_headers),
        ];
        SignatureError::IncompleteAuthorization {
            parts: parts.iter().filter(|part| part.1.is_none()).map(|part| part.0).collect(),
            no_date,
            header: header.to_owned(),
        }
    }
}

/// Splits `key/date/region/service/terminator`.
pub(super) fn split_credential(
    text: &str,
    presigned: bool,
) -> Result<(String, Scope, String), SignatureError> {
    let mut parts = text.split('/');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let (key, date, region) = (next(), next(), next());
    let (service, terminator, rest) = (next(), next(), parts.next());
    match (key, date, region, service, terminator, rest) {
        (Some(key), Some(date), Some(region), Some(service), Some(terminator), None) => {
            let scope = Scope {
                date: date.to_owned(),
                region: region.to_owned(),
                service: service.to_owned(),
            };
            Ok((key.to_owned(), scope, terminator.to_owned()))
        }
        _ => Err(SignatureError::MalformedCredential { credential: text.to_owned(), presigned }),
    }
}

/// The list as it came, if it is lower case and strictly ascending, so that it has one reading.
pub(super) fn check_signed_headers(text: &str, presigned: bool) -> Result<String, SignatureError> {
    let mut before = "";
    for name in text.split(';') {
        let clean = name.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase());
        if !clean || name <= before {
            return Err(SignatureError::MalformedSignedHeaders { presigned });
        }
        before = name;
    }
    Ok(text.to_owned())
}
