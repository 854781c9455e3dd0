use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;

use super::Client;
use crate::s3::{BodyRefusal, BoxError};
use crate::testing::World;

#[tokio::test]
async fn checksums_are_verified_and_kept() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let right = [
        ("crc32", "NhCmhg=="),
        ("crc32c", "mnG7TA=="),
        ("crc64nvme", "M3eFcAZSQlc="),
        ("sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="),
        ("sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="),
    ];
    for (name, value) in right {
        let header = format!("x-amz-checksum-{name}: {value}");
        let put = client.call("PUT /bkt/key", &header, "hello").await.is(200);
        assert_eq!(put.header(&format!("x-amz-checksum-{name}")), value);
        let get = client.call("GET /bkt/key", "x-amz-checksum-mode: ENABLED", "").await.is(200);
        assert_eq!(get.header(&format!("x-amz-checksum-{name}")), value);
        client.call("PUT /bkt/key", &header, "hellO").await.is(400).fails("BadDigest");
    }
    client
        .cases(&[
            ("PUT /bkt/none", "x-amz-checksum-crc32: AAAA", "hello", 400, "InvalidRequest"),
            (
                "PUT /bkt/none",
                "x-amz-checksum-crc32: NhCmhg==\nx-amz-checksum-sha1: qvTGHdzF6KLavt4PO0gs2a6pQ00=",
                "hello",
                400,
                "InvalidRequest",
            ),
            ("PUT /bkt/none", "content-md5: XUFAKrxLKna5cZ2REBfFkg==", "hello", 200, ""),
            ("PUT /bkt/key", "content-md5: XUFAKrxLKna5cZ2REBfFkg==", "hellO", 400, "BadDigest"),
            ("PUT /bkt/key", "content-md5: short", "hello", 400, "InvalidDigest"),
            (
                "PUT /bkt?tagging",
                "content-md5: XUFAKrxLKna5cZ2REBfFkg==",
                "<Tagging/>",
                400,
                "BadDigest",
            ),
        ])
        .await;
    assert_eq!(client.call("GET /bkt/key", "", "").await.text(), "hello");
}

fn with_trailer(
    text: &'static str,
    trailer: Option<(&'static str, &'static str)>,
) -> impl http_body::Body<Data = Bytes, Error = Infallible> {
    let mut frames = vec![Ok(Frame::data(Bytes::from(text)))];
    if let Some((name, value)) = trailer {
        let mut trailers = HeaderMap::new();
        trailers.insert(name, value.parse().unwrap());
        frames.push(Ok(Frame::trailers(trailers)));
    }
    StreamBody::new(stream::iter(frames))
}

#[tokio::test]
async fn trailers_are_verified() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let announced = "x-amz-trailer: x-amz-checksum-crc32\nx-amz-sdk-checksum-algorithm: CRC32";
    let put = async |text, trailer| {
        client.call_with("PUT /bkt/key", announced, with_trailer(text, trailer)).await
    };
    let reply = put("hello", Some(("x-amz-checksum-crc32", "NhCmhg=="))).await.is(200);
    assert_eq!(reply.header("x-amz-checksum-crc32"), "NhCmhg==");
    put("hellO", Some(("x-amz-checksum-crc32", "NhCmhg=="))).await.is(400).fails("BadDigest");
    put("hello", None).await.is(400).fails("MalformedTrailerError");
    put("hello", Some(("x-amz-checksum-sha1", "NhCmhg==")))
        .await
        .is(400)
        .fails("MalformedTrailerError");
    assert_eq!(client.call("GET /bkt/key", "", "").await.text(), "hello");
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let broken = |error: BoxError| {
        let frames = [Ok(Frame::data(Bytes::from_static(b"hel"))), Err(error)];
        StreamBody::new(stream::iter(frames))
    };
    let reply = client.call_with("PUT /bkt/key", "", broken("reset by peer".into())).await;
    reply.is(400).fails("IncompleteBody");
    let refusal = BodyRefusal {
        code: "XAmzContentSHA256Mismatch",
        message: "differs".to_owned(),
        status: 400,
    };
    let reply = client.call_with("PUT /bkt/key", "", broken(refusal.into())).await.is(400);
    assert_eq!(reply.one("Code"), "XAmzContentSHA256Mismatch");
    assert_eq!(reply.facts.bytes_in, 3);
    client.call("GET /bkt/key", "", "").await.is(404);
}

#[tokio::test]
async fn large_bodies_stream_through() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let chunk = Bytes::from((0..=255_u8).cycle().take(64 << 10).collect::<Vec<_>>());
    let frames = (0..48).map(move |_| Ok::<_, Infallible>(Frame::data(chunk.clone())));
    let put =
        client.call_with("PUT /bkt/big", "", StreamBody::new(stream::iter(frames))).await.is(200);
    assert_eq!((put.facts.bytes_in, put.facts.object_bytes), (3 << 20, Some(3 << 20)));
    let get = client.call("GET /bkt/big", "", "").await.is(200);
    assert_eq!((get.body.len(), get.facts.bytes_out), (3 << 20, 3 << 20));
    assert!(get.body.iter().zip((0..=255_u8).cycle()).all(|(found, wanted)| *found == wanted));
    let get = client.call("GET /bkt/big", "range: bytes=1000001-2000000", "").await.is(206);
    assert_eq!((get.body.len(), get.body[0]), (1_000_000, (1_000_001 % 256) as u8));
}

#[tokio::test]
async fn documents_have_a_limit() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let body = vec![b' '; (4 << 20) + 1];
    client.call("PUT /bkt?tagging", "", body).await.is(400).fails("MaxMessageLengthExceeded");
    let (line, announced) = ("PUT /bkt/key", "content-length: 5368709121");
    client.call_with(line, announced, with_trailer("", None)).await.is(400).fails("EntityTooLarge");
}

#[tokio::test]
async fn a_checksum_that_cannot_be_checked_is_refused() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client
        .cases(&[
            ("PUT /bkt/key", "x-amz-checksum-sha512: AAAA", "x", 501, "NotImplemented"),
            ("PUT /bkt/key", "x-amz-checksum-xxhash64: AAAA", "x", 501, "NotImplemented"),
            ("PUT /bkt/key", "x-amz-sdk-checksum-algorithm: MD5", "x", 501, "NotImplemented"),
            ("PUT /bkt/key", "x-amz-trailer: x-amz-checksum-md5", "x", 501, "NotImplemented"),
            ("PUT /bkt/key", "x-amz-trailer: x-amz-meta-a", "x", 400, "InvalidRequest"),
            ("HEAD /bkt/key", "", "", 404, "NoSuchKey"),
            ("HEAD /bkt", "x-amz-checksum-mode: ENABLED", "", 200, ""),
        ])
        .await;
}
