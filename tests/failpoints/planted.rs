//! The checker is proven: every bug that is planted is seen, and without one nothing is.

use crate::support::trust::world::{Target, World, must_be_clean};

/// What the checker says of a mirror to a webhook that answers badly and is killed thrice.
fn complaints(bug: Option<&'static str>) -> Vec<String> {
    let mut world = World::new(Target::Hook { faults: true }, "mirror", 1);
    world.planted_bug = bug;
    if bug.is_some() {
        // Long enough to see it; with a bug there may be no rest.
        world.runs_to_rest = 2;
    }
    world.run();
    for place in ["after_send:3", "before_verdict:2", "after_verdict:3"] {
        world.change();
        world.run_up_to(place);
    }
    world.complaints()
}

/// Each bug with a word of a complaint that it must cause.
const BUGS: [(&str, &str); 14] = [
    ("counter_off_by_one", "acceptances were told"),
    ("error_as_acceptance", "before it was settled"),
    ("fold_loses_entries", "though it was accepted"),
    ("left_out_as_accepted", "acceptances were told"),
    ("new_key_on_replay", "though it was accepted"),
    ("new_key_on_retry", "before it was settled"),
    ("no_intent", "though it was accepted"),
    ("no_replay", "though it was accepted"),
    ("part_read_as_whole", "though it is in the model"),
    ("refused_as_accepted", "refusals were told"),
    ("replay_shortened", "with other content"),
    ("sent_twice_at_once", "at once"),
    ("snapshot_forgotten", "though it was accepted"),
    ("verdict_without_closing", "of a dead process came again"),
];

#[test]
fn every_planted_bug_is_seen() {
    let unseen: Vec<&str> = std::thread::scope(|scope| {
        let worlds =
            BUGS.map(|(bug, word)| (bug, word, scope.spawn(move || complaints(Some(bug)))));
        let ended = worlds
            .into_iter()
            .map(|(bug, word, world)| (bug, word, world.join().unwrap()));
        ended
            .filter(|(_, word, seen)| !seen.iter().any(|complaint| complaint.contains(word)))
            .map(|(bug, ..)| bug)
            .collect()
    });
    assert!(unseen.is_empty(), "the checker does not see {unseen:?}");
}

#[test]
fn without_a_planted_bug_nothing_is_wrong() {
    must_be_clean(&complaints(None), "no bug");
}
