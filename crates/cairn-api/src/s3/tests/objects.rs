use super::Client;
use crate::testing::World;

const HELLO_MD5: &str = "\"5d41402abc4b2a76b9719d911017c592\"";

#[tokio::test]
async fn an_object_comes_back_as_it_went() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let headers = "content-type: text/plain
        content-encoding: gzip, aws-chunked
        content-language: en
        content-disposition: attachment
        cache-control: no-cache
        expires: Wed, 21 Oct 2026 07:28:00 GMT
        x-amz-meta-Owner: Red Team
        x-amz-storage-class: STANDARD_IA
        x-amz-server-side-encryption: AES256
        x-amz-tagging: a=1&b=x%20y";
    let put = client.call("PUT /bkt/dir/hello%20there", headers, "hello").await.is(200);
    assert_eq!(put.header("etag"), HELLO_MD5);
    assert_eq!(put.header("x-amz-checksum-crc64nvme"), "M3eFcAZSQlc=");
    assert_eq!(put.header("x-amz-checksum-type"), "FULL_OBJECT");
    assert_eq!(put.header("x-amz-server-side-encryption"), "AES256");
    assert_eq!((put.facts.bytes_in, put.facts.object_bytes), (5, Some(5)));
    for method in ["GET", "HEAD"] {
        let reply = client.call(&format!("{method} /bkt/dir/hello%20there"), "", "").await.is(200);
        let shown = [
            ("etag", HELLO_MD5),
            ("content-type", "text/plain"),
            ("content-encoding", "gzip"),
            ("content-language", "en"),
            ("content-disposition", "attachment"),
            ("cache-control", "no-cache"),
            ("expires", "Wed, 21 Oct 2026 07:28:00 GMT"),
            ("x-amz-meta-owner", "Red Team"),
            ("x-amz-storage-class", "STANDARD_IA"),
            ("content-length", "5"),
            ("accept-ranges", "bytes"),
            ("last-modified", "Wed, 25 Nov 2026 17:00:00 GMT"),
            ("x-amz-checksum-crc64nvme", ""),
        ];
        for (name, value) in shown {
            assert_eq!(reply.header(name), value, "{method} {name}");
        }
        assert_eq!(reply.text(), if method == "GET" { "hello" } else { "" });
        assert_eq!(reply.facts.bytes_out, if method == "GET" { 5 } else { 0 });
    }
    let reply = client.call("GET /bkt/dir/hello%20there", "x-amz-checksum-mode: ENABLED", "").await;
    assert_eq!(reply.header("x-amz-checksum-crc64nvme"), "M3eFcAZSQlc=");
    assert_eq!(reply.header("x-amz-tagging-count"), "2");
    let bare = client.call("PUT /bkt/bare", "", "").await.is(200);
    assert_eq!(bare.header("etag"), "\"d41d8cd98f00b204e9800998ecf8427e\"");
    let bare = client.call("GET /bkt/bare", "", "").await.is(200);
    assert_eq!(
        (bare.header("content-type"), bare.header("content-length")),
        ("binary/octet-stream", "0")
    );
}

#[tokio::test]
async fn keys_are_any_text() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let long = "k".repeat(1_024);
    let keys = [
        "a",
        "a/",
        "a//b",
        "../../etc/passwd",
        "%00",
        "%E2%82%AC",
        "a%2Fb%2F..%2F",
        "+",
        "%3F%23",
        &long,
    ];
    for (at, key) in keys.iter().enumerate() {
        client.call(&format!("PUT /bkt/{key}"), "", at.to_string()).await.is(200);
    }
    for (at, key) in keys.iter().enumerate() {
        assert_eq!(
            client.call(&format!("GET /bkt/{key}"), "", "").await.is(200).text(),
            at.to_string()
        );
    }
    client.call(&format!("PUT /bkt/{long}k"), "", "x").await.is(400).fails("KeyTooLongError");
    client.call("PUT /bkt/%FF", "", "x").await.is(400).fails("InvalidURI");
}

