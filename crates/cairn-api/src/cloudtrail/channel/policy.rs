//! Policies of channels: who may put events beside the owner.
//!
//! - A policy allows or denies one action, `cloudtrail-data:PutAuditEvents`, on the channel itself;
//!   it has at most 20 statements of at most 50 principals each (documented).
//! - The owner needs no policy, but can be denied; everybody else has to be allowed (documented).
//! - `cloudtrail:ExternalId` is what the caller gives with the events (documented).

use cairn_iam::policy::{Caller, Decision, Policy, Request};
use serde_json::Value as Json;

use super::super::CloudTrailError;
use super::fault::ChannelFault;
use super::reference::ChannelReference;
use super::{Channel, event_data_store, store};
use crate::{Ctx, Internal};

/// What a policy is about.
const ACTION: &str = "cloudtrail-data:PutAuditEvents";
/// The most statements.
const STATEMENTS_MAX: usize = 20;
/// The most principals of a statement.
const PRINCIPALS_MAX: usize = 50;

/// The channel whose policy a call is about. Event data stores and dashboards may have policies as
/// well, but the one store there is is built in, and there are no dashboards.
pub(crate) async fn owner(
    ctx: &Ctx,
    arn: &str,
    is_change: bool,
) -> Result<ChannelReference, CloudTrailError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let text = arn.to_owned();
    let ["arn", _, "cloudtrail", _, _, resource] = parts.as_slice() else {
        return Err(ChannelFault::ResourceArn { text }.into());
    };
    let fault = match resource.split_once('/') {
        Some(("channel", _)) => match ChannelReference::of_arn(arn) {
            None => ChannelFault::ResourceArn { text },
            Some(found) if found.account != ctx.account || found.region != ctx.region => {
                ChannelFault::NoResource { arn: text }
            }
            Some(found) => {
                let exists = store::find(ctx, &found).await?.is_some();
                let missing = ChannelFault::NoResource { arn: text };
                return if exists { Ok(found) } else { Err(missing.into()) };
            }
        },
        Some(("eventdatastore", _)) => match event_data_store::find(ctx, arn) {
            Ok(arn) if is_change => ChannelFault::BuiltIn { arn },
            Ok(arn) => ChannelFault::NoPolicy { arn },
            Err(ChannelFault::NoStore { .. }) => ChannelFault::NoResource { arn: text },
            Err(_) => ChannelFault::ResourceArn { text },
        },
        Some(("dashboard", name)) if !name.is_empty() => ChannelFault::NoResource { arn: text },
        Some(("trail", _)) => ChannelFault::ResourceKind { arn: text },
        _ => ChannelFault::ResourceArn { text },
    };
    Err(fault.into())
}

/// Refuses a text that is no policy of a channel.
pub(crate) fn check(text: &str, channel_arn: &str) -> Result<(), ChannelFault> {
    let wrong = |why: String| ChannelFault::PolicyNotValid { why };
    let policy = Policy::parse(text).map_err(|fault| wrong(fault.to_string()))?;
    let count = policy.statements().len();
    if count == 0 || count > STATEMENTS_MAX {
        return Err(wrong(format!("A policy has 1 to {STATEMENTS_MAX} statements.")));
    }
    for statement in policy.statements() {
        if !statement.actions().all(|action| action.eq_ignore_ascii_case(ACTION)) {
            return Err(wrong(format!("The only action is {ACTION}.")));
        }
        if !statement.resources().all(|resource| resource == channel_arn) {
            return Err(wrong(format!("The only resource is {channel_arn}.")));
        }
    }
    let most = principals(text).into_iter().max().unwrap_or_default();
    if most > PRINCIPALS_MAX {
        return Err(wrong(format!("A statement has at most {PRINCIPALS_MAX} principals.")));
    }
    Ok(())
}

/// How many principals each statement names.
fn principals(text: &str) -> Vec<usize> {
    let document: Json = serde_json::from_str(text).unwrap_or_default();
    let statements = match document.get("Statement") {
        Some(Json::Array(statements)) => statements.iter().collect(),
        Some(statement) => vec![statement],
        None => Vec::new(),
    };
    let count = |value: &Json| value.as_array().map_or(1, Vec::len);
    let of = |statement: &&Json| match statement.get("Principal") {
        Some(Json::Object(kinds)) => kinds.values().map(count).sum(),
        Some(_) => 1,
        None => 0,
    };
    statements.iter().map(of).collect()
}

/// Whether the caller may put events.
pub(crate) fn may_put(
    ctx: &Ctx,
    channel: &Channel,
    external_id: Option<&str>,
) -> Result<bool, CloudTrailError> {
    let is_owner = channel.account == ctx.account;
    let Some(text) = &channel.policy else { return Ok(is_owner) };
    let policy =
        Policy::parse(text).map_err(|error| Internal::new("read a channel's policy", error))?;
    let mut context = ctx.conditions();
    if let Some(id) = external_id {
        context.add("cloudtrail:ExternalId", id);
    }
    let (principal, resource) = (Caller::of(&ctx.principal), channel.arn());
    let request = Request { principal, action: ACTION, resource: &resource, context: &context };
    Ok(match policy.decide(&request) {
        Decision::Allow => true,
        Decision::Deny => false,
        Decision::NotMentioned => is_owner,
    })
}
