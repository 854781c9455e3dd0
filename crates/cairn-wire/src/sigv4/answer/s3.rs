//! S3's wording. Codes and statuses are documented; texts and fields observed in public reports of
//! S3's answers, except where a line says assumed.

use super::super::{EXPIRES_SECONDS_MAX, SKEW_MS, encode, instant};
use super::{Answer, SignatureError};

pub fn answer(error: &SignatureError) -> Answer {
    use SignatureError as E;
    match error {
        E::Missing => Answer::new("AccessDenied", 403, "Access Denied"),
        // Assumed: S3 lets its HTTP layer refuse these.
        E::RepeatedHeader { name } => {
            let text = format!("The header {name} may be sent only once");
            Answer::new("InvalidRequest", 400, text)
        }
        E::RepeatedParameter { name } => {
            query_error(format!("The parameter {name} may be sent only once"))
        }
        E::SeveralMechanisms => argument(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string \
             parameter or the Authorization header should be specified",
            "Authorization",
            "",
        ),
        E::UnsupportedScheme => argument("Unsupported Authorization Type", "Authorization", ""),
        E::SignatureV2 | E::UnknownAlgorithm { presigned: false, .. } => unsupported_mechanism(),
        E::SignatureV4a => Answer::new(
            "NotImplemented",
            501,
            "AWS4-ECDSA-P256-SHA256 (Signature Version 4A) is not supported. Please use AWS4-HMAC-SHA256.",
        ),
        E::UnknownAlgorithm { presigned: true, .. } => query_error(
            "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"",
        ),
        E::MalformedAuthorization { .. } | E::IncompleteAuthorization { no_date: false, .. } => {
            header_error(
                "the authorization header requires three components: Credential, SignedHeaders, and Signature.",
            )
        }
        E::IncompleteAuthorization { no_date: true, .. }
        | E::MalformedDate { presigned: false, .. } => Answer::new(
            "AccessDenied",
            403,
            "AWS authentication requires a valid Date or x-amz-date header",
        ),
        E::IncompleteQuery { .. } => query_error(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
             X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        ),
        E::MalformedSignature | E::MalformedSignedHeaders { presigned: false } => {
            header_error("Signature or SignedHeaders is mal-formed.") // assumed
        }
        E::MalformedSignedHeaders { presigned: true } => {
            query_error("X-Amz-SignedHeaders is mal-formed.") // assumed
        }
        E::MalformedDate { presigned: true, .. } => {
            query_error("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        }
        E::ExpiresNotANumber => query_error("X-Amz-Expires should be a number"),
        E::ExpiresNegative => query_error("X-Amz-Expires must be non-negative"),
        E::ExpiresTooLong => query_error(format!(
            "X-Amz-Expires must be less than a week (in seconds) that is, the given X-Amz-Expires must be less \
             than {EXPIRES_SECONDS_MAX} seconds"
        )),
        E::ContentHashMissing => Answer::new(
            "InvalidRequest",
            400,
            "Missing required header for this request: x-amz-content-sha256",
        ),
        _ => scope_or_later(error),
    }
}

/// Errors of the scope and of everything checked after it.
fn scope_or_later(error: &SignatureError) -> Answer {
    use SignatureError as E;
    match error {
        E::ContentHashMalformed { value } | E::StreamingUnsupported { value } => argument(
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
             STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
            "x-amz-content-sha256",
            value,
        ),
        E::MalformedCredential { presigned, .. } => scope_error(
            *presigned,
            "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
        ),
        E::ScopeDate { scope, time, presigned } => {
            let day = time.get(..8).unwrap_or_default();
            scope_error(
                *presigned,
                format!(
                    "Invalid credential date \"{scope}\". This date is not the same as X-Amz-Date: \"{day}\"."
                ),
            )
        }
        E::ScopeTerminator { terminator, presigned } => scope_error(
            *presigned,
            format!("incorrect terminal \"{terminator}\". This endpoint uses \"aws4_request\"."),
        ),
        E::ScopeRegion { region, expected, presigned } => scope_error(
            *presigned,
            format!("the region '{region}' is wrong; expecting '{expected}'"),
        )
        .with("Region", expected),
        E::ScopeService { service, expected, presigned } => scope_error(
            *presigned,
            format!("incorrect service \"{service}\". This endpoint belongs to \"{expected}\"."),
        ),
        // Assumed: S3's text for an unsigned host is the one for any unsigned header.
        E::HostNotSigned => not_signed("host"),
        E::HeadersNotSigned { names } => not_signed(names),
        E::TooOld { time, now } | E::TooNew { time, now } => Answer::new(
            "RequestTimeTooSkewed",
            403,
            "The difference between the request time and the current time is too large.",
        )
        .with("RequestTime", instant::render_basic(*time))
        .with("ServerTime", instant::render_iso(*now))
        .with("MaxAllowedSkewMilliseconds", SKEW_MS.to_string()),
        E::Expired { time, expires_seconds, now } => {
            let end_ms = time.as_ms().saturating_add(expires_seconds.saturating_mul(1000));
            let end = cairn_event::Timestamp::from_ms(end_ms);
            Answer::new("AccessDenied", 403, "Request has expired")
                .with("X-Amz-Expires", expires_seconds.to_string())
                .with("Expires", instant::render_iso(end))
                .with("ServerTime", instant::render_iso(*now))
        }
        E::NotYetValid => Answer::new("AccessDenied", 403, "Request is not valid yet"),
        _ => version_2(error),
    }
}

/// Errors of Signature Version 2.
fn version_2(error: &SignatureError) -> Answer {
    use SignatureError as E;
    match error {
        E::MalformedKeyAndSignature => argument(
            "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
            "Authorization",
            "",
        ),
        E::IncompleteOldQuery => Answer::new(
            "AccessDenied",
            403,
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        ),
        E::ExpiresNoDate { expires } => {
            let text = format!("Invalid date (should be seconds since epoch): {expires}");
            Answer::new("AccessDenied", 403, text)
        }
        E::Ended { end, now } => Answer::new("AccessDenied", 403, "Request has expired")
            .with("Expires", instant::render_iso(*end))
            .with("ServerTime", instant::render_iso(*now)),
        _ => key_or_body(error),
    }
}

/// Errors of the signature itself, of the credential and of the body.
fn key_or_body(error: &SignatureError) -> Answer {
    use SignatureError as E;
    match error {
        E::Mismatch(facts) => {
            let answer = mismatch()
                .with("AWSAccessKeyId", &facts.access_key)
                .with("StringToSign", &facts.string_to_sign)
                .with("SignatureProvided", &facts.provided)
                .with("StringToSignBytes", spelled(&facts.string_to_sign));
            match &facts.canonical_request {
                Some(canonical) => answer
                    .with("CanonicalRequest", canonical)
                    .with("CanonicalRequestBytes", spelled(canonical)),
                None => answer,
            }
        }
        E::ChunkMismatch { access_key } => mismatch().with("AWSAccessKeyId", access_key),
        E::UnknownAccessKey { access_key } => Answer::new(
            "InvalidAccessKeyId",
            403,
            "The AWS Access Key Id you provided does not exist in our records.",
        )
        .with("AWSAccessKeyId", access_key),
        E::InvalidToken => Answer::new(
            "InvalidToken",
            400,
            "The provided token is malformed or otherwise invalid.",
        ),
        E::ExpiredToken => Answer::new("ExpiredToken", 400, "The provided token has expired."),
        E::BodyMismatch { claimed, computed } => Answer::new(
            "XAmzContentSHA256Mismatch",
            400,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
        .with("ClientComputedContentSHA256", encode::hex_string(claimed))
        .with("S3ComputedContentSHA256", encode::hex_string(computed)),
        E::DecodedLengthMissing => Answer::new(
            "MissingContentLength",
            411,
            "You must provide the Content-Length HTTP header.",
        ),
        E::MalformedTrailer => Answer::new(
            "MalformedTrailerError",
            400,
            "The request contained trailing data that was not well-formed or did not conform to our published schema.",
        ),
        E::MalformedChunk { .. } | E::IncompleteBody => {
            Answer::new("IncompleteBody", 400, "The request body terminated unexpectedly")
        }
        // A signed header that did not come: what we could compute is not what was signed.
        _ => mismatch(),
    }
}

fn mismatch() -> Answer {
    Answer::new(
        "SignatureDoesNotMatch",
        403,
        "The request signature we calculated does not match the signature you provided. Check your key and \
         signing method.",
    )
}

fn header_error(detail: impl std::fmt::Display) -> Answer {
    let text = format!("The authorization header is malformed; {detail}");
    Answer::new("AuthorizationHeaderMalformed", 400, text)
}

fn query_error(text: impl Into<String>) -> Answer {
    Answer::new("AuthorizationQueryParametersError", 400, text)
}

fn scope_error(presigned: bool, detail: impl std::fmt::Display) -> Answer {
    if presigned {
        query_error(format!("Error parsing the X-Amz-Credential parameter; {detail}"))
    } else {
        header_error(detail)
    }
}

fn argument(text: &str, name: &str, value: &str) -> Answer {
    Answer::new("InvalidArgument", 400, text)
        .with("ArgumentName", name)
        .with("ArgumentValue", value)
}

fn unsupported_mechanism() -> Answer {
    Answer::new(
        "InvalidRequest",
        400,
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    )
}

fn not_signed(names: &str) -> Answer {
    Answer::new(
        "AccessDenied",
        403,
        "There were headers present in the request which were not signed",
    )
    .with("HeadersNotSigned", names)
}

/// The bytes of a text as S3 spells them: `41 57 53`.
fn spelled(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(encode::hex_pair(byte).map(char::from));
    }
    out
}
