//! What the records of a log file say of where they belong.
//!
//! A digest vouches for bytes; it does not say that its signer put the right records into a file.
//! Parsing every record would cost more than the proof itself, so a file is looked over first: where
//! each mention of a region and a recipient is the file's own, no record can be of another one. A
//! name can be written with escapes (`aws\u0052egion`), so one that has any is a reason to parse.

use cairn_event::RecordHead;
use cairn_event::key::LogKey;
use cairn_event::split::{SplitError, SplitLimits, records};
use memchr::memchr2;
use memchr::memmem::Finder;

/// A backslash and the character after it.
const ESCAPE_BYTES: usize = 2;

/// A record that is not where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    /// Its number in the file, from 1.
    pub(crate) number: u64,
    /// What is wrong with it.
    pub(crate) why: String,
}

/// Looks over files of one account and region.
pub(crate) struct Lookover {
    mentions: [Mention; 2],
}

struct Mention {
    name: Finder<'static>,
    /// What must follow the name.
    value: Vec<u8>,
}

impl Lookover {
    pub(crate) fn new(key: &LogKey) -> Self {
        let mention = |name: &'static [u8], value: &str| Mention {
            name: Finder::new(name),
            value: format!(":\"{value}\"").into_bytes(),
        };
        let region = mention(b"\"awsRegion\"", key.region.as_str());
        let account = mention(b"\"recipientAccountId\"", key.account.as_str());
        Self { mentions: [region, account] }
    }

    /// Whether no record can be of another account or region. `false` says nothing.
    fn is_clean(&self, content: &[u8]) -> bool {
        content.starts_with(b"{\"Records\":[")
            && content.ends_with(b"]}")
            && self.mentions.iter().all(|mention| mention.is_always_own(content))
            && !has_escaped_name(content)
    }

    /// The first record that is elsewhere than it belongs, or that is none.
    pub(crate) fn stray(&self, content: &[u8], key: &LogKey) -> Option<Stray> {
        if self.is_clean(content) { None } else { stray(content, key) }
    }
}

impl Mention {
    fn is_always_own(&self, content: &[u8]) -> bool {
        let length = self.name.needle().len();
        self.name
            .find_iter(content)
            .all(|at| content.get(at + length..).is_some_and(|rest| rest.starts_with(&self.value)))
    }
}

/// Whether the name of a member may be written with escapes that stand for letters. Values have them
/// often (`\u003d`), so it looks at what follows the string.
fn has_escaped_name(content: &[u8]) -> bool {
    let escape = Finder::new(b"\\u");
    let mut rest = content;
    while let Some(at) = escape.find(rest) {
        rest = rest.get(at + ESCAPE_BYTES..).unwrap_or_default();
        // To the end of the string, over what is escaped in it.
        while let Some(at) = memchr2(b'"', b'\\', rest) {
            let is_end = rest.get(at) == Some(&b'"');
            rest = rest.get(at + if is_end { 1 } else { ESCAPE_BYTES }..).unwrap_or_default();
            if is_end {
                break;
            }
        }
        if rest.trim_ascii_start().starts_with(b":") {
            return true;
        }
    }
    false
}

/// Parses every record.
fn stray(content: &[u8], key: &LogKey) -> Option<Stray> {
    for (index, record) in records(content, SplitLimits::default()).enumerate() {
        let number = index as u64 + 1;
        let why = match &record {
            Ok(record) => reason(record, key),
            // An element that is none of our limits' concern: bytes are vouched for, not sizes.
            Err(SplitError::TooLarge { .. } | SplitError::TooDeep { .. }) => None,
            Err(error) => Some(error.to_string()),
        };
        if let Some(why) = why {
            return Some(Stray { number, why });
        }
    }
    None
}

fn reason(record: &[u8], key: &LogKey) -> Option<String> {
    let Ok(head) = RecordHead::parse(record) else { return Some("is no record".to_owned()) };
    let region = head.aws_region.as_deref().filter(|region| *region != key.region.as_str());
    let account = head.recipient_account_id.as_deref();
    let account = account.filter(|account| *account != key.account.as_str());
    match (account, region) {
        (Some(account), _) => Some(format!("is of account {account}")),
        (None, Some(region)) => Some(format!("is of region {region}")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/25/\
        111122223333_CloudTrail_us-east-1_20261125T1700Z_abcdefghijklmnop.json.gz";

    /// The members of the only record, whether it is looked over without parsing, and what is wrong.
    const CASES: [(&str, bool, Option<&str>); 9] = [
        (r#""awsRegion":"us-east-1""#, true, None),
        (r#""awsRegion":"eu-west-1""#, false, Some("is of region eu-west-1")),
        (r#""aws\u0052egion":"eu-west-1""#, false, Some("is of region eu-west-1")),
        (r#""aws\u0052egion" : "eu-west-1""#, false, Some("is of region eu-west-1")),
        (r#""aws\u0052egion":"us-east-1""#, false, None),
        (r#""\u0072ecipientAccountId":"9""#, false, Some("is of account 9")),
        // Values with escapes, as many records have them, cost nothing.
        (r#""p":"a\u003db\u0026","awsRegion":"us-east-1","q":["\u003c"]"#, true, None),
        (r#""p":"{\"a\u003d\":1,\\\"b\\u0026\\\":2}\\","awsRegion":"us-east-1""#, true, None),
        // None of these names is another one.
        (r#""p\\u0026":{"\u0071\"":1}"#, false, None),
    ];

    #[test]
    fn names_with_escapes_are_read() {
        let key = LogKey::parse(KEY).unwrap();
        for (members, is_clean, why) in CASES {
            let content = format!(r#"{{"Records":[{{"eventVersion":"1.08",{members}}}]}}"#);
            let lookover = Lookover::new(&key);
            assert_eq!(lookover.is_clean(content.as_bytes()), is_clean, "{members}");
            let stray = lookover.stray(content.as_bytes(), &key);
            assert_eq!(stray.map(|stray| stray.why).as_deref(), why, "{members}");
        }
    }
}
