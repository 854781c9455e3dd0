use super::Client;
use crate::testing::World;

const PART: usize = 5 << 20;

fn completion(parts: &[(i32, &str)]) -> String {
    let parts = parts.iter().map(|(number, etag)| {
        format!("<Part><ETag>{etag}</ETag><PartNumber>{number}</PartNumber></Part>")
    });
    let parts = parts.collect::<Vec<_>>().concat();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
}

async fn begin(client: &Client<'_>, key: &str, headers: &str) -> String {
    let reply = client.call(&format!("POST /bkt/{key}?uploads"), headers, "").await.is(200);
    reply.one("UploadId").to_owned()
}

#[tokio::test]
async fn parts_become_an_object() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let id = begin(&client, "key", "content-type: text/plain\nx-amz-meta-a: 1\nx-amz-tagging: t=1")
        .await;
    let at = |number: i32| format!("PUT /bkt/key?partNumber={number}&uploadId={id}");
    client.call(&at(1), "", vec![b'x'; 7]).await.is(200);
    let first = client.call(&at(1), "", vec![b'a'; PART]).await.is(200);
    let second = client.call(&at(7), "", "tail").await.is(200);
    assert_eq!(first.header("etag"), "\"79b281060d337b9b2b84ccf390adcf74\"");
    let parts = [(1, first.header("etag")), (7, second.header("etag"))];
    client.call("GET /bkt/key", "", "").await.is(404);
    let line = format!("POST /bkt/key?uploadId={id}");
    let done = client.call(&line, "", completion(&parts)).await.is(200);
    // The MD5 of the two MD5s, by md5sum.
    assert_eq!(done.one("ETag"), "\"30dcfd3901d1c613b7fb532281748544-2\"");
    assert_eq!(done.one("ChecksumType"), "FULL_OBJECT");
    assert_eq!(done.one("Location"), "http://localhost:4580/bkt/key");
    let reply = client.call("GET /bkt/key", "", "").await.is(200);
    assert_eq!(
        (reply.body.len(), reply.header("content-type"), reply.header("x-amz-meta-a")),
        (PART + 4, "text/plain", "1")
    );
    assert!(reply.body.ends_with(b"atail"));
    assert_eq!(reply.header("x-amz-tagging-count"), "1");
    let whole = PART + 4;
    for (number, range, bytes) in [
        (1, format!("bytes 0-{}/{whole}", PART - 1), PART),
        (7, format!("bytes {PART}-{}/{whole}", whole - 1), 4),
    ] {
        let part = client.call(&format!("GET /bkt/key?partNumber={number}"), "", "").await.is(206);
        assert_eq!((part.body.len(), part.header("content-range")), (bytes, range.as_str()));
        assert_eq!(part.header("x-amz-mp-parts-count"), "2");
        let head = client.call(&format!("HEAD /bkt/key?partNumber={number}"), "", "").await.is(206);
        for name in ["content-range", "content-length", "x-amz-mp-parts-count"] {
            assert_eq!(head.header(name), part.header(name), "{name}");
        }
    }
    client.call("HEAD /bkt/key?partNumber=2", "", "").await.is(416).fails("InvalidRange");
    client.call("PUT /bkt/copy", "x-amz-copy-source: bkt/key", "").await.is(200);
    client.call("GET /bkt/copy?partNumber=2", "", "").await.is(416);
    client.call("DELETE /bkt/copy", "", "").await.is(204);
    assert!(client.call("GET /bkt?uploads", "", "").await.all("Upload").is_empty());
    let parts = client
        .call("GET /bkt/key?attributes", "x-amz-object-attributes: ObjectParts", "")
        .await
        .is(200);
    assert_eq!(parts.one("PartsCount"), "2");
    client.call("DELETE /bkt/key", "", "").await.is(204);
    client.call("DELETE /bkt", "", "").await.is(204);
}

