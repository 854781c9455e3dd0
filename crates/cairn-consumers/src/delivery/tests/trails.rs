//! What many trails cost, and what no trail costs.

use super::world::{World, is_foreign, is_read, trail};

#[tokio::test(start_paused = true)]
async fn without_a_trail_nothing_is_read_and_hardly_anything_written() {
    let mut world = World::new();
    world.settle().await;
    let before = world.sites.writes().len();
    for _ in 0..20 {
        world.commit(10).await;
        world.tick().await;
    }
    let writes = world.sites.writes().len() - before;
    assert!(writes <= 4, "{:?}", world.sites.writes());
    world.start_new(trail("audit")).await;
    world.commit(10).await;
    world.finish().await;
    let expected: Vec<usize> = (200..210).filter(|offset| !is_foreign(*offset)).collect();
    world.assert_delivered(&trail("audit"), &expected, "at last").await;
}

#[tokio::test(start_paused = true)]
async fn trails_that_take_nothing_cost_no_writes() {
    let mut world = World::new();
    world.settle().await;
    for number in 0..100 {
        let mut quiet = trail(&format!("quiet-{number}"));
        quiet.account = "444455556666".parse().unwrap();
        world.start_new(quiet).await;
    }
    world.start_new(trail("audit")).await;
    world.tick().await;
    let before = world.sites.writes().len();
    for _ in 0..5 {
        world.commit(10).await;
        world.tick().await;
    }
    // A plan, three files with their entries, a state and the front.
    assert_eq!(world.sites.writes().len() - before, 5 * 9, "{:#?}", world.sites.writes());
}

#[tokio::test(start_paused = true)]
async fn a_trail_of_one_region_takes_its_own() {
    let mut world = World::new();
    world.settle().await;
    let mut single = trail("single");
    single.is_multi_region = false;
    world.start_new(single.clone()).await;
    world.commit(30).await;
    world.finish().await;
    let own = |offset: &usize| offset.is_multiple_of(3) && !is_foreign(*offset);
    let expected: Vec<usize> = (0..30).filter(own).collect();
    world.assert_delivered(&single, &expected, "us-east-1").await;
    let state = world.state("single-1").await.unwrap();
    assert_eq!(state.delivery.regions.keys().collect::<Vec<_>>(), ["us-east-1"]);
}

#[tokio::test(start_paused = true)]
async fn global_services_and_deliveries_follow_their_switches() {
    let mut world = World::new();
    world.settle().await;
    let mut narrow = trail("narrow");
    narrow.includes_global_service_events = false;
    narrow.recursive_logging = false;
    let wide = trail("wide");
    world.start_new(narrow.clone()).await;
    world.start_new(wide.clone()).await;
    let call = |number: usize, source: &str, name: &str, by: &str| {
        format!(
            r#"{{"eventTime":"2026-11-25T17:00:00Z","eventID":"{number}","eventSource":"{source}.amazonaws.com","eventName":"{name}","awsRegion":"us-east-1","userIdentity":{{"invokedBy":"{by}"}},"recipientAccountId":"111122223333"}}"#
        )
    };
    world.append(call(0, "iam", "CreateUser", "me")).await;
    world.append(call(1, "ec2", "RunInstances", "me")).await;
    world.append(call(2, "s3", "PutObject", "cloudtrail.amazonaws.com")).await;
    world.append(call(3, "s3", "PutObject", "config.amazonaws.com")).await;
    // Nobody's: not a record, no region, no account.
    world.append("not JSON".to_owned()).await;
    world.append(call(5, "ec2", "X", "me").replace("us-east-1", "No Region")).await;
    world.append(call(6, "ec2", "X", "me").replace("111122223333", "")).await;
    world.finish().await;
    world.assert_delivered(&wide, &[0, 1, 2, 3], "wide").await;
    world.assert_delivered(&narrow, &[1, 3], "narrow").await;
}

#[tokio::test(start_paused = true)]
async fn imported_records_are_not_delivered() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.commit(8).await;
    world.import(12).await;
    world.commit(8).await;
    world.import(4).await;
    world.finish().await;
    world.commit(4).await;
    world.finish().await;
    let taken = (0..8).chain(20..28).chain(32..36);
    let expected: Vec<usize> = taken.filter(|offset| !is_foreign(*offset)).collect();
    world.assert_delivered(&trail("audit"), &expected, "beside imports").await;
    assert!(expected.iter().any(|offset| is_read(*offset)));
}

#[tokio::test(start_paused = true)]
async fn a_document_that_cannot_be_read_concerns_nobody_else() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.start_new(trail("spoilt")).await;
    world.commit(10).await;
    world.settle().await;
    let good = world.spoil("spoilt").await;
    world.restart();
    world.commit(10).await;
    world.finish().await;
    let expected: Vec<usize> = (0..20).filter(|offset| !is_foreign(*offset)).collect();
    world.assert_delivered(&trail("audit"), &expected, "beside a bad document").await;
    // Delivery goes on with the last one that it has read.
    world.assert_delivered(&trail("spoilt"), &expected, "as before").await;
    world.mend("spoilt", good).await;
    world.commit(10).await;
    world.finish().await;
    let expected: Vec<usize> = (0..30).filter(|offset| !is_foreign(*offset)).collect();
    world.assert_delivered(&trail("spoilt"), &expected, "mended").await;
}

#[tokio::test(start_paused = true)]
async fn a_change_of_a_trail_that_is_stopped_cuts_no_round() {
    let mut world = World::new();
    world.settle().await;
    world.start_new(trail("audit")).await;
    world.start_new(trail("still")).await;
    world.stop("still").await;
    world.finish().await;
    world.commit(9).await;
    world.change("still", |trail| "third".clone_into(&mut trail.bucket)).await;
    world.commit(9).await;
    world.settle().await;
    assert!(world.state("still-1").await.unwrap().pending.is_empty());
    let before = world.sites.writes().len();
    world.tick().await;
    // One round: a plan, three files with their entries, a state and the front.
    assert_eq!(world.sites.writes().len() - before, 9);
    world.start("still").await;
    world.commit(9).await;
    world.finish().await;
    let files = world.files_of(&trail("still"));
    assert!(files.iter().any(|file| file.bucket == "third"));
}
