use proptest::prelude::*;

use super::*;

pub(super) const A: &str = r#"{"eventVersion":"1.11","x":"a\"]}\\","n":[{"d":"\u003c"},[1.50E2]]}"#;
pub(super) const B: &str = r#"{"eventName":"B","userIdentity":{"type":"Root"}}"#;

pub(super) fn texts(input: &str) -> Vec<Result<String, SplitError>> {
    let own = |piece: Result<Cow<'_, [u8]>, _>| {
        piece.map(|bytes| String::from_utf8(bytes.into_owned()).unwrap())
    };
    let whole: Vec<_> = records(input.as_bytes(), SplitLimits::default()).map(own).collect();
    for chunk in [1, 2, 7] {
        assert_eq!(in_chunks(input.as_bytes(), chunk, SplitLimits::default()), whole, "{chunk}");
    }
    whole
}

pub(super) fn in_chunks(
    input: &[u8],
    chunk: usize,
    limits: SplitLimits,
) -> Vec<Result<String, SplitError>> {
    let mut splitter = Splitter::new(limits);
    let mut out = Vec::new();
    for piece in input.chunks(chunk) {
        splitter.push(piece);
        while let Some(record) = splitter.next_record() {
            out.push(record.map(|r| String::from_utf8_lossy(&r).into_owned()));
        }
    }
    splitter.finish();
    while let Some(record) = splitter.next_record() {
        out.push(record.map(|r| String::from_utf8_lossy(&r).into_owned()));
    }
    out
}

fn both() -> Vec<Result<String, SplitError>> {
    vec![Ok(A.to_owned()), Ok(B.to_owned())]
}

#[test]
fn every_container_gives_the_same_bytes() {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    for input in [
        format!("{{\"Records\":[{A},{B}]}}"),
        format!("{{ \"Records\" : [\n  {A},\n  {B}\n] }}\n"),
        format!("{{\"Records\":[{A}]}}{{\"Records\":[{B}]}}"),
        format!("{{\"a\":{{\"Records\":1}},\"b\":\"Records\",\"Records\":[{A},{B}],\"c\":[1]}}"),
        format!("[{A},{B}]"),
        format!("[{{\"Records\":[{A}]}},{{\"Records\":[{B}]}}]"),
        format!("[[{A}],[{B}]]"),
        format!("{A}\n{B}\n"),
        format!("{A}{B}"),
        format!("\u{feff}{A}\r\n\r\n{B}"),
        format!("{}\n{}", quoted(A), quoted(B)),
        format!("[{},{}]", quoted(A), quoted(B)),
        format!(
            "{{\"NextToken\":\"n\",\"Events\":[{{\"EventId\":\"1\",\"EventName\":\"N\",\
             \"CloudTrailEvent\":{}}},{{\"CloudTrailEvent\":{}}}]}}",
            quoted(A),
            quoted(B)
        ),
        format!("{{\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\":{A}}}\n{B}"),
        format!(
            "{{\"events\":[{{\"timestamp\":1,\"message\":{}}},{{\"message\":{}}}]}}",
            quoted(A),
            quoted(&format!("{{\"detail\":{B}}}"))
        ),
    ] {
        assert_eq!(texts(&input), both(), "{input}");
    }
}

#[test]
fn empty_inputs_hold_no_records() {
    for input in ["", "\n", "[]", "{\"Records\":[]}", "{\"Records\" : [ ] }"] {
        assert_eq!(texts(input), [], "{input}");
    }
}

#[test]
fn a_null_container_is_itself_an_object() {
    assert_eq!(texts("{\"Records\":null}"), [Ok("{\"Records\":null}".to_owned())]);
}

#[test]
fn what_is_no_record_is_named_and_passed_over() {
    let found = texts(&format!("[1,null,\"text\",{A}]"));
    assert_eq!(
        found,
        [
            Err(SplitError::NotARecord { at: 1 }),
            Err(SplitError::NotARecord { at: 3 }),
            Err(SplitError::NotARecord { at: 8 }),
            Ok(A.to_owned()),
        ]
    );
}

#[test]
fn an_object_on_many_lines_is_no_torn_line() {
    let spread = "{\"eventVersion\":\"1.11\",\"resources\":[\n{\"ARN\":1},\n{\"ARN\":2}\n]}";
    assert_eq!(texts(&format!("{spread}\n{A}\n")), [Ok(spread.to_owned()), Ok(A.to_owned())]);
    let listed = format!("{A}\n{{\"Records\":[\n{A},\n{B}\n]}}\n");
    assert_eq!(texts(&listed), [Ok(A.to_owned()), Ok(A.to_owned()), Ok(B.to_owned())]);
    let indented = "{\n  \"eventVersion\":\"1.11\",\n  \"n\":[\n    {}\n  ]\n}";
    assert_eq!(texts(&format!("{A}\n{indented}\n")), [Ok(A.to_owned()), Ok(indented.to_owned())]);
}

#[test]
fn broken_and_torn_files_end_with_an_error() {
    let torn = format!("{{\"Records\":[{A},{B}");
    assert_eq!(texts(&torn).last(), Some(&Err(SplitError::Truncated { at: torn.len() as u64 })));
    let broken = format!("[{A}}}");
    assert_eq!(texts(&broken)[1], Err(SplitError::Broken { at: broken.len() as u64 - 1 }));
    assert!(SplitError::Truncated { at: 0 }.is_final());
}

