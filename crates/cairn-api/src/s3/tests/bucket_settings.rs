//! What modules for trails set on a bucket: its encryption, its lifecycle, who owns its objects.

use cairn_bucket::lifecycle::Expiry;
use cairn_bucket::state;
use cairn_event::Timestamp;
use cairn_store::kms::{KeyOwner, NewKey};

use super::{ACCOUNT, Client, STRANGER};
use crate::testing::World;

const KIND: &str = "x-amz-server-side-encryption";
const KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";

fn by_default(algorithm: &str, key: Option<&str>) -> String {
    let key = key.map(|key| format!("<KMSMasterKeyID>{key}</KMSMasterKeyID>")).unwrap_or_default();
    format!(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
         <SSEAlgorithm>{algorithm}</SSEAlgorithm>{key}</ApplyServerSideEncryptionByDefault>\
         <BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
    )
}

async fn key(world: &World) -> String {
    let new = NewKey {
        account: cairn_event::AccountId::parse(ACCOUNT).unwrap(),
        region: cairn_event::Region::parse("us-east-1").unwrap(),
        description: String::new(),
        policy: None,
        tags: Vec::new(),
        managed_by: KeyOwner::Customer,
    };
    world.services.kms.create(new).await.unwrap().arn()
}

#[tokio::test]
async fn new_objects_have_the_encryption_of_their_bucket() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let shown = client.call("GET /bkt?encryption", "", "").await.is(200);
    assert_eq!((shown.one("SSEAlgorithm"), shown.one("BucketKeyEnabled")), ("AES256", "false"));
    client.call("PUT /bkt/before", "", "x").await.is(200);
    let arn = key(&world).await;
    client.call("PUT /bkt?encryption", "", by_default("aws:kms", Some(&arn))).await.is(200);
    let shown = client.call("GET /bkt?encryption", "", "").await.is(200);
    assert_eq!((shown.one("SSEAlgorithm"), shown.one("KMSMasterKeyID")), ("aws:kms", &*arn));
    assert_eq!(shown.one("BucketKeyEnabled"), "true");

    let put = client.call("PUT /bkt/key", "", "plain bytes").await.is(200);
    assert_eq!((put.header(KIND), put.header(KEY)), ("aws:kms", &*arn));
    let stored = state::object_name("bkt", "key").unwrap();
    let stored = world.services.objects.open(&stored).await.unwrap().unwrap();
    let stored = stored.read_at(0, 1 << 10).await.unwrap();
    assert!(!stored.windows(5).any(|window| window == b"plain"));
    assert_eq!(client.call("GET /bkt/key", "", "").await.is(200).text(), "plain bytes");
    let copy = client.call("PUT /bkt/copy", "x-amz-copy-source: bkt/before", "").await.is(200);
    assert_eq!((copy.header(KIND), copy.header(KEY)), ("aws:kms", &*arn));
    let upload = client.call("POST /bkt/parts?uploads", "", "").await.is(200);
    assert_eq!((upload.header(KIND), upload.header(KEY)), ("aws:kms", &*arn));
    // Whoever says otherwise has it otherwise; what was there before stays as it was.
    let clear = client.call("PUT /bkt/clear", &format!("{KIND}: AES256"), "x").await.is(200);
    assert_eq!((clear.header(KIND), clear.header(KEY)), ("AES256", ""));
    assert_eq!(client.call("HEAD /bkt/before", "", "").await.is(200).header(KIND), "");

    client.call("PUT /bkt?encryption", "", by_default("AES256", None)).await.is(200);
    assert_eq!(client.call("PUT /bkt/key", "", "x").await.is(200).header(KIND), "AES256");
    assert_eq!(client.call("GET /bkt/key", "", "").await.is(200).header(KIND), "AES256");
    client.call("DELETE /bkt?encryption", "", "").await.is(204);
    assert_eq!(client.call("PUT /bkt/key", "", "x").await.is(200).header(KIND), "");
    assert_eq!(client.call("GET /bkt?encryption", "", "").await.one("SSEAlgorithm"), "AES256");
}

