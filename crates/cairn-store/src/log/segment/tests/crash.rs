//! Loss of power at random moments, with random faults before, over and over on one disk.

use proptest::prelude::*;

use super::world::World;
use crate::files::sim::{Fault, Random};
use crate::log::{EventLog as _, LogHealth};

/// One life of the process, up to a loss of power or a kill.
fn live(world: &mut World, random: &mut Random) {
    let mut number = world.disk.operations().len();
    for _ in 0..random.below(4) {
        number += random.below(60);
        let fault = match random.below(6) {
            0 => Fault::FailsButPersists,
            1 => Fault::Tears(random.below(900)),
            2 => Fault::Full,
            3 => Fault::PowerLoss,
            _ => Fault::Fails,
        };
        world.disk.break_operation(number, fault);
    }
    for _ in 0..random.below(14) {
        world.append(1 + random.below(4), random.below(900));
        if world.open() && world.log().health() == LogHealth::Failed {
            world.close();
        }
        if random.one_in(4) {
            world.disk.make_room();
        }
        if random.one_in(9) {
            world.close();
        }
    }
    if random.one_in(3) {
        world.kill();
    } else {
        world.lose_power(random);
    }
}

proptest! {
    #[test]
    fn every_crash_is_harmless(seed: u64) {
        let mut random = Random::new(seed);
        let mut world = World::new();
        for life in 0..6 {
            live(&mut world, &mut random);
            world.check(&format!("life {life}, seed {seed}"));
        }
    }
}
