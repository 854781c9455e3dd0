//! Damage, and what only looks like it.

use proptest::prelude::*;
use serde_json::Value;

use super::tests::{A, B, in_chunks, texts};
use super::*;

/// A record as AWS writes it: by its first key, a walk that was led astray finds it again, and by the
/// others it tells it from a piece of another one.
const WHOLE: &str = r#"{"eventVersion":"1.11","eventTime":"2026-11-20T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"Whole"}"#;
const OTHER: &str = r#"{"eventVersion":"1.08","eventTime":"2026-11-20T10:00:01Z","eventSource":"s3.amazonaws.com","eventName":"Other"}"#;

#[test]
fn a_line_torn_between_strings_costs_one_line() {
    // What two writers leave, or one that was killed: a record ends in another one's begin.
    let torn = r#"{"eventVersion":"1.11","resources":[{"ARN"{"eventVersion":"1.08","n":{}}"#;
    for torn in [torn, r#"{"eventVersion":"1.11","n":[1,"#, r#"{"eventVersion":"#] {
        let found = texts(&format!("{A}\n{torn}\n{B}\n{A}\n"));
        let at = A.len() as u64 + 1;
        assert_eq!(found[0], Ok(A.to_owned()), "{torn}");
        assert_eq!(found[1], Err(SplitError::BadLine { at }), "{torn}");
        assert_eq!(found[2..], [Ok(B.to_owned()), Ok(A.to_owned())], "{torn}");
    }
}

#[test]
fn whatever_is_torn_the_next_record_that_begins_a_line_is_there() {
    for torn in [
        "{",
        r#"{"eventVersion":"1.11","userIdentity":{"type":"Root"}"#,
        r#"{"eventVersion":"1.11","x":"a\"#,
        r#"{"Records":[{"eventVersion":"1.11""#,
        r#"{"Records":[{"eventVersion":"1.1"#,
        r#"{"Records":[{"eventVersion":"1.11"}],"x":["#,
        r#"[{"eventVersion":"1.11","eventTime":"202"#,
        r#"{"logEvents":[{"id":"1","message":"abc"#,
        r#"{"logEvents":[{"id":"1","message":"abc\"#,
    ] {
        for (before, end) in [("", "\n"), (A, "\n"), ("", "\r\n"), (A, "\r\n")] {
            let listed = format!("{{\"Records\":[{WHOLE}]}}");
            let found = texts(&format!(
                "{before}{end}{torn}{end}{WHOLE}{end}{OTHER}{end}{listed}{end}{WHOLE}{end}"
            ));
            let whole: Vec<_> = found.iter().flatten().map(String::as_str).collect();
            let is_known = |text: &&str| [A, WHOLE, OTHER].contains(text);
            let (whole, skipped): (Vec<_>, Vec<_>) = whole.into_iter().partition(is_known);
            let expected = [A, WHOLE, OTHER, WHOLE, WHOLE];
            let expected = &expected[usize::from(before.is_empty())..];
            assert_eq!(whole, expected, "{before} {torn} {found:?}");
            assert!(skipped.len() <= 1 && found.iter().any(Result::is_err), "{before} {torn}");
        }
    }
}

#[test]
fn a_torn_log_file_costs_its_torn_record() {
    let found = texts(&format!("{{\"Records\":[\n{A},\n{{\"eventVersion\":\n{A},\n{A}\n]}}"));
    let whole = found.iter().filter(|piece| **piece == Ok(A.to_owned())).count();
    assert_eq!(whole, 3, "{found:?}");
}

#[test]
fn a_torn_line_costs_one_line() {
    let found = texts(&format!("{A}\n{{\"eventName\":\"to\n{B}\nnonsense\n{A}\n"));
    let at = A.len() as u64;
    assert_eq!(found.len(), 5);
    assert_eq!(found[0], Ok(A.to_owned()));
    assert_eq!(found[1], Err(SplitError::BadLine { at: at + 17 }));
    assert_eq!(found[2], Ok(B.to_owned()));
    assert!(matches!(found[3], Err(SplitError::BadLine { .. })));
    assert_eq!(found[4], Ok(A.to_owned()));
}

