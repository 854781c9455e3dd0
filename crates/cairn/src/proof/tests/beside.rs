//! Runs of digests of the home region that are gone, while other regions have theirs.

use super::world::{AWAY, HOME, HOUR_MS, World, after};

/// Two regions of a trail that logged three times, three hours each, with two hours between. The other
/// region has its first file in the second hour of each.
fn thrice() -> World {
    let mut world = World::empty();
    let chains = [world.begin("audit", HOME, None), world.begin("audit", AWAY, None)];
    for run in 0..3 {
        let since = run * 5 * HOUR_MS + run * 7_000;
        for (late, chain) in (0_i64..).zip(chains) {
            world.restart(chain);
            let begun = since + late * HOUR_MS;
            world.digest(chain, after(begun - HOUR_MS), after(begun), 0);
            for hour in late..3 {
                let (start, end) = (since + hour * HOUR_MS, since + (hour + 1) * HOUR_MS);
                let end = if hour == 2 { end - 60_000 } else { end };
                world.digest(chain, after(start), after(end), 4);
            }
        }
    }
    world.now = after(14 * HOUR_MS);
    world
}

/// Takes one run of the home region away, digests and files.
fn wipe(world: &mut World, run: usize) -> Vec<String> {
    let home = world.chains[0].clone();
    let part = run * 4..run * 4 + 4;
    for key in home.digests[part.clone()].iter().chain(home.logs[part.clone()].iter().flatten()) {
        world.objects().remove(key);
    }
    home.digests[part].to_vec()
}

#[test]
fn gaps_that_all_regions_have_are_no_flaw() {
    let mut world = thrice();
    assert_eq!(world.check().lines(), Vec::<String>::new());
    world.copy();
    assert_eq!(world.check().invalid(), Vec::<String>::new());
}

#[test]
fn a_run_that_is_gone_is_told_by_the_events_of_another_region() {
    for run in 0..3 {
        let mut world = thrice();
        let gone = wipe(&mut world, run);
        let lines = world.check().invalid();
        let wanted = "in eu-west-1 events were logged then";
        assert!(lines.iter().all(|line| line.contains(wanted)), "{run}: {lines:?}");
        // Those of hours in which the other region had digests.
        for key in &gone[2..] {
            assert!(lines.iter().any(|line| line.contains(key)), "{run}: {key} {lines:?}");
        }
        assert_eq!(lines.len(), 2, "{run}: {lines:?}");
        world.copy();
        assert_eq!(world.check().invalid().len(), 2, "{run}");
    }
}

#[test]
fn what_another_region_does_not_tell_is_not_missed() {
    // Nothing says that a region has logged before its first file.
    let mut world = thrice();
    let away = world.chains[1].clone();
    for key in away.digests[3..6].iter().chain(away.logs[3..6].iter().flatten()) {
        world.objects().remove(key);
    }
    assert_eq!(world.check().lines(), Vec::<String>::new());
    // A part of the time has its own ends.
    let mut world = thrice();
    wipe(&mut world, 1);
    world.selection.start = Some(after(10 * HOUR_MS));
    assert_eq!(world.check().invalid(), Vec::<String>::new());
    world.selection.start = None;
    world.selection.end = Some(after(4 * HOUR_MS));
    assert_eq!(world.check().invalid(), Vec::<String>::new());
}

#[test]
fn a_late_chain_of_another_region_is_no_proof_of_a_run() {
    // Its first file came after the end, of an event from before it, and a server that slept wrote
    // hours of digests for it.
    let mut world = World::empty();
    let chains = [world.begin("audit", HOME, None), world.begin("audit", AWAY, None)];
    world.digest(chains[0], after(-HOUR_MS), after(0), 0);
    world.digest(chains[0], after(0), after(HOUR_MS), 2);
    world.digest(chains[0], after(HOUR_MS), after(HOUR_MS + 20 * 60_000), 1);
    let late = HOUR_MS + 20 * 60_000 + 3_000;
    world.digest(chains[1], after(late - HOUR_MS), after(late), 0);
    let file = world.log(chains[1], after(late + 30_000));
    world.digest_of(chains[1], after(late), after(late + HOUR_MS), vec![file]);
    world.digest(chains[1], after(late + HOUR_MS), after(late + 2 * HOUR_MS), 0);
    world.digest(chains[1], after(late + 2 * HOUR_MS), after(late + 2 * HOUR_MS + 5_000), 0);
    world.now = after(9 * HOUR_MS);
    assert_eq!(world.check().lines(), Vec::<String>::new());
}
