//! The key of a trail: found once, when the trail is configured, and kept by its ARN (observed: an
//! alias that is pointed elsewhere later does not move the trail).
//!
//! - What is not written as a key, or is in another region than the bucket, is not found
//!   (observed).
//! - A key or alias that does not exist is answered like one that may not be used (observed).
//! - A key that is disabled is an error of its own (observed).

use cairn_event::Region;
use cairn_store::kms::{KeyReference, KmsError, Target};

use super::super::CloudTrailError;
use super::fault::{DestinationFault, TrailFault};
use crate::{Ctx, Internal};

/// The ARN of the key that a caller names for a bucket in a region.
pub(crate) async fn resolve(
    ctx: &Ctx,
    named: &str,
    bucket: &str,
    bucket_region: &Region,
) -> Result<String, CloudTrailError> {
    let refuse = |error: KmsError| refusal(error, named, bucket);
    let reference = KeyReference::parse(named, &ctx.account, bucket_region).map_err(refuse)?;
    match ctx.services.kms.get(&reference).await {
        Ok(key) => {
            key.serves().map_err(refuse)?;
            Ok(key.arn())
        }
        // The key of a bucket that is not here is not here either. If there is none, the bucket
        // will say so.
        Err(KmsError::KeyNotFound { .. })
            if named.starts_with(super::reference::ARN)
                && matches!(reference.target, Target::Key(_)) =>
        {
            Ok(reference.arn())
        }
        Err(error) => Err(refuse(error)),
    }
}

fn refusal(error: KmsError, named: &str, bucket: &str) -> CloudTrailError {
    let key = named.to_owned();
    let fault = match &error {
        KmsError::MalformedReference { .. } | KmsError::RegionForeign { .. } => {
            DestinationFault::NoKey { key }
        }
        KmsError::KeyNotFound { .. } | KmsError::AliasNotFound { .. } => {
            DestinationFault::KeyPolicy { bucket: bucket.to_owned(), key }
        }
        KmsError::Disabled { .. } => {
            DestinationFault::KeyState { key, reason: "it is disabled".to_owned() }
        }
        KmsError::PendingDeletion { .. } => {
            DestinationFault::KeyState { key, reason: "it is pending deletion".to_owned() }
        }
        _ => return CloudTrailError::Internal(Internal::new("find the key of a trail", error)),
    };
    TrailFault::from(fault).into()
}