#[test]
fn an_indented_record_after_a_torn_one_is_found() {
    let torn = [
        r#"{"eventVersion":"1.11","userIdentity":{"type":"Ro"#,
        r#"{"eventVersion":"1.11","userIdentity":{"type":"Root""#,
        r#"{"eventVersion":"1.11","userIdentity":{"type":"Root","#,
        r#"{"eventVersion":"1.11","n":[1,[2],{"a":1"#,
        r#"{"eventVersion":"1.11","n":[{"a":tr"#,
        r#"{"eventVersion":"1.11","n":{"#,
        r#"{"eventVersion":"1.11","n":{}"#,
    ];
    for indent in ["", "  ", "\t", "\r\n  \t "] {
        for torn in torn {
            for (begin, end) in
                [("", ""), ("[", "]"), ("{\"Records\":[\n", "]}"), ("{\"Records\":[],", "")]
            {
                let input = format!("{begin}{torn}\n{indent}{WHOLE}\n{end}");
                let whole = texts(&input);
                let found: Vec<_> = whole.iter().flatten().collect();
                assert_eq!(found, [WHOLE], "{input}");
            }
        }
    }
}

#[test]
fn an_indented_object_inside_a_record_is_no_record() {
    for begin in [r#""a":"#, r#""a":["#, r#""a":[1,"#, r#""a":[{"b":1},"#, r#""a":[[],"#] {
        let end = if begin.contains('[') { "]" } else { "" };
        for before in ["", "{\"eventName\":\"x\"}\n"] {
            let record = format!("{{\"eventName\":\"A\",{begin}\n    {WHOLE}{end}\n}}");
            let whole = texts(&format!("{before}{record}"));
            assert_eq!(whole.last(), Some(&Ok(record)), "{whole:?}");
            assert!(whole.iter().all(Result::is_ok), "{whole:?}");
        }
    }
    // Deeper than can be told, it is taken for a part of the record.
    let deep = format!("{{\"a\":{}1,\n {WHOLE}{}}}", "[".repeat(200), "]".repeat(200));
    let limits = SplitLimits { depth_max: 300, ..SplitLimits::default() };
    for chunk in [1, 7, 100_000] {
        assert_eq!(in_chunks(deep.as_bytes(), chunk, limits), [Ok(deep.clone())]);
    }
}

#[test]
fn nothing_is_kept_for_a_line_that_is_no_record() {
    let limits = SplitLimits { record_bytes_max: 1000, depth_max: 10 };
    for begin in
        ["{\"x\":[\n{\"", "{\"x\":[\n{1", "[{\"a\":\"\n{\"x\":\"", "{\"Records\":[],\"a\":[\n{\""]
    {
        let mut splitter = Splitter::new(limits);
        splitter.push(begin.as_bytes());
        for _ in 0..1000 {
            splitter.push(&[b'1'; 500]);
            assert!(splitter.next_record().is_none(), "{begin}");
            assert!(splitter.buffer.len() <= 2000, "{begin} {}", splitter.buffer.len());
        }
    }
}

/// What is taken, and whether anything is told to be wrong.
fn taken(input: &str) -> (Vec<String>, bool) {
    let found = texts(input);
    let is_damaged = found.iter().any(Result::is_err);
    (found.into_iter().flatten().collect(), is_damaged)
}

#[test]
fn an_object_of_a_well_formed_document_is_no_record() {
    let forged = [
        format!("{{\"eventName\":\"A\",\"requestParameters\":\n{WHOLE}\n}}"),
        format!("{{\"eventName\":\"A\",\"x\":[\n{WHOLE},\n{{\"Records\":[{OTHER}]}},\n1]\n}}"),
        format!(
            "{{\"eventName\":\"A\",\"x\":{{\"y\":\n  {WHOLE}}},\"z\":[\n{{\"a\":1}}\n,\n{{}}]}}"
        ),
        "{\n\"eventVersion\": \"1.0\",\n\"x\": [\n{\n\"eventVersion\": \"1.1\"\n}\n]\n}".to_owned(),
    ];
    for record in forged {
        for (begin, end) in
            [("", ""), ("[\n", "]"), ("{\"Records\":[\n", "]}"), ("{\"a\":\"b\"}\n", "\n")]
        {
            let (mut found, is_damaged) = taken(&format!("{begin}{record}{end}\n"));
            found.retain(|record| record != "{\"a\":\"b\"}");
            assert_eq!((found, is_damaged), (vec![record.clone()], false), "{begin}");
        }
        // What follows the records of a log file is none of them.
        let rest = format!("{{\"Records\":[{A}],\"rest\":\n{record}\n,\"more\":[\n{WHOLE}\n]}}");
        assert_eq!(taken(&rest), (vec![A.to_owned()], false));
    }
}

