//! Where an object's bytes lie in the directory.
//!
//! A person should find `AWSLogs/…/x.json.gz` where its key says, so a name becomes a path of the
//! same look: plain characters stay, all others are `%XX`. A name that cannot be such a path (it is
//! too long, has an empty part or dots only, or stands in the way of another) is kept under its
//! hash. Which it was is written in the index, never guessed; the path only has to be free.

use std::fmt::Write;

/// The longest part of a path, well below the 255 bytes that file systems take.
const PART_BYTES_MAX: usize = 200;
/// The longest path.
const PATH_BYTES_MAX: usize = 1_600;
/// The directory of hashed names. No encoded name begins with `%h`.
const HASHED: &str = "%hashed";
/// The ending of the path that is used while the object at the plain one is being replaced.
const OTHER: &str = "%v2";

/// The path of a name as a person would expect it, if it can have one.
pub(crate) fn readable(name: &[u8]) -> Option<String> {
    let mut path = String::with_capacity(name.len());
    for part in name.split(|byte| *byte == b'/') {
        if !path.is_empty() {
            path.push('/');
        }
        let before = path.len();
        for byte in part {
            if byte.is_ascii_alphanumeric() || b"-_.=@+,".contains(byte) {
                path.push(char::from(*byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(path, "%{byte:02X}");
            }
        }
        let length = path.len() - before;
        let only_dots = part.iter().all(|byte| *byte == b'.');
        if only_dots || length > PART_BYTES_MAX {
            return None;
        }
    }
    (path.len() <= PATH_BYTES_MAX).then_some(path)
}

/// The path of a name that cannot have a readable one.
pub(crate) fn hashed(name: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, name);
    let mut hex = String::with_capacity(64);
    for byte in digest.as_ref() {
        let _ = write!(hex, "{byte:02x}");
    }
    let (directory, _) = hex.split_at(2);
    format!("{HASHED}/{directory}/{hex}")
}

/// A path beside the one that is in use, so that the old bytes stay until the index has moved on.
pub(crate) fn free(path: String, in_use: Option<&str>) -> String {
    if in_use == Some(path.as_str()) { path + OTHER } else { path }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::{free, hashed, readable};

    #[test]
    fn names_look_like_themselves() {
        let cases: [(&[u8], Option<&str>); 11] = [
            (b"b/AWSLogs/1/x_y.json.gz", Some("b/AWSLogs/1/x_y.json.gz")),
            (b"a b", Some("a%20b")),
            (b"%v2", Some("%25v2")),
            (b"\xff\0", Some("%FF%00")),
            (b"..a/.hidden", Some("..a/.hidden")),
            (b"a//b", None),
            (b"/a", None),
            (b"a/", None),
            (b"../../etc/passwd", None),
            (b".", None),
            (&[b'x'; 201], None),
        ];
        for (name, path) in cases {
            assert_eq!(readable(name).as_deref(), path, "{}", name.escape_ascii());
        }
        assert!(hashed(b"..").starts_with("%hashed/"));
        assert_eq!(free("a".into(), Some("a")), "a%v2");
        assert_eq!(free("a".into(), Some("a%v2")), "a");
    }

    proptest! {
        #[test]
        fn no_path_escapes_and_no_two_names_share_one(
            names in prop::collection::hash_set("[a-b./%\\x00v2]{1,6}", 2..60)
        ) {
            let mut paths = HashMap::new();
            for name in names {
                let base = readable(name.as_bytes()).unwrap_or_else(|| hashed(name.as_bytes()));
                for path in [base.clone(), free(base.clone(), Some(&base))] {
                    prop_assert!(path.split('/').all(|part| !part.is_empty()
                        && part != "." && part != ".." && !part.contains('\0')));
                    let other = paths.insert(path, name.clone());
                    prop_assert_eq!(other, None);
                }
            }
        }
    }
}
