use serde_json::{Value as Json, json};

use super::{HOME, arn, call, give, make, refuse, trail, world};
use crate::testing::World;

async fn put(world: &World, more: Json) -> Json {
    let mut input = json!({"TrailName": "audit"});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    give(world, "PutEventSelectors", input).await
}

#[tokio::test]
async fn a_new_trail_takes_all_management_events() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let wanted = json!({
        "TrailARN": arn(HOME, "audit"),
        "EventSelectors": [{
            "ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [],
            "ExcludeManagementEventSources": [],
        }],
    });
    for name in ["audit", &arn(HOME, "audit")] {
        let shown = give(&world, "GetEventSelectors", json!({"TrailName": name})).await;
        assert_eq!(shown, wanted);
    }
}

#[tokio::test]
async fn basic_selectors_are_filled_in_and_shown() {
    let world = world();
    make(&world, "audit", json!({})).await;
    world.commit(&["{}".to_owned()]).await;
    let resources = json!([{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"]}]);
    let selector = json!({"ReadWriteType": "WriteOnly", "DataResources": resources});
    let echoed = put(&world, json!({"EventSelectors": [selector]})).await;
    let wanted = json!({
        "TrailARN": arn(HOME, "audit"),
        "EventSelectors": [{
            "ReadWriteType": "WriteOnly", "IncludeManagementEvents": true,
            "DataResources": resources, "ExcludeManagementEventSources": [],
        }],
    });
    assert_eq!(echoed, wanted);
    let shown = give(&world, "GetEventSelectors", json!({"TrailName": "audit"})).await;
    assert_eq!(shown, wanted);
    let kept = trail(&world, "audit").await;
    assert_eq!((kept.has_custom_selectors, kept.changed, kept.selected_since), (true, 1, 1));
    let shown = give(&world, "GetTrail", json!({"Name": "audit"})).await;
    assert_eq!(shown["Trail"]["HasCustomEventSelectors"], true);
    put(&world, json!({"EventSelectors": [{}]})).await;
    assert!(!trail(&world, "audit").await.has_custom_selectors);
}

#[tokio::test]
async fn advanced_selectors_are_echoed_as_put_and_shown_in_order() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let (kind, category, starts) = (
        json!({"Field": "resources.type", "Equals": ["AWS::S3::Object"]}),
        json!({"Field": "eventCategory", "Equals": ["Data"]}),
        json!({"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::b/"]}),
    );
    let selector = |fields: &[&Json]| json!([{"Name": "objects", "FieldSelectors": fields}]);
    let asked = selector(&[&kind, &category, &starts]);
    let echoed = put(&world, json!({"AdvancedEventSelectors": asked})).await;
    let wanted = json!({"TrailARN": arn(HOME, "audit"), "AdvancedEventSelectors": asked});
    assert_eq!(echoed, wanted);
    let shown = give(&world, "GetEventSelectors", json!({"TrailName": "audit"})).await;
    assert_eq!(shown["AdvancedEventSelectors"], selector(&[&category, &starts, &kind]));
    assert!(shown.get("EventSelectors").is_none());
    // One kind takes the place of the other.
    put(&world, json!({"EventSelectors": [{"ReadWriteType": "ReadOnly"}]})).await;
    let shown = give(&world, "GetEventSelectors", json!({"TrailName": "audit"})).await;
    assert!(shown.get("AdvancedEventSelectors").is_none());
}

#[tokio::test]
async fn wrong_selectors_leave_what_there_is() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let before = trail(&world, "audit").await;
    let code = "InvalidEventSelectorsException";
    let both = "You can select events by using either EventSelectors or AdvancedEventSelectors, \
                but not both.";
    let advanced =
        json!([{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]);
    let of = |fields: Json| json!({"AdvancedEventSelectors": [{"FieldSelectors": fields}]});
    let table = [
        (json!({"EventSelectors": [{}], "AdvancedEventSelectors": advanced}), both),
        (
            json!({"EventSelectors": []}),
            "Specify a valid number of selectors (1 to 5) for your trail",
        ),
        (json!({}), "Specify a valid number of selectors (1 to 5) for your trail"),
        (
            json!({"EventSelectors": [{}, {}, {}, {}, {}, {}]}),
            "Specify a valid number of selectors (1 to 5) for your trail",
        ),
        (
            json!({"AdvancedEventSelectors": []}),
            "Specify between 1 and 500 selectors for your trail.",
        ),
        (
            json!({"EventSelectors": [{"ReadWriteType": "read-only"}]}),
            "Value read-only for ReadWriteType is invalid.",
        ),
        (
            of(json!([{"Field": "readOnly", "Equals": ["true"]}])),
            "The following fields are required: [eventCategory].",
        ),
        (
            of(json!([
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::NoSuchService::MadeUp"]},
            ])),
            "The resources.type field value is not valid.",
        ),
    ];
    for (more, text) in table {
        let mut input = json!({"TrailName": "audit"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        refuse(&world, "PutEventSelectors", input, code, text).await;
    }
    // What breaks a rule of the model has the operation's own error, too.
    let long = "x".repeat(2_049);
    for fields in [
        json!([]),
        json!([{"Field": "", "Equals": ["Data"]}]),
        json!([{"Field": "eventCategory", "Equals": []}]),
        json!([{"Field": "eventCategory", "Equals": [long]}]),
        json!([{"Equals": ["Data"]}]),
    ] {
        let mut input = of(fields);
        input["TrailName"] = json!("audit");
        call(&world, "PutEventSelectors", &input).await.fails(code);
    }
    assert_eq!(trail(&world, "audit").await, before);
}
