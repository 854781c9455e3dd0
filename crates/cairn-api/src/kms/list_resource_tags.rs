//! `ListResourceTags`: the tags of a key, in the order of their names.
//!
//! - 50 a page if the caller says nothing (documented).

use serde::{Deserialize, Serialize};

use crate::Ctx;

use super::page::{Wanted, slice};
use super::tags::Tag;
use super::{KmsFault, access};

const TAGS_DEFAULT: usize = 50;

/// Of which key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    key_id: String,
    limit: Option<i64>,
    marker: Option<String>,
}

/// A page of tags.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    truncated: bool,
}

pub(crate) async fn handle(ctx: &Ctx, input: Input) -> Result<Output, KmsFault> {
    let key = access::find_own(ctx, &input.key_id, "kms:ListResourceTags").await?;
    let all: Vec<Tag> = key.tags.iter().map(Tag::of).collect();
    let wanted = Wanted::of(input.limit, TAGS_DEFAULT);
    let (tags, next_marker) = slice(&all, input.marker.as_deref(), wanted)?;
    Ok(Output { tags, truncated: next_marker.is_some(), next_marker })
}
