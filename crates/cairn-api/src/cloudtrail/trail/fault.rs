//! What operations on trails answer instead of a result. The texts are AWS's where a comment says
//! that they were observed, and ours everywhere else.

use cairn_event::Region;
use cairn_event::trail::NameFault;

use crate::error::Modelled;

/// Why a call on a trail is refused.
#[derive(Debug, thiserror::Error)]
pub enum TrailFault {
    /// The name is no name of a trail.
    #[error(transparent)]
    Name(#[from] NameFault),
    /// The ARN does not name something that the call could be about.
    #[error(transparent)]
    Arn(#[from] ArnFault),
    /// There is no such trail (observed).
    #[error("Unknown trail: {trail} for the user: {account}")]
    Unknown {
        /// The trail as the operation shows it.
        trail: String,
        /// The caller's account.
        account: String,
    },
    /// The region has a trail of that name already, its own or a shadow (observed).
    #[error("Trail {name} already exists for customer: {account}")]
    AlreadyExists {
        /// The name.
        name: String,
        /// The owner.
        account: String,
    },
    /// The region has as many trails as it may have (observed).
    #[error("User: {account} already has {max} trails in {region}.")]
    TooMany {
        /// The owner.
        account: String,
        /// How many it may have.
        max: usize,
        /// Where.
        region: String,
    },
    /// Only the region in which a trail was made can change it.
    #[error(
        "The trail {arn} can be changed only in the region in which it was created: {home_region}."
    )]
    HomeRegion {
        /// The trail.
        arn: String,
        /// Its home.
        home_region: String,
    },
    /// Where a trail delivers to is not right.
    #[error(transparent)]
    Destination(#[from] DestinationFault),
    /// A multi-region trail has global service events (observed).
    #[error("Multi-Region trail must include global service events.")]
    GlobalEvents,
    /// There is no organization (documented).
    #[error(
        "The request was made from an AWS account that is not a member of an organization. To make \
         this request, sign in using the credentials of an account that belongs to an organization."
    )]
    NoOrganization,
    /// Tags are not right.
    #[error(transparent)]
    Tags(#[from] TagFault),
    /// Event selectors are not right.
    #[error("{0}")]
    Selectors(String),
    /// What is configured beside selectors is not right.
    #[error(transparent)]
    Configuration(#[from] ConfigurationFault),
    /// Others changed the trail again and again.
    #[error(
        "The trail is being changed by another operation. Wait a few minutes, and then try again."
    )]
    Conflict,
}

/// What is wrong with an ARN.
#[derive(Debug, thiserror::Error)]
pub enum ArnFault {
    /// It is none.
    #[error(
        "The ARN {arn} is not valid. The format of a trail ARN is \
         arn:aws:cloudtrail:us-east-2:123456789012:trail/MyTrail."
    )]
    Syntax {
        /// The text.
        arn: String,
    },
    /// It belongs to somebody else (observed).
    #[error("AccountID in ARN is wrong, you can only access resources with AccountID {account}.")]
    Account {
        /// The caller's account.
        account: String,
    },
    /// It is elsewhere (observed).
    #[error("Region in ARN is wrong, you can only access resources in region {region}.")]
    Region {
        /// Where the call was made.
        region: String,
    },
}

