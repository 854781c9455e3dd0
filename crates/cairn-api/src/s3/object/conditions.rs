//! Conditions that callers set: to read, to copy, to write.
//!
//! - `If-Match` that holds makes `If-Unmodified-Since` void; `If-None-Match` makes
//!   `If-Modified-Since` void (documented).
//! - To write, `If-None-Match` takes nothing but `*` (documented).
//! - To write on `If-Match` where there is no object is `NoSuchKey` (documented).

use cairn_store::{Condition, ObjectHead, ObjectName};
use s3s::dto::{ETagCondition, Timestamp};

use super::super::call::Call;
use super::super::error::S3Fault;
use super::super::time;

/// The conditions of one call on what is there.
#[derive(Debug, Default)]
#[expect(clippy::struct_field_names, reason = "the names of the headers")]
pub(crate) struct ToRead {
    pub(crate) if_match: Option<ETagCondition>,
    pub(crate) if_none_match: Option<ETagCondition>,
    pub(crate) if_modified_since: Option<Timestamp>,
    pub(crate) if_unmodified_since: Option<Timestamp>,
}

impl ToRead {
    /// Lets a reader pass, or tells it why not.
    pub(crate) fn check(&self, head: &ObjectHead) -> Result<(), S3Fault> {
        let modified = head.modified.as_seconds();
        let unmodified = match (&self.if_match, &self.if_unmodified_since) {
            (Some(wanted), _) => holds(wanted, head),
            (None, Some(since)) => modified <= time::seconds(since),
            (None, None) => true,
        };
        if !unmodified {
            return Err(S3Fault::PreconditionFailed);
        }
        let news = match (&self.if_none_match, &self.if_modified_since) {
            (Some(known), _) => !holds(known, head),
            (None, Some(since)) => modified > time::seconds(since),
            (None, None) => true,
        };
        if news {
            return Ok(());
        }
        let modified = time::http_date(&time::to_dto(head.modified));
        Err(S3Fault::NotModified { etag: head.attributes.etag.clone(), modified })
    }

    /// Lets a copier pass. It has no copy of its own, so "not modified" is a failure too.
    pub(crate) fn check_source(&self, head: &ObjectHead) -> Result<(), S3Fault> {
        self.check(head).map_err(|_| S3Fault::PreconditionFailed)
    }
}

/// Whether the object has the entity tag.
pub(crate) fn holds(condition: &ETagCondition, head: &ObjectHead) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(wanted) => head.attributes.etag.as_deref() == Some(wanted.value()),
    }
}

/// The condition on which an object may take its name. Looks before the body is read, so that a
/// large one is not read in vain; the store looks again when the object is finished.
pub(crate) async fn to_write(
    call: &Call,
    name: &ObjectName,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> Result<Condition, S3Fault> {
    match (if_match, if_none_match) {
        (None, None) => Ok(Condition::Always),
        (None, Some(ETagCondition::Any)) => match call.objects().head(name).await? {
            None => Ok(Condition::Absent),
            Some(_) => Err(S3Fault::PreconditionFailed),
        },
        (Some(wanted), None) => {
            let head = call.objects().head(name).await?.ok_or(S3Fault::NoSuchKey)?;
            if holds(wanted, &head) {
                Ok(Condition::Version(head.version))
            } else {
                Err(S3Fault::PreconditionFailed)
            }
        }
        _ => Err(S3Fault::NotImplemented),
    }
}