#[test]
fn what_looks_well_formed_and_is_not_is_torn() {
    // The brackets match, since what is left of another record closes what was left open.
    let wrong_word = format!("{{\"eventVersion\":\"1\",\"x\":tr,\"n\":\n{WHOLE}\n}}");
    for torn in [
        format!("{{\"eventVersion\":\"1\",\"x\":\n{WHOLE}\n{OTHER}\n}}\n"),
        format!("{wrong_word}\n{OTHER}\n"),
        format!("{{\"Records\":[\n{{\"eventVersion\":\"1\",\"x\":\n{WHOLE},\n{OTHER}\n]}}\n"),
        format!("{{\"Records\":[],\"x\":[\n{WHOLE}\n,\n{OTHER}\n}}"),
        format!("{{\"x\":[\n{WHOLE},\n{OTHER},\n\"Records\":[{{}}]]}}"),
    ] {
        let (found, is_damaged) = taken(&torn);
        assert_eq!(
            (&*found, is_damaged),
            (&[WHOLE.to_owned(), OTHER.to_owned()][..], true),
            "{torn}"
        );
    }
}

#[test]
fn what_never_ends_is_torn() {
    let limits = SplitLimits { record_bytes_max: 1000, depth_max: 10 };
    let begin = format!("{{\"eventVersion\":\"1\",\"x\":[\n{WHOLE}");
    for rest in [format!(",\n{OTHER}"), format!(",\"{}\"]}}\n{OTHER}", "x".repeat(1000))] {
        let input = format!("{begin}{rest}");
        for chunk in [1, 7, 100_000] {
            let found = in_chunks(input.as_bytes(), chunk, limits);
            let found: Vec<_> = found.iter().flatten().collect();
            assert_eq!(found, [WHOLE, OTHER], "{chunk}");
        }
    }
    // A record that begins behind the limit is a part of what is too large, as long as that is JSON.
    let large = format!("{{\"x\":[\"{}\",\n{WHOLE}\n]}}", "x".repeat(1000));
    let torn = format!("{{\"x\":[\"{}\"\n{WHOLE}\n]}}", "x".repeat(1000));
    for chunk in [1, 7, 500, 100_000] {
        let found = in_chunks(large.as_bytes(), chunk, limits);
        assert_eq!(found, [Err(SplitError::TooLarge { at: 0 })], "{chunk}");
        let found = in_chunks(torn.as_bytes(), chunk, limits);
        assert_eq!(
            found[..2],
            [Err(SplitError::BadLine { at: 0 }), Ok(WHOLE.to_owned())],
            "{chunk}"
        );
    }
}

/// A record on many lines, with objects inside that have a little or all of what a record has.
const PRINTED: &str = r#"{
  "eventVersion": "1.11",
  "eventTime": "2026-11-20T10:00:00Z",
  "eventSource": "s3.amazonaws.com",
  "eventName": "Whole",
  "requestParameters": {
    "filters": [
      {
        "eventName": "GetObject",
        "eventSource": "s3"
      },
      [
        {
          "eventID": "1"
        }
      ],
      {
        "eventVersion": "1.08",
        "eventTime": "2026-11-20T10:00:01Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "Inner"
      }
    ],
    "values": [
      {
        "eventVersion": "1"
      }
    ]
  }
}"#;

