//! `GetBucketLifecycleConfiguration`, `PutBucketLifecycleConfiguration`, `DeleteBucketLifecycle`.
//!
//! - All rules are kept and shown; a rule without an id is given one (documented).
//! - Applied is the expiration of objects by days or by date, under a prefix and between sizes, by a
//!   worker: see `cairn_bucket::lifecycle`.
//! - Not applied, since there is nothing that they could do here: transitions (there is one class of
//!   storage), and what is said of versions that are not current (objects have one version) beyond
//!   the time that it adds. Not applied either: rules with tags, and the end of uploads in parts.

use std::collections::BTreeSet;

use ::time::OffsetDateTime;
use cairn_bucket::lifecycle::{Expiry, Lifecycle};
use cairn_event::Timestamp;
use s3s::dto;
use s3s::xml::{Deserialize as _, Deserializer, Serialize as _, Serializer};

use crate::Internal;

use super::call::Call;
use super::error::S3Fault;
use super::name;

/// The most rules of a bucket (documented).
const RULES_MAX: usize = 1_000;
/// The longest id of a rule (documented).
const ID_CHARS_MAX: usize = 255;
/// The longest document that is kept.
const DOCUMENT_BYTES_MAX: usize = 512 << 10;
const DAY_SECONDS: i64 = 86_400;

pub(super) async fn get(
    call: &Call,
    input: dto::GetBucketLifecycleConfigurationInput,
) -> Result<dto::GetBucketLifecycleConfigurationOutput, S3Fault> {
    let state = call.bucket(&input.bucket).await?.state;
    let kept = state.lifecycle.ok_or(S3Fault::NotConfigured {
        code: "NoSuchLifecycleConfiguration",
        text: "The lifecycle configuration does not exist",
    })?;
    let mut reader = Deserializer::new(kept.document.as_bytes());
    let read = dto::BucketLifecycleConfiguration::deserialize(&mut reader);
    let read =
        read.map_err(|error| S3Fault::Internal(Internal::new("read a bucket's lifecycle", error)))?;
    let minimum = kept.transition_minimum.map(dto::TransitionDefaultMinimumObjectSize::from);
    Ok(dto::GetBucketLifecycleConfigurationOutput {
        rules: Some(read.rules),
        transition_default_minimum_object_size: minimum,
    })
}

pub(super) async fn put(
    call: &Call,
    input: dto::PutBucketLifecycleConfigurationInput,
) -> Result<dto::PutBucketLifecycleConfigurationOutput, S3Fault> {
    let bucket = call.bucket(&input.bucket).await?;
    let mut wanted = input.lifecycle_configuration.ok_or(S3Fault::MalformedXml)?;
    if wanted.rules.is_empty() || wanted.rules.len() > RULES_MAX {
        return Err(S3Fault::MalformedXml);
    }
    name_rules(call, &mut wanted.rules)?;
    let mut expiries = Vec::new();
    for rule in &wanted.rules {
        expiries.extend(checked(rule)?);
    }
    let mut document = Vec::new();
    let written = wanted.serialize(&mut Serializer::new(&mut document));
    let written = written.map(|()| String::from_utf8(document).unwrap_or_default());
    let document = written
        .map_err(|error| S3Fault::Internal(Internal::new("write a bucket's lifecycle", error)))?;
    if document.len() > DOCUMENT_BYTES_MAX {
        return Err(S3Fault::DocumentTooLarge);
    }
    let minimum = input.transition_default_minimum_object_size;
    let transition_minimum = minimum.as_ref().map(|minimum| minimum.as_str().to_owned());
    let lifecycle = Lifecycle { document, transition_minimum, expiries };
    bucket.change(call, |state| state.lifecycle = Some(lifecycle)).await?;
    Ok(dto::PutBucketLifecycleConfigurationOutput {
        transition_default_minimum_object_size: minimum,
    })
}

pub(super) async fn delete(
    call: &Call,
    input: dto::DeleteBucketLifecycleInput,
) -> Result<dto::DeleteBucketLifecycleOutput, S3Fault> {
    call.bucket(&input.bucket).await?.change(call, |state| state.lifecycle = None).await?;
    Ok(dto::DeleteBucketLifecycleOutput {})
}

/// Gives ids to rules that have none, and refuses those that are used twice.
fn name_rules(call: &Call, rules: &mut [dto::LifecycleRule]) -> Result<(), S3Fault> {
    let mut known = BTreeSet::new();
    for (number, rule) in rules.iter_mut().enumerate() {
        let id = rule.id.take().filter(|id| !id.is_empty());
        let id = id.unwrap_or_else(|| {
            let seed = format!("{}\n{number}", call.ctx().request_id);
            name::unique(&seed)
        });
        if id.chars().count() > ID_CHARS_MAX {
            let why = "ID length should not exceed allowed limit of 255";
            return Err(S3Fault::InvalidArgument { why });
        }
        if !known.insert(id.clone()) {
            let why = "Rule ID must be unique. Found same ID for more than one rule";
            return Err(S3Fault::InvalidArgument { why });
        }
        rule.id = Some(id);
    }
    Ok(())
}

