//! Tags of keys.

use serde::{Deserialize, Serialize};

use super::KmsFault;

/// The most tags of a key (documented).
const TAGS_MAX: usize = 50;

/// A tag on the wire.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    tag_key: String,
    tag_value: String,
}

impl Tag {
    pub(super) fn of(pair: &(String, String)) -> Self {
        Self { tag_key: pair.0.clone(), tag_value: pair.1.clone() }
    }
}

/// Sets tags, in place of those of the same names. The texts of refusals are observed, that for
/// duplicates is assumed.
pub(super) fn set(tags: &mut Vec<(String, String)>, new: &[Tag]) -> Result<(), KmsFault> {
    for (at, Tag { tag_key, tag_value }) in new.iter().enumerate() {
        if tag_key.to_ascii_lowercase().starts_with("aws:") {
            return Err(KmsFault::Tag { why: "Tags beginning with aws: are reserved" });
        }
        if new.iter().take(at).any(|before| before.tag_key == *tag_key) {
            return Err(KmsFault::Tag { why: "Duplicate tag keys" });
        }
        tags.retain(|(name, _)| name != tag_key);
        tags.push((tag_key.clone(), tag_value.clone()));
    }
    tags.sort();
    if tags.len() > TAGS_MAX {
        return Err(KmsFault::Tag { why: "Too many tags" });
    }
    Ok(())
}
