//! Advanced selectors.

use super::field_rules::{FieldRule, category, is_arn_of, rules};
use crate::selector::field::Field;
use crate::selector::{AdvancedEventSelector, FieldSelector, Operator, SelectorFault};

/// The most advanced selectors of a trail (observed in the text of the refusal).
const SELECTORS_MAX: usize = 500;
/// The most values in all conditions of a trail's selectors together (documented).
const VALUES_MAX: usize = 500;
/// The longest name of a selector (modelled).
const NAME_CHARACTERS_MAX: usize = 1000;
/// The longest value of a condition (modelled).
const VALUE_CHARACTERS_MAX: usize = 2048;

const EVENT_CATEGORY: &str = "eventCategory";

pub(super) fn check(
    selectors: Vec<AdvancedEventSelector>,
) -> Result<Vec<AdvancedEventSelector>, SelectorFault> {
    if selectors.is_empty() || selectors.len() > SELECTORS_MAX {
        return Err(SelectorFault::AdvancedCount);
    }
    let selectors: Vec<_> = selectors.into_iter().map(without_empty_operators).collect();
    for selector in &selectors {
        check_one(selector)?;
    }
    let conditions = selectors.iter().flat_map(|selector| &selector.field_selectors);
    let values: usize = conditions.flat_map(FieldSelector::operators).map(|(_, v)| v.len()).sum();
    if values > VALUES_MAX {
        return Err(SelectorFault::AdvancedValueCount);
    }
    Ok(selectors)
}

fn without_empty_operators(mut selector: AdvancedEventSelector) -> AdvancedEventSelector {
    for condition in &mut selector.field_selectors {
        for values in [
            &mut condition.equals,
            &mut condition.starts_with,
            &mut condition.ends_with,
            &mut condition.not_equals,
            &mut condition.not_starts_with,
            &mut condition.not_ends_with,
        ] {
            if values.as_ref().is_some_and(Vec::is_empty) {
                *values = None;
            }
        }
    }
    selector
}

fn check_one(selector: &AdvancedEventSelector) -> Result<(), SelectorFault> {
    if selector.name.as_ref().is_some_and(|name| name.chars().count() > NAME_CHARACTERS_MAX) {
        return Err(SelectorFault::NameLength);
    }
    let conditions = &selector.field_selectors;
    let of = |field: &str| conditions.iter().find(|condition| condition.field == field);
    let required = |field| SelectorFault::FieldRequired { field };
    let chosen = of(EVENT_CATEGORY).ok_or(required(EVENT_CATEGORY))?;
    let operators: Vec<_> = chosen.operators().collect();
    if operators.is_empty() {
        return Err(SelectorFault::OperatorMissing { field: EVENT_CATEGORY.to_owned() });
    }
    if let Some((operator, _)) = operators.iter().find(|(o, _)| *o != Operator::Equals) {
        let (operator, field) = (*operator, EVENT_CATEGORY);
        return Err(SelectorFault::OperatorNotAllowed { operator, field });
    }
    let category = chosen.equals.as_deref().and_then(|values| match values {
        [value] => category(value),
        _ => None,
    });
    let category = category.ok_or(SelectorFault::FieldValue { field: EVENT_CATEGORY })?;
    let rules = rules(category);
    for (at, condition) in conditions.iter().enumerate() {
        let name = condition.field.as_str();
        if conditions.iter().take(at).any(|earlier| earlier.field == name) {
            return Err(SelectorFault::FieldRepeated { field: name.to_owned() });
        }
        if name == EVENT_CATEGORY {
            continue;
        }
        let rule = rules.iter().find(|rule| rule.field.as_str() == name).ok_or_else(|| {
            let category = category.as_str().unwrap_or_default();
            SelectorFault::FieldNotAllowed { category, field: name.to_owned() }
        })?;
        check_condition(condition, rule)?;
    }
    for rule in rules.iter().filter(|rule| rule.is_required) {
        of(rule.field.as_str()).ok_or(required(rule.field.as_str()))?;
    }
    check_arns(selector)
}

fn check_condition(condition: &FieldSelector, rule: &FieldRule) -> Result<(), SelectorFault> {
    let field = rule.field.as_str();
    let mut count = 0;
    for (operator, values) in condition.operators() {
        if !rule.operators.contains(&operator) {
            return Err(SelectorFault::OperatorNotAllowed { operator, field });
        }
        let is_fine = |value: &String| {
            !value.is_empty()
                && value.chars().count() <= VALUE_CHARACTERS_MAX
                && (rule.takes)(value)
        };
        count += values.len();
        if !values.iter().all(is_fine) || (rule.is_single && count > 1) {
            return Err(SelectorFault::FieldValue { field });
        }
    }
    if count == 0 {
        return Err(SelectorFault::OperatorMissing { field: field.to_owned() });
    }
    Ok(())
}

/// ARNs that are compared as a whole have to be ARNs; beginnings and ends are any text (observed).
fn check_arns(selector: &AdvancedEventSelector) -> Result<(), SelectorFault> {
    let of = |field: Field| {
        selector.field_selectors.iter().find(move |condition| condition.field == field.as_str())
    };
    let Some(arns) = of(Field::ResourcesArn) else { return Ok(()) };
    let kind = of(Field::ResourcesType)
        .and_then(|condition| condition.equals.as_deref()?.first())
        .map_or("", String::as_str);
    let mut whole = arns.equals.iter().chain(&arns.not_equals).flatten();
    match whole.find(|arn| !is_arn_of(kind, arn)) {
        Some(arn) => Err(SelectorFault::Arn { arn: arn.clone() }),
        None => Ok(()),
    }
}
