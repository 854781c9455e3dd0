//! The two ways to ask.

use std::sync::Arc;

use cairn_event::Timestamp;

use crate::plan::{LookupPlan, Plan, SearchPlan};
use crate::walk::{Walk, Window};
use crate::{
    Found, HistoryError, Hit, LookupQuery, PAGE_RECORDS_MAX, Page, Position, SearchBudget,
    SearchQuery,
};

use super::History;

impl History {
    /// The records of one account and region, newest first, as `LookupEvents` has them: management
    /// or Insights events, by time and at most one attribute. Records of one time come by falling
    /// offset. The page holds what `show` makes of each; `Hit::of` keeps the record.
    pub fn lookup<T>(
        &self,
        query: &LookupQuery,
        after: Option<Position>,
        limit: usize,
        show: impl FnMut(Found<'_>) -> T,
    ) -> Result<Page<T>, HistoryError> {
        let times = (query.start.map(Timestamp::as_ms), query.end.map(Timestamp::as_ms));
        let window = Window::new(times.0, times.1, after);
        self.page(&LookupPlan::new(query), window, limit, SearchBudget::rows(u64::MAX), show)
    }

    /// Records by any number of conditions, newest first, of all accounts, regions and categories.
    /// When the budget ends it returns what it has, and a position to go on from.
    pub fn search(
        &self,
        query: &SearchQuery,
        after: Option<Position>,
        limit: usize,
        budget: SearchBudget<'_>,
    ) -> Result<Page, HistoryError> {
        let times = (query.start.map(Timestamp::as_ms), query.end.map(Timestamp::as_ms));
        let window = Window::new(times.0, times.1, after);
        self.page(&SearchPlan::new(query), window, limit, budget, Hit::of)
    }

    fn page<T>(
        &self,
        plan: &dyn Plan,
        window: Window,
        limit: usize,
        budget: SearchBudget<'_>,
        show: impl FnMut(Found<'_>) -> T,
    ) -> Result<Page<T>, HistoryError> {
        let mut walk = Walk::new(plan, window, budget);
        let state = self.read();
        let slices = Arc::clone(&state.slices);
        state.tail.closed().iter().for_each(|chunk| walk.add_chunk(chunk));
        walk.add_hits_of(state.tail.current());
        drop(state);
        slices.iter().for_each(|slice| walk.add_slice(slice));
        walk.page(limit.min(PAGE_RECORDS_MAX), show)
    }
}
