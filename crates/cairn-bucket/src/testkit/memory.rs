//! Buckets in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use cairn_event::Region;

use crate::{BucketError, Buckets, TrailObject, Writer};

/// An object as it lies in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Its bytes.
    pub body: Bytes,
    /// User metadata.
    pub metadata: Vec<(String, String)>,
    /// The key that encrypts it.
    pub kms_key_arn: Option<String>,
    /// Who wrote it.
    pub writer: Writer,
    /// How often it was written.
    pub puts: u32,
    /// Whether all writes had the same content.
    pub steady: bool,
}

/// Buckets in memory. Whoever comes may write.
#[derive(Debug, Default)]
pub struct MemoryBuckets {
    buckets: Mutex<BTreeMap<String, Kept>>,
}

#[derive(Debug)]
struct Kept {
    region: Region,
    objects: BTreeMap<String, StoredObject>,
}

impl MemoryBuckets {
    /// No bucket yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Buckets of these names in us-east-1.
    pub fn with(names: &[&str]) -> Self {
        let buckets = Self::new();
        for name in names {
            buckets.make(name, "us-east-1");
        }
        buckets
    }

    /// Makes a bucket; one that is there stays as it is.
    pub fn make(&self, name: &str, region: &str) {
        let region = Region::parse(region).unwrap();
        let mut buckets = self.buckets.lock().unwrap();
        buckets.entry(name.to_owned()).or_insert(Kept { region, objects: BTreeMap::new() });
    }

    /// Takes a bucket away, with all that is in it.
    pub fn remove(&self, name: &str) {
        self.buckets.lock().unwrap().remove(name);
    }

    /// What lies in a bucket, by key; nothing if there is no such bucket.
    pub fn objects(&self, bucket: &str) -> BTreeMap<String, StoredObject> {
        let buckets = self.buckets.lock().unwrap();
        buckets.get(bucket).map(|kept| kept.objects.clone()).unwrap_or_default()
    }

    /// Changes an object behind everybody's back, as a tamperer would.
    pub fn tamper(&self, bucket: &str, key: &str, change: impl FnOnce(&mut StoredObject)) {
        let mut buckets = self.buckets.lock().unwrap();
        change(buckets.get_mut(bucket).unwrap().objects.get_mut(key).unwrap());
    }

    /// Takes an object away behind everybody's back.
    pub fn delete(&self, bucket: &str, key: &str) {
        self.buckets.lock().unwrap().get_mut(bucket).unwrap().objects.remove(key).unwrap();
    }

    fn write(&self, object: &TrailObject) -> Result<(), BucketError> {
        let mut buckets = self.buckets.lock().unwrap();
        let kept = buckets
            .get_mut(&object.bucket)
            .ok_or_else(|| BucketError::NoSuchBucket { bucket: object.bucket.clone() })?;
        let mut stored = StoredObject {
            body: object.body.clone(),
            metadata: object.metadata.clone(),
            kms_key_arn: object.kms_key_arn.clone(),
            writer: object.writer.clone(),
            puts: 1,
            steady: true,
        };
        if let Some(before) = kept.objects.get(&object.key) {
            stored.puts = before.puts + 1;
            stored.steady = before.steady
                && before.body == stored.body
                && before.metadata == stored.metadata
                && before.kms_key_arn == stored.kms_key_arn;
        }
        kept.objects.insert(object.key.clone(), stored);
        Ok(())
    }
}

#[async_trait]
impl Buckets for MemoryBuckets {
    async fn region(&self, bucket: &str) -> Result<Region, BucketError> {
        let buckets = self.buckets.lock().unwrap();
        let kept = buckets.get(bucket);
        kept.map(|kept| kept.region.clone())
            .ok_or_else(|| BucketError::NoSuchBucket { bucket: bucket.to_owned() })
    }

    async fn admit(
        &self,
        writer: &Writer,
        bucket: &str,
        folder: &str,
        kms_key_arn: Option<&str>,
    ) -> Result<(), BucketError> {
        self.write(&TrailObject::marker(writer, bucket, folder, kms_key_arn))
    }

    async fn put(&self, object: &TrailObject) -> Result<(), BucketError> {
        self.write(object)
    }
}
