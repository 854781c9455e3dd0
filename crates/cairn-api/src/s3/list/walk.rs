//! The walk over a bucket's keys in byte order, with all keys under a common prefix as one entry.
//!
//! Under a delimiter a listing jumps: past a common prefix the store is asked again from the first
//! name that is not under it, so a "directory" of a million objects costs one step.

use std::ops::Bound;

use cairn_store::objects::LIST_OBJECTS_MAX;
use cairn_store::{ListQuery, ObjectHead};

use super::super::call::Call;
use super::super::error::S3Fault;
use super::super::name;

/// The most entries of one page (documented).
pub(crate) const PAGE_ENTRIES_MAX: usize = 1_000;

/// What to walk over.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) prefix: &'a str,
    /// Empty for none.
    pub(crate) delimiter: &'a str,
    /// Where to begin.
    pub(crate) after: After,
    pub(crate) entries_max: usize,
}

/// Where a walk begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// At the beginning.
    Nothing,
    /// After this key. A key that is itself a common prefix stands for all under it.
    Key(String),
    /// After all keys that begin so.
    Prefix(String),
}

/// One entry of a page.
#[derive(Debug)]
pub(crate) enum Entry {
    Object(String, Box<ObjectHead>),
    Prefix(String),
}

/// A page of entries.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// Whether there is more.
    pub(crate) truncated: bool,
}

impl Page {
    /// The last entry, after which the next page begins.
    pub(crate) fn last(&self) -> Option<After> {
        Some(match self.entries.last()? {
            Entry::Object(key, _) => After::Key(key.clone()),
            Entry::Prefix(prefix) => After::Prefix(prefix.clone()),
        })
    }
}

/// A number that a caller gives, and what S3 says of one that is negative.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounded {
    name: &'static str,
    why: &'static str,
}

/// evidence: observed (the texts, as other servers have them; listings of objects call it otherwise
/// than their parameter).
pub(crate) const MAX_KEYS: Bounded = Bounded {
    name: "maxKeys",
    why: "Argument maxKeys must be an integer between 0 and 2147483647",
};
pub(crate) const MAX_PARTS: Bounded = Bounded {
    name: "max-parts",
    why: "Argument max-parts must be an integer between 0 and 2147483647",
};
pub(crate) const MAX_UPLOADS: Bounded = Bounded {
    name: "max-uploads",
    why: "Argument max-uploads must be an integer between 0 and 2147483647",
};
pub(crate) const PART_MARKER: Bounded = Bounded {
    name: "part-number-marker",
    why: "Argument part-number-marker must be an integer between 0 and 2147483647",
};

impl Bounded {
    /// The number, if it is not negative.
    pub(crate) fn check(self, asked: i32) -> Result<u32, S3Fault> {
        let Self { name, why } = self;
        u32::try_from(asked).map_err(|_| S3Fault::BadArgument {
            why,
            name,
            value: asked.to_string(),
        })
    }
}

/// The number of entries that a caller may have on a page, by what it asks for.
pub(crate) fn entries_max(asked: Option<i32>, bounds: Bounded) -> Result<usize, S3Fault> {
    let Some(asked) = asked else { return Ok(PAGE_ENTRIES_MAX) };
    let asked = bounds.check(asked)?;
    Ok(usize::try_from(asked).unwrap_or(PAGE_ENTRIES_MAX).min(PAGE_ENTRIES_MAX))
}

/// Walks.
pub(crate) async fn walk(call: &Call, walk: &Walk<'_>) -> Result<Page, S3Fault> {
    let mut page = Page::default();
    if walk.entries_max == 0 {
        return Ok(page);
    }
    let base = name::objects_of(walk.bucket);
    let prefix = [base.as_slice(), walk.prefix.as_bytes()].concat();
    let mut from = walk.begin(&base);
    loop {
        // One more than can be shown tells whether there is more.
        let limit = (walk.entries_max - page.entries.len() + 1).min(LIST_OBJECTS_MAX);
        let query = ListQuery { prefix: prefix.clone(), from: from.clone(), limit };
        let heads = call.objects().list(&query).await?;
        let last_page = heads.len() < limit;
        for head in heads {
            let key = head.name.as_bytes().get(base.len()..).unwrap_or_default();
            let key = String::from_utf8_lossy(key).into_owned();
            let under = walk.common_prefix(&key);
            if let (Some(under), Some(Entry::Prefix(known))) = (under, page.entries.last())
                && under == known
            {
                continue;
            }
            if page.entries.len() == walk.entries_max {
                page.truncated = true;
                return Ok(page);
            }
            from = match under {
                None => Bound::Excluded(head.name.as_bytes().to_vec()),
                Some(under) => past(&base, under),
            };
            page.entries.push(match under {
                Some(under) => Entry::Prefix(under.to_owned()),
                None => Entry::Object(key, Box::new(head)),
            });
        }
        if last_page {
            return Ok(page);
        }
    }
}

impl Walk<'_> {
    fn begin(&self, base: &[u8]) -> Bound<Vec<u8>> {
        match &self.after {
            After::Nothing => Bound::Unbounded,
            After::Prefix(prefix) => past(base, prefix),
            After::Key(key) if self.common_prefix(key) == Some(key) => past(base, key),
            After::Key(key) => Bound::Excluded([base, key.as_bytes()].concat()),
        }
    }

    /// The common prefix that stands for a key: up to the first delimiter after the prefix.
    fn common_prefix<'k>(&self, key: &'k str) -> Option<&'k str> {
        if self.delimiter.is_empty() {
            return None;
        }
        let rest = key.strip_prefix(self.prefix)?;
        let end = self.prefix.len() + rest.find(self.delimiter)? + self.delimiter.len();
        key.get(..end)
    }
}

/// The first name after all that begin so.
fn past(base: &[u8], prefix: &str) -> Bound<Vec<u8>> {
    let mut name = [base, prefix.as_bytes()].concat();
    // Text has no byte 0xFF, so the last one can be raised.
    if let Some(last) = name.last_mut() {
        *last = last.saturating_add(1);
    }
    Bound::Included(name)
}
