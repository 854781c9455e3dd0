//! What S3 says of tags that it does not take. The texts are observed.

use super::Client;
use crate::testing::World;

fn set(keys: &[String]) -> String {
    let tags = keys.iter().map(|key| format!("<Tag><Key>{key}</Key><Value>v</Value></Tag>"));
    format!("<Tagging><TagSet>{}</TagSet></Tagging>", tags.collect::<String>())
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("k{at}")).collect()
}

#[tokio::test]
async fn there_is_a_number_of_tags_that_is_too_many() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt/key", "", "x").await.is(200);
    client.call("PUT /bkt/key?tagging", "", set(&numbered(10))).await.is(200);
    let refused = client.call("PUT /bkt/key?tagging", "", set(&numbered(11))).await;
    let refused = refused.is(400).fails("BadRequest");
    assert_eq!(refused.one("Message"), "Object tags cannot be greater than 10");
    let header = format!("x-amz-tagging: {}", numbered(11).join("=v&"));
    client.call("PUT /bkt/key", &header, "x").await.is(400).fails("BadRequest");

    client.call("PUT /bkt?tagging", "", set(&numbered(50))).await.is(204);
    let refused = client.call("PUT /bkt?tagging", "", set(&numbered(51))).await;
    let refused = refused.is(400).fails("BadRequest");
    assert_eq!(refused.one("Message"), "Bucket tag count cannot be greater than 50");
}

#[tokio::test]
async fn a_header_and_a_document_are_told_different_things() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("PUT /bkt/key", "", "x").await.is(200);
    let cases = [
        ("aws:a", "InvalidTag", "Your TagKey cannot be prefixed with aws:"),
        ("a=1&a", "InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8"),
        ("a=%ff", "InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8"),
    ];
    for (tags, code, text) in cases {
        let header = format!("x-amz-tagging: {tags}");
        for line in ["PUT /bkt/new", "POST /bkt/new?uploads"] {
            let refused = client.call(line, &header, "").await.is(400).fails(code);
            assert!(refused.one("Message").starts_with(text), "{line}: {}", refused.text());
        }
    }
    let cases = [
        (vec!["aws:a".to_owned()], "System tags cannot be added/updated by requester"),
        (vec!["a".to_owned(), "a".to_owned()], "Cannot provide multiple Tags with the same key"),
    ];
    for (keys, text) in cases {
        for line in ["PUT /bkt?tagging", "PUT /bkt/key?tagging"] {
            let refused = client.call(line, "", set(&keys)).await.is(400).fails("InvalidTag");
            assert_eq!(refused.one("Message"), text, "{line}");
        }
    }
}
