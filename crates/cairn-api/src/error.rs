//! Why a call was not answered, by service, and what of it the caller is told.

use std::error::Error;
use std::fmt;

use cairn_wire::codec::WireError;

use crate::cairn::CairnError;
use crate::cloudtrail::CloudTrailError;
use crate::cloudtrail_data::AuditEventsError;
use crate::kms::KmsFault;
use crate::sts::StsError;

/// Why a call was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// CloudTrail refused or failed.
    #[error(transparent)]
    CloudTrail(#[from] CloudTrailError),
    /// Events of applications were not taken.
    #[error(transparent)]
    AuditEvents(#[from] AuditEventsError),
    /// KMS refused or failed.
    #[error(transparent)]
    Kms(#[from] KmsFault),
    /// STS refused or failed.
    #[error(transparent)]
    Sts(#[from] StsError),
    /// Cairn's own service refused or failed.
    #[error(transparent)]
    Cairn(#[from] CairnError),
    /// No service of ours has this operation; the caller should have asked [`crate::serves`].
    #[error("{service}:{operation} is not served here.")]
    NotServed {
        /// The service's id in the models.
        service: &'static str,
        /// The operation.
        operation: &'static str,
    },
    /// The typed input or output does not fit the model: a fault of ours.
    #[error("{INTERNAL_TEXT}")]
    Internal(#[source] Internal),
}

/// What a caller is told whose call needs room on a device that has none.
pub(crate) const FULL_TEXT: &str =
    "The service cannot answer now: its disk is full. Try again when there is room.";
/// What a caller is told about a fault of ours. The rest goes to the log.
pub(crate) const INTERNAL_TEXT: &str = "An internal error occurred. Try again later.";

/// A fault of ours: what was tried, and what went wrong with it. Shown in the log, never to a
/// caller.
pub struct Internal {
    doing: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

impl Internal {
    /// A fault while doing something (a verb with its object).
    pub fn new(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing, source: source.into() }
    }
}

impl fmt::Debug for Internal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Internal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}", self.doing)
    }
}

impl Error for Internal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// The name, status and fault under which a service's model lists an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modelled {
    /// The name as the caller sees it.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
}

impl Modelled {
    /// An error of the caller.
    pub(crate) const fn caller(code: &'static str) -> Self {
        Self { code, status: 400 }
    }

    /// A fault of ours.
    pub(crate) const INTERNAL: Self = Self { code: "InternalFailure", status: 500 };
    /// We cannot do it now: the device is full, say.
    pub(crate) const UNAVAILABLE: Self = Self { code: "ServiceUnavailable", status: 503 };
}

impl ApiError {
    fn modelled(&self) -> Modelled {
        match self {
            Self::CloudTrail(error) => error.modelled(),
            Self::AuditEvents(error) => error.modelled(),
            Self::Kms(error) => error.modelled(),
            Self::Sts(error) => error.modelled(),
            Self::Cairn(error) => error.modelled(),
            Self::NotServed { .. } => Modelled { code: "NotImplemented", status: 501 },
            Self::Internal(_) => Modelled::INTERNAL,
        }
    }

    /// The modelled name of the error.
    pub fn code(&self) -> &'static str {
        self.modelled().code
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.modelled().status
    }

    /// Whether the caller is at fault, not we.
    pub fn sender_fault(&self) -> bool {
        self.status() < 500
    }

    /// What the caller is told.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// What the log is told beyond what the caller hears: the causes, outermost first. `None` if the
    /// caller has heard it all.
    pub fn log_text(&self) -> Option<String> {
        let mut cause = self.source()?;
        let mut text = cause.to_string();
        while let Some(deeper) = cause.source() {
            text.push_str(": ");
            text.push_str(&deeper.to_string());
            cause = deeper;
        }
        (!self.message().contains(&text)).then_some(text)
    }

    /// The error as the codecs write it.
    pub fn wire(&self) -> WireError {
        WireError {
            code: self.code().to_owned(),
            message: self.message(),
            status: Some(self.status()),
            sender_fault: self.sender_fault(),
            fields: None,
            resource: None,
        }
    }
}
