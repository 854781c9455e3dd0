//! Selectors as rules: conditions that all have to hold.

use crate::selector::check::{is_all_of, is_prefix_type};
use crate::selector::field::Field;
use crate::selector::{AdvancedEventSelector, EventSelector, Operator, Selectors};

/// A condition on one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Condition {
    /// The field; none if no record has it.
    pub(super) field: Option<Field>,
    /// One of these has to hold, if there are any.
    pub(super) takes: Vec<Test>,
    /// None of these may hold.
    pub(super) refuses: Vec<Test>,
}

/// A comparison with one value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Test {
    Whole(Box<str>),
    Start(Box<str>),
    End(Box<str>),
}

impl Test {
    fn holds(&self, value: &str) -> bool {
        match self {
            Self::Whole(text) => value == &**text,
            Self::Start(text) => value.starts_with(&**text),
            Self::End(text) => value.ends_with(&**text),
        }
    }
}

impl Condition {
    fn new(field: Option<Field>, mut takes: Vec<Test>, mut refuses: Vec<Test>) -> Self {
        for tests in [&mut takes, &mut refuses] {
            tests.sort_unstable();
            tests.dedup();
        }
        Self { field, takes, refuses }
    }

    fn equals<'v>(field: Field, values: impl IntoIterator<Item = &'v str>) -> Self {
        Self::new(Some(field), values.into_iter().map(|v| Test::Whole(v.into())).collect(), vec![])
    }

    /// Whether it holds for a value.
    pub(super) fn holds(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return self.takes.is_empty() };
        let any = |tests: &[Test]| tests.iter().any(|test| test.holds(value));
        (self.takes.is_empty() || any(&self.takes)) && !any(&self.refuses)
    }

    /// The values, if the condition is that the field is one of some values.
    pub(super) fn only_equals(&self) -> Option<Vec<&str>> {
        let is_plain = !self.takes.is_empty() && self.refuses.is_empty();
        let values = self.takes.iter().map(|test| match test {
            Test::Whole(value) => Some(&**value),
            Test::Start(_) | Test::End(_) => None,
        });
        is_plain.then(|| values.collect()).flatten()
    }
}

/// The rules of a trail: it takes what one of them takes.
pub(super) fn rules_of(selectors: &Selectors) -> Vec<Vec<Condition>> {
    let mut rules = match selectors {
        Selectors::Basic(selectors) => selectors.iter().flat_map(rules_of_basic).collect(),
        Selectors::Advanced(selectors) => selectors.iter().map(rule_of).collect::<Vec<_>>(),
    };
    for rule in &mut rules {
        rule.retain(|condition| !condition.takes.is_empty() || !condition.refuses.is_empty());
        rule.sort_unstable();
        rule.dedup();
    }
    rules
}

fn rule_of(selector: &AdvancedEventSelector) -> Vec<Condition> {
    let conditions = selector.field_selectors.iter().map(|condition| {
        let (mut takes, mut refuses) = (Vec::new(), Vec::new());
        for (operator, values) in condition.operators() {
            let into = if operator.is_positive() { &mut takes } else { &mut refuses };
            into.extend(values.iter().map(|value| test(operator, value)));
        }
        Condition::new(Field::parse(&condition.field), takes, refuses)
    });
    conditions.collect()
}

fn test(operator: Operator, value: &str) -> Test {
    match operator {
        Operator::Equals | Operator::NotEquals => Test::Whole(value.into()),
        Operator::StartsWith | Operator::NotStartsWith => Test::Start(value.into()),
        Operator::EndsWith | Operator::NotEndsWith => Test::End(value.into()),
    }
}

/// A basic selector is one rule for management events and one for each entry of `DataResources`.
fn rules_of_basic(selector: &EventSelector) -> Vec<Vec<Condition>> {
    let read_only = match selector.read_write_type.as_deref() {
        Some("ReadOnly") => Some("true"),
        Some("WriteOnly") => Some("false"),
        _ => None,
    };
    // It counts for management and data events alike (documented).
    let base = |category| {
        let read_only = read_only.map(|value| Condition::equals(Field::ReadOnly, [value]));
        let category = Condition::equals(Field::EventCategory, [category]);
        [category].into_iter().chain(read_only)
    };
    let mut rules = Vec::new();
    if selector.include_management_events != Some(false) {
        let excluded = selector.exclude_management_event_sources.iter().flatten();
        let excluded = excluded.map(|source| Test::Whole(source.as_str().into())).collect();
        let sources = Condition::new(Some(Field::EventSource), vec![], excluded);
        rules.push(base("Management").chain([sources]).collect());
    }
    for resource in selector.data_resources.iter().flatten() {
        let kind = resource.kind.as_deref().unwrap_or_default();
        let values = resource.values.as_deref().unwrap_or_default();
        if values.is_empty() {
            // An empty list takes nothing (observed), where no condition would take everything.
            continue;
        }
        let test = |value: &String| {
            let value = value.as_str().into();
            if is_prefix_type(kind) { Test::Start(value) } else { Test::Whole(value) }
        };
        let takes_all = values.iter().any(|value| is_all_of(kind, value));
        let arns = if takes_all { vec![] } else { values.iter().map(test).collect() };
        let asked = [
            Condition::equals(Field::ResourcesType, [kind]),
            Condition::new(Some(Field::ResourcesArn), arns, vec![]),
        ];
        rules.push(base("Data").chain(asked).collect());
    }
    rules
}
