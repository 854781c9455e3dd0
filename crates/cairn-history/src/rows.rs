//! Rows in memory: records with their columns and keys, as the open tail and builders hold them.
//!
//! A record is parsed once, when it comes in. What is kept of its columns is where they are in its
//! bytes (the few that are not, unescaped or made up, stand beside), so a row costs some 250 bytes
//! beside its record, keys and all, and no allocation of its own.

use std::collections::HashMap;

use bytes::Bytes;
use cairn_event::{Category, Likeness};

use crate::fields::{CATEGORIES, Columns, Fields, TEXTS, likeness, with_fields};
use crate::key::{Scope, ScopeHash};
use crate::varint;

/// Records in the order in which they came, with their columns and keys.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    list: Vec<Row>,
    places: Vec<u8>,
    others: String,
    keys: Vec<u64>,
    scopes: HashMap<ScopeHash, Scope>,
    record_bytes: u64,
}

#[derive(Debug)]
struct Row {
    record: Bytes,
    event_time_ms: i64,
    recorded_ms: i64,
    offset: u64,
    places_at: usize,
    others_at: usize,
    keys_at: usize,
    scope: ScopeHash,
    likeness: Likeness,
    category: u8,
    read_only: Option<bool>,
}

/// Stands where a time is not known yet; no record has it.
const NO_TIME_MS: i64 = i64::MIN;

impl Row {
    fn fix(&mut self, offset: u64, record: Bytes, recorded_ms: i64) {
        if self.event_time_ms == NO_TIME_MS {
            self.event_time_ms = recorded_ms;
        }
        (self.offset, self.record, self.recorded_ms) = (offset, record, recorded_ms);
    }
}

impl Rows {
    /// Parses a record and adds it.
    pub(crate) fn push(&mut self, offset: u64, record: Bytes, recorded_ms: i64) {
        with_fields(&record, |fields| self.add(fields, &record));
        self.fix_last(offset, record, recorded_ms);
    }

    /// Adds the columns of a record, which [`Rows::fix_last`] or [`Rows::fix_all`] completes.
    pub(crate) fn add(&mut self, fields: &Fields<'_>, record: &[u8]) {
        let (places_at, others_at) = (self.places.len(), self.others.len());
        let keys_at = self.keys.len();
        encode(fields, record, &mut self.places, &mut self.others);
        let scope = fields.keys(&mut self.keys);
        self.scopes.entry(scope).or_insert_with(|| fields.scope());
        self.record_bytes += record.len() as u64;
        self.list.push(Row {
            record: Bytes::new(),
            event_time_ms: fields.event_time_ms.unwrap_or(NO_TIME_MS),
            recorded_ms: NO_TIME_MS,
            offset: 0,
            places_at,
            others_at,
            keys_at,
            scope,
            likeness: likeness(|column| fields.text(column)),
            category: category_code(fields.category),
            read_only: fields.read_only,
        });
    }

    /// Adds a row of others, of which `record` is the record: its columns are not read again.
    pub(crate) fn push_row(
        &mut self,
        from: RowRef<'_>,
        offset: u64,
        record: Bytes,
        recorded_ms: i64,
    ) {
        self.copy(from, &record);
        self.fix_last(offset, record, recorded_ms);
    }

    /// Adds the columns of a row of others, which are completed as those of [`Rows::add`].
    pub(crate) fn copy(&mut self, from: RowRef<'_>, record: &[u8]) {
        let RowRef { rows, row, at } = from;
        let (places_at, others_at) = (self.places.len(), self.others.len());
        let keys_at = self.keys.len();
        let next = rows.list.get(at + 1);
        let places_end = next.map_or(rows.places.len(), |next| next.places_at);
        let others_end = next.map_or(rows.others.len(), |next| next.others_at);
        self.places.extend_from_slice(&rows.places[row.places_at..places_end]);
        self.others.push_str(&rows.others[row.others_at..others_end]);
        self.keys.extend_from_slice(from.keys());
        if let Some(scope) = rows.scopes.get(&row.scope) {
            self.scopes.entry(row.scope).or_insert_with(|| scope.clone());
        }
        self.record_bytes += record.len() as u64;
        let record = Bytes::new();
        self.list.push(Row { record, places_at, others_at, keys_at, ..*row });
    }

    fn fix_last(&mut self, offset: u64, record: Bytes, recorded_ms: i64) {
        if let Some(row) = self.list.last_mut() {
            row.fix(offset, record, recorded_ms);
        }
    }

    /// Room for as many rows as there are in others, with about as much to them.
    pub(crate) fn as_large_as(others: &Self) -> Self {
        Self {
            list: Vec::with_capacity(others.list.len()),
            places: Vec::with_capacity(others.places.len()),
            others: String::with_capacity(others.others.len()),
            keys: Vec::with_capacity(others.keys.len()),
            ..Self::default()
        }
    }

