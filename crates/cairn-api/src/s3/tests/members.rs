//! What errors say beyond their code and text.

use super::Client;
use crate::testing::World;

const OTHER: &str = "\"5d41402abc4b2a76b9719d911017c593\"";
const PAST: &str = "Tue, 24 Nov 2026 00:00:00 GMT";
const FUTURE: &str = "Thu, 26 Nov 2099 00:00:00 GMT";

/// A client with an object `bkt/key`, and its entity tag.
async fn with_object(world: &World) -> (Client<'_>, String) {
    let client = Client::with_bucket(world).await;
    let etag = client.call("PUT /bkt/key", "", "hello").await.is(200).header("etag").to_owned();
    (client, etag)
}

#[tokio::test]
async fn a_condition_that_fails_is_named() {
    let world = World::new();
    let (client, etag) = with_object(&world).await;
    let from = "x-amz-copy-source: bkt/key\nx-amz-copy-source-";
    // observed, but for the conditions on the source other than `If-None-Match`: assumed.
    for (line, headers, named) in [
        ("GET /bkt/key", format!("if-match: {OTHER}"), "If-Match"),
        ("GET /bkt/key", format!("if-unmodified-since: {PAST}"), "If-Unmodified-Since"),
        ("PUT /bkt/key", format!("if-match: {OTHER}"), "If-Match"),
        ("PUT /bkt/key", "if-none-match: *".to_owned(), "If-None-Match"),
        ("DELETE /bkt/key", format!("if-match: {OTHER}"), "If-Match"),
        ("PUT /bkt/to", format!("{from}if-match: {OTHER}"), "x-amz-copy-source-If-Match"),
        ("PUT /bkt/to", format!("{from}if-none-match: {etag}"), "x-amz-copy-source-If-None-Match"),
        (
            "PUT /bkt/to",
            format!("{from}if-unmodified-since: {PAST}"),
            "x-amz-copy-source-If-Unmodified-Since",
        ),
        (
            "PUT /bkt/to",
            format!("{from}if-modified-since: {FUTURE}"),
            "x-amz-copy-source-If-Modified-Since",
        ),
    ] {
        let refused = client.call(line, &headers, "").await.is(412).fails("PreconditionFailed");
        assert_eq!(refused.one("Condition"), named, "{line} {headers}");
        assert!(refused.all("Resource").is_empty(), "{}", refused.text());
    }
    let head = client.call("HEAD /bkt/key", &format!("if-match: {OTHER}"), "").await.is(412);
    assert!(head.body.is_empty());
    assert_eq!(client.call("GET /bkt/key", "", "").await.text(), "hello");
}

#[tokio::test]
async fn a_tag_needs_no_quotes() {
    let world = World::new();
    let (client, etag) = with_object(&world).await;
    let (bare, other) = (etag.trim_matches('"'), OTHER.trim_matches('"'));
    let from = "x-amz-copy-source: bkt/key\nx-amz-copy-source-";
    let failed = "PreconditionFailed";
    client
        .cases(&[
            ("GET /bkt/key", &format!("if-match: {bare}"), "", 200, ""),
            ("GET /bkt/key", &format!("if-match: {other}"), "", 412, failed),
            ("GET /bkt/key", &format!("if-none-match: {bare}"), "", 304, ""),
            ("PUT /bkt/to", &format!("{from}if-match: {bare}"), "", 200, ""),
            ("PUT /bkt/to", &format!("{from}if-none-match: {bare}"), "", 412, failed),
            ("PUT /bkt/key", &format!("if-match: {other}"), "hello", 412, failed),
            ("PUT /bkt/key", &format!("if-match: {bare}"), "hello", 200, ""),
            ("DELETE /bkt/key", &format!("if-match: {other}"), "", 412, failed),
            ("DELETE /bkt/key", &format!("if-match: {bare}"), "", 204, ""),
        ])
        .await;
}

