//! Where buckets of another S3 are, and how to reach them.

use std::fmt;
use std::path::PathBuf;

use cairn_event::Region;
use serde::Deserialize;

/// How long a connection may take to come about, unless it is said otherwise.
const CONNECT_TIMEOUT_MS: u64 = 5_000;
/// How long a call may take, unless it is said otherwise.
const REQUEST_TIMEOUT_MS: u64 = 30_000;
/// The longest that either may be set to.
const TIMEOUT_MS_MAX: u64 = 10 * 60 * 1_000;
/// Stands for every bucket that nothing else is said of.
const ANY_BUCKET: &str = "*";

/// A bucket of another S3, and how to reach it: a table `[[destination]]` of the settings.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Destination {
    /// Its name; `*` stands for all buckets that no other destination names.
    pub bucket: String,
    /// The store's address, such as `https://s3.example.org:9000`; AWS if there is none.
    pub endpoint: Option<String>,
    /// The region that calls are signed for. Without one AWS is asked; other stores get us-east-1.
    pub region: Option<String>,
    /// The access key.
    pub access_key: Option<String>,
    /// Its secret.
    pub secret: Option<String>,
    /// The session that goes with a temporary key.
    pub session_token: Option<String>,
    /// A credentials file of AWS's tools, in place of a key here. It is read again for each call,
    /// so that keys can be replaced.
    pub credentials_file: Option<PathBuf>,
    /// The profile in that file; `default` if none is named.
    pub profile: Option<String>,
    /// Uses the role that AWS gives to this machine, task or pod, in place of keys.
    pub instance_role: bool,
    /// Names the bucket in the path and not in the host. By default so if there is an endpoint.
    pub path_style: Option<bool>,
    /// Whether the endpoint may be plain HTTP: everybody on the way can read what is delivered.
    pub allow_http: bool,
    /// Certificates (PEM) that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether objects are written with the ACL `bucket-owner-full-control`, as AWS writes them.
    pub acl: bool,
    /// The encryption that is asked for trails without a key of their own. What trails with one
    /// write is always sent with `aws:kms` and that key: a store that cannot do it must refuse.
    pub sse: Encryption,
    /// What is sent along to prove that an object arrived whole.
    pub checksum: Checksum,
    /// How long a connection may take to come about.
    pub connect_timeout_ms: u64,
    /// How long a call may take in all; of a download, how long it may stand still.
    pub request_timeout_ms: u64,
}

/// The encryption that a store is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Encryption {
    /// The bucket's own default.
    #[default]
    #[serde(rename = "none")]
    Default,
    /// The store's own keys.
    #[serde(rename = "AES256")]
    Aes256,
}

/// What proves that an object arrived whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checksum {
    /// `x-amz-checksum-crc64nvme`, as AWS does it.
    #[default]
    Crc64nvme,
    /// `Content-MD5`, for older stores.
    Md5,
    /// Nothing but the signature, which covers the content too.
    None,
}

