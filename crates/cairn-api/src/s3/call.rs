//! One S3 call on its way: who calls, what the headers say, which bucket it is about.

use std::sync::{Arc, Mutex, PoisonError};

use cairn_event::{AccountId, Region, Timestamp};
use cairn_store::envelope::PlainObjects;
use cairn_store::{MetaStore, ObjectHead, Objects};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use tokio::sync::RwLock;

use crate::{Ctx, Internal};

use super::bucket::Bucket;
use super::encryption;
use super::error::S3Fault;
use super::intake::Intake;
use super::name;

/// What S3 calls the version of an object that has one, as those that were there before versioning.
pub(crate) const ONLY_VERSION: &str = "null";

/// Operations whose answer names the version, in a bucket whose versioning was set. A deletion names
/// none: it leaves nothing that could be had back.
///
/// evidence: documented (reading), assumed (writing, as while versioning is suspended).
const VERSIONED: [&str; 5] =
    ["GetObject", "HeadObject", "PutObject", "CopyObject", "CompleteMultipartUpload"];

/// What the record of the call will say beyond the answer.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) bucket_owner: Option<AccountId>,
    pub(crate) bucket_region: Option<Region>,
    pub(crate) object_bytes: Option<u64>,
    /// Whether the refusal, if it is one, is ours. The codec's own speak of its inside.
    pub(crate) refused: bool,
    /// What the refusal says beyond code and text, for which the codec has no place.
    pub(crate) members: Vec<(&'static str, String)>,
}

/// What travels with a request through the codec.
#[derive(Clone, Debug)]
pub(crate) struct Companion {
    pub(crate) ctx: Arc<Ctx>,
    /// The name of the operation that the call was resolved to be, which is the record's.
    pub(crate) operation: &'static str,
    /// Headers that are kept from the codec, which would refuse what S3 takes.
    pub(crate) aside: HeaderMap,
    pub(crate) intake: Intake,
    pub(crate) notes: Arc<Mutex<Notes>>,
}

/// One S3 call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) headers: HeaderMap,
    companion: Companion,
    objects: PlainObjects,
    answer_headers: Mutex<HeaderMap>,
}

impl Call {
    /// The call that a request is.
    pub(crate) fn of(mut headers: HeaderMap, extensions: &mut Extensions) -> Result<Self, S3Fault> {
        let mut companion = extensions.remove::<Companion>().ok_or_else(|| {
            S3Fault::Internal(Internal::new("find the context of a call", "it was not sent along"))
        })?;
        headers.extend(companion.aside.drain());
        let services = &companion.ctx.services;
        let objects = PlainObjects::new(Arc::clone(&services.objects), Arc::clone(&services.kms))
            .judged_by(encryption::judge(&companion.ctx));
        Ok(Self { headers, companion, objects, answer_headers: Mutex::default() })
    }

    /// Whether the call may be done as the operation for which the codec takes it, which must be
    /// the record's. Headers that ask for what is not served are refused here, whatever the
    /// operation: to store a secret without the encryption that was asked for would be worse than
    /// to say no.
    pub(crate) fn admit(&self, operation: &str) -> Result<(), S3Fault> {
        if self.companion.operation != operation {
            return Err(S3Fault::MethodNotAllowed);
        }
        encryption::admit(operation, &self.headers)?;
        if self.headers.keys().any(|name| name.as_str().starts_with("x-amz-object-lock-")) {
            let why = "Bucket is missing Object Lock Configuration";
            return Err(S3Fault::InvalidRequest { why });
        }
        Ok(())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Adds a header that the codec's structures have no place for.
    pub(crate) fn answer_with(&self, name: &str, value: &str) {
        let pair = (HeaderName::try_from(name), HeaderValue::from_bytes(value.as_bytes()));
        // What was stored came as a header, so it can be one again.
        if let (Ok(name), Ok(value)) = pair {
            self.answer_headers.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value);
        }
    }

    /// The headers that were added.
    pub(crate) fn take_answer_headers(&self) -> HeaderMap {
        std::mem::take(&mut self.answer_headers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn ctx(&self) -> &Ctx {
        &self.companion.ctx
    }

    /// The time by the store's clock. A long upload ends much later than it began.
    pub(crate) fn now(&self) -> Timestamp {
        (self.companion.ctx.services.clock)()
    }

    /// The objects as the caller may see them: plain.
    pub(crate) fn objects(&self) -> &dyn Objects {
        &self.objects
    }

    pub(crate) fn meta(&self) -> &dyn MetaStore {
        &*self.companion.ctx.services.meta
    }

    pub(crate) fn intake(&self) -> &Intake {
        &self.companion.intake
    }

    /// Held to write while a bucket is deleted, to read while an object takes its name in one.
    pub(crate) fn gate(&self) -> &RwLock<()> {
        &self.companion.ctx.services.gate
    }

    /// Notes that the answer is a refusal of ours.
    pub(crate) fn note_refused(&self, fault: &S3Fault) {
        let mut notes = self.notes();
        notes.refused = true;
        notes.members = fault.members();
    }

    pub(crate) fn note_object_bytes(&self, bytes: u64) {
        self.notes().object_bytes = Some(bytes);
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.companion.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bucket that the call is about, if the caller may know it.
    pub(crate) async fn bucket(&self, name: &str) -> Result<Bucket, S3Fault> {
        let bucket = Bucket::find(self.meta(), name).await?.ok_or(S3Fault::NoSuchBucket)?;
        let mut notes = self.notes();
        notes.bucket_owner = Some(bucket.state.owner.clone());
        notes.bucket_region = Region::parse(&bucket.state.region).ok();
        drop(notes);
        let expected = self.header("x-amz-expected-bucket-owner");
        if bucket.state.owner != self.ctx().account
            || expected.is_some_and(|expected| expected != bucket.state.owner.as_str())
        {
            return Err(S3Fault::AccessDenied);
        }
        if bucket.state.versioning.is_some() && VERSIONED.contains(&self.companion.operation) {
            self.answer_with("x-amz-version-id", ONLY_VERSION);
        }
        Ok(bucket)
    }

    /// The bucket that the call copies from.
    pub(crate) async fn source_bucket(&self, name: &str) -> Result<(), S3Fault> {
        let bucket = Bucket::find(self.meta(), name).await?;
        let bucket =
            bucket.ok_or_else(|| S3Fault::NoSuchSourceBucket { bucket: name.to_owned() })?;
        let expected = self.header("x-amz-source-expected-bucket-owner");
        if bucket.state.owner != self.ctx().account
            || expected.is_some_and(|expected| expected != bucket.state.owner.as_str())
        {
            return Err(S3Fault::AccessDenied);
        }
        Ok(())
    }

    /// An object that must be there.
    pub(crate) async fn object(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> Result<ObjectHead, S3Fault> {
        self.bucket(bucket).await?;
        only_version(version)?;
        let head = self.objects().head(&name::object(bucket, key)?).await?;
        head.ok_or(S3Fault::NoSuchKey)
    }
}

/// Objects have one version.
pub(crate) fn only_version(version: Option<&str>) -> Result<(), S3Fault> {
    match version {
        None | Some(ONLY_VERSION) => Ok(()),
        // documented: the text, as public issues quote it.
        Some("") => Err(S3Fault::InvalidArgument { why: "Version id cannot be the empty string" }),
        Some(_) => Err(S3Fault::NoSuchVersion),
    }
}
