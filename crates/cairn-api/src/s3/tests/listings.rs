use super::{Client, Reply};
use crate::testing::World;

async fn with_keys<'w>(world: &'w World, keys: &[&str]) -> Client<'w> {
    let client = Client::with_bucket(world).await;
    for key in keys {
        client.call(&format!("PUT /bkt/{key}"), "", "x").await.is(200);
    }
    client
}

/// Keys and common prefixes, `|` between the two.
fn shown(reply: &Reply) -> String {
    let prefixes = reply.all("CommonPrefixes");
    let prefixes = prefixes
        .iter()
        .map(|text| text.trim_start_matches("<Prefix>").trim_end_matches("</Prefix>"));
    format!("{} | {}", reply.all("Key").join(" "), prefixes.collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn listings_by_prefix_and_delimiter() {
    let world = World::new();
    let client =
        with_keys(&world, &["a", "a.b", "dir/1", "dir/2", "dir/sub/3", "dir2", "z", "%C3%A9", "Z"])
            .await;
    let cases = [
        ("", "Z a a.b dir/1 dir/2 dir/sub/3 dir2 z é | "),
        ("delimiter=%2F", "Z a a.b dir2 z é | dir/"),
        ("prefix=dir%2F&delimiter=%2F", "dir/1 dir/2 | dir/sub/"),
        ("prefix=dir&delimiter=%2F", "dir2 | dir/"),
        ("prefix=d", "dir/1 dir/2 dir/sub/3 dir2 | "),
        ("prefix=none", " | "),
        ("delimiter=ir", "Z a a.b z é | dir"),
        ("prefix=dir%2F1&delimiter=%2F", "dir/1 | "),
    ];
    for (query, wanted) in cases {
        for kind in ["", "&list-type=2"] {
            let reply = client.call(&format!("GET /bkt?{query}{kind}"), "", "").await.is(200);
            assert_eq!(shown(&reply), wanted, "{query}{kind}");
            assert_eq!(reply.one("IsTruncated"), "false");
        }
        let reply = client.call(&format!("GET /bkt?versions&{query}"), "", "").await.is(200);
        assert_eq!(shown(&reply), wanted, "versions {query}");
    }
    let reply =
        client.call("GET /bkt?list-type=2&fetch-owner=true&prefix=dir%2F1", "", "").await.is(200);
    assert_eq!(
        (reply.one("Size"), reply.one("StorageClass"), reply.all("ID").len()),
        ("1", "STANDARD", 1)
    );
    assert_eq!(reply.one("LastModified"), "2026-11-25T17:00:00.000Z");
    assert_eq!(reply.one("ChecksumAlgorithm"), "CRC64NVME");
}

#[tokio::test]
async fn pages_go_on_where_they_ended() {
    let world = World::new();
    let keys = ["a", "b/1", "b/2", "b/3", "c", "d/1", "e"];
    let client = with_keys(&world, &keys).await;
    for size in 1..=7 {
        for (delimiter, wanted) in [("", "a b/1 b/2 b/3 c d/1 e"), ("&delimiter=/", "a b/ c d/ e")]
        {
            assert_eq!(all_v2(&client, size, delimiter).await, wanted, "v2 by {size} {delimiter}");
            assert_eq!(all_v1(&client, size, delimiter).await, wanted, "v1 by {size} {delimiter}");
        }
    }
    client
        .cases(&[
            ("GET /bkt?list-type=2&continuation-token=wrong", "", "", 400, "InvalidArgument"),
            ("GET /bkt?max-keys=-1", "", "", 400, "InvalidArgument"),
            ("GET /bkt?encoding-type=xml", "", "", 400, "InvalidArgument"),
        ])
        .await;
    let none = client.call("GET /bkt?list-type=2&max-keys=0", "", "").await.is(200);
    assert_eq!(
        (shown(&none).as_str(), none.one("IsTruncated"), none.one("KeyCount")),
        (" | ", "false", "0")
    );
    let capped = client.call("GET /bkt?max-keys=5000", "", "").await.is(200);
    assert_eq!(capped.one("MaxKeys"), "1000");
}

/// Names in the order in which pages show them; within a page keys come before prefixes, so they
/// are sorted.
fn names(reply: &Reply) -> Vec<String> {
    let mut names: Vec<String> =
        shown(reply).split([' ', '|']).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    names.sort();
    names
}

async fn all_v2(client: &Client<'_>, size: usize, delimiter: &str) -> String {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let line = format!("GET /bkt?list-type=2&max-keys={size}{delimiter}{token}");
        let reply = client.call(&line, "", "").await.is(200);
        let page = names(&reply);
        assert_eq!(reply.one("KeyCount"), page.len().to_string());
        found.extend(page);
        match reply.all("NextContinuationToken").first() {
            Some(next) => token = format!("&continuation-token={next}"),
            None => return found.join(" "),
        }
    }
}

async fn all_v1(client: &Client<'_>, size: usize, delimiter: &str) -> String {
    let (mut found, mut marker) = (Vec::new(), String::new());
    loop {
        let line = format!("GET /bkt?max-keys={size}{delimiter}{marker}");
        let reply = client.call(&line, "", "").await.is(200);
        found.extend(names(&reply));
        if reply.one("IsTruncated") == "false" {
            return found.join(" ");
        }
        let next = match reply.all("NextMarker").first() {
            Some(next) => (*next).to_owned(),
            None => (*reply.all("Key").last().unwrap()).to_owned(),
        };
        marker = format!("&marker={next}");
    }
}

#[tokio::test]
async fn start_after_and_encoding() {
    let world = World::new();
    let client = with_keys(&world, &["a+b", "a%20b", "a%3Cb", "%01"]).await;
    let reply = client.call("GET /bkt?list-type=2&start-after=a%20b", "", "").await.is(200);
    assert_eq!(reply.all("Key"), ["a+b", "a&lt;b"]);
    for (prefix, after, wanted) in
        [("a%2B", "a", "a+b"), ("a%2B", "a%2B", "a+b"), ("a%2B", "b", "")]
    {
        let line = format!("GET /bkt?list-type=2&prefix={prefix}&start-after={after}");
        assert_eq!(client.call(&line, "", "").await.is(200).all("Key").concat(), wanted);
    }
    let line = "GET /bkt?list-type=2&max-keys=1&start-after=a";
    let first = client.call(line, "", "").await.is(200);
    assert_eq!((first.one("Key"), first.one("StartAfter")), ("a b", "a"));
    let line = format!("{line}&continuation-token={}", first.one("NextContinuationToken"));
    let second = client.call(&line, "", "").await.is(200);
    assert_eq!((second.one("Key"), second.all("StartAfter").len()), ("a+b", 0));
    for kind in ["list-type=2&", "", "versions&"] {
        let reply = client.call(&format!("GET /bkt?{kind}encoding-type=url"), "", "").await.is(200);
        assert_eq!(reply.all("Key"), ["%01", "a+b", "a%2Bb", "a%3Cb"], "{kind}");
    }
}

#[tokio::test]
async fn control_characters_are_references() {
    let world = World::new();
    let client = with_keys(&world, &["a%0Db", "a%01b", "a%09%0Ab"]).await;
    for kind in ["list-type=2", "", "versions"] {
        let reply = client.call(&format!("GET /bkt?{kind}"), "", "").await.is(200);
        assert_eq!(reply.all("Key"), ["a&#x1;b", "a\t\nb", "a&#xd;b"], "{kind}");
        assert_eq!(reply.header("content-length"), reply.body.len().to_string());
    }
    let reply = client.call("GET /bkt?prefix=%0D%00", "", "").await.is(200);
    assert_eq!(reply.one("Prefix"), "&#xd;&#x0;");
    // What an object holds is not touched, whatever it looks like.
    let body = "<?xml version=\"1.0\"?><a>\r</a>";
    client.call("PUT /bkt/xml", "content-type: application/xml", body).await.is(200);
    assert_eq!(client.call("GET /bkt/xml", "", "").await.is(200).text(), body);
}

#[tokio::test]
async fn a_page_jumps_past_a_directory() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    for at in 0..120 {
        client.call(&format!("PUT /bkt/many/{at}"), "", "x").await.is(200);
    }
    client.call("PUT /bkt/more", "", "x").await.is(200);
    let reply = client.call("GET /bkt?delimiter=%2F&max-keys=2", "", "").await.is(200);
    assert_eq!((shown(&reply).as_str(), reply.one("IsTruncated")), ("more | many/", "false"));
}
