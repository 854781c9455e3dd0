//! Change any part of a signed request, and it is refused for the right reason.

use cairn_event::Timestamp;
use cairn_wire::RequestHead;
use cairn_wire::sigv4::{Expectation, SignatureError, SigningKey, read, verify};

use super::{Request, SECRETS, vectors};

/// Refused because the signature does not match: what it covers was changed.
fn assert_mismatch(request: &Request, what: &str) {
    let result = request.check();
    let refused = matches!(&result, Err(SignatureError::Mismatch(_)));
    assert!(refused, "{what} of {}: {result:?}", request.name);
}

fn with(request: &Request, change: impl FnOnce(&mut Request)) -> Request {
    let mut changed = request.clone();
    change(&mut changed);
    changed
}

/// Where the parts of a signature stand: the header, or the query string.
fn replace_part(request: &Request, from: &str, to: &str) -> Request {
    with(request, |request| {
        if request.kind == "presigned" {
            assert!(request.query.contains(from), "{from} in {}", request.query);
            request.query = request.query.replacen(from, to, 1);
        } else {
            let header = request.header_mut("authorization");
            assert!(header.contains(from), "{from} in {header}");
            *header = header.replacen(from, to, 1);
        }
    })
}

fn slash(request: &Request) -> &'static str {
    if request.kind == "presigned" { "%2F" } else { "/" }
}

#[test]
fn method_path_and_query() {
    for request in vectors() {
        assert_mismatch(&with(&request, |it| it.method = "PATCH".to_owned()), "the method");
        assert_mismatch(
            &with(&request, |it| it.method.make_ascii_lowercase()),
            "the method's case",
        );
        assert_mismatch(&with(&request, |it| it.path.push('x')), "the path");
        assert_mismatch(&with(&request, |it| it.path.insert_str(0, "/x")), "the path");
        let query = if request.query.is_empty() { "a" } else { "&a" };
        assert_mismatch(&with(&request, |it| it.query.push_str(query)), "the query");
        let doubled = with(&request, |it| {
            let first = it.query.split('&').next().unwrap().to_owned();
            it.query = format!("{first}&{}", it.query);
        });
        if !request.query.is_empty() && !request.query.starts_with("X-Amz-") {
            assert_mismatch(&doubled, "a repeated parameter");
        }
    }
}

#[test]
fn every_byte_of_the_path() {
    for request in vectors() {
        for at in 1..request.path.len() {
            let mut bytes = request.path.clone().into_bytes();
            bytes[at] = if bytes[at] == b'z' { b'y' } else { b'z' };
            let path = String::from_utf8(bytes).unwrap();
            assert_mismatch(&with(&request, |it| it.path = path), "a byte of the path");
        }
    }
}

#[test]
fn s3_paths_are_taken_as_they_are() {
    for request in vectors().iter().filter(|request| request.service == "s3") {
        for (from, to) in [("//", "/"), ("/../", "/"), ("/./", "/"), ("/a%2Fb", "/a/b"), ("+", " ")]
        {
            if request.path.contains(from) {
                let changed = with(request, |it| it.path = it.path.replacen(from, to, 1));
                assert_mismatch(&changed, "the path's form");
            }
        }
    }
}

#[test]
fn dot_segments_are_signed_as_sent() {
    // AWS would resolve them; routing does not, so neither may the signature.
    let mut request = vectors().into_iter().find(|it| it.path == "/tags/a+b;c=d,e").unwrap();
    assert!(request.check().is_ok());
    for path in ["/x/../tags/a+b;c=d,e", "/./tags/a+b;c=d,e", "/tags/a+b;c=d,e/."] {
        path.clone_into(&mut request.path);
        assert_mismatch(&request, path);
    }
}

