//! Access keys, secret keys and unique ids, made the way AWS makes them.
//!
//! A key id says which account it belongs to (characters 5 to 13), and tools read it from there, so
//! ours say it too.

use std::fmt;

use cairn_event::AccountId;

use crate::IamError;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SECRET_ALPHABET: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What is added to half an account number before it is written into a key: 2^39.
const ACCOUNT_BIAS: u64 = 549_755_813_888;

const ACCESS_KEY_BYTES_MIN: usize = 16;
const ACCESS_KEY_BYTES_MAX: usize = 128;
const SECRET_KEY_BYTES_MAX: usize = 128;

/// How long a key is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// `AKIA…`: until it is deleted.
    LongTerm,
    /// `ASIA…`: for a session; never used without its token.
    Temporary,
}

/// What a unique id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    /// `AIDA…`.
    User,
    /// `AROA…`.
    Role,
    /// `AGPA…`.
    Group,
    /// `ANPA…`.
    ManagedPolicy,
}

/// The public half of a credential.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccessKeyId(Box<str>);

impl AccessKeyId {
    /// Makes a key of 20 characters that says its account.
    pub fn mint(kind: KeyKind, account: &AccountId, entropy: [u8; 8]) -> Self {
        let prefix = match kind {
            KeyKind::LongTerm => "AKIA",
            KeyKind::Temporary => "ASIA",
        };
        Self(with_account(prefix, account, &entropy).into_boxed_str())
    }

    /// Takes a key that was made elsewhere.
    pub fn parse(text: &str) -> Result<Self, IamError> {
        let fits = (ACCESS_KEY_BYTES_MIN..=ACCESS_KEY_BYTES_MAX).contains(&text.len());
        let clean = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if fits && clean { Ok(Self(text.into())) } else { Err(IamError::MalformedAccessKey) }
    }

    /// Takes a key that another server made, whose rules we do not know: any text that no reader of
    /// a record could take for something else. Emulators take `test`, stores let people choose.
    pub fn foreign(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let fits = (1..=ACCESS_KEY_BYTES_MAX).contains(&text.len());
        (fits && text.bytes().all(is_plain)).then(|| Self(text.into()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The account that the key says it belongs to; `None` when it is not of AWS's form.
    pub fn account(&self) -> Option<AccountId> {
        let bytes = self.0.as_bytes();
        if !matches!(bytes.get(..4), Some(b"AKIA" | b"ASIA")) || bytes.len() < 20 {
            return None;
        }
        let mut packed = 0_u64;
        for byte in bytes.get(4..12)? {
            packed = packed << 5 | base32_value(*byte)?;
        }
        let odd = base32_value(*bytes.get(12)?)? >> 4;
        let account = packed.checked_sub(ACCOUNT_BIAS)? * 2 + odd;
        AccountId::parse(&format!("{account:012}")).ok()
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessKeyId({})", self.0)
    }
}

/// Makes the unique id of a user, role, group or policy: 21 characters that say the account, as
/// keys do.
pub fn mint_unique_id(kind: IdKind, account: &AccountId, entropy: [u8; 9]) -> String {
    let prefix = match kind {
        IdKind::User => "AIDA",
        IdKind::Role => "AROA",
        IdKind::Group => "AGPA",
        IdKind::ManagedPolicy => "ANPA",
    };
    with_account(prefix, account, &entropy)
}

/// The prefix, eight characters of account, then one for each byte of entropy; the first of these
/// carries the account's lowest bit.
fn with_account(prefix: &str, account: &AccountId, entropy: &[u8]) -> String {
    let number: u64 = account.as_str().parse().unwrap_or_default();
    let packed = ACCOUNT_BIAS + number / 2;
    let mut text = String::with_capacity(prefix.len() + 8 + entropy.len());
    text.push_str(prefix);
    for shift in (0..8).rev() {
        text.push(base32_char(packed >> (5 * shift)));
    }
    for (index, byte) in entropy.iter().enumerate() {
        let random = u64::from(*byte);
        let value = if index == 0 { (number & 1) << 4 | random & 0x0f } else { random };
        text.push(base32_char(value));
    }
    text
}

fn base32_char(value: u64) -> char {
    let index = usize::try_from(value & 0x1f).unwrap_or_default();
    char::from(BASE32.get(index).copied().unwrap_or(b'A'))
}

fn base32_value(byte: u8) -> Option<u64> {
    BASE32.iter().position(|known| *known == byte).map(|index| index as u64)
}

/// The secret half of a credential. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Box<str>);

impl SecretKey {
    /// Makes a secret of 40 characters, six bits of entropy each.
    pub fn mint(entropy: [u8; 30]) -> Self {
        let mut text = String::with_capacity(40);
        for triple in entropy.chunks_exact(3) {
            let bits = triple.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
            for shift in [18, 12, 6, 0] {
                let index = usize::try_from(bits >> shift & 0x3f).unwrap_or_default();
                text.push(char::from(SECRET_ALPHABET.get(index).copied().unwrap_or(b'A')));
            }
        }
        Self(text.into_boxed_str())
    }

    /// Takes a secret that was made elsewhere.
    pub fn parse(text: &str) -> Result<Self, IamError> {
        let fits = (1..=SECRET_KEY_BYTES_MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(IamError::MalformedSecretKey)
        }
    }

    /// The secret itself, for deriving signing keys and for the owner's credentials file.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

#[cfg(test)]
mod tests;
