//! Selectors: cases whose file name is the verdict, real selectors over real records, and the
//! compiled set against an evaluation that takes one selector at a time.

mod cases;
mod naive;
mod property;
mod real;

use cairn_event::selector::Selectors;
use cairn_event::selector::{AdvancedEventSelector, EventSelector, SelectorFault, SelectorSet};
use cairn_event::{Category, RecordHead};
use serde::Deserialize;

/// The members of `PutEventSelectors` that hold selectors.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    event_selectors: Option<Vec<EventSelector>>,
    advanced_event_selectors: Option<Vec<AdvancedEventSelector>>,
}

impl Request {
    fn check(self) -> Result<Selectors, SelectorFault> {
        match (self.event_selectors, self.advanced_event_selectors) {
            (Some(_), Some(_)) => Err(SelectorFault::BothKinds),
            (Some(basic), None) => Selectors::check_basic(basic),
            (None, Some(advanced)) => Selectors::check_advanced(advanced),
            (None, None) => Err(SelectorFault::BasicCount),
        }
    }
}

fn matching(set: &SelectorSet, record: &str) -> Vec<u32> {
    // What was in the list before does not stay.
    let mut trails = vec![u32::MAX];
    set.matches(&RecordHead::parse(record.as_bytes()).unwrap(), &mut trails);
    assert!(trails.is_sorted_by(|one, next| one < next), "{trails:?}");
    trails
}

fn request(text: &str) -> Selectors {
    serde_json::from_str::<Request>(text).unwrap().check().unwrap()
}

#[test]
fn get_shows_conditions_in_the_order_of_their_fields() {
    let Selectors::Advanced(all) = request(
        r#"{"AdvancedEventSelectors":[{"FieldSelectors":[
            {"Field":"resources.type","Equals":["AWS::S3::Object"]},
            {"Field":"readOnly","Equals":["true"]},
            {"Field":"resources.ARN","StartsWith":["arn:aws:s3:::b/"]},
            {"Field":"eventCategory","Equals":["Data"]}]}]}"#,
    ) else {
        panic!("advanced selectors")
    };
    let sorted = all[0].clone().sorted();
    let fields: Vec<_> = sorted.field_selectors.iter().map(|c| c.field.as_str()).collect();
    assert_eq!(fields, ["eventCategory", "readOnly", "resources.ARN", "resources.type"]);
    assert_eq!(SelectorFault::CODE, "InvalidEventSelectorsException");
}

#[test]
fn what_a_new_trail_takes_is_known_in_any_words() {
    assert!(Selectors::default().is_default());
    let management = r#"{"AdvancedEventSelectors":[{"Name":"m","FieldSelectors":[
        {"Field":"eventCategory","Equals":["Management"]}]}]}"#;
    assert!(request(r#"{"EventSelectors":[{}]}"#).is_default());
    assert!(request(management).is_default());
    for other in [
        r#"{"EventSelectors":[{},{}]}"#,
        r#"{"EventSelectors":[{"ReadWriteType":"ReadOnly"}]}"#,
        r#"{"EventSelectors":[{"ExcludeManagementEventSources":["kms.amazonaws.com"]}]}"#,
        r#"{"EventSelectors":[{"DataResources":[{"Type":"AWS::S3::Object","Values":[]}]}]}"#,
        r#"{"AdvancedEventSelectors":[{"FieldSelectors":[
            {"Field":"eventCategory","Equals":["Management"]},
            {"Field":"readOnly","Equals":["true"]}]}]}"#,
    ] {
        assert!(!request(other).is_default(), "{other}");
    }
}

#[test]
fn selectors_tell_which_categories_they_may_take() {
    let taken = |text: &str| {
        let selectors = request(text);
        [Category::Management, Category::Data, Category::NetworkActivity, Category::Insight]
            .map(|category| selectors.may_take(category))
    };
    assert_eq!(taken(r#"{"EventSelectors":[{}]}"#), [true, false, false, false]);
    let data = r#"{"EventSelectors":[{"IncludeManagementEvents":false,
        "DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}]}"#;
    assert_eq!(taken(data), [false, true, false, false]);
    let network = r#"{"AdvancedEventSelectors":[{"FieldSelectors":[
        {"Field":"eventCategory","Equals":["NetworkActivity"]},
        {"Field":"eventSource","Equals":["s3.amazonaws.com"]}]}]}"#;
    assert_eq!(taken(network), [false, false, true, false]);
}
