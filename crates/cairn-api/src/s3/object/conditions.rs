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

/// The conditions, as S3 names them to whom they fail (observed).
const IF_MATCH: &str = "If-Match";
const IF_NONE_MATCH: &str = "If-None-Match";
const IF_MODIFIED_SINCE: &str = "If-Modified-Since";
const IF_UNMODIFIED_SINCE: &str = "If-Unmodified-Since";

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
        match self.unmet(head) {
            None => Ok(()),
            Some(IF_NONE_MATCH | IF_MODIFIED_SINCE) => {
                let modified = time::http_date(&time::to_dto(head.modified));
                Err(S3Fault::NotModified { etag: head.attributes.etag.clone(), modified })
            }
            Some(condition) => Err(failed(condition)),
        }
    }

    /// The first condition that does not hold, if there is one.
    fn unmet(&self, head: &ObjectHead) -> Option<&'static str> {
        let modified = head.modified.as_seconds();
        match (&self.if_match, &self.if_unmodified_since) {
            (Some(wanted), _) if !holds(wanted, head) => return Some(IF_MATCH),
            (None, Some(since)) if modified > time::seconds(since) => {
                return Some(IF_UNMODIFIED_SINCE);
            }
            _ => {}
        }
        match (&self.if_none_match, &self.if_modified_since) {
            (Some(known), _) if holds(known, head) => Some(IF_NONE_MATCH),
            (None, Some(since)) if modified <= time::seconds(since) => Some(IF_MODIFIED_SINCE),
            _ => None,
        }
    }

    /// Lets a copier pass. It has no copy of its own, so "not modified" is a failure too.
    pub(crate) fn check_source(&self, head: &ObjectHead) -> Result<(), S3Fault> {
        match self.unmet(head) {
            None => Ok(()),
            Some(condition) => Err(failed(&format!("x-amz-copy-source-{condition}"))),
        }
    }
}

fn failed(condition: &str) -> S3Fault {
    S3Fault::PreconditionFailed { condition: condition.to_owned() }
}

/// What a writer is told whose condition held when it began, and does not any more.
pub(crate) fn failed_at_last(condition: Condition) -> S3Fault {
    failed(if condition == Condition::Absent { IF_NONE_MATCH } else { IF_MATCH })
}

/// Refuses what is to be done to another object than the one that is there.
pub(crate) fn must_match(wanted: &ETagCondition, head: &ObjectHead) -> Result<(), S3Fault> {
    if holds(wanted, head) { Ok(()) } else { Err(failed(IF_MATCH)) }
}

/// Whether the object has the entity tag.
fn holds(condition: &ETagCondition, head: &ObjectHead) -> bool {
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
            Some(_) => Err(failed(IF_NONE_MATCH)),
        },
        (Some(wanted), None) => {
            let head = call.objects().head(name).await?.ok_or(S3Fault::NoSuchKey)?;
            must_match(wanted, &head)?;
            Ok(Condition::Version(head.version))
        }
        _ => Err(S3Fault::NotImplemented),
    }
}
