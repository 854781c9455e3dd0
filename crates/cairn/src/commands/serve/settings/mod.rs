//! The settings of a server: one typed document, checked before anything starts.
//!
//! Each setting is a flag, an environment variable (`CAIRN_…`) and a key of the TOML file; a flag
//! wins over the environment, and both win over the file. A key that the file should not have is an
//! error.

mod days;
mod interval;
mod region;
mod upstreams;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use cairn_bucket::{Destination, RemoteBuckets};
use cairn_event::{AccountId, Region};
use cairn_gateway::forward::Upstreams;
use cairn_gateway::recorder::SessionTokens;
use serde::Deserialize;

use super::logs::Format as LogFormat;
use crate::address::to_listen;
use crate::directory;

use days::Days;
use interval::Interval;

/// How long history shows a record whose server was not told otherwise.
pub(crate) const RETENTION_DAYS: u32 = 90;
const LOG_RETENTION_DAYS: u32 = 30;
const SEGMENT_BYTES_MIN: u64 = 64 << 10;
/// A segment expires as a whole, and is read as a whole after a crash.
const SEGMENT_BYTES_MAX: u64 = 16 << 30;
const DELIVERY_INTERVAL: Interval = Interval::seconds(60);
const DIGEST_INTERVAL: Interval = Interval::seconds(60 * 60);
const DIGEST_INTERVAL_MS_MIN: i64 = 1_000;
const DIGEST_KEY_VALIDITY: Interval = Interval::seconds(30 * 24 * 60 * 60);
const TLS_CHECK_INTERVAL: Interval = Interval::seconds(10);
const TRAILS_PER_REGION_MAX: usize = 5;
/// The value of a flag that is on if it is there.
const SWITCH: &str = "true|false";

/// The document, as flags and as TOML.
#[derive(Clone, Debug, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Document {
    /// The data directory; made if it is not there [default: ./cairn-data]
    #[arg(long, env = "CAIRN_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:4580]
    #[arg(long, env = "CAIRN_LISTEN", value_name = "IP:PORT", value_parser = to_listen)]
    listen: Option<SocketAddr>,
    /// The account of the root principal, 12 digits; fixed by the first start [default:
    /// 123456789012]
    #[arg(long, env = "CAIRN_ACCOUNT_ID", value_name = "ID")]
    account_id: Option<String>,
    /// The region of calls that name none [default: us-east-1]
    #[arg(long, env = "CAIRN_REGION", value_name = "REGION")]
    region: Option<String>,
    /// How long history shows a record after it was recorded: days, or `unlimited` [default: 90]
    #[arg(
        long,
        env = "CAIRN_HISTORY_RETENTION_DAYS",
        value_name = "DAYS",
        allow_negative_numbers = true
    )]
    history_retention_days: Option<Days>,
    /// How long the log is kept once history has its records: days, or `unlimited` [default: 30]
    #[arg(
        long,
        env = "CAIRN_LOG_RETENTION_DAYS",
        value_name = "DAYS",
        allow_negative_numbers = true
    )]
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
    /// How often these two files are looked at; they are read again when they have changed, and at
    /// SIGHUP [default: 10s]
    #[arg(long, env = "CAIRN_TLS_CHECK_INTERVAL", value_name = "INTERVAL")]
    tls_check_interval: Option<Interval>,
    /// A proxy whose X-Forwarded-For and X-Forwarded-Proto are believed; may be given several times
    #[arg(
        long = "trusted-proxy",
        env = "CAIRN_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "IP"
    )]
    trusted_proxies: Option<Vec<IpAddr>>,
    /// Test rigs only, on loopback: any key is the root, no signature is checked
    #[arg(
        long,
        env = "CAIRN_INSECURE_ACCEPT_ANY_CREDENTIALS",
        value_name = SWITCH,
        hide_possible_values = true,
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    insecure_accept_any_credentials: Option<bool>,
    /// Records show the tokens of sessions that STS has made, as those of AWS do; they stand for
    /// somebody until they expire [default: left out]
    #[arg(
        long,
        env = "CAIRN_RECORD_SESSION_TOKENS",
        value_name = SWITCH,
        hide_possible_values = true,
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    record_session_tokens: Option<bool>,
    /// How often committed records are delivered to trails' buckets, such as 60s [default: 60s]
    #[arg(long, env = "CAIRN_DELIVERY_INTERVAL", value_name = "INTERVAL")]
    delivery_interval: Option<Interval>,
    /// How often delivered files are signed in a digest, such as 1h [default: 1h]
    #[arg(long, env = "CAIRN_DIGEST_INTERVAL", value_name = "INTERVAL")]
    digest_interval: Option<Interval>,
    /// How long a key that signs digests is valid; the next one begins after two thirds of it
    /// [default: 30d]
    #[arg(long, env = "CAIRN_DIGEST_KEY_VALIDITY", value_name = "INTERVAL")]
    digest_key_validity: Option<Interval>,
    /// The most trails of an account in a region, those of other regions that reach it included
    /// [default: 5]
    #[arg(long, env = "CAIRN_TRAILS_PER_REGION_MAX", value_name = "NUMBER")]
    trails_per_region_max: Option<usize>,
    /// Who serves a service, or all others: calls are passed on there and recorded; `SERVICE=local`
    /// serves it here. May be given several times [default: everything is served here]
    #[arg(
        long = "upstream",
        env = "CAIRN_UPSTREAMS",
        value_delimiter = ',',
        value_name = "[SERVICE=]URL"
    )]
    #[serde(skip)]
    upstream: Option<Vec<String>>,
    /// Who serves what, in full; in the file only, as `[upstreams]`
    #[arg(skip)]
    upstreams: upstreams::Table,
    /// Accounts of access keys that do not say it themselves; in the file only, as `[key-accounts]`
    #[arg(skip)]
    key_accounts: BTreeMap<String, String>,
    /// Buckets at other stores; in the file only, as tables `[[destination]]`
    #[arg(skip)]
    destination: Vec<Destination>,
    /// How the server's own log is written; the variable `CAIRN_LOG` says how much, such as `warn`,
    /// or `info,cairn_gateway=debug` [default: text on a terminal, json otherwise]
    #[arg(long, env = "CAIRN_LOG_FORMAT", value_name = "json|text", hide_possible_values = true)]
    log_format: Option<LogFormat>,
    /// Start although records or small state are missing, as `cairn fsck` names them
    #[arg(
        long,
        env = "CAIRN_ACCEPT_MISSING_RECORDS",
        value_name = SWITCH,
        hide_possible_values = true,
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    accept_missing_records: Option<bool>,
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
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) tls_check_interval: Duration,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) accepts_any_credentials: bool,
    pub(crate) accepts_missing_records: bool,
    pub(crate) delivery_interval_ms: i64,
    pub(crate) digest_interval_ms: i64,
    pub(crate) digest_key_validity_ms: i64,
    pub(crate) trails_per_region_max: usize,
    /// Who serves what.
    pub(crate) upstreams: Upstreams,
    /// Accounts of access keys that are not ours.
    pub(crate) key_accounts: HashMap<String, AccountId>,
    /// `None` leaves it to what standard error is.
    pub(crate) log_format: Option<LogFormat>,
    pub(crate) session_tokens: SessionTokens,
    /// Buckets at other stores.
    pub(crate) destinations: Vec<Destination>,
}