#[tokio::test]
async fn ranges() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt/key", "", "0123456789").await.is(200);
    client.call("PUT /bkt/empty", "", "").await.is(200);
    let cases = [
        ("bytes=0-3", 206, "0123", "bytes 0-3/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
        ("bytes=5-99", 206, "56789", "bytes 5-9/10"),
        ("bytes=0-9", 206, "0123456789", "bytes 0-9/10"),
        ("bytes=3-1", 200, "0123456789", ""),
        ("bytes=0-1,4-5", 200, "0123456789", ""),
        ("lines=1-2", 200, "0123456789", ""),
    ];
    for (range, status, body, shown) in cases {
        let reply = client.call("GET /bkt/key", &format!("range: {range}"), "").await.is(status);
        assert_eq!((reply.text(), reply.header("content-range")), (body, shown), "{range}");
        assert_eq!(reply.header("content-length"), body.len().to_string());
    }
    client
        .cases(&[
            ("GET /bkt/key", "range: bytes=10-", "", 416, "InvalidRange"),
            ("GET /bkt/key", "range: bytes=-0", "", 416, "InvalidRange"),
            ("GET /bkt/key", "range: bytes=-", "", 200, ""),
            ("GET /bkt/empty", "range: bytes=0-", "", 416, "InvalidRange"),
            ("HEAD /bkt/key", "range: bytes=2-4", "", 206, ""),
            ("GET /bkt/key?partNumber=1", "", "", 206, ""),
            ("GET /bkt/key?partNumber=2", "", "", 416, "InvalidRange"),
        ])
        .await;
}

#[tokio::test]
async fn conditions_to_read() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt/key", "", "hello").await.is(200);
    let (before, at) = ("Wed, 25 Nov 2026 16:59:59 GMT", "Wed, 25 Nov 2026 17:00:00 GMT");
    let failed = "PreconditionFailed";
    for method in ["GET", "HEAD"] {
        let line = &format!("{method} /bkt/key");
        client
            .cases(&[
                (line, &format!("if-match: {HELLO_MD5}"), "", 200, ""),
                (line, "if-match: 5d41402abc4b2a76b9719d911017c592", "", 200, ""),
                (line, "if-match: \"other\"", "", 412, failed),
                (line, &format!("if-none-match: {HELLO_MD5}"), "", 304, ""),
                (line, "if-none-match: \"other\"", "", 200, ""),
                (line, &format!("if-modified-since: {before}"), "", 200, ""),
                (line, &format!("if-modified-since: {at}"), "", 304, ""),
                (line, &format!("if-unmodified-since: {before}"), "", 412, failed),
                (line, &format!("if-unmodified-since: {at}"), "", 200, ""),
                (
                    line,
                    &format!("if-match: {HELLO_MD5}\nif-unmodified-since: {before}"),
                    "",
                    200,
                    "",
                ),
                (line, &format!("if-none-match: \"other\"\nif-modified-since: {at}"), "", 200, ""),
            ])
            .await;
    }
    let reply =
        client.call("GET /bkt/key", &format!("if-none-match: {HELLO_MD5}"), "").await.is(304);
    assert_eq!((reply.header("etag"), reply.text()), (HELLO_MD5, ""));
}

#[tokio::test]
async fn conditions_to_write() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client
        .cases(&[
            ("PUT /bkt/key", "if-match: \"other\"", "x", 404, "NoSuchKey"),
            ("PUT /bkt/key", "if-none-match: *", "hello", 200, ""),
            ("PUT /bkt/key", "if-none-match: *", "other", 412, "PreconditionFailed"),
            ("PUT /bkt/key", "if-match: \"other\"", "other", 412, "PreconditionFailed"),
            ("PUT /bkt/key", "if-none-match: \"other\"", "other", 501, "NotImplemented"),
            ("DELETE /bkt/key", "if-match: \"other\"", "", 412, "PreconditionFailed"),
        ])
        .await;
    assert_eq!(client.call("GET /bkt/key", "", "").await.text(), "hello");
    client.call("PUT /bkt/key", &format!("if-match: {HELLO_MD5}"), "news").await.is(200);
    assert_eq!(client.call("GET /bkt/key", "", "").await.text(), "news");
    client.call("DELETE /bkt/key", "if-match: *", "").await.is(204);
}

