use serde_json::{Value as Json, json};

use super::{AWAY, HOME, arn, call, call_from, give, make, refuse, text, world, world_of};
use crate::testing::{ACCOUNT, World, cases};

fn names(list: &Json, member: &str) -> String {
    let list = list[member].as_array().unwrap().iter();
    list.map(|trail| trail["Name"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

async fn described(world: &World, region: &'static str, input: Json) -> String {
    names(&call_from(world, region, "DescribeTrails", &input).await.json(), "trailList")
}

/// `one` and `all` at home, `far` and `everywhere` away; `all` and `everywhere` are of all regions.
async fn four() -> World {
    let world = world();
    make(&world, "one", json!({})).await;
    make(&world, "all", json!({"IsMultiRegionTrail": true})).await;
    for (name, all) in [("far", false), ("everywhere", true)] {
        let input = json!({"Name": name, "S3BucketName": "logs", "IsMultiRegionTrail": all});
        call_from(&world, AWAY, "CreateTrail", &input).await.json();
    }
    world
}

#[tokio::test]
async fn a_region_shows_its_trails_and_shadows() {
    let world = four().await;
    let empty = cases(&world, "cloudtrail", "DescribeTrails").from("444455556666", HOME);
    empty.call("{}").await.gives(r#"{"trailList": []}"#);
    assert_eq!(described(&world, HOME, json!({})).await, "everywhere all one");
    assert_eq!(described(&world, AWAY, json!({})).await, "everywhere far all");
    assert_eq!(described(&world, "sa-east-1", json!({})).await, "everywhere all");
    let own = json!({"includeShadowTrails": false});
    assert_eq!(described(&world, HOME, own.clone()).await, "all one");
    assert_eq!(described(&world, "sa-east-1", own).await, "");
    let with = json!({"includeShadowTrails": true, "trailNameList": []});
    assert_eq!(described(&world, "sa-east-1", with).await, "everywhere all");
    let shown = call_from(&world, AWAY, "DescribeTrails", &json!({})).await.json();
    let shadow = &shown["trailList"][2];
    assert_eq!(
        (&shadow["HomeRegion"], &shadow["TrailARN"]),
        (&json!(HOME), &json!(arn(HOME, "all")))
    );
}

#[tokio::test]
async fn what_is_named_is_shown_if_it_is_there() {
    let world = four().await;
    let list = |names: &[&str]| json!({"trailNameList": names});
    assert_eq!(described(&world, HOME, list(&["one", "one", "nothing"])).await, "one");
    // A name does not reach a shadow, an ARN reaches everything.
    assert_eq!(described(&world, HOME, list(&["everywhere"])).await, "");
    let arns = [arn(AWAY, "everywhere"), arn(AWAY, "far"), arn(HOME, "no-such")];
    let arns: Vec<&str> = arns.iter().map(String::as_str).collect();
    assert_eq!(described(&world, HOME, list(&arns)).await, "everywhere far");
    let mut own = list(&["one", &arn(HOME, "all"), &arn(AWAY, "everywhere")]);
    own["includeShadowTrails"] = json!(false);
    assert_eq!(described(&world, HOME, own).await, "all one");
    let short = call(&world, "DescribeTrails", &list(&["a"])).await;
    short.fails("InvalidTrailNameException");
    let wrong = call(&world, "DescribeTrails", &list(&["arn:aws:s3:::bucket"])).await;
    wrong.fails("CloudTrailARNInvalidException");
    let other = "arn:aws:cloudtrail:us-east-1:444455556666:trail/one";
    let other = call(&world, "DescribeTrails", &list(&[other])).await;
    other.fails("CloudTrailARNInvalidException");
}

#[tokio::test]
async fn an_account_lists_its_trails_of_all_regions() {
    let world = four().await;
    for region in [HOME, AWAY, "sa-east-1"] {
        let listed = call_from(&world, region, "ListTrails", &json!({})).await.json();
        assert_eq!(names(&listed, "Trails"), "everywhere far all one");
        assert!(listed.get("NextToken").is_none());
        let first = json!({
            "TrailARN": arn(AWAY, "everywhere"), "Name": "everywhere", "HomeRegion": AWAY,
        });
        assert_eq!(listed["Trails"][0], first);
    }
    let other = cases(&world, "cloudtrail", "ListTrails").from("444455556666", HOME);
    other.call("{}").await.gives(r#"{"Trails": []}"#);
}

#[tokio::test]
async fn a_long_list_has_pages() {
    let world = world_of(1_000);
    for n in 0..205 {
        make(&world, &format!("trail-{n:03}"), json!({})).await;
    }
    let (mut all, mut sizes, mut input) = (Vec::new(), Vec::new(), json!({}));
    loop {
        let page = give(&world, "ListTrails", input.clone()).await;
        let found = names(&page, "Trails");
        sizes.push(found.split(' ').count());
        all.extend(found.split(' ').map(str::to_owned));
        let Some(token) = page.get("NextToken") else { break };
        input = json!({"NextToken": token});
    }
    assert_eq!(sizes, [100, 100, 5]);
    assert_eq!(all, (0..205).map(|n| format!("trail-{n:03}")).collect::<Vec<_>>());
    for token in ["", "made-up", "YXJu"] {
        let input = json!({"NextToken": token});
        call(&world, "ListTrails", &input).await.fails("InvalidNextTokenException");
    }
    let other = cases(&world, "cloudtrail", "ListTrails").from("444455556666", HOME);
    let foreign = give(&world, "ListTrails", json!({})).await["NextToken"].clone();
    let foreign = json!({"NextToken": foreign}).to_string();
    other.call(&foreign).await.fails("InvalidNextTokenException");
}

#[tokio::test]
async fn each_operation_has_its_text_for_an_unknown_trail() {
    let world = world();
    let bare = format!("Unknown trail: audit for the user: {ACCOUNT}");
    let full = format!("Unknown trail: {} for the user: {ACCOUNT}", arn(HOME, "audit"));
    let code = "TrailNotFoundException";
    for name in ["audit", &arn(HOME, "audit")] {
        for operation in ["GetTrail", "UpdateTrail"] {
            refuse(&world, operation, json!({"Name": name}), code, &bare).await;
        }
        for operation in ["GetTrailStatus", "StartLogging", "StopLogging", "DeleteTrail"] {
            refuse(&world, operation, json!({"Name": name}), code, &full).await;
        }
        for operation in ["GetEventSelectors", "GetEventConfiguration", "GetInsightSelectors"] {
            refuse(&world, operation, json!({"TrailName": name}), code, &full).await;
        }
        let selectors = json!({"TrailName": name, "EventSelectors": [{}]});
        refuse(&world, "PutEventSelectors", selectors, code, &full).await;
    }
}

#[tokio::test]
async fn each_operation_refuses_what_names_no_trail() {
    let world = world();
    let table = [
        ("ab", "InvalidTrailNameException"),
        ("not a name", "InvalidTrailNameException"),
        ("arn:aws:cloudtrail:us-east-1:111122223333:channel/x", "CloudTrailARNInvalidException"),
        ("arn:aws-cn:cloudtrail:us-east-1:111122223333:trail/x-x", "CloudTrailARNInvalidException"),
        ("arn:aws:cloudtrail:us-east-1:444455556666:trail/audit", "CloudTrailARNInvalidException"),
    ];
    for (name, code) in table {
        for operation in [
            "GetTrail",
            "GetTrailStatus",
            "StartLogging",
            "StopLogging",
            "DeleteTrail",
            "UpdateTrail",
        ] {
            call(&world, operation, &json!({"Name": name})).await.fails(code);
        }
        for operation in ["GetEventSelectors", "PutEventSelectors", "GetInsightSelectors"] {
            let input = json!({"TrailName": name});
            call(&world, operation, &input).await.fails(code);
        }
    }
    let foreign = "arn:aws:cloudtrail:us-east-1:444455556666:trail/audit";
    let error = call(&world, "GetTrail", &json!({"Name": foreign})).await;
    let wanted = format!(
        "AccountID in ARN is wrong, you can only access resources with AccountID {ACCOUNT}."
    );
    assert_eq!(text(&error.fails("CloudTrailARNInvalidException")), wanted);
}

#[tokio::test]
async fn a_shadow_can_be_read_by_its_arn_only() {
    let world = four().await;
    let unknown = "TrailNotFoundException";
    let reads = ["GetTrail", "GetTrailStatus"];
    for operation in reads {
        let input = json!({"Name": arn(HOME, "all")});
        call_from(&world, AWAY, operation, &input).await.json();
        call_from(&world, AWAY, operation, &json!({"Name": "all"})).await.fails(unknown);
        // A trail of one region is nowhere else.
        let input = json!({"Name": arn(HOME, "one")});
        let error = call_from(&world, AWAY, operation, &input).await;
        let error = error.fails("CloudTrailARNInvalidException");
        let wanted = "Region in ARN is wrong, you can only access resources in region eu-west-1.";
        assert_eq!(error.message(), wanted);
    }
    for operation in ["GetEventSelectors", "GetEventConfiguration"] {
        let input = json!({"TrailName": arn(HOME, "all")});
        let shown = call_from(&world, AWAY, operation, &input).await.json();
        assert_eq!(shown["TrailARN"], arn(HOME, "all"));
        let input = json!({"TrailName": "all"});
        call_from(&world, AWAY, operation, &input).await.fails(unknown);
    }
}

#[tokio::test]
async fn only_its_home_changes_a_trail() {
    let world = four().await;
    let calls = [
        ("UpdateTrail", "Name", json!({})),
        ("DeleteTrail", "Name", json!({})),
        ("StartLogging", "Name", json!({})),
        ("StopLogging", "Name", json!({})),
        ("PutEventSelectors", "TrailName", json!({"EventSelectors": [{}]})),
        ("PutEventConfiguration", "TrailName", json!({"AggregationConfigurations": []})),
    ];
    for (operation, member, more) in calls {
        for (name, code) in
            [("all", "InvalidHomeRegionException"), ("one", "CloudTrailARNInvalidException")]
        {
            let mut input = more.clone();
            input[member] = json!(arn(HOME, name));
            call_from(&world, AWAY, operation, &input).await.fails(code);
            input[member] = json!(name);
            let error = call_from(&world, AWAY, operation, &input).await;
            let error = error.fails("TrailNotFoundException");
            assert!(error.message().starts_with("Unknown trail: "), "{}", error.message());
        }
    }
}
