//! Objects at rest under keys of KMS.
//!
//! - `aws:kms` without a key means the account's `alias/aws/s3`, made when it is first needed
//!   (documented). Keys are looked for in the bucket's region (documented).
//! - Whoever writes must be allowed `kms:GenerateDataKey`, whoever reads `kms:Decrypt`, by the
//!   key's policy (documented). The encryption context has the object's ARN, and what the caller
//!   adds (documented).
//! - Lengths and checksums are those of the plain bytes. The entity tag is random: it is not their
//!   MD5 (documented), which would say something of what is encrypted.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_event::Region;
use cairn_event::trail::TrailArn;
use cairn_store::envelope::{
    DATA_KEY_BYTES, ENCRYPTION, ENCRYPTION_KEY, ENCRYPTION_KMS, Judge, seal_upload,
};
use cairn_store::kms::{EncryptionContext, KmsError, KmsKey};
use cairn_store::{Attributes, ObjectName, ObjectUpload};
use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::kms::KmsFault;
use crate::kms::access::Attempt;
use crate::{Ctx, Internal};

use super::bucket::Bucket;
use super::call::Call;
use super::error::S3Fault;
use super::name;
use super::object::description;

/// Whether a key of the bucket's own stands between, which saves AWS calls. It is kept and shown, and
/// changes nothing here.
pub(crate) const BUCKET_KEY: &str = "x-amz-server-side-encryption-bucket-key-enabled";
const CONTEXT: &str = "x-amz-server-side-encryption-context";
const OBJECT_ARN: &str = "aws:s3:arn";

/// Headers of keys that callers bring along: to write, to read, and to copy from.
const OF_CALLERS_KEYS: [&str; 2] = [
    "x-amz-server-side-encryption-customer-",
    "x-amz-copy-source-server-side-encryption-customer-",
];

/// Refuses headers that ask for an encryption that is not served, in whatever part they ask for it.
///
/// evidence: observed (the texts, as public issues quote them).
pub(crate) fn admit(operation: &str, headers: &HeaderMap) -> Result<(), S3Fault> {
    let of_callers = |name: &str| OF_CALLERS_KEYS.iter().any(|start| name.starts_with(start));
    if headers.keys().any(|name| of_callers(name.as_str())) {
        return Err(S3Fault::NotImplemented);
    }
    let Some(kind) = headers.get(ENCRYPTION) else { return Ok(()) };
    if matches!(operation, "GetObject" | "HeadObject") {
        let why = "x-amz-server-side-encryption header is not supported for this operation.";
        return Err(S3Fault::InvalidArgument { why });
    }
    match kind.to_str().unwrap_or_default() {
        "AES256" | ENCRYPTION_KMS => Ok(()),
        "aws:kms:dsse" | "aws:fsx" => Err(S3Fault::NotImplemented),
        _ => {
            let why = "The encryption method specified is not supported";
            Err(S3Fault::InvalidArgument { why })
        }
    }
}

/// How an object is kept.
#[derive(Clone, Debug)]
pub(crate) enum AtRest {
    /// As it comes.
    Clear,
    /// Encrypted.
    Sealed {
        /// Under this key.
        key: Box<KmsKey>,
        /// For this context.
        context: EncryptionContext,
    },
}

/// What an upload in parts remembers of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// The ARN of the key.
    key: String,
    context: EncryptionContext,
}

impl AtRest {
    /// What the headers of a writing call ask for, or else the bucket's default.
    pub(crate) async fn of_headers(
        call: &Call,
        bucket: &Bucket,
        key: &str,
    ) -> Result<Self, S3Fault> {
        let by_default = bucket.state.encryption.as_ref();
        let by_default = by_default.filter(|set| set.algorithm == ENCRYPTION_KMS);
        let mut wanted = call.header(ENCRYPTION_KEY).filter(|text| !text.is_empty());
        match (call.header(ENCRYPTION), by_default) {
            (Some(ENCRYPTION_KMS), _) => {}
            (None, Some(set)) if wanted.is_none() => wanted = set.key.as_deref(),
            _ if wanted.is_some() || call.header(CONTEXT).is_some() => {
                let why = "Server Side Encryption with AWS KMS managed key requires HTTP header \
                           x-amz-server-side-encryption : aws:kms";
                return Err(S3Fault::InvalidArgument { why });
            }
            _ => return Ok(Self::Clear),
        }
        let region = region_of(bucket)?;
        let (kms, ctx) = (&call.ctx().services.kms, call.ctx());
        let found = match wanted {
            Some(reference) => kms.find(reference, &ctx.account, &region).await?,
            None => kms.service_key(&ctx.account, &region, "s3").await?,
        };
        let context = context(call)?.with(OBJECT_ARN, &object_arn(&region, &bucket.name, key));
        Self::judged(call, found, context, &region)
    }

    /// What an upload in parts began with.
    pub(crate) async fn of_upload(
        call: &Call,
        bucket: &str,
        remembered: Option<&Remembered>,
    ) -> Result<Self, S3Fault> {
        let Some(Remembered { key, context }) = remembered else { return Ok(Self::Clear) };
        let region = region_of(&call.bucket(bucket).await?)?;
        let found = call.ctx().services.kms.find(key, &call.ctx().account, &region).await?;
        Self::judged(call, found, context.clone(), &region)
    }

