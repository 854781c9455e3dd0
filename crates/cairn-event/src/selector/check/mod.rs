//! What `PutEventSelectors` refuses, and what it makes of the rest.
//!
//! Each rule says how it is known: *documented*, *modelled*, *observed* or *assumed*.

mod advanced;
mod arn;
mod basic;
mod field_rules;
mod network_sources;
mod resource_types;

pub(super) use basic::{is_all_of, is_prefix_type};

use super::{AdvancedEventSelector, EventSelector, SelectorFault, Selectors};

impl Selectors {
    /// Checks basic selectors and fills in what they leave out, as `PutEventSelectors` echoes and
    /// `GetEventSelectors` shows them (documented defaults; observed for
    /// `ExcludeManagementEventSources`).
    pub fn check_basic(selectors: Vec<EventSelector>) -> Result<Self, SelectorFault> {
        basic::check(selectors).map(Self::Basic)
    }

    /// Checks the advanced selectors of a trail; they are echoed in the order of the request
    /// (observed). Operators that are null or empty are left out.
    pub fn check_advanced(selectors: Vec<AdvancedEventSelector>) -> Result<Self, SelectorFault> {
        advanced::check(selectors).map(Self::Advanced)
    }
}
