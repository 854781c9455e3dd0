//! Damage to what was acknowledged is found, named, and never cut away in silence.

use super::world::World;
use crate::files::Files;
use crate::log::segment::catalog::{parse_segment_name, segment_name};
use crate::log::segment::fsck::fsck_on;
use crate::log::segment::inspect::inspect_on;

use crate::log::{EventLog, Flaw, LogError, Offset, ReadLimit};

const ALL: ReadLimit = ReadLimit { records_max: usize::MAX, bytes_max: usize::MAX };

/// A log of three segments or more, closed in order or killed.
fn log(closed: bool) -> World {
    let mut world = World::new();
    for number in 0..16 {
        world.append(1 + number % 2, 500);
    }
    if closed {
        world.close();
    } else {
        world.kill();
    }
    assert!(segments(&world).len() >= 3);
    world
}

fn segments(world: &World) -> Vec<String> {
    let mut names = world.disk.names(&world.directory).unwrap();
    names.sort();
    names
}

/// The bytes of a segment that mean something: not the space set aside behind them.
fn used_bytes(world: &World, name: &str) -> usize {
    let content = world.disk.content(&world.directory.join(name));
    content.iter().rposition(|byte| *byte != 0).unwrap() + 1
}

#[test]
fn every_flipped_byte_is_found_and_named() {
    let world = log(true);
    let names = segments(&world);
    for (index, name) in names.iter().enumerate() {
        let bytes = used_bytes(&world, name);
        for at in 0..bytes {
            let path = world.directory.join(name);
            world.disk.flip(&path, at, 0x40);
            let report = fsck_on(&world.disk, &world.directory, &mut |_| ()).unwrap();
            assert!(!report.findings.is_empty(), "byte {at} of {name}");
            // A footer of the last segment is not missed: the next start writes another one.
            let spare = index + 1 == names.len() && at + 92 >= bytes;
            assert_eq!(report.is_sound(), spare, "byte {at} of {name}");
            let finding = &report.findings[0];
            assert_eq!(&finding.segment, name, "byte {at}: {finding:?}");
            assert!(finding.at_byte <= at as u64, "byte {at}: {finding:?}");
            let records = report.records;
            assert!(records + 2 >= 24, "one flip costs no more than its frame: {records}");
            world.disk.flip(&path, at, 0x40);
        }
    }
}

#[test]
fn a_log_with_a_damaged_last_segment_does_not_open() {
    for closed in [true, false] {
        let name = segments(&log(closed)).pop().unwrap();
        let used = used_bytes(&log(closed), &name);
        for at in (0..used).step_by(5) {
            let world = log(closed);
            world.disk.flip(&world.directory.join(&name), at, 1);
            let report = fsck_on(&world.disk, &world.directory, &mut |_| ()).unwrap();
            match World::open_log(&world.disk, &world.directory) {
                Err(LogError::Corrupt { segment, at_byte, .. }) => {
                    assert_eq!(segment, name);
                    assert!(at_byte <= at as u64);
                    assert!(!report.is_sound(), "fsck agrees at {at}");
                }
                // The end of a log that was not closed looks like an interrupted commit, and so
                // does a footer that is torn: what is before it is all there.
                Ok(log) => {
                    assert!(!closed || at + 92 >= used, "byte {at} of {used} was cut in silence");
                    assert!(log.recovery().cut_bytes > 0);
                    let torn = report.findings.iter().any(|found| found.why == Flaw::TornTail);
                    assert!(torn, "fsck agrees at {at}: {:?}", report.findings);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn a_damaged_older_segment_fails_the_reads_that_need_it() {
    let world = log(true);
    let names = segments(&world);
    world.disk.flip(&world.directory.join(&names[0]), 400, 1);
    let log = World::open_log(&world.disk, &world.directory).unwrap();
    let read = log.read_blocking(Offset::ZERO, ALL);
    let Err(LogError::Corrupt { segment, at_byte, .. }) = read else { panic!("{read:?}") };
    assert_eq!((segment.as_str(), at_byte <= 400), (names[0].as_str(), true));
    let second = Offset::new(parse_segment_name(&names[1]).unwrap());
    let slice = log.read_blocking(second, ALL).unwrap();
    assert_eq!(slice.next, log.committed(), "what is sound can be read");
}

#[test]
fn missing_and_exchanged_segments_are_found() {
    let world = log(true);
    let names = segments(&world);
    world.disk.remove(&world.directory.join(&names[1])).unwrap();
    let report = fsck_on(&world.disk, &world.directory, &mut |_| ()).unwrap();
    assert!(matches!(report.findings[0].why, Flaw::Gap { .. }), "{:?}", report.findings);

    let world = log(true);
    let first = world.disk.content(&world.directory.join(&names[0]));
    world.disk.put(&world.directory.join(segment_name(1_000)), first);
    let report = fsck_on(&world.disk, &world.directory, &mut |_| ()).unwrap();
    assert!(report.findings.iter().any(|found| found.why == Flaw::Name), "{:?}", report.findings);
    let opened = World::open_log(&world.disk, &world.directory);
    assert!(matches!(opened, Err(LogError::Corrupt { why: Flaw::Name, .. })), "{opened:?}");
}

/// Every checksum and every offset of the exchanged segment holds; only the hash over what came
/// before it tells that it is from another log.
#[test]
fn a_segment_of_another_history_breaks_the_chain() {
    let mut other = World::new();
    other.append(1, 492);
    for number in 1..16 {
        other.append(1 + number % 2, 500);
    }
    other.close();
    let world = log(true);
    let names = segments(&world);
    assert_eq!(names, segments(&other));
    let path = world.directory.join(&names[1]);
    world.disk.put(&path, other.disk.content(&path));
    let report = fsck_on(&world.disk, &world.directory, &mut |_| ()).unwrap();
    let found: Vec<_> = report.findings.iter().map(|found| (&found.segment, found.why)).collect();
    assert_eq!(found, [(&names[1], Flaw::Chain), (&names[2], Flaw::Chain)]);
}

#[test]
fn inspect_and_fsck_say_the_same() {
    for closed in [true, false] {
        let world = log(closed);
        let views = inspect_on(&world.disk, &world.directory).unwrap();
        let report = fsck_on(&world.disk, &world.directory, &mut |_| ()).unwrap();
        assert!(report.is_sound());
        assert_eq!(views.len(), report.segments.len());
        for (view, checked) in views.iter().zip(&report.segments) {
            assert_eq!(view.name, checked.name);
            assert_eq!((view.first, view.next), (checked.first, checked.next));
            assert_eq!(view.frames, checked.frames);
            assert_eq!(view.appended_ms, checked.appended_ms);
            assert_eq!((view.chain, view.finished), (checked.chain, checked.finished));
        }
        let log = World::open_log(&world.disk, &world.directory).unwrap();
        assert_eq!(log.head().chain, views.last().unwrap().chain);
        assert_eq!(log.head().next, log.committed());
    }
}

#[test]
fn retention_by_time_goes_by_whole_segments() {
    let world = log(true);
    let log = World::open_log(&world.disk, &world.directory).unwrap();
    let views = inspect_on(&world.disk, &world.directory).unwrap();
    assert_eq!(log.expirable_before(0).unwrap(), Offset::ZERO);
    assert_eq!(log.expirable_before(views[1].created_ms).unwrap(), Offset::ZERO);
    assert_eq!(log.expirable_before(views[1].created_ms + 1).unwrap(), views[1].first);
    assert_eq!(log.expirable_before(i64::MAX).unwrap(), views.last().unwrap().first);
}
