//! The settings of a server: one typed document, checked before anything starts.
//!
//! Each setting is a flag, an environment variable (`CAIRN_…`) and a key of the TOML file; a flag
//! wins over the environment, and both win over the file. A key that the file should not have is an
//! error.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context as _, bail, ensure};
use cairn_event::{AccountId, Region};
use serde::Deserialize;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const RETENTION_DAYS: u32 = 90;
const LOG_RETENTION_DAYS: u32 = 30;
const SEGMENT_BYTES_MIN: u64 = 64 << 10;

/// The document, as flags and as TOML.
#[derive(Clone, Debug, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Document {
    /// The data directory; made if it is not there [default: ./cairn-data]
    #[arg(long, env = "CAIRN_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:4580]
    #[arg(long, env = "CAIRN_LISTEN", value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The account of the root principal, 12 digits; fixed by the first start [default:
    /// 123456789012]
    #[arg(long, env = "CAIRN_ACCOUNT_ID", value_name = "ID")]
    account_id: Option<String>,
    /// The region of calls that name none [default: us-east-1]
    #[arg(long, env = "CAIRN_REGION")]
    region: Option<String>,
    /// How long history shows a record after it was recorded: days, or `unlimited` [default: 90]
    #[arg(long, env = "CAIRN_HISTORY_RETENTION_DAYS", value_name = "DAYS")]
    history_retention_days: Option<Days>,
    /// How long the log is kept once history has its records: days, or `unlimited` [default: 30]
    #[arg(long, env = "CAIRN_LOG_RETENTION_DAYS", value_name = "DAYS")]
    log_retention_days: Option<Days>,
    /// The size of a log segment, in bytes [default: 67108864]
    #[arg(long, env = "CAIRN_LOG_SEGMENT_BYTES_MAX", value_name = "BYTES")]
    log_segment_bytes_max: Option<u64>,
    /// A domain below which the first label is a bucket; may be given several times [default:
    /// localhost]
    #[arg(
        long = "base-domain",
        env = "CAIRN_BASE_DOMAINS",
        value_delimiter = ',',
        value_name = "DOMAIN"
    )]
    base_domains: Option<Vec<String>>,
    /// The certificate chain, PEM; with --tls-key the port speaks TLS
    #[arg(long, env = "CAIRN_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate, PEM
    #[arg(long, env = "CAIRN_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// A proxy whose X-Forwarded-For is believed; may be given several times
    #[arg(
        long = "trusted-proxy",
        env = "CAIRN_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "IP"
    )]
    trusted_proxies: Option<Vec<IpAddr>>,
    /// Test rigs only, on loopback: any key is the root, no signature is checked
    #[arg(long, env = "CAIRN_INSECURE_ACCEPT_ANY_CREDENTIALS", num_args = 0..=1, default_missing_value = "true")]
    insecure_accept_any_credentials: Option<bool>,
    /// Start although records or small state are missing, as `cairn fsck` names them
    #[arg(long, env = "CAIRN_ACCEPT_MISSING_RECORDS", num_args = 0..=1, default_missing_value = "true")]
    accept_missing_records: Option<bool>,
}

/// A number of days, or no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DaysText")]
pub(crate) enum Days {
    /// So many.
    Some(u32),
    /// Always.
    Unlimited,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum DaysText {
    Number(u32),
    Text(String),
}

impl TryFrom<DaysText> for Days {
    type Error = String;

    fn try_from(text: DaysText) -> Result<Self, String> {
        match text {
            DaysText::Number(days) => Ok(Self::Some(days)),
            DaysText::Text(text) => text.parse(),
        }
    }
}

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "unlimited" {
            return Ok(Self::Unlimited);
        }
        let days = text
            .parse()
            .map_err(|_| format!("`{text}` is neither a number of days nor `unlimited`"))?;
        Ok(Self::Some(days))
    }
}

impl Days {
    fn ms(self) -> Option<i64> {
        match self {
            Self::Some(days) => Some(i64::from(days) * DAY_MS),
            Self::Unlimited => None,
        }
    }
}

/// The settings, checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    /// `None` leaves it to the data directory, or to the default at the first start.
    pub(crate) account: Option<AccountId>,
    pub(crate) region: Region,
    pub(crate) history_retention_ms: Option<i64>,
    pub(crate) log_retention_ms: Option<i64>,
    pub(crate) segment_bytes_max: Option<u64>,
    pub(crate) base_domains: Vec<String>,
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) accepts_any_credentials: bool,
    pub(crate) accepts_missing_records: bool,
}