/// Checks a rule; what of it is applied, if anything.
fn checked(rule: &dto::LifecycleRule) -> Result<Option<Expiry>, S3Fault> {
    let is_enabled = match rule.status.as_str() {
        dto::ExpirationStatus::ENABLED => true,
        dto::ExpirationStatus::DISABLED => false,
        _ => return Err(S3Fault::MalformedXml),
    };
    // documented: one of them, and one action at least.
    if rule.filter.is_some() == rule.prefix.is_some() {
        return Err(S3Fault::MalformedXml);
    }
    let has_action = rule.expiration.is_some()
        || rule.transitions.as_ref().is_some_and(|list| !list.is_empty())
        || rule.noncurrent_version_expiration.is_some()
        || rule.noncurrent_version_transitions.as_ref().is_some_and(|list| !list.is_empty())
        || rule.abort_incomplete_multipart_upload.is_some();
    if !has_action {
        let why = "At least one action needs to be specified in a rule";
        return Err(S3Fault::InvalidRequest { why });
    }
    // modelled as optional; observed by other servers' tests to be needed.
    let mut moves = rule.noncurrent_version_transitions.iter().flatten();
    if moves.any(|step| step.noncurrent_days.is_none() || step.storage_class.is_none()) {
        return Err(S3Fault::MalformedXml);
    }
    let noncurrent = rule.noncurrent_version_expiration.as_ref();
    let noncurrent_days = noncurrent.and_then(|rule| rule.noncurrent_days).map(days).transpose()?;
    if let Some(abort) = &rule.abort_incomplete_multipart_upload {
        abort.days_after_initiation.map(days).transpose()?;
    }
    let kept = noncurrent.is_some_and(|rule| rule.newer_noncurrent_versions.is_some());
    let Some(filtered) = filtered(rule)? else { return check_expiration(rule).map(|_| None) };
    let Some(when) = check_expiration(rule)?.filter(|_| is_enabled) else {
        return Ok(None);
    };
    // Versions that are kept by number have no time.
    let noncurrent_days = noncurrent_days.filter(|_| !kept);
    Ok(Some(Expiry { noncurrent_days, days: when.days, date: when.date, ..filtered }))
}

/// A number of days: from 1 on (documented).
fn days(number: i32) -> Result<u32, S3Fault> {
    let why = "'Days' for Expiration action must be a positive integer";
    u32::try_from(number).ok().filter(|days| *days > 0).ok_or(S3Fault::InvalidArgument { why })
}

/// When objects expire, by whatever filter, if they do.
fn check_expiration(rule: &dto::LifecycleRule) -> Result<Option<Expiry>, S3Fault> {
    let Some(expiration) = &rule.expiration else { return Ok(None) };
    match (expiration.days, &expiration.date, expiration.expired_object_delete_marker) {
        (Some(number), None, None) => {
            Ok(Some(Expiry { days: Some(days(number)?), ..Expiry::default() }))
        }
        (None, Some(date), None) => {
            let seconds = OffsetDateTime::from(date.clone()).unix_timestamp();
            if seconds.rem_euclid(DAY_SECONDS) != 0 {
                let why = "'Date' must be at midnight GMT";
                return Err(S3Fault::InvalidArgument { why });
            }
            let date = Some(Timestamp::from_seconds(seconds));
            Ok(Some(Expiry { date, ..Expiry::default() }))
        }
        (None, None, Some(_)) => Ok(None),
        _ => Err(S3Fault::MalformedXml),
    }
}

/// Which objects a rule means; `None` if it asks for tags.
fn filtered(rule: &dto::LifecycleRule) -> Result<Option<Expiry>, S3Fault> {
    let size = |bytes: i64| u64::try_from(bytes).map_err(|_| S3Fault::MalformedXml);
    let mut expiry = Expiry::default();
    let Some(filter) = &rule.filter else {
        expiry.prefix = rule.prefix.clone().unwrap_or_default();
        return Ok(Some(expiry));
    };
    let said = [
        filter.and.is_some(),
        filter.prefix.is_some(),
        filter.tag.is_some(),
        filter.object_size_greater_than.is_some(),
        filter.object_size_less_than.is_some(),
    ];
    if said.iter().filter(|said| **said).count() > 1 {
        return Err(S3Fault::MalformedXml);
    }
    let and = filter.and.clone().unwrap_or_default();
    let has_tags = filter.tag.is_some() || and.tags.is_some_and(|tags| !tags.is_empty());
    let over = filter.object_size_greater_than.or(and.object_size_greater_than);
    let under = filter.object_size_less_than.or(and.object_size_less_than);
    expiry.bytes_over = over.map(size).transpose()?;
    expiry.bytes_under = under.map(size).transpose()?;
    expiry.prefix = filter.prefix.clone().or(and.prefix).unwrap_or_default();
    Ok((!has_tags).then_some(expiry))
}
