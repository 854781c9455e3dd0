//! What the service answers instead of a result.

use cairn_history::HistoryError;
use cairn_store::LogError;

use crate::Internal;
use crate::error::{FULL_TEXT, INTERNAL_TEXT, Modelled};
use crate::history::Behind;

/// Why Cairn's service did not answer.
#[derive(Debug, thiserror::Error)]
pub enum CairnError {
    /// A filter cannot be read.
    #[error("{0}")]
    InvalidFilter(#[from] FilterFault),
    /// The token is not ours, or belongs to another search.
    #[error("The token must be passed on unchanged, with the parameters of the first call.")]
    InvalidNextToken,
    /// The range of time ends before it begins.
    #[error("StartTime must not be after EndTime.")]
    InvalidTimeRange,
    /// The cursor is not ours, or lies beyond the log.
    #[error("The cursor must be `latest`, `earliest` or one that was returned before.")]
    InvalidCursor,
    /// A body of records cannot be read to its end.
    #[error("The body cannot be read to its end: {why}.")]
    InvalidBody {
        /// What is wrong with it.
        why: String,
    },
    /// Others put records, as many as may at once.
    #[error("Rate exceeded")]
    Throttled,
    /// History is behind, say, or the server is stopping.
    #[error("The service cannot answer now. Try again later.")]
    Unavailable(#[source] Internal),
    /// History, the log or small state cannot go on before there is room again.
    #[error("{FULL_TEXT}")]
    Full(#[source] Internal),
    /// A fault of ours.
    #[error("{INTERNAL_TEXT}")]
    Internal(#[source] Internal),
}

/// What is wrong with a filter.
#[derive(Debug, thiserror::Error)]
pub enum FilterFault {
    /// There is no such field.
    #[error("There is no field {field:?}. Fields are: {known}.")]
    Field {
        /// What was asked for.
        field: String,
        /// What there is.
        known: String,
    },
    /// Free text is looked for anywhere in a record.
    #[error("The field Text goes with the operator Contains only.")]
    Text,
    /// The model's rules are broken.
    #[error("{rule}")]
    Rule {
        /// Which, in the words of a validation.
        rule: String,
    },
}

impl CairnError {
    pub(crate) fn modelled(&self) -> Modelled {
        match self {
            Self::InvalidFilter(_) => Modelled::caller("InvalidFilterException"),
            Self::InvalidNextToken => Modelled::caller("InvalidNextTokenException"),
            Self::InvalidTimeRange => Modelled::caller("InvalidTimeRangeException"),
            Self::InvalidCursor => Modelled::caller("InvalidCursorException"),
            Self::InvalidBody { .. } => Modelled::caller("InvalidBodyException"),
            Self::Throttled => Modelled::caller("ThrottlingException"),
            Self::Unavailable(_) | Self::Full(_) => Modelled::UNAVAILABLE,
            Self::Internal(_) => Modelled::INTERNAL,
        }
    }
}

impl From<HistoryError> for CairnError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Full => Self::Full(Internal::new("search history", error)),
            other => Self::Internal(Internal::new("search history", other)),
        }
    }
}

impl From<Behind> for CairnError {
    fn from(behind: Behind) -> Self {
        let is_full = matches!(behind, Behind::Room { .. });
        let internal = Internal::new("search history", behind);
        if is_full { Self::Full(internal) } else { Self::Unavailable(internal) }
    }
}

impl From<LogError> for CairnError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Ahead { .. } => Self::InvalidCursor,
            LogError::Full => Self::Full(Internal::new("append to the log", error)),
            LogError::Closed => Self::Unavailable(Internal::new("read the log", error)),
            other => Self::Internal(Internal::new("read the log", other)),
        }
    }
}

impl From<Internal> for CairnError {
    fn from(internal: Internal) -> Self {
        Self::Internal(internal)
    }
}
