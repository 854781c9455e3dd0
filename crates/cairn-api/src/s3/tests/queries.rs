//! What a query may hold: the operation that was resolved is done, or none.

use std::collections::BTreeSet;

use cairn_wire::model::{Location, Operation, Shape};
use http_body_util::{Empty, Full};

use super::{Client, Request, resolved};
use crate::s3::service::serves;
use crate::testing::World;

/// A bucket with an object that must outlive what is refused.
async fn with_object(world: &World) -> Client<'_> {
    let client = Client::with_bucket(world).await;
    client.call("PUT /bkt/key", "", "kept").await.is(200);
    client
}

async fn is_untouched(client: &Client<'_>) {
    assert_eq!(client.call("GET /bkt/key", "", "").await.is(200).text(), "kept");
    let listed = client.call("GET /bkt?list-type=2", "", "").await.is(200);
    assert_eq!(listed.all("Key"), ["key"]);
    let buckets = client.call("GET /", "", "").await.is(200);
    assert_eq!(buckets.all("Name"), ["bkt"]);
    client.call("GET /bkt?policy", "", "").await.fails("NoSuchBucketPolicy");
}

fn operations() -> impl Iterator<Item = Operation<'static>> {
    cairn_wire::model::service("s3").unwrap().operations()
}

/// The part of an operation's query that has no value: its sub-resource.
fn sub_resource(operation: Operation<'static>) -> Option<&'static str> {
    let (_, query) = operation.uri().split_once('?')?;
    query.split('&').find(|part| !part.contains('='))
}

#[tokio::test]
async fn a_sub_resource_of_another_method_is_refused() {
    let world = World::new();
    let client = with_object(&world).await;
    let names: BTreeSet<_> = operations().filter_map(sub_resource).collect();
    assert!(names.len() > 30 && names.contains("uploads"), "{names:?}");
    let mut refused = 0;
    for (template, path) in [("/{Bucket}", "/bkt"), ("/{Bucket}/{Key+}", "/bkt/key")] {
        for method in ["GET", "HEAD", "PUT", "DELETE"] {
            for name in &names {
                let is_it = |operation: &Operation<'static>| {
                    operation.method() == method
                        && operation.uri().split('?').next() == Some(template)
                        && sub_resource(*operation) == Some(name)
                };
                if operations().any(|operation| is_it(&operation) && serves(operation.name())) {
                    continue;
                }
                let known = operations().any(|operation| is_it(&operation));
                let wanted = if known { 501 } else { 405 };
                for query in [name.to_string(), format!("{name}=x"), escaped(name)] {
                    let line = format!("{method} {path}?{query}");
                    let reply = client.call(&line, "", "body").await;
                    assert_eq!(reply.status, wanted, "{line}: {reply:?}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 500, "{refused}");
    is_untouched(&client).await;
}

/// `%61cl=` for `acl`.
fn escaped(name: &str) -> String {
    format!("%{:02x}{}=", name.as_bytes()[0], &name[1..])
}

#[tokio::test]
async fn nothing_is_done_under_another_name() {
    let world = World::new();
    let client = with_object(&world).await;
    let rename = "x-amz-rename-source: /bkt/key";
    client
        .cases(&[
            ("DELETE /bkt?metadataConfiguration=x", "", "", 501, "NotImplemented"),
            ("PUT /news?abac=x", "", "<A/>", 501, "NotImplemented"),
            ("PUT /bkt/ren?renameObject=x", rename, "x", 501, "NotImplemented"),
            ("PUT /bkt/enc?encryption=x", "", "x", 501, "NotImplemented"),
            ("GET /bkt?metadataConfiguration=x", "", "", 501, "NotImplemented"),
            ("PUT /bkt?acl&policy", "", "<x/>", 400, "InvalidArgument"),
            ("PUT /bkt/k?uploadId=abc", "", "x", 400, "InvalidArgument"),
            ("PUT /bkt/k?partNumber=1", "", "x", 400, "InvalidArgument"),
            ("PUT /bkt/k?versionId=null", "", "x", 400, "InvalidArgument"),
            ("DELETE /bkt/key?partNumber=1", "", "", 400, "InvalidArgument"),
            ("HEAD /bkt?versionId=1", "", "", 400, "InvalidArgument"),
            // A bucket is one part of a path, before and after it is decoded.
            ("PUT /bkt%2Fk", "", "x", 400, "InvalidBucketName"),
            ("PUT /bkt%2Fdir/k", "", "x", 400, "InvalidBucketName"),
            ("PUT /news%2F", "", "", 400, "InvalidBucketName"),
        ])
        .await;
    is_untouched(&client).await;
}

#[tokio::test]
async fn an_escaped_name_is_the_name() {
    let world = World::new();
    let client = with_object(&world).await;
    let policy = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*",
        "Resource":"arn:aws:s3:::bkt"}}"#;
    client.call("PUT /bkt?%70olicy=1", "", policy).await.is(204);
    client.call("GET /bkt?p%6Flicy", "", "").await.is(200);
    client.call("DELETE /bkt?%70olicy=1", "", "").await.is(204);
    let listed = client.call("GET /bkt?list%2Dtype=%32", "", "").await.is(200);
    assert_eq!(listed.one("KeyCount"), "1");
    is_untouched(&client).await;
}

/// Also where no rule of the query tells: the codec takes this for `DeleteBucket`.
#[tokio::test]
async fn the_codec_does_what_was_resolved_or_nothing() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let find = |name: &str| operations().find(|operation| operation.name() == name).unwrap();
    for (line, name) in
        [("DELETE /bkt", "DeleteBucketPolicy"), ("PUT /bkt/key", "CreateMultipartUpload")]
    {
        let (method, path) = line.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(path).body(Empty::new()).unwrap();
        let ctx = world.ctx(client.account, client.region);
        let answer = client.s3.call(&ctx, find(name), "HOST-ID", request).await;
        assert_eq!(answer.response.status(), 405, "{line}");
        assert_eq!(answer.facts.error.unwrap().code, "MethodNotAllowed");
    }
    let listed = client.call("GET /bkt", "", "").await.is(200);
    assert!(listed.all("Key").is_empty());
}

/// The resolver and the codec agree on every operation that is served.
#[tokio::test]
async fn every_operation_that_is_served_is_found() {
    let mut served = 0;
    for operation in operations().filter(|operation| serves(operation.name())) {
        let world = World::new();
        let client = with_object(&world).await;
        let members = || operation.input().into_iter().flat_map(Shape::members);
        let required = |location: Location| {
            members().filter(move |member| member.required() && member.location() == location)
        };
        let path = operation.uri().replace("{Bucket}", "bkt").replace("{Key+}", "key");
        let mut line = format!("{} {path}", operation.method());
        for member in required(Location::QueryString) {
            line.push(if line.contains('?') { '&' } else { '?' });
            line.push_str(member.wire_name());
            line.push_str("=1");
        }
        let headers: Vec<_> = required(Location::Header)
            .map(|member| match member.wire_name() {
                "x-amz-copy-source" => "x-amz-copy-source: bkt/key".to_owned(),
                name => format!("{name}: ETag"),
            })
            .collect();
        let (method, uri) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(uri);
        for header in &headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let found = resolved(&request.body(Full::<bytes::Bytes>::default()).unwrap());
        assert_eq!(found.name(), operation.name(), "{line}");
        let reply = client.call(&line, &headers.join("\n"), "").await;
        let code = reply.facts.error.as_ref().map_or("", |error| error.code.as_str());
        let refused = ["MethodNotAllowed", "NotImplemented"].contains(&code);
        assert!(!refused, "{line}: {reply:?}");
        served += 1;
    }
    assert!(served > 40, "{served}");
}

#[tokio::test]
async fn what_s3_ignores_is_ignored() {
    let world = World::new();
    let client = with_object(&world).await;
    client.call("PUT /bkt/key?x-id=PutObject&foo=1", "", "kept").await.is(200);
    client.call("GET /bkt/key?x-id=GetObject&prefix=&foo=1", "", "").await.is(200);
    client.call("GET /bkt?list-type=2&prefix=&delimiter=&id=x", "", "").await.is(200);
    client.call("PUT /bkt/key?news", "", "x").await.fails("NotImplemented");
    is_untouched(&client).await;
}

#[tokio::test]
async fn a_broken_escape_is_no_path() {
    let world = World::new();
    let client = with_object(&world).await;
    for line in ["PUT /bkt/%zz", "PUT /bkt/%", "PUT /bkt/a%2", "GET /bkt/%ff", "PUT /bkt/%+1"] {
        client.call(line, "", "x").await.is(400).fails("InvalidURI");
    }
    client.call("PUT /bkt/100%25", "", "x").await.is(200);
    client.call("DELETE /bkt/100%25", "", "").await.is(204);
    is_untouched(&client).await;
}

#[tokio::test]
async fn the_inside_of_the_codec_is_not_shown() {
    let world = World::new();
    let client = with_object(&world).await;
    for line in [
        "GET /bkt/key?response-content-type=text%2Fhtml%0D%0Ax:y",
        "HEAD /bkt/key?response-content-disposition=%00",
        "GET /bkt/key?response-expires=%0d%0a",
    ] {
        let reply = client.call(line, "", "").await.is(400).fails("InvalidArgument");
        let message = &reply.facts.error.as_ref().unwrap().message;
        assert_eq!(message, "Header value cannot be represented using ISO-8859-1.", "{line}");
    }
    for line in [
        "GET /bkt/key?response-expires=never",
        "GET /bkt?list-type=2&max-keys=%0d",
        "GET /bkt/key?partNumber=x",
        "PUT /bkt?versioning",
    ] {
        let reply = client.call(line, "", "<\u{1}").await;
        let error = reply.facts.error.as_ref().unwrap();
        assert_eq!(reply.status, 400, "{line}: {reply:?}");
        let inside = ["Some(", "Error {", "invalid query", "ParseIntError", "xml"];
        assert!(!inside.iter().any(|word| error.message.contains(word)), "{line}: {error:?}");
    }
}

#[tokio::test]
async fn a_number_that_is_none_is_named() {
    let world = World::new();
    let client = with_object(&world).await;
    let begun = client.call("POST /bkt/up?uploads", "", "").await.is(200);
    let id = begun.one("UploadId");
    for (line, named) in [
        ("GET /bkt?max-keys=many".to_owned(), "Provided max-keys not an integer"),
        (
            "GET /bkt?list-type=2&max-keys=99999999999".to_owned(),
            "Provided max-keys not an integer",
        ),
        ("GET /bkt?uploads&max-uploads=x".to_owned(), "Provided max-uploads not an integer"),
        (format!("GET /bkt/up?uploadId={id}&max-parts=x"), "Provided max-parts not an integer"),
        (format!("PUT /bkt/up?uploadId={id}&partNumber=x"), "Part number must be an integer"),
    ] {
        let refused = client.call(&line, "", "").await.is(400).fails("InvalidArgument");
        assert!(refused.one("Message").starts_with(named), "{line}: {}", refused.text());
    }
}
