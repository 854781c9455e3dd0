//! Deliveries to the embedded store.

mod keys;
mod policies;
mod puts;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use cairn_event::{AccountId, Region, Timestamp};
use cairn_store::kms::{KeyOwner, KmsKey, NewKey};
use cairn_store::{
    Clock, Kms, LocalObjects, MasterKey, MetaStore, ObjectHead, Objects, SqliteMeta, envelope,
};
use tempfile::TempDir;

use super::{EmbeddedBuckets, Gate};
use crate::state::{self, BucketState};
use crate::testkit::writer;
use crate::{BucketError, Buckets, TrailObject};

const BUCKET: &str = "audit-trails";
const FOLDER: &str = "AWSLogs/111122223333/CloudTrail/";

/// A store with a bucket in us-east-1 that belongs to the trail's owner.
struct World {
    buckets: EmbeddedBuckets,
    meta: Arc<dyn MetaStore>,
    plain: Arc<dyn Objects>,
    raw: Arc<dyn Objects>,
    kms: Arc<Kms>,
    _directory: TempDir,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock: Clock = Arc::new(|| Timestamp::parse_iso("2026-11-25T17:00:00Z").unwrap());
        let meta: Arc<dyn MetaStore> =
            Arc::new(SqliteMeta::open(&directory.path().join("meta.sqlite")).unwrap());
        let raw: Arc<dyn Objects> = Arc::new(
            LocalObjects::open(&directory.path().join("objects"), Arc::clone(&clock)).unwrap(),
        );
        let seed = AtomicU8::new(1);
        let kms = Arc::new(Kms::new(
            Arc::clone(&meta),
            MasterKey::new([7; 32]),
            Arc::clone(&clock),
            Arc::new(move |bytes| bytes.fill(seed.fetch_add(1, Ordering::SeqCst))),
        ));
        let plain = envelope::PlainObjects::new(Arc::clone(&raw), Arc::clone(&kms));
        let buckets = EmbeddedBuckets::new(
            Arc::clone(&meta),
            Arc::clone(&raw),
            Arc::clone(&kms),
            clock,
            Gate::default(),
        );
        let world = Self { buckets, meta, plain: Arc::new(plain), raw, kms, _directory: directory };
        world.make(BUCKET, Some(documented_policy())).await;
        world
    }

    async fn make(&self, name: &str, policy: Option<String>) {
        let owner = AccountId::parse("111122223333").unwrap();
        let made = BucketState::new(owner, "us-east-1".to_owned(), Timestamp::from_seconds(0));
        let state = BucketState { policy, ..made };
        let key = state::key(name).unwrap();
        let known = self.meta.get(&key).await.unwrap().map(|found| found.version);
        self.meta.swap(&key, known, state.to_bytes().unwrap()).await.unwrap();
    }

    async fn key(&self, policy: Option<String>) -> KmsKey {
        let new = NewKey {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
            description: String::new(),
            policy,
            tags: Vec::new(),
            managed_by: KeyOwner::Customer,
        };
        self.kms.create(new).await.unwrap()
    }

    async fn put(&self, kms_key_arn: Option<&str>) -> Result<(), BucketError> {
        let mut object = log_file();
        object.kms_key_arn = kms_key_arn.map(str::to_owned);
        self.buckets.put(&object).await
    }

    async fn admit(&self) -> Result<(), BucketError> {
        self.buckets.admit(&writer(), BUCKET, FOLDER, None).await
    }

    async fn head(&self, key: &str) -> Option<ObjectHead> {
        self.plain.head(&state::object_name(BUCKET, key).unwrap()).await.unwrap()
    }

    async fn read(&self, objects: &dyn Objects, key: &str) -> Option<Bytes> {
        let reader = objects.open(&state::object_name(BUCKET, key).unwrap()).await.unwrap()?;
        Some(reader.read_at(0, 8 << 20).await.unwrap())
    }
}

fn log_file() -> TrailObject {
    TrailObject {
        writer: writer(),
        bucket: BUCKET.to_owned(),
        key: format!("{FOLDER}us-east-1/2026/11/25/x.json.gz"),
        body: Bytes::from_static(b"123456789"),
        metadata: vec![("Signature".to_owned(), "0a1b".to_owned())],
        kms_key_arn: None,
    }
}

/// The policy that AWS documents for a trail's bucket.
fn documented_policy() -> String {
    policy(r#""aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/audit""#)
}

/// That policy with another condition.
fn policy(condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Sid":"AWSCloudTrailAclCheck20150319","Effect":"Allow",
         "Principal":{{"Service":"cloudtrail.amazonaws.com"}},"Action":"s3:GetBucketAcl",
         "Resource":"arn:aws:s3:::{BUCKET}","Condition":{{"StringEquals":{{{condition}}}}}}},
        {{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow",
         "Principal":{{"Service":"cloudtrail.amazonaws.com"}},"Action":"s3:PutObject",
         "Resource":"arn:aws:s3:::{BUCKET}/AWSLogs/111122223333/*","Condition":{{"StringEquals":
         {{"s3:x-amz-acl":"bucket-owner-full-control",{condition}}}}}}}]}}"#
    )
}
