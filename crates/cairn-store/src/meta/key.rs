//! Names of small values.

use std::fmt;

use super::MetaError;

/// The longest key.
pub const KEY_BYTES_MAX: usize = 512;

/// The name of a value: text, by custom a path such as `trail/us-east-1/audit`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<str>);

impl Key {
    /// Checks the text: 1 to [`KEY_BYTES_MAX`] bytes without control characters.
    pub fn parse(text: &str) -> Result<Self, MetaError> {
        let fits = !text.is_empty() && text.len() <= KEY_BYTES_MAX;
        if !fits || text.chars().any(char::is_control) {
            return Err(MetaError::KeyInvalid);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The beginning that some keys have in common. The empty one is that of every key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyPrefix(Box<str>);

impl KeyPrefix {
    /// A prefix. Any text is one; a text that no key can begin with has no keys under it.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a key begins with it.
    pub fn covers(&self, key: &Key) -> bool {
        key.as_str().starts_with(self.as_str())
    }
}

impl From<&Key> for KeyPrefix {
    /// The key itself and whatever is below it.
    fn from(key: &Key) -> Self {
        Self(key.0.clone())
    }
}
