//! Every operation of a run, broken in every way, once each.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::world::{Told, World};
use crate::files::sim::{Fault, Operation, Random, SimDisk};
use crate::log::{EventLog, LogError, LogHealth, LogOptions, SegmentLog};

/// A run with several segments, a restart in the middle, and batches of all sizes.
fn run(world: &mut World) {
    for number in 0..9 {
        world.append(1 + number % 3, 200 + number * 50);
    }
    world.close();
    for number in 0..6 {
        world.append(1, 700 - number * 100);
        if world.open() && world.log().health() == LogHealth::Failed {
            world.close();
        }
        world.disk.make_room();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Afterwards {
    Goes,
    IsKilled,
    LosesPower(u64),
}

const FAULTS: [Fault; 7] = [
    Fault::Fails,
    Fault::FailsButPersists,
    Fault::Tears(1),
    Fault::Tears(100),
    Fault::Tears(400),
    Fault::Full,
    Fault::PowerLoss,
];

/// Breaks every operation of a run on such a disk in every way.
fn break_everything(disk: fn() -> SimDisk, all_afterwards: &[Afterwards]) {
    let mut whole = World::on(disk());
    run(&mut whole);
    whole.check("nothing fails");
    let operations = whole.disk.operations();
    assert!(operations.len() > 60, "{}", operations.len());
    for (number, operation) in operations.iter().enumerate() {
        for fault in FAULTS {
            if matches!(fault, Fault::Tears(_)) && *operation != Operation::Write {
                continue;
            }
            for afterwards in all_afterwards {
                let context = format!("{fault:?} at {operation:?} {number}, then {afterwards:?}");
                let mut world = World::on(disk());
                world.disk.break_operation(number, fault);
                run(&mut world);
                match afterwards {
                    Afterwards::Goes if fault == Fault::PowerLoss => world.kill(),
                    Afterwards::Goes => {}
                    Afterwards::IsKilled => world.kill(),
                    Afterwards::LosesPower(seed) => {
                        world.lose_power(&mut Random::new(seed + number as u64));
                    }
                }
                world.check(&context);
                assert!(matches!(world.append(2, 100), Told::Appended(_)), "{context}");
                world.close();
                world.check(&context);
            }
        }
    }
}

#[test]
fn nothing_is_lost_or_invented_whatever_fails() {
    let all = [Afterwards::Goes, Afterwards::IsKilled, Afterwards::LosesPower(7)];
    break_everything(SimDisk::default, &all);
}

#[test]
fn nor_where_no_space_can_be_set_aside() {
    break_everything(SimDisk::without_allocation, &[Afterwards::Goes, Afterwards::LosesPower(7)]);
}

#[test]
fn a_full_disk_is_foreseen_while_there_is_space_for_more() {
    for disk in [SimDisk::default(), SimDisk::without_allocation()] {
        let mut world = World::on(disk);
        world.append(1, 300);
        assert_eq!(world.log().health(), LogHealth::Open);
        world.disk.fill();
        let mut told = Vec::new();
        while world.log().health() == LogHealth::Open {
            told.push(world.append(1, 300));
        }
        let is_appended = |told: &Told| matches!(told, Told::Appended(_));
        assert!(told.iter().all(is_appended), "told before it was foreseen: {told:?}");
        // Such as the record of a call that is refused for this.
        assert!(is_appended(&world.append(1, 300)));
        assert_eq!(world.log().health(), LogHealth::Full);
        world.disk.make_room();
        assert!(is_appended(&world.append(1, 300)));
        assert_eq!(world.log().health(), LogHealth::Open);
        world.check("after the disk was full");
    }
}

#[test]
fn a_full_disk_refuses_everybody_and_loses_nothing() {
    let mut world = World::new();
    world.append(2, 300);
    let so_far = world.disk.operations().len();
    world.disk.break_operation(so_far, Fault::Full);
    for _ in 0..3 {
        assert_eq!(world.append(1, 300), Told::Refused);
        assert_eq!(world.log().health(), LogHealth::Full);
    }
    world.disk.make_room();
    assert!(matches!(world.append(1, 300), Told::Appended(offset) if offset.as_u64() == 2));
    assert_eq!(world.log().health(), LogHealth::Open);
    world.check("after the disk was full");
}

#[test]
fn after_a_failed_sync_nothing_is_taken_until_the_log_is_opened_anew() {
    for fault in [Fault::Fails, Fault::FailsButPersists] {
        let mut world = World::new();
        world.append(1, 300);
        let committed = world.log().committed();
        let so_far = world.disk.operations().len();
        // An append into space that was set aside is one write and one sync.
        world.disk.break_operation(so_far + 1, fault);
        assert_eq!(world.append(1, 300), Told::Unknown);
        assert_eq!(world.disk.operations().last(), Some(&Operation::Sync));
        assert_eq!(world.log().health(), LogHealth::Failed);
        let operations = world.disk.operations().len();
        assert_eq!(world.append(1, 300), Told::Refused);
        assert_eq!(world.disk.operations().len(), operations, "it does not touch the disk");
        assert_eq!(world.log().committed(), committed, "nobody has seen it");
        world.close();
        world.check("opened anew");
        // What it settled on must hold without power, too.
        world.lose_power(&mut Random::new(1));
        world.check("after loss of power");
    }
}

#[test]
fn a_log_whose_thread_has_panicked_says_that_it_takes_nothing() {
    let (breaks, ticks) = (Arc::new(AtomicBool::new(false)), crate::testkit::ticking_clock(0));
    let broken = Arc::clone(&breaks);
    let clock = Arc::new(move || {
        assert!(!broken.load(Ordering::SeqCst), "a panic of the test");
        ticks()
    });
    let options = LogOptions { now: clock, ..World::options() };
    let log = SegmentLog::open_on(Arc::new(SimDisk::default()), Path::new("/log"), &options);
    let log = log.unwrap();
    log.append_blocking(&["one"]).unwrap();
    assert_eq!(log.health(), LogHealth::Open);
    breaks.store(true, Ordering::SeqCst);
    let told = log.append_blocking(&["two"]);
    assert!(matches!(told, Err(LogError::Unknown { .. })), "{told:?}");
    // Waits for the thread, no more: it has gone before it could take this.
    log.close();
    assert_eq!(log.health(), LogHealth::Failed);
    assert!(matches!(log.append_blocking(&["three"]), Err(LogError::Closed)));
}
