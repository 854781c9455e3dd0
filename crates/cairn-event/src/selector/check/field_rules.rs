//! Which field takes which operators and values, for each category of a trail's selectors.

use super::arn;
use super::basic::EXCLUDABLE_SOURCES;
use super::network_sources::sends_network_activity;
use super::resource_types::is_data_type;
use crate::Category;
use crate::selector::Operator;
use crate::selector::field::Field;

/// What a field takes.
pub(super) struct FieldRule {
    pub(super) field: Field,
    /// Whether a selector cannot do without it.
    pub(super) is_required: bool,
    /// The operators that it takes.
    pub(super) operators: &'static [Operator],
    /// Whether only one value is taken.
    pub(super) is_single: bool,
    /// Whether a value is one that the field can have.
    pub(super) takes: fn(&str) -> bool,
}

const EQUALS: &[Operator] = &[Operator::Equals];
const NOT_EQUALS: &[Operator] = &[Operator::NotEquals];
const EXACT: &[Operator] = &[Operator::Equals, Operator::NotEquals];
const ANY: &[Operator] = &[
    Operator::Equals,
    Operator::StartsWith,
    Operator::EndsWith,
    Operator::NotEquals,
    Operator::NotStartsWith,
    Operator::NotEndsWith,
];

/// The categories that a trail selects by (documented; those of event data stores are refused).
pub(super) fn category(name: &str) -> Option<Category> {
    match name {
        "Management" => Some(Category::Management),
        "Data" => Some(Category::Data),
        "NetworkActivity" => Some(Category::NetworkActivity),
        _ => None,
    }
}

/// The fields of a category's selectors besides `eventCategory` itself.
pub(super) const fn rules(category: Category) -> &'static [FieldRule] {
    match category {
        Category::Management => MANAGEMENT,
        Category::Data => DATA,
        Category::NetworkActivity => NETWORK_ACTIVITY,
        Category::Insight | Category::Other => &[],
    }
}

/// Documented; observed: two values in one `NotEquals`, and that a selector of other sources is
/// refused.
const MANAGEMENT: &[FieldRule] = &[
    FieldRule {
        field: Field::EventSource,
        is_required: false,
        operators: NOT_EQUALS,
        is_single: false,
        takes: |value| EXCLUDABLE_SOURCES.contains(&value),
    },
    READ_ONLY,
];

/// Documented; observed: several ARNs, `eventName` and `readOnly`.
const DATA: &[FieldRule] = &[
    FieldRule {
        field: Field::ResourcesType,
        is_required: true,
        operators: EQUALS,
        is_single: true,
        takes: is_data_type,
    },
    optional(Field::ResourcesArn),
    READ_ONLY,
    optional(Field::EventSource),
    optional(Field::EventName),
    optional(Field::EventType),
    optional(Field::UserIdentityArn),
    FieldRule {
        field: Field::SessionCredentialFromConsole,
        is_required: false,
        operators: EXACT,
        is_single: true,
        takes: |value| value == "true",
    },
];

/// Documented. That a selector takes one source is "one selector per source"; two selectors may
/// name the same one (assumed).
const NETWORK_ACTIVITY: &[FieldRule] = &[
    FieldRule {
        field: Field::EventSource,
        is_required: true,
        operators: EQUALS,
        is_single: true,
        takes: sends_network_activity,
    },
    optional(Field::EventName),
    FieldRule {
        field: Field::ErrorCode,
        is_required: false,
        operators: EQUALS,
        is_single: true,
        takes: |value| value == "VpceAccessDenied",
    },
    optional(Field::VpcEndpointId),
];

const READ_ONLY: FieldRule = FieldRule {
    field: Field::ReadOnly,
    is_required: false,
    operators: EQUALS,
    is_single: true,
    takes: |value| matches!(value, "true" | "false"),
};

const fn optional(field: Field) -> FieldRule {
    FieldRule { field, is_required: false, operators: ANY, is_single: false, takes: |_| true }
}

/// Whether an ARN that is compared as a whole is one of its type: a Lambda function without version
/// or alias (observed); for other types the six parts of an ARN (documented as "a valid ARN", the
/// form of each type's is not checked).
pub(super) fn is_arn_of(resource_type: &str, text: &str) -> bool {
    match resource_type {
        "AWS::Lambda::Function" => arn::is_lambda_function(text),
        _ => arn::is_arn(text),
    }
}