impl Document {
    /// Reads the TOML file and lays this document over it.
    pub(crate) fn over(self, file: Option<&PathBuf>) -> anyhow::Result<Self> {
        let Some(path) = file else { return Ok(self) };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let file: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        Ok(Self {
            data: self.data.or(file.data),
            listen: self.listen.or(file.listen),
            account_id: self.account_id.or(file.account_id),
            region: self.region.or(file.region),
            history_retention_days: self.history_retention_days.or(file.history_retention_days),
            log_retention_days: self.log_retention_days.or(file.log_retention_days),
            log_segment_bytes_max: self.log_segment_bytes_max.or(file.log_segment_bytes_max),
            base_domains: self.base_domains.or(file.base_domains),
            tls_cert: self.tls_cert.or(file.tls_cert),
            tls_key: self.tls_key.or(file.tls_key),
            trusted_proxies: self.trusted_proxies.or(file.trusted_proxies),
            insecure_accept_any_credentials: self
                .insecure_accept_any_credentials
                .or(file.insecure_accept_any_credentials),
            accept_missing_records: self.accept_missing_records.or(file.accept_missing_records),
        })
    }

    /// Checks everything that can be checked without touching the data.
    pub(crate) fn validate(self) -> anyhow::Result<Settings> {
        let account = self.account_id.map(|id| AccountId::parse(&id).context("--account-id"));
        let region = self.region.unwrap_or_else(|| "us-east-1".to_owned());
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => bail!("TLS needs both --tls-cert and --tls-key"),
        };
        if let Some(bytes) = self.log_segment_bytes_max {
            ensure!(
                bytes >= SEGMENT_BYTES_MIN,
                "a log segment has at least {SEGMENT_BYTES_MIN} bytes"
            );
        }
        let settings = Settings {
            data: self.data.unwrap_or_else(|| PathBuf::from("cairn-data")),
            listen: self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 4580))),
            account: account.transpose()?,
            region: Region::parse(&region)
                .with_context(|| format!("the region `{region}` is malformed"))?,
            history_retention_ms: self
                .history_retention_days
                .unwrap_or(Days::Some(RETENTION_DAYS))
                .ms(),
            log_retention_ms: self
                .log_retention_days
                .unwrap_or(Days::Some(LOG_RETENTION_DAYS))
                .ms(),
            segment_bytes_max: self.log_segment_bytes_max,
            base_domains: self.base_domains.unwrap_or_else(|| vec!["localhost".to_owned()]),
            tls,
            trusted_proxies: self.trusted_proxies.unwrap_or_default(),
            accepts_any_credentials: self.insecure_accept_any_credentials.unwrap_or(false),
            accepts_missing_records: self.accept_missing_records.unwrap_or(false),
        };
        ensure!(
            !settings.accepts_any_credentials || settings.listen.ip().is_loopback(),
            "--insecure-accept-any-credentials listens on loopback only: {} can be reached by others",
            settings.listen
        );
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> anyhow::Result<Document> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("cairn.toml");
        std::fs::write(&path, text)?;
        let flags = Document { region: Some("eu-west-1".to_owned()), ..Document::default() };
        flags.over(Some(&path))
    }

    #[test]
    fn flags_win_over_the_file() {
        let text = "region = \"us-west-2\"\nhistory-retention-days = \"unlimited\"\naccount-id = \"111122223333\"";
        let settings = file(text).unwrap().validate().unwrap();
        assert_eq!(settings.region.as_str(), "eu-west-1");
        assert_eq!(settings.history_retention_ms, None);
        assert_eq!(settings.account.unwrap().as_str(), "111122223333");
        assert_eq!(settings.log_retention_ms, Some(30 * DAY_MS));
    }

    #[test]
    fn what_makes_no_sense_is_refused_before_start() {
        for text in [
            "regoin = \"x\"",
            "account-id = \"12\"",
            "tls-cert = \"a.pem\"",
            "history-retention-days = \"soon\"",
            "listen = \"0.0.0.0:1\"\ninsecure-accept-any-credentials = true",
            "log-segment-bytes-max = 1",
        ] {
            assert!(file(text).and_then(Document::validate).is_err(), "{text}");
        }
    }
}
