//! Why a text is no policy.

/// What is wrong with a policy document. The texts are S3's own for `MalformedPolicy` where they
/// are known (observed); what a fault is about is named where it helps, never more than a part of
/// it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// The document is longer than any service takes.
    #[error("Your policy exceeds the maximum allowed document size.")]
    TooLong,
    /// The document does not begin with `{`.
    #[error("Policies must be valid JSON and the first byte must be '{{'")]
    NotAnObject,
    /// The document is not JSON, or is nested too deeply.
    #[error("This policy contains invalid Json")]
    InvalidJson,
    /// An element occurs twice in the same object.
    #[error("Duplicate element in policy: {name}")]
    DuplicateElement {
        /// The element.
        name: String,
    },
    /// The language has no such element.
    #[error("Unknown field {name}")]
    UnknownElement {
        /// The element.
        name: String,
    },
    /// An element is not of the type that the language gives it.
    #[error("Could not parse the policy: {name} is not {expected}")]
    WrongType {
        /// The element.
        name: &'static str,
        /// What it must be, with the article.
        expected: &'static str,
    },
    /// A list that must have members has none.
    #[error("Could not parse the policy: {name} is empty!")]
    Empty {
        /// The element.
        name: &'static str,
    },
    /// The version is neither of the two there are.
    #[error("The policy must contain a valid version string")]
    InvalidVersion,
    /// An element that must be there is missing.
    #[error("Missing required field {name}")]
    MissingElement {
        /// The element.
        name: &'static str,
    },
    /// An element stands beside its own negation, such as `Action` beside `NotAction`.
    #[error("Statement has both {name} and Not{name}")]
    Conflict {
        /// The element without `Not`.
        name: &'static str,
    },
    /// An identity policy names principals, or has an id.
    #[error("Policy document should not specify a {name}.")]
    NotInIdentityPolicy {
        /// The element.
        name: &'static str,
    },
    /// The effect is neither `Allow` nor `Deny`.
    #[error("Invalid effect: {effect}")]
    InvalidEffect {
        /// What there is.
        effect: String,
    },
    /// Two statements have the same `Sid`.
    #[error("Statement IDs (SID) in a single policy must be unique.")]
    DuplicateSid,
    /// A principal is none that the language has.
    #[error("Invalid principal in policy")]
    InvalidPrincipal {
        /// What there is.
        principal: String,
    },
    /// An action is not `*` or `service:action`.
    #[error("Policy has invalid action")]
    InvalidAction {
        /// What there is.
        action: String,
    },
    /// A resource is not `*` or an ARN.
    #[error("Policy has invalid resource")]
    InvalidResource {
        /// What there is.
        resource: String,
    },
    /// The language has no such operator.
    #[error("Invalid Condition type : {operator}")]
    InvalidOperator {
        /// What there is.
        operator: String,
    },
    /// A condition key is not `service:name`.
    #[error("Policy has an invalid condition key")]
    InvalidConditionKey {
        /// What there is.
        key: String,
    },
    /// A value is not of the operator's type.
    #[error("Invalid value in condition {operator}: {value}")]
    InvalidConditionValue {
        /// The operator.
        operator: String,
        /// The value.
        value: String,
    },
    /// A `${` has no end, or encloses nothing that is a variable.
    #[error("Policy has an invalid variable")]
    InvalidVariable {
        /// The text that holds it.
        text: String,
    },
    /// There is more of something than is taken.
    #[error("Policy has more than {max} {name}")]
    TooMany {
        /// What there is too much of.
        name: &'static str,
        /// How many are taken.
        max: usize,
    },
}