#[test]
fn signed_headers_and_unsigned_ones() {
    for request in vectors() {
        for (name, _) in request.headers.clone() {
            let changed = with(&request, |it| it.header_mut(&name).push('x'));
            let removed = with(&request, |it| it.headers.retain(|header| header.0 != name));
            let signed = request.signs(&name);
            match name.as_str() {
                "authorization" => {
                    assert_eq!(changed.check().err(), Some(SignatureError::MalformedSignature));
                    let none = Some(SignatureError::Missing);
                    assert_eq!(removed.check().err(), none, "{}", request.name);
                }
                "x-amz-date" | "x-amz-content-sha256" => {
                    assert!(changed.check().is_err() && removed.check().is_err());
                }
                _ if signed => {
                    assert_mismatch(&changed, &name);
                    let missing = SignatureError::SignedHeaderMissing { name };
                    assert_eq!(removed.check().err(), Some(missing), "{}", request.name);
                }
                "user-agent" | "expect" | "x-amzn-trace-id" => {
                    assert!(changed.check().is_ok() && removed.check().is_ok(), "{name}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn headers_that_change_the_meaning_must_be_signed() {
    for request in vectors() {
        for name in ["x-amz-acl", "x-amz-target", "x-amz-copy-source", "x-amz-security-token"] {
            if request.has(name) {
                continue;
            }
            let added =
                with(&request, |it| it.headers.push((name.to_owned(), "forged".to_owned())));
            let refused = match added.check().err() {
                Some(SignatureError::HeadersNotSigned { names }) => names == name,
                Some(SignatureError::RepeatedHeader { .. }) => name == "x-amz-security-token",
                _ => false,
            };
            assert!(refused, "{name} on {}", request.name);
        }
    }
}

#[test]
fn headers_of_identity_come_once() {
    for request in vectors() {
        for name in
            ["host", "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"]
        {
            if let Some(header) = request.headers.iter().find(|header| header.0 == name).cloned() {
                let doubled = with(&request, |it| it.headers.push(header));
                assert_eq!(doubled.check().err(), Some(SignatureError::RepeatedHeader { name }));
            }
        }
    }
    let signed_twice = vectors().into_iter().find(|it| it.name.contains("headers")).unwrap();
    let doubled =
        with(&signed_twice, |it| it.headers.push(("x-custom".to_owned(), "b".to_owned())));
    assert_mismatch(&doubled, "a header that came twice");
}

#[test]
fn every_digit_of_the_signature() {
    for request in vectors() {
        let (_, signature) = if request.kind == "presigned" {
            request.query.split_once("X-Amz-Signature=").unwrap()
        } else {
            let header = request.headers.iter().find(|header| header.0 == "authorization").unwrap();
            header.1.split_once("Signature=").unwrap()
        };
        let signature = signature[..64].to_owned();
        for at in 0..64 {
            let mut digits = signature.clone().into_bytes();
            digits[at] = if digits[at] == b'0' { b'1' } else { b'0' };
            let forged = String::from_utf8(digits).unwrap();
            assert_mismatch(&replace_part(&request, &signature, &forged), "the signature");
        }
        for bad in [&signature[..63], &signature.to_ascii_uppercase(), "", &format!("{signature}0")]
        {
            let result = replace_part(&request, &signature, bad).check().err();
            assert_eq!(result, Some(SignatureError::MalformedSignature), "{bad}");
        }
    }
}

#[test]
fn every_part_of_the_scope() {
    for request in vectors() {
        let presigned = request.kind == "presigned";
        let slash = slash(&request);
        let part = |from: &str, to: &str| {
            let (from, to) = (format!("{slash}{from}{slash}"), format!("{slash}{to}{slash}"));
            replace_part(&request, &from, &to)
        };
        let refused = |changed: &Request, error: SignatureError| {
            assert_eq!(changed.check().err(), Some(error), "{}", request.name);
        };
        let time = "20261125T170000Z".to_owned();
        refused(
            &part("20261125", "20261124"),
            SignatureError::ScopeDate { scope: "20261124".to_owned(), time, presigned },
        );
        let region = "mars-1".to_owned();
        let expected = request.region.clone();
        refused(
            &part(&request.region, "mars-1"),
            SignatureError::ScopeRegion { region, expected, presigned },
        );
        // Whether a scope is S3's decides how the rest is read, so only its refusal is the same for
        // all.
        assert!(part(&request.service, "mars").check().is_err());
        refused(
            &replace_part(&request, "aws4_request", "aws5_request"),
            SignatureError::ScopeTerminator { terminator: "aws5_request".to_owned(), presigned },
        );
        let cut = replace_part(&request, &format!("{slash}aws4_request"), "");
        let malformed = matches!(cut.check(), Err(SignatureError::MalformedCredential { .. }));
        assert!(malformed, "{}", request.name);
        let key = SECRETS[request.cred].0;
        let other = SECRETS[1 - request.cred].0;
        let unknown = SignatureError::UnknownAccessKey { access_key: other.to_owned() };
        refused(&replace_part(&request, key, other), unknown);
    }
}

#[test]
fn a_scope_is_not_taken_elsewhere() {
    for request in vectors() {
        let elsewhere = with(&request, |it| it.region = "elsewhere-1".to_owned()).check().err();
        assert!(matches!(elsewhere, Some(SignatureError::ScopeRegion { .. })), "{elsewhere:?}");
        let other = with(&request, |it| it.service = "other".to_owned()).check().err();
        assert!(matches!(other, Some(SignatureError::ScopeService { .. })), "{other:?}");
    }
}

#[test]
fn bodies() {
    for request in vectors().iter().filter(|request| request.kind == "header") {
        let body = request.body();
        let forged = [&body[..], b"x"].concat();
        let result = request.check_at(request.now(), &forged).err();
        let stated = request.has("x-amz-content-sha256");
        let unsigned = request.headers.iter().any(|header| header.1 == "UNSIGNED-PAYLOAD");
        let right = match result {
            None => unsigned,
            Some(SignatureError::BodyMismatch { .. }) => stated,
            Some(SignatureError::Mismatch(_)) => !stated,
            _ => false,
        };
        assert!(right, "{}", request.name);
    }
}

#[test]
fn an_unread_body_counts_as_empty() {
    let request =
        vectors().into_iter().find(|it| it.service == "sts" && !it.body.is_empty()).unwrap();
    let headers = request.header_map();
    let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
    let claim = read(&head).unwrap().unwrap();
    let key = SigningKey::derive(SECRETS[request.cred].1, &claim.scope);
    let result = verify(&claim, &head, &key, request.now(), &Expectation::default());
    assert!(matches!(result, Err(SignatureError::Mismatch(_))), "{result:?}");
}

#[test]
fn session_tokens() {
    for request in vectors().iter().filter(|request| request.cred == 1) {
        let encoded = "IQoJb3JpZ2luX2VjEXAMPLE";
        if request.kind == "presigned" {
            let changed = with(request, |it| it.query = it.query.replace(encoded, "Forged"));
            assert_mismatch(&changed, "the token");
        } else {
            let changed =
                with(request, |it| "forged".clone_into(it.header_mut("x-amz-security-token")));
            assert_mismatch(&changed, "the token");
        }
        // A caller who signs with the right secret and another token, or none.
        let foreign = with(request, |it| it.cred = 0).check().err();
        assert!(matches!(foreign, Some(SignatureError::UnknownAccessKey { .. })), "{foreign:?}");
    }
}

#[test]
fn dates() {
    for request in vectors().iter().filter(|request| request.kind == "header") {
        for (date, expected) in
            [("20261125T170001Z", "mismatch"), ("20261124T170000Z", "scope"), ("now", "malformed")]
        {
            let changed = with(request, |it| date.clone_into(it.header_mut("x-amz-date")));
            let right = match changed.check().err() {
                Some(SignatureError::Mismatch(_)) => expected == "mismatch",
                Some(SignatureError::ScopeDate { .. }) => expected == "scope",
                Some(SignatureError::MalformedDate { .. }) => expected == "malformed",
                _ => false,
            };
            assert!(right, "{date} on {}", request.name);
        }
        let week = Timestamp::from_ms(request.time + 7 * 86_400_000);
        let late = request.check_at(week, &request.body()).err();
        assert!(matches!(late, Some(SignatureError::TooOld { .. })));
    }
}