#[tokio::test]
async fn a_composite_checksum_is_over_checksums() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let reply =
        client.call("POST /bkt/key?uploads", "x-amz-checksum-algorithm: CRC32", "").await.is(200);
    assert_eq!(reply.header("x-amz-checksum-type"), "COMPOSITE");
    let id = reply.one("UploadId");
    let line = format!("PUT /bkt/key?partNumber=1&uploadId={id}");
    client
        .call(&line, "x-amz-checksum-sha1: qvTGHdzF6KLavt4PO0gs2a6pQ00=", "hello")
        .await
        .fails("InvalidRequest");
    client.call(&line, "x-amz-checksum-crc32: NhCmhg==", "hellO").await.fails("BadDigest");
    client.call(&line, "x-amz-checksum-crc32: NhCmhg==", "hello").await.is(200);
    let part = |sum: &str| {
        format!(
            "<CompleteMultipartUpload><Part><ETag>5d41402abc4b2a76b9719d911017c592</ETag><ChecksumCRC32>{sum}\
                 </ChecksumCRC32><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>"
        )
    };
    let line = format!("POST /bkt/key?uploadId={id}");
    client.call(&line, "", part("AAAAAA==")).await.is(400).fails("InvalidPart");
    client
        .call(&line, "x-amz-checksum-crc32: AAAAAA==", part("NhCmhg=="))
        .await
        .is(400)
        .fails("BadDigest");
    let done = client.call(&line, "", part("NhCmhg==")).await.is(200);
    // The CRC-32 of the bytes 36 10 A6 86.
    assert_eq!((done.one("ChecksumCRC32"), done.one("ChecksumType")), ("FKTmaw==-1", "COMPOSITE"));
    let head = client.call("HEAD /bkt/key", "x-amz-checksum-mode: ENABLED", "").await.is(200);
    assert_eq!(head.header("x-amz-checksum-crc32"), "FKTmaw==-1");
    let asked = "x-amz-object-attributes: Checksum";
    let attributes = client.call("GET /bkt/key?attributes", asked, "").await.is(200);
    assert_eq!(attributes.one("ChecksumCRC32"), "FKTmaw==");
    let reply = client.call("POST /bkt/key?uploads", "x-amz-checksum-algorithm: CRC32", "").await;
    let line = format!("PUT /bkt/key?partNumber=1&uploadId={}", reply.one("UploadId"));
    let part = client.call(&line, "", "hello").await.is(200);
    assert_eq!(part.header("x-amz-checksum-crc32"), "NhCmhg==", "the upload's, without a claim");
    let wrong = "x-amz-checksum-algorithm: SHA256\nx-amz-checksum-type: FULL_OBJECT";
    client.call("POST /bkt/key?uploads", wrong, "").await.fails("InvalidRequest");
}

#[tokio::test]
async fn wrong_completions_change_nothing() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let id = begin(&client, "key", "").await;
    for number in [1, 2] {
        client
            .call(&format!("PUT /bkt/key?partNumber={number}&uploadId={id}"), "", "small")
            .await
            .is(200);
    }
    let etag = "eb5c1399a871211c7e7ed732d15e3a8b";
    let line = &format!("POST /bkt/key?uploadId={id}");
    client
        .cases(&[
            (line, "", &completion(&[(1, etag), (2, etag)]), 400, "EntityTooSmall"),
            (line, "", &completion(&[(2, etag), (1, etag)]), 400, "InvalidPartOrder"),
            (line, "", &completion(&[(1, etag), (1, etag)]), 400, "InvalidPartOrder"),
            (line, "", &completion(&[(3, etag)]), 400, "InvalidPart"),
            (line, "", &completion(&[(1, "00")]), 400, "InvalidPart"),
            (line, "", "<CompleteMultipartUpload/>", 400, "MalformedXML"),
            (line, "", "", 400, "MalformedXML"),
            (line, "x-amz-mp-object-size: 7", &completion(&[(1, etag)]), 400, "InvalidRequest"),
            ("POST /bkt/key?uploadId=none", "", &completion(&[(1, etag)]), 404, "NoSuchUpload"),
            ("POST /bkt/other?uploadId=none", "", &completion(&[(1, etag)]), 404, "NoSuchUpload"),
            (&format!("PUT /bkt/key?partNumber=0&uploadId={id}"), "", "x", 400, "InvalidArgument"),
            (
                &format!("PUT /bkt/key?partNumber=10001&uploadId={id}"),
                "",
                "x",
                400,
                "InvalidArgument",
            ),
            (&format!("PUT /bkt/other?partNumber=1&uploadId={id}"), "", "x", 404, "NoSuchUpload"),
            ("GET /bkt/key", "", "", 404, "NoSuchKey"),
            (line, "", &completion(&[(2, etag)]), 200, ""),
            ("GET /bkt/key", "", "", 200, ""),
        ])
        .await;
}

#[tokio::test]
async fn parts_can_be_copied() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt/src", "", "0123456789").await.is(200);
    let id = begin(&client, "key", "").await;
    let line = &format!("PUT /bkt/key?partNumber=1&uploadId={id}");
    let from = "x-amz-copy-source: bkt/src";
    client
        .cases(&[
            (
                line,
                &format!("{from}\nx-amz-copy-source-range: bytes=8-10"),
                "",
                400,
                "InvalidArgument",
            ),
            (
                line,
                &format!("{from}\nx-amz-copy-source-range: bytes=8-"),
                "",
                400,
                "InvalidArgument",
            ),
            (line, "x-amz-copy-source: bkt/none", "", 404, "NoSuchKey"),
        ])
        .await;
    let copied =
        client.call(line, &format!("{from}\nx-amz-copy-source-range: bytes=2-4"), "").await.is(200);
    let etag = copied.one("ETag").to_owned();
    client
        .call(&format!("POST /bkt/key?uploadId={id}"), "", completion(&[(1, &etag)]))
        .await
        .is(200);
    assert_eq!(client.call("GET /bkt/key", "", "").await.text(), "234");
}

