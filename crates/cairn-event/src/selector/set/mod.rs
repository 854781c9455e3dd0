//! The selectors of many trails, compiled together.
//!
//! A record is looked at once: its category and the types of its resources choose a bucket of
//! rules, and a bucket answers with all of its rules at a time. Where few values decide (which is
//! so for management events: read or write, and two sources that can be left out) every answer is
//! worked out beforehand, a [`Table`]. Elsewhere each field's value is looked up among all values
//! that any rule names, and the rules that it lets through are bits that are combined over the
//! fields, an [`Index`]. So what a record costs follows its fields, not the number of trails, but
//! for a pass over words of 64 rules.

mod bits;
mod edges;
mod index;
mod rule;
mod table;

use std::collections::BTreeMap;

use self::bits::{Found, with_words};
use self::index::Index;
use self::rule::{Condition, rules_of};
use self::table::Table;
use super::Selectors;
use super::field::Field;
use crate::{Category, RecordHead, ResourceRef};

/// The compiled selectors of many trails.
#[derive(Debug, Default)]
pub struct SelectorSet {
    management: Group,
    data: Group,
    network_activity: Group,
    /// Words for a bit per trail.
    trail_words: usize,
    /// Words that one look at a record needs, besides those for the trails.
    rule_words: usize,
}

/// Rules by what they ask, each with the trails that it stands for.
type Rules = BTreeMap<Vec<Condition>, Vec<u32>>;

/// The rules for one category of records.
#[derive(Debug, Default)]
struct Group {
    /// Rules that ask nothing of resources.
    plain: Option<Bucket>,
    /// Rules for one type of resource, in the order of types.
    typed: Vec<(Box<str>, Bucket)>,
    /// Rules that ask something else of resources. Checked selectors make none.
    loose: Option<Bucket>,
}

/// Rules that are answered together.
#[derive(Debug)]
enum Bucket {
    Table(Table),
    Index(Index),
}

impl SelectorSet {
    /// Compiles the selectors of trails; a trail is its position in `trails`.
    ///
    /// Selectors that no check has passed are compiled too: a condition on an unknown field is one
    /// on a field that every record lacks.
    ///
    /// ```
    /// use cairn_event::RecordHead;
    /// use cairn_event::selector::{SelectorSet, Selectors};
    /// let set = SelectorSet::compile(&[&Selectors::default(), &Selectors::default()]);
    /// let record = RecordHead::parse(br#"{"eventCategory":"Management"}"#).unwrap();
    /// let mut trails = Vec::new();
    /// set.matches(&record, &mut trails);
    /// assert_eq!(trails, [0, 1]);
    /// ```
    pub fn compile(trails: &[&Selectors]) -> Self {
        let mut rules = Rules::new();
        for (trail, selectors) in (0_u32..).zip(trails) {
            for conditions in rules_of(selectors) {
                add(&mut rules, conditions, trail);
            }
        }
        let trail_words = trails.len().div_ceil(64);
        let group = |category| Group::compile(&rules, category, trail_words);
        let mut set = Self {
            management: group(Category::Management),
            data: group(Category::Data),
            network_activity: group(Category::NetworkActivity),
            trail_words,
            rule_words: 0,
        };
        let groups = [&set.management, &set.data, &set.network_activity];
        let words = groups.into_iter().flat_map(Group::buckets).map(Bucket::words).max();
        set.rule_words = words.unwrap_or(0);
        set
    }

    /// Replaces what is in `trails` by the trails that take a record, in ascending order.
    ///
    /// Insights events and aggregated ones are taken by nobody: what is delivered of them follows
    /// from a trail's insight selectors and its event configuration (documented).
    pub fn matches(&self, record: &RecordHead<'_>, trails: &mut Vec<u32>) {
        trails.clear();
        let group = match record.category() {
            Category::Management => &self.management,
            Category::Data => &self.data,
            Category::NetworkActivity => &self.network_activity,
            Category::Insight | Category::Other => return,
        };
        if let (true, Some(Bucket::Table(table))) = (group.is_plain(), &group.plain) {
            trails.extend_from_slice(table.answer(record, &ResourceRef::default()));
            return;
        }
        if group.buckets().next().is_none() {
            return;
        }
        with_words(self.trail_words + self.rule_words, |words| {
            let (trail_words, rule_words) = words.split_at_mut_checked(self.trail_words)?;
            let mut found = Found::new(trail_words);
            group.find(record, &mut found, rule_words);
            found.take(trails);
            Some(())
        });
    }
}

