//! What KMS answers instead of a result.

use cairn_store::MetaError;
use cairn_store::kms::KmsError;

use crate::Internal;
use crate::error::{FULL_TEXT, INTERNAL_TEXT, Modelled};

/// Why KMS did not answer.
#[derive(Debug, thiserror::Error)]
pub enum KmsFault {
    /// The key's state, or that there is none, is the reason.
    #[error(transparent)]
    Key(KmsError),
    /// The ciphertext does not open. AWS gives no words (observed).
    #[error("")]
    InvalidCiphertext,
    /// The ciphertext names a key that the caller cannot have.
    #[error(
        "The ciphertext refers to a customer master key that does not exist, does not exist in \
         this region, or you are not allowed to access."
    )]
    ForeignCiphertext,
    /// The key's policy does not let the caller do it.
    #[error("User: {caller} is not authorized to perform: {action} on resource: {resource} {why}")]
    AccessDenied {
        /// The caller's ARN.
        caller: String,
        /// What was tried.
        action: String,
        /// The key's ARN.
        resource: String,
        /// Whether something denies it, or nothing allows it.
        why: &'static str,
    },
    /// Aliases of services are not for callers. AWS gives no words (observed).
    #[error("")]
    ReservedAlias,
    /// A value breaks a rule that the model does not have.
    #[error("{0}")]
    Validation(#[from] ValueFault),
    /// What was asked for is not done by symmetric keys that are made here.
    #[error("{what} is not supported.")]
    Unsupported {
        /// What.
        what: &'static str,
    },
    /// The algorithm is not that of the key (observed for keys of MACs, assumed for this kind).
    #[error("Algorithm {algorithm} is incompatible with key spec SYMMETRIC_DEFAULT.")]
    KeyUsage {
        /// What was asked for.
        algorithm: String,
    },
    /// The text is no policy.
    #[error("{why}")]
    MalformedPolicy {
        /// What is wrong with it.
        why: String,
    },
    /// The text is too long for a policy.
    #[error("The key policy is longer than {bytes_max} bytes.")]
    PolicyTooLong {
        /// The limit.
        bytes_max: usize,
    },
    /// The caller would lock everybody out.
    #[error("The new key policy will not allow you to update the key policy in the future.")]
    PolicyLockout,
    /// A key has one policy.
    #[error("No such policy exists")]
    NoSuchPolicy,
    /// A tag breaks a rule.
    #[error("{why}")]
    Tag {
        /// Which.
        why: &'static str,
    },
    /// The marker is not one that was given out.
    #[error("The marker is invalid.")]
    InvalidMarker,
    /// It would have been done.
    #[error("The request would have succeeded, but the DryRun option is set.")]
    DryRun,
    /// There is no room for what has to be kept. `ServiceUnavailable`, as of every service
    /// (documented among the common errors); KMS has no error of its own for it.
    #[error("{FULL_TEXT}")]
    Full(#[source] Internal),
    /// A fault of ours.
    #[error("{INTERNAL_TEXT}")]
    Internal(#[source] Internal),
}

/// A value that breaks a rule which the model does not have.
#[derive(Debug, thiserror::Error)]
pub enum ValueFault {
    /// The name of an alias begins with `alias/` (observed for `CreateAlias`).
    #[error(
        "Alias must start with the prefix \"alias/\". Please see \
         https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
    )]
    AliasPrefix,
    /// Colons are for ARNs.
    #[error("{name} contains invalid characters for an alias")]
    AliasCharacters {
        /// The name.
        name: String,
    },
    /// An alias names a key.
    #[error("Aliases must refer to keys. Not aliases")]
    AliasOfAlias,
    /// A data key's length is given once.
    #[error("Please specify either number of bytes or key spec.")]
    DataKeyLength,
    /// So many random bytes (observed).
    #[error("NumberOfBytes is required.")]
    RandomLength,
    /// The time until a key is gone.
    #[error("PendingWindowInDays must be between 7 and 30")]
    PendingWindow,
    /// Both members say the same thing in different words.
    #[error("You cannot specify KeySpec and CustomerMasterKeySpec in the same request.")]
    TwoSpecs,
}

impl KmsFault {
    pub(crate) fn modelled(&self) -> Modelled {
        Modelled::caller(match self {
            Self::Key(error) => return of_key(error),
            Self::InvalidCiphertext => "InvalidCiphertextException",
            Self::ForeignCiphertext | Self::AccessDenied { .. } => "AccessDeniedException",
            Self::ReservedAlias => "NotAuthorizedException",
            Self::Validation(_) => "ValidationException",
            Self::Unsupported { .. } => "UnsupportedOperationException",
            Self::KeyUsage { .. } => "InvalidKeyUsageException",
            Self::MalformedPolicy { .. } | Self::PolicyLockout => {
                "MalformedPolicyDocumentException"
            }
            Self::PolicyTooLong { .. } => "LimitExceededException",
            Self::NoSuchPolicy => "NotFoundException",
            Self::Tag { .. } => "TagException",
            Self::InvalidMarker => "InvalidMarkerException",
            Self::DryRun => return Modelled { code: "DryRunOperationException", status: 412 },
            Self::Full(_) => return Modelled::UNAVAILABLE,
            Self::Internal(_) => return INTERNAL,
        })
    }
}

/// A fault of ours, as KMS names it (modelled).
const INTERNAL: Modelled = Modelled { code: "KMSInternalException", status: 500 };

fn of_key(error: &KmsError) -> Modelled {
    Modelled::caller(match error {
        KmsError::MalformedReference { .. }
        | KmsError::RegionForeign { .. }
        | KmsError::KeyNotFound { .. }
        | KmsError::AliasNotFound { .. } => "NotFoundException",
        KmsError::AliasExists { .. } => "AlreadyExistsException",
        KmsError::LimitReached { .. } => "LimitExceededException",
        KmsError::Disabled { .. } => "DisabledException",
        KmsError::PendingDeletion { .. } | KmsError::NotPendingDeletion { .. } => {
            "KMSInvalidStateException"
        }
        KmsError::Denied { .. } => "AccessDeniedException",
        KmsError::KeyIncorrect => "IncorrectKeyException",
        KmsError::CiphertextInvalid => "InvalidCiphertextException",
        KmsError::Damaged { .. } | KmsError::Refused | KmsError::Meta(_) => return INTERNAL,
    })
}

impl From<KmsError> for KmsFault {
    fn from(error: KmsError) -> Self {
        match error {
            KmsError::CiphertextInvalid => Self::InvalidCiphertext,
            KmsError::Meta(MetaError::Full) => Self::Full(Internal::new("keep a key", error)),
            KmsError::Damaged { .. } | KmsError::Refused | KmsError::Meta(_) => {
                Self::Internal(Internal::new("use a key", error))
            }
            other => Self::Key(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_and_no_fault_of_ours() {
        let fault = KmsFault::from(KmsError::Meta(MetaError::Full));
        assert_eq!(fault.modelled(), Modelled::UNAVAILABLE);
        assert!(fault.to_string().contains("disk is full"), "{fault}");
        let broken = MetaError::Unavailable { source: "gone".into() };
        assert_eq!(KmsFault::from(KmsError::Meta(broken)).modelled(), INTERNAL);
    }
}
