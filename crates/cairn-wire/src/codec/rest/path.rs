//! Paths and the templates they are made from.
//!
//! Paths are matched raw and decoded label by label: a `%2F` inside a label is no separator, and
//! nothing is normalised.

use std::borrow::Cow;

use crate::codec::form;

/// What a template's path has between two slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'t> {
    Literal(&'t str),
    Label(&'t str),
    /// A label that takes slashes.
    Greedy(&'t str),
}

fn pieces(template: &str) -> Vec<Piece<'_>> {
    let path = template.split('?').next().unwrap_or("");
    path.trim_start_matches('/')
        .split('/')
        .map(|segment| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(label) => label.strip_suffix('+').map_or(Piece::Label(label), Piece::Greedy),
            None => Piece::Literal(segment),
        })
        .collect()
}

/// The labels of a path, decoded, by their names in the template.
///
/// With `bucket` the request names the bucket in its host: the template's `{Bucket}` is then not
/// in the path.
pub(super) fn labels<'a>(
    template: &'a str,
    path: &'a str,
    bucket: Option<&'a str>,
) -> Option<Vec<(&'a str, Cow<'a, str>)>> {
    let mut pieces = pieces(template);
    let mut found = Vec::new();
    if let Some(bucket) = bucket
        && pieces.first() == Some(&Piece::Label("Bucket"))
    {
        found.push(("Bucket", Cow::Borrowed(bucket)));
        pieces.remove(0);
    }
    let mut segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    // A slash at the end is sometimes meant and sometimes not; the resolver has decided already.
    if let Some(labels) = matched(&pieces, &segments) {
        found.extend(labels);
        return Some(found);
    }
    if segments.last() == Some(&"") {
        segments.pop();
    } else if pieces.last() == Some(&Piece::Literal("")) {
        pieces.pop();
    }
    found.extend(matched(&pieces, &segments)?);
    Some(found)
}

fn matched<'a>(pieces: &[Piece<'a>], segments: &[&'a str]) -> Option<Vec<(&'a str, Cow<'a, str>)>> {
    let Some((piece, rest)) = pieces.split_first() else {
        return segments.is_empty().then(Vec::new);
    };
    let (first, others) = segments.split_first()?;
    match piece {
        Piece::Literal(text) => {
            (text == first || *text == form::decode_segment(first)).then_some(())?;
            matched(rest, others)
        }
        Piece::Label(name) => {
            let mut found = matched(rest, others).filter(|_| !first.is_empty())?;
            found.push((name, form::decode_segment(first)));
            Some(found)
        }
        Piece::Greedy(name) => {
            // Templates have one greedy label at most, and literals or labels after it take one
            // segment each: what is left over is its share.
            let count = segments.len().checked_sub(rest.len()).filter(|count| *count > 0)?;
            let (mine, after) = segments.split_at_checked(count)?;
            let joined = mine.join("/");
            let mut found = matched(rest, after).filter(|_| !joined.is_empty())?;
            let decoded = form::decode_segment(&joined).into_owned();
            found.push((name, Cow::Owned(decoded)));
            Some(found)
        }
    }
}

/// Fills a template's path; `None` for a label without a value.
pub(super) fn fill<'v>(
    template: &str,
    value: impl Fn(&str) -> Option<Cow<'v, str>>,
) -> Option<String> {
    let mut path = String::new();
    for piece in pieces(template) {
        path.push('/');
        match piece {
            Piece::Literal(text) => path.push_str(text),
            Piece::Label(name) => path.push_str(&form::encode(&value(name)?)),
            Piece::Greedy(name) => {
                let encoded =
                    percent_encoding::utf8_percent_encode(&value(name)?, form::GREEDY).to_string();
                path.push_str(&encoded);
            }
        }
    }
    Some(path)
}

/// The query string that a template fixes (`acl`, `list-type=2`).
pub(super) fn fixed_query(template: &str) -> &str {
    template.split_once('?').map_or("", |(_, query)| query)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(template: &str, path: &str, bucket: Option<&str>) -> Option<Vec<(String, String)>> {
        let mut labels: Vec<_> = labels(template, path, bucket)?
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.into_owned()))
            .collect();
        labels.sort();
        Some(labels)
    }

    fn own(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn keys_keep_their_slashes() {
        let s3 = "/{Bucket}/{Key+}";
        assert_eq!(read(s3, "/b/a/c", None), Some(own(&[("Bucket", "b"), ("Key", "a/c")])));
        assert_eq!(read(s3, "/b/dir/", None), Some(own(&[("Bucket", "b"), ("Key", "dir/")])));
        assert_eq!(read(s3, "/b//", None), Some(own(&[("Bucket", "b"), ("Key", "/")])));
        assert_eq!(read(s3, "//k", Some("b")), Some(own(&[("Bucket", "b"), ("Key", "/k")])));
        assert_eq!(read(s3, "/b", None), None);
    }

    #[test]
    fn a_slash_after_the_bucket_is_no_key() {
        assert_eq!(read("/{Bucket}?acl", "/b/", None), Some(own(&[("Bucket", "b")])));
        assert_eq!(read("/{Bucket}", "/", Some("b")), Some(own(&[("Bucket", "b")])));
    }

    #[test]
    fn labels_are_decoded_one_by_one() {
        let template = "/v1/{Arn}/y";
        assert_eq!(read(template, "/v1/a%2Fb+c/y", None), Some(own(&[("Arn", "a/b+c")])));
        assert_eq!(read(template, "/v1//y", None), None);
        assert_eq!(read("/v1/{x+}/y", "/v1/a/b/y", None), Some(own(&[("x", "a/b")])));
        assert_eq!(read("/v1/{x+}/y", "/v1/y", None), None);
        assert_eq!(read("/", "/", None), Some(own(&[])));
        assert_eq!(read("/imports/", "/imports", None), Some(own(&[])));
    }

    #[test]
    fn filling_escapes_what_labels_may_not_hold() {
        let value = |_: &str| Some(Cow::Borrowed("a/b c"));
        assert_eq!(fill("/x/{L}/{G+}?acl", value).unwrap(), "/x/a%2Fb%20c/a/b%20c");
        assert_eq!(fixed_query("/x?acl"), "acl");
    }
}
