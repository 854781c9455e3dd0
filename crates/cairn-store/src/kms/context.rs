//! Encryption contexts: what a ciphertext is for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Pairs that are bound to a ciphertext and must be given again to open it. Their order does not
/// matter; letters in upper and lower case differ (documented).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EncryptionContext(BTreeMap<String, String>);

impl EncryptionContext {
    /// Without a pair.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The pairs, by name.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a pair.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// With a pair more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// One text for one set of pairs: each name and value behind its length, names in byte order.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for text in self.0.iter().flat_map(|(name, value)| [name, value]) {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for EncryptionContext {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::EncryptionContext;

    #[test]
    fn a_set_of_pairs_has_one_text_and_no_other_set_has_it() {
        let of = |pairs: &[(&str, &str)]| {
            pairs.iter().copied().collect::<EncryptionContext>().canonical()
        };
        assert_eq!(of(&[("a", "1"), ("b", "2")]), of(&[("b", "2"), ("a", "1")]));
        let others = [
            of(&[]),
            of(&[("", "")]),
            of(&[("a", "1")]),
            of(&[("a1", "")]),
            of(&[("A", "1")]),
            of(&[("a", "1"), ("b", "2")]),
            of(&[("a", "1b2"), ("", "")]),
        ];
        for (at, one) in others.iter().enumerate() {
            assert!(others.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
    }
}
