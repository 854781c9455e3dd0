//! Rules whose every answer is known beforehand, because few values decide.

use super::Rules;
use super::rule::{Condition, Test};
use crate::selector::field::Field;
use crate::{RecordHead, ResourceRef};

/// The most answers of a table.
const ANSWERS_MAX: usize = 256;
/// The most trails in all answers of a table together.
const TRAILS_MAX: usize = 1 << 16;

/// The answers for each combination of values.
#[derive(Debug)]
pub(super) struct Table {
    /// The fields that decide, each with the values that are told apart, in order.
    fields: Vec<(Field, Vec<Box<str>>)>,
    /// The trails for each combination: the values of the last field follow each other, and after a
    /// field's values comes everything else.
    answers: Vec<Box<[u32]>>,
}

impl Table {
    /// A table of rules, if they only compare with whole values and not with many.
    pub(super) fn compile(rules: &Rules) -> Option<Self> {
        let mut fields: Vec<(Field, Vec<Box<str>>)> = Vec::new();
        for condition in rules.keys().flatten() {
            // A condition on no field is the same for every record.
            let Some(field) = condition.field else { continue };
            let at = fields.iter().position(|(known, _)| *known == field).unwrap_or_else(|| {
                fields.push((field, Vec::new()));
                fields.len() - 1
            });
            let (_, values) = fields.get_mut(at)?;
            for test in condition.takes.iter().chain(&condition.refuses) {
                let Test::Whole(value) = test else { return None };
                if let Err(at) = values.binary_search(value) {
                    values.insert(at, value.clone());
                }
            }
            if values.len() >= ANSWERS_MAX {
                return None;
            }
        }
        let count = fields.iter().try_fold(1_usize, |count, (_, values)| {
            count.checked_mul(values.len() + 1).filter(|count| *count <= ANSWERS_MAX)
        })?;
        let trails: usize = rules.values().map(Vec::len).sum();
        if trails.saturating_mul(count) > TRAILS_MAX {
            return None;
        }
        let answers = (0..count).map(|number| answer(rules, &choice(&fields, number))).collect();
        Some(Self { fields, answers })
    }

    /// The trails that take a record, seen through one of its resources, in ascending order.
    pub(super) fn answer(&self, record: &RecordHead<'_>, resource: &ResourceRef<'_>) -> &[u32] {
        let mut number = 0;
        for (field, values) in &self.fields {
            let other = values.len();
            let value = field.value(record, resource);
            let at = value.and_then(|value| values.iter().position(|known| **known == *value));
            number = number * (other + 1) + at.unwrap_or(other);
        }
        self.answers.get(number).map_or(&[], |trails| trails)
    }
}

/// The values that an answer stands for; none is any value that no rule names.
fn choice(fields: &[(Field, Vec<Box<str>>)], mut number: usize) -> Vec<(Field, Option<&str>)> {
    let mut chosen: Vec<_> = fields
        .iter()
        .rev()
        .map(|(field, values)| {
            let at = number % (values.len() + 1);
            number /= values.len() + 1;
            (*field, values.get(at).map(|value| &**value))
        })
        .collect();
    chosen.reverse();
    chosen
}

fn answer(rules: &Rules, chosen: &[(Field, Option<&str>)]) -> Box<[u32]> {
    let holds = |condition: &Condition| {
        let value = chosen.iter().find(|(field, _)| condition.field == Some(*field));
        condition.holds(value.and_then(|(_, value)| *value))
    };
    let taken = rules.iter().filter(|(conditions, _)| conditions.iter().all(holds));
    let mut trails: Vec<u32> = taken.flat_map(|(_, trails)| trails).copied().collect();
    trails.sort_unstable();
    trails.dedup();
    trails.into()
}
