//! Authenticate: who calls, proven by a signature.

use std::sync::{Arc, PoisonError};

use cairn_iam::{AccessKeyId, Credential, Found, Principal};
use cairn_wire::model::{Operation, Protocol, Service};
use cairn_wire::resolve::{is_region, is_signed_for};
use cairn_wire::sigv2;
use cairn_wire::sigv4::{
    self, Claim, Expectation, Family, PayloadClaim, SignatureError, SigningKey, Verified,
};

use super::Call;
use super::signed::Claimed;
use crate::limits::{SIGNING_KEY_NAME_BYTES_MAX, SIGNING_KEYS_MAX};
use crate::recorder::{CallCredential, SignatureFacts, SignatureVersion};

/// Who calls.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) principal: Arc<Principal>,
    credential: Option<Arc<Credential>>,
    /// The key as sent, in rigs that know no keys.
    sent_key: Option<AccessKeyId>,
    claim: Option<Claimed>,
    /// The key is one of ours, or may be, and its owner has not been shown to have signed.
    is_unproven: bool,
    /// What signed chunks chain to. Absent where nothing was verified, as for anonymous callers and
    /// in rigs that accept anybody, and for signatures of version 2.
    pub(super) verified: Option<Verified>,
}

impl Identity {
    pub(super) fn anonymous() -> Self {
        let principal = Arc::new(Principal::Anonymous);
        Self {
            principal,
            credential: None,
            sent_key: None,
            claim: None,
            is_unproven: false,
            verified: None,
        }
    }

    /// Whoever holds a key that we cannot check, or did not find to be right.
    pub(super) fn unproven(
        principal: Principal,
        sent_key: Option<AccessKeyId>,
        claim: Option<Claimed>,
    ) -> Self {
        let principal = Arc::new(principal);
        Self { principal, credential: None, sent_key, claim, is_unproven: false, verified: None }
    }

    /// Whether somebody has used a key of ours, or maybe one, without showing that it is theirs.
    pub(super) fn is_unproven(&self) -> bool {
        self.is_unproven
    }

    /// Says that the key is one of ours, or that it cannot be told whose it is.
    pub(super) fn in_doubt(self) -> Self {
        Self { is_unproven: true, ..self }
    }

    /// Whether somebody has signed, with a key of ours, and it was verified.
    pub(super) fn is_proven(&self) -> bool {
        self.credential.is_some()
    }

    /// Nobody has signed.
    pub(super) fn is_anonymous(&self) -> bool {
        *self.principal == Principal::Anonymous
    }

    /// The key of the call, as the record shows it.
    pub(super) fn call_credential(&self) -> Option<CallCredential<'_>> {
        let known = self.credential.as_deref();
        let access_key = known.map(|credential| &credential.key).or(self.sent_key.as_ref())?;
        let session =
            known.and_then(|credential| credential.session.as_ref()).map(|session| &session.facts);
        Some(CallCredential { access_key, session, invoked_by: None })
    }

    /// How the call was signed, as S3 writes it down.
    pub(super) fn signature(&self) -> Option<SignatureFacts> {
        let claim = self.claim.as_ref()?;
        let version = match claim {
            Claimed::V2(_) => SignatureVersion::V2,
            Claimed::V4(_) => SignatureVersion::V4,
        };
        Some(SignatureFacts { version, in_query: claim.presigned() })
    }
}

/// Verifies the signature of a call. `body` is the hash of a body that was read whole; the caller
/// checks one that streams.
pub(super) fn identify(
    call: &Call<'_>,
    signing_name: &str,
    operation: Option<Operation<'static>>,
    body: Option<[u8; 32]>,
) -> Result<Identity, SignatureError> {
    let claim = match call.signed.claim(operation.map(Operation::service)) {
        Ok(claim) => claim,
        // A rig asks for no signature, so a broken one is no fault.
        Err(_) if call.stores.keyring.accepts_any() => None,
        Err(error) => return Err(error),
    };
    let Some(claim) = claim else {
        return unsigned(call, signing_name, operation);
    };
    let claim = claim.clone();
    let credential = match call.stores.keyring.find(claim.access_key()) {
        Found::Known(credential) => credential,
        Found::Any(principal) => {
            let sent_key = AccessKeyId::parse(claim.access_key()).ok();
            let claim = Some(claim);
            return Ok(Identity {
                principal,
                credential: None,
                sent_key,
                claim,
                is_unproven: false,
                verified: None,
            });
        }
        Found::Unknown => {
            let access_key = claim.access_key().to_owned();
            return Err(SignatureError::UnknownAccessKey { access_key });
        }
    };
    prove(call, signing_name, claim, credential, body)
}