/// What is wrong with a bucket, a topic, a key or a log group.
#[derive(Debug, thiserror::Error)]
pub enum DestinationFault {
    /// No bucket can have that name.
    #[error("The S3 bucket name {bucket} is not valid.")]
    BucketName {
        /// The name.
        bucket: String,
    },
    /// No key can begin so.
    #[error(
        "The S3 prefix is not valid: it has at most {chars_max} characters, no control characters, \
         and neither begins nor ends with a slash."
    )]
    Prefix {
        /// The most characters.
        chars_max: usize,
    },
    /// There is no such bucket (observed).
    #[error("S3 bucket {bucket} does not exist!")]
    NoBucket {
        /// The bucket.
        bucket: String,
    },
    /// The bucket's policy does not let CloudTrail read the ACL or write (observed).
    #[error("Incorrect S3 bucket policy is detected for bucket: {bucket}")]
    BucketPolicy {
        /// The bucket.
        bucket: String,
    },
    /// No topic that CloudTrail publishes to can have that name.
    #[error("The SNS topic name {topic} is not valid.")]
    TopicName {
        /// The name.
        topic: String,
    },
    /// There is no such topic, or CloudTrail may not publish to it (observed).
    #[error("SNS Topic does not exist or the topic policy is incorrect!")]
    Topic,
    /// The key is not written as one, or is elsewhere than the bucket.
    #[error("The KMS key {key} does not exist, or is not in the region of the S3 bucket.")]
    NoKey {
        /// As the caller wrote it.
        key: String,
    },
    /// There is no such key, or its policy does not let CloudTrail use it (observed).
    #[error("Insufficient permissions to access S3 bucket {bucket} or KMS key {key}.")]
    KeyPolicy {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// The key is disabled, or is about to be deleted.
    #[error("The KMS key {key} cannot be used: {reason}.")]
    KeyState {
        /// The key.
        key: String,
        /// How it stands.
        reason: String,
    },
    /// The log group is at fault (all texts observed).
    #[error("{0}")]
    LogGroup(LogsText),
    /// The role that writes to the log group is at fault (all texts observed).
    #[error("{0}")]
    LogRole(LogsText),
}

/// What is said of a log group and its role.
#[derive(Debug, thiserror::Error)]
pub enum LogsText {
    /// One is there without the other.
    #[error("You must specify a log group and a role ARN.")]
    Pair,
    /// It is no ARN of a log group that ends in `:*`.
    #[error("CloudTrail cannot validate the specified log group ARN.")]
    GroupSyntax,
    /// It is no ARN of a role.
    #[error("CloudTrail cannot validate the specified role ARN.")]
    RoleSyntax,
    /// It is elsewhere.
    #[error("You must specify a log group that is in the current region.")]
    Region,
    /// There is no such group, or the role may not write to it.
    #[error("Access denied. Verify in IAM that the role has adequate permissions.")]
    Permissions,
}

/// What is wrong with tags, or with what they are for.
#[derive(Debug, thiserror::Error)]
pub enum TagFault {
    /// A key or a value is not right.
    #[error("The tag is not valid. {rule}")]
    Rule {
        /// The rule that it breaks.
        rule: String,
    },
    /// A key is there twice.
    #[error("The tag key {key} is specified more than once.")]
    Twice {
        /// The key.
        key: String,
    },
    /// AWS keeps some keys for itself (documented).
    #[error("The tag key {key} is not valid: keys that begin with aws: are reserved.")]
    Reserved {
        /// The key.
        key: String,
    },
    /// There are too many.
    #[error("The number of tags exceeds the limit of {max} for a resource.")]
    TooMany {
        /// How many there may be.
        max: usize,
    },
    /// There is no such trail.
    #[error("The resource {arn} was not found.")]
    NotFound {
        /// The ARN.
        arn: String,
    },
    /// Such things have no tags.
    #[error("The resource type of {arn} is not supported.")]
    Kind {
        /// The ARN.
        arn: String,
    },
    /// No list of tags has pages here.
    #[error("The NextToken is not valid.")]
    Token,
    /// More resources than one call may ask for (documented).
    #[error("You can list the tags of up to {max} resources in one call.")]
    TooManyResources {
        /// How many there may be.
        max: usize,
    },
}

