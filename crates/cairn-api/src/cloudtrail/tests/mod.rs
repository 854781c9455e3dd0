//! Cases of the operations on trails. What they expect is marked where it is written down: in the
//! operations themselves.

mod channels;
mod configuration;
mod create;
mod describe;
mod destinations;
mod logging;
mod races;
mod selectors;
mod status;
mod tags;
mod update;

use cairn_event::trail::{Trail, place};
use cairn_store::{Key, KeyPrefix};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::testing::{ACCOUNT, Outcome, World, cases};
use crate::{ApiError, TrailRules};

/// Where calls are made that do not say otherwise.
pub(super) const HOME: &str = "us-east-1";
/// Another region.
pub(super) const AWAY: &str = "eu-west-1";

/// A world with a bucket, `logs`.
pub(super) fn world() -> World {
    let world = World::new();
    world.buckets.memory.make("logs", HOME);
    world
}

/// A world in which a region may have so many trails.
pub(super) fn world_of(trails_per_region_max: usize) -> World {
    let mut world = world();
    let mut services = crate::Services::clone(&world.services);
    services.trails = TrailRules { trails_per_region_max, ..TrailRules::default() };
    world.services = std::sync::Arc::new(services);
    world
}

/// One call from a region.
pub(super) async fn call_from(
    world: &World,
    region: &'static str,
    operation: &str,
    input: &Json,
) -> Outcome {
    cases(world, "cloudtrail", operation).from(ACCOUNT, region).call(&input.to_string()).await
}

/// One call.
pub(super) async fn call(world: &World, operation: &str, input: &Json) -> Outcome {
    call_from(world, HOME, operation, input).await
}

/// One call that succeeds.
pub(super) async fn give(world: &World, operation: &str, input: Json) -> Json {
    call(world, operation, &input).await.json()
}

/// One call that fails so, with this text.
pub(super) async fn refuse(world: &World, operation: &str, input: Json, code: &str, text: &str) {
    let error = call(world, operation, &input).await.fails(code);
    assert_eq!(error.message(), text, "{operation} {input}");
    assert_eq!((error.status(), error.sender_fault()), (400, true));
}

/// Makes a trail, with what is said beside its name and bucket.
pub(super) async fn make(world: &World, name: &str, more: Json) -> Json {
    let mut input = json!({"Name": name, "S3BucketName": "logs"});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    give(world, "CreateTrail", input).await
}

pub(super) fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:cloudtrail:{region}:{ACCOUNT}:trail/{name}")
}

/// What is kept under a key.
pub(super) async fn kept<T: DeserializeOwned>(world: &World, key: &str) -> Option<T> {
    let found = world.services.meta.get(&Key::parse(key).unwrap()).await.unwrap()?;
    Some(serde_json::from_slice(&found.value).unwrap())
}

/// A trail as it is kept.
pub(super) async fn trail(world: &World, name: &str) -> Trail {
    kept(world, &format!("trail/{ACCOUNT}/{HOME}/{name}")).await.unwrap()
}

/// What is kept of deleted trails.
pub(super) async fn gone(world: &World) -> Vec<Trail> {
    let prefix = KeyPrefix::new(place::GONE);
    let found = world.services.meta.list(&prefix, None, 100).await.unwrap();
    found.iter().map(|(_, found)| serde_json::from_slice(&found.value).unwrap()).collect()
}

/// The text of an error.
pub(super) fn text(error: &ApiError) -> String {
    error.message()
}
