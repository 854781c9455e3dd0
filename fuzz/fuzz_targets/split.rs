//! Splitting a file into records: the same pieces whether it comes whole or cut anywhere, each
//! piece no larger than allowed; and what is JSON all the way is never taken for torn. The first byte
//! says how to cut.
#![no_main]

use cairn_event::RecordHead;
use cairn_event::split::{SplitError, SplitLimits, Splitter, records};
use libfuzzer_sys::fuzz_target;

const LIMITS: SplitLimits = SplitLimits { record_bytes_max: 300, depth_max: 8 };

type Pieces = Vec<Result<Vec<u8>, SplitError>>;

fn cut(bytes: &[u8], piece_bytes: usize) -> Pieces {
    let mut splitter = Splitter::new(LIMITS);
    let mut pieces = Pieces::new();
    for piece in bytes.chunks(piece_bytes) {
        splitter.push(piece);
        while let Some(piece) = splitter.next_record() {
            pieces.push(piece.map(|record| record.into_owned()));
        }
    }
    splitter.finish();
    while let Some(piece) = splitter.next_record() {
        pieces.push(piece.map(|record| record.into_owned()));
    }
    pieces
}

fuzz_target!(|input: &[u8]| {
    let [piece_bytes, bytes @ ..] = input else { return };
    let whole: Pieces =
        records(bytes, LIMITS).map(|piece| piece.map(|record| record.into_owned())).collect();
    for record in whole.iter().flatten() {
        assert!(record.len() <= LIMITS.record_bytes_max);
        let _ = RecordHead::parse(record);
    }
    assert_eq!(whole, cut(bytes, usize::from(*piece_bytes).max(1)));
    if RecordHead::parse(bytes).is_ok() {
        let is_torn = |piece| {
            use SplitError as E;
            matches!(piece, Err(E::BadLine { .. } | E::Broken { .. } | E::Truncated { .. }))
        };
        assert!(!records(bytes, SplitLimits::default()).any(is_torn));
    }
});