#[tokio::test]
async fn a_completion_whose_condition_fails_is_told_which() {
    let world = World::new();
    let (client, _) = with_object(&world).await;
    let begun = client.call("POST /bkt/key?uploads", "", "").await.is(200);
    let id = begun.one("UploadId");
    let part = client.call(&format!("PUT /bkt/key?partNumber=1&uploadId={id}"), "", "x").await;
    let body = format!(
        "<CompleteMultipartUpload><Part><ETag>{}</ETag><PartNumber>1</PartNumber></Part>\
         </CompleteMultipartUpload>",
        part.header("etag").trim_matches('"')
    );
    let line = format!("POST /bkt/key?uploadId={id}");
    let absent = client.call(&line, "if-none-match: *", body.clone()).await.is(412);
    assert_eq!(absent.one("Condition"), "If-None-Match");
    let other = client.call(&line, &format!("if-match: {OTHER}"), body).await.is(412);
    assert_eq!(other.one("Condition"), "If-Match");
}

#[tokio::test]
async fn what_a_copy_does_not_find_is_its_source() {
    let world = World::new();
    let (client, _) = with_object(&world).await;
    let begun = client.call("POST /bkt/to?uploads", "", "").await.is(200);
    let part = format!("PUT /bkt/to?partNumber=1&uploadId={}", begun.one("UploadId"));
    for line in ["PUT /bkt/to", &part] {
        // observed (the key), assumed (the bucket).
        let refused = client.call(line, "x-amz-copy-source: bkt/a%26b", "").await.is(404);
        assert_eq!(refused.fails("NoSuchKey").one("Key"), "a&amp;b", "{line}");
        let refused = client.call(line, "x-amz-copy-source: nowhere/key", "").await.is(404);
        assert_eq!(refused.fails("NoSuchBucket").one("BucketName"), "nowhere", "{line}");
    }
}

#[tokio::test]
async fn a_range_that_is_not_there_is_repeated() {
    let world = World::new();
    let (client, _) = with_object(&world).await;
    // observed: as it was sent, and what there is instead.
    for range in ["bytes=5-", "bytes=99-100", "bytes=-0"] {
        let refused = client.call("GET /bkt/key", &format!("range: {range}"), "").await.is(416);
        let refused = refused.fails("InvalidRange");
        assert_eq!(refused.one("RangeRequested"), range);
        assert_eq!(refused.one("ActualObjectSize"), "5");
        assert_eq!(refused.header("content-range"), "bytes */5");
    }
}

#[tokio::test]
async fn numbers_that_are_out_of_bounds_are_named() {
    let world = World::new();
    let (client, _) = with_object(&world).await;
    let begun = client.call("POST /bkt/up?uploads", "", "").await.is(200);
    let up = format!("/bkt/up?uploadId={}", begun.one("UploadId"));
    let (get, put) = (format!("GET {up}"), format!("PUT {up}"));
    for (line, name, value) in [
        ("GET /bkt?max-keys=-1".to_owned(), "maxKeys", "-1"),
        ("GET /bkt?list-type=2&max-keys=-2".to_owned(), "maxKeys", "-2"),
        ("GET /bkt?versions&max-keys=-3".to_owned(), "maxKeys", "-3"),
        ("GET /bkt?uploads&max-uploads=-4".to_owned(), "max-uploads", "-4"),
        (format!("{get}&max-parts=-5"), "max-parts", "-5"),
        (format!("{get}&max-parts=2147483689"), "max-parts", "2147483689"),
        (format!("{get}&part-number-marker=-6"), "part-number-marker", "-6"),
        (format!("{get}&part-number-marker=x"), "part-number-marker", "x"),
        (format!("{put}&partNumber=0"), "partNumber", "0"),
        (format!("{put}&partNumber=10001"), "partNumber", "10001"),
        (format!("{put}&partNumber=x"), "partNumber", "x"),
    ] {
        let refused = client.call(&line, "", "").await.is(400).fails("InvalidArgument");
        assert_eq!(refused.one("ArgumentName"), name, "{line}");
        assert_eq!(refused.one("ArgumentValue"), value, "{line}");
    }
    let refused = client.call(&format!("{get}&max-parts=-1"), "", "").await;
    let text = "Argument max-parts must be an integer between 0 and 2147483647";
    assert_eq!(refused.one("Message"), text);
}

#[tokio::test]
async fn a_setting_that_a_bucket_lacks_names_the_bucket() {
    let world = World::new();
    let (client, _) = with_object(&world).await;
    client.call("DELETE /bkt?ownershipControls", "", "").await.is(204);
    let refused = client.call("GET /bkt?ownershipControls", "", "").await.is(404);
    let refused = refused.fails("OwnershipControlsNotFoundError");
    assert_eq!(refused.one("BucketName"), "bkt");
}
