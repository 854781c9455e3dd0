//! Rules whose answer is worked out from what each field lets through.

use std::collections::BTreeMap;

use super::Rules;
use super::bits::{Found, IdSet, ones, set};
use super::edges::{Draft, Edges, End};
use super::rule::{Condition, Test};
use crate::selector::field::Field;
use crate::{RecordHead, ResourceRef};

/// Rules as bits.
#[derive(Debug)]
pub(super) struct Index {
    /// Words for a bit per rule.
    words: usize,
    /// Every rule that some record can match.
    rules: Box<[u64]>,
    fields: Vec<FieldIndex>,
    /// The trails of each rule.
    trails: Vec<Trails>,
}

/// Whose a rule is: mostly one trail's.
#[derive(Debug)]
enum Trails {
    One(u32),
    Some(IdSet),
}

/// The conditions that rules make on one field.
#[derive(Debug)]
struct FieldIndex {
    field: Field,
    /// Rules that a value lets through which no rule names: those that want nothing special.
    base: Box<[u64]>,
    front: Edges,
    /// Without entries for nearly all fields.
    back: Option<Edges>,
}

impl Index {
    pub(super) fn compile(rules: &Rules, trail_words: usize) -> Self {
        let words = rules.len().div_ceil(64);
        let mut possible = vec![0; words];
        // A field that a rule names twice is two fields: each has to let the rule through.
        let mut fields: BTreeMap<(Field, usize), Vec<(u32, &Condition)>> = BTreeMap::new();
        for (rule, conditions) in (0_u32..).zip(rules.keys()) {
            if conditions.iter().all(|c| c.field.is_some() || c.holds(None)) {
                set(&mut possible, rule);
            }
            for (at, condition) in conditions.iter().enumerate() {
                let Some(field) = condition.field else { continue };
                let earlier = conditions.iter().take(at);
                let nth = earlier.filter(|c| c.field == condition.field).count();
                fields.entry((field, nth)).or_default().push((rule, condition));
            }
        }
        let fields =
            fields.iter().map(|((field, _), of)| FieldIndex::compile(*field, of, &possible));
        Self {
            words,
            fields: fields.collect(),
            rules: possible.into(),
            trails: rules.values().map(|trails| Trails::new(trails, trail_words)).collect(),
        }
    }

    /// The words that [`Index::find`] needs.
    pub(super) fn words(&self) -> usize {
        self.words * 2
    }

    /// Adds the trails that take a record, seen through one of its resources.
    pub(super) fn find(
        &self,
        record: &RecordHead<'_>,
        resource: &ResourceRef<'_>,
        found: &mut Found<'_, '_>,
        words: &mut [u64],
    ) {
        let Some((left, rest)) = words.split_at_mut_checked(self.words) else { return };
        let Some(passing) = rest.get_mut(..self.words) else { return };
        left.copy_from_slice(&self.rules);
        for field in &self.fields {
            field.keep(field.field.value(record, resource), left, passing);
            if left.iter().all(|word| *word == 0) {
                return;
            }
        }
        let trails = found.mix();
        for rule in ones(left) {
            match self.trails.get(rule as usize) {
                Some(Trails::One(trail)) => set(trails, *trail),
                Some(Trails::Some(ids)) => ids.add_to(trails),
                None => {}
            }
        }
    }
}

impl Trails {
    fn new(ids: &[u32], words: usize) -> Self {
        match ids {
            [trail] => Self::One(*trail),
            _ => Self::Some(IdSet::new(ids, words)),
        }
    }
}

impl FieldIndex {
    fn compile(field: Field, conditions: &[(u32, &Condition)], rules: &[u64]) -> Self {
        let mut base = rules.to_vec();
        let mut front: BTreeMap<Box<str>, Draft> = BTreeMap::new();
        let mut back: BTreeMap<Box<str>, Draft> = BTreeMap::new();
        for (rule, condition) in conditions {
            if !condition.takes.is_empty() {
                IdSet::Few([*rule].into()).remove_from(&mut base);
            }
            let takes = condition.takes.iter().map(|test| (test, true));
            for (test, is_taken) in takes.chain(condition.refuses.iter().map(|test| (test, false)))
            {
                let (edges, text) = match test {
                    Test::Whole(text) | Test::Start(text) => (&mut front, text),
                    Test::End(text) => (&mut back, text),
                };
                let draft = edges.entry(text.clone()).or_default();
                let ids = match (test, is_taken) {
                    (Test::Whole(_), true) => &mut draft.whole_takes,
                    (Test::Whole(_), false) => &mut draft.whole_refuses,
                    (_, true) => &mut draft.edge_takes,
                    (_, false) => &mut draft.edge_refuses,
                };
                ids.push(*rule);
            }
        }
        let words = rules.len();
        Self {
            field,
            base: base.into(),
            front: Edges::compile(End::Front, front, words),
            back: (!back.is_empty()).then(|| Edges::compile(End::Back, back, words)),
        }
    }

    /// Takes out of `left` the rules that a value does not let through; `passing` is room to work.
    fn keep(&self, value: Option<&str>, left: &mut [u64], passing: &mut [u64]) {
        passing.copy_from_slice(&self.base);
        if let Some(value) = value {
            // What is refused is out whatever else takes it, so the order does not matter.
            for edges in [Some(&self.front), self.back.as_ref()].into_iter().flatten() {
                edges.visit(value, |effect| {
                    effect.takes.add_to(passing);
                    effect.refuses.remove_from(left);
                });
            }
        }
        left.iter_mut().zip(&*passing).for_each(|(left, passing)| *left &= passing);
    }
}
