//! Every request that botocore signed is accepted, as it is and no other way.

use cairn_event::Timestamp;
use cairn_wire::sigv4::{EXPIRES_SECONDS_MAX, SKEW_MS, SignatureError};

use super::vectors;

#[test]
fn all_signatures_of_botocore_hold() {
    let vectors = vectors();
    assert!(vectors.len() > 300, "{} vectors", vectors.len());
    for request in vectors {
        let result = request.check();
        assert!(result.is_ok(), "{}: {result:?}\n{request:?}", request.name);
        let (claim, _) = result.unwrap();
        assert_eq!(claim.presigned, request.kind == "presigned", "{}", request.name);
        assert_eq!(claim.scope.service, request.service);
        assert_eq!(claim.time, request.now());
    }
}

#[test]
fn a_signature_in_headers_holds_for_a_quarter_of_an_hour_either_way() {
    for request in vectors().iter().filter(|request| request.kind != "presigned") {
        let at = |ms| request.check_at(Timestamp::from_ms(request.time + ms), &request.body());
        assert!(at(SKEW_MS).is_ok() && at(-SKEW_MS).is_ok(), "{}", request.name);
        assert!(matches!(at(SKEW_MS + 1), Err(SignatureError::TooOld { .. })));
        assert!(matches!(at(-SKEW_MS - 1), Err(SignatureError::TooNew { .. })));
    }
}

#[test]
fn a_presigned_url_holds_until_its_expiry() {
    for request in vectors().iter().filter(|request| request.kind == "presigned") {
        let at = |ms| request.check_at(Timestamp::from_ms(request.time + ms), &request.body());
        assert!(at(900_000).is_ok() && at(-SKEW_MS).is_ok(), "{}", request.name);
        assert!(matches!(at(900_001), Err(SignatureError::Expired { .. })));
        assert_eq!(at(-SKEW_MS - 1).err(), Some(SignatureError::NotYetValid));
    }
}

#[test]
fn an_expiry_is_a_number_of_at_most_a_week() {
    let mut request = vectors().into_iter().find(|request| request.kind == "presigned").unwrap();
    let query = request.query.clone();
    let mut with = |expires: &str| {
        request.query = query.replace("X-Amz-Expires=900", &format!("X-Amz-Expires={expires}"));
        request.check().err()
    };
    for (expires, error) in [
        ("x", SignatureError::ExpiresNotANumber),
        ("", SignatureError::ExpiresNotANumber),
        ("1e3", SignatureError::ExpiresNotANumber),
        ("-1", SignatureError::ExpiresNegative),
        (&(EXPIRES_SECONDS_MAX + 1).to_string(), SignatureError::ExpiresTooLong),
        ("99999999999999999999999999", SignatureError::ExpiresTooLong),
    ] {
        assert_eq!(with(expires), Some(error), "{expires}");
    }
    // Long enough, but not what was signed.
    let seconds = EXPIRES_SECONDS_MAX.to_string();
    assert!(matches!(with(&seconds), Some(SignatureError::Mismatch(_))));
}
