//! Decides whether a claim is true.

use aws_lc_rs::constant_time;
use cairn_event::Timestamp;

use super::{
    Claim, Mismatch, PayloadClaim, SKEW_MS, SignatureError, SigningKey, TERMINATOR, canonical,
    encode, instant,
};
use crate::RequestHead;

/// What the gateway knows about a request without believing its signature.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expectation<'a> {
    /// The region that the request addresses; `None` when any will do.
    pub region: Option<&'a str>,
    /// The signing name of the service that the request addresses; `None` when any will do.
    pub service: Option<&'a str>,
    /// SHA-256 of the body, once it was read. [`PayloadClaim::Body`] cannot be checked without;
    /// `None` then stands for an empty body.
    pub body: Option<[u8; 32]>,
}

/// A claim that was found true.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The key of the claim's scope, worth caching until the day or the secret changes.
    pub signing_key: SigningKey,
    /// The signature; the first chunk of a signed stream chains to it.
    pub signature: [u8; 32],
    pub(super) access_key: String,
    pub(super) time: String,
    pub(super) scope_line: String,
}

/// Checks that `claim` was signed with `key` for this very request, now, and for what `expected`
/// says.
///
/// `key` is [`SigningKey::derive`] of the access key's secret and the claim's scope. The session
/// token is the caller's to check ([`check_token`]); a body that is not yet read, too
/// ([`super::BodyHash`], [`super::ChunkedDecoder`]).
pub fn verify(
    claim: &Claim,
    head: &RequestHead<'_>,
    key: &SigningKey,
    now: Timestamp,
    expected: &Expectation<'_>,
) -> Result<Verified, SignatureError> {
    let time = instant::render_basic(claim.time);
    check_scope(claim, &time, expected)?;
    check_signed_headers(claim, head)?;
    check_time(claim, now)?;
    if let (PayloadClaim::Hash(claimed), Some(computed)) = (claim.payload, expected.body)
        && claimed != computed
    {
        return Err(SignatureError::BodyMismatch { claimed, computed });
    }
    let payload = claim.payload.line(expected.body);
    let canonical =
        canonical::request(head, &claim.scope.service, &claim.signed_headers, &payload)?;
    let scope_line = claim.scope.line();
    let text = canonical::string_to_sign(&time, &scope_line, &canonical);
    if !key.matches(text.as_bytes(), &claim.signature) {
        return Err(SignatureError::Mismatch(Box::new(Mismatch {
            access_key: claim.access_key.clone(),
            provided: encode::hex_string(&claim.signature),
            string_to_sign: text,
            canonical_request: Some(String::from_utf8_lossy(&canonical).into_owned()),
        })));
    }
    Ok(Verified {
        signing_key: key.clone(),
        signature: claim.signature,
        access_key: claim.access_key.clone(),
        time,
        scope_line,
    })
}

/// Checks that a claim of either version carries exactly the session token of its credential: none
/// for a long-term key. Takes the same time whatever differs.
pub fn check_token(sent: Option<&str>, known: Option<&str>) -> Result<(), SignatureError> {
    let same = match (sent, known) {
        (None, None) => true,
        (Some(sent), Some(known)) => {
            constant_time::verify_slices_are_equal(sent.as_bytes(), known.as_bytes()).is_ok()
        }
        _ => false,
    };
    if same { Ok(()) } else { Err(SignatureError::InvalidToken) }
}

fn check_scope(
    claim: &Claim,
    time: &str,
    expected: &Expectation<'_>,
) -> Result<(), SignatureError> {
    let (scope, presigned) = (&claim.scope, claim.presigned);
    if claim.terminator != TERMINATOR {
        let terminator = claim.terminator.clone();
        return Err(SignatureError::ScopeTerminator { terminator, presigned });
    }
    if time.get(..8) != Some(scope.date.as_str()) {
        let (scope, time) = (scope.date.clone(), time.to_owned());
        return Err(SignatureError::ScopeDate { scope, time, presigned });
    }
    if let Some(service) = expected.service.filter(|service| *service != scope.service) {
        return Err(SignatureError::ScopeService {
            service: scope.service.clone(),
            expected: service.to_owned(),
            presigned,
        });
    }
    if let Some(region) = expected.region.filter(|region| *region != scope.region) {
        return Err(SignatureError::ScopeRegion {
            region: scope.region.clone(),
            expected: region.to_owned(),
            presigned,
        });
    }
    Ok(())
}

/// `host` must be signed, and so must every `x-amz-` header that came: they change what a call
/// means.
fn check_signed_headers(claim: &Claim, head: &RequestHead<'_>) -> Result<(), SignatureError> {
    let signed: Vec<&str> = claim.signed_headers.split(';').collect();
    let is_signed = |name: &str| signed.binary_search(&name).is_ok();
    if !is_signed("host") {
        return Err(SignatureError::HostNotSigned);
    }
    let mut names = String::new();
    for name in head.headers.keys().map(http::HeaderName::as_str) {
        if name.starts_with("x-amz-") && !is_signed(name) {
            if !names.is_empty() {
                names.push_str(", ");
            }
            names.push_str(name);
        }
    }
    if names.is_empty() { Ok(()) } else { Err(SignatureError::HeadersNotSigned { names }) }
}

fn check_time(claim: &Claim, now: Timestamp) -> Result<(), SignatureError> {
    let time = claim.time;
    let age_ms = now.as_ms().saturating_sub(time.as_ms());
    let Some(expires_seconds) = claim.expires_seconds else {
        return match age_ms {
            _ if age_ms > SKEW_MS => Err(SignatureError::TooOld { time, now }),
            _ if age_ms < -SKEW_MS => Err(SignatureError::TooNew { time, now }),
            _ => Ok(()),
        };
    };
    if age_ms < -SKEW_MS {
        return Err(SignatureError::NotYetValid);
    }
    if age_ms > expires_seconds.saturating_mul(1000) {
        return Err(SignatureError::Expired { time, expires_seconds, now });
    }
    Ok(())
}
