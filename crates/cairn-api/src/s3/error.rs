//! Why an S3 call is refused or fails, with the code, status and words of S3.

use cairn_iam::policy::PolicyFault;
use cairn_store::{MetaError, ObjectError};
use http::StatusCode;
use s3s::{S3Error, S3ErrorCode};

use crate::Internal;

use super::body::BodyRefusal;
use super::checksum::Algorithm;

/// Why an S3 call is refused or fails. The text is what the caller reads; it is S3's own where S3
/// has one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum S3Fault {
    #[error("The specified bucket does not exist")]
    NoSuchBucket,
    #[error(
        "The requested bucket name is not available. The bucket namespace is shared by all users \
         of the system. Please select a different name and try again."
    )]
    BucketAlreadyExists,
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou,
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty,
    #[error("The specified bucket is not valid.")]
    InvalidBucketName,
    #[error(
        "The {constraint} location constraint is incompatible for the region specific \
         endpoint this request was sent to."
    )]
    IllegalLocation { constraint: String },
    #[error("The specified location-constraint is not valid")]
    InvalidLocation,
    #[error("The specified key does not exist.")]
    NoSuchKey,
    #[error("The specified key does not exist.")]
    NoSuchSource { key: String },
    #[error("The specified bucket does not exist")]
    NoSuchSourceBucket { bucket: String },
    #[error("Your key is too long")]
    KeyTooLong,
    #[error(
        "The specified upload does not exist. The upload ID may be invalid, or the upload \
         may have been aborted or completed."
    )]
    NoSuchUpload,
    #[error("The specified version does not exist.")]
    NoSuchVersion,
    #[error("{text}")]
    NotConfigured { code: &'static str, text: &'static str },
    #[error("The bucket policy does not exist")]
    NoSuchBucketPolicy,
    #[error(transparent)]
    MalformedPolicy(#[from] PolicyFault),
    #[error("Access Denied")]
    AccessDenied,
    #[error("{why}")]
    Key { code: &'static str, why: String },
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed { condition: String },
    #[error("Not Modified")]
    NotModified { etag: Option<String>, modified: String },
    #[error("The requested range is not satisfiable")]
    InvalidRange { bytes: u64, requested: Option<String> },
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been \
         uploaded, or the specified entity tag may not match the part's entity tag."
    )]
    InvalidPart,
    #[error("The list of parts was not in ascending order. Parts must be ordered by part number.")]
    InvalidPartOrder,
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall,
    #[error("Your proposed upload exceeds the maximum allowed size")]
    EntityTooLarge,
    #[error("Your request was too big.")]
    DocumentTooLarge,
    #[error("The Content-MD5 you specified did not match what we received.")]
    BadDigest,
    #[error("The Content-MD5 you specified was invalid.")]
    InvalidDigest,
    #[error("The {algorithm} you specified did not match the calculated checksum.")]
    BadChecksum { algorithm: Algorithm },
    #[error("Value for {header} header is invalid.")]
    InvalidChecksum { header: &'static str },
    #[error("The body ended before the trailer {header} that the request announced.")]
    TrailerMissing { header: &'static str },
    #[error("The request body terminated unexpectedly")]
    IncompleteBody,
    #[error(transparent)]
    BodyRefused(BodyRefusal),
    #[error("{why}")]
    InvalidArgument { why: &'static str },
    #[error("{why}")]
    BadArgument { why: &'static str, name: &'static str, value: String },
    #[error("{why}")]
    InvalidRequest { why: &'static str },
    #[error("{why}")]
    InvalidTag { why: &'static str },
    #[error("{why}")]
    TooManyTags { why: &'static str },
    #[error("The storage class you specified is not valid")]
    InvalidStorageClass,
    #[error("Your metadata headers exceed the maximum allowed metadata size")]
    MetadataTooLarge,
    #[error("Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")]
    AclOfNewBucket,
    #[error("You must provide the Content-Length HTTP header.")]
    MissingContentLength,
    #[error("The bucket does not allow ACLs")]
    AclNotSupported,
    #[error(
        "The XML you provided was not well-formed or did not validate against our published schema"
    )]
    MalformedXml,
    #[error(
        "A header or query parameter you provided implies functionality that is not implemented."
    )]
    NotImplemented,
    #[error("The specified method is not allowed against this resource.")]
    MethodNotAllowed,
    #[error("Conflicting query string parameters: {first}, {second}")]
    ConflictingParameters { first: &'static str, second: &'static str },
    #[error("Couldn't parse the specified URI.")]
    InvalidUri,
    #[error(
        "A conflicting conditional operation is currently in progress against this resource. Try again."
    )]
    OperationAborted,
    /// documented: the text; that of `SlowDown` would have callers look for the fault in themselves.
    #[error("Service is unable to handle request.")]
    Unavailable(#[source] Internal),
    #[error("We encountered an internal error. Please try again.")]
    Internal(#[source] Internal),
}

impl S3Fault {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoSuchBucket | Self::NoSuchSourceBucket { .. } => "NoSuchBucket",
            Self::BucketAlreadyExists => "BucketAlreadyExists",
            Self::BucketAlreadyOwnedByYou => "BucketAlreadyOwnedByYou",
            Self::BucketNotEmpty => "BucketNotEmpty",
            Self::InvalidBucketName => "InvalidBucketName",
            Self::IllegalLocation { .. } => "IllegalLocationConstraintException",
            Self::InvalidLocation => "InvalidLocationConstraint",
            Self::NoSuchKey | Self::NoSuchSource { .. } => "NoSuchKey",
            Self::KeyTooLong => "KeyTooLongError",
            Self::NoSuchUpload => "NoSuchUpload",
            Self::NoSuchVersion => "NoSuchVersion",
            Self::NotConfigured { code, .. } | Self::Key { code, .. } => code,
            Self::NoSuchBucketPolicy => "NoSuchBucketPolicy",
            Self::MalformedPolicy(_) => "MalformedPolicy",
            Self::AccessDenied => "AccessDenied",
            Self::PreconditionFailed { .. } => "PreconditionFailed",
            Self::NotModified { .. } => "NotModified",
            Self::InvalidRange { .. } => "InvalidRange",
            Self::InvalidPart => "InvalidPart",
            Self::InvalidPartOrder => "InvalidPartOrder",
            Self::EntityTooSmall => "EntityTooSmall",
            Self::EntityTooLarge => "EntityTooLarge",
            Self::DocumentTooLarge => "MaxMessageLengthExceeded",
            Self::BadDigest | Self::BadChecksum { .. } => "BadDigest",
            Self::InvalidDigest => "InvalidDigest",
            Self::TrailerMissing { .. } => "MalformedTrailerError",
            Self::IncompleteBody => "IncompleteBody",
            Self::BodyRefused(refusal) => refusal.code,
            Self::InvalidArgument { .. }
            | Self::BadArgument { .. }
            | Self::ConflictingParameters { .. } => "InvalidArgument",
            Self::InvalidRequest { .. } | Self::InvalidChecksum { .. } => "InvalidRequest",
            Self::InvalidTag { .. } => "InvalidTag",
            Self::TooManyTags { .. } => "BadRequest",
            Self::InvalidStorageClass => "InvalidStorageClass",
            Self::MetadataTooLarge => "MetadataTooLarge",
            Self::AclOfNewBucket => "InvalidBucketAclWithObjectOwnership",
            Self::MissingContentLength => "MissingContentLength",
            Self::AclNotSupported => "AccessControlListNotSupported",
            Self::MalformedXml => "MalformedXML",
            Self::NotImplemented => "NotImplemented",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::InvalidUri => "InvalidURI",
            Self::OperationAborted => "OperationAborted",
            Self::Unavailable(_) => "ServiceUnavailable",
            Self::Internal(_) => "InternalError",
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchBucket
            | Self::NoSuchKey
            | Self::NoSuchSource { .. }
            | Self::NoSuchSourceBucket { .. }
            | Self::NoSuchUpload
            | Self::NoSuchVersion
            | Self::NotConfigured { .. }
            | Self::NoSuchBucketPolicy => StatusCode::NOT_FOUND,
            Self::BucketAlreadyExists
            | Self::BucketAlreadyOwnedByYou
            | Self::BucketNotEmpty
            | Self::OperationAborted => StatusCode::CONFLICT,
            Self::AccessDenied | Self::Key { code: "AccessDenied", .. } => StatusCode::FORBIDDEN,
            Self::PreconditionFailed { .. } => StatusCode::PRECONDITION_FAILED,
            Self::NotModified { .. } => StatusCode::NOT_MODIFIED,
            Self::InvalidRange { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::MissingContentLength => StatusCode::LENGTH_REQUIRED,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyRefused(refusal) => {
                StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST)
            }
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What the document of the refusal says beyond code and text.
    ///
    /// evidence: observed (the condition, the source's key, the range), assumed (the source's
    /// bucket, the argument).
    pub(crate) fn members(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoSuchSource { key } => vec![("Key", key.clone())],
            Self::NoSuchSourceBucket { bucket } => vec![("BucketName", bucket.clone())],
            Self::PreconditionFailed { condition } => vec![("Condition", condition.clone())],
            Self::InvalidRange { bytes, requested } => {
                let requested = requested.iter().map(|text| ("RangeRequested", text.clone()));
                requested.chain([("ActualObjectSize", bytes.to_string())]).collect()
            }
            Self::BadArgument { name, value, .. } => {
                vec![("ArgumentName", (*name).to_owned()), ("ArgumentValue", value.clone())]
            }
            _ => Vec::new(),
        }
    }

    /// Headers that belong to the refusal.
    fn headers(&self) -> http::HeaderMap {
        let mut headers = http::HeaderMap::new();
        let mut put = |name, value: String| {
            if let Ok(value) = http::HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        };
        match self {
            Self::NotModified { etag, modified } => {
                put(http::header::LAST_MODIFIED, modified.clone());
                if let Some(etag) = etag {
                    put(http::header::ETAG, format!("\"{etag}\""));
                }
            }
            Self::InvalidRange { bytes, .. } => {
                put(http::header::CONTENT_RANGE, format!("bytes */{bytes}"));
            }
            _ => {}
        }
        headers
    }
}

