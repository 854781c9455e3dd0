//! What we sign, we accept; botocore's own verdict on our signer is the Python suite's.

use bytes::Bytes;
use cairn_event::Timestamp;
use cairn_wire::RequestHead;
use cairn_wire::sigv4::{
    ChunkPlan, ChunkedDecoder, Expectation, PayloadClaim, Signer, SigningCredential, SigningKey,
    ToSign, Trailer, check_token, read, sha256, verify,
};
use http::{HeaderMap, HeaderValue};

use super::{SECRETS, vectors};

fn credential(index: usize) -> SigningCredential<'static> {
    let (access_key, secret, session_token) = SECRETS[index];
    SigningCredential { access_key, secret, session_token }
}

fn now() -> Timestamp {
    Timestamp::from_ms(1_795_626_000_000)
}

#[test]
fn signs_as_botocore_does() {
    let mut compared = 0;
    for request in vectors().iter().filter(|request| request.kind == "header") {
        let authorization =
            request.headers.iter().find(|header| header.0 == "authorization").unwrap();
        let mut headers = request.header_map();
        let payload = match headers.get("x-amz-content-sha256") {
            Some(value) if value == "UNSIGNED-PAYLOAD" => PayloadClaim::Unsigned,
            Some(_) => PayloadClaim::Hash(sha256(&request.body())),
            None => PayloadClaim::Body,
        };
        for name in ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]
        {
            headers.remove(name);
        }
        // botocore's HTTP layer adds a length after signing.
        if !authorization.1.contains("content-length") {
            headers.remove("content-length");
        }
        let signer =
            Signer::new(credential(request.cred), &request.region, &request.service, now());
        let (added, _) = signer.headers(&ToSign {
            method: &request.method,
            path: &request.path,
            query: &request.query,
            headers: &headers,
            payload,
            body: &request.body(),
        });
        let ours = added.iter().find(|header| header.0 == "authorization").unwrap();
        assert_eq!(ours.1, authorization.1, "{}", request.name);
        compared += 1;
    }
    assert!(compared > 150, "{compared}");
}

#[test]
fn presigned_urls_hold() {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("127.0.0.1:4580"));
    for (index, service, payload) in [
        (0, "s3", PayloadClaim::Unsigned),
        (1, "s3", PayloadClaim::Unsigned),
        (1, "sts", PayloadClaim::Body),
    ] {
        let signer = Signer::new(credential(index), "eu-west-1", service, now());
        let query = signer.presign(
            &ToSign {
                method: "GET",
                path: "/b/%C3%BC",
                query: "versionId=a%2Bb",
                headers: &headers,
                payload,
                body: b"",
            },
            60,
        );
        let head =
            RequestHead { method: "GET", path: "/b/%C3%BC", query: &query, headers: &headers };
        let claim = read(&head).unwrap().unwrap();
        let key = SigningKey::derive(SECRETS[index].1, &claim.scope);
        verify(&claim, &head, &key, now(), &Expectation::default()).unwrap();
        check_token(claim.session_token.as_deref(), SECRETS[index].2).unwrap();
        assert_eq!(claim.expires_seconds, Some(60));
    }
}

#[test]
fn signed_streams_hold() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "127.0.0.1:4580"),
        ("x-amz-decoded-content-length", "11"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let signer = Signer::new(credential(0), "eu-west-1", "s3", now());
    let payload = PayloadClaim::Chunked { signed: true, trailer: true };
    let (method, path, query, body) = ("PUT", "/b/k", "", &b""[..]);
    let (added, mut previous) =
        signer.headers(&ToSign { method, path, query, headers: &headers, payload, body });
    let trailers =
        [Trailer { name: "x-amz-checksum-crc32".to_owned(), value: "DUoRhQ==".to_owned() }];
    let mut wire = Vec::new();
    for piece in ["hello ", "world", ""] {
        wire.extend(signer.chunk(&mut previous, piece.as_bytes()));
    }
    wire.extend(signer.trailer(&previous, &trailers));
    for (name, value) in added {
        headers.insert(name, HeaderValue::from_str(&value).unwrap());
    }
    let head = RequestHead { method, path, query, headers: &headers };
    let claim = read(&head).unwrap().unwrap();
    let key = SigningKey::derive(SECRETS[0].1, &claim.scope);
    let verified = verify(&claim, &head, &key, now(), &Expectation::default()).unwrap();
    let plan = ChunkPlan::read(&head).unwrap();
    let mut decoder = ChunkedDecoder::new(&verified, plan, true, true);
    let mut out = Vec::new();
    decoder.push(Bytes::from(wire), &mut out).unwrap();
    assert_eq!(decoder.finish().unwrap(), trailers);
    assert_eq!(out.concat(), b"hello world");
}

#[test]
fn secrets_are_not_printed() {
    let signer = Signer::new(credential(1), "eu-west-1", "s3", now());
    let printed = format!("{signer:?} {:?}", credential(1));
    assert!(
        !printed.contains(SECRETS[1].1) && !printed.contains(SECRETS[1].2.unwrap()),
        "{printed}"
    );
}