fn add(rules: &mut Rules, conditions: Vec<Condition>, trail: u32) {
    let trails = rules.entry(conditions).or_default();
    // Trails come in order, so the same one again is the last.
    if trails.last() != Some(&trail) {
        trails.push(trail);
    }
}

impl Group {
    fn compile(rules: &Rules, category: Category, trail_words: usize) -> Self {
        let (mut plain, mut loose) = (Rules::new(), Rules::new());
        let mut typed: BTreeMap<Box<str>, Rules> = BTreeMap::new();
        for (conditions, trails) in rules {
            let (asked, mut rest): (Vec<_>, Vec<_>) =
                conditions.iter().cloned().partition(|c| c.field == Some(Field::EventCategory));
            if !asked.iter().all(|condition| condition.holds(category.as_str())) {
                continue;
            }
            let is_type = |c: &Condition| c.field == Some(Field::ResourcesType);
            let types: Vec<_> = rest.iter().filter(|c| is_type(c)).cloned().collect();
            let asks_resources = rest.iter().any(|c| c.field.is_some_and(Field::is_of_resource));
            let wanted = match types.as_slice() {
                [condition] => condition.only_equals(),
                _ => None,
            };
            if let Some(wanted) = wanted {
                rest.retain(|condition| !is_type(condition));
                for name in wanted {
                    merge(typed.entry(name.into()).or_default(), &rest, trails);
                }
            } else {
                merge(if asks_resources { &mut loose } else { &mut plain }, &rest, trails);
            }
        }
        let bucket = |rules: &Rules| Bucket::compile(rules, trail_words);
        Self {
            plain: bucket(&plain),
            typed: typed.into_iter().filter_map(|(t, rules)| Some((t, bucket(&rules)?))).collect(),
            loose: bucket(&loose),
        }
    }

    fn is_plain(&self) -> bool {
        self.typed.is_empty() && self.loose.is_none()
    }

    fn buckets(&self) -> impl Iterator<Item = &Bucket> {
        let typed = self.typed.iter().map(|(_, bucket)| bucket);
        self.plain.iter().chain(typed).chain(&self.loose)
    }

    fn find<'s>(&'s self, record: &RecordHead<'_>, found: &mut Found<'s, '_>, words: &mut [u64]) {
        if let Some(bucket) = &self.plain {
            bucket.find(record, &ResourceRef::default(), found, words);
        }
        if self.is_plain() {
            return;
        }
        for resource in record.resource_refs() {
            if let Some(name) = resource.resource_type.as_deref() {
                let at = self.typed.binary_search_by(|(known, _)| (**known).cmp(name));
                if let Some((_, bucket)) = at.ok().and_then(|at| self.typed.get(at)) {
                    bucket.find(record, &resource, found, words);
                }
            }
            if let Some(bucket) = &self.loose {
                bucket.find(record, &resource, found, words);
            }
        }
    }
}

fn merge(rules: &mut Rules, conditions: &[Condition], trails: &[u32]) {
    let into = rules.entry(conditions.to_vec()).or_default();
    into.extend_from_slice(trails);
    into.sort_unstable();
    into.dedup();
}

impl Bucket {
    fn compile(rules: &Rules, trail_words: usize) -> Option<Self> {
        if rules.is_empty() {
            return None;
        }
        let table = Table::compile(rules).map(Self::Table);
        Some(table.unwrap_or_else(|| Self::Index(Index::compile(rules, trail_words))))
    }

    fn words(&self) -> usize {
        match self {
            Self::Table(_) => 0,
            Self::Index(index) => index.words(),
        }
    }

    fn find<'s>(
        &'s self,
        record: &RecordHead<'_>,
        resource: &ResourceRef<'_>,
        found: &mut Found<'s, '_>,
        words: &mut [u64],
    ) {
        match self {
            Self::Table(table) => found.add(table.answer(record, resource)),
            Self::Index(index) => index.find(record, resource, found, words),
        }
    }
}
