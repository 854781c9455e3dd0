//! Selectors and a record out of any bytes: selectors that pass the check pass it again unchanged,
//! and a trail takes a record or not, whatever trails it is compiled with.
//!
//! The first line is a list of selectors, the rest a record.
#![no_main]

use cairn_event::RecordHead;
use cairn_event::selector::{AdvancedEventSelector, EventSelector, SelectorSet, Selectors};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return };
    let (line, record) = (&bytes[..end], &bytes[end + 1..]);
    let Some(selectors) = read(line) else { return };
    if let Ok(once) = check(selectors.clone()) {
        assert_eq!(check(once.clone()).as_ref(), Ok(&once));
    }
    let Ok(record) = RecordHead::parse(record) else { return };
    let mut trails = Vec::new();
    SelectorSet::compile(&[&selectors]).matches(&record, &mut trails);
    let takes = trails == [0];
    assert!(takes || trails.is_empty());
    let others = others();
    let mut all = vec![&selectors; 70];
    all.extend(&others);
    all.push(&selectors);
    SelectorSet::compile(&all).matches(&record, &mut trails);
    assert!(trails.is_sorted_by(|one, next| one < next));
    assert!((0..70).chain([71]).all(|trail| trails.contains(&trail) == takes));
});

fn read(line: &[u8]) -> Option<Selectors> {
    // A basic selector has no required member, so the other kind is tried first.
    let advanced = serde_json::from_slice::<Vec<AdvancedEventSelector>>(line).map(Selectors::Advanced);
    let basic = || serde_json::from_slice::<Vec<EventSelector>>(line).map(Selectors::Basic);
    advanced.or_else(|_| basic()).ok()
}

fn check(selectors: Selectors) -> Result<Selectors, cairn_event::selector::SelectorFault> {
    match selectors {
        Selectors::Basic(all) => Selectors::check_basic(all),
        Selectors::Advanced(all) => Selectors::check_advanced(all),
    }
}

/// A trail whose selectors ask for beginnings and ends, so that no answers are known beforehand.
fn others() -> Option<Selectors> {
    let text = br#"[
        {"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},
            {"Field":"eventName","StartsWith":["Get","GetO"],"NotEndsWith":["Acl"]}]},
        {"FieldSelectors":[{"Field":"eventCategory","Equals":["NetworkActivity"]},
            {"Field":"vpcEndpointId","StartsWith":["vpce-"]}]},
        {"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},
            {"Field":"resources.type","Equals":["AWS::S3::Object","AWS::Lambda::Function"]},
            {"Field":"resources.ARN","StartsWith":["arn:aws:s3:::b/","arn:"],"NotStartsWith":["arn:aws:s3:::b/x"]}]}
    ]"#;
    read(text)
}