/// Why a destination cannot be one.
#[derive(Debug, thiserror::Error)]
pub enum DestinationFault {
    /// No bucket is named, or one that cannot be.
    #[error("`{bucket}` is no name of a bucket")]
    Bucket {
        /// What stands there.
        bucket: String,
    },
    /// Two destinations are for the same bucket.
    #[error("there are two destinations for the bucket `{bucket}`")]
    Twice {
        /// The bucket.
        bucket: String,
    },
    /// The endpoint is no address.
    #[error("the endpoint `{endpoint}` is no address such as https://s3.example.org")]
    Endpoint {
        /// What stands there.
        endpoint: String,
    },
    /// Plain HTTP without leave.
    #[error("the endpoint `{endpoint}` is plain HTTP; say allow-http = true if that is meant")]
    PlainHttp {
        /// The endpoint.
        endpoint: String,
    },
    /// The region is none.
    #[error("`{region}` is no region")]
    Region {
        /// What stands there.
        region: String,
    },
    /// Not exactly one kind of credentials.
    #[error(
        "the destination `{bucket}` needs one of: access-key and secret, credentials-file, \
         instance-role"
    )]
    Credentials {
        /// The bucket.
        bucket: String,
    },
    /// A time limit out of range.
    #[error("{name} must be from 1 to {TIMEOUT_MS_MAX} milliseconds")]
    Timeout {
        /// The setting.
        name: &'static str,
    },
    /// The certificates cannot be used.
    #[error("the certificates in {} cannot be read", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The client cannot be made.
    #[error("no client for `{bucket}` can be made")]
    Client {
        /// The bucket.
        bucket: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Default for Destination {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            endpoint: None,
            region: None,
            access_key: None,
            secret: None,
            session_token: None,
            credentials_file: None,
            profile: None,
            instance_role: false,
            path_style: None,
            allow_http: false,
            ca_file: None,
            acl: true,
            sse: Encryption::default(),
            checksum: Checksum::default(),
            connect_timeout_ms: CONNECT_TIMEOUT_MS,
            request_timeout_ms: REQUEST_TIMEOUT_MS,
        }
    }
}

impl fmt::Debug for Destination {
    /// Without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key", &self.access_key)
            .field("secret", &self.secret.as_ref().map(|_| "(hidden)"))
            .field("session_token", &self.session_token.as_ref().map(|_| "(hidden)"))
            .field("credentials_file", &self.credentials_file)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

impl Destination {
    /// Whether it is for all buckets that no other one names.
    pub fn is_for_any(&self) -> bool {
        self.bucket == ANY_BUCKET
    }

    /// Whether it can be one. What lies in files is not looked at.
    pub fn check(&self) -> Result<(), DestinationFault> {
        if !self.is_for_any() && !is_bucket(&self.bucket) {
            return Err(DestinationFault::Bucket { bucket: self.bucket.clone() });
        }
        if let Some(endpoint) = &self.endpoint {
            self.check_endpoint(endpoint)?;
        }
        if let Some(region) = &self.region
            && Region::parse(region).is_err()
        {
            return Err(DestinationFault::Region { region: region.clone() });
        }
        let keys =
            self.access_key.is_some() || self.secret.is_some() || self.session_token.is_some();
        let file = self.credentials_file.is_some() || self.profile.is_some();
        let kinds = [keys, file, self.instance_role].into_iter().filter(|kind| *kind).count();
        let whole = keys && self.access_key.is_some() && self.secret.is_some()
            || file && self.credentials_file.is_some()
            || self.instance_role;
        if kinds != 1 || !whole {
            return Err(DestinationFault::Credentials { bucket: self.bucket.clone() });
        }
        for (name, ms) in [
            ("connect-timeout-ms", self.connect_timeout_ms),
            ("request-timeout-ms", self.request_timeout_ms),
        ] {
            if !(1..=TIMEOUT_MS_MAX).contains(&ms) {
                return Err(DestinationFault::Timeout { name });
            }
        }
        Ok(())
    }

    fn check_endpoint(&self, endpoint: &str) -> Result<(), DestinationFault> {
        let address = endpoint.parse::<http::Uri>().ok().filter(|address| {
            address.authority().is_some_and(|authority| !authority.as_str().contains('@'))
                && address.query().is_none()
                && !endpoint.contains('#')
        });
        match address.as_ref().and_then(http::Uri::scheme_str) {
            Some("https") => Ok(()),
            Some("http") if self.allow_http => Ok(()),
            Some("http") => Err(DestinationFault::PlainHttp { endpoint: endpoint.to_owned() }),
            _ => Err(DestinationFault::Endpoint { endpoint: endpoint.to_owned() }),
        }
    }
}

/// Whether a text can be the name of a bucket. Other stores take more names than AWS does; what
/// matters here is that nothing in one can reach beyond it in an address.
fn is_bucket(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (3..=255).contains(&name.len())
        && name.bytes().all(plain)
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
}
