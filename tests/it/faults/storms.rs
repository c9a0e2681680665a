//! Random faults on several batches at once: whatever happens, runs add up, and once it stops the
//! destination is equal to the model.

use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{Lane, World, in_lanes};
use crate::support::fault_proxy::{Answer, Fault};

/// Rounds of changes in one storm; the deletes of all rounds stay below the guard.
const ROUNDS: u64 = 2;

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

/// Ways in which rows can stand in requests.
const SHAPES: [&str; 4] = [
    "body_form = \"array\"",
    "body_form = \"single\"",
    "body_form = \"ndjson\"\nenvelope = true",
    "delete_url = \"/people/{email}\"",
];

fn storm(lane: Lane, seed: usize) {
    let shape = SHAPES[seed % SHAPES.len()];
    let name = format!("{lane:?}, seed {seed}, {shape}");
    let mut world = World::new(lane);
    world.settings(
        "storm",
        &format!("batch_size = 2\nconcurrency = 4\n{shape}"),
    );
    for round in 0..ROUNDS {
        world.change();
        let mut rng = ChaCha8Rng::seed_from_u64(seed as u64 * 100 + round);
        let share = rng.random_range(0.2..0.9);
        world.proxy.script(move |_| match rng.random_bool(share) {
            true => any_fault(&mut rng),
            false => Fault::none(),
        });
        world.run();
    }
    world.converges(&name);
    let requests = world.proxy.exchanges();
    let emails: Vec<String> = (0..world.people.end)
        .map(|id| format!("p{id}@x.example"))
        .collect();
    for email in emails {
        let of_row = format!("\"{email}\"");
        let of_row: Vec<_> = requests
            .iter()
            .filter(|one| one.body.contains(&of_row))
            .collect();
        for pair in of_row.windows(2) {
            let ended = pair[0].began + pair[0].held;
            assert!(
                ended <= pair[1].began,
                "{name}: {email} was under way twice at once"
            );
        }
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
