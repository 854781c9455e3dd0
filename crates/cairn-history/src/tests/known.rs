//! Which records are known, wherever they are: tail, slices, merged slices.

use bytes::Bytes;
use cairn_event::RecordHead;

use super::support::{Dice, Model, open};
use crate::RecordKey;

fn key(record: &[u8]) -> RecordKey {
    RecordKey::of(&RecordHead::parse(record).unwrap()).unwrap()
}

#[test]
fn records_are_known_byte_for_byte_wherever_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let history = open(directory.path());
    let (mut dice, mut model) = (Dice::new(11), Model::default());
    for _ in 0..8 {
        model.append(&history, &mut dice, 350);
        history.seal().unwrap();
    }
    history.merge_step().unwrap().unwrap();
    model.append(&history, &mut dice, 9_000);
    let altered = |record: &Bytes| {
        let text = std::str::from_utf8(record).unwrap();
        Bytes::from(text.replace(r#""readOnly":"#, r#""readOnly": "#))
    };
    let others: Vec<Bytes> = model.records.iter().map(altered).collect();
    let ask = |records: &[Bytes]| {
        let asked: Vec<_> = records.iter().map(|record| (key(record), record)).collect();
        history.knows(&asked).unwrap()
    };
    assert!(ask(&model.records).iter().all(|known| *known));
    assert!(!ask(&others).iter().any(|known| *known), "the same ids, other bytes");
    let mixed = [others[3].clone(), model.records[3].clone(), model.records[11_000].clone()];
    assert_eq!(ask(&mixed), [false, true, true]);
    assert!(RecordKey::of(&RecordHead::parse(br#"{"eventName":"A"}"#).unwrap()).is_none());
}
