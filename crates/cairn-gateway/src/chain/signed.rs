//! What a request says of its signature, read once for all steps. Nothing is verified here.

use cairn_wire::RequestHead;
use cairn_wire::resolve::CredentialScope;
use cairn_wire::sigv4::{self, Claim, SignatureError};

/// Who signed, by their own word.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    /// Of any version; `None` also for text of another form.
    scope: Option<CredentialScope>,
    /// Of version 4; `None` if there is no signature.
    claim: Result<Option<Claim>, SignatureError>,
}

impl Signed {
    pub(crate) fn read(head: &RequestHead<'_>) -> Self {
        Self { scope: CredentialScope::read(head), claim: sigv4::read(head) }
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

    pub(crate) fn claim(&self) -> Result<Option<&Claim>, SignatureError> {
        self.claim.as_ref().map(Option::as_ref).map_err(SignatureError::clone)
    }

    /// The claim, unless there is something wrong with it.
    pub(crate) fn well_formed(&self) -> Option<&Claim> {
        self.claim.as_ref().ok()?.as_ref()
    }
}