#[tokio::test]
async fn uploads_and_parts_are_listed() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let mut ids = Vec::new();
    for key in ["b", "a/1", "b", "a/2"] {
        ids.push(begin(&client, key, "").await);
        world.pass_ms(1_000);
    }
    let reply = client.call("GET /bkt?uploads", "", "").await.is(200);
    assert_eq!(reply.all("Key"), ["a/1", "a/2", "b", "b"]);
    assert_eq!(reply.all("UploadId"), [&ids[1], &ids[3], &ids[0], &ids[2]]);
    let reply = client.call("GET /bkt?uploads&delimiter=%2F&prefix=", "", "").await.is(200);
    assert_eq!(reply.all("Key"), ["b", "b"]);
    assert!(
        reply.text().contains("<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"),
        "{}",
        reply.text()
    );
    let reply = client.call("GET /bkt?uploads&max-uploads=3", "", "").await.is(200);
    let markers =
        (reply.one("NextKeyMarker"), reply.one("NextUploadIdMarker"), reply.one("IsTruncated"));
    assert_eq!(markers, ("b", ids[0].as_str(), "true"));
    let line = format!("GET /bkt?uploads&key-marker=b&upload-id-marker={}", ids[0]);
    assert_eq!(client.call(&line, "", "").await.is(200).all("UploadId"), [&ids[2]]);
    assert!(client.call("GET /bkt?uploads&key-marker=b", "", "").await.all("UploadId").is_empty());

    for number in [3, 1, 2] {
        client
            .call(&format!("PUT /bkt/b?partNumber={number}&uploadId={}", ids[0]), "", "x")
            .await
            .is(200);
    }
    let reply = client.call(&format!("GET /bkt/b?uploadId={}", ids[0]), "", "").await.is(200);
    assert_eq!(reply.all("PartNumber"), ["1", "2", "3"]);
    let reply =
        client.call(&format!("GET /bkt/b?uploadId={}&max-parts=2", ids[0]), "", "").await.is(200);
    assert_eq!((reply.all("PartNumber"), reply.one("NextPartNumberMarker")), (vec!["1", "2"], "2"));
    let line = format!("GET /bkt/b?uploadId={}&part-number-marker=2", ids[0]);
    assert_eq!(client.call(&line, "", "").await.all("PartNumber"), ["3"]);

    client.call(&format!("DELETE /bkt/b?uploadId={}", ids[0]), "", "").await.is(204);
    client
        .call(&format!("GET /bkt/b?uploadId={}", ids[0]), "", "")
        .await
        .is(404)
        .fails("NoSuchUpload");
    assert!(client.call("GET /bkt", "", "").await.all("Key").is_empty());
    client.call("DELETE /bkt", "", "").await.is(204);
    client.call("PUT /bkt", "", "").await.is(200);
    assert!(client.call("GET /bkt?uploads", "", "").await.all("UploadId").is_empty());
}

#[tokio::test]
async fn a_completion_whose_answer_was_lost_can_be_repeated() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let begun = client.call("POST /bkt/key?uploads", "", "").await.is(200);
    let id = begun.one("UploadId");
    let part = format!("PUT /bkt/key?partNumber=1&uploadId={id}");
    let etag = client.call(&part, "", "x").await.is(200).header("etag").to_owned();
    let (line, body) = (format!("POST /bkt/key?uploadId={id}"), completion(&[(1, &etag)]));
    let first = client.call(&line, "", body.clone()).await.is(200);
    let again = client.call(&line, "", body.clone()).await.is(200);
    assert_eq!(again.text(), first.text());
    assert_eq!(again.one("ChecksumType"), "FULL_OBJECT");
    // What is there now is not what the upload made.
    client.call("PUT /bkt/copy", "x-amz-copy-source: bkt/key", "").await.is(200);
    let line_of_copy = format!("POST /bkt/copy?uploadId={id}");
    client.call(&line_of_copy, "", body.clone()).await.is(404).fails("NoSuchUpload");
    client.call("PUT /bkt/key", "", "y").await.is(200);
    client.call(&line, "", body).await.is(404).fails("NoSuchUpload");
    assert_eq!(client.call("GET /bkt/key", "", "").await.text(), "y");
}
