//! Which certificates we trust when we connect to somebody.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Whose certificates are trusted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trust<'a> {
    /// Those in a file, PEM.
    Bundle(&'a Path),
    /// Those that the system trusts. A system without any still reaches servers without TLS.
    System,
    /// Nobody's: nothing is reached over TLS.
    Nobody,
}

impl Trust<'_> {
    /// Reads the certificates.
    pub(crate) fn config(self) -> anyhow::Result<Arc<ClientConfig>> {
        let mut roots = RootCertStore::empty();
        match self {
            Self::Bundle(bundle) => {
                let named = || format!("cannot read {}", bundle.display());
                for certificate in CertificateDer::pem_file_iter(bundle).with_context(named)? {
                    roots.add(certificate.with_context(named)?).with_context(named)?;
                }
            }
            Self::System => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            Self::Nobody => {}
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}
