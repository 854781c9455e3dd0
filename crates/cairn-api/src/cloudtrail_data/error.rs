//! What `PutAuditEvents` answers instead of a result. The names are the model's, the texts ours.

use cairn_store::LogError;

use crate::Internal;
use crate::cloudtrail::CloudTrailError;
use crate::error::{FULL_TEXT, INTERNAL_TEXT, Modelled};

/// Why events were not taken.
#[derive(Debug, thiserror::Error)]
pub enum AuditEventsError {
    /// The text names no channel.
    #[error("The channel ARN is not valid: {text}")]
    InvalidChannelArn {
        /// The text, or the rule that it breaks.
        text: String,
    },
    /// There is no such channel.
    #[error("The channel {channel} was not found.")]
    ChannelNotFound {
        /// As the caller wrote it.
        channel: String,
    },
    /// The caller is not the owner, and no policy allows it; or a policy denies it.
    #[error("The caller is not allowed to put events into the channel {channel}.")]
    InsufficientPermission {
        /// The channel's ARN.
        channel: String,
    },
    /// Two events of a call have one id.
    #[error("Two or more entries in the request have the same event ID: {id}")]
    DuplicatedId {
        /// The id.
        id: String,
    },
    /// All events of a call together are too long.
    #[error("The events of a request have at most {bytes_max} bytes together.")]
    TooLarge {
        /// How many they may have.
        bytes_max: usize,
    },
    /// Small state could not be used.
    #[error(transparent)]
    State(#[from] CloudTrailError),
    /// The log takes no records.
    #[error("The service cannot answer now. Try again later.")]
    Unavailable(#[source] Internal),
    /// The log has no room.
    #[error("{FULL_TEXT}")]
    Full(#[source] Internal),
    /// A fault of ours.
    #[error("{INTERNAL_TEXT}")]
    Internal(#[source] Internal),
}

impl AuditEventsError {
    pub(crate) fn modelled(&self) -> Modelled {
        match self {
            Self::InvalidChannelArn { .. } => Modelled::caller("InvalidChannelARN"),
            Self::ChannelNotFound { .. } => Modelled::caller("ChannelNotFound"),
            Self::InsufficientPermission { .. } => {
                Modelled::caller("ChannelInsufficientPermission")
            }
            Self::DuplicatedId { .. } => Modelled::caller("DuplicatedAuditEventId"),
            // Documented among the common errors; that it is the one is assumed.
            Self::TooLarge { .. } => {
                Modelled { code: "RequestEntityTooLargeException", status: 413 }
            }
            Self::State(error) => error.modelled(),
            Self::Unavailable(_) | Self::Full(_) => Modelled::UNAVAILABLE,
            Self::Internal(_) => Modelled::INTERNAL,
        }
    }
}

impl From<LogError> for AuditEventsError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Full => Self::Full(Internal::new("append to the log", error)),
            LogError::Closed => Self::Unavailable(Internal::new("append to the log", error)),
            other => Self::Internal(Internal::new("append to the log", other)),
        }
    }
}
