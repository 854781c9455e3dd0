//! What the policies of a bucket and of a key say of a delivery.

use cairn_event::trail::TrailArn;
use cairn_event::{Region, Timestamp};
use cairn_iam::policy::{Caller, Context, Decision, Policy, Request};
use cairn_store::Kms;
use cairn_store::envelope::DATA_KEY_BYTES;
use cairn_store::kms::{DataKey, EncryptionContext, KmsError};

use crate::state::Bucket;
use crate::{BucketError, TrailObject, Writer, description};

/// The code of a key whose policy does not allow it (documented: S3 answers it as its own).
const KEY_DENIED: &str = "AccessDenied";

/// A delivery to a bucket on behalf of a trail.
pub(super) struct Delivery<'a> {
    bucket: &'a Bucket,
    writer: &'a Writer,
    /// Where the trail is, which decides for which account of old policies it goes.
    region: String,
    now: Timestamp,
}

impl<'a> Delivery<'a> {
    pub(super) fn of(bucket: &'a Bucket, writer: &'a Writer, now: Timestamp) -> Self {
        let region = TrailArn::parse(&writer.trail_arn).map(|arn| arn.region.to_string());
        let region = region.unwrap_or_else(|_| bucket.state.region.clone());
        Self { bucket, writer, region, now }
    }

    /// Whether the bucket lets the trail write an object.
    pub(super) fn may_put(&self, object: &TrailObject) -> Result<(), BucketError> {
        let mut context = self.context().with("s3:x-amz-acl", description::ACL);
        // observed: the encryption is asked for in either case.
        let encryption = if object.kms_key_arn.is_some() { "aws:kms" } else { "AES256" };
        context.add("s3:x-amz-server-side-encryption", encryption);
        if let Some(key) = &object.kms_key_arn {
            context.add("s3:x-amz-server-side-encryption-aws-kms-key-id", key.clone());
        }
        let resource = self.object_arn(&object.key);
        self.bucket_allows("s3:PutObject", &resource, &context)
    }

    /// Whether the bucket lets the trail read its ACL.
    pub(super) fn may_read_acl(&self) -> Result<(), BucketError> {
        self.bucket_allows("s3:GetBucketAcl", &self.bucket_arn(), &self.context())
    }

    fn bucket_allows(
        &self,
        action: &str,
        resource: &str,
        context: &Context,
    ) -> Result<(), BucketError> {
        let policy = self.bucket.state.policy.as_deref();
        let allowed = policy.is_some_and(|text| self.allows(text, action, resource, context));
        let bucket = self.bucket.name.clone();
        if allowed { Ok(()) } else { Err(BucketError::AccessDenied { bucket }) }
    }

    /// A policy that cannot be read allows nothing.
    fn allows(&self, policy: &str, action: &str, resource: &str, context: &Context) -> bool {
        let request =
            Request { principal: Caller::cloudtrail(&self.region), action, resource, context };
        Policy::parse(policy).is_ok_and(|policy| policy.decide(&request) == Decision::Allow)
    }

    /// What policies see of every call.
    fn context(&self) -> Context {
        Context::at(self.now)
            // observed: CloudTrail comes with a role, and not as a service.
            .with("aws:PrincipalType", "AssumedRole")
            .with("aws:PrincipalIsAWSService", "true")
            .with("aws:PrincipalServiceName", "cloudtrail.amazonaws.com")
            .with("aws:SourceArn", self.writer.trail_arn.clone())
            .with("aws:SourceAccount", self.writer.account.to_string())
            .with("aws:RequestedRegion", self.bucket.state.region.clone())
            // It never leaves this process.
            .with("aws:SecureTransport", "true")
    }

    fn bucket_arn(&self) -> String {
        let region = Region::parse(&self.bucket.state.region);
        let partition = region.as_ref().map_or("aws", TrailArn::partition_of);
        format!("arn:{partition}:s3:::{}", self.bucket.name)
    }

    fn object_arn(&self, key: &str) -> String {
        format!("{}/{key}", self.bucket_arn())
    }
}

/// A delivery under a key.
pub(super) struct Sealing<'a> {
    pub(super) kms: &'a Kms,
    pub(super) delivery: &'a Delivery<'a>,
}

impl Sealing<'_> {
    /// A new data key for an object, if the key and its policy give one.
    pub(super) async fn data_key(&self, key: &str, object: &str) -> Result<DataKey, BucketError> {
        let Delivery { bucket, writer, .. } = self.delivery;
        // documented: the key is in the bucket's region.
        let region = Region::parse(&bucket.state.region);
        let region = region.map_err(|error| super::failed(&bucket.name, error))?;
        let failed = |error| key_failed(&bucket.name, error);
        let key = self.kms.find(key, &writer.account, &region).await.map_err(failed)?;
        let encryption = EncryptionContext::empty()
            .with("aws:cloudtrail:arn", &writer.trail_arn)
            .with("aws:s3:arn", &self.delivery.object_arn(object));
        let mut context = self.delivery.context();
        context.add("kms:ViaService", format!("s3.{region}.amazonaws.com"));
        for (name, value) in encryption.pairs() {
            context.add(&format!("kms:EncryptionContext:{name}"), value);
            context.add("kms:EncryptionContextKeys", name);
        }
        let (action, arn) = ("kms:GenerateDataKey", key.arn());
        if !self.delivery.allows(&key.policy, action, &arn, &context) {
            return Err(BucketError::Key { code: KEY_DENIED.to_owned() });
        }
        self.kms.generate_data_key(&key, DATA_KEY_BYTES, encryption).await.map_err(failed)
    }
}

fn key_failed(bucket: &str, error: KmsError) -> BucketError {
    match error.s3_code() {
        Some(code) => BucketError::Key { code: code.to_owned() },
        None => super::failed(bucket, error),
    }
}
