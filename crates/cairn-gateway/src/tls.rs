//! What a record says of the TLS session that a call came over.

use tokio_rustls::rustls::ServerConnection;

use crate::recorder::TlsDetails;

/// The details of one session, owned by its connection.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    version: String,
    cipher_suite: String,
    key_exchange: Option<String>,
}

impl Session {
    pub(crate) fn of(connection: &ServerConnection) -> Self {
        let version = connection.protocol_version().map(|version| format!("{version:?}"));
        let suite =
            connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
        let group =
            connection.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name()));
        Self {
            version: version.unwrap_or_default().replace("TLSv1_", "TLSv1."),
            cipher_suite: suite.map(|name| as_aws_writes(&name)).unwrap_or_default(),
            key_exchange: group.map(|name| key_exchange(&name)),
        }
    }

    pub(crate) fn details(&self) -> TlsDetails<'_> {
        TlsDetails {
            version: &self.version,
            cipher_suite: &self.cipher_suite,
            key_exchange: self.key_exchange.as_deref(),
        }
    }
}

/// TLS 1.3 suites by their IANA name, older ones by OpenSSL's (observed).
fn as_aws_writes(name: &str) -> String {
    if let Some(rest) = name.strip_prefix("TLS13_") {
        return format!("TLS_{rest}");
    }
    let plain =
        name.strip_prefix("TLS_").unwrap_or(name).replace("_WITH", "").replace("AES_", "AES");
    plain.replace('_', "-")
}

fn key_exchange(name: &str) -> String {
    match name {
        "X25519" => "x25519".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::as_aws_writes;

    #[test]
    fn suites_are_named_as_records_name_them() {
        assert_eq!(as_aws_writes("TLS13_AES_128_GCM_SHA256"), "TLS_AES_128_GCM_SHA256");
        let old = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        assert_eq!(as_aws_writes(old), "ECDHE-RSA-AES128-GCM-SHA256");
    }
}
