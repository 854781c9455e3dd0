//! What the records of a log file say of where they belong.
//!
//! A digest vouches for bytes; it does not say that its signer put the right records into a file.
//! Parsing every record would cost more than the proof itself, so a file is looked over first: where
//! each mention of a region and a recipient is the file's own, no record can be of another one.

use cairn_event::RecordHead;
use cairn_event::key::LogKey;
use cairn_event::split::{SplitError, SplitLimits, records};
use memchr::memmem::Finder;

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
