//! The compiled set against the plain meaning, on random selectors and records of few words, so
//! that they meet.

use cairn_event::selector::{
    AdvancedEventSelector, DataResource, EventSelector, FieldSelector, SelectorSet, Selectors,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{matching, naive};

const CATEGORIES: [&str; 3] = ["Management", "Data", "NetworkActivity"];
const TYPES: [&str; 4] =
    ["AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table", "AWS::SNS::Topic"];
const SOURCES: [&str; 3] = ["kms.amazonaws.com", "rdsdata.amazonaws.com", "s3.amazonaws.com"];

fn word() -> BoxedStrategy<String> {
    prop_oneof![3 => "[ab]{0,4}", 1 => "arn:aws:s3:::[ab]{0,3}"].boxed()
}

fn one_of(words: &'static [&'static str]) -> BoxedStrategy<String> {
    select(words).prop_map(str::to_owned).boxed()
}

fn values(of: BoxedStrategy<String>) -> BoxedStrategy<Option<Vec<String>>> {
    prop_oneof![2 => Just(None), 1 => vec(of, 0..4).prop_map(Some)].boxed()
}

fn condition(field: &'static str, value: &BoxedStrategy<String>) -> BoxedStrategy<FieldSelector> {
    let list = || values(value.clone());
    (list(), list(), list(), list(), list(), list())
        .prop_map(
            move |(equals, starts_with, ends_with, not_equals, not_starts_with, not_ends_with)| {
                let field = field.to_owned();
                FieldSelector {
                    field,
                    equals,
                    starts_with,
                    ends_with,
                    not_equals,
                    not_starts_with,
                    not_ends_with,
                }
            },
        )
        .boxed()
}

fn equals(field: &'static str, value: BoxedStrategy<String>) -> BoxedStrategy<FieldSelector> {
    value
        .prop_map(move |value| FieldSelector {
            field: field.to_owned(),
            equals: Some(vec![value]),
            ..FieldSelector::default()
        })
        .boxed()
}

fn any_condition() -> BoxedStrategy<FieldSelector> {
    let fields: &[&'static str] = &[
        "eventName",
        "eventSource",
        "eventType",
        "errorCode",
        "vpcEndpointId",
        "userIdentity.arn",
        "resources.ARN",
        "resources.ARN",
        "sourceIPAddress",
    ];
    prop_oneof![
        10 => select(fields).prop_flat_map(|field| condition(field, &word())),
        2 => equals("readOnly", one_of(&["true", "false"])),
        1 => condition("readOnly", &one_of(&["true", "false"])),
        2 => condition("eventSource", &one_of(&SOURCES)),
        2 => condition("eventName", &one_of(&["a", "b", "ab"])),
        1 => condition("sessionCredentialFromConsole", &one_of(&["true", "false"])),
        1 => condition("resources.type", &one_of(&TYPES)),
        1 => condition("eventCategory", &one_of(&CATEGORIES)),
    ]
    .boxed()
}

fn advanced() -> BoxedStrategy<AdvancedEventSelector> {
    let category = option::weighted(0.9, equals("eventCategory", one_of(&CATEGORIES)));
    let kind = option::weighted(0.5, equals("resources.type", one_of(&TYPES)));
    (category, kind, vec(any_condition(), 0..4))
        .prop_map(|(category, kind, rest)| AdvancedEventSelector {
            name: None,
            field_selectors: category.into_iter().chain(kind).chain(rest).collect(),
        })
        .boxed()
}

fn basic() -> BoxedStrategy<EventSelector> {
    let all = one_of(&["arn:aws:s3", "arn:aws:s3:::", "arn:aws:lambda", "arn:aws:dynamodb"]);
    let value = prop_oneof![4 => word(), 1 => all].boxed();
    let data = (option::of(one_of(&TYPES)), values(value))
        .prop_map(|(kind, values)| DataResource { kind, values });
    (
        option::of(one_of(&["ReadOnly", "WriteOnly", "All"])),
        any::<Option<bool>>(),
        option::of(vec(data, 0..3)),
        values(one_of(&SOURCES)),
    )
        .prop_map(|(read_write_type, include_management_events, data_resources, excluded)| {
            EventSelector {
                read_write_type,
                include_management_events,
                data_resources,
                exclude_management_event_sources: excluded,
            }
        })
        .boxed()
}

