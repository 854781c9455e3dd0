//! The conditions of a search, for records that come one by one.

use cairn_event::RecordHead;

use crate::SearchQuery;
use crate::plan::{Plan as _, SearchPlan};

/// The filters and texts of a [`SearchQuery`]: passes what a search would find among records of any
/// time.
#[derive(Debug)]
pub struct Sieve(SearchPlan);

impl Sieve {
    /// The conditions of a query, but for its times.
    pub fn new(query: &SearchQuery) -> Self {
        Self(SearchPlan::new(query))
    }

    /// Whether a record, as its bytes are, meets all of them.
    pub fn passes(&self, record: &[u8]) -> bool {
        self.0.check(record, RecordHead::parse(record).ok().as_ref())
    }
}
