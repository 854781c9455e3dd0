//! What can be wrong with a body, and how a wrong answer is told to the caller.

use crate::{codec::limits, model::Protocol, value::Value};

/// A body or a head that the model's shape cannot be read from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not the protocol's syntax (JSON, XML, CBOR, a form, gzip).
    #[error("{syntax}: {why} at byte {at}")]
    Syntax {
        /// The syntax that was expected.
        syntax: &'static str,
        /// What is wrong.
        why: String,
        /// How far the reader came.
        at: usize,
    },
    /// Well-formed, but another kind of value than the model's.
    #[error("{path}: expected {wanted}")]
    Kind {
        /// Where, in wire names joined by dots.
        path: String,
        /// The kind the model has.
        wanted: &'static str,
    },
    /// Text of a number, a boolean, a timestamp or base64 that is none.
    #[error("{path}: `{text}` is not a {wanted}")]
    Scalar {
        /// Where, in wire names joined by dots.
        path: String,
        /// The text, cut to a readable length.
        text: String,
        /// The kind the model has.
        wanted: &'static str,
    },
    /// More nesting than [`limits::DEPTH_MAX`].
    #[error("nested deeper than {}", limits::DEPTH_MAX)]
    TooDeep,
    /// More values than a limit of [`limits`] allows.
    #[error("more than {0} values")]
    TooMany(usize),
    /// More bytes than the limit of what is read, after decompression.
    #[error("more than {0} bytes")]
    TooLarge(usize),
    /// There is no memory for the body after decompression.
    #[error("no room for the body after decompression")]
    NoRoom,
    /// The path does not match the operation's template: a fault between resolver and codec.
    #[error("the path does not match `{0}`")]
    Path(&'static str),
    /// The operation does not speak this protocol.
    #[error("`{0}` does not speak this protocol")]
    Protocol(&'static str),
}

/// What a caller is told when a call fails, before it takes the form of a protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct WireError {
    /// The error's shape name (`TrailNotFoundException`); the codecs send the modelled wire code.
    pub code: String,
    /// The text for people.
    pub message: String,
    /// The HTTP status; without it the model decides, then the fault.
    pub status: Option<u16>,
    /// Whether the caller is to blame (4xx), else the service (5xx).
    pub sender_fault: bool,
    /// Members of the modelled error structure beside its message.
    pub fields: Option<Value>,
    /// S3's `Resource`: the path of the call.
    pub resource: Option<String>,
}

impl WireError {
    /// An error that the caller caused, with the status that the model gives.
    pub fn sender(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status: None,
            sender_fault: true,
            fields: None,
            resource: None,
        }
    }

    /// An error that the service caused.
    pub fn receiver(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { sender_fault: false, ..Self::sender(code, message) }
    }

    /// The same error with this HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same error about this path (S3 answers name it).
    #[must_use]
    pub fn with_resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }
}

impl DecodeError {
    /// The same error, one level further out: its path now starts with `name`.
    #[must_use]
    pub(super) fn within(mut self, name: &str) -> Self {
        if let Self::Kind { path, .. } | Self::Scalar { path, .. } = &mut self {
            let inner = std::mem::take(path);
            *path = if inner.is_empty() { name.to_owned() } else { format!("{name}.{inner}") };
        }
        self
    }

    /// The error as the caller is told it, by the code its protocol has for a malformed body.
    ///
    /// evidence: documented (`SerializationException`, `MalformedQueryString`, `MalformedXML`,
    /// `ServiceUnavailable`);
    /// the texts are ours, since AWS's name Java classes.
    pub fn wire_error(&self, protocol: Protocol) -> WireError {
        let code = match (self, protocol) {
            (Self::TooLarge(_), Protocol::RestXml) => "EntityTooLarge",
            (Self::TooLarge(_), _) => "RequestEntityTooLargeException",
            (Self::NoRoom, _) => "ServiceUnavailable",
            (_, Protocol::RestXml) => "MalformedXML",
            (Self::Scalar { .. } | Self::Kind { .. }, Protocol::Query | Protocol::Ec2) => {
                "MalformedInput"
            }
            (_, Protocol::Query | Protocol::Ec2) => "MalformedQueryString",
            _ => "SerializationException",
        };
        let status = match self {
            Self::TooLarge(_) => 413,
            Self::NoRoom => 503,
            _ => 400,
        };
        let error = WireError::sender(code, self.to_string()).with_status(status);
        WireError { sender_fault: status < 500, ..error }
    }
}
