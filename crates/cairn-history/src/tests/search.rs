//! `search` agrees with a plain list, however it is answered and however small its budget is.

use cairn_event::RecordHead;

use super::support::{ACCOUNTS, Dice, Model, all_pages, open};
use crate::{Field, Filter, History, Match, SearchBudget, SearchQuery, Sieve};

/// A query, and the same in plain words.
type Case = (SearchQuery, fn(&RecordHead<'_>, &str) -> bool);

fn by(filters: Vec<Filter>) -> SearchQuery {
    SearchQuery { filters, ..SearchQuery::default() }
}

fn cases() -> Vec<Case> {
    let with_text = SearchQuery {
        filters: vec![Filter::equals(Field::ErrorCode, "Denied2")],
        texts: vec!["trail-5".into(), "user-1".into()],
        ..SearchQuery::default()
    };
    let text_only = SearchQuery { texts: vec!["\"id-77\"".into()], ..SearchQuery::default() };
    vec![
        (SearchQuery::default(), |_, _| true),
        (by(vec![Filter::equals(Field::EventId, "id-1234")]), |head, _| {
            head.event_id.as_deref() == Some("id-1234")
        }),
        (by(vec![Filter::equals(Field::EventName, "GetTrail")]), |head, _| {
            head.event_name.as_deref() == Some("GetTrail")
        }),
        (
            by(vec![
                Filter::equals(Field::UserName, "user-3"),
                Filter::equals(Field::Account, ACCOUNTS[1]),
                Filter::equals(Field::Category, "Data"),
            ]),
            |head, _| {
                head.username().as_deref() == Some("user-3")
                    && head.account() == Some(ACCOUNTS[1])
                    && head.event_category.as_deref() == Some("Data")
            },
        ),
        (by(vec![Filter::prefix(Field::ErrorCode, "Den")]), |head, _| head.error_code.is_some()),
        (by(vec![Filter { field: Field::ErrorCode, value: Match::Absent }]), |head, _| {
            head.error_code.is_none()
        }),
        (by(vec![Filter { field: Field::ErrorCode, value: Match::Present }]), |head, _| {
            head.error_code.is_some()
        }),
        (by(vec![Filter::contains(Field::ResourceName, "ail-2")]), |head, _| {
            cairn_event::lookup_resources(head).iter().any(|one| one.resource_name == "trail-2")
        }),
        (by(vec![Filter { field: Field::ResourceType, value: Match::Absent }]), |head, _| {
            cairn_event::lookup_resources(head).iter().all(|one| one.resource_type.is_none())
        }),
        (by(vec![Filter::equals(Field::ReadOnly, "true")]), |head, _| head.read_only == Some(true)),
        (with_text, |head, text| {
            head.error_code.as_deref() == Some("Denied2")
                && text.contains("trail-5")
                && text.contains("user-1")
        }),
        (text_only, |_, text| text.contains("\"id-77\"")),
        (by(vec![Filter::equals(Field::Account, "999999999999")]), |_, _| false),
    ]
}

/// Questions for objects of S3, of which the columns know nothing.
fn cases_of_objects() -> Vec<Case> {
    fn has(head: &RecordHead<'_>, pass: fn(&str) -> bool) -> bool {
        head.resource_refs().any(|own| own.arn.is_some_and(|arn| pass(&arn)))
    }
    vec![
        (by(vec![Filter::equals(Field::ResourceName, "bucket-3/key/2")]), |head, _| {
            has(head, |arn| arn.ends_with(":bucket-3/key/2"))
        }),
        (
            by(vec![Filter::equals(Field::ResourceName, "arn:aws:s3:::bucket-3/key/2")]),
            |head, _| has(head, |arn| arn.ends_with(":bucket-3/key/2")),
        ),
        (
            by(vec![
                Filter::prefix(Field::ResourceName, "bucket-3/ke"),
                Filter::equals(Field::EventName, "GetTrail"),
            ]),
            |head, _| {
                has(head, |arn| arn.contains(":bucket-3/key/"))
                    && head.event_name.as_deref() == Some("GetTrail")
            },
        ),
        // What is listed is found as before.
        (by(vec![Filter::contains(Field::ResourceName, "l-2")]), |head, _| {
            cairn_event::lookup_resources(head).iter().any(|one| one.resource_name == "trail-2")
        }),
        (by(vec![Filter::contains(Field::ResourceName, "key/4")]), |head, _| {
            has(head, |arn| arn.ends_with("/key/4"))
        }),
        (by(vec![Filter::equals(Field::ResourceName, "bucket-3/key")]), |_, _| false),
        // A bucket's ARN finds what its name finds.
        (by(vec![Filter::equals(Field::ResourceName, "arn:aws:s3:::trail-2")]), |head, _| {
            cairn_event::lookup_resources(head).iter().any(|one| one.resource_name == "trail-2")
        }),
    ]
}

#[test]
fn it_agrees_with_a_plain_list() {
    let directory = tempfile::tempdir().unwrap();
    let mut dice = Dice::new(3);
    let history = open(directory.path());
    let mut model = Model::default();
    for _ in 0..6 {
        model.append(&history, &mut dice, 900);
        history.seal().unwrap();
    }
    history.merge_step().unwrap().unwrap();
    model.append(&history, &mut dice, 9_000);
    compare(&history, &model);
}

/// Asks all cases, with a small budget and without one.
pub(super) fn compare(history: &History, model: &Model) {
    for (query, pass) in cases().into_iter().chain(cases_of_objects()) {
        let expected = model.hits(pass);
        let sieve = Sieve::new(&query);
        let passed = model.hits(|_, text| sieve.passes(text.as_bytes()));
        assert_eq!(passed, expected, "{query:?}");
        for rows_max in [1_000, u64::MAX] {
            let budget = SearchBudget::rows(rows_max);
            let found = all_pages(|after| history.search(&query, after, 70, budget).unwrap());
            assert_eq!(found.len(), expected.len(), "{query:?}");
            assert_eq!(found, expected, "{query:?}");
        }
    }
}

#[test]
fn a_budget_ends_a_page_and_the_next_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let history = open(directory.path());
    let mut model = Model::default();
    model.append(&history, &mut Dice::new(3), 2_000);
    history.seal().unwrap();
    let query = by(vec![Filter::equals(Field::UserAgent, "nobody")]);
    let page = history.search(&query, None, 10, SearchBudget::rows(500)).unwrap();
    assert_eq!((page.hits.len(), page.rows_scanned), (0, 500));
    let stopped = SearchBudget { rows_max: 100, stop: &|| true };
    let next = history.search(&query, page.next, 10, stopped).unwrap();
    assert_eq!((next.hits.len(), next.rows_scanned), (0, 100));
    assert!(next.next < page.next);
    let last = history.search(&query, next.next, 10, SearchBudget::rows(u64::MAX)).unwrap();
    assert_eq!((last.rows_scanned, last.next), (1_400, None));
}