/// What is wrong with an event configuration, or with what it is for.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationFault {
    /// One of two members must be there.
    #[error("Specify either a trail or an event data store, but not both.")]
    OneOf,
    /// A trail does not have what an event data store has.
    #[error("{member} can be specified only for an event data store.")]
    NotOfTrails {
        /// The member.
        member: &'static str,
    },
    /// A value is not right.
    #[error("{rule}")]
    Rule {
        /// The rule that it breaks.
        rule: String,
    },
    /// Only data events are aggregated (documented).
    #[error("The trail must log data events to aggregate events.")]
    NoDataEvents,
    /// The trail is not watched for unusual activity (observed).
    #[error(
        "Trail {arn} does not have Insights enabled. Edit the trail settings to enable Insights, and \
         then try the operation again."
    )]
    NoInsights {
        /// The trail.
        arn: String,
    },
    /// The event data store is not watched for unusual activity (the code is documented, the text
    /// assumed).
    #[error("Event data store {arn} does not have Insights enabled.")]
    NoInsightsOfStore {
        /// The store.
        arn: String,
    },
    /// The token belongs to no list.
    #[error("Invalid NextToken. The token must be passed on unchanged.")]
    Token,
}

impl TrailFault {
    pub(crate) fn modelled(&self) -> Modelled {
        Modelled::caller(match self {
            Self::Name(_) => "InvalidTrailNameException",
            Self::Arn(_) => "CloudTrailARNInvalidException",
            Self::Unknown { .. } => "TrailNotFoundException",
            Self::AlreadyExists { .. } => "TrailAlreadyExistsException",
            Self::TooMany { .. } => "MaximumNumberOfTrailsExceededException",
            Self::HomeRegion { .. } => "InvalidHomeRegionException",
            Self::Destination(fault) => fault.code(),
            Self::GlobalEvents => "InvalidParameterCombinationException",
            Self::NoOrganization => "OrganizationsNotInUseException",
            Self::Tags(fault) => fault.code(),
            Self::Selectors(_) => "InvalidEventSelectorsException",
            Self::Configuration(fault) => fault.code(),
            Self::Conflict => "ConflictException",
        })
    }
}

impl DestinationFault {
    fn code(&self) -> &'static str {
        match self {
            Self::BucketName { .. } => "InvalidS3BucketNameException",
            Self::Prefix { .. } => "InvalidS3PrefixException",
            Self::NoBucket { .. } => "S3BucketDoesNotExistException",
            Self::BucketPolicy { .. } => "InsufficientS3BucketPolicyException",
            Self::TopicName { .. } => "InvalidSnsTopicNameException",
            Self::Topic => "InsufficientSnsTopicPolicyException",
            Self::NoKey { .. } => "KmsKeyNotFoundException",
            Self::KeyPolicy { .. } => "InsufficientEncryptionPolicyException",
            Self::KeyState { .. } => "KmsException",
            Self::LogGroup(_) => "InvalidCloudWatchLogsLogGroupArnException",
            Self::LogRole(_) => "InvalidCloudWatchLogsRoleArnException",
        }
    }
}

impl TagFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Rule { .. } | Self::Twice { .. } | Self::Reserved { .. } => {
                "InvalidTagParameterException"
            }
            Self::TooMany { .. } => "TagsLimitExceededException",
            Self::NotFound { .. } => "ResourceNotFoundException",
            Self::Kind { .. } => "ResourceTypeNotSupportedException",
            Self::Token => "InvalidTokenException",
            Self::TooManyResources { .. } => "InvalidParameterException",
        }
    }
}

impl ConfigurationFault {
    fn code(&self) -> &'static str {
        match self {
            Self::OneOf | Self::NotOfTrails { .. } => "InvalidParameterCombinationException",
            Self::Rule { .. } | Self::NoDataEvents => "InvalidParameterException",
            Self::NoInsights { .. } | Self::NoInsightsOfStore { .. } => {
                "InsightNotEnabledException"
            }
            Self::Token => "InvalidNextTokenException",
        }
    }
}

impl ArnFault {
    /// A text that is no ARN.
    pub(crate) fn syntax(arn: &str) -> Self {
        Self::Syntax { arn: arn.to_owned() }
    }

    /// An ARN of another region.
    pub(crate) fn region(here: &Region) -> Self {
        Self::Region { region: here.to_string() }
    }
}