#[test]
fn the_pieces_of_a_torn_record_are_no_records() {
    let record = PRINTED.to_owned();
    let indented = &record.replace('\n', "\n    ");
    for (begin, between, end, text) in [
        ("", "\n", "\n", &record),
        ("[\n    ", ",\n    ", "\n]\n", indented),
        ("{\n  \"Records\": [\n    ", ",\n    ", "\n  ]\n}\n", indented),
    ] {
        // Torn anywhere, with a little or much of it gone; what is before the tear is not all of it.
        let first_key =
            if begin.contains("Records") { 2 } else { "{\n      \"eventVersion\"".len() };
        for from in first_key..text.len() - 2 {
            for length in [1, 30, 400] {
                let Some(tail) = text.get(from + length..) else { continue };
                let torn = format!("{}{tail}", &text[..from]);
                if serde_json::from_str::<Value>(&torn).is_ok() {
                    continue;
                }
                let input = format!("{begin}{torn}{between}{text}{between}{text}{end}");
                let found = records(input.as_bytes(), SplitLimits::default()).flatten();
                let found: Vec<_> =
                    found.map(|record| String::from_utf8(record.into_owned()).unwrap()).collect();
                // What is left of the torn one may end with another bracket, and be JSON for itself.
                let is_inner = |found: &&String| text.contains(&**found) && *found != text;
                assert_eq!(found.iter().find(is_inner), None, "{from} {length} {input}");
                assert!(found.contains(text), "{from} {length} {input}");
            }
        }
    }
}

#[test]
fn a_file_of_lines_is_in_step_behind_a_tear() {
    // Records that lack what newer ones have, as in old and edited files.
    let torn = [r#"{"eventVersion":"1.11","userIdentity":{"type":"Ro"#, "nonsense", "1\"}}"];
    for torn in torn {
        let (found, is_damaged) = taken(&format!("{A}\n{torn}\n{B}\n{A}\n"));
        assert_eq!((found, is_damaged), (vec![A.to_owned(), B.to_owned(), A.to_owned()], true));
    }
}

/// JSON of every kind, in which objects begin lines.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("1".to_owned()),
        Just("\"a\\\"{\"".to_owned()),
        Just(WHOLE.to_owned()),
        Just("{\"Records\":\n[]}".to_owned()),
    ];
    let blank = || prop_oneof![Just(""), Just("\n"), Just("\n  "), Just("\n\n \t")];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let value = (blank(), inner, blank()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
        let values = || prop::collection::vec(value.clone(), 0..4);
        let keys = prop::sample::subsequence(vec!["eventVersion", "eventName", "x", "y"], 0..4);
        prop_oneof![
            values().prop_map(|values| format!("[{}]", values.join(","))),
            (values(), keys.prop_shuffle(), blank()).prop_map(|(values, keys, blank)| {
                let member = |(value, key)| format!("{blank}\"{key}\":{value}");
                let members: Vec<_> = values.iter().zip(keys).map(member).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_well_formed_is_read_so(
        values in prop::collection::vec(json(), 1..4), chunk in 1_usize..40,
    ) {
        let objects: Vec<_> = values
            .into_iter()
            .filter(|value| value.starts_with('{') && !value.starts_with("{\"Records\":"))
            .collect();
        for (begin, between, end) in [("", "\n", ""), ("[", ",\n", "]"), ("{\"Records\":[", ",", "\n]}")] {
            let input = format!("{begin}{}{end}", objects.join(between));
            let found = in_chunks(input.as_bytes(), chunk, SplitLimits::default());
            let objects: Vec<_> = objects.iter().cloned().map(Ok).collect();
            prop_assert_eq!(&found, &objects, "{}", input);
        }
    }

    #[test]
    fn pieces_of_damage_do_not_matter(
        parts in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..30),
        chunk in 1_usize..70,
    ) {
        let input = parts.concat();
        let limits = SplitLimits { record_bytes_max: 300, depth_max: 8 };
        let whole: Vec<_> = records(input.as_bytes(), limits)
            .map(|r| r.map(|r| String::from_utf8_lossy(&r).into_owned()))
            .collect();
        prop_assert_eq!(in_chunks(input.as_bytes(), chunk, limits), whole, "{}", input);
    }
}

/// What files are made of, and torn into.
const PARTS: &[&str] = &[
    "\n",
    "\n",
    "\n  ",
    ",",
    ",\n",
    "{",
    "}",
    "[",
    "]",
    "]}",
    "\"",
    "\\",
    ":",
    "1",
    "\"a\":",
    "\"x\":[\n",
    "{\"eventVersion\":",
    "{\n \"eventVersion\": \"1\"",
    "{\"eventVersion\":\"1\",",
    "{\"Records\":[",
    "\"Events\":[",
    "{\"eventName\":\"a\"}",
    "{\"a\":{}}\n",
    WHOLE,
    OTHER,
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "                                                                      ",
];
