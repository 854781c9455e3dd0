//! The public keys that signatures are checked with, and where each may be used.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use anyhow::Context as _;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_event::Timestamp;
use cairn_event::digest::fingerprint;
use serde_json::Value as Json;

use crate::print::hex;

/// How long after the end of its window a digest may be signed by a key whose time begins then, as
/// the AWS CLI allows for (documented).
const LATE_MS_MAX: i64 = 2 * 3_600_000;
/// Hex digits of the two fingerprints that a key can be pinned by.
const PIN_DIGITS: [usize; 2] = [32, 64];

/// A public key.
#[derive(Debug)]
pub(crate) struct PublicKey {
    /// `None` if the bytes are no PKCS#1 key.
    parsed: Option<ParsedPublicKey>,
    /// When it may sign; `None` if nobody said.
    valid: Option<(Timestamp, Timestamp)>,
    /// Where it may sign; none if nobody said.
    region: Option<String>,
    is_pinned: bool,
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    /// The key is not known.
    #[error("public key not found in region {region} for fingerprint {fingerprint}")]
    Unknown {
        /// Where it was looked for.
        region: String,
        /// Which.
        fingerprint: String,
    },
    /// It is known, but not one of those that were pinned.
    #[error("public key {fingerprint} is not pinned")]
    NotPinned {
        /// Which.
        fingerprint: String,
    },
    /// It is no PKCS#1 key, or not the one that its fingerprint is of.
    #[error("Unable to load PKCS #1 key with fingerprint {fingerprint}")]
    Unusable {
        /// Which.
        fingerprint: String,
    },
    /// It was not valid when it should have signed.
    #[error("public key {fingerprint} was not valid at the time of the digest")]
    OutOfTime {
        /// Which.
        fingerprint: String,
    },
    /// It did not sign this.
    #[error("signature verification failed")]
    Wrong,
}

/// What a signature should cover.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) region: &'a str,
    pub(crate) fingerprint: &'a str,
    pub(crate) text: &'a str,
    /// In hex.
    pub(crate) signature: &'a str,
    /// The window of the digest, or the moment at which a backfill digest was made.
    pub(crate) window: (Timestamp, Timestamp),
}

/// Keys by fingerprint.
#[derive(Debug, Default)]
pub(crate) struct KeyRing {
    keys: BTreeMap<String, Vec<PublicKey>>,
    pins: Vec<String>,
}

impl KeyRing {
    /// No keys. Where fingerprints are pinned, no other key will count: MD5 as AWS prints it, or
    /// the SHA-256 of the same bytes.
    pub(crate) fn new(pins: &[String]) -> anyhow::Result<Self> {
        let pins: Vec<_> =
            pins.iter().map(|pin| pin.replace(':', "").to_ascii_lowercase()).collect();
        for pin in &pins {
            let is_hex = pin.bytes().all(|byte| byte.is_ascii_hexdigit());
            anyhow::ensure!(
                is_hex && PIN_DIGITS.contains(&pin.len()),
                "{pin:?} is no fingerprint: it has 32 hex digits as `aws cloudtrail \
                 list-public-keys` prints them, or 64 of a SHA-256"
            );
        }
        Ok(Self { keys: BTreeMap::new(), pins })
    }

    /// Adds a key. Of one that is known already, what is said anew is kept beside it.
    pub(crate) fn add(
        &mut self,
        named: &str,
        der: &[u8],
        valid: Option<(Timestamp, Timestamp)>,
        region: Option<&str>,
    ) {
        // PKCS#1 is a sequence that begins with a number; X.509's form begins with a sequence. Its
        // fingerprint is not to be trusted more than the key: it is worked out anew.
        let is_pkcs1 = matches!(der, [0x30, 0x82, _, _, 0x02, ..]) && fingerprint(der) == named;
        let parsed = is_pkcs1.then(|| ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).ok());
        let sha256 = hex(digest(&SHA256, der).as_ref());
        let is_pinned = self.pins.is_empty()
            || self.pins.iter().any(|pin| *pin == sha256 || (is_pkcs1 && pin == named));
        let region = region.map(str::to_owned);
        let key = PublicKey { parsed: parsed.flatten(), valid, region, is_pinned };
        match self.keys.entry(named.to_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(vec![key]);
            }
            Entry::Occupied(mut entry) => entry.get_mut().push(key),
        }
    }

    /// Adds the keys of a file, as the AWS CLI printed them.
    pub(crate) fn add_file(&mut self, file: &Path) -> anyhow::Result<()> {
        let named = || format!("cannot read public keys from {}", file.display());
        let text = std::fs::read(file).with_context(named)?;
        let document = serde_json::from_slice(&text).with_context(named)?;
        self.add_document(&document, None).with_context(named)
    }

    /// Adds the keys of an answer of `ListPublicKeys`, or of what the AWS CLI printed of one.
    pub(crate) fn add_document(
        &mut self,
        document: &Json,
        region: Option<&str>,
    ) -> anyhow::Result<()> {
        let list = document.get("PublicKeyList").and_then(Json::as_array);
        for key in list.context("there is no PublicKeyList")? {
            let text = |name| key.get(name).and_then(Json::as_str);
            let named = text("Fingerprint").context("a key has no Fingerprint")?;
            let value = text("Value").context("a key has no Value")?;
            let der = STANDARD.decode(value).context("a Value is no base64")?;
            let starts = key.get("ValidityStartTime").and_then(time);
            let ends = key.get("ValidityEndTime").and_then(time);
            self.add(named, &der, starts.zip(ends), region);
        }
        Ok(())
    }

    /// Checks a signature.
    pub(crate) fn verify(&self, signed: &Signed<'_>) -> Result<(), SignatureError> {
        let fingerprint = signed.fingerprint.to_owned();
        let named = self.keys.get(signed.fingerprint).map(Vec::as_slice).unwrap_or_default();
        let here = |key: &&PublicKey| key.region.as_deref().is_none_or(|own| own == signed.region);
        let keys: Vec<_> = named.iter().filter(here).collect();
        if keys.is_empty() {
            return Err(SignatureError::Unknown { region: signed.region.to_owned(), fingerprint });
        }
        let Some(key) = keys.iter().find(|key| key.is_pinned) else {
            return Err(SignatureError::NotPinned { fingerprint });
        };
        let Some(parsed) = &key.parsed else {
            return Err(SignatureError::Unusable { fingerprint });
        };
        let signature = from_hex(signed.signature).ok_or(SignatureError::Wrong)?;
        parsed.verify_sig(signed.text.as_bytes(), &signature).map_err(|_| SignatureError::Wrong)?;
        let (start, end) = signed.window;
        let late = Timestamp::from_ms(end.as_ms().saturating_add(LATE_MS_MAX));
        let in_time = |key: &&&PublicKey| {
            key.valid.is_none_or(|(starts, ends)| starts <= late && ends >= start)
        };
        match keys.iter().find(in_time) {
            Some(_) => Ok(()),
            None => Err(SignatureError::OutOfTime { fingerprint }),
        }
    }
}

/// A time as JSON protocols give it, or as the AWS CLI prints it.
fn time(value: &Json) -> Option<Timestamp> {
    match value {
        Json::Number(number) => {
            let ms = number.as_f64()? * 1_000.0;
            (ms.abs() < 1e17).then(|| Timestamp::from_ms(ms as i64))
        }
        Json::String(text) => Timestamp::parse_iso(text),
        _ => None,
    }
}

/// Reads lower-case hex.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
