//! `ListObjectsV2`.
//!
//! - The continuation token is opaque; it names the last entry, and wins over `start-after`
//!   (documented), which is then not shown (observed by other servers' tests).
//! - Owners are shown on request (documented).

use s3s::dto;

use super::super::call::Call;
use super::super::error::S3Fault;
use super::super::name;
use super::encode::Encoding;
use super::v1::{contents, prefixes};
use super::walk::{After, MAX_KEYS, Walk, entries_max, walk};

pub(crate) async fn list(
    call: &Call,
    input: dto::ListObjectsV2Input,
) -> Result<dto::ListObjectsV2Output, S3Fault> {
    call.bucket(&input.bucket).await?;
    let encoding = Encoding::of(input.encoding_type.as_ref())?;
    let max = entries_max(input.max_keys, MAX_KEYS)?;
    let delimiter = input.delimiter.filter(|delimiter| !delimiter.is_empty());
    let prefix = input.prefix.unwrap_or_default();
    let after = match (&input.continuation_token, &input.start_after) {
        (Some(token), _) => of_token(token)?,
        (None, Some(key)) if !key.is_empty() => After::Key(key.clone()),
        _ => After::Nothing,
    };
    let wanted = Walk {
        bucket: &input.bucket,
        prefix: &prefix,
        delimiter: delimiter.as_deref().unwrap_or_default(),
        after,
        entries_max: max,
    };
    let start_after = input.start_after.filter(|_| input.continuation_token.is_none());
    let page = walk(call, &wanted).await?;
    let next = page.last().filter(|_| page.truncated).map(|last| to_token(&last));
    Ok(dto::ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(encoding.text(&prefix)),
        max_keys: i32::try_from(max).ok(),
        key_count: i32::try_from(page.entries.len()).ok(),
        continuation_token: input.continuation_token,
        is_truncated: Some(page.truncated),
        next_continuation_token: next,
        common_prefixes: encoding.prefixes(&prefixes(&page)),
        contents: Some(contents(call, &page, encoding, input.fetch_owner == Some(true))),
        delimiter: delimiter.map(|delimiter| encoding.text(&delimiter)),
        encoding_type: input.encoding_type,
        start_after: start_after.map(|key| encoding.text(&key)),
        request_charged: None,
    })
}

/// A token: the kind of the last entry, and its name in hexadecimal.
fn to_token(last: &After) -> String {
    match last {
        After::Nothing => String::new(),
        After::Key(key) => format!("k{}", name::hex(key)),
        After::Prefix(prefix) => format!("p{}", name::hex(prefix)),
    }
}

fn of_token(token: &str) -> Result<After, S3Fault> {
    let text = token.get(1..).and_then(name::unhex).and_then(|bytes| String::from_utf8(bytes).ok());
    match (token.chars().next(), text) {
        (Some('k'), Some(key)) => Ok(After::Key(key)),
        (Some('p'), Some(prefix)) => Ok(After::Prefix(prefix)),
        _ => Err(S3Fault::InvalidArgument { why: "The continuation token provided is incorrect" }),
    }
}
