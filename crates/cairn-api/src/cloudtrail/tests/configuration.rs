use serde_json::{Value as Json, json};

use super::{HOME, arn, call, give, make, refuse, trail, world};
use crate::testing::World;

async fn put(world: &World, aggregations: Json) -> Json {
    let input = json!({"TrailName": "audit", "AggregationConfigurations": aggregations});
    give(world, "PutEventConfiguration", input).await
}

async fn logs_data(world: &World) {
    let resources = json!([{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]);
    let selectors = json!([{"DataResources": resources}]);
    let input = json!({"TrailName": "audit", "EventSelectors": selectors});
    give(world, "PutEventSelectors", input).await;
}

#[tokio::test]
async fn aggregations_are_kept_and_shown() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let nothing = json!({"TrailARN": arn(HOME, "audit"), "AggregationConfigurations": []});
    let shown = async || give(&world, "GetEventConfiguration", json!({"TrailName": "audit"})).await;
    assert_eq!(shown().await, nothing);
    logs_data(&world).await;
    let templates = json!(["API_ACTIVITY", "USER_ACTIONS"]);
    let asked = json!([{"EventCategory": "Data", "Templates": templates}]);
    let wanted = json!({"TrailARN": arn(HOME, "audit"), "AggregationConfigurations": asked});
    assert_eq!(put(&world, asked.clone()).await, wanted);
    assert_eq!(shown().await, wanted);
    let same = give(&world, "PutEventConfiguration", json!({"TrailName": "audit"})).await;
    assert_eq!(same, wanted);
    assert_eq!(put(&world, json!([])).await, nothing);
    assert_eq!(shown().await, nothing);
}

#[tokio::test]
async fn what_does_not_go_has_its_error() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let one = json!([{"EventCategory": "Data", "Templates": ["API_ACTIVITY"]}]);
    let (combination, parameter) =
        ("InvalidParameterCombinationException", "InvalidParameterException");
    let keys = json!([{"Type": "TagContext", "Equals": ["team"]}]);
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let store = format!("arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/{id}");
    let table = [
        (json!({}), combination),
        (json!({"TrailName": "audit", "EventDataStore": id}), combination),
        (json!({"TrailName": "audit", "MaxEventSize": "Large"}), combination),
        (json!({"TrailName": "audit", "ContextKeySelectors": keys}), combination),
        (json!({"TrailName": "audit", "AggregationConfigurations": one}), parameter),
        (json!({"TrailName": "audit", "MaxEventSize": "Huge"}), parameter),
        (
            json!({"TrailName": "audit", "AggregationConfigurations":
                [{"EventCategory": "Data", "Templates": ["OTHER"]}]}),
            parameter,
        ),
        (json!({"EventDataStore": id, "MaxEventSize": "Large"}), "EventDataStoreNotFoundException"),
        (json!({"EventDataStore": store}), "EventDataStoreNotFoundException"),
        (json!({"EventDataStore": "a store"}), "EventDataStoreARNInvalidException"),
        (json!({"EventDataStore": arn(HOME, "audit")}), "EventDataStoreARNInvalidException"),
    ];
    let before = trail(&world, "audit").await;
    for (input, code) in table {
        call(&world, "PutEventConfiguration", &input).await.fails(code);
    }
    assert_eq!(trail(&world, "audit").await, before);
    for (input, code) in [
        (json!({}), combination),
        (json!({"TrailName": "audit", "EventDataStore": id}), combination),
        (json!({"EventDataStore": id}), "EventDataStoreNotFoundException"),
    ] {
        for operation in ["GetEventConfiguration", "GetInsightSelectors"] {
            call(&world, operation, &input).await.fails(code);
        }
    }
}

#[tokio::test]
async fn no_trail_has_insights() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let text = format!(
        "Trail {} does not have Insights enabled. Edit the trail settings to enable Insights, and \
         then try the operation again.",
        arn(HOME, "audit")
    );
    let input = json!({"TrailName": "audit"});
    refuse(&world, "GetInsightSelectors", input, "InsightNotEnabledException", &text).await;
}
