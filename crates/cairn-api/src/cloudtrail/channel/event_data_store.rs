//! The event data store of an account in a region. There is one, built in: it stands for event
//! history, and is there so that channels have a destination. It cannot be changed.

use cairn_event::{AccountId, Region};
use serde::Serialize;

use super::fault::ChannelFault;
use super::{arn, is_uuid, uuid_of};
use crate::Ctx;

/// Its name.
pub(crate) const NAME: &str = "cairn-event-history";
/// The category of the events that channels bring (documented).
const CATEGORY: &str = "ActivityAuditLog";

/// The id of the store of an account in a region.
fn id(account: &AccountId, region: &Region) -> String {
    uuid_of(&format!("{NAME}\n{account}\n{region}"))
}

/// Its ARN.
pub(crate) fn arn_of(account: &AccountId, region: &Region) -> String {
    arn(account, region, "eventdatastore", &id(account, region))
}

/// The ARN of the store that a caller names by it, or by the id at its end (documented).
pub(crate) fn find(ctx: &Ctx, text: &str) -> Result<String, ChannelFault> {
    let own = arn_of(&ctx.account, &ctx.region);
    if text == own || text == id(&ctx.account, &ctx.region) {
        return Ok(own);
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let named = match parts.as_slice() {
        ["arn", partition, "cloudtrail", region, account, resource]
            if partition.starts_with("aws")
                && Region::parse(region).is_ok()
                && AccountId::parse(account).is_ok() =>
        {
            resource.strip_prefix("eventdatastore/")
        }
        [id] => Some(*id),
        _ => None,
    };
    let text = text.to_owned();
    match named {
        Some(id) if is_uuid(id) => Err(ChannelFault::NoStore { store: text }),
        _ => Err(ChannelFault::StoreArn { text }),
    }
}

/// The store as `GetEventDataStore` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Shown {
    event_data_store_arn: String,
    name: &'static str,
    status: &'static str,
    advanced_event_selectors: Vec<Selector>,
    multi_region_enabled: bool,
    organization_enabled: bool,
    termination_protection_enabled: bool,
    billing_mode: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Selector {
    name: &'static str,
    field_selectors: Vec<FieldSelector>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FieldSelector {
    field: &'static str,
    equals: Vec<&'static str>,
}

impl Shown {
    /// The store with this ARN. How long it keeps events is what the server is told at its start,
    /// and not shown.
    pub(crate) fn of(event_data_store_arn: String) -> Self {
        let field_selectors =
            vec![FieldSelector { field: "eventCategory", equals: vec![CATEGORY] }];
        Self {
            event_data_store_arn,
            name: NAME,
            status: "ENABLED",
            advanced_event_selectors: vec![Selector {
                name: "Events that channels bring",
                field_selectors,
            }],
            multi_region_enabled: false,
            organization_enabled: false,
            termination_protection_enabled: true,
            billing_mode: "EXTENDABLE_RETENTION_PRICING",
        }
    }
}
