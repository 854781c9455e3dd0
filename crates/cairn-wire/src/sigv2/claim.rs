//! What a request claims about who signed it, read without believing any of it.

use std::borrow::Cow;

use cairn_event::Timestamp;
use http::header::AUTHORIZATION;

use super::SignatureError;
use crate::RequestHead;
use crate::sigv4::{PayloadClaim, encode, instant, read_token};

/// The latest `Expires` that S3 takes for a date (observed).
const EXPIRES_SECONDS_MAX: i64 = i32::MAX as i64;

/// The header and the parameter that hold the token of temporary credentials.
const TOKEN: &str = "x-amz-security-token";

/// The header that says what the body is.
const PAYLOAD: &str = "x-amz-content-sha256";

/// Headers that are signed by their place, so that a second one would be signed by nobody.
const ONCE: [&str; 2] = ["content-md5", "content-type"];

/// A signature as the request presents it. Nothing in it is true before [`super::verify`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The access key it says it was signed with.
    pub access_key: String,
    /// The signature in Base64, as sent.
    pub signature: String,
    /// When it is good.
    pub stamp: Stamp,
    /// The fourth line of what is signed: the date as sent, or nothing beside `x-amz-date`.
    pub date_line: String,
    /// The token of temporary credentials.
    pub session_token: Option<String>,
    /// What `x-amz-content-sha256` says about the body. The signature itself does not cover it.
    pub payload: PayloadClaim,
}

/// When a signature is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Around this time, by the caller's clock: it came in a header.
    Signed(Timestamp),
    /// Until this time: it came in the query.
    Until(Timestamp),
}

impl Claim {
    /// The signature came in the query string.
    pub fn presigned(&self) -> bool {
        matches!(self.stamp, Stamp::Until(_))
    }
}

/// Reads the signature of a request. `None` means that there is none of this version.
///
/// As S3 does it, `Signature` makes a query a signed one; `AWSAccessKeyId` alone does not (observed).
pub fn read(head: &RequestHead<'_>) -> Result<Option<Claim>, SignatureError> {
    let found = Found::of(head.query)?;
    let claim = match (head.headers.get(AUTHORIZATION), found.signature.is_some()) {
        (Some(_), true) => return Err(SignatureError::SeveralMechanisms),
        (Some(value), false) => match value.to_str().ok().and_then(scheme) {
            Some(parts) => in_header(head, parts, found.token)?,
            None => return Ok(None),
        },
        (None, true) => in_query(head, found)?,
        (None, false) => return Ok(None),
    };
    for name in ONCE {
        if head.headers.get_all(name).iter().nth(1).is_some() {
            return Err(SignatureError::RepeatedHeader { name });
        }
    }
    Ok(Some(claim))
}

/// What follows the word `AWS`.
fn scheme(header: &str) -> Option<&str> {
    let (word, parts) = header.split_once(' ').unwrap_or((header, ""));
    (word == "AWS").then_some(parts)
}

fn in_header(
    head: &RequestHead<'_>,
    parts: &str,
    token: Option<Cow<'_, str>>,
) -> Result<Claim, SignatureError> {
    let pair = parts.split_once(':').filter(|(key, signature)| {
        !key.starts_with(' ') && !signature.is_empty() && !signature.contains(':')
    });
    let (access_key, signature) = pair.ok_or(SignatureError::MalformedKeyAndSignature)?;
    let named = head.header("x-amz-date");
    let date = named.or_else(|| head.header("date")).unwrap_or_default();
    let time = instant::parse_date_header(date)
        .ok_or_else(|| SignatureError::MalformedDate { date: date.to_owned(), presigned: false })?;
    Ok(Claim {
        access_key: access_key.to_owned(),
        signature: signature.to_owned(),
        stamp: Stamp::Signed(time),
        date_line: if named.is_some() { String::new() } else { date.to_owned() },
        session_token: one_token(head, token)?,
        payload: payload(head)?,
    })
}

fn in_query(head: &RequestHead<'_>, found: Found<'_>) -> Result<Claim, SignatureError> {
    let (Some(access_key), Some(expires), Some(signature)) =
        (found.access_key, found.expires, found.signature)
    else {
        return Err(SignatureError::IncompleteOldQuery);
    };
    let seconds = expires.parse::<i64>().ok().filter(|seconds| *seconds <= EXPIRES_SECONDS_MAX);
    let Some(seconds) = seconds else {
        return Err(SignatureError::ExpiresNoDate { expires: expires.into_owned() });
    };
    Ok(Claim {
        access_key: access_key.into_owned(),
        signature: signature.into_owned(),
        stamp: Stamp::Until(Timestamp::from_ms(seconds.saturating_mul(1000))),
        date_line: expires.into_owned(),
        session_token: one_token(head, found.token)?,
        payload: payload(head)?,
    })
}

/// The parameters of a signature, decoded.
#[derive(Default)]
struct Found<'a> {
    access_key: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    token: Option<Cow<'a, str>>,
}

impl<'a> Found<'a> {
    /// A signature whose parameters come twice is refused: two readers could see two of them.
    fn of(query: &'a str) -> Result<Self, SignatureError> {
        let mut found = Self::default();
        let mut repeated = None;
        for (raw_name, raw_value) in encode::query_pairs(query) {
            let name = encode::decode_component(raw_name);
            let (name, place) = match &*name {
                "AWSAccessKeyId" => ("AWSAccessKeyId", &mut found.access_key),
                "Expires" => ("Expires", &mut found.expires),
                "Signature" => ("Signature", &mut found.signature),
                other if other.eq_ignore_ascii_case(TOKEN) => (TOKEN, &mut found.token),
                _ => continue,
            };
            if place.replace(encode::decode_component(raw_value)).is_some() {
                repeated = repeated.or(Some(name));
            }
        }
        match repeated.filter(|_| found.signature.is_some()) {
            Some(name) => Err(SignatureError::RepeatedParameter { name }),
            None => Ok(found),
        }
    }
}

/// The token in the headers or in the query, of which there may be one.
fn one_token(
    head: &RequestHead<'_>,
    in_query: Option<Cow<'_, str>>,
) -> Result<Option<String>, SignatureError> {
    match (read_token(head)?, in_query) {
        (Some(_), Some(_)) => Err(SignatureError::RepeatedHeader { name: TOKEN }),
        (in_header, in_query) => Ok(in_header.or(in_query.map(Cow::into_owned))),
    }
}

/// What the header says of the body, which may stand in the query as all of its kind may. One that is
/// in both is refused: which of them holds is a matter of the reader. Chunks can carry no signatures
/// here: theirs chain to one of version 4.
fn payload(head: &RequestHead<'_>) -> Result<PayloadClaim, SignatureError> {
    let in_header =
        head.headers.get(PAYLOAD).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let in_query = encode::query_pairs(head.query)
        .filter(|(name, _)| encode::decode_component(name).eq_ignore_ascii_case(PAYLOAD))
        .map(|(_, value)| encode::decode_component(value));
    let mut said = in_header.into_iter().chain(in_query);
    let Some(value) = said.next() else { return Ok(PayloadClaim::Unsigned) };
    if said.next().is_some() {
        return Err(SignatureError::RepeatedHeader { name: PAYLOAD });
    }
    match PayloadClaim::parse(&value)? {
        PayloadClaim::Chunked { signed: true, .. } => {
            Err(SignatureError::StreamingUnsupported { value: value.into_owned() })
        }
        claim => Ok(claim),
    }
}
