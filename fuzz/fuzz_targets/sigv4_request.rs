//! Reading and verifying signatures of hostile requests, of both versions: nothing panics, nothing
//! verifies under a secret that nobody has, every refusal has an answer in every family, and what we
//! sign ourselves is always accepted.
#![no_main]

use cairn_event::Timestamp;
use cairn_fuzz::Request;
use cairn_wire::sigv2;
use cairn_wire::sigv4::{
    ChunkPlan, Expectation, Family, PayloadClaim, SignatureError, Signer, SigningCredential,
    SigningKey, ToSign, check_token, read, sha256, verify,
};
use libfuzzer_sys::fuzz_target;

fn now() -> Timestamp {
    Timestamp::from_ms(1_795_626_000_000)
}

const FAMILIES: [Family; 6] =
    [Family::Query, Family::Ec2, Family::Json, Family::RestJson, Family::RestXml, Family::S3];

fn answer(error: &SignatureError) {
    for family in FAMILIES {
        let answer = error.answer(family);
        assert!((400..600).contains(&answer.status) && !answer.code.is_empty());
    }
}

/// The same request, signed by us: it must hold, and must not hold for another path.
fn sign_and_verify(request: &Request<'_>) {
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let credential = SigningCredential {
        access_key: "AKIAIOSFODNN7EXAMPLE",
        secret: SECRET,
        session_token: None,
    };
    let mut headers = request.headers.clone();
    for name in
        ["authorization", "x-amz-date", "date", "x-amz-security-token", "x-amz-content-sha256"]
    {
        headers.remove(name);
    }
    headers.insert("host", http::HeaderValue::from_static("127.0.0.1"));
    for (service, payload) in [("s3", PayloadClaim::Unsigned), ("sts", PayloadClaim::Body)] {
        let signer = Signer::new(credential, "us-east-1", service, now());
        let (added, _) = signer.headers(&ToSign {
            method: request.method,
            path: request.path,
            query: request.query,
            headers: &headers,
            payload,
            body: request.body,
        });
        let mut signed = headers.clone();
        for (name, value) in added {
            signed.insert(name, value.parse().expect("a header of ours is visible ASCII"));
        }
        let head = cairn_wire::RequestHead { headers: &signed, ..request.head() };
        let claim = match read(&head) {
            Ok(claim) => claim.expect("it is signed"),
            // A repeated header or a second signature in the query string: refused before anything
            // else.
            Err(_) => continue,
        };
        let key = SigningKey::derive(SECRET, &claim.scope);
        let expected = Expectation { body: Some(sha256(request.body)), ..Expectation::default() };
        verify(&claim, &head, &key, now(), &expected).expect("we signed it");
        check_token(claim.session_token.as_deref(), None).expect("there is no token");
        let path = format!("{}x", head.path);
        let other = cairn_wire::RequestHead { path: &path, ..head };
        assert!(verify(&claim, &other, &key, now(), &expected).is_err());
    }
}

fuzz_target!(|bytes: &[u8]| {
    let request = Request::parse(bytes);
    let head = request.head();
    if let Err(error) = ChunkPlan::read(&head) {
        answer(&error);
    }
    match read(&head) {
        Ok(None) => {}
        Err(error) => answer(&error),
        Ok(Some(mut claim)) => {
            let key = SigningKey::derive("a secret that nobody has", &claim.scope);
            let expected = Expectation::default();
            let error = verify(&claim, &head, &key, now(), &expected).expect_err("nobody has it");
            answer(&error);
            // Past the checks of scope and time, to the canonical request.
            claim.terminator = "aws4_request".to_owned();
            claim.signed_headers = "host".to_owned();
            if let Err(error) = verify(&claim, &head, &key, claim.time, &expected) {
                answer(&error);
            }
        }
    }
    match sigv2::read(&head) {
        Ok(None) => {}
        Err(error) => answer(&error),
        Ok(Some(claim)) => {
            for at in [now(), Timestamp::from_ms(0)] {
                let (secret, expected) =
                    ("a secret that nobody has", sigv2::Expectation::default());
                let verified = sigv2::verify(&claim, &head, secret, at, &expected);
                answer(&verified.expect_err("nobody has it"));
            }
        }
    }
    sign_and_verify(&request);
});
