//! Which keys there are.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_event::AccountId;

use crate::{Credential, Principal};

/// The keys that a server knows. A value: the composition root fills it and puts a new one in its
/// place when keys change.
#[derive(Clone, Debug)]
pub struct Keyring(Keys);

#[derive(Clone, Debug)]
enum Keys {
    Known(HashMap<Box<str>, Arc<Credential>>),
    Any(Arc<Principal>),
}

/// What a keyring says of an access key.
#[derive(Clone, Debug)]
pub enum Found {
    /// The key is known: check the signature with its secret.
    Known(Arc<Credential>),
    /// Any key will do, unchecked: this principal calls.
    Any(Arc<Principal>),
    /// Nobody has this key.
    Unknown,
}

impl Keyring {
    /// A keyring of these credentials; of two with the same key, the later one counts.
    pub fn new(credentials: impl IntoIterator<Item = Credential>) -> Self {
        let entry =
            |credential: Credential| (Box::from(credential.key.as_str()), Arc::new(credential));
        Self(Keys::Known(credentials.into_iter().map(entry).collect()))
    }

    /// A keyring for test rigs: whatever the key, the root of `account` calls, and nobody checks
    /// the signature. Never for a server that others can reach.
    pub fn any_credential(account: AccountId) -> Self {
        Self(Keys::Any(Arc::new(Principal::Root { account })))
    }

    /// Looks an access key up, as it came in a signature.
    pub fn find(&self, access_key: &str) -> Found {
        match &self.0 {
            Keys::Any(principal) => Found::Any(Arc::clone(principal)),
            Keys::Known(known) => match known.get(access_key) {
                Some(credential) => Found::Known(Arc::clone(credential)),
                None => Found::Unknown,
            },
        }
    }

    /// True when signatures are not checked.
    pub fn accepts_any(&self) -> bool {
        matches!(self.0, Keys::Any(_))
    }
}

#[cfg(test)]
mod tests {
    use cairn_event::Timestamp;

    use super::*;
    use crate::{AccessKeyId, KeyKind, SecretKey, Session, SessionFacts};

    fn account() -> AccountId {
        AccountId::parse("123456789012").unwrap()
    }

    fn credential(kind: KeyKind, session: Option<Session>) -> Credential {
        Credential {
            key: AccessKeyId::mint(kind, &account(), [3; 8]),
            secret: SecretKey::mint([9; 30]),
            session,
            principal: Arc::new(Principal::Root { account: account() }),
        }
    }

    #[test]
    fn finds_a_known_key_and_nothing_else() {
        let credential = credential(KeyKind::LongTerm, None);
        let keyring = Keyring::new([credential.clone()]);
        assert!(!keyring.accepts_any());
        let Found::Known(found) = keyring.find(credential.key.as_str()) else {
            panic!("the key is known");
        };
        assert_eq!(*found, credential);
        assert!(matches!(keyring.find("AKIAIOSFODNN7EXAMPLE"), Found::Unknown));
        assert!(matches!(keyring.find(""), Found::Unknown));
    }

    #[test]
    fn a_rig_takes_every_key_for_root() {
        let keyring = Keyring::any_credential(account());
        assert!(keyring.accepts_any());
        let Found::Any(principal) = keyring.find("test") else { panic!("any key will do") };
        assert_eq!(principal.arn().as_deref(), Some("arn:aws:iam::123456789012:root"));
    }

    #[test]
    fn a_session_ends_at_its_time() {
        let session = Session {
            token: "token".to_owned(),
            expires: Timestamp::from_ms(1000),
            facts: SessionFacts {
                created: Timestamp::from_ms(0),
                mfa_authenticated: false,
                source_identity: None,
            },
        };
        let temporary = credential(KeyKind::Temporary, Some(session));
        assert_eq!(temporary.session_token(), Some("token"));
        assert!(!temporary.is_expired(Timestamp::from_ms(999)));
        assert!(temporary.is_expired(Timestamp::from_ms(1000)));
        let printed = format!("{temporary:?}");
        assert!(!printed.contains("token") && !printed.contains(temporary.secret.expose()));
        assert!(!credential(KeyKind::LongTerm, None).is_expired(Timestamp::from_ms(i64::MAX)));
    }
}
