//! What is known of a request beside who asks for what: the values that conditions compare.

use std::collections::BTreeMap;

use cairn_event::Timestamp;

use super::caller::kind_of;
use crate::Principal;

/// The condition keys of a request and their values. Names of keys have no case (documented); a
/// key has one value or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, Vec<String>>,
}

impl Context {
    /// Knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What follows from who asks and when, under the global keys (documented):
    /// `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:userid`,
    /// `aws:username`, `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName`,
    /// `aws:CurrentTime` and `aws:EpochTime`.
    pub fn of(principal: &Principal, now: Timestamp) -> Self {
        let mut context = Self::at(now).with("aws:PrincipalType", kind_of(principal));
        let is_service = matches!(principal, Principal::Service { .. });
        context.add("aws:PrincipalIsAWSService", if is_service { "true" } else { "false" });
        // documented: of a session, the role's ARN.
        let arn = match principal {
            Principal::AssumedRole { role, .. } => Some(role.arn()),
            _ => principal.arn(),
        };
        if let Some(arn) = arn {
            context.add("aws:PrincipalArn", arn);
        }
        if let Some(account) = principal.account() {
            context.add("aws:PrincipalAccount", account.to_string());
        }
        let id = principal.principal_id();
        match principal {
            Principal::Anonymous => context.add("aws:userid", "anonymous"),
            _ if id.is_empty() => {}
            _ => context.add("aws:userid", id),
        }
        match principal {
            Principal::User(user) => context.add("aws:username", user.name.clone()),
            Principal::Service { name } => context.add("aws:PrincipalServiceName", name.clone()),
            _ => {}
        }
        context
    }

    /// What follows from when: `aws:CurrentTime` and `aws:EpochTime`.
    pub fn at(now: Timestamp) -> Self {
        Self::new()
            .with("aws:CurrentTime", now.iso_seconds())
            .with("aws:EpochTime", now.as_seconds().to_string())
    }

    /// The same, with one more value of a key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.add(key, value);
        self
    }

    /// Adds a value to those of a key.
    pub fn add(&mut self, key: &str, value: impl Into<String>) {
        self.values.entry(key.to_ascii_lowercase()).or_default().push(value.into());
    }

    /// The values of a key, none if it is not there. The key is in lower case.
    pub(super) fn get(&self, lower_key: &str) -> &[String] {
        self.values.get(lower_key).map_or(&[], Vec::as_slice)
    }
}
