//! The table of tampering: what is done, what `aws cloudtrail validate-logs` says to it (observed,
//! 1.46), and the words in which it must be named here.

use super::spoil::*;
use super::world::{ACCOUNT, AWAY, HOME, HOUR_MS, World, after};

/// What the AWS CLI says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cli {
    /// It names the object.
    Flags,
    /// It ends with 0, or names less than is wrong.
    Blind,
}

use Cli::{Blind, Flags};

type Spoil = fn(&mut World, usize);

/// What is done to log files: in the first, a middle and the last digest that names some.
const LOGS: [(&str, Cli, Spoil, &str); 13] = [
    ("a record is edited", Flags, edit_log, "hash value doesn't match"),
    ("a record is removed", Flags, shorten_log, "hash value doesn't match"),
    ("all records are removed", Flags, empty_log, "hash value doesn't match"),
    ("a bit of the file is turned", Flags, turn_log, "INVALID: "),
    ("it is cut short", Flags, cut_log, "hash value doesn't match"),
    ("its gzip trailer is cut", Blind, cut_log_trailer, "its gzip trailer is cut short"),
    ("it is deleted", Flags, delete_log, "not found"),
    ("it has no content", Flags, clear_log, "hash value doesn't match"),
    ("it is replaced by plain JSON", Flags, plain_log, "invalid format"),
    ("bytes are added", Flags, append_to_log, "unexpected data after end of compressed stream"),
    (
        "a member is added",
        Flags,
        add_member_to_log,
        "unexpected data after end of compressed stream",
    ),
    ("it is swapped with another", Flags, swap_logs, "hash value doesn't match"),
    ("it is replaced by one of the other region", Flags, foreign_log, "hash value doesn't match"),
];

/// What is done to digests: the starting one, a middle one and the newest.
const DIGESTS: [(&str, Cli, Spoil, &str); 15] = [
    ("its content is edited", Flags, edit_digest, "signature verification failed"),
    ("its white space is changed", Flags, space_digest, "signature verification failed"),
    ("a bit of the file is turned", Flags, turn_digest, "INVALID: "),
    ("it is cut short", Flags, cut_digest, "invalid format"),
    ("it is no gzip", Flags, plain_digest, "invalid format"),
    ("it has no content", Flags, clear_digest, "invalid format"),
    ("bytes are added", Blind, append_to_digest, "unexpected data after end of compressed stream"),
    ("its metadata is stripped", Flags, strip, "signature verification failed"),
    ("its algorithm is stripped", Flags, strip_algorithm, "signature verification failed"),
    ("another algorithm is claimed", Blind, claim_algorithm, "its metadata says"),
    ("a digit of its signature is turned", Flags, turn_signature, "signature verification failed"),
    ("it has the signature of another", Flags, other_signature, "signature verification failed"),
    ("it is signed with another key", Flags, sign_anew, "public key not found in region"),
    ("it is signed by another under its name", Flags, forge, "signature verification failed"),
    (
        "it is swapped with another",
        Flags,
        swap_digests,
        "has been moved from its original location",
    ),
];

