//! What S3 takes as a bucket policy: the policy language, of which it takes what is about this
//! bucket.

use cairn_iam::policy::{Policy, PolicyFault};

/// The longest policy (documented).
const POLICY_BYTES_MAX: usize = 20 << 10;

/// Refuses what is not a policy for this bucket, in S3's words as far as they are known (observed).
pub(super) fn check(bucket: &str, text: &str) -> Result<(), PolicyFault> {
    if text.len() > POLICY_BYTES_MAX {
        return Err(PolicyFault::TooLong);
    }
    // observed: white space in front is too much, though JSON has it.
    if !text.starts_with('{') {
        return Err(PolicyFault::NotAnObject);
    }
    for statement in Policy::parse(text)?.statements() {
        if let Some(action) = statement.actions().find(|action| !is_for_s3(action)) {
            return Err(PolicyFault::InvalidAction { action: action.to_owned() });
        }
        if let Some(resource) = statement.resources().find(|resource| !is_of(bucket, resource)) {
            return Err(PolicyFault::InvalidResource { resource: resource.to_owned() });
        }
    }
    Ok(())
}

fn is_for_s3(action: &str) -> bool {
    action == "*" || action.split_once(':').is_some_and(|(name, _)| name.eq_ignore_ascii_case("s3"))
}

/// Whether a resource is the bucket, or something in it.
fn is_of(bucket: &str, resource: &str) -> bool {
    let name = resource.strip_prefix("arn:").and_then(|rest| rest.split_once(":s3:::"));
    let rest = name.and_then(|(_, name)| name.strip_prefix(bucket));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*']))
}
