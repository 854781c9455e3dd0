//! What operations on channels, their policies and event data stores answer instead of a result. The
//! names are the model's, the texts ours.

use crate::error::Modelled;

/// Why a call on a channel is refused.
#[derive(Debug, thiserror::Error)]
pub enum ChannelFault {
    /// The text names no channel.
    #[error("The channel ARN is not valid: {text}")]
    Arn {
        /// The text, or the rule that it breaks.
        text: String,
    },
    /// There is no such channel.
    #[error("The channel {channel} was not found.")]
    NotFound {
        /// As the caller wrote it.
        channel: String,
    },
    /// The owner has a channel of that name, or of that partner.
    #[error("A channel with the {what} {value} already exists.")]
    AlreadyExists {
        /// `name` or `source`.
        what: &'static str,
        /// Its value.
        value: String,
    },
    /// There are as many as there may be.
    #[error("The number of channels exceeds the limit of {max}.")]
    TooMany {
        /// How many there may be.
        max: usize,
    },
    /// Nobody of that name sends events.
    #[error("The source is not valid: {text}. It is Custom, or the name of a partner.")]
    Source {
        /// The text, or the rule that it breaks.
        text: String,
    },
    /// A parameter is not right.
    #[error("{rule}")]
    Parameter {
        /// The rule that it breaks.
        rule: String,
    },
    /// The text names no event data store.
    #[error("The ARN of the event data store is not valid: {text}")]
    StoreArn {
        /// The text.
        text: String,
    },
    /// There is no such event data store.
    #[error("The event data store {store} was not found.")]
    NoStore {
        /// As the caller wrote it.
        store: String,
    },
    /// A page is 1 to 1,000 stores.
    #[error("Invalid MaxResults. {rule}")]
    MaxResults {
        /// The rule that it breaks.
        rule: String,
    },
    /// The token belongs to no list.
    #[error("Invalid NextToken. The token must be passed on unchanged.")]
    Token,
    /// The ARN names nothing that has a policy.
    #[error("The resource ARN is not valid: {text}")]
    ResourceArn {
        /// The text, or the rule that it breaks.
        text: String,
    },
    /// There is no such resource.
    #[error("The resource {arn} was not found.")]
    NoResource {
        /// The ARN.
        arn: String,
    },
    /// Such things have no policy.
    #[error("The resource type of {arn} is not supported.")]
    ResourceKind {
        /// The ARN.
        arn: String,
    },
    /// The resource has no policy.
    #[error("The resource {arn} has no resource-based policy.")]
    NoPolicy {
        /// The ARN.
        arn: String,
    },
    /// The policy is none, or not one of a channel.
    #[error("The resource policy is not valid. {why}")]
    PolicyNotValid {
        /// What is wrong with it.
        why: String,
    },
    /// What is built in stays as it is.
    #[error("The event data store {arn} is built in and cannot be changed.")]
    BuiltIn {
        /// Its ARN.
        arn: String,
    },
    /// Others changed the channel again and again.
    #[error("The channel is being changed by another operation. Wait, and then try again.")]
    Conflict,
}

impl ChannelFault {
    pub(crate) fn modelled(&self) -> Modelled {
        Modelled::caller(match self {
            Self::Arn { .. } => "ChannelARNInvalidException",
            Self::NotFound { .. } => "ChannelNotFoundException",
            Self::AlreadyExists { .. } => "ChannelAlreadyExistsException",
            Self::TooMany { .. } => "ChannelMaxLimitExceededException",
            Self::Source { .. } => "InvalidSourceException",
            Self::Parameter { .. } => "InvalidParameterException",
            Self::StoreArn { .. } => "EventDataStoreARNInvalidException",
            Self::NoStore { .. } => "EventDataStoreNotFoundException",
            Self::MaxResults { .. } => "InvalidMaxResultsException",
            Self::Token => "InvalidNextTokenException",
            Self::ResourceArn { .. } => "ResourceARNNotValidException",
            Self::NoResource { .. } => "ResourceNotFoundException",
            Self::ResourceKind { .. } => "ResourceTypeNotSupportedException",
            Self::NoPolicy { .. } => "ResourcePolicyNotFoundException",
            Self::PolicyNotValid { .. } => "ResourcePolicyNotValidException",
            Self::BuiltIn { .. } => "OperationNotPermittedException",
            Self::Conflict => "ConflictException",
        })
    }
}
