//! Authorise: whether the caller may.
//!
//! The only principals are the root of the account, who may do everything in it, and nobody, who
//! may do nothing. The operations of S3 check the owner of a bucket themselves. Anonymous calls of
//! operations that need no signature go on: they are for whoever serves them to answer.

use cairn_wire::codec::WireError;
use cairn_wire::model::Operation;

use super::authenticate::Identity;

/// A call that is not allowed.
pub(super) struct Denied {
    pub(super) code: &'static str,
    pub(super) message: &'static str,
    pub(super) status: u16,
}

impl Denied {
    /// As the caller is told.
    pub(super) fn wire(&self) -> WireError {
        WireError {
            status: Some(self.status),
            sender_fault: self.status < 500,
            ..WireError::sender(self.code, self.message)
        }
    }
}

/// Decides.
pub(super) fn decide(identity: &Identity, operation: Operation<'static>) -> Result<(), Denied> {
    if identity.is_anonymous() && !operation.unsigned() {
        // Documented: S3's answer to a caller who may not.
        return Err(Denied { code: "AccessDenied", message: "Access Denied", status: 403 });
    }
    Ok(())
}
