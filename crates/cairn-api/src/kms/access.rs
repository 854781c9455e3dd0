//! Who may do something to a key.
//!
//! A key's policy decides, alone and for everybody: where it does not give the account to the
//! account, its root has no way to the key either (documented). A statement that allows the account
//! allows its principals; policies of their own, which may limit them, do not exist yet.

use cairn_event::Region;
use cairn_iam::policy::{Caller, Context, Decision, Policy, Request};
use cairn_store::kms::{EncryptionContext, KeyReference, KmsKey, Target};

use crate::{Ctx, Internal};

use super::KmsFault;

/// What a caller is about to do to a key.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    action: &'a str,
    context: Context,
}

impl<'a> Attempt<'a> {
    /// An attempt of the caller, such as `kms:Decrypt`.
    pub(crate) fn new(ctx: &Ctx, action: &'a str) -> Self {
        Self { action, context: conditions(ctx) }
    }

    /// One that a service in a region makes on behalf of the caller. It comes from no address that
    /// the caller has, and over TLS, as services call each other at AWS (assumed).
    pub(crate) fn via(ctx: &Ctx, action: &'a str, service: &str, region: &Region) -> Self {
        let context = ctx
            .own_conditions()
            .with("kms:CallerAccount", ctx.account.as_str())
            .with("kms:ViaService", format!("{service}.{region}.amazonaws.com"))
            .with("aws:ViaAWSService", "true")
            .with("aws:SecureTransport", "true");
        Self { action, context }
    }

    /// With an encryption context.
    pub(crate) fn bound_to(mut self, context: &EncryptionContext) -> Self {
        for (name, value) in context.pairs() {
            self.context.add(&format!("kms:EncryptionContext:{name}"), value);
            self.context.add("kms:EncryptionContextKeys", name);
        }
        self
    }

    /// With one more value that conditions may ask for.
    pub(super) fn with(mut self, key: &str, value: &str) -> Self {
        self.context.add(key, value);
        self
    }

    /// By an alias, if the caller names the key by one.
    pub(super) fn by(mut self, reference: Option<&str>) -> Self {
        if let Some((_, name)) = reference.and_then(|named| named.split_once("alias/")) {
            self.context.add("kms:RequestAlias", format!("alias/{name}"));
        }
        self
    }

    /// Refuses what the key's policy does not allow.
    pub(crate) fn judge(mut self, ctx: &Ctx, key: &KmsKey) -> Result<(), KmsFault> {
        for (name, value) in &key.tags {
            self.context.add(&format!("aws:ResourceTag/{name}"), value.as_str());
        }
        let policy = Policy::parse(&key.policy)
            .map_err(|error| KmsFault::Internal(Internal::new("read a key's policy", error)))?;
        let resource = key.arn();
        let why = match decide(ctx, &policy, self.action, &resource, &self.context) {
            Decision::Allow => return Ok(()),
            Decision::Deny => "with an explicit deny in a resource-based policy",
            Decision::NotMentioned => "because no resource-based policy allows the action",
        };
        let caller = ctx.principal.arn().unwrap_or_else(|| ctx.account.to_string());
        Err(KmsFault::AccessDenied { caller, action: self.action.to_owned(), resource, why })
    }
}

/// What conditions of a key's policy may ask of a call.
pub(super) fn conditions(ctx: &Ctx) -> Context {
    ctx.conditions().with("kms:CallerAccount", ctx.account.as_str())
}

/// What a policy says of an attempt of the caller.
pub(super) fn decide(
    ctx: &Ctx,
    policy: &Policy,
    action: &str,
    resource: &str,
    context: &Context,
) -> Decision {
    let principal = Caller::of(&ctx.principal);
    policy.decide(&Request { principal, action, resource, context })
}

/// The key that a call names in any way, if its policy lets the caller do that to it.
pub(crate) async fn find(
    ctx: &Ctx,
    reference: &str,
    attempt: Attempt<'_>,
) -> Result<KmsKey, KmsFault> {
    let key = ctx.services.kms.find(reference, &ctx.account, &ctx.region).await?;
    attempt.by(Some(reference)).judge(ctx, &key)?;
    Ok(key)
}

/// The key that a call names by its id or ARN: calls that change a key take no alias (documented).
pub(super) async fn find_by_id(
    ctx: &Ctx,
    reference: &str,
    action: &str,
) -> Result<KmsKey, KmsFault> {
    find_by_id_for(ctx, reference, Attempt::new(ctx, action)).await
}

async fn find_by_id_for(
    ctx: &Ctx,
    reference: &str,
    attempt: Attempt<'_>,
) -> Result<KmsKey, KmsFault> {
    let parsed = KeyReference::parse(reference, &ctx.account, &ctx.region)?;
    if matches!(parsed.target, Target::Alias(_)) {
        let reference = reference.to_owned();
        return Err(cairn_store::kms::KmsError::MalformedReference { reference }.into());
    }
    find(ctx, reference, attempt).await
}

/// As [`find_by_id`], for what can only be done to keys of the caller's own account (documented).
pub(super) async fn find_own(ctx: &Ctx, reference: &str, action: &str) -> Result<KmsKey, KmsFault> {
    find_own_for(ctx, reference, Attempt::new(ctx, action)).await
}

/// As [`find_own`], for an attempt of which conditions may ask more.
pub(super) async fn find_own_for(
    ctx: &Ctx,
    reference: &str,
    attempt: Attempt<'_>,
) -> Result<KmsKey, KmsFault> {
    let parsed = KeyReference::parse(reference, &ctx.account, &ctx.region)?;
    if parsed.account != ctx.account {
        let caller = ctx.principal.arn().unwrap_or_else(|| ctx.account.to_string());
        let why = "because the key belongs to another account";
        let (action, resource) = (attempt.action.to_owned(), parsed.arn());
        return Err(KmsFault::AccessDenied { caller, action, resource, why });
    }
    find_by_id_for(ctx, reference, attempt).await
}
