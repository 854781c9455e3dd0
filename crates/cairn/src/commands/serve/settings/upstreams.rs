//! Upstreams: which services are served by somebody else, as flags and as TOML.
//!
//! ```toml
//! [upstreams]
//! default = "http://127.0.0.1:5000"
//! s3 = { url = "https://store.example", loss = "after", ca-file = "store.pem" }
//! sts = "local"
//! dynamodb = { url = "https://dynamodb.eu-west-1.amazonaws.com", resign = { access-key-id = "…", secret-access-key = "…" } }
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use cairn_gateway::forward::{
    Loss, ResignCredential, Route, Upstream, UpstreamSettings, Upstreams, Way,
};
use cairn_iam::SecretKey;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::interval::Interval;
use crate::address::has_sound_port;
use crate::trust::Trust;

/// What stands for all services that nobody names.
const DEFAULT: &str = "default";
/// What stands for this server.
const LOCAL: &str = "local";
const CONNECT_TIMEOUT: Interval = Interval::seconds(5);
const ANSWER_TIMEOUT: Interval = Interval::seconds(5 * 60);

/// `[upstreams]`, by service.
pub(crate) type Table = BTreeMap<String, Entry>;

/// An upstream: its address, or all that there is to say of it.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A URL, or `local`.
    Short(String),
    /// A table.
    Long(Long),
}

/// By hand, so that a wrong key in a table is named.
impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a URL, `local`, or a table with a `url`")
    }

    fn visit_str<E>(self, text: &str) -> Result<Entry, E> {
        Ok(Entry::Short(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
        Long::deserialize(MapAccessDeserializer::new(map)).map(Entry::Long)
    }
}

/// Everything about an upstream.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Long {
    url: String,
    /// What is lost when records cannot keep pace: `fail-closed`, `after` or `shed`.
    loss: Option<String>,
    /// Sign anew with this key; without it, calls go on as they came.
    resign: Option<Resign>,
    /// Certificates to trust, PEM; without it, those of the system.
    ca_file: Option<PathBuf>,
    /// Calls that came over HTTP/2 go on over HTTP/2.
    #[serde(default)]
    http2: bool,
    connect_timeout: Option<Interval>,
    answer_timeout: Option<Interval>,
}

/// A key of the upstream's.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Resign {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    region: Option<String>,
}

impl std::fmt::Debug for Resign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let access_key_id = &self.access_key_id;
        f.debug_struct("Resign").field("access_key_id", access_key_id).finish_non_exhaustive()
    }
}

/// Lays flags, each `[SERVICE=]URL`, over the table of the file. No two of them say where the same
/// service is.
pub(super) fn over(flags: Option<Vec<String>>, mut table: Table) -> anyhow::Result<Table> {
    let mut said = BTreeSet::new();
    for flag in flags.unwrap_or_default() {
        // A URL has a colon before its first equals sign, if it has one at all.
        let named = flag.split_once('=').filter(|(name, _)| !name.contains(':'));
        let (name, url) = named.unwrap_or((DEFAULT, flag.as_str()));
        ensure!(
            said.insert(name.to_owned()),
            "--upstream: `{name}` is given twice{}; a service has one upstream",
            if name == DEFAULT { " (a URL without SERVICE= is the default)" } else { "" }
        );
        table.insert(name.to_owned(), Entry::Short(url.to_owned()));
    }
    Ok(table)
}

/// The upstreams, checked. Certificates are read, nothing connects yet.
pub(super) fn checked(table: &Table, listen: SocketAddr) -> anyhow::Result<Upstreams> {
    for (name, entry) in table {
        let (Entry::Short(url) | Entry::Long(Long { url, .. })) = entry;
        ensure!(!is_here(url, listen), "upstream `{name}` is this server itself");
        ensure!(
            url.parse().map_or(true, |uri| has_sound_port(&uri)),
            "upstream `{name}`: `{url}` has no port between 1 and 65535"
        );
    }
    let named = |name: &str| format!("upstream `{name}`");
    let default = match table.get(DEFAULT).map(route).transpose().with_context(|| named(DEFAULT))? {
        Some(Route::Upstream(upstream)) => Some(upstream),
        Some(Route::Local) | None => None,
    };
    let mut upstreams = Upstreams::new(default);
    for (name, entry) in table.iter().filter(|(name, _)| *name != DEFAULT) {
        let route = route(entry).with_context(|| named(name))?;
        let is_local = matches!(route, Route::Local);
        upstreams.name(name, route)?;
        let served = cairn_api::services();
        ensure!(
            !is_local || served.contains(&name.as_str()),
            "upstream `{name}` cannot be `local`: Cairn itself serves {}, and nothing else",
            served.join(", ")
        );
    }
    Ok(upstreams)
}

