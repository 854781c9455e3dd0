//! Why selectors are refused, worded as AWS words it.

use super::Operator;

/// Why `PutEventSelectors` refuses. The text is the caller's; every one of them travels under
/// [`SelectorFault::CODE`] (observed).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorFault {
    /// Both kinds in one request (observed).
    #[error(
        "You can select events by using either EventSelectors or AdvancedEventSelectors, but not \
         both."
    )]
    BothKinds,
    /// No or too many basic selectors (observed). Assumed for a request with neither kind.
    #[error("Specify a valid number of selectors (1 to 5) for your trail")]
    BasicCount,
    /// A member of a basic selector holds what it cannot (observed for `ReadWriteType` and
    /// `DataResources.Values`, assumed for the others).
    #[error("Value {value} for {member} is invalid.")]
    BasicValue {
        /// What it holds.
        value: String,
        /// The member.
        member: &'static str,
    },
    /// A basic selector without management events that names no resource either (observed).
    #[error(
        "Invalid combination of parameters in EventSelectors. When includeManagementEvents is \
         false, DataResources must not be empty."
    )]
    TakesNothing,
    /// Too many resources in all basic selectors together (observed).
    #[error("Specify a valid number of DataResources.Values (0 to 250) for all your selectors")]
    DataResourceCount,
    /// No or too many advanced selectors (observed).
    #[error("Specify between 1 and 500 selectors for your trail.")]
    AdvancedCount,
    /// Too many values in all advanced selectors together (documented limit, assumed text).
    #[error("Specify up to 500 values for all conditions in all advanced event selectors.")]
    AdvancedValueCount,
    /// A field that its kind of selector cannot do without (observed for `eventCategory`, assumed
    /// for the others).
    #[error("The following fields are required: [{field}].")]
    FieldRequired {
        /// The field.
        field: &'static str,
    },
    /// A field that records of this category cannot be selected by, or that does not exist
    /// (observed).
    #[error(
        "The following field is not allowed when the eventCategory field value equals {category}: \
         {field}."
    )]
    FieldNotAllowed {
        /// The value of `eventCategory`.
        category: &'static str,
        /// The field.
        field: String,
    },
    /// One field in two conditions of a selector (documented for `resources.type`, assumed text).
    #[error("The following field is specified more than once: {field}.")]
    FieldRepeated {
        /// The field.
        field: String,
    },
    /// A condition that compares with nothing (documented, assumed text).
    #[error("Specify at least one operator for the following field: {field}.")]
    OperatorMissing {
        /// The field.
        field: String,
    },
    /// An operator that a field does not take (documented, assumed text).
    #[error("The {} operator is not valid for the following field: {field}.", .operator.as_str())]
    OperatorNotAllowed {
        /// The operator.
        operator: Operator,
        /// The field.
        field: &'static str,
    },
    /// A value that a field never has, or more values than it takes (observed for `resources.type`,
    /// assumed for the others).
    #[error("The {field} field value is not valid.")]
    FieldValue {
        /// The field.
        field: &'static str,
    },
    /// An ARN, compared as a whole, that is none of its type (observed).
    #[error("The specified ARN {arn} is not valid. Verify that the ARN is properly formatted.")]
    Arn {
        /// The text.
        arn: String,
    },
    /// A longer name than a selector has (modelled, assumed text).
    #[error("Specify a selector name with at most 1000 characters.")]
    NameLength,
}

impl SelectorFault {
    /// The code of every refusal of selectors (observed).
    pub const CODE: &'static str = "InvalidEventSelectorsException";
}
