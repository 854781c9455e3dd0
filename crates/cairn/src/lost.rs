//! What stands in the log where a record is lost.

use cairn_event::RecordHead;

/// Takes the number of a record that is lost. It belongs to no account and no region.
pub(crate) const MARK: &[u8] = br#"{"eventType":"CairnRecordLost"}"#;
/// Its one field.
const TYPE: &str = "CairnRecordLost";

/// Whether this is no record, but the mark of one that is lost; a record has the name of its event.
pub(crate) fn is_lost(head: &RecordHead<'_>) -> bool {
    head.event_type.as_deref() == Some(TYPE) && head.event_name.is_none()
}

#[cfg(test)]
mod tests {
    use cairn_event::RecordHead;

    use super::{MARK, is_lost};

    #[test]
    fn a_mark_is_known_as_one() {
        assert!(is_lost(&RecordHead::parse(MARK).unwrap()));
        let record = br#"{"eventType":"CairnRecordLost","eventName":"CreateBucket"}"#;
        assert!(!is_lost(&RecordHead::parse(record).unwrap()));
    }
}
