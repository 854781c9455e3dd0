//! Requests that no honest client sends: each has one answer, and none makes us fall over.

use cairn_event::Timestamp;
use cairn_wire::RequestHead;
use cairn_wire::sigv4::{
    ChunkPlan, Claim, Expectation, PayloadClaim, SignatureError, SigningKey, check_token, read,
    verify,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

fn map(headers: &[(&str, &[u8])]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    map
}

fn claim_of(query: &str, headers: &[(&str, &[u8])]) -> Result<Option<Claim>, SignatureError> {
    let headers = map(headers);
    read(&RequestHead { method: "GET", path: "/", query, headers: &headers })
}

fn authorized(value: &str) -> Result<Option<Claim>, SignatureError> {
    let date = b"20261125T170000Z";
    claim_of("", &[("host", b"h"), ("x-amz-date", date), ("authorization", value.as_bytes())])
}

const CREDENTIAL: &str = "Credential=AKIAIOSFODNN7EXAMPLE/20261125/us-east-1/sts/aws4_request";
const SIGNATURE: &str =
    "Signature=0000000000000000000000000000000000000000000000000000000000000000";

#[test]
fn no_signature_is_no_claim() {
    assert_eq!(claim_of("", &[]), Ok(None));
    assert_eq!(claim_of("list-type=2&X-Amz-Date=now&X-Amz-Security-Token=t", &[]), Ok(None));
    assert_eq!(claim_of("Signature=x", &[]), Ok(None));
    let repeated = Err(SignatureError::RepeatedHeader { name: "host" });
    assert_eq!(claim_of("", &[("host", b"a"), ("host", b"b")]), repeated);
}

#[test]
fn other_mechanisms_are_refused() {
    for (value, error) in [
        ("AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", SignatureError::SignatureV2),
        ("AWS", SignatureError::SignatureV2),
        (
            "AWS4-ECDSA-P256-SHA256 Credential=a, SignedHeaders=b, Signature=c",
            SignatureError::SignatureV4a,
        ),
        ("Bearer abc", SignatureError::UnsupportedScheme),
        ("Basic abc", SignatureError::UnsupportedScheme),
        ("", SignatureError::UnsupportedScheme),
    ] {
        assert_eq!(authorized(value), Err(error), "{value}");
    }
    let algorithm = "AWS4-HMAC-SHA512".to_owned();
    let unknown = SignatureError::UnknownAlgorithm { algorithm, presigned: false };
    assert_eq!(authorized("AWS4-HMAC-SHA512 Credential=a"), Err(unknown));
    let v2 = claim_of("AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1&Signature=vjbyPx", &[]);
    assert_eq!(v2, Err(SignatureError::SignatureV2));
    let v4a = claim_of("X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", &[]);
    assert_eq!(v4a, Err(SignatureError::SignatureV4a));
    let v2 = "AWSAccessKeyId=A&Signature=s";
    for query in ["X-Amz-Signature=0", v2] {
        let both = claim_of(query, &[("authorization", b"AWS4-HMAC-SHA256 x")]);
        assert_eq!(both, Err(SignatureError::SeveralMechanisms));
    }
    let both = claim_of(&format!("X-Amz-Signature=0&{v2}"), &[]);
    assert_eq!(both, Err(SignatureError::SeveralMechanisms));
}

#[test]
fn the_header_has_three_parts_once() {
    let whole =
        format!("AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host;x-amz-date, {SIGNATURE}");
    assert!(authorized(&whole).unwrap().is_some());
    for spaced in [whole.replace(", ", ","), whole.replace(", ", " ,  "), format!(" {whole} , ")] {
        assert!(authorized(&spaced).is_ok(), "{spaced}");
    }
    // Readers who look for the word would find another caller in it.
    let part = format!("X{CREDENTIAL}");
    let other = authorized(&format!("{whole}, {part}"));
    assert_eq!(other, Err(SignatureError::MalformedAuthorization { part }));
    let again = authorized(&format!("{whole}, {SIGNATURE}"));
    assert!(matches!(again, Err(SignatureError::MalformedAuthorization { .. })), "{again:?}");
    let no_value = authorized(&format!("{whole}, word"));
    let part = "word".to_owned();
    assert_eq!(no_value, Err(SignatureError::MalformedAuthorization { part }));
    let incomplete = authorized(&format!("AWS4-HMAC-SHA256 {SIGNATURE}"));
    let Err(SignatureError::IncompleteAuthorization { parts, no_date, .. }) = incomplete else {
        panic!("{incomplete:?}")
    };
    assert_eq!((parts, no_date), (vec!["Credential", "SignedHeaders"], false));
    let dateless = claim_of("", &[("authorization", whole.as_bytes())]);
    assert!(matches!(dateless, Err(SignatureError::IncompleteAuthorization { no_date: true, .. })));
    let not_text = claim_of("", &[("authorization", b"AWS4-HMAC-SHA256 \xff")]);
    assert!(matches!(not_text, Err(SignatureError::MalformedAuthorization { .. })));
}

#[test]
fn signed_headers_have_one_reading() {
    for list in ["", "Host", "x-amz-date;host", "host;host", "host;", ";host", "host x", "hóst"] {
        let value = format!("AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders={list}, {SIGNATURE}");
        let result = authorized(&value);
        let refused = match result {
            Err(SignatureError::MalformedSignedHeaders { presigned: false }) => true,
            Err(SignatureError::MalformedAuthorization { .. }) => !list.is_ascii(),
            _ => false,
        };
        assert!(refused, "{list}: {result:?}");
    }
    let value = format!("AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=x-amz-date, {SIGNATURE}");
    let claim = authorized(&value).unwrap().unwrap();
    let headers = map(&[("host", b"h"), ("x-amz-date", b"20261125T170000Z")]);
    let head = RequestHead { method: "GET", path: "/", query: "", headers: &headers };
    let key = SigningKey::derive("secret", &claim.scope);
    let result = verify(&claim, &head, &key, claim.time, &Expectation::default());
    assert_eq!(result.err(), Some(SignatureError::HostNotSigned));
}

#[test]
fn credentials_have_five_parts() {
    for credential in ["", "a", "a/b/c/d", "a/b/c/d/e/f", "/b/c/d/e", "a//c/d/e", "a/b/c/d/"] {
        let value =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, {SIGNATURE}");
        let credential = credential.to_owned();
        let error = SignatureError::MalformedCredential { credential, presigned: false };
        assert_eq!(authorized(&value), Err(error));
    }
}

#[test]
fn a_presigned_url_names_each_parameter_once() {
    let names = [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE%2F20261125%2Fus-east-1%2Fs3%2Faws4_request"),
        ("X-Amz-Date", "20261125T170000Z"),
        ("X-Amz-Expires", "60"),
        ("X-Amz-SignedHeaders", "host"),
        ("X-Amz-Signature", &SIGNATURE["Signature=".len()..]),
    ];
    let query = |skip: &str| {
        let pairs = names.iter().filter(|name| name.0 != skip);
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    };
    assert!(claim_of(&query(""), &[]).unwrap().is_some());
    for (name, value) in names {
        let missing = claim_of(&query(name), &[]);
        assert_eq!(missing, Err(SignatureError::IncompleteQuery { name }));
        let twice = claim_of(&format!("{}&{name}={value}", query("")), &[]);
        assert_eq!(twice, Err(SignatureError::RepeatedParameter { name }));
        let hidden = format!("{}&{}={value}", query(""), name.replace("Amz", "%41mz"));
        assert_eq!(claim_of(&hidden, &[]), Err(SignatureError::RepeatedParameter { name }));
    }
}

#[test]
fn s3_wants_the_hash_of_the_body_and_knows_its_words() {
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let with = |value: Option<&str>| {
        let credential = CREDENTIAL.replace("/sts/", "/s3/");
        let value_of = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, {SIGNATURE}");
        let mut headers: Vec<(&str, &[u8])> = vec![
            ("host", b"h"),
            ("x-amz-date", b"20261125T170000Z"),
            ("authorization", value_of.as_bytes()),
        ];
        headers.extend(value.map(|value| ("x-amz-content-sha256", value.as_bytes())));
        claim_of("", &headers).map(|claim| claim.unwrap().payload)
    };
    assert_eq!(with(None), Err(SignatureError::ContentHashMissing));
    assert!(matches!(with(Some(hash)), Ok(PayloadClaim::Hash(_))));
    assert_eq!(with(Some("UNSIGNED-PAYLOAD")), Ok(PayloadClaim::Unsigned));
    for bad in ["", "e3b0", &hash.to_uppercase(), "unsigned-payload", "STREAMING-UNSIGNED-PAYLOAD"]
    {
        let value = bad.to_owned();
        assert_eq!(with(Some(bad)), Err(SignatureError::ContentHashMalformed { value }));
    }
    let value = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD".to_owned();
    assert_eq!(
        with(Some(&value)),
        Err(SignatureError::StreamingUnsupported { value: value.clone() })
    );
}

#[test]
fn dates_are_real() {
    let value = format!("AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host, {SIGNATURE}");
    let at = |date: &str| {
        let headers = [("date", date.as_bytes()), ("authorization", value.as_bytes())];
        claim_of("", &headers).map(|claim| claim.unwrap().time)
    };
    let time = Ok(Timestamp::from_ms(1_795_626_000_000));
    assert_eq!(at("20261125T170000Z"), time);
    assert_eq!(at("Wed, 25 Nov 2026 17:00:00 GMT"), time);
    for bad in [
        "20261125T170000",
        "20261125t170000Z",
        "20261325T170000Z",
        "20260230T170000Z",
        "20261125T250000Z",
        "2026-11-25T17:00:00Z",
        "+0261125T170000Z",
        "Wed, 25 Nov 2026 17:00:00 CET",
        "Wed, 25 ovD 2026 17:00:00 GMT",
        "Wed, 25 Nov 2026 17:00 GMT",
        "Wed, 25 Nov 99999999 17:00:00 GMT",
        "Wed, ",
        "",
    ] {
        assert!(matches!(at(bad), Err(SignatureError::MalformedDate { .. })), "{bad}");
    }
}

#[test]
fn tokens_belong_to_their_keys() {
    let value = format!("AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host, {SIGNATURE}");
    let mut headers: Vec<(&str, &[u8])> =
        vec![("x-amz-date", b"20261125T170000Z"), ("authorization", value.as_bytes())];
    let without = claim_of("", &headers).unwrap().unwrap();
    headers.push(("x-amz-security-token", b"token"));
    let with = claim_of("", &headers).unwrap().unwrap();
    let check_token = |claim: &Claim, token| check_token(claim.session_token.as_deref(), token);
    assert_eq!(check_token(&without, None), Ok(()));
    assert_eq!(check_token(&with, Some("token")), Ok(()));
    for (claim, token) in
        [(&without, Some("token")), (&with, None), (&with, Some("tokem")), (&with, Some(""))]
    {
        assert_eq!(check_token(claim, token), Err(SignatureError::InvalidToken));
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("authorization".to_owned()),
        Just("host".to_owned()),
        Just("x-amz-date".to_owned()),
        Just("x-amz-content-sha256".to_owned()),
        Just("x-amz-decoded-content-length".to_owned()),
        Just("x-amz-trailer".to_owned()),
        "[a-z-]{1,12}",
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let credential = "AWS4-HMAC-SHA256 (Credential=[A-Z]{1,3}(/[a-z0-9]{0,9}){0,6}|SignedHeaders=[a-z;-]{0,9}|,| |=|\
        Signature=[0-9a-f]{60,66}){0,6}";
    prop_oneof![
        credential.prop_map(String::into_bytes),
        "[0-9]{8}T[0-9]{6}Z".prop_map(String::into_bytes),
        "STREAMING-[A-Z0-9-]{0,40}".prop_map(String::into_bytes),
        prop::collection::vec(prop_oneof![32_u8..127, 128_u8..=255], 0..60),
    ]
}

proptest! {
    #[test]
    fn nothing_panics(
        method in "[A-Z]{0,7}",
        path in "(/|%|%[0-9a-fA-F]{1,2}|\\.\\.|\\PC){0,20}",
        query in "((X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature)=)?\
            [A-Za-z0-9%+/=;.-]{0,20}&?){0,8}",
        headers in prop::collection::vec((name(), value()), 0..8),
        now in any::<i64>(),
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in &headers {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
            }
        }
        let head = RequestHead { method: &method, path: &path, query: &query, headers: &map };
        let _ = ChunkPlan::read(&head);
        if let Ok(Some(mut claim)) = read(&head) {
            let key = SigningKey::derive("secret", &claim.scope);
            let result = verify(&claim, &head, &key, Timestamp::from_ms(now), &Expectation::default());
            prop_assert!(result.is_err());
            // As far as the canonical request, whatever the claim says about itself.
            claim.signed_headers = "host".to_owned();
            claim.terminator = "aws4_request".to_owned();
            let _ = verify(&claim, &head, &key, claim.time, &Expectation::default());
        }
    }
}
