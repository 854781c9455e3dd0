//! What a record says that AWS's has no word for: `additionalEventData.cairn`, absent from nearly
//! all records.

use super::text::{Object, into_text};

/// What is known of a signature that was not verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing speaks against it.
    #[default]
    None,
    /// The key is one of ours, or cannot be read, and that its owner has signed this call was not
    /// shown to us.
    Unproven,
    /// The upstream refused it, so whoever called has not shown who they are.
    Refused,
}

/// What is odd about a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Whether the signature is in doubt.
    pub signature: Doubt,
    /// The parameters are not shown, because the body was too large to hold or could not be read.
    pub is_body_unread: bool,
    /// The server stopped before the call was over: it may have been done or not.
    pub is_outcome_unknown: bool,
}

/// `additional` with the notes, if there are any.
pub(super) fn with(additional: Option<String>, notes: Notes) -> Option<String> {
    if notes == Notes::default() {
        return additional;
    }
    let mut inner = Vec::new();
    let mut object = Object::begin(&mut inner);
    match notes.signature {
        Doubt::None => {}
        Doubt::Unproven => object.text("signature", "not verified"),
        Doubt::Refused => object.text("signature", "refused by the upstream"),
    }
    if notes.is_body_unread {
        object.text("requestParameters", "the body was not read");
    }
    if notes.is_outcome_unknown {
        object.text("outcome", "unknown");
    }
    object.end();
    let inner = into_text(inner);
    let before = additional.as_deref().and_then(|text| text.strip_suffix('}')).unwrap_or("{");
    let comma = if before == "{" { "" } else { "," };
    Some(format!("{before}{comma}\"cairn\":{inner}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_stand_beside_what_aws_writes() {
        let notes = Notes { signature: Doubt::Refused, ..Notes::default() };
        let noted = |text: Option<&str>| with(text.map(str::to_owned), notes).unwrap();
        let note = r#""cairn":{"signature":"refused by the upstream"}"#;
        assert_eq!(noted(None), format!("{{{note}}}"));
        assert_eq!(noted(Some("{}")), format!("{{{note}}}"));
        assert_eq!(noted(Some(r#"{"a":1}"#)), format!(r#"{{"a":1,{note}}}"#));
        assert_eq!(with(None, Notes::default()), None);
    }
}