#[tokio::test]
async fn a_reader_may_ask_for_other_headers() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt/key", "content-type: text/plain", "x").await.is(200);
    let query = "response-content-type=text%2Fcsv&response-content-disposition=inline\
                 &response-cache-control=private\
                 &response-expires=Wed%2C%2021%20Oct%202026%2007%3A28%3A00%20GMT";
    for method in ["GET", "HEAD"] {
        let reply = client.call(&format!("{method} /bkt/key?{query}"), "", "").await.is(200);
        let names = ["content-type", "content-disposition", "cache-control", "expires"];
        let shown = names.map(|name| reply.header(name));
        assert_eq!(
            shown,
            ["text/csv", "inline", "private", "Wed, 21 Oct 2026 07:28:00 GMT"],
            "{method}"
        );
    }
}

#[tokio::test]
async fn deleting_many() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    for key in ["a", "b", "c"] {
        client.call(&format!("PUT /bkt/{key}"), "", "x").await.is(200);
    }
    let keys = "<Object><Key>a</Key></Object><Object><Key>gone</Key></Object>\
                <Object><Key>b</Key><VersionId>7</VersionId></Object>";
    let body = format!("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{keys}</Delete>");
    client.call("POST /bkt?delete", "", body.clone()).await.is(400).fails("InvalidRequest");
    let sum = "x-amz-checksum-crc32: AAAAAA==";
    client.call("POST /bkt?delete", sum, body.clone()).await.is(400).fails("BadDigest");
    assert_eq!(client.call("GET /bkt", "", "").await.all("Key"), ["a", "b", "c"]);
    let md5 = md5_header(&body);
    let reply = client.call("POST /bkt?delete", &md5, body).await.is(200);
    assert_eq!(reply.all("Key"), ["a", "gone", "b"]);
    assert_eq!(reply.one("Code"), "NoSuchVersion");
    assert_eq!(client.call("GET /bkt", "", "").await.all("Key"), ["b", "c"]);
    let body = "<Delete><Object><Key>b</Key></Object><Quiet>true</Quiet></Delete>";
    let reply = client.call("POST /bkt?delete", &md5_header(body), body).await.is(200);
    assert!(reply.all("Key").is_empty());
    let many = "<Object><Key>k</Key></Object>".repeat(1_001);
    let body = format!("<Delete>{many}</Delete>");
    client.call("POST /bkt?delete", &md5_header(&body), body).await.is(400).fails("MalformedXML");
}

fn md5_header(body: &str) -> String {
    use base64::Engine as _;
    use md5::Digest as _;
    let md5 = md5::Md5::digest(body.as_bytes());
    format!("content-md5: {}", base64::engine::general_purpose::STANDARD.encode(md5))
}

