//! Policies that callers write.

use cairn_iam::policy::{Decision, POLICY_BYTES_MAX, Policy, PolicyFault};

use crate::Ctx;

use super::{KmsFault, access};

/// A key has one policy, under this name (documented).
pub(super) const NAME: &str = "default";

/// Refuses a text that is no policy of a key, and, unless the caller insists, one that would not
/// let the caller change it again (documented).
pub(super) fn check(
    ctx: &Ctx,
    text: &str,
    key_arn: &str,
    bypass: Option<bool>,
) -> Result<(), KmsFault> {
    let too_long = KmsFault::PolicyTooLong { bytes_max: POLICY_BYTES_MAX };
    if text.len() > POLICY_BYTES_MAX {
        return Err(too_long);
    }
    let policy = Policy::parse(text).map_err(|fault| match fault {
        PolicyFault::TooLong => too_long,
        other => KmsFault::MalformedPolicy { why: other.to_string() },
    })?;
    if bypass == Some(true) {
        return Ok(());
    }
    let context = access::conditions(ctx);
    match access::decide(ctx, &policy, "kms:PutKeyPolicy", key_arn, &context) {
        Decision::Allow => Ok(()),
        Decision::Deny | Decision::NotMentioned => Err(KmsFault::PolicyLockout),
    }
}

/// Refuses names of policies that no key has.
pub(super) fn named(name: Option<&str>) -> Result<(), KmsFault> {
    match name {
        None | Some(NAME) => Ok(()),
        Some(_) => Err(KmsFault::NoSuchPolicy),
    }
}
