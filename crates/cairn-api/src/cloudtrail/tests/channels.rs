use serde_json::{Value as Json, json};

use super::{AWAY, arn, call, call_from, give, make, world};
use crate::testing::{ACCOUNT, World};

async fn store_arn(world: &World) -> String {
    let list = give(world, "ListEventDataStores", json!({})).await;
    list["EventDataStores"][0]["EventDataStoreArn"].as_str().unwrap().to_owned()
}

async fn input(world: &World, name: &str) -> Json {
    let destination = json!({"Type": "EVENT_DATA_STORE", "Location": store_arn(world).await});
    json!({"Name": name, "Source": "Custom", "Destinations": [destination]})
}

async fn channel(world: &World, name: &str) -> String {
    let made = give(world, "CreateChannel", input(world, name).await).await;
    made["ChannelArn"].as_str().unwrap().to_owned()
}

fn other(arn: &str) -> String {
    format!("{}11111111-1111-4111-8111-111111111111", arn.split_inclusive('/').next().unwrap())
}

#[tokio::test]
async fn the_one_store_is_found_by_its_arn_and_id() {
    let world = world();
    let arn = store_arn(&world).await;
    assert!(arn.starts_with(&format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:eventdatastore/")));
    let id = arn.rsplit_once('/').unwrap().1;
    for named in [arn.as_str(), id] {
        let store = give(&world, "GetEventDataStore", json!({"EventDataStore": named})).await;
        assert_eq!(store["EventDataStoreArn"], arn.as_str());
        assert_eq!(
            (&store["Name"], &store["Status"]),
            (&json!("cairn-event-history"), &json!("ENABLED"))
        );
    }
    let away = call_from(&world, AWAY, "ListEventDataStores", &json!({})).await.json();
    assert_ne!(away["EventDataStores"][0]["EventDataStoreArn"], arn.as_str());
    for (named, code) in [
        (other(&arn), "EventDataStoreNotFoundException"),
        ("11111111-1111-4111-8111-111111111111".to_owned(), "EventDataStoreNotFoundException"),
        ("store".to_owned(), "EventDataStoreARNInvalidException"),
        (arn.replace("eventdatastore", "channel"), "EventDataStoreARNInvalidException"),
    ] {
        call(&world, "GetEventDataStore", &json!({"EventDataStore": named})).await.fails(code);
    }
    call(&world, "ListEventDataStores", &json!({"MaxResults": 0}))
        .await
        .fails("InvalidMaxResultsException");
    call(&world, "ListEventDataStores", &json!({"NextToken": "made-up"}))
        .await
        .fails("InvalidNextTokenException");
}

#[tokio::test]
async fn the_one_store_has_defaults_no_insights_and_no_tags() {
    let world = world();
    let arn = store_arn(&world).await;
    let wanted =
        json!({"EventDataStoreArn": arn, "MaxEventSize": "Standard", "ContextKeySelectors": []});
    for named in [arn.as_str(), arn.rsplit_once('/').unwrap().1] {
        let input = json!({"EventDataStore": named});
        assert_eq!(give(&world, "GetEventConfiguration", input.clone()).await, wanted);
        call(&world, "GetInsightSelectors", &input).await.fails("InsightNotEnabledException");
        let input = json!({"EventDataStore": named, "MaxEventSize": "Large"});
        call(&world, "PutEventConfiguration", &input).await.fails("OperationNotPermittedException");
    }
    let tags = give(&world, "ListTags", json!({"ResourceIdList": [arn]})).await;
    let wanted = json!({"ResourceTagList": [{"ResourceId": arn, "TagsList": []}]});
    assert_eq!(tags, wanted);
    for operation in ["AddTags", "RemoveTags"] {
        let input = json!({"ResourceId": arn, "TagsList": [{"Key": "a", "Value": "1"}]});
        call(&world, operation, &input).await.fails("OperationNotPermittedException");
    }
}

#[tokio::test]
async fn channels_come_change_and_go() {
    let world = world();
    let arn = channel(&world, "app").await;
    let id = arn.rsplit_once('/').unwrap().1.to_owned();
    let wanted = json!({
        "ChannelArn": arn, "Name": "app", "Source": "Custom",
        "Destinations": [{"Type": "EVENT_DATA_STORE", "Location": store_arn(&world).await}],
    });
    for named in [&arn, &id] {
        assert_eq!(give(&world, "GetChannel", json!({"Channel": named})).await, wanted);
    }
    let changed = give(&world, "UpdateChannel", json!({"Channel": id, "Name": "other"})).await;
    assert_eq!(changed["Name"], "other");
    call(&world, "CreateChannel", &input(&world, "other").await)
        .await
        .fails("ChannelAlreadyExistsException");
    channel(&world, "app").await;
    let taken = json!({"Channel": arn, "Name": "app"});
    call(&world, "UpdateChannel", &taken).await.fails("ChannelAlreadyExistsException");
    assert_eq!(give(&world, "DeleteChannel", json!({"Channel": arn})).await, json!({}));
    for operation in ["GetChannel", "DeleteChannel", "UpdateChannel"] {
        call(&world, operation, &json!({"Channel": arn})).await.fails("ChannelNotFoundException");
        let code = "ChannelARNInvalidException";
        for wrong in ["app", "arn:aws:cloudtrail:us-east-1:111122223333:trail/app", "!!!"] {
            call(&world, operation, &json!({"Channel": wrong})).await.fails(code);
        }
    }
}

#[tokio::test]
async fn what_a_channel_may_be() {
    let world = world();
    let good = input(&world, "app").await;
    let store = store_arn(&world).await;
    let with = |member: &str, value: Json| {
        let mut input = good.clone();
        input[member] = value;
        input
    };
    let to = |kind: &str, location: &str| json!([{"Type": kind, "Location": location}]);
    let eds = "EVENT_DATA_STORE";
    let table = [
        (with("Name", json!("a b")), "InvalidParameterException"),
        (with("Name", json!("ab")), "InvalidParameterException"),
        (with("Source", json!("somebody")), "InvalidSourceException"),
        (with("Source", json!("")), "InvalidSourceException"),
        (with("Destinations", json!([])), "InvalidParameterException"),
        (with("Destinations", to("AWS_SERVICE", "config")), "InvalidParameterException"),
        (with("Destinations", to("QUEUE", &store)), "InvalidParameterException"),
        (with("Destinations", to(eds, "store")), "EventDataStoreARNInvalidException"),
        (with("Destinations", to(eds, &other(&store))), "EventDataStoreNotFoundException"),
        (
            with("Destinations", json!([good["Destinations"][0], good["Destinations"][0]])),
            "InvalidParameterException",
        ),
        (with("Tags", json!([{"Key": "aws:x"}])), "InvalidTagParameterException"),
        (with("Tags", json!([{"Key": ""}])), "InvalidTagParameterException"),
    ];
    for (input, code) in table {
        call(&world, "CreateChannel", &input).await.fails(code);
    }
    let partner = with("Source", json!("Okta"));
    give(&world, "CreateChannel", partner.clone()).await;
    let mut again = partner;
    again["Name"] = json!("again");
    call(&world, "CreateChannel", &again).await.fails("ChannelAlreadyExistsException");
}

#[tokio::test]
async fn a_region_has_so_many_channels_and_lists_them_in_pages() {
    let world = world();
    for number in 0..25 {
        channel(&world, &format!("app-{number}")).await;
    }
    call(&world, "CreateChannel", &input(&world, "more").await)
        .await
        .fails("ChannelMaxLimitExceededException");
    let (mut names, mut ask) = (Vec::new(), json!({"MaxResults": 10}));
    loop {
        let page = give(&world, "ListChannels", ask.clone()).await;
        let of = |channel: &Json| channel["Name"].as_str().unwrap().to_owned();
        names.extend(page["Channels"].as_array().unwrap().iter().map(of));
        let Some(token) = page.get("NextToken") else { break };
        ask["NextToken"] = token.clone();
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 25);
    let away = call_from(&world, AWAY, "ListChannels", &json!({})).await.json();
    assert_eq!(away, json!({"Channels": []}));
    call(&world, "ListChannels", &json!({"NextToken": "made-up"}))
        .await
        .fails("InvalidNextTokenException");
}

#[tokio::test]
async fn channels_have_tags() {
    let world = world();
    let arn = channel(&world, "app").await;
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b"}]);
    give(&world, "AddTags", json!({"ResourceId": arn, "TagsList": tags})).await;
    give(&world, "RemoveTags", json!({"ResourceId": arn, "TagsList": [{"Key": "b"}]})).await;
    let list = give(&world, "ListTags", json!({"ResourceIdList": [arn]})).await;
    assert_eq!(list["ResourceTagList"][0]["TagsList"], json!([{"Key": "a", "Value": "1"}]));
    let many: Vec<_> = (0..50).map(|n| json!({"Key": format!("k{n}")})).collect();
    let input = json!({"ResourceId": arn, "TagsList": many});
    call(&world, "AddTags", &input).await.fails("TagsLimitExceededException");
    for (wrong, code) in [
        (other(&arn), "ChannelNotFoundException"),
        (arn.replace(ACCOUNT, "444455556666"), "ChannelNotFoundException"),
        (arn.replace("channel/", "channel/x"), "ChannelARNInvalidException"),
    ] {
        call(&world, "ListTags", &json!({"ResourceIdList": [wrong]})).await.fails(code);
    }
}

fn policy(arn: &str, action: &str, principals: &Json) -> String {
    let statement = json!({
        "Effect": "Allow", "Principal": {"AWS": principals}, "Action": action, "Resource": arn,
    });
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

#[tokio::test]
async fn a_policy_is_kept_as_it_was_written() {
    let world = world();
    let arn = channel(&world, "app").await;
    let ask = json!({"ResourceArn": arn});
    for operation in ["GetResourcePolicy", "DeleteResourcePolicy"] {
        call(&world, operation, &ask).await.fails("ResourcePolicyNotFoundException");
    }
    let action = "cloudtrail-data:PutAuditEvents";
    let text = policy(&arn, action, &json!("444455556666"));
    let put = |text: &str| json!({"ResourceArn": arn, "ResourcePolicy": text});
    assert_eq!(give(&world, "PutResourcePolicy", put(&text)).await, put(&text));
    assert_eq!(give(&world, "GetResourcePolicy", ask.clone()).await, put(&text));
    let accounts: Vec<_> = (0..51).map(|n| format!("1111222233{n:02}")).collect();
    let mut many: Json = serde_json::from_str(&text).unwrap();
    many["Statement"] = json!(vec![many["Statement"][0].clone(); 21]);
    for wrong in [
        "{}".to_owned(),
        "no policy".to_owned(),
        policy(&arn, "cloudtrail:*", &json!("444455556666")),
        policy("*", action, &json!("444455556666")),
        policy(&arn, action, &json!(accounts)),
        many.to_string(),
    ] {
        let code = "ResourcePolicyNotValidException";
        call(&world, "PutResourcePolicy", &put(&wrong)).await.fails(code);
    }
    assert_eq!(give(&world, "DeleteResourcePolicy", ask.clone()).await, json!({}));
    call(&world, "GetResourcePolicy", &ask).await.fails("ResourcePolicyNotFoundException");
}

#[tokio::test]
async fn what_else_has_no_policy() {
    let world = world();
    make(&world, "audit", json!({})).await;
    let store = store_arn(&world).await;
    let missing = other(&channel(&world, "app").await);
    let (gone, wrong) = ("ResourceNotFoundException", "ResourceARNNotValidException");
    let table = [
        (arn("us-east-1", "audit"), "ResourceTypeNotSupportedException"),
        (missing, gone),
        (other(&store), gone),
        (format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:dashboard/mine"), gone),
        (format!("arn:aws:cloudtrail:us-east-1:{ACCOUNT}:queue/mine"), wrong),
        ("arn:aws:s3:::bucket".to_owned(), wrong),
        ("mine".to_owned(), wrong),
    ];
    for (named, code) in table {
        let ask = json!({"ResourceArn": named});
        call(&world, "GetResourcePolicy", &ask).await.fails(code);
        call(&world, "DeleteResourcePolicy", &ask).await.fails(code);
        let put = json!({"ResourceArn": named, "ResourcePolicy": "{}"});
        call(&world, "PutResourcePolicy", &put).await.fails(code);
    }
    let ask = json!({"ResourceArn": store});
    call(&world, "GetResourcePolicy", &ask).await.fails("ResourcePolicyNotFoundException");
    call(&world, "DeleteResourcePolicy", &ask).await.fails("OperationNotPermittedException");
}
