//! Objects under keys of KMS.

use bytes::Bytes;
use cairn_store::ObjectName;
use cairn_store::kms::{KeyOwner, KmsKey, NewKey};

use super::{ACCOUNT, Client};
use crate::testing::World;

const KMS: &str = "x-amz-server-side-encryption: aws:kms";
const KIND: &str = "x-amz-server-side-encryption";
const KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";
const CHUNK: usize = 64 << 10;

async fn key_with(world: &World, policy: Option<&str>) -> KmsKey {
    let new = NewKey {
        account: cairn_event::AccountId::parse(ACCOUNT).unwrap(),
        region: cairn_event::Region::parse("us-east-1").unwrap(),
        description: String::new(),
        policy: policy.map(str::to_owned),
        tags: Vec::new(),
        managed_by: KeyOwner::Customer,
    };
    world.services.kms.create(new).await.unwrap()
}

async fn key(world: &World) -> KmsKey {
    key_with(world, None).await
}

fn under(key: &KmsKey) -> String {
    format!("{KMS}\n{KEY}: {}", key.id)
}

fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8).collect()
}

/// The bytes as they lie in the store.
async fn at_rest(world: &World, name: &str) -> Bytes {
    let name = ObjectName::new(name.to_owned()).unwrap();
    let reader = world.services.objects.open(&name).await.unwrap().unwrap();
    reader.read_at(0, 1 << 20).await.unwrap()
}

#[tokio::test]
async fn what_is_put_under_a_key_comes_back_and_lies_encrypted() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let key = key(&world).await;
    let content = content(2 * CHUNK + 10);
    let put = client.call("PUT /bkt/key", &under(&key), content.clone()).await.is(200);
    assert_eq!((put.header(KIND), put.header(KEY)), ("aws:kms", &*key.arn()));
    assert_eq!(put.facts.object_bytes, Some(content.len() as u64));
    assert_ne!(put.header("etag"), "\"8ab9bb92a5bc1cc2ffd5e3b4af7ea0f5\"");
    let stored = at_rest(&world, "bkt/key").await;
    assert!(!stored.windows(32).any(|window| window == &content[..32]));

    let get = client.call("GET /bkt/key", "", "").await.is(200);
    assert!(get.body == content);
    let head = client.call("HEAD /bkt/key", "", "").await.is(200);
    for reply in [&get, &head] {
        assert_eq!((reply.header(KIND), reply.header(KEY)), ("aws:kms", &*key.arn()));
        assert_eq!(reply.header("content-length"), content.len().to_string());
        assert_eq!(reply.header("etag"), put.header("etag"));
        assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("cairn")));
    }
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=65530-65540", 65_530, 65_541),
        ("bytes=-20", content.len() - 20, content.len()),
    ] {
        let part = client.call("GET /bkt/key", &format!("range: {range}"), "").await.is(206);
        assert!(part.body == content[from..to], "{range}");
        assert_eq!(
            part.header("content-range"),
            format!("bytes {from}-{}/{}", to - 1, content.len())
        );
    }
    let list = client.call("GET /bkt?list-type=2", "", "").await;
    assert_eq!(list.one("Size"), content.len().to_string());
    let facts =
        client.call("GET /bkt/key?attributes", "x-amz-object-attributes: ObjectSize", "").await;
    assert_eq!(facts.one("ObjectSize"), content.len().to_string());
}

#[tokio::test]
async fn checksums_are_those_of_the_plain_bytes() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let sum = "x-amz-checksum-crc32: NhCmhg==";
    let line = "PUT /bkt/key";
    client.call(line, &format!("{KMS}\n{sum}"), "hellO").await.fails("BadDigest");
    client
        .call(line, &format!("{KMS}\ncontent-md5: XUFAKrxLKna5cZ2REBfFkg=="), "hellO")
        .await
        .is(400);
    client.call(line, &format!("{KMS}\n{sum}"), "hello").await.is(200);
    let head = client.call("HEAD /bkt/key", "x-amz-checksum-mode: ENABLED", "").await;
    assert_eq!(head.header("x-amz-checksum-crc32"), "NhCmhg==");
}