impl From<S3Fault> for S3Error {
    fn from(fault: S3Fault) -> Self {
        let code =
            S3ErrorCode::from_bytes(fault.code().as_bytes()).unwrap_or(S3ErrorCode::InternalError);
        let mut error = S3Error::with_message(code, fault.to_string());
        error.set_status_code(fault.status());
        error.set_headers(fault.headers());
        error
    }
}

impl From<ObjectError> for S3Fault {
    fn from(error: ObjectError) -> Self {
        match error {
            // Where a caller has set a condition, it is named before.
            ObjectError::Conflict { .. } => Self::OperationAborted,
            ObjectError::TooLarge { .. } => Self::EntityTooLarge,
            ObjectError::NameInvalid => Self::KeyTooLong,
            ObjectError::Locked { source, .. } => (*source).into(),
            ObjectError::Full => Self::Unavailable(Internal::new("store an object", error)),
            other => Self::Internal(Internal::new("use the objects", other)),
        }
    }
}

impl From<MetaError> for S3Fault {
    fn from(error: MetaError) -> Self {
        match error {
            MetaError::Conflict { .. } => Self::OperationAborted,
            MetaError::Full => {
                Self::Unavailable(Internal::new("store the state of a bucket", error))
            }
            other => Self::Internal(Internal::new("use the state of a bucket", other)),
        }
    }
}

/// The text of S3 for an error that the codec finds and leaves without words.
pub(crate) fn default_text(code: &str) -> &'static str {
    match code {
        "InvalidBucketName" => "The specified bucket is not valid.",
        "KeyTooLongError" => "Your key is too long",
        "MalformedXML" => {
            "The XML you provided was not well-formed or did not validate against our published schema"
        }
        "MethodNotAllowed" => "The specified method is not allowed against this resource.",
        "MissingContentLength" => "You must provide the Content-Length HTTP header.",
        "MissingRequestBodyError" => "Request Body is empty",
        "IncompleteBody" => "The request body terminated unexpectedly",
        "InvalidURI" => "Couldn't parse the specified URI.",
        "InvalidRange" => "The requested range is not satisfiable",
        "MaxMessageLengthExceeded" => "Your request was too big.",
        "InternalError" => "We encountered an internal error. Please try again.",
        _ => "The request is not valid.",
    }
}
