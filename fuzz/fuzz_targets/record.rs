//! The head of a record out of any bytes: it is read or refused, and everything that is asked of it
//! has an answer.
#![no_main]

use cairn_event::{RecordHead, lookup_resources};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(head) = RecordHead::parse(bytes) else { return };
    let _ = (head.category(), head.account(), head.username());
    for resource in head.resource_refs() {
        let _ = format!("{resource:?}");
    }
    let _ = lookup_resources(&head);
    // What is borrowed from good JSON is text, and as such no longer than the record.
    for field in [&head.event_name, &head.event_source, &head.user_agent, &head.error_message] {
        assert!(field.as_ref().is_none_or(|text| text.len() <= bytes.len() * 3));
    }
});
