//! Tests of the subject `crashes`: the real program is killed at random instants, and what its
//! destinations recorded is held against its promises.
//!
//! `SIGNALSMITH_TEST_KILLS` sets how often each world is killed, `SIGNALSMITH_TEST_SEED` the seed.

use std::time::Duration;

use crate::support::trust::world::{Target, World, in_every_mode, must_be_clean};

mod order;

fn from_environment(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(default, |value| value.parse().expect("a number"))
}

/// Kills a world at random instants of its runs, then lets it come to rest.
fn killed(target: Target, mode: &'static str, kills: u64) {
    let seed = from_environment("SIGNALSMITH_TEST_SEED", 1);
    let kills = from_environment("SIGNALSMITH_TEST_KILLS", kills);
    let mut world = World::new(target, mode, seed);
    // How long an undisturbed run takes says when to kill.
    let (_, took) = world.run();
    for _ in 0..kills {
        if world.random(4) > 0 {
            world.change();
        }
        let most = u64::try_from(took.as_micros()).unwrap().max(1);
        let after = world.random(most);
        world.run_and_kill(Duration::from_micros(after));
    }
    must_be_clean(
        &world.complaints(),
        &format!("{target:?} {mode} seed {seed}"),
    );
}

#[test]
fn nothing_that_a_webhook_acknowledged_is_lost_or_sent_anew_wherever_the_program_is_killed() {
    in_every_mode(|mode| killed(Target::Hook { faults: false }, mode, 3));
}

#[test]
fn a_webhook_that_answers_badly_is_served_as_well_wherever_the_program_is_killed() {
    in_every_mode(|mode| killed(Target::Hook { faults: true }, mode, 2));
}

#[test]
fn a_table_has_every_row_once_wherever_the_program_is_killed() {
    in_every_mode(|mode| killed(Target::Table, mode, 1));
}

#[test]
fn a_file_is_whole_and_has_every_row_once_wherever_the_program_is_killed() {
    in_every_mode(|mode| killed(Target::File, mode, 1));
}
