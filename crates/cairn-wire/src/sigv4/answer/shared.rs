//! The wording that all services but S3 share. The texts were observed in public reports of AWS's
//! answers; statuses are documented for query and `DynamoDB`, observed for REST.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_event::Timestamp;

use super::super::{SKEW_MS, body, instant};
use super::{Answer, Family, SignatureError};

/// What the shared wording knows of: each has a code in every family.
#[derive(Clone, Copy)]
enum Kind {
    Missing,
    Incomplete,
    UnknownKey,
    Mismatch,
    Stale,
    ExpiredToken,
    BadBody,
    Unsupported,
}

const UNKNOWN_KEY: &str = "The security token included in the request is invalid.";
const EXPIRED_TOKEN: &str = "The security token included in the request is expired";
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your \
    AWS Secret Access Key and signing method. Consult the service documentation for details.";
const NO_DATE: &str =
    "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
const EC2_FAILURE: &str = "AWS was not able to validate the provided access credentials";

pub fn answer(error: &SignatureError, family: Family) -> Answer {
    let (kind, text) = head_wording(error);
    match family {
        Family::Ec2 => ec2(kind, text),
        Family::Query | Family::RestXml => query(kind, text),
        Family::Json => json(kind, text, 400),
        _ => json(kind, text, 403),
    }
}

fn query(kind: Kind, text: String) -> Answer {
    match kind {
        Kind::Missing => Answer::new(
            "MissingAuthenticationToken",
            403,
            "Request is missing Authentication Token",
        ),
        Kind::Incomplete | Kind::Unsupported => Answer::new("IncompleteSignature", 400, text),
        Kind::UnknownKey => Answer::new("InvalidClientTokenId", 403, text),
        Kind::Mismatch | Kind::Stale => Answer::new("SignatureDoesNotMatch", 403, text),
        Kind::ExpiredToken => Answer::new("ExpiredToken", 403, text),
        Kind::BadBody => Answer::new("MalformedInput", 400, text),
    }
}

fn ec2(kind: Kind, text: String) -> Answer {
    match kind {
        Kind::Missing => Answer::new(
            "MissingParameter",
            400,
            "The request must contain the parameter AWSAccessKeyId",
        ),
        Kind::UnknownKey | Kind::Mismatch => Answer::new("AuthFailure", 401, EC2_FAILURE),
        Kind::Stale | Kind::ExpiredToken => {
            Answer::new("RequestExpired", 400, "Request has expired.")
        }
        Kind::Incomplete | Kind::BadBody | Kind::Unsupported => query(kind, text),
    }
}

fn json(kind: Kind, text: String, status: u16) -> Answer {
    let code = match kind {
        Kind::Missing => "MissingAuthenticationTokenException",
        Kind::Incomplete | Kind::Unsupported => "IncompleteSignatureException",
        Kind::UnknownKey => "UnrecognizedClientException",
        Kind::Mismatch | Kind::Stale => "InvalidSignatureException",
        Kind::ExpiredToken => "ExpiredTokenException",
        Kind::BadBody => return Answer::new("SerializationException", 400, text),
    };
    Answer::new(code, status, text)
}

/// Wording for what is wrong with the claim as such; the rest is in [`later_wording`].
fn head_wording(error: &SignatureError) -> (Kind, String) {
    use SignatureError as E;
    let incomplete = |text: String| (Kind::Incomplete, text);
    match error {
        E::Missing => (Kind::Missing, "Missing Authentication Token".to_owned()),
        E::RepeatedHeader { name } => incomplete(format!("The header '{name}' may be sent only once.")),
        E::RepeatedParameter { name } => {
            incomplete(format!("The query-string parameter '{name}' may be sent only once."))
        }
        E::SeveralMechanisms => incomplete(
            "Only one of the Authorization header and the query-string parameters may carry a signature.".to_owned(),
        ),
        E::UnsupportedScheme => incomplete(requires(&["Credential", "Signature", "SignedHeaders"])),
        // Nobody but S3 looks further than at the version.
        E::SignatureV2
        | E::MalformedKeyAndSignature
        | E::IncompleteOldQuery
        | E::ExpiresNoDate { .. }
        | E::Ended { .. } => (
            Kind::Unsupported,
            "Signature Version 2 is not supported. Use Signature Version 4.".to_owned(),
        ),
        E::SignatureV4a => (
            Kind::Unsupported,
            "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'. Signature Version 4A is not supported; use \
             'AWS4-HMAC-SHA256'."
                .to_owned(),
        ),
        E::UnknownAlgorithm { algorithm, .. } => {
            incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}'."))
        }
        E::MalformedAuthorization { part } => incomplete(format!(
            "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded \
             with Base64): '{}'.",
            hashed(part)
        )),
        E::IncompleteAuthorization { parts, no_date, header } => {
            let date = if *no_date { NO_DATE } else { "" };
            incomplete(format!(
                "{}{date}(Hashed with SHA-256 and encoded with Base64) Authorization={}",
                requires(parts),
                hashed(header)
            ))
        }
        E::IncompleteQuery { name } => incomplete(format!(
            "AWS query-string parameters must include '{name}'. Re-examine the query-string parameters."
        )),
        E::MalformedCredential { credential, .. } => incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
             '{credential}'"
        )),
        E::MalformedSignedHeaders { .. } => {
            incomplete("'SignedHeaders' must be lower case, sorted and without repetition.".to_owned())
        }
        E::MalformedDate { date, .. } => incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        )),
        E::ExpiresNotANumber | E::ExpiresNegative | E::ExpiresTooLong => incomplete(
            "'X-Amz-Expires' must be a number of seconds between 0 and 604800.".to_owned(),
        ),
        E::HostNotSigned => incomplete(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ),
        E::HeadersNotSigned { names } => incomplete(format!(
            "'{names}' must be a 'SignedHeader' in the AWS Authorization."
        )),
        _ => later_wording(error),
    }
}