/// What is done once.
const ONCE: [(&str, Cli, Spoil, &str); 27] = [
    ("the starting digest is deleted", Flags, |w, _| delete(w, 0..1), "not found"),
    ("a digest is deleted", Flags, |w, _| delete(w, 3..4), "not found"),
    (
        "a run of digests is deleted",
        Blind,
        |w, _| delete(w, 2..5),
        "should end at 2026-01-10T02:17:28Z",
    ),
    (
        "the newest digest is deleted",
        Blind,
        |w, _| delete(w, 6..7),
        "should end at 2026-01-10T06:17:28Z",
    ),
    (
        "the three newest are deleted",
        Blind,
        |w, _| delete(w, 4..7),
        "should end at 2026-01-10T04:17:28Z",
    ),
    (
        "all digests of a region are deleted",
        Blind,
        |w, _| delete(w, 0..7),
        "no digest vouches for it",
    ),
    ("all digests are deleted", Blind, delete_all, "no digest vouches for it"),
    (
        "a digest that sorts late is planted",
        Blind,
        |w, _| plant(w, "99991231T235959Z"),
        "no name that a trail",
    ),
    ("a digest without a time is planted", Blind, |w, _| plant(w, "x"), "no name that a trail"),
    ("a digest of the far future is planted", Blind, plant_future, "has been moved"),
    ("a digest is renamed", Flags, rename, "has been moved from its original location"),
    (
        "a log file is planted",
        Blind,
        |w, _| plant_log(w, -2 * HOUR_MS, 1),
        "no digest vouches for it",
    ),
    ("an old copy is planted", Blind, |w, _| plant_copy(w, 3), "no digest vouches for it"),
    (
        "a new copy is planted",
        Blind,
        |w, _| plant_copy(w, 6),
        "copy of a file that one vouches for",
    ),
    (
        "a new file without records is planted",
        Blind,
        |w, _| plant_log(w, 0, 0),
        "it has no records",
    ),
    ("a file without a log's name is planted", Blind, plant_misnamed, "no name that a trail"),
    (
        "a signed digest has another hash before it",
        Blind,
        wrong_hash,
        "another hash of the digest before",
    ),
    (
        "a signed digest has another signature before it",
        Blind,
        wrong_signature,
        "another signature of the",
    ),
    ("a signed digest skips one", Blind, skip, "names another one before itself"),
    ("windows overlap", Blind, |w, _| shift(w, -60_000), "before the end of the one before it"),
    ("windows leave a hole", Blind, |w, _| shift(w, 60_000), "after the end of the one before it"),
    ("a signed digest is of another account", Blind, other_account, "it is of account"),
    ("a signed digest names a file twice", Blind, twice, "twice"),
    ("two signed digests name one file", Blind, again, "another digest names it too"),
    (
        "a signed digest names a file of another region",
        Blind,
        foreign,
        "is no log file of its account",
    ),
    (
        "a signed file holds a record of another region",
        Blind,
        |w, _| stray(w, ACCOUNT, AWAY),
        "is of region",
    ),
    (
        "a signed file holds a record of another account",
        Blind,
        |w, _| stray(w, "444455556666", HOME),
        "is of account",
    ),
];

#[test]
fn a_sound_bucket_is_valid() {
    let checked = World::new().check();
    assert_eq!(checked.lines(), Vec::<String>::new());
    let found = &checked.summary;
    assert_eq!((found.digests.valid, found.logs.valid, found.chains), (14, 26, 2));
    assert_eq!(found.found_from, Some(after(-HOUR_MS)));
    assert_eq!(found.found_to, Some(after(6 * HOUR_MS)));
    assert!(found.bytes > 0 && !found.has_invalid() && !found.has_unanchored());
}

#[test]
fn every_way_of_tampering_is_flagged() {
    let mut cases = Vec::new();
    for (table, places) in [(&LOGS[..], [1, 3, 6]), (&DIGESTS[..], [0, 3, 6]), (&ONCE[..], [0; 3])]
    {
        for case in table {
            let places = if places[2] == 0 { &places[..1] } else { &places[..] };
            cases.extend(places.iter().map(|place| (case, *place)));
        }
    }
    assert!(cases.len() >= 60 && cases.iter().filter(|(case, _)| case.1 == Blind).count() >= 20);
    for ((what, cli, spoil, wanted), place) in cases {
        let mut world = World::new();
        spoil(&mut world, place);
        let checked = world.check();
        let lines = checked.invalid();
        assert!(
            lines.iter().any(|line| line.contains(wanted)),
            "{what}, in {place} (AWS CLI: {cli:?}): {lines:#?}"
        );
        // Little else is blamed: what a digest that is gone or bad named is not vouched for.
        let limit = if *what == "all digests are deleted" { 26 } else { 16 };
        assert!(lines.len() <= limit, "{what}, in {place}: {lines:#?}");
        assert!(checked.summary.has_invalid());
    }
}

#[test]
fn a_run_of_missing_digests_is_named_one_by_one() {
    let mut world = World::new();
    delete(&mut world, 1..6);
    let lines = world.check().invalid().join("\n");
    for hour in 1..=5 {
        let key = format!("_20260110T{hour:02}1728Z.json.gz\tINVALID: not found");
        assert_eq!(lines.matches(&key).count(), 1, "{hour}: {lines}");
    }
    assert!(
        !lines.contains("_20260110T001728Z") && !lines.contains("_20260110T061728Z"),
        "{lines}"
    );
}
