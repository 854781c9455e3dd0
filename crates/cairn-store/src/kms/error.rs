//! Why a key did not serve.

use crate::meta::MetaError;
use crate::seal::SealError;

/// Why a key did not serve. The texts that name a cause of the caller's are those of AWS.
#[derive(Debug, thiserror::Error)]
pub enum KmsError {
    /// The text is no name of a key in any form.
    #[error("Invalid keyId '{reference}'")]
    MalformedReference {
        /// The text.
        reference: String,
    },
    /// The ARN names another region than the one that was asked.
    #[error("Invalid arn {region}")]
    RegionForeign {
        /// The region in the ARN.
        region: String,
    },
    /// There is no such key, or there is none any more.
    #[error("Key '{arn}' does not exist")]
    KeyNotFound {
        /// The ARN.
        arn: String,
    },
    /// There is no such alias.
    #[error("Alias {arn} is not found.")]
    AliasNotFound {
        /// The ARN.
        arn: String,
    },
    /// There is such an alias.
    #[error("An alias with the name {arn} already exists")]
    AliasExists {
        /// The ARN.
        arn: String,
    },
    /// The key has as many aliases, or the account as many keys, as there may be.
    #[error("The limit of {limit} {what} is reached")]
    LimitReached {
        /// Of what there may be no more.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// The key is disabled.
    #[error("{arn} is disabled.")]
    Disabled {
        /// The key's ARN.
        arn: String,
    },
    /// The key waits for its end.
    #[error("{arn} is pending deletion.")]
    PendingDeletion {
        /// The key's ARN.
        arn: String,
    },
    /// The key does not wait for its end.
    #[error("{arn} is not pending deletion.")]
    NotPendingDeletion {
        /// The key's ARN.
        arn: String,
    },
    /// The bytes are no ciphertext of ours, were changed, or belong to another context.
    #[error("the ciphertext does not open under its key and this context")]
    CiphertextInvalid,
    /// The ciphertext is another key's.
    #[error("The key ID in the request does not identify a CMK that can perform this operation.")]
    KeyIncorrect,
    /// Whoever judges policies says no.
    #[error("{why}")]
    Denied {
        /// In words for the caller.
        why: String,
    },
    /// A stored key cannot be read or opened: it is damaged, or the master key is another one.
    #[error("the stored key {arn} cannot be opened")]
    Damaged {
        /// The key's ARN.
        arn: String,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The cryptographic library refused.
    #[error("the cryptographic library refused")]
    Refused,
    /// Small state failed.
    #[error(transparent)]
    Meta(#[from] MetaError),
}

impl KmsError {
    /// A stored key that does not open.
    pub(super) fn damaged(arn: String, source: SealError) -> Self {
        Self::Damaged { arn, source: source.into() }
    }

    /// As S3 and `GetTrailStatus` name it (observed for `KMS.DisabledException`; documented for the
    /// others); `None` for faults of ours.
    pub fn s3_code(&self) -> Option<&'static str> {
        match self {
            Self::MalformedReference { .. }
            | Self::RegionForeign { .. }
            | Self::KeyNotFound { .. }
            | Self::AliasNotFound { .. } => Some("KMS.NotFoundException"),
            Self::Disabled { .. } => Some("KMS.DisabledException"),
            Self::PendingDeletion { .. } | Self::NotPendingDeletion { .. } => {
                Some("KMS.KMSInvalidStateException")
            }
            Self::CiphertextInvalid | Self::KeyIncorrect => Some("KMS.InvalidCiphertextException"),
            Self::Denied { .. } => Some("AccessDenied"),
            Self::AliasExists { .. }
            | Self::LimitReached { .. }
            | Self::Damaged { .. }
            | Self::Refused
            | Self::Meta(_) => None,
        }
    }
}
