//! Signatures that came in the query string.

use std::borrow::Cow;

use super::claim::{PayloadClaim, check_signed_headers, read_token, split_credential};
use super::{ALGORITHM, Claim, EXPIRES_SECONDS_MAX, SignatureError, encode, instant, is_s3};
use crate::RequestHead;

/// The parameter that is not part of what it signs.
pub const SIGNATURE: &str = "X-Amz-Signature";

/// The query parameters of a signature, decoded.
#[derive(Default)]
pub struct Found<'a> {
    algorithm: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    date: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    signed_headers: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    token: Option<Cow<'a, str>>,
    content_hash: Option<Cow<'a, str>>,
}

impl<'a> Found<'a> {
    fn place(&mut self, name: &str) -> Option<(&'static str, &mut Option<Cow<'a, str>>)> {
        Some(match name {
            "X-Amz-Algorithm" => ("X-Amz-Algorithm", &mut self.algorithm),
            "X-Amz-Credential" => ("X-Amz-Credential", &mut self.credential),
            "X-Amz-Date" => ("X-Amz-Date", &mut self.date),
            "X-Amz-Expires" => ("X-Amz-Expires", &mut self.expires),
            "X-Amz-SignedHeaders" => ("X-Amz-SignedHeaders", &mut self.signed_headers),
            SIGNATURE => (SIGNATURE, &mut self.signature),
            "X-Amz-Security-Token" => ("X-Amz-Security-Token", &mut self.token),
            "X-Amz-Content-Sha256" => ("X-Amz-Content-Sha256", &mut self.content_hash),
            _ => return None,
        })
    }

    /// True when the query string says that it is signed; a lone date or token does not.
    fn is_claim(&self) -> bool {
        self.algorithm.is_some() || self.credential.is_some() || self.signature.is_some()
    }
}

/// Collects the signature's parameters; `None` when the query string carries no signature.
pub fn find(query: &str) -> Result<Option<Found<'_>>, SignatureError> {
    let mut found = Found::default();
    let (mut v2_key, mut v2_signature) = (false, false);
    for (raw_name, raw_value) in encode::query_pairs(query) {
        let name = encode::decode_component(raw_name);
        if name == "AWSAccessKeyId" && std::mem::replace(&mut v2_key, true) {
            return Err(SignatureError::RepeatedParameter { name: "AWSAccessKeyId" });
        }
        v2_signature |= name == "Signature";
        if let Some((name, place)) = found.place(&name)
            && place.replace(encode::decode_component(raw_value)).is_some()
        {
            return Err(SignatureError::RepeatedParameter { name });
        }
    }
    match (found.is_claim(), v2_key && v2_signature) {
        (true, true) => Err(SignatureError::SeveralMechanisms),
        (true, false) => Ok(Some(found)),
        (false, true) => Err(SignatureError::SignatureV2),
        (false, false) => Ok(None),
    }
}

/// Reads the claim that the parameters make.
pub fn read(head: &RequestHead<'_>, found: &Found<'_>) -> Result<Claim, SignatureError> {
    let need = |value: &'_ Option<Cow<'_, str>>, name| {
        value.as_deref().map(str::to_owned).ok_or(SignatureError::IncompleteQuery { name })
    };
    check_algorithm(&need(&found.algorithm, "X-Amz-Algorithm")?)?;
    let credential = need(&found.credential, "X-Amz-Credential")?;
    let signature = need(&found.signature, SIGNATURE)?;
    let date = need(&found.date, "X-Amz-Date")?;
    let signed_headers = need(&found.signed_headers, "X-Amz-SignedHeaders")?;
    let (access_key, scope, terminator) = split_credential(&credential, true)?;
    let expires_seconds = read_expires(found.expires.as_deref(), is_s3(&scope.service))?;
    let time = instant::parse_basic(&date)
        .ok_or(SignatureError::MalformedDate { date, presigned: true })?;
    let header_token = read_token(head)?;
    if header_token.is_some() && found.token.is_some() {
        return Err(SignatureError::RepeatedHeader { name: "x-amz-security-token" });
    }
    let content_hash = match head.headers.get("x-amz-content-sha256") {
        Some(value) => Some(Cow::Owned(String::from_utf8_lossy(value.as_bytes()).into_owned())),
        None => found.content_hash.clone(),
    };
    let payload = match content_hash {
        Some(value) => PayloadClaim::parse(&value)?,
        None if is_s3(&scope.service) => PayloadClaim::Unsigned,
        None => PayloadClaim::Body,
    };
    Ok(Claim {
        access_key,
        scope,
        terminator,
        signed_headers: check_signed_headers(&signed_headers, true)?,
        signature: encode::unhex(signature.as_bytes()).ok_or(SignatureError::MalformedSignature)?,
        time,
        expires_seconds,
        session_token: found.token.as_deref().map(str::to_owned).or(header_token),
        payload,
        presigned: true,
    })
}

fn check_algorithm(algorithm: &str) -> Result<(), SignatureError> {
    match algorithm {
        ALGORITHM => Ok(()),
        "AWS4-ECDSA-P256-SHA256" => Err(SignatureError::SignatureV4a),
        _ => Err(SignatureError::UnknownAlgorithm {
            algorithm: algorithm.to_owned(),
            presigned: true,
        }),
    }
}

/// The lifetime of the URL. S3 insists on one (documented); for the others a missing one means the
/// ordinary skew (assumed).
fn read_expires(text: Option<&str>, required: bool) -> Result<Option<i64>, SignatureError> {
    let Some(text) = text else {
        let missing = Err(SignatureError::IncompleteQuery { name: "X-Amz-Expires" });
        return if required { missing } else { Ok(None) };
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SignatureError::ExpiresNotANumber);
    }
    if digits.len() < text.len() {
        return Err(SignatureError::ExpiresNegative);
    }
    // A number too large for the type is too long as well.
    let seconds = digits.parse::<i64>().unwrap_or(i64::MAX);
    if seconds > EXPIRES_SECONDS_MAX {
        Err(SignatureError::ExpiresTooLong)
    } else {
        Ok(Some(seconds))
    }
}