    fn judged(
        call: &Call,
        key: KmsKey,
        context: EncryptionContext,
        region: &Region,
    ) -> Result<Self, S3Fault> {
        let attempt = Attempt::via(call.ctx(), "kms:GenerateDataKey", "s3", region);
        attempt.bound_to(&context).judge(call.ctx(), &key)?;
        // A key that does not serve is refused before the body is read.
        key.serves()?;
        Ok(Self::Sealed { key: Box::new(key), context })
    }

    /// What an upload in parts has to remember.
    pub(crate) fn remembered(&self) -> Option<Remembered> {
        match self {
            Self::Clear => None,
            Self::Sealed { key, context } => {
                Some(Remembered { key: key.arn(), context: context.clone() })
            }
        }
    }

    /// Begins an object that is kept so.
    pub(crate) async fn begin(
        &self,
        call: &Call,
        name: &ObjectName,
        bytes_max: u64,
    ) -> Result<Box<dyn ObjectUpload>, S3Fault> {
        match self {
            Self::Clear => Ok(call.objects().begin(bytes_max).await?),
            Self::Sealed { key, context } => {
                let kms = &call.ctx().services.kms;
                let data = kms.generate_data_key(key, DATA_KEY_BYTES, context.clone()).await?;
                Ok(seal_upload(call.objects(), name, bytes_max, data).await?)
            }
        }
    }

    /// The entity tag of an object with this MD5.
    pub(crate) fn etag(&self, call: &Call, md5: impl AsRef<[u8]>) -> String {
        match self {
            Self::Clear => name::hex(&md5),
            Self::Sealed { .. } => {
                name::hex(&call.ctx().services.kms.random(md5.as_ref().len()).as_bytes())
            }
        }
    }

    /// Shows how the object is kept before it is there.
    pub(crate) fn show(&self, call: &Call) {
        if let Self::Sealed { key, .. } = self {
            call.answer_with(ENCRYPTION, ENCRYPTION_KMS);
            call.answer_with(ENCRYPTION_KEY, &key.arn());
        }
    }
}

/// Says of an object what the bucket's default says, if that is the disk's encryption and the writer
/// has not asked for another. Whether there is a key of the bucket, says the writer, or else that
/// default, if a key of KMS is used at all (documented).
pub(crate) fn describe(call: &Call, bucket: &Bucket, attributes: &mut Attributes) {
    let set = bucket.state.encryption.as_ref();
    let asked = call.header(ENCRYPTION);
    let by_default = set.filter(|set| set.algorithm == ENCRYPTION_KMS);
    let is_sealed = asked.map_or(by_default.is_some(), |asked| asked == ENCRYPTION_KMS);
    let bucket_key = match call.header(BUCKET_KEY) {
        Some(text) => text.eq_ignore_ascii_case("true"),
        None => by_default.is_some_and(|set| set.bucket_key),
    };
    let shown = (is_sealed && bucket_key).then(|| "true".to_owned());
    description::keep(attributes, BUCKET_KEY, shown);
    let set = set.filter(|set| set.algorithm != ENCRYPTION_KMS);
    if let Some(set) = set.filter(|_| attributes.header(ENCRYPTION).is_none()) {
        attributes.headers.push((ENCRYPTION.to_owned(), set.algorithm.clone()));
    }
}

/// Shows how an object is kept, if its writer or the bucket asked for it.
pub(crate) fn show(call: &Call, attributes: &Attributes) {
    for name in [ENCRYPTION, ENCRYPTION_KEY, BUCKET_KEY] {
        if let Some(value) = attributes.header(name) {
            call.answer_with(name, value);
        }
    }
}

/// Whether the caller may open objects, key by key.
pub(super) fn judge(ctx: &Arc<Ctx>) -> Judge {
    let ctx = Arc::clone(ctx);
    Arc::new(move |key, context| {
        let attempt = Attempt::via(&ctx, "kms:Decrypt", "s3", &key.region).bound_to(context);
        attempt.judge(&ctx, key).map_err(|fault| KmsError::Denied { why: fault.to_string() })
    })
}

/// The caller's own pairs: JSON in base64 (documented).
fn context(call: &Call) -> Result<EncryptionContext, S3Fault> {
    let why = "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 \
               string holding JSON which represents a string-string map";
    let Some(text) = call.header(CONTEXT) else { return Ok(EncryptionContext::empty()) };
    let bytes = STANDARD.decode(text.trim()).ok();
    let pairs = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    pairs.ok_or(S3Fault::InvalidArgument { why })
}

fn region_of(bucket: &Bucket) -> Result<Region, S3Fault> {
    Region::parse(&bucket.state.region)
        .map_err(|error| S3Fault::Internal(Internal::new("read a bucket's region", error)))
}

fn object_arn(region: &Region, bucket: &str, key: &str) -> String {
    format!("arn:{}:s3:::{bucket}/{key}", TrailArn::partition_of(region))
}

impl From<KmsError> for S3Fault {
    fn from(error: KmsError) -> Self {
        match error.s3_code() {
            Some(code) => Self::Key { code, why: error.to_string() },
            None => Self::Internal(Internal::new("use a key", error)),
        }
    }
}

impl From<KmsFault> for S3Fault {
    fn from(fault: KmsFault) -> Self {
        match fault {
            KmsFault::Key(error) => error.into(),
            denied @ KmsFault::AccessDenied { .. } => {
                Self::Key { code: "AccessDenied", why: denied.to_string() }
            }
            other => Self::Internal(Internal::new("use a key", other)),
        }
    }
}
