//! `LookupEvents`: one key, one list.

use std::sync::Arc;

use cairn_event::RecordHead;

use crate::fields::{Fields, has_attribute, in_scope};
use crate::key::{Class, Scope, ScopeHash};
use crate::rows::RowRef;
use crate::slice::Slice;
use crate::tail::Chunk;
use crate::{AttributeKey, HistoryError, LookupCategory, LookupQuery};

use super::{Plan, Scan, Source};

/// A compiled [`LookupQuery`].
#[derive(Debug)]
pub(crate) struct LookupPlan {
    scope: Scope,
    attribute: Option<(AttributeKey, String)>,
    key: u64,
}

impl LookupPlan {
    pub(crate) fn new(query: &LookupQuery) -> Self {
        let scope = Scope {
            class: match query.category {
                LookupCategory::Management => Class::Management,
                LookupCategory::Insight => Class::Insight,
            },
            account: query.account.as_str().to_owned(),
            region: query.region.as_str().to_owned(),
        };
        let hash = ScopeHash::of(&scope);
        let key = match &query.attribute {
            None => hash.all_rows(),
            Some((attribute, value)) => hash.key(*attribute, value),
        };
        Self { scope, attribute: query.attribute.clone(), key }
    }

    fn passes(&self, row: &impl crate::fields::Columns) -> bool {
        in_scope(row, &self.scope)
            && self.attribute.as_ref().is_none_or(|(key, value)| has_attribute(row, *key, value))
    }
}

impl Plan for LookupPlan {
    fn chunk_rows<'c>(&self, chunk: &'c Chunk, pass: &mut dyn FnMut(RowRef<'c>)) {
        chunk.rows_of(self.key).filter(|row| self.passes(row)).for_each(pass);
    }

    fn source(&self, slice: &Arc<Slice>) -> Result<Source, HistoryError> {
        let list = slice.index.rows_of(self.key)?;
        Ok(list.map_or(Source::Nothing, |list| Source::Lists(vec![list])))
    }

    fn check(&self, _: &[u8], head: Option<&RecordHead<'_>>) -> bool {
        self.passes(&Fields::of_any(head))
    }

    fn scan(&self) -> Option<&Scan> {
        None
    }
}