/// Whether an address is the one that this server listens at, as far as its text tells.
fn is_here(url: &str, listen: SocketAddr) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let Some((host, port)) = rest.rsplit_once(':') else { return false };
    let is_host = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) => ip == listen.ip() || (ip.is_loopback() && listen.ip().is_unspecified()),
        Err(_) => {
            host == "localhost" && (listen.ip().is_loopback() || listen.ip().is_unspecified())
        }
    };
    is_host && listen.port() != 0 && port.parse() == Ok(listen.port())
}

fn route(entry: &Entry) -> anyhow::Result<Route> {
    let long = match entry {
        Entry::Short(text) if text == LOCAL => return Ok(Route::Local),
        Entry::Short(url) => Long {
            url: url.clone(),
            loss: None,
            resign: None,
            ca_file: None,
            http2: false,
            connect_timeout: None,
            answer_timeout: None,
        },
        Entry::Long(long) => long.clone(),
    };
    let trust = match &long.ca_file {
        Some(file) => Trust::Bundle(file),
        None if long.url.starts_with("https:") => Trust::System,
        None => Trust::Nobody,
    };
    let way = long.resign.map_or(Ok(Way::HostKept), |resign| resigns(resign).map(Way::Resign))?;
    let settings = UpstreamSettings {
        way,
        loss: long.loss.map_or(Ok(Loss::FailClosed), |word| word.parse())?,
        tls: trust.config()?,
        url: long.url,
        http2: long.http2,
        connect_max: long.connect_timeout.unwrap_or(CONNECT_TIMEOUT).duration(),
        answer_max: long.answer_timeout.unwrap_or(ANSWER_TIMEOUT).duration(),
    };
    Ok(Route::Upstream(Upstream::new(&settings)?))
}

fn resigns(resign: Resign) -> anyhow::Result<ResignCredential> {
    let secret = SecretKey::parse(&resign.secret_access_key);
    Ok(ResignCredential {
        access_key: resign.access_key_id,
        secret: secret.context("the secret access key of `resign` is malformed")?,
        session_token: resign.session_token,
        region: resign.region,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 4580))
    }

    fn table(text: &str) -> Result<Table, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn a_flag_names_a_service_or_the_default() {
        let flags = ["http://a:1", "s3=http://b:2", "sts=local"].map(str::to_owned).to_vec();
        let file = table("s3 = 'http://c'\nkms = 'local'").unwrap();
        let table = over(Some(flags), file).unwrap();
        let text = |name: &str| match &table[name] {
            Entry::Short(text) => text.clone(),
            Entry::Long(long) => long.url.clone(),
        };
        assert_eq!(
            [text("default"), text("s3"), text("sts"), text("kms")],
            ["http://a:1", "http://b:2", "local", "local"]
        );
    }

    #[test]
    fn two_flags_for_one_service_contradict_each_other() {
        for (flags, name) in
            [(["http://a", "default=http://b"], "default"), (["s3=http://a", "s3=local"], "s3")]
        {
            let flags = flags.map(str::to_owned).to_vec();
            let error = over(Some(flags), Table::new()).unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}` is given twice")), "{error}");
        }
    }

    #[tokio::test]
    async fn a_table_says_everything() {
        let text = "
            default = 'http://127.0.0.1:5000'
            s3 = { url = 'http://127.0.0.1:3900', loss = 'after', answer-timeout = '30s' }
            dynamodb = { url = 'http://x', resign = { access-key-id = 'AKIAIOSFODNN7EXAMPLE',
                secret-access-key = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' } }
            sts = 'local'";
        let read = table(text).unwrap();
        assert!(!format!("{read:?}").contains("wJalr"), "the secret is shown");
        checked(&read, listen()).unwrap();
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_refused() {
        for (text, says) in [
            ("default = 'moto:5000'", "is no upstream"),
            ("s3 = 'http://localhost:4580'", "this server itself"),
            ("s3 = { url = 'http://127.0.0.1:4580/' }", "this server itself"),
            ("dynamo = 'http://x'", "no AWS service"),
            ("dynamo = 'local'", "no AWS service"),
            ("sqs = 'local'", "serves cairn, cloudtrail, cloudtrail-data, kms, s3, sts, and"),
            ("default = 'http://x:65536'", "`http://x:65536` has no port"),
            ("s3 = { url = 'http://[::1]:0' }", "has no port"),
            ("cairn = 'http://x'", "cannot have an upstream"),
            ("s3 = { url = 'http://x', loss = 'maybe' }", "no way to lose"),
            ("s3 = { url = 'https://x', ca-file = 'nowhere.pem' }", "nowhere.pem"),
        ] {
            let error = format!("{:#}", checked(&table(text).unwrap(), listen()).unwrap_err());
            assert!(error.contains(says), "{text}: {error}");
        }
        let error = table("s3 = { url = 'http://x', los = 'after' }").unwrap_err();
        assert!(error.to_string().contains("unknown field `los`"), "{error}");
    }
}
