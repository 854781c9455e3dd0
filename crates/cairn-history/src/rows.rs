//! Rows in memory: records with their columns and keys, as the open tail and builders hold them.
//!
//! A record is parsed once, when it comes in. Its columns go into one arena (lengths, then bytes),
//! so that a row costs its text and some 80 bytes, and no allocation of its own.

use std::collections::HashMap;

use bytes::Bytes;
use cairn_event::Category;

use crate::fields::{CATEGORIES, Columns, Fields, TEXTS, with_fields};
use crate::key::{Scope, ScopeHash};
use crate::varint;

/// Records in the order in which they came, with their columns and keys.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    list: Vec<Row>,
    arena: Vec<u8>,
    keys: Vec<u64>,
    scopes: HashMap<ScopeHash, Scope>,
    record_bytes: u64,
    /// Room for the lengths of one row.
    lengths: Vec<u8>,
}

#[derive(Debug)]
struct Row {
    record: Bytes,
    event_time_ms: i64,
    recorded_ms: i64,
    offset: u64,
    arena_at: usize,
    keys_at: usize,
    category: u8,
    read_only: Option<bool>,
}

impl Rows {
    /// Parses a record and adds it.
    pub(crate) fn push(&mut self, offset: u64, record: Bytes, recorded_ms: i64) {
        let arena_at = self.arena.len();
        let keys_at = self.keys.len();
        let (event_time_ms, category, read_only) = with_fields(&record, |fields| {
            encode(fields, &mut self.arena, &mut self.lengths);
            let scope = fields.keys(&mut self.keys);
            self.scopes.entry(scope).or_insert_with(|| fields.scope());
            (fields.event_time_ms, fields.category, fields.read_only)
        });
        self.record_bytes += record.len() as u64;
        self.list.push(Row {
            record,
            event_time_ms: event_time_ms.unwrap_or(recorded_ms),
            recorded_ms,
            offset,
            arena_at,
            keys_at,
            category: category_code(category),
            read_only,
        });
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
        RowRef { rows: self, row: &self.list[row], next_keys: self.keys_end(row) }
    }

    fn keys_end(&self, row: usize) -> usize {
        self.list.get(row + 1).map_or(self.keys.len(), |next| next.keys_at)
    }
}

/// A row of [`Rows`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowRef<'r> {
    rows: &'r Rows,
    row: &'r Row,
    next_keys: usize,
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

    pub(crate) fn keys(self) -> &'r [u64] {
        &self.rows.keys[self.row.keys_at..self.next_keys]
    }

    /// Walks over all columns at once: the texts in their order, then each resource.
    pub(crate) fn decode(self) -> Decoded<'r> {
        Decoded::new(&self.rows.arena[self.row.arena_at..])
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

/// The columns of a row, as slices of the arena.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decoded<'r> {
    pub texts: [Option<&'r str>; TEXTS],
    resources: u64,
    /// Lengths of resources that are not walked yet.
    lengths: &'r [u8],
    /// The bytes that they measure.
    bytes: &'r [u8],
}

impl<'r> Decoded<'r> {
    fn new(arena: &'r [u8]) -> Self {
        let mut at = arena;
        let all = take_varint(&mut at) as usize;
        let (mut lengths, mut bytes) = at.split_at(all);
        let mut texts = [None; TEXTS];
        for text in &mut texts {
            *text = take_text(&mut lengths, &mut bytes);
        }
        let resources = take_varint(&mut lengths);
        Self { texts, resources, lengths, bytes }
    }

    /// Type and name of each resource.
    pub(crate) fn resources(mut self) -> impl Iterator<Item = (Option<&'r str>, &'r str)> {
        (0..self.resources).map(move |_| {
            let kind = take_text(&mut self.lengths, &mut self.bytes);
            let name = take_text(&mut self.lengths, &mut self.bytes).unwrap_or_default();
            (kind, name)
        })
    }
}

/// Lengths (0: no value, else one more than it has bytes) behind their own length, then the bytes.
fn encode(fields: &Fields<'_>, arena: &mut Vec<u8>, lengths: &mut Vec<u8>) {
    lengths.clear();
    for text in &fields.texts {
        varint::put(lengths, length_code(text.as_deref()));
    }
    varint::put(lengths, fields.resources.len() as u64);
    for resource in &fields.resources {
        varint::put(lengths, length_code(resource.resource_type.as_deref()));
        varint::put(lengths, length_code(Some(&resource.resource_name)));
    }
    varint::put(arena, lengths.len() as u64);
    arena.extend_from_slice(lengths);
    for text in fields.texts.iter().flatten() {
        arena.extend_from_slice(text.as_bytes());
    }
    for resource in &fields.resources {
        arena.extend_from_slice(resource.resource_type.as_deref().unwrap_or_default().as_bytes());
        arena.extend_from_slice(resource.resource_name.as_bytes());
    }
}

fn length_code(text: Option<&str>) -> u64 {
    text.map_or(0, |text| text.len() as u64 + 1)
}

/// The next text, by its length. The arena holds what `encode` wrote, so the bounds hold.
fn take_text<'r>(lengths: &mut &'r [u8], bytes: &mut &'r [u8]) -> Option<&'r str> {
    let length = take_varint(lengths).checked_sub(1)?;
    let (text, rest) = bytes.split_at(length as usize);
    *bytes = rest;
    // Its bytes came from a `str`; the check is cheaper than it looks, and `unsafe` is not ours.
    std::str::from_utf8(text).ok()
}

fn take_varint(bytes: &mut &[u8]) -> u64 {
    varint::take(bytes).unwrap_or_default()
}

fn category_code(category: Category) -> u8 {
    let known = CATEGORIES.iter().position(|(known, _)| *known == category);
    known.unwrap_or(CATEGORIES.len() - 1) as u8
}