#[tokio::test]
async fn copies() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let headers = "content-type: text/plain\nx-amz-meta-a: 1
        x-amz-tagging: t=1\nx-amz-storage-class: STANDARD_IA";
    client.call("PUT /bkt/s%20rc", headers, "hello").await.is(200);
    let reply = client.call("PUT /bkt/dst", "x-amz-copy-source: /bkt/s%20rc", "").await.is(200);
    assert_eq!(reply.one("ETag"), HELLO_MD5);
    assert_eq!(reply.one("ChecksumCRC64NVME"), "M3eFcAZSQlc=");
    let copy = client.call("GET /bkt/dst", "", "").await.is(200);
    assert_eq!(
        (copy.text(), copy.header("content-type"), copy.header("x-amz-meta-a")),
        ("hello", "text/plain", "1")
    );
    assert_eq!((copy.header("x-amz-storage-class"), copy.header("x-amz-tagging-count")), ("", "1"));
    let replace =
        "x-amz-copy-source: bkt/s%20rc\nx-amz-metadata-directive: REPLACE\nx-amz-meta-b: 2
        x-amz-tagging-directive: REPLACE\nx-amz-checksum-algorithm: SHA256";
    let reply = client.call("PUT /bkt/dst", replace, "").await.is(200);
    assert_eq!(reply.one("ChecksumSHA256"), "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
    let copy = client.call("GET /bkt/dst", "", "").await.is(200);
    assert_eq!(
        (copy.header("content-type"), copy.header("x-amz-meta-a"), copy.header("x-amz-meta-b")),
        ("binary/octet-stream", "", "2")
    );
    assert_eq!(copy.header("x-amz-tagging-count"), "");
    let from = "x-amz-copy-source: bkt/s%20rc";
    client
        .cases(&[
            ("PUT /bkt/s%20rc", from, "", 400, "InvalidRequest"),
            ("PUT /bkt/s%20rc", &format!("{from}\nx-amz-metadata-directive: REPLACE"), "", 200, ""),
            ("PUT /bkt/x", "x-amz-copy-source: bkt/none", "", 404, "NoSuchKey"),
            ("PUT /bkt/x", "x-amz-copy-source: none/none", "", 404, "NoSuchBucket"),
            ("PUT /bkt/x", &format!("{from}?versionId=null"), "", 200, ""),
            ("PUT /bkt/x", &format!("{from}?versionId=7"), "", 404, "NoSuchVersion"),
            (
                "PUT /bkt/x",
                &format!("{from}\nx-amz-metadata-directive: MERGE"),
                "",
                400,
                "InvalidArgument",
            ),
            (
                "PUT /bkt/x",
                &format!("{from}\nx-amz-copy-source-if-match: \"o\""),
                "",
                412,
                "PreconditionFailed",
            ),
            (
                "PUT /bkt/x",
                &format!("{from}\nx-amz-copy-source-if-none-match: {HELLO_MD5}"),
                "",
                412,
                "PreconditionFailed",
            ),
            ("PUT /bkt/x", &format!("{from}\nif-none-match: *"), "", 412, "PreconditionFailed"),
        ])
        .await;
}

#[tokio::test]
async fn object_tags_belong_to_one_version() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let tags = |key: &str| {
        format!("<Tagging><TagSet><Tag><Key>{key}</Key><Value>v</Value></Tag></TagSet></Tagging>")
    };
    let keys = async || {
        let reply = client.call("GET /bkt/key?tagging", "", "").await.is(200);
        reply.all("Key").join(",")
    };
    client.call("GET /bkt/key?tagging", "", "").await.is(404).fails("NoSuchKey");
    client.call("PUT /bkt/key", "x-amz-tagging: first=1", "x").await.is(200);
    assert_eq!(keys().await, "first");
    client.call("PUT /bkt/key?tagging", "", tags("second")).await.is(200);
    assert_eq!(keys().await, "second");
    client.call("PUT /bkt/key", "", "y").await.is(200);
    assert_eq!(keys().await, "");
    client.call("PUT /bkt/key?tagging", "", tags("third")).await.is(200);
    client.call("DELETE /bkt/key?tagging", "", "").await.is(204);
    assert_eq!(keys().await, "");
    client.call("PUT /bkt/key?tagging", "", tags("fourth")).await.is(200);
    client.call("DELETE /bkt/key", "", "").await.is(204);
    client.call("PUT /bkt/key", "", "z").await.is(200);
    assert_eq!(keys().await, "");
}

