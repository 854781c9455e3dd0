//! A key with its secret and the principal behind it.

use std::fmt;
use std::sync::Arc;

use cairn_event::Timestamp;

use crate::{AccessKeyId, Principal, SecretKey, SessionFacts};

/// What makes a credential temporary.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The token that every call must carry.
    pub token: String,
    /// When it ends.
    pub expires: Timestamp,
    /// What records say of it.
    pub facts: SessionFacts,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("expires", &self.expires)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

/// An access key with everything that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The access key.
    pub key: AccessKeyId,
    /// Its secret.
    pub secret: SecretKey,
    /// The session, when the key is a temporary one.
    pub session: Option<Session>,
    /// Whose key it is.
    pub principal: Arc<Principal>,
}

impl Credential {
    /// The token that calls with this key must carry; `None` when they must carry none.
    pub fn session_token(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.token.as_str())
    }

    /// True when the session has ended.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.session.as_ref().is_some_and(|session| session.expires <= now)
    }
}
