//! The checker is proven: every bug that is planted is seen, and without one nothing is.

use crate::support::trust::world::{Target, World, must_be_clean};

/// What the checker says of a mirror to a webhook that answers badly and is killed thrice.
fn complaints(bug: Option<&'static str>) -> Vec<String> {
    let mut world = World::new(Target::Hook { faults: true }, "mirror", 1);
    world.planted_bug = bug;
    world.run();
    for place in ["after_send:3", "before_verdict:2", "after_verdict:3"] {
        world.change();
        world.run_up_to(place);
    }
    world.complaints()
}

const BUGS: [&str; 14] = [
    "counter_off_by_one",
    "error_as_acceptance",
    "fold_loses_entries",
    "left_out_as_accepted",
    "new_key_on_replay",
    "new_key_on_retry",
    "no_intent",
    "no_replay",
    "part_read_as_whole",
    "refused_as_accepted",
    "replay_shortened",
    "sent_twice_at_once",
    "snapshot_forgotten",
    "verdict_without_closing",
];

#[test]
fn every_planted_bug_is_seen() {
    let unseen: Vec<&str> = std::thread::scope(|scope| {
        let worlds = BUGS.map(|bug| (bug, scope.spawn(move || complaints(Some(bug)))));
        let ended = worlds
            .into_iter()
            .map(|(bug, world)| (bug, world.join().unwrap()));
        ended
            .inspect(|(bug, seen)| println!("{bug}: {} complaints, {:?}", seen.len(), seen.first()))
            .filter(|(_, seen)| seen.is_empty())
            .map(|(bug, _)| bug)
            .collect()
    });
    assert!(unseen.is_empty(), "the checker does not see {unseen:?}");
}

#[test]
fn without_a_planted_bug_nothing_is_wrong() {
    must_be_clean(&complaints(None), "no bug");
}