#[tokio::test]
async fn without_a_key_the_accounts_own_is_made() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let first = client.call("PUT /bkt/a", KMS, "a").await.is(200);
    let second = client.call("PUT /bkt/b", KMS, "b").await.is(200);
    assert_eq!(first.header(KEY), second.header(KEY));
    let kms = &world.services.kms;
    let (account, region) = (
        cairn_event::AccountId::parse(ACCOUNT).unwrap(),
        cairn_event::Region::parse("us-east-1").unwrap(),
    );
    let made = kms.find("alias/aws/s3", &account, &region).await.unwrap();
    assert_eq!((made.arn().as_str(), made.managed_by), (first.header(KEY), KeyOwner::Service));
    client.call("GET /bkt/a", "", "").await.is(200);
}

#[tokio::test]
async fn keys_that_do_not_serve_are_named() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let key = key(&world).await;
    client.call("PUT /bkt/key", &under(&key), "secret").await.is(200);
    let missing = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let elsewhere = format!("arn:aws:kms:eu-west-1:{ACCOUNT}:key/{missing}");
    for (headers, code) in [
        (format!("{KMS}\n{KEY}: {missing}"), "KMS.NotFoundException"),
        (format!("{KMS}\n{KEY}: alias/none"), "KMS.NotFoundException"),
        (format!("{KMS}\n{KEY}: junk"), "KMS.NotFoundException"),
        (format!("{KMS}\n{KEY}: {elsewhere}"), "KMS.NotFoundException"),
        (format!("{KEY}: {}", key.id), "InvalidArgument"),
        (format!("{KIND}: AES256\n{KEY}: {}", key.id), "InvalidArgument"),
        (format!("{KMS}\nx-amz-server-side-encryption-context: e30"), "InvalidArgument"),
    ] {
        client.call("PUT /bkt/other", &headers, "x").await.is(400).fails(code);
    }
    client.call("PUT /bkt/other", &format!("{KIND}: aws:kms:dsse"), "x").await.is(501);
    let with_key = "x-amz-server-side-encryption-customer-algorithm: AES256";
    client.call("PUT /bkt/other", with_key, "x").await.is(501);

    world.services.kms.disable(&key).await.unwrap();
    let refused = client.call("PUT /bkt/other", &under(&key), "x").await.is(400);
    assert_eq!(refused.one("Code"), "KMS.DisabledException");
    assert_eq!(refused.one("Message"), format!("{} is disabled.", key.arn()));
    client.call("GET /bkt/key", "", "").await.is(400).fails("KMS.DisabledException");
    let copy = "x-amz-copy-source: bkt/key";
    client.call("PUT /bkt/copy", copy, "").await.is(400).fails("KMS.DisabledException");
    client.call("HEAD /bkt/key", "", "").await.is(200);
    world.services.kms.schedule_deletion(&key, 7).await.unwrap();
    client.call("GET /bkt/key", "", "").await.is(400).fails("KMS.KMSInvalidStateException");
    world.pass_ms(7 * 86_400_000);
    client.call("GET /bkt/key", "", "").await.is(400).fails("KMS.NotFoundException");
    client.call("GET /bkt/other", "", "").await.is(404);
    client.call("DELETE /bkt/key", "", "").await.is(204);
}

#[tokio::test]
async fn policies_of_keys_decide_over_objects() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let only = |context: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[
              {{"Effect":"Allow","Principal":{{"AWS":"{ACCOUNT}"}},"Action":"kms:GenerateDataKey",
                "Resource":"*","Condition":{{"StringEquals":
                  {{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}}}}},
              {{"Effect":"Allow","Principal":{{"AWS":"{ACCOUNT}"}},"Action":"kms:Decrypt",
                "Resource":"*","Condition":{{"StringEquals":{{{context}}}}}}}]}}"#
        )
    };
    let arn = r#""kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::bkt/key""#;
    let mine = r#""kms:EncryptionContext:team":"red""#;
    let (by_arn, by_team) =
        (key_with(&world, Some(&only(arn))).await, key_with(&world, Some(&only(mine))).await);
    client.call("PUT /bkt/key", &under(&by_arn), "x").await.is(200);
    client.call("PUT /bkt/other", &under(&by_arn), "x").await.is(200);
    client.call("GET /bkt/key", "", "").await.is(200);
    client.call("GET /bkt/other", "", "").await.is(403).fails("AccessDenied");
    // {"team":"red"}
    let red = "x-amz-server-side-encryption-context: eyJ0ZWFtIjoicmVkIn0=";
    client.call("PUT /bkt/red", &format!("{}\n{red}", under(&by_team)), "x").await.is(200);
    client.call("PUT /bkt/blue", &under(&by_team), "x").await.is(200);
    client.call("GET /bkt/red", "", "").await.is(200);
    client.call("GET /bkt/blue", "", "").await.is(403).fails("AccessDenied");
    let none = key_with(&world, Some(&only(mine).replace("GenerateDataKey", "Encrypt"))).await;
    let refused = client.call("PUT /bkt/none", &under(&none), "x").await.is(403);
    assert!(refused.one("Message").contains("not authorized to perform: kms:GenerateDataKey"));
}

