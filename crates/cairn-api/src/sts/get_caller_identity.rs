//! `GetCallerIdentity`: who the caller is. Whoever has a valid signature may ask.
//!
//! - A root's `UserId` is its account (documented).
//! - A session is shown as `ROLEID:SESSION` and by an ARN without the role's path (documented).

use cairn_event::AccountId;
use serde::{Deserialize, Serialize};

use crate::{Ctx, Internal};

use super::StsError;

/// Nothing is asked.
#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

/// Who the caller is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    user_id: String,
    account: AccountId,
    arn: String,
}

#[expect(
    clippy::unused_async,
    reason = "the table holds operations that wait and such that do not"
)]
pub(crate) async fn handle(ctx: &Ctx, _: Input) -> Result<Output, StsError> {
    let principal = &ctx.principal;
    // Only signed calls come here, and every principal that can sign has an ARN.
    let arn = principal.arn().ok_or_else(|| {
        StsError::Internal(Internal::new("name the caller", "the principal of the call has no ARN"))
    })?;
    let account = principal.account().unwrap_or(&ctx.account).clone();
    Ok(Output { user_id: principal.user_id(), account, arn })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cairn_iam::{Issuer, Principal, Role, User};

    use crate::testing::{World, cases};

    #[tokio::test]
    async fn everybody_learns_who_they_are() {
        let world = World::new();
        let account = cairn_event::AccountId::parse("111122223333").unwrap();
        let user = User {
            account: account.clone(),
            path: "/team/".into(),
            name: "ann".into(),
            id: "AIDAEXAMPLE".into(),
        };
        let role = Role {
            account: account.clone(),
            path: "/svc/".into(),
            name: "deploy".into(),
            id: "AROAEXAMPLE".into(),
        };
        let known = [
            (
                Principal::Root { account: account.clone() },
                "111122223333",
                "arn:aws:iam::111122223333:root",
            ),
            (
                Principal::User(user.clone()),
                "AIDAEXAMPLE",
                "arn:aws:iam::111122223333:user/team/ann",
            ),
            (
                Principal::AssumedRole { role, session_name: "ci".into() },
                "AROAEXAMPLE:ci",
                "arn:aws:sts::111122223333:assumed-role/deploy/ci",
            ),
            (
                Principal::FederatedUser { name: "bob".into(), issuer: Issuer::User(user) },
                "111122223333:bob",
                "arn:aws:sts::111122223333:federated-user/bob",
            ),
        ];
        for (principal, id, arn) in known {
            let wanted =
                format!(r#"{{"UserId": "{id}", "Account": "111122223333", "Arn": "{arn}"}}"#);
            let call = cases(&world, "sts", "GetCallerIdentity").by(Arc::new(principal));
            call.call("{}").await.gives(&wanted);
        }
        let nobody = cases(&world, "sts", "GetCallerIdentity").by(Arc::new(Principal::Anonymous));
        let error = nobody.call("{}").await.fails("InternalFailure");
        assert_eq!(
            error.log_text().unwrap(),
            "could not name the caller: the principal of the call has no ARN"
        );
    }
}