    /// Completes rows that were only added: their records, which follow one another in the log.
    pub(crate) fn fix_all(&mut self, first: u64, records: Vec<Bytes>, recorded_ms: i64) {
        for ((row, record), offset) in self.list.iter_mut().zip(records).zip(first..) {
            row.fix(offset, record, recorded_ms);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Bytes of all records.
    pub(crate) fn record_bytes(&self) -> u64 {
        self.record_bytes
    }

    /// Which scopes occur.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.scopes.values()
    }

    /// One row.
    pub(crate) fn row(&self, row: usize) -> RowRef<'_> {
        RowRef { rows: self, row: &self.list[row], at: row }
    }
}

/// A row of [`Rows`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowRef<'r> {
    rows: &'r Rows,
    row: &'r Row,
    /// Which it is.
    at: usize,
}

impl<'r> RowRef<'r> {
    pub(crate) fn record(self) -> &'r Bytes {
        &self.row.record
    }

    pub(crate) fn event_time_ms(self) -> i64 {
        self.row.event_time_ms
    }

    pub(crate) fn recorded_ms(self) -> i64 {
        self.row.recorded_ms
    }

    pub(crate) fn offset(self) -> u64 {
        self.row.offset
    }

    pub(crate) fn likeness(self) -> Likeness {
        self.row.likeness
    }

    pub(crate) fn keys(self) -> &'r [u64] {
        let next = self.rows.list.get(self.at + 1);
        let end = next.map_or(self.rows.keys.len(), |next| next.keys_at);
        &self.rows.keys[self.row.keys_at..end]
    }

    /// Walks over all columns at once: the texts in their order, then each resource.
    pub(crate) fn decode(self) -> Decoded<'r> {
        let rows = self.rows;
        let row = self.row;
        Decoded::new(&rows.places[row.places_at..], &row.record, &rows.others[row.others_at..])
    }
}

impl Columns for RowRef<'_> {
    fn text(&self, index: usize) -> Option<&str> {
        self.decode().texts[index]
    }

    fn category(&self) -> Category {
        CATEGORIES[usize::from(self.row.category)].0
    }

    fn read_only(&self) -> Option<bool> {
        self.row.read_only
    }

    fn any_resource(&self, names: bool, pass: &mut dyn FnMut(&str) -> bool) -> bool {
        self.decode().resources().any(
            |(kind, name)| {
                if names { pass(name) } else { kind.is_some_and(&mut *pass) }
            },
        )
    }
}

/// The columns of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decoded<'r> {
    pub texts: [Option<&'r str>; TEXTS],
    resources: u64,
    /// Places that are not walked yet.
    places: &'r [u8],
    /// The record; `None` if it is no text, and then nothing is in it either.
    pub record: Option<&'r str>,
    /// Texts of this row and later ones that are in no record.
    others: &'r str,
}

impl<'r> Decoded<'r> {
    fn new(places: &'r [u8], record: &'r [u8], others: &'r str) -> Self {
        // Checked once as a whole, not text by text: a row has twenty.
        let record = simdutf8::basic::from_utf8(record).ok();
        let mut row = Self { texts: [None; TEXTS], resources: 0, places, record, others };
        row.texts = std::array::from_fn(|_| row.next());
        row.resources = row.number();
        row
    }

    /// Type and name of each resource.
    pub(crate) fn resources(mut self) -> impl Iterator<Item = (Option<&'r str>, &'r str)> {
        (0..self.resources).map(move |_| (self.next(), self.next().unwrap_or_default()))
    }

    /// The next text. Places are what `encode` wrote, so they fit.
    fn next(&mut self) -> Option<&'r str> {
        let length = self.number().checked_sub(1)? as usize;
        if let Some(at) = self.number().checked_sub(1) {
            return self.record?.get(at as usize..)?.get(..length);
        }
        let (text, rest) = self.others.split_at_checked(length)?;
        self.others = rest;
        Some(text)
    }

    fn number(&mut self) -> u64 {
        varint::take(&mut self.places).unwrap_or_default()
    }
}

/// Adds the places of a row's texts. A place is 0 for no value; else the length and 1, and then
/// where it is in the record and 1, or 0 if it is not there but among the others.
fn encode(fields: &Fields<'_>, record: &[u8], places: &mut Vec<u8>, others: &mut String) {
    let mut add = |text: Option<&str>, places: &mut Vec<u8>| {
        let Some(text) = text else { return places.push(0) };
        varint::put(places, text.len() as u64 + 1);
        if let Some(at) = place_in(record, text) {
            varint::put(places, at as u64 + 1);
        } else {
            places.push(0);
            others.push_str(text);
        }
    };
    for text in &fields.texts {
        add(text.as_deref(), places);
    }
    varint::put(places, fields.resources.len() as u64);
    for resource in &fields.resources {
        add(resource.resource_type.as_deref(), places);
        add(Some(&resource.resource_name), places);
    }
}

/// Where a text that was borrowed from a record is in it; `None` if it was not.
fn place_in(record: &[u8], text: &str) -> Option<usize> {
    let at = text.as_ptr().addr().checked_sub(record.as_ptr().addr())?;
    (at + text.len() <= record.len()).then_some(at)
}

fn category_code(category: Category) -> u8 {
    let known = CATEGORIES.iter().position(|(known, _)| *known == category);
    known.unwrap_or(CATEGORIES.len() - 1) as u8
}