#[tokio::test]
async fn copies_are_encrypted_as_their_call_says() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let (one, two) = (key(&world).await, key(&world).await);
    let content = content(CHUNK + 1);
    client.call("PUT /bkt/sealed", &under(&one), content.clone()).await.is(200);
    client.call("PUT /bkt/clear", "", content.clone()).await.is(200);
    for (from, headers, kind, by) in [
        ("sealed", String::new(), "", String::new()),
        ("sealed", under(&two), "aws:kms", two.arn()),
        ("clear", under(&two), "aws:kms", two.arn()),
    ] {
        let headers = format!("x-amz-copy-source: bkt/{from}\n{headers}");
        let copied = client.call("PUT /bkt/copy", &headers, "").await.is(200);
        assert_eq!((copied.header(KIND), copied.header(KEY)), (kind, &*by));
        let get = client.call("GET /bkt/copy", "", "").await.is(200);
        assert_eq!((get.header(KIND), get.header(KEY)), (kind, &*by));
        assert!(get.body == content);
        let is_clear = at_rest(&world, "bkt/copy").await == content;
        assert_eq!(is_clear, kind.is_empty());
    }
    // Onto itself, to encrypt what was clear.
    let headers = format!("x-amz-copy-source: bkt/clear\n{}", under(&one));
    client.call("PUT /bkt/clear", &headers, "").await.is(200);
    assert!(client.call("GET /bkt/clear", "", "").await.body == content);
}

#[tokio::test]
async fn parts_and_their_object_are_encrypted() {
    const PART: usize = 5 << 20;
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let key = key(&world).await;
    let begun = client.call("POST /bkt/key?uploads", &under(&key), "").await.is(200);
    assert_eq!((begun.header(KIND), begun.header(KEY)), ("aws:kms", &*key.arn()));
    let id = begun.one("UploadId").to_owned();
    let line = |number: i32| format!("PUT /bkt/key?partNumber={number}&uploadId={id}");
    let content = content(PART);
    let first = client.call(&line(1), "", content.clone()).await.is(200);
    assert_eq!((first.header(KIND), first.header(KEY)), ("aws:kms", &*key.arn()));
    client.call("PUT /bkt/source", "", "the tail").await.is(200);
    let copied = client.call(&line(2), "x-amz-copy-source: bkt/source", "").await.is(200);
    let listed = client.call(&format!("GET /bkt/key?uploadId={id}"), "", "").await;
    assert_eq!(listed.all("Size"), [PART.to_string(), "8".into()]);
    for number in [1, 2] {
        let part = at_rest(&world, &format!(".parts/bkt/{id}/{number:05}")).await;
        assert!(!part.windows(8).any(|window| window == b"the tail"));
        assert!(!part.windows(32).any(|window| window == &content[..32]));
    }
    let etags = [first.header("etag").to_owned(), copied.one("ETag").replace("&quot;", "\"")];
    let part = |number: usize| {
        let etag = &etags[number - 1];
        format!("<Part><ETag>{etag}</ETag><PartNumber>{number}</PartNumber></Part>")
    };
    let parts = [part(1), part(2)].concat();
    let document = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    let line = format!("POST /bkt/key?uploadId={id}");
    let done = client.call(&line, "", document).await.is(200);
    assert_eq!((done.header(KIND), done.header(KEY)), ("aws:kms", &*key.arn()));
    let get = client.call("GET /bkt/key", "", "").await.is(200);
    assert_eq!((get.header(KIND), get.header(KEY)), ("aws:kms", &*key.arn()));
    assert!(get.body == [&content[..], b"the tail"].concat());
    let tail = client.call("GET /bkt/key?partNumber=2", "", "").await.is(206);
    assert_eq!(tail.text(), "the tail");
    assert!(!at_rest(&world, "bkt/key").await.windows(32).any(|window| window == &content[..32]));
}
