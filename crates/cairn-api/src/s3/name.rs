//! What things are called: buckets, objects in the store, owners.

use cairn_bucket::state;
use cairn_event::AccountId;
use cairn_store::{Key, KeyPrefix, ObjectError, ObjectName};
use s3s::crypto::{Checksum as _, Sha256};

use super::error::S3Fault;

/// Where parts of uploads lie. No bucket has this name: bucket names begin with a letter or a
/// digit.
const PARTS: &str = ".parts";

/// Whether a new bucket may have this name. The codec has checked the alphabet and the length; what
/// is left are the beginnings and ends that AWS keeps for itself (documented).
pub(crate) fn is_free_for_buckets(name: &str) -> bool {
    const BEGINNINGS: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
    const ENDS: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    !BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        && !ENDS.iter().any(|end| name.ends_with(end))
}

/// The name of an object in the store.
pub(crate) fn object(bucket: &str, key: &str) -> Result<ObjectName, S3Fault> {
    state::object_name(bucket, key).map_err(|error| match error {
        ObjectError::NameInvalid => S3Fault::KeyTooLong,
        other => other.into(),
    })
}

/// The beginning of the names of a bucket's objects.
pub(crate) fn objects_of(bucket: &str) -> Vec<u8> {
    format!("{bucket}/").into_bytes()
}

/// The beginning of the names of an upload's parts.
pub(crate) fn parts_of(bucket: &str, upload: &str) -> Vec<u8> {
    format!("{PARTS}/{bucket}/{upload}/").into_bytes()
}

/// The beginning of the names of all parts of a bucket.
pub(crate) fn all_parts_of(bucket: &str) -> Vec<u8> {
    format!("{PARTS}/{bucket}/").into_bytes()
}

/// The name of a part; parts sort by number.
pub(crate) fn part(bucket: &str, upload: &str, number: i32) -> Result<ObjectName, S3Fault> {
    Ok(ObjectName::new(format!("{PARTS}/{bucket}/{upload}/{number:05}"))?)
}

/// The number of a part by its name.
pub(crate) fn part_number(name: &ObjectName) -> Option<i32> {
    let bytes = name.as_bytes();
    let number = bytes.rsplit(|byte| *byte == b'/').next()?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// The key under which a bucket's state is kept.
pub(crate) fn bucket_key(bucket: &str) -> Result<Key, S3Fault> {
    Ok(state::key(bucket)?)
}

/// The beginning of the keys of buckets whose names begin so.
pub(crate) fn bucket_keys(prefix: &str) -> KeyPrefix {
    state::keys(prefix)
}

/// The bucket's name in such a key.
pub(crate) fn bucket_of(key: &Key) -> &str {
    state::name_in(key)
}

/// The key under which an upload's state is kept.
pub(crate) fn upload_key(bucket: &str, upload: &str) -> Result<Key, S3Fault> {
    Key::parse(&format!("s3/upload/{bucket}/{upload}")).map_err(|_| S3Fault::NoSuchUpload)
}

/// The beginning of the keys of a bucket's uploads.
pub(crate) fn upload_keys(bucket: &str) -> KeyPrefix {
    KeyPrefix::new(&format!("s3/upload/{bucket}/"))
}

/// The upload's id in such a key.
pub(crate) fn upload_of(key: &Key) -> &str {
    key.as_str().rsplit('/').next().unwrap_or_default()
}

/// The key under which tags that were set after an object was written are kept. Keys of objects are
/// longer than keys of small values may be, so a hash stands for them.
pub(crate) fn tags_key(object: &ObjectName) -> Result<Key, S3Fault> {
    Ok(state::tags_key(object)?)
}

/// The beginning of the keys of tags in a bucket.
pub(crate) fn tags_keys(bucket: &str) -> KeyPrefix {
    KeyPrefix::new(&format!("s3/tags/{bucket}/"))
}

/// A name that nothing else has, of a seed that nothing else has.
pub(crate) fn unique(seed: &str) -> String {
    hex(&Sha256::checksum(seed.as_bytes())).chars().take(32).collect()
}

/// The canonical user id of an account: 64 hexadecimal digits, as S3 shows owners. AWS draws them
/// at random; ours follow from the account.
pub(crate) fn canonical_user(account: &AccountId) -> String {
    hex(&Sha256::checksum(format!("cairn/canonical-user/{account}").as_bytes()))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &impl AsRef<[u8]>) -> String {
    let mut text = String::with_capacity(bytes.as_ref().len() * 2);
    for byte in bytes.as_ref() {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

/// Bytes out of hexadecimal; `None` if it is not.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digits = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<u32>>>()?;
    Some(digits.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}