fn selectors() -> BoxedStrategy<Selectors> {
    prop_oneof![
        1 => vec(basic(), 0..3).prop_map(Selectors::Basic),
        3 => vec(advanced(), 0..4).prop_map(Selectors::Advanced),
    ]
    .boxed()
}

fn resource() -> BoxedStrategy<Value> {
    let arn = option::weighted(0.8, (select(["ARN", "arn", "ARNPrefix"].as_slice()), word()));
    (option::weighted(0.9, one_of(&TYPES)), arn)
        .prop_map(|(kind, arn)| {
            let mut resource = json!({});
            if let Some(kind) = kind {
                resource["type"] = json!(kind);
            }
            if let Some((key, arn)) = arn {
                resource[key] = json!(arn);
            }
            resource
        })
        .boxed()
}

fn record() -> BoxedStrategy<String> {
    let texts = (option::of(word()), option::of(word()), option::of(word()), option::of(word()));
    let source = option::of(prop_oneof![word(), one_of(&SOURCES)]);
    let categories: &[&str] =
        &["Management", "Data", "Data", "Data", "NetworkActivity", "Insight", "Aggregated"];
    let flag = || prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::Bool)];
    (
        option::weighted(0.9, select(categories)),
        texts,
        source,
        flag(),
        flag(),
        vec(resource(), 0..4),
    )
        .prop_map(|(category, texts, source, read_only, console, resources)| {
            let mut record = json!({
                "userIdentity": {"arn": texts.0}, "eventName": texts.1, "errorCode": texts.2,
                "eventType": texts.3, "vpcEndpointId": texts.1, "eventSource": source,
                "readOnly": read_only, "resources": resources,
            });
            if !console.is_null() {
                record["sessionCredentialFromConsole"] = json!(console.to_string());
            }
            if let Some(category) = category {
                record["eventCategory"] = json!(category);
            }
            record.to_string()
        })
        .boxed()
}

proptest! {

    #[test]
    fn a_set_takes_what_its_selectors_take(
        trails in vec(selectors(), 0..80), records in vec(record(), 1..8),
    ) {
        let set = SelectorSet::compile(&trails.iter().collect::<Vec<_>>());
        for record in records {
            let wanted: Vec<u32> = (0..)
                .zip(&trails)
                .filter(|(_, selectors)| naive::takes(selectors, &record))
                .map(|(trail, _)| trail)
                .collect();
            prop_assert_eq!(matching(&set, &record), wanted, "{}", record);
        }
    }
}

#[test]
fn thousands_of_trails_are_told_apart() {
    let trails: Vec<Selectors> = (0..7000)
        .map(|number| {
            let of = |field: &str| FieldSelector { field: field.to_owned(), ..Default::default() };
            let is = |field, value: &str| FieldSelector {
                equals: Some(vec![value.to_owned()]),
                ..of(field)
            };
            let arn = FieldSelector {
                starts_with: Some(vec![format!("arn:aws:s3:::bucket-{number}/")]),
                ..of("resources.ARN")
            };
            Selectors::Advanced(vec![AdvancedEventSelector {
                name: None,
                field_selectors: vec![
                    is("eventCategory", "Data"),
                    is("resources.type", "AWS::S3::Object"),
                    arn,
                ],
            }])
        })
        .collect();
    let set = SelectorSet::compile(&trails.iter().collect::<Vec<_>>());
    for number in [0_u32, 9, 63, 64, 700, 6999] {
        let record = json!({"eventCategory": "Data", "resources": [
            {"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::bucket-{number}/key")},
            {"type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::bucket-{number}")},
        ]});
        assert_eq!(matching(&set, &record.to_string()), [number]);
    }
}
