//! What CloudTrail answers instead of a result, in the order of its model.

use cairn_history::{AttributeKey, HistoryError};

use super::channel::fault::ChannelFault;
use super::trail::fault::TrailFault;
use crate::Internal;
use crate::error::{FULL_TEXT, INTERNAL_TEXT, Modelled};
use crate::history::Behind;

/// Why CloudTrail did not answer. The texts are ours where AWS's are not known.
#[derive(Debug, thiserror::Error)]
pub enum CloudTrailError {
    /// More than one attribute, one that does not exist, or a value that it cannot have.
    #[error("{0}")]
    InvalidLookupAttributes(#[from] LookupAttributesFault),
    /// The range of time is empty or lies ahead.
    #[error("{0}")]
    InvalidTimeRange(#[from] TimeRangeFault),
    /// A page is 1 to 50 events.
    #[error("Invalid MaxResults. MaxResults must be between 1 and 50.")]
    InvalidMaxResults,
    /// The token is not ours, or belongs to another query.
    #[error(
        "Invalid NextToken. The token must be passed on unchanged, with the parameters of the first call."
    )]
    InvalidNextToken,
    /// There is one category to choose.
    #[error("Invalid EventCategory. The only valid value is insight.")]
    InvalidEventCategory,
    /// A call on a trail is refused.
    #[error(transparent)]
    Trail(#[from] TrailFault),
    /// A call on a channel, its policy or an event data store is refused.
    #[error(transparent)]
    Channel(#[from] ChannelFault),
    /// Cairn does not have the operation yet.
    #[error("The requested operation is not supported: Cairn does not serve {operation} yet.")]
    UnsupportedOperation {
        /// The operation.
        operation: &'static str,
    },
    /// History is behind, say.
    #[error("The service cannot answer now. Try again later.")]
    Unavailable(#[source] Internal),
    /// There is no room for what has to be kept, or history cannot go on before there is.
    #[error("{FULL_TEXT}")]
    Full(#[source] Internal),
    /// A fault of ours.
    #[error("{INTERNAL_TEXT}")]
    Internal(#[source] Internal),
}

/// What is wrong with the attributes of a lookup.
#[derive(Debug, thiserror::Error)]
pub enum LookupAttributesFault {
    /// One at most.
    #[error("You can specify only one lookup attribute.")]
    TooMany,
    /// The model's rules are broken.
    #[error("Invalid lookup attribute. {rule}")]
    Rule {
        /// Which, in the words of a validation.
        rule: String,
    },
    /// It is `true` or `false`.
    #[error("Invalid lookup attribute. The value of ReadOnly must be true or false.")]
    ReadOnly,
    /// Insights events have fewer attributes.
    #[error("Invalid lookup attribute. Insights events cannot be looked up by {key}.")]
    NotOfInsights {
        /// The attribute.
        key: AttributeKey,
    },
}

/// What is wrong with a range of time.
#[derive(Debug, thiserror::Error)]
pub enum TimeRangeFault {
    /// It ends before it begins.
    #[error("Invalid time range. StartTime must not be after EndTime.")]
    Reversed,
    /// It has not begun.
    #[error("Invalid time range. StartTime must not be in the future.")]
    Ahead,
}

impl CloudTrailError {
    pub(crate) fn modelled(&self) -> Modelled {
        match self {
            Self::InvalidLookupAttributes(_) => {
                Modelled::caller("InvalidLookupAttributesException")
            }
            Self::InvalidTimeRange(_) => Modelled::caller("InvalidTimeRangeException"),
            Self::InvalidMaxResults => Modelled::caller("InvalidMaxResultsException"),
            Self::InvalidNextToken => Modelled::caller("InvalidNextTokenException"),
            Self::InvalidEventCategory => Modelled::caller("InvalidEventCategoryException"),
            Self::Trail(fault) => fault.modelled(),
            Self::Channel(fault) => fault.modelled(),
            Self::UnsupportedOperation { .. } => Modelled::caller("UnsupportedOperationException"),
            Self::Unavailable(_) | Self::Full(_) => Modelled::UNAVAILABLE,
            Self::Internal(_) => Modelled::INTERNAL,
        }
    }
}

impl From<Behind> for CloudTrailError {
    fn from(behind: Behind) -> Self {
        let is_full = matches!(behind, Behind::Room { .. });
        let internal = Internal::new("search history", behind);
        if is_full { Self::Full(internal) } else { Self::Unavailable(internal) }
    }
}

impl From<HistoryError> for CloudTrailError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Full => Self::Full(Internal::new("search history", error)),
            other => Self::Internal(Internal::new("search history", other)),
        }
    }
}
