//! Where the parts of an object lie that was uploaded in parts, for readers of one part.
//!
//! It is kept with the object as text, runs of parts of one size in one: `1-9:5242880 10:77`.

use std::ops::Range;

use cairn_store::{Attributes, ObjectHead};

use super::description;

/// The name under which it is kept. No caller can set or see it.
const PARTS: &str = "x-cairn-parts";
/// Likewise the id of the upload.
const UPLOAD: &str = "x-cairn-upload";
/// The longest text that is kept. Clients make all parts but the last of one size; an object whose
/// thousands of parts all differ is not read by part.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// Keeps the numbers and sizes of an object's parts, in their order.
pub(crate) fn keep(attributes: &mut Attributes, parts: impl Iterator<Item = (i32, u64)>) {
    let text = written(parts);
    description::keep(attributes, PARTS, (text.len() <= TEXT_BYTES_MAX).then_some(text));
}

/// Keeps the id of the upload that made an object.
pub(crate) fn keep_upload(attributes: &mut Attributes, id: &str) {
    description::keep(attributes, UPLOAD, Some(id.to_owned()));
}

/// Whether the upload of this id made the object.
pub(crate) fn made_by(head: &ObjectHead, id: &str) -> bool {
    head.attributes.header(UPLOAD) == Some(id)
}

/// Forgets them, and the upload: the bytes go on as an object that came whole.
pub(crate) fn forget(attributes: &mut Attributes) {
    description::keep(attributes, PARTS, None);
    description::keep(attributes, UPLOAD, None);
}

/// Where the parts lie is not kept.
#[derive(Debug)]
pub(crate) struct Unknown;

/// Where a part lies, if there is one of this number.
pub(crate) fn find(head: &ObjectHead, number: i32) -> Result<Option<Range<u64>>, Unknown> {
    let runs = head.attributes.header(PARTS).and_then(read).ok_or(Unknown)?;
    Ok(place(&runs, number))
}

/// Parts of one size with numbers that follow each other.
struct Run {
    first: i32,
    last: i32,
    /// The place of the first, and the size of each.
    start: u64,
    bytes: u64,
}

fn written(parts: impl Iterator<Item = (i32, u64)>) -> String {
    let mut runs: Vec<(i32, i32, u64)> = Vec::new();
    for (number, bytes) in parts {
        match runs.last_mut() {
            Some((_, last, size)) if *size == bytes && *last + 1 == number => *last = number,
            _ => runs.push((number, number, bytes)),
        }
    }
    let runs = runs.iter().map(|(first, last, bytes)| {
        if first == last { format!("{first}:{bytes}") } else { format!("{first}-{last}:{bytes}") }
    });
    runs.collect::<Vec<_>>().join(" ")
}

/// The runs of a text; `None` if it is none of ours.
fn read(text: &str) -> Option<Vec<Run>> {
    let mut start = 0_u64;
    let mut runs = Vec::new();
    for run in text.split(' ') {
        let (numbers, bytes) = run.split_once(':')?;
        let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
        let (first, last): (i32, i32) = (first.parse().ok()?, last.parse().ok()?);
        let bytes: u64 = bytes.parse().ok()?;
        runs.push(Run { first, last, start, bytes });
        let count = u64::try_from(last.checked_sub(first)?.checked_add(1)?).ok()?;
        start = start.checked_add(count.checked_mul(bytes)?)?;
    }
    Some(runs)
}

fn place(runs: &[Run], number: i32) -> Option<Range<u64>> {
    let run = runs.iter().find(|run| (run.first..=run.last).contains(&number))?;
    let before = u64::try_from(number.checked_sub(run.first)?).ok()?;
    let from = run.start.checked_add(before.checked_mul(run.bytes)?)?;
    Some(from..from.checked_add(run.bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_where_they_lie() {
        let text = written([(1, 5), (2, 5), (3, 5), (7, 5), (8, 2), (9, 0)].into_iter());
        assert_eq!(text, "1-3:5 7:5 8:2 9:0");
        for (number, wanted) in [
            (0, None),
            (1, Some(0..5)),
            (3, Some(10..15)),
            (4, None),
            (7, Some(15..20)),
            (8, Some(20..22)),
            (9, Some(22..22)),
            (10, None),
        ] {
            assert_eq!(place(&read(&text).unwrap(), number), wanted, "{number}");
        }
        for broken in ["", "1", "1:x", "x:1", "2-1-1:4", "1-2147483647:18446744073709551615 3:1"] {
            assert!(read(broken).is_none(), "{broken}");
        }
    }

    #[test]
    fn a_text_has_a_limit() {
        let mut attributes = Attributes::default();
        keep(&mut attributes, (1..=10_000).map(|number| (number, 5 << 20)));
        assert_eq!(attributes.header(PARTS), Some("1-10000:5242880"));
        keep(
            &mut attributes,
            (1..=10_000_i32).map(|number| (number, number.unsigned_abs().into())),
        );
        assert_eq!(attributes.header(PARTS), None);
    }
}