/// A certificate chain and its key, both PEM.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
}

/// The data directory that a file with settings names.
pub(crate) fn data_of(file: Option<&PathBuf>) -> anyhow::Result<Option<PathBuf>> {
    Ok(Document::default().over(file)?.data)
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
            tls_check_interval: self.tls_check_interval.or(file.tls_check_interval),
            trusted_proxies: self.trusted_proxies.or(file.trusted_proxies),
            insecure_accept_any_credentials: self
                .insecure_accept_any_credentials
                .or(file.insecure_accept_any_credentials),
            record_session_tokens: self.record_session_tokens.or(file.record_session_tokens),
            upstream: self.upstream,
            upstreams: file.upstreams,
            key_accounts: file.key_accounts,
            destination: file.destination,
            delivery_interval: self.delivery_interval.or(file.delivery_interval),
            digest_interval: self.digest_interval.or(file.digest_interval),
            digest_key_validity: self.digest_key_validity.or(file.digest_key_validity),
            trails_per_region_max: self.trails_per_region_max.or(file.trails_per_region_max),
            log_format: self.log_format.or(file.log_format),
            accept_missing_records: self.accept_missing_records.or(file.accept_missing_records),
        })
    }

    /// Checks values that are wrong by themselves.
    fn check_each(&self) -> anyhow::Result<()> {
        ensure!(
            self.history_retention_days != Some(Days::Some(0)),
            "--history-retention-days: history shows records for a day at least"
        );
        let mut domains = self.base_domains.iter().flatten();
        if let Some(wrong) = domains.find(|domain| !is_domain(domain)) {
            bail!("--base-domain: {wrong:?} is no domain, such as s3.example.org");
        }
        if let Some(bytes) = self.log_segment_bytes_max {
            ensure!(
                (SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX).contains(&bytes),
                "--log-segment-bytes-max: a log segment has {SEGMENT_BYTES_MIN} to \
                 {SEGMENT_BYTES_MAX} bytes"
            );
        }
        Ok(())
    }

    /// Checks everything that can be checked without touching the data.
    pub(crate) fn validate(self) -> anyhow::Result<Settings> {
        self.check_each()?;
        let account = self.account_id.map(|id| AccountId::parse(&id).context("--account-id"));
        let region = self.region.unwrap_or_else(|| "us-east-1".to_owned());
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(chain), Some(key)) => Some(TlsFiles { chain, key }),
            (None, None) => None,
            _ => bail!("TLS needs both --tls-cert and --tls-key"),
        };
        let listen = self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 4580)));
        let table = upstreams::over(self.upstream, self.upstreams)?;
        let settings = Settings {
            data: self.data.unwrap_or_else(|| PathBuf::from(directory::DEFAULT)),
            listen,
            account: account.transpose()?,
            region: region::parse(&region).context("--region")?,
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
            tls_check_interval: self.tls_check_interval.unwrap_or(TLS_CHECK_INTERVAL).duration(),
            trusted_proxies: self.trusted_proxies.unwrap_or_default(),
            accepts_any_credentials: self.insecure_accept_any_credentials.unwrap_or(false),
            session_tokens: if self.record_session_tokens.unwrap_or(false) {
                SessionTokens::Shown
            } else {
                SessionTokens::Withheld
            },
            accepts_missing_records: self.accept_missing_records.unwrap_or(false),
            delivery_interval_ms: self.delivery_interval.unwrap_or(DELIVERY_INTERVAL).ms(),
            digest_interval_ms: self.digest_interval.unwrap_or(DIGEST_INTERVAL).ms(),
            digest_key_validity_ms: self.digest_key_validity.unwrap_or(DIGEST_KEY_VALIDITY).ms(),
            trails_per_region_max: self.trails_per_region_max.unwrap_or(TRAILS_PER_REGION_MAX),
            log_format: self.log_format,
            upstreams: upstreams::checked(&table, listen)?,
            key_accounts: key_accounts(self.key_accounts)?,
            destinations: self.destination,
        };
        ensure!(
            settings.digest_interval_ms >= DIGEST_INTERVAL_MS_MIN
                && settings.digest_interval_ms % DIGEST_INTERVAL_MS_MIN == 0,
            "a digest interval is a number of whole seconds: the name of a digest tells no less"
        );
        ensure!(
            settings.digest_key_validity_ms >= settings.digest_interval_ms,
            "--digest-key-validity is shorter than --digest-interval: no key would sign a digest"
        );
        RemoteBuckets::new(settings.destinations.clone()).context("[[destination]]")?;
        ensure!(
            settings.trails_per_region_max >= TRAILS_PER_REGION_MAX,
            "--trails-per-region-max raises AWS's limit of {TRAILS_PER_REGION_MAX}; it cannot lower it"
        );
        ensure!(
            !settings.accepts_any_credentials || settings.listen.ip().is_loopback(),
            "--insecure-accept-any-credentials listens on loopback only: {} can be reached by others",
            settings.listen
        );
        Ok(settings)
    }
}