#[tokio::test]
async fn attributes_of_an_object() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt/key", "", "hello").await.is(200);
    let asked = "x-amz-object-attributes: ETag,ObjectSize,Checksum";
    let reply = client.call("GET /bkt/key?attributes", asked, "").await.is(200);
    // observed: the one place where it has no quotes.
    assert_eq!((reply.one("ObjectSize"), reply.one("ETag")), ("5", HELLO_MD5.trim_matches('"')));
    assert_eq!(reply.header("content-length"), reply.body.len().to_string());
    assert_eq!(reply.one("ChecksumCRC64NVME"), "M3eFcAZSQlc=");
    assert!(reply.all("StorageClass").is_empty());
    let several = "x-amz-object-attributes: ObjectSize\nx-amz-object-attributes: StorageClass";
    let reply = client.call("GET /bkt/key?attributes", several, "").await.is(200);
    assert_eq!((reply.one("ObjectSize"), reply.one("StorageClass")), ("5", "STANDARD"));
    client
        .cases(&[
            ("GET /bkt/key?attributes", "", "", 400, "InvalidRequest"),
            ("GET /bkt/key?attributes", "x-amz-object-attributes: ,", "", 400, "InvalidRequest"),
            ("GET /bkt/key?attributes", "x-amz-object-attributes: Age", "", 400, "InvalidArgument"),
        ])
        .await;
}

#[tokio::test]
async fn metadata_has_a_limit() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let value = "v".repeat(2_047);
    client.call("PUT /bkt/key", &format!("x-amz-meta-a: {value}"), "x").await.is(200);
    client
        .call("PUT /bkt/key", &format!("x-amz-meta-ab: {value}"), "x")
        .await
        .fails("MetadataTooLarge");
}

#[tokio::test]
async fn headers_that_are_no_dates_do_no_harm() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    for expires in ["0", "-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"] {
        let header = format!("expires: {expires}");
        client.call("PUT /bkt/key", &header, "hello").await.is(200);
        client.call("PUT /bkt/copy", "x-amz-copy-source: bkt/key", "").await.is(200);
        for line in ["GET /bkt/key", "HEAD /bkt/key", "GET /bkt/copy"] {
            assert_eq!(
                client.call(line, "", "").await.is(200).header("expires"),
                expires,
                "{line}"
            );
        }
    }
    for (header, status) in [
        ("if-modified-since: yesterday", 200),
        ("if-unmodified-since: 2000-01-01", 200),
        ("if-modified-since: Thu, 26 Nov 2026 00:00:00 GMT", 304),
        ("if-unmodified-since: Tue, 24 Nov 2026 00:00:00 GMT", 412),
    ] {
        assert_eq!(client.call("GET /bkt/key", header, "").await.status, status, "{header}");
    }
}

#[tokio::test]
async fn the_head_of_an_object_counts_its_tags() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt/key", "x-amz-tagging: a=1&b=2", "x").await.is(200);
    let count = "x-amz-tagging-count";
    assert_eq!(client.call("HEAD /bkt/key", "", "").await.header(count), "2");
    client.call("DELETE /bkt/key?tagging", "", "").await.is(204);
    assert!(!client.call("HEAD /bkt/key", "", "").await.headers.contains_key(count));
}

#[tokio::test]
async fn numbers_of_parts_and_names_of_versions_are_checked() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt/key", "", "hello").await.is(200);
    client
        .cases(&[
            ("GET /bkt/key?partNumber=0", "", "", 400, "InvalidArgument"),
            ("HEAD /bkt/key?partNumber=10001", "", "", 400, "InvalidArgument"),
            ("GET /bkt/key?partNumber=10000", "", "", 416, "InvalidRange"),
            ("GET /bkt/key?versionId=", "", "", 400, "InvalidArgument"),
            ("DELETE /bkt/key?versionId=", "", "", 400, "InvalidArgument"),
            ("GET /bkt/key?versionId=null", "", "", 200, ""),
            (
                "PUT /bkt/key",
                "x-amz-object-lock-retain-until-date: 2030-01-01T00:00:00Z",
                "x",
                400,
                "InvalidRequest",
            ),
        ])
        .await;
}
