//! The Security Token Service.

pub(crate) mod get_caller_identity;

use crate::Internal;
use crate::error::{INTERNAL_TEXT, Modelled};

/// Why STS did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StsError {
    /// A fault of ours.
    #[error("{INTERNAL_TEXT}")]
    Internal(#[source] Internal),
}

impl StsError {
    pub(crate) fn modelled(&self) -> Modelled {
        match self {
            Self::Internal(_) => Modelled::INTERNAL,
        }
    }
}
