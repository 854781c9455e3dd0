//! With which keys calls are signed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cairn_iam::read_profile;
use object_store::RetryConfig;
use object_store::aws::{AmazonS3Builder, AwsCredential, AwsCredentialProvider};

use super::destination::{Destination, DestinationFault};
use crate::BucketError;

/// The profile that counts if none is named.
const PROFILE_DEFAULT: &str = "default";

/// Why there are no keys to sign with.
#[derive(Debug, thiserror::Error)]
pub(super) enum CredentialsFault {
    #[error("the credentials file {} cannot be read", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the credentials file {} does not have what is needed", path.display())]
    Malformed {
        path: PathBuf,
        #[source]
        source: cairn_iam::IamError,
    },
    #[error("AWS gives no role to this machine")]
    Instance(#[source] object_store::Error),
    #[error("the keys have characters that no request can carry")]
    Characters,
}

impl BucketError {
    /// Whether nobody was asked, because there are no keys to sign with: none are named, and AWS gives
    /// no role to this machine.
    pub fn is_without_role(&self) -> bool {
        let Self::Unreachable { source, .. } = self else { return false };
        matches!(source.downcast_ref(), Some(CredentialsFault::Instance(_)))
    }
}

/// Where keys come from.
pub(super) enum Credentials {
    Fixed(Arc<AwsCredential>),
    File { path: PathBuf, profile: String },
    Instance(AwsCredentialProvider),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed(_) => "Fixed",
            Self::File { .. } => "File",
            Self::Instance(_) => "Instance",
        })
    }
}

impl Credentials {
    /// Those that a destination names, which was checked.
    pub(super) fn of(destination: &Destination) -> Result<Self, DestinationFault> {
        let none = || DestinationFault::Credentials { bucket: destination.bucket.clone() };
        if destination.instance_role {
            // The builder alone knows how to ask; nothing else of the store that it makes is used.
            let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
            let asking = AmazonS3Builder::new().with_bucket_name("none").with_retry(retry).build();
            let asking = asking.map_err(|source| DestinationFault::Client {
                bucket: destination.bucket.clone(),
                source: source.into(),
            })?;
            return Ok(Self::Instance(Arc::clone(asking.credentials())));
        }
        if let Some(path) = &destination.credentials_file {
            let profile = destination.profile.as_deref().unwrap_or(PROFILE_DEFAULT).to_owned();
            return Ok(Self::File { path: path.clone(), profile });
        }
        let keys = AwsCredential {
            key_id: destination.access_key.clone().ok_or_else(none)?,
            secret_key: destination.secret.clone().ok_or_else(none)?,
            token: destination.session_token.clone(),
        };
        if !can_be_sent(&keys) {
            return Err(none());
        }
        Ok(Self::Fixed(Arc::new(keys)))
    }

    /// The keys of this moment.
    pub(super) async fn now(&self) -> Result<Arc<AwsCredential>, CredentialsFault> {
        let keys = match self {
            Self::Fixed(keys) => return Ok(Arc::clone(keys)),
            Self::File { path, profile } => Arc::new(read(path, profile)?),
            Self::Instance(provider) => {
                provider.get_credential().await.map_err(CredentialsFault::Instance)?
            }
        };
        if can_be_sent(&keys) { Ok(keys) } else { Err(CredentialsFault::Characters) }
    }
}

/// A file this small is read faster than another thread is asked to.
fn read(path: &Path, profile: &str) -> Result<AwsCredential, CredentialsFault> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| CredentialsFault::Unreadable { path: path.to_owned(), source })?;
    let keys = read_profile(&text, profile)
        .map_err(|source| CredentialsFault::Malformed { path: path.to_owned(), source })?;
    Ok(AwsCredential { key_id: keys.key, secret_key: keys.secret, token: keys.session_token })
}

/// Whether the keys fit into headers: the signer takes that for granted.
fn can_be_sent(keys: &AwsCredential) -> bool {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    plain(&keys.key_id) && plain(&keys.secret_key) && keys.token.as_deref().is_none_or(plain)
}

#[cfg(test)]
mod tests {
    use super::CredentialsFault;
    use crate::BucketError;

    #[test]
    fn a_machine_without_a_role_is_told_from_a_store_that_is_away() {
        let unreachable = |source: Box<dyn std::error::Error + Send + Sync>| {
            BucketError::Unreachable { bucket: "audit".to_owned(), source }
        };
        let none = object_store::Error::Generic { store: "S3", source: "no route".into() };
        assert!(unreachable(CredentialsFault::Instance(none).into()).is_without_role());
        assert!(!unreachable(CredentialsFault::Characters.into()).is_without_role());
        assert!(!unreachable("no route".into()).is_without_role());
        assert!(!BucketError::NoSuchBucket { bucket: "audit".to_owned() }.is_without_role());
    }
}
