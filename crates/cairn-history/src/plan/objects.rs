//! Objects of S3 as the resources of a call.
//!
//! `LookupEvents` lists the bucket of a data event and not its object, and nothing of a call that was
//! denied; the columns are as it lists. A search finds objects, too: what columns cannot tell, the
//! record's own `resources` do.

use cairn_event::{Category, RecordHead};

use crate::fields::{Columns, Fields, passes, value_passes};
use crate::{Field, Filter, Match};

/// The fields of which conditions on objects need columns.
pub(super) const FIELDS: [Field; 2] = [Field::Category, Field::ResourceName];

/// What stands before a name in an ARN of S3.
const S3: &str = ":s3:::";
/// The shortest name of a bucket (documented).
const BUCKET_BYTES_MIN: usize = 3;

/// The condition, with a bucket's ARN as its name, which is what columns have.
pub(super) fn plain(filter: &Filter) -> Filter {
    let mut filter = filter.clone();
    if filter.field == Field::ResourceName
        && let Match::Equals(name) = &mut filter.value
        && let Some((_, bucket)) = name.split_once(S3)
        && is_bucket(bucket)
    {
        *name = bucket.to_owned();
    }
    filter
}

/// Whether a condition may be about an object: its name is `BUCKET/KEY`, or its ARN. The name of a
/// bucket alone is in the columns.
pub(super) fn may_be_wanted(filter: &Filter) -> bool {
    if filter.field != Field::ResourceName {
        return false;
    }
    match &filter.value {
        Match::Equals(name) | Match::Prefix(name) => {
            name.contains(S3) || name.split_once('/').is_some_and(|(bucket, _)| is_bucket(bucket))
        }
        // Any part of the name of an object.
        Match::Contains(_) => true,
        Match::Present | Match::Absent => false,
    }
}

fn is_bucket(name: &str) -> bool {
    // Earlier names have large letters and `_`.
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    name.len() >= BUCKET_BYTES_MIN && name.bytes().all(fits)
}

/// Whether a row may pass, as far as its columns say: [`pass`] decides.
pub(super) fn may_pass(row: &impl Columns, filter: &Filter) -> bool {
    row.category() == Category::Data || passes(row, filter)
}

/// Whether a record passes.
pub(super) fn pass(head: Option<&RecordHead<'_>>, filter: &Filter) -> bool {
    passes(&Fields::of_any(head), filter) || head.is_some_and(|head| has_object(head, filter))
}

/// Whether a record passes all of several conditions. If there are none, it is not looked at.
pub(super) fn all_pass(record: &[u8], filters: &[Filter]) -> bool {
    if filters.is_empty() {
        return true;
    }
    let head = RecordHead::parse(record).ok();
    filters.iter().all(|filter| pass(head.as_ref(), filter))
}

fn has_object(head: &RecordHead<'_>, filter: &Filter) -> bool {
    head.category() == Category::Data
        && head.resource_refs().filter_map(|own| own.arn.or(own.arn_prefix)).any(|arn| {
            let name = arn.split_once(S3).map(|(_, name)| name);
            value_passes(Some(&arn), &filter.value)
                || name.is_some_and(|name| value_passes(Some(name), &filter.value))
        })
}