#[tokio::test]
async fn encryption_that_cannot_be_is_refused() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let none = "<ServerSideEncryptionConfiguration></ServerSideEncryptionConfiguration>";
    let line = "PUT /bkt?encryption";
    client
        .cases(&[
            (line, "", &by_default("AES256", Some("k")), 400, "InvalidArgument"),
            (line, "", &by_default("ROT13", None), 400, "MalformedXML"),
            (line, "", &by_default("aws:kms:dsse", None), 501, "NotImplemented"),
            (line, "", none, 400, "MalformedXML"),
            ("PUT /none?encryption", "", &by_default("AES256", None), 404, "NoSuchBucket"),
        ])
        .await;
    // The key is looked for when an object is written.
    client.call(line, "", by_default("aws:kms", Some("alias/none"))).await.is(200);
    client.call("PUT /bkt/key", "", "x").await.fails("KMS.NotFoundException");
    client.call(line, "", by_default("aws:kms", None)).await.is(200);
    let put = client.call("PUT /bkt/key", "", "x").await.is(200);
    assert!(put.header(KEY).starts_with("arn:aws:kms:us-east-1:"));
    let stranger = client.from(STRANGER, "us-east-1");
    stranger.call(line, "", by_default("AES256", None)).await.fails("AccessDenied");
    stranger.call("DELETE /bkt?encryption", "", "").await.fails("AccessDenied");
}

fn rules(rules: &str) -> String {
    format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>")
}

fn rule(inside: &str) -> String {
    rules(&format!("<Rule>{inside}<Status>Enabled</Status></Rule>"))
}

#[tokio::test]
async fn lifecycle_rules_come_back_as_they_were_given() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    client.call("GET /bkt?lifecycle", "", "").await.is(404).fails("NoSuchLifecycleConfiguration");
    let text = rules(
        "<Rule><ID>old</ID><Filter><And><Prefix>AWSLogs/</Prefix>\
         <ObjectSizeGreaterThan>10</ObjectSizeGreaterThan></And></Filter><Status>Enabled</Status>\
         <Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition>\
         <Expiration><Days>365</Days></Expiration>\
         <NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration>\
         <AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>\
         </AbortIncompleteMultipartUpload></Rule>\
         <Rule><Prefix>a/</Prefix><Status>Disabled</Status>\
         <Expiration><Date>2026-12-01T00:00:00.000Z</Date></Expiration></Rule>\
         <Rule><ID>tagged</ID><Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>\
         <Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>\
         <Rule><ID>dated</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>\
         <Expiration><Date>2026-12-01T00:00:00Z</Date></Expiration></Rule>",
    );
    client.call("PUT /bkt?lifecycle", "", text).await.is(200);
    let shown = client.call("GET /bkt?lifecycle", "", "").await.is(200);
    assert_eq!(shown.all("Days"), ["365", "30", "1"]);
    assert_eq!(shown.all("Status"), ["Enabled", "Disabled", "Enabled", "Enabled"]);
    assert_eq!(shown.all("DaysAfterInitiation"), ["7"]);
    assert_eq!(shown.all("StorageClass"), ["GLACIER"]);
    let ids = shown.all("ID");
    assert!(ids.len() == 4 && ids[0] == "old" && ids[1].len() == 32, "{ids:?}");
    let found = state::find(&*world.services.meta, "bkt").await.unwrap().unwrap().state;
    let date = Timestamp::parse_iso("2026-12-01T00:00:00Z");
    let old = Expiry {
        prefix: "AWSLogs/".to_owned(),
        bytes_over: Some(10),
        days: Some(365),
        noncurrent_days: Some(30),
        ..Expiry::default()
    };
    // Neither what is disabled nor what asks for tags.
    assert_eq!(found.lifecycle.unwrap().expiries, [old, Expiry { date, ..Expiry::default() }]);
    client.call("DELETE /bkt?lifecycle", "", "").await.is(204);
    client.call("GET /bkt?lifecycle", "", "").await.fails("NoSuchLifecycleConfiguration");
    client.call("DELETE /bkt?lifecycle", "", "").await.is(204);
}

