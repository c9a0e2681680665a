//! Random faults on several batches at once: whatever happens, runs add up, and once it stops the
//! destination is equal to the model.

use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{Lane, World, in_lanes};
use crate::support::fault_proxy::{Answer, Fault};

/// Rounds of changes in one storm; the deletes of all rounds stay below the guard.
const ROUNDS: u32 = 2;

fn any_fault(rng: &mut ChaCha8Rng) -> Fault {
    const HEADS: [&str; 9] = [
        "500 Oops",
        "502 Bad Gateway",
        "503 Busy",
        "503 Busy\r\nretry-after: 3",
        "504 Late",
        "429 Slow",
        "429 Slow\r\nretry-after: 0",
        "429 Slow\r\nretry-after: 30",
        "413 Large",
    ];
    match rng.random_range(0..10) {
        0..=4 => Fault::instead(HEADS.choose(rng).unwrap(), ""),
        5 => Fault {
            reaches: rng.random(),
            answer: Answer::Reset,
        },
        6 => Fault::after(Answer::ResetMid),
        7 => Fault::after(Answer::Truncated),
        8 => Fault::after(Answer::LyingLess(3)),
        _ => Fault::instead("200 OK\r\ncontent-type: text/html", "<html>"),
    }
}

fn storm(lane: Lane, seed: u64) {
    let name = format!("{lane:?}, seed {seed}");
    let mut world = World::new(lane);
    world.settings("storm", "batch_size = 2\nconcurrency = 4");
    for round in 0..ROUNDS {
        world.change();
        let mut rng = ChaCha8Rng::seed_from_u64(seed * 100 + u64::from(round));
        let share = rng.random_range(0.2..0.9);
        world.proxy.script(move |_| match rng.random_bool(share) {
            true => any_fault(&mut rng),
            false => Fault::none(),
        });
        world.run();
    }
    world.converges(&name);
    if lane.appends() {
        let last = world.records();
        assert!(
            world.model().keys().all(|email| last.contains_key(email)),
            "{name}"
        );
    }
}

#[test]
fn a_storm_of_faults_loses_nothing_and_ends_in_equality() {
    for seed in 0..8 {
        in_lanes(&[Lane::Upsert, Lane::Mirror, Lane::Append], |lane| {
            storm(lane, seed)
        });
    }
}
