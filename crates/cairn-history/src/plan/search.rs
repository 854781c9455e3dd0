//! `search`: any conditions, by the index where one of them allows it.

use std::sync::Arc;

use cairn_event::RecordHead;
use memchr::memmem::Finder;

use crate::fields::CATEGORIES;
use crate::fields::{Columns, Fields, attribute_field, class_of, passes};
use crate::index::RowList;
use crate::key::{Scope, ScopeHash};
use crate::rows::RowRef;
use crate::slice::Slice;
use crate::tail::Chunk;
use crate::{AttributeKey, Field, Filter, HistoryError, Match, SearchQuery};

use super::{Plan, Scan, Source, objects};

/// With more scopes than this in a slice, probing them one by one costs more than a scan.
const SCOPES_PROBED_MAX: usize = 4_096;
/// The index is used if it leaves one row in so many: checking a record costs that many times
/// what looking at a row's columns does.
const INDEX_WORTH: u64 = 32;

/// A compiled [`SearchQuery`].
#[derive(Debug)]
pub(crate) struct SearchPlan {
    /// What columns answer.
    filters: Vec<Filter>,
    /// What may be about an object of S3, which only the record names.
    objects: Vec<Filter>,
    /// Conditions that the index answers.
    indexed: Vec<(AttributeKey, String)>,
    scan: Scan,
}

impl SearchPlan {
    pub(crate) fn new(query: &SearchQuery) -> Self {
        let (objects, filters): (Vec<_>, Vec<_>) =
            query.filters.iter().map(objects::plain).partition(objects::may_be_wanted);
        let indexed = filters.iter().filter_map(|filter| {
            let Match::Equals(value) = &filter.value else { return None };
            let attribute =
                AttributeKey::ALL.into_iter().find(|key| attribute_field(*key) == filter.field)?;
            Some((attribute, value.clone()))
        });
        Self {
            indexed: indexed.collect(),
            scan: Scan::new(&filters, &objects, texts(query)),
            filters,
            objects,
        }
    }

    fn row_passes(&self, row: &impl Columns) -> bool {
        self.filters.iter().all(|filter| passes(row, filter))
            && self.objects.iter().all(|filter| objects::may_pass(row, filter))
    }

    fn objects_pass(&self, head: Option<&RecordHead<'_>>) -> bool {
        self.objects.iter().all(|filter| objects::pass(head, filter))
    }

    fn text_passes(&self, record: &[u8]) -> bool {
        self.scan.texts().iter().all(|text| text.find(record).is_some())
    }

    /// Whether rows of a scope can pass.
    fn scope_passes(&self, scope: &Scope) -> bool {
        self.filters.iter().all(|filter| match filter.field {
            Field::Account => text_may_pass(&scope.account, filter),
            Field::Region => text_may_pass(&scope.region, filter),
            Field::Category => CATEGORIES.iter().any(|(category, text)| {
                class_of(*category) == scope.class && text_may_pass(text, filter)
            }),
            _ => true,
        })
    }

    /// The lists of one attribute over the scopes, and how many rows they have.
    fn lists(
        &self,
        slice: &Arc<Slice>,
        attribute: AttributeKey,
        value: &str,
    ) -> Result<(Vec<RowList>, u64), HistoryError> {
        let mut lists = Vec::new();
        for scope in
            slice.index.resident()?.scopes().iter().filter(|scope| self.scope_passes(scope))
        {
            let key = ScopeHash::of(scope).key(attribute, value);
            lists.extend(slice.index.rows_of(key)?);
        }
        let rows = lists.iter().map(RowList::count).sum();
        Ok((lists, rows))
    }
}

impl Plan for SearchPlan {
    fn chunk_rows<'c>(&self, chunk: &'c Chunk, pass: &mut dyn FnMut(RowRef<'c>)) {
        let rows = (0..chunk.rows.len()).map(|row| chunk.rows.row(row));
        let has_objects = |record| {
            self.objects.is_empty() || self.objects_pass(RecordHead::parse(record).ok().as_ref())
        };
        rows.filter(|row| self.row_passes(row) && self.text_passes(row.record()))
            .filter(|row| has_objects(row.record()))
            .for_each(pass);
    }

    fn source(&self, slice: &Arc<Slice>) -> Result<Source, HistoryError> {
        let scopes = slice.index.resident()?.scopes();
        if !scopes.iter().any(|scope| self.scope_passes(scope)) {
            return Ok(Source::Nothing);
        }
        if scopes.len() > SCOPES_PROBED_MAX {
            return Ok(Source::Scan);
        }
        let mut best: Option<(Vec<RowList>, u64)> = None;
        for (attribute, value) in &self.indexed {
            let found = self.lists(slice, *attribute, value)?;
            if best.as_ref().is_none_or(|(_, rows)| found.1 < *rows) {
                best = Some(found);
            }
        }
        Ok(match best {
            Some((_, 0)) => Source::Nothing,
            Some((lists, rows)) if rows * INDEX_WORTH <= slice.facts().rows() => {
                Source::Lists(lists)
            }
            // With no other condition, every row of the lists is a hit.
            Some((lists, _)) if self.filters.len() == 1 && !self.scan.needs_records() => {
                Source::Lists(lists)
            }
            _ => Source::Scan,
        })
    }

    fn check(&self, record: &[u8], head: Option<&RecordHead<'_>>) -> bool {
        self.text_passes(record)
            && self.row_passes(&Fields::of_any(head))
            && self.objects_pass(head)
    }

    fn scan(&self) -> Option<&Scan> {
        Some(&self.scan)
    }
}

/// An empty account or region stands for none.
fn text_may_pass(value: &str, filter: &Filter) -> bool {
    crate::fields::value_passes((!value.is_empty()).then_some(value), &filter.value)
        || (value.is_empty() && crate::fields::value_passes(Some(value), &filter.value))
}

fn texts(query: &SearchQuery) -> Vec<Finder<'static>> {
    let texts = query.texts.iter().filter(|text| !text.is_empty());
    texts.map(|text| Finder::new(text.as_bytes()).into_owned()).collect()
}
