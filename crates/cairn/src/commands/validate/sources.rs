//! The buckets that the command line names.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use cairn_event::trail::TrailArn;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::client::{Client, ServerChoice};
use crate::print;
use crate::proof::{DirectoryBucket, Heads, Selection, Source};
use crate::usage::OrUsage as _;

use super::{Arguments, trails};

/// The most pages of changes to trails that are read.
const PAGES_MAX: usize = 20;
/// Calls that say where a trail is to deliver.
const CHANGES: [&str; 2] = ["CreateTrail", "UpdateTrail"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Changes {
    events: Vec<Change>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    cloud_trail_event: String,
}

/// Opens what is named, or the bucket of the trail.
pub(super) fn find(
    arguments: &Arguments,
    selection: &Selection,
    server: &ServerChoice,
    heads: &Heads,
) -> anyhow::Result<Vec<Source>> {
    if arguments.sources.is_empty() {
        return of_trail(selection, server, heads);
    }
    anyhow::ensure!(
        arguments.bucket.is_none() || arguments.sources.len() == 1,
        "--bucket says of which bucket one directory is a copy; there are {}",
        arguments.sources.len()
    );
    let mut sources = Vec::new();
    for text in &arguments.sources {
        if let Some(place) = text.strip_prefix("s3://") {
            let source = Source::s3(place, server).or_usage()?;
            let probed = source.bucket.list(&source.prefix, &mut |_| ControlFlow::Break(()));
            probed.map_err(|error| anyhow::anyhow!("{text} {error}"))?;
            sources.push(source);
        } else {
            let found = DirectoryBucket::find(Path::new(text), arguments.bucket.as_deref())?;
            let of = |bucket| Source { bucket: Arc::new(bucket), prefix: String::new() };
            sources.extend(found.into_iter().map(of));
        }
    }
    Ok(sources)
}

/// The buckets of a trail, whole: it may have had other prefixes, and other buckets.
fn of_trail(
    selection: &Selection,
    server: &ServerChoice,
    heads: &Heads,
) -> anyhow::Result<Vec<Source>> {
    let trail = selection.trail.as_ref().context("no trail is named")?;
    let client = Client::cloudtrail(server)?;
    let described = trails::in_region(&client, trail.region.as_str())
        .context("cannot ask for the trail's bucket")?;
    let arn = trail.to_string();
    let found = described.into_iter().find(|found| found.arn == arn);
    let found = found.with_context(|| {
        format!(
            "there is no trail {arn}; what it has delivered is checked by \
             `cairn validate s3://BUCKET --trail-arn {arn}`"
        )
    })?;
    let mut names = vec![found.bucket];
    let seen = heads.all().filter(|(chain, _)| selection.takes_chain(chain));
    names.extend(seen.map(|(_, link)| link.bucket.clone()));
    names.extend(earlier(&client, trail));
    let mut known = BTreeSet::new();
    names.retain(|name| known.insert(name.clone()));
    let mut sources = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let source = Source::s3(name, server)?;
        // A bucket of before may be gone or another's: what is missing there is told by the digests
        // that were remembered.
        let probed = source.bucket.list("", &mut |_| ControlFlow::Break(()));
        match probed {
            Ok(()) => sources.push(source),
            Err(error) if number == 0 => return Err(anyhow::anyhow!("s3://{name} {error}")),
            Err(error) => print::complain(&format!(
                "s3://{name}, where the trail has delivered before: {error}"
            )),
        }
    }
    Ok(sources)
}

/// Buckets that a trail was told to deliver to, as far as the event history goes back. Who may not ask
/// for that does without.
fn earlier(client: &Client, trail: &TrailArn) -> Vec<String> {
    let (arn, mut found) = (trail.to_string(), Vec::new());
    for name in CHANGES {
        let attribute = json!({"AttributeKey": "EventName", "AttributeValue": name});
        let mut input = json!({"LookupAttributes": [attribute]});
        for _ in 0..PAGES_MAX {
            let answer = client.call_in::<Changes>(trail.region.as_str(), "LookupEvents", &input);
            let Ok(changes) = answer else { break };
            for change in changes.events {
                let record: Json =
                    serde_json::from_str(&change.cloud_trail_event).unwrap_or_default();
                let said = |name: &str| record["requestParameters"][name].as_str();
                let is_it =
                    said("name").is_some_and(|name| name == arn || name == trail.name.as_str());
                let is_own = record["recipientAccountId"].as_str() == Some(trail.account.as_str());
                let took = record["errorCode"].is_null() && is_it && is_own;
                found.extend(said("s3BucketName").filter(|_| took).map(str::to_owned));
            }
            match changes.next_token {
                Some(token) => input["NextToken"] = token.into(),
                None => break,
            }
        }
    }
    found
}
