//! The buckets that the command line names.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::json;

use crate::client::{Client, ServerChoice};
use crate::proof::{DirectoryBucket, Selection, Source};

use super::Arguments;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Trails {
    #[serde(rename = "trailList")]
    trail_list: Vec<Trail>,
}

#[derive(Deserialize)]
struct Trail {
    #[serde(rename = "TrailARN")]
    arn: String,
    #[serde(rename = "S3BucketName")]
    bucket: String,
    #[serde(rename = "S3KeyPrefix")]
    prefix: Option<String>,
}

/// Opens what is named, or the bucket of the trail.
pub(super) fn find(
    arguments: &Arguments,
    selection: &Selection,
    server: &ServerChoice,
) -> anyhow::Result<Vec<Source>> {
    if arguments.sources.is_empty() {
        return Ok(vec![of_trail(selection, server)?]);
    }
    anyhow::ensure!(
        arguments.bucket.is_none() || arguments.sources.len() == 1,
        "--bucket says of which bucket one directory is a copy; there are {}",
        arguments.sources.len()
    );
    let mut sources = Vec::new();
    for text in &arguments.sources {
        if let Some(place) = text.strip_prefix("s3://") {
            sources.push(Source::s3(place, server)?);
        } else {
            let found = DirectoryBucket::find(Path::new(text), arguments.bucket.as_deref())?;
            let of = |bucket| Source { bucket: Arc::new(bucket), prefix: String::new() };
            sources.extend(found.into_iter().map(of));
        }
    }
    Ok(sources)
}

fn of_trail(selection: &Selection, server: &ServerChoice) -> anyhow::Result<Source> {
    let trail = selection.trail.as_ref().context("no trail is named")?;
    let client = Client::cloudtrail(server)?;
    let answer: Trails = client
        .call_in(trail.region.as_str(), "DescribeTrails", &json!({}))
        .context("cannot ask for the trail's bucket")?;
    let arn = trail.to_string();
    let found = answer.trail_list.into_iter().find(|found| found.arn == arn);
    let found = found.with_context(|| format!("there is no trail {arn}"))?;
    Source::s3(&format!("{}/{}", found.bucket, found.prefix.unwrap_or_default()), server)
}
