//! What a request says of its signature, read once for all steps. Nothing is verified here.

use cairn_wire::RequestHead;
use cairn_wire::model::Service;
use cairn_wire::resolve::CredentialScope;
use cairn_wire::sigv2;
use cairn_wire::sigv4::{self, Claim, PayloadClaim, SignatureError};

/// A signature of either version.
#[derive(Clone, Debug)]
pub(crate) enum Claimed {
    V2(sigv2::Claim),
    V4(Claim),
}

impl Claimed {
    pub(crate) fn access_key(&self) -> &str {
        match self {
            Self::V2(claim) => &claim.access_key,
            Self::V4(claim) => &claim.access_key,
        }
    }

    /// What it says about the body.
    pub(crate) fn payload(&self) -> PayloadClaim {
        match self {
            Self::V2(claim) => claim.payload,
            Self::V4(claim) => claim.payload,
        }
    }

    pub(crate) fn session_token(&self) -> Option<&str> {
        match self {
            Self::V2(claim) => claim.session_token.as_deref(),
            Self::V4(claim) => claim.session_token.as_deref(),
        }
    }

    /// The signature came in the query string.
    pub(crate) fn presigned(&self) -> bool {
        match self {
            Self::V2(claim) => claim.presigned(),
            Self::V4(claim) => claim.presigned,
        }
    }
}

/// A signature, none, or one with which something is wrong.
type Read = Result<Option<Claimed>, SignatureError>;

/// Who signed, by their own word.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    /// Of any version; `None` also for text of another form.
    scope: Option<CredentialScope>,
    /// As all services read it: of version 4.
    claim: Read,
    /// As S3 reads it, where that is something else: of version 2.
    to_s3: Option<Read>,
}

impl Signed {
    pub(crate) fn read(head: &RequestHead<'_>) -> Self {
        let claim = sigv4::read(head).map(|claim| claim.map(Claimed::V4));
        let may_be_old = matches!(claim, Ok(None) | Err(SignatureError::SignatureV2));
        let old = may_be_old.then(|| sigv2::read(head).map(|claim| claim.map(Claimed::V2)));
        let to_s3 = old.filter(|old| !matches!(old, Ok(None)));
        Self { scope: CredentialScope::read(head), claim, to_s3 }
    }

    pub(crate) fn scope(&self) -> Option<&CredentialScope> {
        self.scope.as_ref()
    }

    /// The service that was signed for; `None` where the signature names none.
    pub(crate) fn service(&self) -> Option<&str> {
        self.scope().map(|scope| scope.service.as_str()).filter(|name| !name.is_empty())
    }

    /// The region that was signed for; `None` where the signature names none.
    pub(crate) fn region(&self) -> Option<&str> {
        self.scope()?.region.as_deref()
    }

    /// The signature as `service` reads it: S3, and nobody else, takes version 2 as well. That is not
    /// so for others that are signed for as S3 is (S3 Control).
    pub(crate) fn claim(
        &self,
        service: Option<&Service>,
    ) -> Result<Option<&Claimed>, SignatureError> {
        let is_s3 = service.is_some_and(|service| service.id() == "s3");
        let claim = self.to_s3.as_ref().filter(|_| is_s3).unwrap_or(&self.claim);
        claim.as_ref().map(Option::as_ref).map_err(SignatureError::clone)
    }

    /// The claim, unless there is something wrong with it.
    pub(crate) fn well_formed(&self, service: Option<&Service>) -> Option<&Claimed> {
        self.claim(service).ok()?
    }

    /// Whether S3 is called with a signature of version 2, whose query can hold headers.
    pub(crate) fn is_version_2(&self) -> bool {
        matches!(self.to_s3, Some(Ok(Some(Claimed::V2(_)))))
    }
}
