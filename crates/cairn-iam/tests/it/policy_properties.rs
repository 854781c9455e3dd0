//! What holds for every policy and every request.

use std::time::Instant;

use cairn_iam::policy::{Caller, Context, Decision, Policy, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policy_cases::Case;

fn ask(policy: &Policy, context: &Context) -> Decision {
    policy.decide(&Request {
        principal: Caller::Anonymous,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        context,
    })
}

fn policy(effect: &str, condition: &Value) -> Policy {
    let statement = json!({
        "Effect": effect, "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition,
    });
    let document = json!({ "Version": "2012-10-17", "Statement": statement });
    Policy::parse(&document.to_string()).unwrap()
}

const OPPOSITES: [(&str, &str); 8] = [
    ("StringEquals", "StringNotEquals"),
    ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
    ("StringLike", "StringNotLike"),
    ("NumericEquals", "NumericNotEquals"),
    ("NumericLessThan", "NumericGreaterThanEquals"),
    ("NumericGreaterThan", "NumericLessThanEquals"),
    ("DateEquals", "DateNotEquals"),
    ("IpAddress", "NotIpAddress"),
];

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = Policy::parse(&text);
        let _ = Policy::parse_identity(&text);
        let _ = Policy::parse(&format!("{{\"Statement\":[{{{text}}}]}}"));
    }

    #[test]
    fn damaged_policies_are_read_or_refused(
        number in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        cut in 0_usize..4,
        add in "[\\[\\]{}\":,*?$a-z0-9]{0,3}",
    ) {
        let cases = Case::all();
        let case = &cases[number.index(cases.len())];
        let mut characters: Vec<char> = case.text.chars().collect();
        let at = at.index(characters.len() + 1);
        let end = (at + cut).min(characters.len());
        characters.splice(at..end, add.chars());
        let text: String = characters.into_iter().collect();
        for policy in [Policy::parse(&text), Policy::parse_identity(&text)].into_iter().flatten() {
            for asked in case.requests() {
                asked.of(&policy);
            }
        }
    }

    #[test]
    fn the_order_of_statements_does_not_matter(
        number in any::<prop::sample::Index>(), shift in 0_usize..5,
    ) {
        let cases: Vec<&Case> =
            Case::all().iter().filter(|case| case.verdict != "malformed").collect();
        let case = &cases[number.index(cases.len())];
        let mut document: Value = serde_json::from_str(&case.text).unwrap();
        if let Some(statements) = document["Statement"].as_array_mut() {
            let count = statements.len();
            statements.rotate_left(shift % count);
            statements.swap(0, count - 1);
        }
        let moved = case.with_text(document.to_string());
        for asked in case.requests() {
            prop_assert_eq!(asked.of(&moved.parse().unwrap()), asked.of(&case.parse().unwrap()));
        }
    }

    #[test]
    fn a_denial_of_everything_denies_everything(number in any::<prop::sample::Index>()) {
        let cases: Vec<&Case> =
            Case::all().iter().filter(|case| case.verdict == "allow").collect();
        let case = &cases[number.index(cases.len())];
        let mut document: Value = serde_json::from_str(&case.text).unwrap();
        let mut denial = json!({ "Effect": "Deny", "Action": "*", "Resource": "*" });
        if !case.is_identity() {
            denial["Principal"] = json!("*");
        }
        let statements = match document["Statement"].take() {
            Value::Array(mut statements) => { statements.push(denial); statements }
            one => vec![one, denial],
        };
        document["Statement"] = Value::Array(statements);
        let denied = case.with_text(document.to_string()).parse().unwrap();
        for asked in case.requests() {
            prop_assert_eq!(asked.of(&denied), Decision::Deny);
        }
    }

    /// Of an operator and its opposite, one holds for a value of the right type, for both effects.
    #[test]
    fn an_operator_or_its_opposite_holds(
        pair in prop::sample::select(OPPOSITES.to_vec()),
        wanted in prop::collection::vec("[0-9]{1,3}", 1..3),
        found in "[0-9]{1,3}",
    ) {
        let dress = |text: &String| if pair.0.starts_with("Ip") {
            format!("10.0.0.{}", text.parse::<u16>().unwrap() % 256)
        } else {
            text.clone()
        };
        let mut wanted: Vec<String> = wanted.iter().map(dress).collect();
        // With several values, "less than one of them" and "not less than one of them" overlap.
        if pair.0.ends_with("Than") {
            wanted.truncate(1);
        }
        let context = Context::new().with("a:b", dress(&found));
        for (effect, decision) in [("Allow", Decision::Allow), ("Deny", Decision::Deny)] {
            let holds = |operator: &str| {
                ask(&policy(effect, &json!({ operator: { "a:b": wanted } })), &context) == decision
            };
            prop_assert!(holds(pair.0) != holds(pair.1));
        }
    }
}

/// The costliest policies that the limits let in, against the longest values.
#[test]
fn the_worst_is_bearable() {
    let value = "a".repeat(8 << 10);
    let context = Context::new().with("a:b", value.clone()).with("aws:userid", value);
    let values = |text: &'static str| vec![text; (30 << 10) / (text.len() + 3)];
    let long = "*a?".repeat(9_000);
    let wanted = [
        values("*?*a*?b"),
        values("${aws:userid}"),
        values("*${aws:userid, '*'}?"),
        vec![long.as_str()],
    ];
    for values in wanted {
        let policy = policy("Allow", &json!({ "StringLike": { "a:b": values } }));
        let begin = Instant::now();
        assert_eq!(ask(&policy, &context), Decision::NotMentioned);
        // Far above what it takes, far below what backtracking would.
        assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    }
}
