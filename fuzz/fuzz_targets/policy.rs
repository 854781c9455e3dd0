//! Policies out of any bytes: a document is read or refused, and one that is read has the same
//! answer to the same question whatever else is in memory. The first lines are the question.
//!
//! ```text
//! action
//! resource
//! the value of every condition key
//! {"Version": ...
//! ```
#![no_main]

use cairn_iam::policy::{Caller, Context, Decision, Effect, Policy, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (action, resource, value, document) = (line(), line(), line(), line());
    let context = Context::new()
        .with("aws:SourceArn", value)
        .with("aws:username", value)
        .with("aws:CurrentTime", value)
        .with("aws:SourceIp", value)
        .with("aws:TagKeys", value)
        .with("aws:TagKeys", action)
        .with("s3:prefix", "");
    let alice = "arn:aws:iam::111122223333:user/alice";
    let session = "arn:aws:sts::111122223333:assumed-role/r/s";
    let callers = [
        Caller::Anonymous,
        Caller::cloudtrail("eu-west-1"),
        Caller::aws(alice, "111122223333"),
        Caller::aws(session, "111122223333").in_role("arn:aws:iam::111122223333:role/r"),
        Caller::Federated { provider: "accounts.google.com".into() },
    ];
    for policy in [Policy::parse(document), Policy::parse_identity(document)] {
        let Ok(policy) = policy else { continue };
        assert!(!policy.statements().is_empty());
        let has = |effect| policy.statements().iter().any(|one| one.effect() == effect);
        for principal in &callers {
            let request =
                Request { principal: principal.clone(), action, resource, context: &context };
            let decision = policy.decide(&request);
            assert!(decision != Decision::Allow || has(Effect::Allow));
            assert!(decision != Decision::Deny || has(Effect::Deny));
            assert_eq!(decision, policy.clone().decide(&request));
        }
    }
});
