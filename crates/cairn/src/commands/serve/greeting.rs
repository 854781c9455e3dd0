//! What a start and a stop say: lines to copy for a newcomer, on standard output, and a line each in
//! the log, for whoever reads there which server it was, and how it ended.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use cairn_event::AccountId;

use super::settings::Settings;
use crate::directory::Directory;

/// A server that is there.
pub(super) struct Greeting {
    root: PathBuf,
    credentials: PathBuf,
    address: SocketAddr,
    is_tls: bool,
    /// The environment of the start has keys that are not the root's.
    has_other_keys: bool,
}

impl Greeting {
    pub(super) fn new(
        directory: &Directory,
        address: SocketAddr,
        is_tls: bool,
        has_other_keys: bool,
    ) -> std::io::Result<Self> {
        let root = directory.root().to_path_buf();
        let credentials = std::path::absolute(directory.credentials())?;
        Ok(Self { root, credentials, address, is_tls, has_other_keys })
    }

    /// The line in the log, then the lines that a newcomer copies: who waits for those finds the log
    /// begun.
    pub(super) fn say(&self, settings: &Settings, account: &AccountId) -> std::io::Result<()> {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            data = %std::path::absolute(&self.root)?.display(),
            address = %self.address,
            tls = self.is_tls,
            account = account.as_str(),
            region = settings.region.as_str(),
            "started"
        );
        let mut out = std::io::stdout().lock();
        out.write_all(self.text().as_bytes())?;
        out.flush()?;
        if settings.accepts_any_credentials {
            eprintln!(
                "\nWARNING: --insecure-accept-any-credentials: every caller is the root, no signature is checked.\n\
                 WARNING: what this server records proves nothing. For test rigs only.\n"
            );
        }
        Ok(())
    }

    fn text(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        let address = reachable(self.address);
        let mut text = format!(
            "Cairn records AWS calls in {}. Point AWS tools at it:\n\n\
             export AWS_ENDPOINT_URL={scheme}://{address}\n\
             export AWS_SHARED_CREDENTIALS_FILE={}\n",
            self.root.display(),
            self.credentials.display()
        );
        if self.has_other_keys {
            text.push_str(
                "\nAWS_ACCESS_KEY_ID is set here, and goes before that file. Where it is, also:\n\n\
                 unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN\n",
            );
        }
        if address != self.address {
            let _ = writeln!(
                text,
                "\nIt listens on all addresses ({}): on other machines, put the name of this one in place of {}.",
                self.address,
                host(address.ip())
            );
        }
        text
    }
}

/// Where this machine finds a server that listens there: "all addresses" is none to connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        other => other,
    };
    SocketAddr::new(ip, address.port())
}

/// An address as a URL has it.
fn host(ip: IpAddr) -> String {
    if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
}

/// How a server ended that had been there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All calls were answered, all workers ended, and the log was closed.
    Whole,
    /// Time was up before that. What was acknowledged is on disk all the same.
    CutOff,
}

impl End {
    fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::CutOff => "cut off",
        }
    }
}

/// The log's last line. What failed is said at the end of the program, too, for whoever reads no JSON.
pub(super) fn farewell(signal: Option<&str>, ended: &anyhow::Result<End>) {
    match ended {
        Ok(end) => tracing::info!(signal, outcome = end.word(), "stopped"),
        Err(error) => {
            let error: &(dyn std::error::Error + 'static) = error.as_ref();
            tracing::error!(error, outcome = "failed", "stopped");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Greeting;

    fn text(address: &str, is_tls: bool) -> String {
        greeting(address, is_tls).text()
    }

    fn greeting(address: &str, is_tls: bool) -> Greeting {
        Greeting {
            root: "cairn-data".into(),
            credentials: "/srv/cairn-data/credentials".into(),
            address: address.parse().unwrap(),
            is_tls,
            has_other_keys: false,
        }
    }

    #[test]
    fn keys_that_go_before_the_file_are_pointed_out() {
        let usual = greeting("127.0.0.1:4580", false);
        let hidden = Greeting { has_other_keys: true, ..greeting("127.0.0.1:4580", false) };
        let text = hidden.text();
        assert!(text.starts_with(&usual.text()) && !usual.text().contains("unset"));
        assert!(
            text.ends_with("\nunset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN\n")
        );
    }

    #[test]
    fn the_lines_to_copy_have_an_address_that_can_be_used() {
        assert_eq!(
            text("192.0.2.1:4580", false),
            "Cairn records AWS calls in cairn-data. Point AWS tools at it:\n\n\
             export AWS_ENDPOINT_URL=http://192.0.2.1:4580\n\
             export AWS_SHARED_CREDENTIALS_FILE=/srv/cairn-data/credentials\n"
        );
        for (listens, copied) in [
            ("0.0.0.0:4580", "https://127.0.0.1:4580"),
            ("[::]:4580", "https://[::1]:4580"),
            ("[::1]:4580", "https://[::1]:4580"),
        ] {
            let text = text(listens, true);
            assert!(text.contains(&format!("\nexport AWS_ENDPOINT_URL={copied}\n")), "{text}");
            let all = format!("listens on all addresses ({listens})");
            assert_eq!(text.contains(&all), !copied.ends_with(listens), "{text}");
        }
        assert!(text("[::]:4580", true).ends_with(" in place of [::1].\n"));
    }
}