fn later_wording(error: &SignatureError) -> (Kind, String) {
    use SignatureError as E;
    let mismatch = |text: String| (Kind::Mismatch, text);
    match error {
        E::ScopeDate { scope, time, .. } => mismatch(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != \
             '{}', from '{time}'.",
            time.get(..8).unwrap_or_default()
        )),
        E::ScopeTerminator { terminator, .. } => mismatch(format!(
            "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'."
        )),
        E::ScopeRegion { region, .. } => {
            mismatch(format!("Credential should be scoped to a valid region, not '{region}'. "))
        }
        E::ScopeService { expected, .. } => {
            mismatch(format!("Credential should be scoped to correct service: '{expected}'. "))
        }
        E::TooOld { time, now } => (Kind::Stale, too_old(*time, 0, *now, Some(SKEW_MS))),
        E::TooNew { time, now } => (Kind::Stale, too_new(*time, *now)),
        E::Expired { time, expires_seconds, now } => {
            (Kind::Stale, too_old(*time, *expires_seconds, *now, None))
        }
        E::NotYetValid => (Kind::Stale, "Signature not yet current".to_owned()),
        E::UnknownAccessKey { .. } | E::InvalidToken => (Kind::UnknownKey, UNKNOWN_KEY.to_owned()),
        E::ExpiredToken => (Kind::ExpiredToken, EXPIRED_TOKEN.to_owned()),
        E::ContentHashMissing | E::ContentHashMalformed { .. } | E::StreamingUnsupported { .. } => {
            (
                Kind::Incomplete,
                "'x-amz-content-sha256' must be a SHA-256 in hexadecimal or a supported word."
                    .to_owned(),
            )
        }
        E::MalformedTrailer
        | E::MalformedChunk { .. }
        | E::IncompleteBody
        | E::DecodedLengthMissing => (
            Kind::BadBody,
            "The request body is not in well-formed aws-chunked framing.".to_owned(),
        ),
        // The body, a chunk or a header is not what was signed.
        _ => mismatch(MISMATCH.to_owned()),
    }
}

fn requires(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str("Authorization header requires '");
        text.push_str(part);
        text.push_str("' parameter. ");
    }
    text
}

/// `Signature expired: T is now earlier than LIMIT (NOW - 15 min.)`.
fn too_old(time: Timestamp, expires_seconds: i64, now: Timestamp, skew_ms: Option<i64>) -> String {
    let end = shift(time, expires_seconds.saturating_mul(1000));
    let [end, now_text] = [end, now].map(instant::render_basic);
    match skew_ms {
        Some(skew_ms) => {
            let limit = instant::render_basic(shift(now, -skew_ms));
            let minutes = skew_ms / 60_000;
            format!(
                "Signature expired: {end} is now earlier than {limit} ({now_text} - {minutes} min.)"
            )
        }
        None => format!("Signature expired: {end} is now earlier than {now_text}"),
    }
}

fn too_new(time: Timestamp, now: Timestamp) -> String {
    let limit = instant::render_basic(shift(now, SKEW_MS));
    let [time, now] = [time, now].map(instant::render_basic);
    let minutes = SKEW_MS / 60_000;
    format!(
        "Signature not yet current: {time} is still later than {limit} ({now} + {minutes} min.)"
    )
}

fn shift(time: Timestamp, by_ms: i64) -> Timestamp {
    Timestamp::from_ms(time.as_ms().saturating_add(by_ms))
}

/// AWS echoes an `Authorization` header only as its hash, and so do we.
fn hashed(text: &str) -> String {
    STANDARD.encode(body::sha256(text.as_bytes()))
}
