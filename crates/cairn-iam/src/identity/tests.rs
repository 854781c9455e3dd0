use cairn_event::AccountId;

use super::*;
use crate::User;

fn account() -> AccountId {
    AccountId::parse("123456789012").unwrap()
}

fn key() -> AccessKeyId {
    AccessKeyId::parse("AKIAIOSFODNN7EXAMPLE").unwrap()
}

fn alice() -> User {
    User {
        account: account(),
        path: "/ops/".to_owned(),
        name: "alice".to_owned(),
        id: "AIDACKCEVSQ6C2EXAMPLE".to_owned(),
    }
}

fn session() -> SessionFacts {
    SessionFacts {
        created: Timestamp::from_ms(1_442_945_423_000),
        mfa_authenticated: false,
        source_identity: None,
    }
}

fn json(principal: &Principal, session: Option<&SessionFacts>) -> String {
    let key = key();
    Caller { principal, access_key: Some(&key), session, invoked_by: None }.identity_json()
}

#[test]
fn a_user_with_long_term_keys_has_no_session_context() {
    // observed
    assert_eq!(
        json(&Principal::User(alice()), None),
        r#"{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::123456789012:user/ops/alice","accountId":"123456789012","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"alice"}"#
    );
}

#[test]
fn a_user_with_temporary_keys_shows_when_they_were_made() {
    let session = SessionFacts { mfa_authenticated: true, ..session() };
    assert_eq!(
        json(&Principal::User(alice()), Some(&session)),
        r#"{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::123456789012:user/ops/alice","accountId":"123456789012","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"alice","sessionContext":{"attributes":{"creationDate":"2015-09-22T18:10:23Z","mfaAuthenticated":"true"}}}"#
    );
}

#[test]
fn root_has_no_user_name() {
    // documented
    assert_eq!(
        json(&Principal::Root { account: account() }, None),
        r#"{"type":"Root","principalId":"123456789012","arn":"arn:aws:iam::123456789012:root","accountId":"123456789012","accessKeyId":"AKIAIOSFODNN7EXAMPLE"}"#
    );
}

#[test]
fn a_role_session_names_its_issuer() {
    let principal = Principal::AssumedRole {
        role: Role {
            account: account(),
            path: "/service-role/".to_owned(),
            name: "Deploy".to_owned(),
            id: "AROAIDPPEZS35WEXAMPLE".to_owned(),
        },
        session_name: "ci".to_owned(),
    };
    // observed: no webIdFederationData when it is empty; sourceIdentity last.
    let expected = r#"{"type":"AssumedRole","principalId":"AROAIDPPEZS35WEXAMPLE:ci","arn":"arn:aws:sts::123456789012:assumed-role/Deploy/ci","accountId":"123456789012","accessKeyId":"AKIAIOSFODNN7EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAIDPPEZS35WEXAMPLE","arn":"arn:aws:iam::123456789012:role/service-role/Deploy","accountId":"123456789012","userName":"Deploy"},"attributes":{"creationDate":"2015-09-22T18:10:23Z","mfaAuthenticated":"false"},"sourceIdentity":"alice"}}"#;
    let session = SessionFacts { source_identity: Some("alice".to_owned()), ..session() };
    assert_eq!(json(&principal, Some(&session)), expected);
    assert_eq!(principal.user_id(), "AROAIDPPEZS35WEXAMPLE:ci");

    let key = key();
    let by_service = Caller {
        principal: &principal,
        access_key: Some(&key),
        session: Some(&session),
        invoked_by: Some("cloudformation.amazonaws.com"),
    };
    let with_service = format!(
        "{},\"invokedBy\":\"cloudformation.amazonaws.com\"}}",
        &expected[..expected.len() - 1]
    );
    assert_eq!(by_service.identity_json(), with_service);
}

#[test]
fn a_federated_user_names_the_user_it_acts_for() {
    // observed
    let principal =
        Principal::FederatedUser { name: "bob".to_owned(), issuer: Issuer::User(alice()) };
    assert_eq!(
        json(&principal, Some(&session())),
        r#"{"type":"FederatedUser","principalId":"123456789012:bob","arn":"arn:aws:sts::123456789012:federated-user/bob","accountId":"123456789012","accessKeyId":"AKIAIOSFODNN7EXAMPLE","sessionContext":{"sessionIssuer":{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::123456789012:user/ops/alice","accountId":"123456789012","userName":"alice"},"attributes":{"creationDate":"2015-09-22T18:10:23Z","mfaAuthenticated":"false"}}}"#
    );
    let of_root =
        Principal::FederatedUser { name: "bob".to_owned(), issuer: Issuer::Root(account()) };
    assert!(json(&of_root, None).ends_with(
        r#""sessionContext":{"sessionIssuer":{"type":"Root","principalId":"123456789012","arn":"arn:aws:iam::123456789012:root","accountId":"123456789012"}}}"#
    ));
}

#[test]
fn services_anonymous_and_foreign_callers_say_little() {
    let service = Principal::Service { name: "cloudtrail.amazonaws.com".to_owned() };
    // observed
    assert_eq!(
        json(&service, None),
        r#"{"type":"AWSService","invokedBy":"cloudtrail.amazonaws.com"}"#
    );
    let anonymous = Caller {
        principal: &Principal::Anonymous,
        access_key: None,
        session: None,
        invoked_by: None,
    };
    // documented
    assert_eq!(
        anonymous.identity_json(),
        r#"{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}"#
    );
    // observed
    let foreign = Principal::User(alice()).seen_from_another_account();
    assert_eq!(
        json(&foreign, Some(&session())),
        r#"{"type":"AWSAccount","principalId":"AIDACKCEVSQ6C2EXAMPLE","accountId":"123456789012"}"#
    );
}

#[test]
fn hostile_names_stay_inside_their_strings() {
    let user = User { name: "a\",\"type\":\"Root\n\u{2028}".to_owned(), ..alice() };
    let text = json(&Principal::User(user.clone()), None);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["userName"], user.name.as_str());
    assert_eq!(value["type"], "IAMUser");
}
