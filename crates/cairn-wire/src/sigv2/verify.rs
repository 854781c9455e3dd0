//! Decides whether a claim is true.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_event::Timestamp;

use super::{Claim, SignatureError, Stamp, canonical};
use crate::RequestHead;
use crate::sigv4::{Mismatch, PayloadClaim, SKEW_MS};

/// What the gateway knows about a request without believing its signature.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expectation<'a> {
    /// The bucket that the host names.
    pub bucket: Option<&'a str>,
    /// SHA-256 of the body, if it was read.
    pub body: Option<[u8; 32]>,
}

/// Checks that `claim` was signed with `secret` for this very request, now, and for what `expected`
/// says.
///
/// The session token is the caller's to check ([`crate::sigv4::check_token`]); a body that is not yet
/// read, too.
pub fn verify(
    claim: &Claim,
    head: &RequestHead<'_>,
    secret: &str,
    now: Timestamp,
    expected: &Expectation<'_>,
) -> Result<(), SignatureError> {
    check_time(claim.stamp, now)?;
    if let (PayloadClaim::Hash(claimed), Some(computed)) = (claim.payload, expected.body)
        && claimed != computed
    {
        return Err(SignatureError::BodyMismatch { claimed, computed });
    }
    let bucket = expected.bucket;
    let start = canonical::start(head, &claim.date_line);
    let text = |path: &str| {
        let mut text = start.clone()?;
        canonical::push_resource(&mut text, bucket, path, head.query);
        Some(text)
    };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let signature = STANDARD.decode(&claim.signature).unwrap_or_default();
    // Takes the same time whatever differs.
    let holds = |text: &[u8]| hmac::verify(&key, text, &signature).is_ok();
    let sent = text(head.path);
    let with_slash = || slashed(bucket, head.path).and_then(|path| text(&path));
    if sent.as_deref().is_some_and(holds) || with_slash().as_deref().is_some_and(holds) {
        return Ok(());
    }
    Err(SignatureError::Mismatch(Box::new(Mismatch {
        access_key: claim.access_key.clone(),
        provided: claim.signature.clone(),
        string_to_sign: String::from_utf8_lossy(&sent.unwrap_or_default()).into_owned(),
        canonical_request: None,
    })))
}

/// The path of a bucket as botocore signs it in path style: `/bucket/`, though it sends `/bucket`.
/// Both are the bucket. S3 itself refuses it (observed), where botocore would not send it: there it
/// names the bucket in the host.
fn slashed(bucket: Option<&str>, path: &str) -> Option<String> {
    let name = path.strip_prefix('/')?;
    let is_bucket = bucket.is_none() && !name.is_empty() && !name.contains('/');
    is_bucket.then(|| format!("{path}/"))
}

fn check_time(stamp: Stamp, now: Timestamp) -> Result<(), SignatureError> {
    match stamp {
        Stamp::Signed(time) => {
            let age_ms = now.as_ms().saturating_sub(time.as_ms());
            match age_ms {
                _ if age_ms > SKEW_MS => Err(SignatureError::TooOld { time, now }),
                _ if age_ms < -SKEW_MS => Err(SignatureError::TooNew { time, now }),
                _ => Ok(()),
            }
        }
        Stamp::Until(end) if now > end => Err(SignatureError::Ended { end, now }),
        Stamp::Until(_) => Ok(()),
    }
}
