//! The ARNs that selectors hold.

use crate::AccountId;

/// The longest name of a Lambda function (documented).
const FUNCTION_NAME_BYTES_MAX: usize = 64;

/// What follows `arn:PARTITION:`.
pub(super) fn after_partition(text: &str) -> Option<&str> {
    let (partition, rest) = text.strip_prefix("arn:")?.split_once(':')?;
    (partition == "aws" || partition.starts_with("aws-")).then_some(rest)
}

/// Service, region, account and resource of an ARN.
fn parts(text: &str) -> Option<[&str; 4]> {
    let mut parts = after_partition(text)?.splitn(4, ':');
    Some([parts.next()?, parts.next()?, parts.next()?, parts.next()?])
}

/// Whether a text has the six parts of an ARN, with a service and a resource.
pub(super) fn is_arn(text: &str) -> bool {
    parts(text).is_some_and(|[service, _, _, resource]| !service.is_empty() && !resource.is_empty())
}

/// A bucket, a slash, and the beginning of a key, which may be empty (documented). A bucket without
/// the slash, an empty one, and one with `*` are refused (observed).
pub(super) fn is_s3_prefix(text: &str) -> bool {
    let Some(["s3", "", "", resource]) = parts(text) else { return false };
    let Some((bucket, _)) = resource.split_once('/') else { return false };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    !bucket.is_empty() && bucket.bytes().all(is_plain)
}

/// A function by its whole ARN; one with a version or an alias is refused (observed for advanced
/// selectors, assumed for basic ones), and so is one with `*` (observed).
pub(super) fn is_lambda_function(text: &str) -> bool {
    let Some(["lambda", region, account, resource]) = parts(text) else { return false };
    let Some(name) = resource.strip_prefix("function:") else { return false };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    is_place(region, account)
        && !name.is_empty()
        && name.len() <= FUNCTION_NAME_BYTES_MAX
        && name.bytes().all(is_plain)
}

/// A table by its whole ARN (documented; the characters are those of table names).
pub(super) fn is_dynamodb_table(text: &str) -> bool {
    let Some(["dynamodb", region, account, resource]) = parts(text) else { return false };
    let Some(name) = resource.strip_prefix("table/") else { return false };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    is_place(region, account) && !name.is_empty() && name.bytes().all(is_plain)
}

fn is_place(region: &str, account: &str) -> bool {
    crate::Region::parse(region).is_ok() && AccountId::parse(account).is_ok()
}
