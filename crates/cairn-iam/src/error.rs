//! The errors of this crate.

/// What can be wrong with a key or a credentials file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IamError {
    /// An access key has 16 to 128 letters, digits or underscores.
    #[error("an access key has 16 to 128 letters, digits or underscores")]
    MalformedAccessKey,
    /// A secret key is 1 to 128 visible ASCII characters.
    #[error("a secret key has 1 to 128 visible characters")]
    MalformedSecretKey,
    /// A line of the credentials file is neither a section, nor `name = value`, nor a comment.
    #[error("line {line} of the credentials file is not understood")]
    MalformedLine {
        /// The line, from 1.
        line: usize,
    },
    /// The credentials file has no such profile.
    #[error("the credentials file has no profile [{profile}]")]
    NoProfile {
        /// The profile looked for.
        profile: String,
    },
    /// The profile lacks a setting.
    #[error("the profile lacks {name}")]
    NoSetting {
        /// The missing setting.
        name: &'static str,
    },
}