/// Whether a name could stand in a `Host` header, without a port.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.bytes().all(is_plain)
    };
    text.split('.').all(is_label)
}

fn key_accounts(table: BTreeMap<String, String>) -> anyhow::Result<HashMap<String, AccountId>> {
    let pairs = table.into_iter().map(|(key, account)| {
        let parsed = AccountId::parse(&account);
        let account = parsed.with_context(|| format!("[key-accounts] {key} = \"{account}\""))?;
        Ok((key, account))
    });
    pairs.collect()
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
        let text = "log-format = \"text\"\nregion = \"us-west-2\"\nhistory-retention-days = \"unlimited\"\naccount-id = \"111122223333\"";
        let settings = file(text).unwrap().validate().unwrap();
        assert_eq!(settings.region.as_str(), "eu-west-1");
        assert_eq!(settings.history_retention_ms, None);
        assert_eq!(settings.log_format, Some(LogFormat::Text));
        assert_eq!(settings.account.unwrap().as_str(), "111122223333");
        assert_eq!(settings.log_retention_ms, Some(30 * days::DAY_MS));
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
            "delivery-interval = \"soon\"",
            "digest-interval = \"1500ms\"",
            "trails-per-region-max = 4",
            "history-retention-days = 0",
            "log-segment-bytes-max = 17179869185",
            "base-domains = [\"a b\"]",
            "base-domains = [\"\"]",
            "delivery-interval = \"36501d\"",
            "digest-key-validity = \"59m\"",
            "log-format = \"xml\"",
            "[[destination]]\nbucket = \"x\"",
            "[key-accounts]\nx = \"12\"",
        ] {
            assert!(file(text).and_then(Document::validate).is_err(), "{text}");
        }
    }
}