#[tokio::test]
async fn lifecycle_rules_that_mean_nothing_are_refused() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let line = "PUT /bkt?lifecycle";
    let all = "<Filter><Prefix></Prefix></Filter>";
    let with = |action: &str| rule(&format!("{all}{action}"));
    let moved =
        |step: &str| format!("<NoncurrentVersionTransition>{step}</NoncurrentVersionTransition>");
    let one = "<Rule><ID>a</ID><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>";
    for (text, code) in [
        (rules(""), "MalformedXML"),
        (rule("<Expiration><Days>1</Days></Expiration>"), "MalformedXML"),
        (with(""), "InvalidRequest"),
        (with("<Expiration></Expiration>"), "MalformedXML"),
        (with("<Expiration><Days>0</Days></Expiration>"), "InvalidArgument"),
        (with("<Expiration><Days>-1</Days></Expiration>"), "InvalidArgument"),
        (with("<Expiration><Date>2026-12-01T00:00:01Z</Date></Expiration>"), "InvalidArgument"),
        (
            with("<Expiration><Days>1</Days><Date>2026-12-01T00:00:00Z</Date></Expiration>"),
            "MalformedXML",
        ),
        (
            rule(
                "<Filter><Prefix>a</Prefix><ObjectSizeLessThan>1</ObjectSizeLessThan></Filter>\
                  <Expiration><Days>1</Days></Expiration>",
            ),
            "MalformedXML",
        ),
        (rules(&format!("{one}{one}")), "InvalidArgument"),
        (with(&moved("<NoncurrentDays>1</NoncurrentDays>")), "MalformedXML"),
        (with(&moved("<StorageClass>STANDARD_IA</StorageClass>")), "MalformedXML"),
        (with("<Expiration><Days>1</Days></Expiration>").replace("Enabled", "On"), "MalformedXML"),
    ] {
        client.call(line, "", text.clone()).await.is(400).fails(code);
    }
    client.call("GET /bkt?lifecycle", "", "").await.fails("NoSuchLifecycleConfiguration");
    client.call(line, "", with("<Expiration><Days>1</Days></Expiration>")).await.is(200);
}

fn owned(by: &str) -> String {
    format!(
        "<OwnershipControls><Rule><ObjectOwnership>{by}</ObjectOwnership></Rule></OwnershipControls>"
    )
}

#[tokio::test]
async fn acls_can_be_set_where_they_are_on() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let private = "x-amz-acl: private";
    client.call("PUT /bkt?acl", private, "").await.is(400).fails("AccessControlListNotSupported");
    let shown = client.call("GET /bkt?ownershipControls", "", "").await.is(200);
    assert_eq!(shown.one("ObjectOwnership"), "BucketOwnerEnforced");
    client.call("PUT /bkt?ownershipControls", "", owned("BucketOwnerPreferred")).await.is(200);
    let shown = client.call("GET /bkt?ownershipControls", "", "").await.is(200);
    assert_eq!(shown.one("ObjectOwnership"), "BucketOwnerPreferred");
    client.call("PUT /bkt?acl", private, "").await.is(200);
    let acl = client.call("GET /bkt?acl", "", "").await.is(200);
    assert_eq!(acl.all("Permission"), ["FULL_CONTROL"]);
    client.call("PUT /bkt?acl", "", acl.body.clone()).await.is(200);
    let other = acl.text().replace("FULL_CONTROL", "READ");
    client.call("PUT /bkt?acl", "", other).await.is(501).fails("NotImplemented");
    client.call("PUT /bkt?acl", "x-amz-acl: public-read", "").await.is(501);
    client.call("DELETE /bkt?ownershipControls", "", "").await.is(204);
    client
        .call("GET /bkt?ownershipControls", "", "")
        .await
        .is(404)
        .fails("OwnershipControlsNotFoundError");
    client.call("PUT /bkt?ownershipControls", "", owned("Nobody")).await.fails("MalformedXML");
    client.call("PUT /bkt?ownershipControls", "", owned("BucketOwnerEnforced")).await.is(200);
    client.call("PUT /bkt?acl", private, "").await.fails("AccessControlListNotSupported");
    client.call("PUT /own", "x-amz-object-ownership: ObjectWriter", "").await.is(200);
    client.call("PUT /own?acl", private, "").await.is(200);
}

#[tokio::test]
async fn logging_can_be_turned_off_and_not_on() {
    let world = World::new();
    let client = Client::with_bucket(&world).await;
    let off = "<BucketLoggingStatus/>";
    let on = "<BucketLoggingStatus><LoggingEnabled><TargetBucket>t</TargetBucket>\
              <TargetPrefix>p</TargetPrefix></LoggingEnabled></BucketLoggingStatus>";
    client.call("PUT /bkt?logging", "", off).await.is(200);
    client.call("PUT /bkt?logging", "", on).await.is(501).fails("NotImplemented");
    assert!(client.call("GET /bkt?logging", "", "").await.is(200).all("TargetBucket").is_empty());
}
