//! The hash by which the index knows an attribute value.
//!
//! A key stands for (class, account, region, attribute, value): `LookupEvents` asks for exactly
//! that, so the rows under one key are the answer, in order, and nothing has to be intersected.
//! Keys are 40 bits: in a slice of two million keys one lookup in 500,000 meets a foreign key, and
//! every hit is checked against the record itself.

use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

use crate::AttributeKey;

/// How many bits of the hash are kept.
pub(crate) const KEY_BITS: u32 = 40;

/// Which list of `LookupEvents` a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Class {
    Management,
    Insight,
    /// Data, network activity and what else there is: found by `search` only.
    Other,
}

impl Class {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Management => 0,
            Self::Insight => 1,
            Self::Other => 2,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Management),
            1 => Some(Self::Insight),
            2 => Some(Self::Other),
            _ => None,
        }
    }
}

/// Where a record belongs: what every query of `LookupEvents` is limited to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scope {
    pub class: Class,
    pub account: String,
    pub region: String,
}

/// The hash of a scope, of which all keys in it are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ScopeHash(u64);

impl ScopeHash {
    pub(crate) fn new(class: Class, account: &str, region: &str) -> Self {
        let mut hash = Xxh3::with_seed(u64::from(class.code()));
        hash.update(account.as_bytes());
        // No region or account holds this byte, so the pair is unambiguous.
        hash.update(&[0xff]);
        hash.update(region.as_bytes());
        Self(hash.digest())
    }

    pub(crate) fn of(scope: &Scope) -> Self {
        Self::new(scope.class, &scope.account, &scope.region)
    }

    /// The key of an attribute value.
    pub(crate) fn key(self, attribute: AttributeKey, value: &str) -> u64 {
        self.hashed(attribute_code(attribute), value.as_bytes())
    }

    /// The key under which every row of the scope is listed.
    pub(crate) fn all_rows(self) -> u64 {
        self.hashed(0, b"")
    }

    fn hashed(self, code: u64, value: &[u8]) -> u64 {
        xxh3_64_with_seed(value, self.0.wrapping_add(code)) >> (64 - KEY_BITS)
    }
}

/// Part of the file format: never renumbered.
const fn attribute_code(key: AttributeKey) -> u64 {
    match key {
        AttributeKey::EventId => 1,
        AttributeKey::EventName => 2,
        AttributeKey::ReadOnly => 3,
        AttributeKey::Username => 4,
        AttributeKey::ResourceType => 5,
        AttributeKey::ResourceName => 6,
        AttributeKey::EventSource => 7,
        AttributeKey::AccessKeyId => 8,
    }
}

/// Hands a key on as its own hash: keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyHasher(u64);

impl std::hash::Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are u64");
    }

    fn write_u64(&mut self, key: u64) {
        // The table takes its control bits from the top, which a key leaves empty.
        self.0 = key << (64 - KEY_BITS) | key;
    }
}

/// A map from keys.
pub(crate) type KeyMap<V> =
    std::collections::HashMap<u64, V, std::hash::BuildHasherDefault<KeyHasher>>;

#[cfg(test)]
mod tests {
    use super::{Class, KEY_BITS, ScopeHash};
    use crate::AttributeKey;

    #[test]
    fn each_part_of_a_key_counts() {
        let scope = ScopeHash::new(Class::Management, "111122223333", "us-east-1");
        let key = scope.key(AttributeKey::EventName, "RunInstances");
        assert_eq!(key >> KEY_BITS, 0);
        let others = [
            scope.key(AttributeKey::EventName, "RunInstance"),
            scope.key(AttributeKey::EventSource, "RunInstances"),
            ScopeHash::new(Class::Other, "111122223333", "us-east-1")
                .key(AttributeKey::EventName, "RunInstances"),
            ScopeHash::new(Class::Management, "111122223334", "us-east-1")
                .key(AttributeKey::EventName, "RunInstances"),
            ScopeHash::new(Class::Management, "111122223333", "us-east-2")
                .key(AttributeKey::EventName, "RunInstances"),
            scope.all_rows(),
        ];
        assert!(!others.contains(&key));
    }

    #[test]
    fn keys_are_part_of_the_format() {
        let scope = ScopeHash::new(Class::Management, "111122223333", "us-east-1");
        assert_eq!(scope.key(AttributeKey::EventName, "RunInstances"), 2_011_873_548_007 >> 8);
        assert_eq!(scope.all_rows(), 62_709_651_821_446 >> 8);
    }
}
