//! Channels as callers name them.

use cairn_event::{AccountId, Region};

use super::fault::ChannelFault;
use super::is_uuid;
use crate::Ctx;

/// What every ARN begins with.
const ARN: &str = "arn:";

/// Which channel is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChannelReference {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) id: String,
    /// As it was written.
    pub(crate) text: String,
}

impl ChannelReference {
    /// Reads an ARN, or the UUID at its end (documented). Which region an ARN may name is assumed:
    /// there is no channel of another region here.
    pub(crate) fn parse(ctx: &Ctx, text: &str) -> Result<Self, ChannelFault> {
        let wrong = || ChannelFault::Arn { text: text.to_owned() };
        let found = if text.starts_with(ARN) {
            Self::of_arn(text).ok_or_else(wrong)?
        } else if is_uuid(text) {
            let (account, region) = (ctx.account.clone(), ctx.region.clone());
            Self { account, region, id: text.to_owned(), text: text.to_owned() }
        } else {
            return Err(wrong());
        };
        let is_here = found.region == ctx.region;
        is_here.then_some(found).ok_or_else(|| ChannelFault::NotFound { channel: text.to_owned() })
    }

    /// Reads an ARN.
    pub(crate) fn of_arn(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "cloudtrail", region, account, resource] = parts.as_slice() else {
            return None;
        };
        let id = resource.strip_prefix("channel/").filter(|id| is_uuid(id))?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        let is_partition = partition.starts_with("aws") && partition.bytes().all(plain);
        Some(Self {
            account: AccountId::parse(account).ok().filter(|_| is_partition)?,
            region: Region::parse(region).ok()?,
            id: id.to_owned(),
            text: text.to_owned(),
        })
    }

    /// The fault that there is none.
    pub(crate) fn missing(&self) -> ChannelFault {
        ChannelFault::NotFound { channel: self.text.clone() }
    }
}
