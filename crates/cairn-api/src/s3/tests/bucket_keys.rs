//! Whether objects say that a key of their bucket stands between them and KMS (documented).

use super::Client;
use crate::testing::World;

const KMS: &str = "x-amz-server-side-encryption: aws:kms";
const BUCKET_KEY: &str = "x-amz-server-side-encryption-bucket-key-enabled";

fn default_of(kind: &str, bucket_key: bool) -> String {
    format!(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
         <SSEAlgorithm>{kind}</SSEAlgorithm></ApplyServerSideEncryptionByDefault>\
         <BucketKeyEnabled>{bucket_key}</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
    )
}

/// What the answer to a writing call says, which must be what the object says.
async fn written(client: &Client<'_>, line: &str, headers: &str) -> bool {
    let said = client.call(line, headers, "").await.is(200).header(BUCKET_KEY).to_owned();
    let (_, path) = line.split_once(' ').unwrap();
    for method in ["HEAD", "GET"] {
        let shown = client.call(&format!("{method} {path}"), "", "").await.is(200);
        assert_eq!(shown.header(BUCKET_KEY), said, "{line} {headers}");
    }
    assert!(matches!(&*said, "" | "true"), "{said}");
    said == "true"
}

#[tokio::test]
async fn the_writer_says_or_else_the_buckets_default() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let (on, off) = (format!("{BUCKET_KEY}: true"), format!("{BUCKET_KEY}: false"));
    let with = |more: &str| format!("{KMS}\n{more}");
    assert!(written(&client, "PUT /bkt/a", &with(&on)).await);
    assert!(!written(&client, "PUT /bkt/b", &with(&off)).await);
    assert!(!written(&client, "PUT /bkt/c", KMS).await);
    assert!(!written(&client, "PUT /bkt/d", &on).await, "without a key of KMS");

    client.call("PUT /bkt?encryption", "", default_of("aws:kms", true)).await.is(200);
    assert!(written(&client, "PUT /bkt/e", "").await);
    assert!(written(&client, "PUT /bkt/f", KMS).await);
    assert!(!written(&client, "PUT /bkt/g", &off).await);
    assert!(!written(&client, "PUT /bkt/h", "x-amz-server-side-encryption: AES256").await);
    client.call("PUT /bkt?encryption", "", default_of("aws:kms", false)).await.is(200);
    assert!(!written(&client, "PUT /bkt/i", "").await);
    assert!(written(&client, "PUT /bkt/j", &on).await);
}

#[tokio::test]
async fn a_copy_and_an_upload_in_parts_have_their_own() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let on = format!("{KMS}\n{BUCKET_KEY}: true");
    client.call("PUT /bkt/source", &on, "x").await.is(200);
    let from = "x-amz-copy-source: bkt/source";
    assert!(!written(&client, "PUT /bkt/plain", from).await);
    assert!(!written(&client, "PUT /bkt/kms", &format!("{from}\n{KMS}")).await);
    assert!(written(&client, "PUT /bkt/key", &format!("{from}\n{on}")).await);

    let begun = client.call("POST /bkt/parts?uploads", &on, "").await.is(200);
    assert_eq!(begun.header(BUCKET_KEY), "true");
    let id = begun.one("UploadId");
    let part = client.call(&format!("PUT /bkt/parts?partNumber=1&uploadId={id}"), "", "x").await;
    assert_eq!(part.header(BUCKET_KEY), "true");
    let body = format!(
        "<CompleteMultipartUpload><Part><ETag>{}</ETag><PartNumber>1</PartNumber></Part>\
         </CompleteMultipartUpload>",
        part.header("etag").trim_matches('"')
    );
    let done = client.call(&format!("POST /bkt/parts?uploadId={id}"), "", body).await.is(200);
    assert_eq!(done.header(BUCKET_KEY), "true");
    assert_eq!(client.call("HEAD /bkt/parts", "", "").await.header(BUCKET_KEY), "true");
}
