//! `encoding-type=url`: keys that XML cannot hold.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{self, EncodingType};

use super::super::error::S3Fault;

/// What stays as it is. A blank becomes `+` (observed).
const KEPT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*').remove(b'/').remove(b' ');

/// How names are written in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    Url,
}

impl Encoding {
    pub(crate) fn of(wish: Option<&EncodingType>) -> Result<Self, S3Fault> {
        match wish.map(EncodingType::as_str) {
            None => Ok(Self::Plain),
            Some(EncodingType::URL) => Ok(Self::Url),
            Some(_) => Err(S3Fault::InvalidArgument {
                why: "Invalid Encoding Method specified in Request",
            }),
        }
    }

    /// A name as the answer has it.
    pub(crate) fn text(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Url => utf8_percent_encode(text, KEPT).to_string().replace(' ', "+"),
        }
    }

    /// Common prefixes as the answer has them; `None` if there are none.
    pub(crate) fn prefixes(self, prefixes: &[&str]) -> Option<dto::CommonPrefixList> {
        let list = prefixes.iter().map(|text| dto::CommonPrefix { prefix: Some(self.text(text)) });
        Some(list.collect::<Vec<_>>()).filter(|list| !list.is_empty())
    }
}
