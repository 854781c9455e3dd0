//! The certificate, if the port speaks TLS: read at the start, and again when its files change.
//!
//! Connections that are open go on with the certificate that they began with; new ones get the new
//! one. A pair that cannot be read, or whose halves do not belong together, changes nothing: whoever
//! renews a certificate writes two files, and between the two they do not match.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The certificate that new connections get.
#[derive(Debug)]
pub(super) struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
    seen: Mutex<Seen>,
}

/// What the files were when they were looked at.
#[derive(Debug)]
struct Seen {
    /// As they were when the current pair was read.
    taken: Option<Stamp>,
    /// When they were last refused, so that it is told once.
    refused: Option<Refused>,
}

/// The files as they were when they were refused; `None` if one was not there.
#[derive(Debug, PartialEq, Eq)]
struct Refused(Option<Stamp>);

/// Both files: when they were written, how long they are, and which files they are.
type Stamp = [(SystemTime, u64, u64); 2];

impl Certificate {
    /// Reads chain and key; says which file is wrong.
    pub(super) fn read(chain: &Path, key: &Path) -> anyhow::Result<Arc<Self>> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let seen = Seen { taken: stamp(chain, key), refused: None };
        let current = pair(chain, key, &provider)?;
        Ok(Arc::new(Self {
            chain: chain.to_owned(),
            key: key.to_owned(),
            provider,
            current: RwLock::new(Arc::new(current)),
            seen: Mutex::new(seen),
        }))
    }

    /// How the port speaks TLS.
    pub(super) fn config(self: &Arc<Self>) -> anyhow::Result<Arc<ServerConfig>> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Takes the files if they are not those that the current pair came from.
    fn refresh(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Before they are read: what is written meanwhile is seen the next time.
        let now = stamp(&self.chain, &self.key);
        if now.is_some() && now == seen.taken {
            return;
        }
        let certificate = self.chain.display();
        match pair(&self.chain, &self.key, &self.provider) {
            Ok(pair) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
                *seen = Seen { taken: now, refused: None };
                tracing::info!(%certificate, "the certificate was read again");
            }
            Err(error) if seen.refused != Some(Refused(now)) => {
                seen.refused = Some(Refused(now));
                let error = format!("{error:#}");
                tracing::error!(%certificate, error, "a new certificate is no good; the old one stays");
            }
            Err(_) => {}
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The signal that says: look at the files now.
pub(super) fn hangup() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// Keeps a certificate fresh, for ever: looks at its files at each `hangup`, and every `pause`.
pub(super) async fn watch(certificate: Arc<Certificate>, mut hangup: Signal, pause: Duration) {
    loop {
        tokio::select! {
            _ = hangup.recv() => {}
            () = tokio::time::sleep(pause) => {}
        }
        let certificate = Arc::clone(&certificate);
        // Files may be far away.
        let _ = tokio::task::spawn_blocking(move || certificate.refresh()).await;
    }
}

fn pair(chain: &Path, key: &Path, provider: &CryptoProvider) -> anyhow::Result<CertifiedKey> {
    let named = |path: &Path| format!("cannot read {}", path.display());
    let certificates = CertificateDer::pem_file_iter(chain)
        .with_context(|| named(chain))?
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| named(chain))?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| named(key))?;
    CertifiedKey::from_der(certificates, key, provider)
        .context("the certificate and the key do not belong together")
}

/// What the files are now; `None` if one is not there.
fn stamp(chain: &Path, key: &Path) -> Option<Stamp> {
    let of = |path: &Path| {
        let file = path.metadata().ok()?;
        Some((file.modified().ok()?, file.len(), file.ino()))
    };
    Some([of(chain)?, of(key)?])
}