/// Checks a claim against the credential that it names.
pub(super) fn prove(
    call: &Call<'_>,
    signing_name: &str,
    claim: Claimed,
    credential: Arc<Credential>,
    body: Option<[u8; 32]>,
) -> Result<Identity, SignatureError> {
    if credential.is_expired(call.started) {
        return Err(SignatureError::ExpiredToken);
    }
    sigv4::check_token(claim.session_token(), credential.session_token())?;
    let (claim, verified) = match claim {
        Claimed::V2(claim) => {
            let (head, secret) = (call.head(), credential.secret.expose());
            let bucket = call.gateway.settings.hosts.bucket_of(&head);
            let expected = sigv2::Expectation { bucket: bucket.as_deref(), body };
            sigv2::verify(&claim, &head, secret, call.started, &expected)?;
            (Claimed::V2(claim), None)
        }
        Claimed::V4(claim) => {
            let (claim, verified) = prove_v4(call, signing_name, claim, &credential, body)?;
            (Claimed::V4(claim), Some(verified))
        }
    };
    Ok(Identity {
        principal: Arc::clone(&credential.principal),
        credential: Some(credential),
        sent_key: None,
        claim: Some(claim),
        is_unproven: false,
        verified,
    })
}

fn prove_v4(
    call: &Call<'_>,
    signing_name: &str,
    mut claim: Claim,
    credential: &Credential,
    body: Option<[u8; 32]>,
) -> Result<(Claim, Verified), SignatureError> {
    // Outside S3 the signature covers the body, whatever the caller says of it, unless it streams.
    let may_stream = sigv4::is_s3(signing_name) || (signing_name == "cairn" && body.is_none());
    if !may_stream && !matches!(claim.payload, PayloadClaim::Hash(_)) {
        claim.payload = PayloadClaim::Body;
    }
    let expected = expectation(call, signing_name, &claim, body);
    let key = signing_key(call, &claim, credential);
    let verified = sigv4::verify(&claim, &call.head(), &key, call.started, &expected)?;
    Ok((claim, verified))
}

/// What the scope has to say. The resolver lets a known target win over the scope's service, so they
/// can differ. Every region is ours, as long as it can be one: the record will name it.
fn expectation<'a>(
    call: &'a Call<'_>,
    signing_name: &'a str,
    claim: &Claim,
    body: Option<[u8; 32]>,
) -> Expectation<'a> {
    let ours = call.gateway.settings.region.as_str();
    let region = (!is_region(&claim.scope.region) && claim.scope.region != ours).then_some(ours);
    let service = (!is_signed_for(signing_name, &claim.scope.service)).then_some(signing_name);
    Expectation { region, service, body }
}

fn unsigned(
    call: &Call<'_>,
    signing_name: &str,
    operation: Option<Operation<'static>>,
) -> Result<Identity, SignatureError> {
    if let Found::Any(principal) = call.stores.keyring.find("") {
        return Ok(Identity { principal, ..Identity::anonymous() });
    }
    let may_be_anybody = sigv4::is_s3(signing_name) || operation.is_some_and(Operation::unsigned);
    if may_be_anybody { Ok(Identity::anonymous()) } else { Err(SignatureError::Missing) }
}

/// Deriving a key costs four HMACs; a caller uses the same one all day.
fn signing_key(call: &Call<'_>, claim: &Claim, credential: &Credential) -> SigningKey {
    let name = format!("{}/{}", claim.access_key, claim.scope.line());
    // Nothing is checked yet, so the scope may be of any length.
    if name.len() > SIGNING_KEY_NAME_BYTES_MAX {
        return SigningKey::derive(credential.secret.expose(), &claim.scope);
    }
    let mut keys = call.gateway.signing_keys.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = keys.get(&name) {
        return key.clone();
    }
    // The scope is the caller's to choose, so a full table says nothing about who is busy: start
    // afresh.
    if keys.len() >= SIGNING_KEYS_MAX {
        keys.clear();
    }
    let key = SigningKey::derive(credential.secret.expose(), &claim.scope);
    keys.insert(name, key.clone());
    key
}

/// How the services of a protocol word their refusals.
pub(super) fn family(service: Option<&Service>, protocol: Protocol) -> Family {
    if service.is_some_and(|service| sigv4::is_s3(service.signing_name())) {
        return Family::S3;
    }
    match protocol {
        Protocol::Query => Family::Query,
        Protocol::Ec2 => Family::Ec2,
        Protocol::Json | Protocol::RpcV2Cbor => Family::Json,
        Protocol::RestJson => Family::RestJson,
        Protocol::RestXml if service.is_none() => Family::S3,
        Protocol::RestXml => Family::RestXml,
    }
}

/// What has to be checked of a body that is not at hand yet.
pub(super) fn payload(identity: &Identity) -> Option<PayloadClaim> {
    identity.claim.as_ref().map(Claimed::payload)
}
