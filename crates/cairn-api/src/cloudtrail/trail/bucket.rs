//! The bucket of a trail: what it may be called, and whether CloudTrail may write to it.
//!
//! - The check is made anew whenever a trail is created or updated, and leaves an object without
//!   content behind in each folder, whatever becomes of the call (observed).
//! - With validation there are two folders, checked one after the other (observed).

use cairn_bucket::{BucketError, Writer};
use cairn_event::Region;
use cairn_event::trail::Trail;

use super::super::CloudTrailError;
use super::fault::{DestinationFault, TrailFault};
use crate::{Ctx, Internal};

/// The shortest name of a bucket, in bytes (documented).
const NAME_BYTES_MIN: usize = 3;
/// The longest name of a bucket, in bytes (documented).
const NAME_BYTES_MAX: usize = 63;
/// The longest prefix, in characters (documented).
const PREFIX_CHARS_MAX: usize = 200;
/// Where log files lie below `AWSLogs/ACCOUNT/`.
const LOGS: &str = "CloudTrail";
/// Where digests lie.
const DIGESTS: &str = "CloudTrail-Digest";
/// What S3 answers when it has too much to do.
const BUSY: [&str; 4] = ["SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout"];

/// Checks the name of a bucket: lower-case letters, digits, dots and hyphens (documented).
pub(crate) fn check_name(name: &str) -> Result<(), DestinationFault> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let fits = (NAME_BYTES_MIN..=NAME_BYTES_MAX).contains(&bytes.len())
        && bytes.iter().all(|byte| plain(*byte) || b".-".contains(byte))
        && bytes.first().is_some_and(|byte| plain(*byte))
        && bytes.last().is_some_and(|byte| plain(*byte));
    if fits { Ok(()) } else { Err(DestinationFault::BucketName { bucket: name.to_owned() }) }
}

/// Checks a prefix. The slash behind it is added by CloudTrail; that one of the caller's own is
/// refused is assumed.
pub(crate) fn check_prefix(text: &str) -> Result<(), DestinationFault> {
    let fits = text.chars().count() <= PREFIX_CHARS_MAX
        && !text.starts_with('/')
        && !text.ends_with('/')
        && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(DestinationFault::Prefix { chars_max: PREFIX_CHARS_MAX }) }
}

/// The region of a bucket.
pub(crate) async fn region(ctx: &Ctx, bucket: &str) -> Result<Region, CloudTrailError> {
    let found = ctx.services.buckets.region(bucket).await;
    found.map_err(|error| refusal(error, bucket, None))
}

/// Whether CloudTrail may write what this trail will deliver.
pub(crate) async fn admit(ctx: &Ctx, trail: &Trail) -> Result<(), CloudTrailError> {
    let writer = Writer { trail_arn: trail.arn().to_string(), account: trail.account.clone() };
    let folders = if trail.validates_log_files { &[LOGS, DIGESTS][..] } else { &[LOGS][..] };
    let prefix = trail.prefix.as_deref().map(|prefix| format!("{prefix}/")).unwrap_or_default();
    let key = trail.kms_key_arn.as_deref();
    for folder in folders {
        let folder = format!("{prefix}AWSLogs/{}/{folder}/", trail.account);
        let answer = ctx.services.buckets.admit(&writer, &trail.bucket, &folder, key).await;
        answer.map_err(|error| refusal(error, &trail.bucket, key))?;
    }
    Ok(())
}

/// What the caller is told if a bucket refuses. One text stands for every cause that lies in the
/// bucket (observed).
fn refusal(error: BucketError, bucket: &str, key: Option<&str>) -> CloudTrailError {
    // Trails deliver to buckets of this server and of `[[destination]]`s, not through upstreams.
    let hint = matches!(error, BucketError::NoSuchBucket { .. }).then_some(
        "a bucket that is not on this server, such as one behind an upstream, needs a [[destination]]",
    );
    tracing::info!(
        bucket,
        error = &error as &dyn std::error::Error,
        hint,
        "a bucket refused a trail"
    );
    let bucket = bucket.to_owned();
    let key = key.unwrap_or_default().to_owned();
    let fault = match &error {
        BucketError::NoSuchBucket { .. } => DestinationFault::NoBucket { bucket },
        BucketError::Key { code } if code == "KMS.DisabledException" => {
            DestinationFault::KeyState { key, reason: "it is disabled".to_owned() }
        }
        BucketError::Key { code } if code == "KMS.KMSInvalidStateException" => {
            DestinationFault::KeyState { key, reason: "it is pending deletion".to_owned() }
        }
        BucketError::Key { .. } => DestinationFault::KeyPolicy { bucket, key },
        BucketError::Unreachable { .. } => return unavailable(error),
        BucketError::Refused { code, .. } if BUSY.contains(&code.as_str()) => {
            return unavailable(error);
        }
        _ => DestinationFault::BucketPolicy { bucket },
    };
    TrailFault::from(fault).into()
}

/// What the caller is told if a bucket cannot be asked now.
pub(crate) fn unavailable(error: BucketError) -> CloudTrailError {
    let is_full = error.is_full();
    let internal = Internal::new("reach a bucket", error);
    if is_full { CloudTrailError::Full(internal) } else { CloudTrailError::Unavailable(internal) }
}
