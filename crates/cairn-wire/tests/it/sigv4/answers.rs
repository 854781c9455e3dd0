//! What the caller is told, family by family.

use cairn_event::Timestamp;
use cairn_wire::sigv4::{Family, SignatureError};

use super::vectors;

const FAMILIES: [Family; 6] =
    [Family::Query, Family::Ec2, Family::Json, Family::RestJson, Family::RestXml, Family::S3];

/// Code and status in the order of [`FAMILIES`].
type Row = [(&'static str, u16); 6];

fn check(error: &SignatureError, row: Row) {
    for (family, (code, status)) in FAMILIES.into_iter().zip(row) {
        let answer = error.answer(family);
        assert_eq!((answer.code, answer.status), (code, status), "{error:?} for {family:?}");
        assert!(!answer.message.is_empty());
    }
}

fn mismatch() -> SignatureError {
    let mut request = vectors().remove(0);
    request.path.push('x');
    request.check().unwrap_err()
}

#[test]
fn codes_of_missing_and_unknown_callers() {
    let access_key = "AKIAIOSFODNN7EXAMPLE".to_owned();
    // documented for query and S3; observed for the others
    check(
        &SignatureError::Missing,
        [
            ("MissingAuthenticationToken", 403),
            ("MissingParameter", 400),
            ("MissingAuthenticationTokenException", 400),
            ("MissingAuthenticationTokenException", 403),
            ("MissingAuthenticationToken", 403),
            ("AccessDenied", 403),
        ],
    );
    check(
        &SignatureError::UnknownAccessKey { access_key },
        [
            ("InvalidClientTokenId", 403),
            ("AuthFailure", 401),
            ("UnrecognizedClientException", 400),
            ("UnrecognizedClientException", 403),
            ("InvalidClientTokenId", 403),
            ("InvalidAccessKeyId", 403),
        ],
    );
    check(
        &SignatureError::ExpiredToken,
        [
            ("ExpiredToken", 403),
            ("RequestExpired", 400),
            ("ExpiredTokenException", 400),
            ("ExpiredTokenException", 403),
            ("ExpiredToken", 403),
            ("ExpiredToken", 400),
        ],
    );
}

#[test]
fn codes_of_signatures_that_are_false_or_broken() {
    check(
        &mismatch(),
        [
            ("SignatureDoesNotMatch", 403),
            ("AuthFailure", 401),
            ("InvalidSignatureException", 400),
            ("InvalidSignatureException", 403),
            ("SignatureDoesNotMatch", 403),
            ("SignatureDoesNotMatch", 403),
        ],
    );
    let credential = "a/b".to_owned();
    check(
        &SignatureError::MalformedCredential { credential, presigned: false },
        [
            ("IncompleteSignature", 400),
            ("IncompleteSignature", 400),
            ("IncompleteSignatureException", 400),
            ("IncompleteSignatureException", 403),
            ("IncompleteSignature", 400),
            ("AuthorizationHeaderMalformed", 400),
        ],
    );
    let old =
        SignatureError::TooOld { time: Timestamp::from_ms(0), now: Timestamp::from_ms(1_000_000) };
    check(
        &old,
        [
            ("SignatureDoesNotMatch", 403),
            ("RequestExpired", 400),
            ("InvalidSignatureException", 400),
            ("InvalidSignatureException", 403),
            ("SignatureDoesNotMatch", 403),
            ("RequestTimeTooSkewed", 403),
        ],
    );
}

/// Code, status and a part of the text.
type Case = (SignatureError, &'static str, u16, &'static str);

fn check_s3(cases: Vec<Case>) {
    for (error, code, status, text) in cases {
        let answer = error.answer(Family::S3);
        assert_eq!((answer.code, answer.status), (code, status), "{error:?}");
        assert!(answer.message.contains(text), "{}", answer.message);
    }
}

#[test]
fn s3_codes_of_claims() {
    let expired = SignatureError::Expired {
        time: Timestamp::from_ms(1_795_626_000_000),
        expires_seconds: 60,
        now: Timestamp::from_ms(1_795_626_061_000),
    };
    let region = SignatureError::ScopeRegion {
        region: "us-east-1".to_owned(),
        expected: "eu-west-1".to_owned(),
        presigned: false,
    };
    let in_query = SignatureError::ScopeRegion {
        region: "us-east-1".to_owned(),
        expected: "eu-west-1".to_owned(),
        presigned: true,
    };
    check_s3(vec![
        (expired, "AccessDenied", 403, "Request has expired"),
        (
            region,
            "AuthorizationHeaderMalformed",
            400,
            "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
        ),
        (
            in_query,
            "AuthorizationQueryParametersError",
            400,
            "Error parsing the X-Amz-Credential parameter; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
        ),
        (
            SignatureError::ContentHashMissing,
            "InvalidRequest",
            400,
            "Missing required header for this request: x-amz-content-sha256",
        ),
        (
            SignatureError::SignatureV2,
            "InvalidRequest",
            400,
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        ),
        (SignatureError::SignatureV4a, "NotImplemented", 501, "AWS4-ECDSA-P256-SHA256"),
        (
            SignatureError::HeadersNotSigned { names: "x-amz-acl".to_owned() },
            "AccessDenied",
            403,
            "There were headers present in the request which were not signed",
        ),
        (
            SignatureError::UnsupportedScheme,
            "InvalidArgument",
            400,
            "Unsupported Authorization Type",
        ),
        (
            SignatureError::ExpiresTooLong,
            "AuthorizationQueryParametersError",
            400,
            "less than a week",
        ),
    ]);
}

#[test]
fn s3_codes_of_bodies() {
    let body = SignatureError::BodyMismatch { claimed: [0; 32], computed: [0xff; 32] };
    check_s3(vec![
        (
            body,
            "XAmzContentSHA256Mismatch",
            400,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ),
        (SignatureError::DecodedLengthMissing, "MissingContentLength", 411, "Content-Length"),
        (SignatureError::MalformedTrailer, "MalformedTrailerError", 400, "trailing data"),
        (SignatureError::IncompleteBody, "IncompleteBody", 400, "terminated unexpectedly"),
        (
            SignatureError::ChunkMismatch { access_key: "AKIAIOSFODNN7EXAMPLE".to_owned() },
            "SignatureDoesNotMatch",
            403,
            "does not match",
        ),
    ]);
}

#[test]
fn s3_shows_what_it_would_have_signed_and_nobody_else_does() {
    let error = mismatch();
    let answer = error.answer(Family::S3);
    let names: Vec<&str> = answer.fields.iter().map(|field| field.0).collect();
    assert_eq!(
        names,
        [
            "AWSAccessKeyId",
            "StringToSign",
            "SignatureProvided",
            "StringToSignBytes",
            "CanonicalRequest",
            "CanonicalRequestBytes",
        ]
    );
    assert!(answer.fields[1].1.starts_with("AWS4-HMAC-SHA256\n20261125T170000Z\n20261125/"));
    assert!(answer.fields[3].1.starts_with("41 57 53 34 2d 48"));
    assert!(answer.fields[4].1.starts_with("HEAD\n/bucket/x\n"));
    for family in &FAMILIES[..5] {
        let answer = error.answer(*family);
        let shown = format!("{answer:?}");
        assert!(answer.fields.is_empty() && !shown.contains("20261125"), "{shown}");
    }
}

#[test]
fn texts_that_people_search_for() {
    let time = Timestamp::from_ms(1_795_626_000_000);
    let later = Timestamp::from_ms(1_795_626_000_000 + 20 * 60_000);
    let text = |error: SignatureError| error.answer(Family::Json).message;
    assert_eq!(
        text(SignatureError::TooOld { time, now: later }),
        "Signature expired: 20261125T170000Z is now earlier than 20261125T170500Z (20261125T172000Z - 15 min.)"
    );
    assert_eq!(
        text(SignatureError::TooNew { time: later, now: time }),
        "Signature not yet current: 20261125T172000Z is still later than 20261125T171500Z (20261125T170000Z + 15 min.)"
    );
    assert_eq!(
        text(SignatureError::InvalidToken),
        "The security token included in the request is invalid."
    );
    let scope = SignatureError::ScopeService {
        service: "s3".to_owned(),
        expected: "sts".to_owned(),
        presigned: false,
    };
    assert_eq!(text(scope), "Credential should be scoped to correct service: 'sts'. ");
    let header = "AWS4-HMAC-SHA256 Signature=secret-looking".to_owned();
    let parts = vec!["Credential", "SignedHeaders"];
    let incomplete = text(SignatureError::IncompleteAuthorization { parts, no_date: true, header });
    assert!(
        incomplete.starts_with(
            "Authorization header requires 'Credential' parameter. Authorization header requires 'SignedHeaders' \
             parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' \
             header. (Hashed with SHA-256 and encoded with Base64) Authorization="
        ),
        "{incomplete}"
    );
    assert!(!incomplete.contains("secret-looking"));
}