#[test]
fn limits_cost_the_record_that_breaks_them_only() {
    let limits = SplitLimits { record_bytes_max: 100, depth_max: 3 };
    let large = format!("{{\"a\":\"{}\",\"b\":[[[1]]]}}", "x".repeat(5000));
    let deep = "{\"a\":[[[1]]]}";
    let input = format!("{{\"Records\":[{A},{large},{B},{deep},{B}]}}");
    let at = 12 + A.len() as u64;
    let expected = vec![
        Ok(A.to_owned()),
        Err(SplitError::TooLarge { at: at + 1 }),
        Ok(B.to_owned()),
        Err(SplitError::TooDeep { at: at + large.len() as u64 + B.len() as u64 + 3 }),
        Ok(B.to_owned()),
    ];
    for chunk in [1, 3, 64, 100_000] {
        assert_eq!(in_chunks(input.as_bytes(), chunk, limits), expected, "{chunk}");
    }
}

#[test]
fn a_wrapper_that_is_too_large_is_no_container_however_it_is_cut() {
    let limits = SplitLimits { record_bytes_max: 100, depth_max: 3 };
    let long = "x".repeat(200);
    for input in [
        format!("{{\"Records\":\"{long}\",\"other\":[{A}]}}"),
        format!("{{\"first\":\"{long}\",\"Records\":[{A}]}}"),
    ] {
        let expected = vec![Err(SplitError::TooLarge { at: 0 })];
        for chunk in [1, 3, 64, 150, 100_000] {
            assert_eq!(in_chunks(input.as_bytes(), chunk, limits), expected, "{chunk}: {input}");
        }
    }
}

#[test]
fn a_large_record_is_not_kept_while_it_is_passed_over() {
    let limits = SplitLimits { record_bytes_max: 1000, depth_max: 10 };
    let mut splitter = Splitter::new(limits);
    splitter.push(b"{\"Records\":[{\"a\":\"");
    for _ in 0..1000 {
        splitter.push(&[b'x'; 500]);
        assert!(splitter.next_record().is_none());
        assert!(splitter.buffer.len() <= 2000, "{}", splitter.buffer.len());
    }
    splitter.push(b"\"},{}]}");
    assert_eq!(splitter.next_record().unwrap(), Err(SplitError::TooLarge { at: 12 }));
    assert_eq!(splitter.next_record().unwrap().unwrap(), &b"{}"[..]);
}

#[test]
fn many_escapes_do_not_nest_calls() {
    let long = format!("{{\"a\":\"{}\"}}", "\\n".repeat(400_000));
    assert_eq!(records(long.as_bytes(), SplitLimits::default()).count(), 1);
}

proptest! {
    #[test]
    fn pieces_do_not_matter(input in "[\\[\\]{}\",:\\\\ a1\n]{0,60}", chunk in 1_usize..9) {
        let whole: Vec<_> = records(input.as_bytes(), SplitLimits::default())
            .map(|r| r.map(|r| String::from_utf8_lossy(&r).into_owned()))
            .collect();
        prop_assert_eq!(in_chunks(input.as_bytes(), chunk, SplitLimits::default()), whole);
    }

    #[test]
    fn no_bytes_make_it_panic(input in proptest::collection::vec(any::<u8>(), 0..200)) {
        let limits = SplitLimits { record_bytes_max: 20, depth_max: 2 };
        let _ = records(&input, limits).count();
        let _ = in_chunks(&input, 3, limits);
    }
}

#[test]
fn lines_are_seen_once_and_may_be_skipped() {
    let text = b"\xef\xbb\xbf{\"a\":1}\r\n\n{\"b\":{\"c\":\"}\\n\"}}\n[{\"d\":1}]\n{\"e\":2} {\"f\":3}\n{\"g\":4}";
    for piece_bytes in 1..=text.len() {
        let (mut found, mut lines) = (Vec::new(), 0);
        let mut splitter = Splitter::new(SplitLimits::default());
        let mut take = |splitter: &mut Splitter| {
            loop {
                if let Some(line) = splitter.line()
                    && !line.contains(&b' ')
                {
                    found.push(line.to_vec());
                    lines += 1;
                    splitter.skip_line();
                } else if let Some(record) = splitter.next_record() {
                    found.push(record.unwrap().into_owned());
                } else {
                    break;
                }
            }
        };
        for piece in text.chunks(piece_bytes) {
            splitter.push(piece);
            take(&mut splitter);
        }
        splitter.finish();
        take(&mut splitter);
        let found: Vec<_> = found.iter().map(|record| String::from_utf8_lossy(record)).collect();
        let wanted = [
            "{\"a\":1}",
            "{\"b\":{\"c\":\"}\\n\"}}",
            "{\"d\":1}",
            "{\"e\":2}",
            "{\"f\":3}",
            "{\"g\":4}",
        ];
        assert_eq!(found, wanted, "{piece_bytes}");
        assert!(piece_bytes < text.len() || lines == 1, "{lines} lines");
    }
}
