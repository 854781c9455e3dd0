//! Event selectors: which records a trail takes.
//!
//! [`Selectors::check_basic`] and [`Selectors::check_advanced`] refuse what AWS refuses, in its
//! words, and give back what is kept and echoed. [`SelectorSet`] compiles the selectors of many
//! trails together, so that a record is looked at once, whatever the number of trails. [`scope`]
//! holds the two questions that a trail asks besides its selectors.

mod check;
mod fault;
mod field;
pub mod scope;
mod set;

use serde::{Deserialize, Serialize};

use crate::Category;
pub use fault::SelectorFault;
pub use set::SelectorSet;

/// The selectors of a trail: one kind or the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Selectors {
    /// `EventSelectors`.
    Basic(Vec<EventSelector>),
    /// `AdvancedEventSelectors`.
    Advanced(Vec<AdvancedEventSelector>),
}

/// A basic selector, as `PutEventSelectors` takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventSelector {
    /// `ReadOnly`, `WriteOnly` or `All`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_write_type: Option<String>,
    /// Whether management events are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_management_events: Option<bool>,
    /// Which data events are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_resources: Option<Vec<DataResource>>,
    /// Whose management events are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude_management_event_sources: Option<Vec<String>>,
}

/// Resources whose data events are taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DataResource {
    /// Such as `AWS::S3::Object`.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "Type")]
    pub kind: Option<String>,
    /// ARNs, or beginnings of ARNs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
}

/// An advanced selector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdvancedEventSelector {
    /// What its author calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Conditions that all have to hold.
    pub field_selectors: Vec<FieldSelector>,
}

/// A condition on one field of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FieldSelector {
    /// The field.
    pub field: String,
    /// One of these texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<Vec<String>>,
    /// Begins with one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_with: Option<Vec<String>>,
    /// Ends with one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_with: Option<Vec<String>>,
    /// None of these texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_equals: Option<Vec<String>>,
    /// Begins with none of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_starts_with: Option<Vec<String>>,
    /// Ends with none of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ends_with: Option<Vec<String>>,
}

impl FieldSelector {
    /// The operators that are given, by name, with their values. Null and an empty list are no
    /// operator.
    pub fn operators(&self) -> impl Iterator<Item = (Operator, &[String])> {
        [
            (Operator::Equals, &self.equals),
            (Operator::StartsWith, &self.starts_with),
            (Operator::EndsWith, &self.ends_with),
            (Operator::NotEquals, &self.not_equals),
            (Operator::NotStartsWith, &self.not_starts_with),
            (Operator::NotEndsWith, &self.not_ends_with),
        ]
        .into_iter()
        .filter_map(|(operator, values)| Some((operator, values.as_deref()?)))
        .filter(|(_, values)| !values.is_empty())
    }
}

/// How a condition compares; always byte by byte (documented: case matters, there are no wildcards).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Is one of the values.
    Equals,
    /// Begins with one of the values.
    StartsWith,
    /// Ends with one of the values.
    EndsWith,
    /// Is none of the values.
    NotEquals,
    /// Begins with none of the values.
    NotStartsWith,
    /// Ends with none of the values.
    NotEndsWith,
}

impl Operator {
    /// Its name in a field selector.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "Equals",
            Self::StartsWith => "StartsWith",
            Self::EndsWith => "EndsWith",
            Self::NotEquals => "NotEquals",
            Self::NotStartsWith => "NotStartsWith",
            Self::NotEndsWith => "NotEndsWith",
        }
    }

    /// Whether it names what is taken, not what is left out. Of the positive operators of a field
    /// one has to hold, of the negative ones all (documented).
    pub const fn is_positive(self) -> bool {
        matches!(self, Self::Equals | Self::StartsWith | Self::EndsWith)
    }
}

impl AdvancedEventSelector {
    /// As `GetEventSelectors` shows it: conditions in the order of their field names, byte by byte
    /// (observed; `PutEventSelectors` echoes the order of the request).
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.field_selectors.sort_by(|one, other| one.field.cmp(&other.field));
        self
    }
}

impl Selectors {
    /// Whether these take what a new trail takes, in whatever words.
    pub fn is_default(&self) -> bool {
        match self {
            Self::Basic(selectors) => {
                let [selector] = selectors.as_slice() else { return false };
                selector.read_write_type.as_deref().is_none_or(|kind| kind == "All")
                    && selector.include_management_events != Some(false)
                    && selector.data_resources.as_ref().is_none_or(Vec::is_empty)
                    && selector.exclude_management_event_sources.as_ref().is_none_or(Vec::is_empty)
            }
            Self::Advanced(selectors) => {
                let [selector] = selectors.as_slice() else { return false };
                let [condition] = selector.field_selectors.as_slice() else { return false };
                let is_management = |(operator, values): (Operator, &[String])| {
                    operator == Operator::Equals && values == ["Management"]
                };
                condition.field == "eventCategory"
                    && condition.operators().count() == 1
                    && condition.operators().all(is_management)
            }
        }
    }

    /// Whether some selector may take records of a category: what Insights and aggregation ask
    /// before they are switched on.
    pub fn may_take(&self, category: Category) -> bool {
        match self {
            Self::Basic(selectors) => selectors.iter().any(|selector| match category {
                Category::Management => selector.include_management_events != Some(false),
                Category::Data => selector.data_resources.iter().flatten().any(|resource| {
                    resource.values.as_ref().is_some_and(|values| !values.is_empty())
                }),
                _ => false,
            }),
            Self::Advanced(selectors) => selectors.iter().any(|selector| {
                selector.field_selectors.iter().any(|condition| {
                    condition.field == "eventCategory"
                        && category.as_str().is_some_and(|name| {
                            condition.equals.iter().flatten().any(|value| value == name)
                        })
                })
            }),
        }
    }
}

impl Default for Selectors {
    /// What a new trail has: all management events (documented).
    fn default() -> Self {
        Self::Basic(vec![EventSelector {
            read_write_type: Some("All".to_owned()),
            include_management_events: Some(true),
            data_resources: Some(Vec::new()),
            exclude_management_event_sources: Some(Vec::new()),
        }])
    }
}
