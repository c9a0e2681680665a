//! Walks the fault matrix: each fault in each lane, held to its bounds, and then to convergence.

use std::collections::VecDeque;

use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::run::{Run, RunStatus};

use super::cases::{self, Case, Ends};
use super::{LANES, Lane, ROWS, World, in_lanes, seconds, totals};
use crate::support::fault_proxy::Fault;

fn walk(cases: impl Fn() -> Vec<Case> + Sync) {
    in_lanes(&LANES, |lane| {
        let mut world = World::new(lane);
        for case in cases() {
            if case.lanes.contains(&lane) {
                meets(&mut world, &case);
            }
        }
    });
}

/// One run meets the fault; then it stops.
fn meets(world: &mut World, case: &Case) {
    let lane = world.lane;
    let name = format!("{} in {lane:?}", case.name);
    world.change();
    world.settings(case.name, "");
    let before = world.proxy.exchanges().len();
    breaks(world, &case.faults);
    let run = world.run();
    // Where rows of unknown outcome are held, a try that leaves it open is the last.
    let held = lane == Lane::Hold && case.doubt;
    let tries = world.hits(before);
    let expected = if held { 1..=1 } else { case.tries.clone() };
    assert!(
        expected.contains(&tries.len()),
        "{name}: {} tries; {run:#?}",
        tries.len()
    );
    for again in &tries {
        assert_eq!(
            (&again.id, &again.body),
            (&tries[0].id, &tries[0].body),
            "{name}"
        );
    }
    for broken in &tries[..case.faults.len().min(tries.len())] {
        let held = broken.held.as_millis();
        assert!(case.held.contains(&held), "{name}: {held} ms");
    }
    let took = seconds(&run);
    assert!(
        held || case.seconds.contains(&took),
        "{name}: {took} s; {}",
        world.workspace.log(&run)
    );
    let reached = tries.iter().filter(|one| one.reached).count();
    if lane == Lane::Hold && (held || matches!(case.ends, Ends::Unknown(_))) {
        world.hold(&tries[0]);
    }
    if held && !case.ends_at_once {
        holds(world, &run, before, reached > 0, &name);
        return;
    }
    ended(world, case.ends, &run, &name);
    world.converges(&name);
    duplicates(world, before, case.ends, reached, &name);
}

/// Breaks the messages of the lane in turn; others pass.
fn breaks(world: &World, faults: &[Fault]) {
    let hit = world.lane.hit();
    let mut faults: VecDeque<Fault> = faults.iter().cloned().collect();
    world
        .proxy
        .script(move |request| match request.body.contains(hit) {
            true => faults.pop_front().unwrap_or_else(Fault::none),
            false => Fault::none(),
        });
}

/// Verdicts and class are as the fault wants them.
pub fn ended(world: &World, ends: Ends, run: &Run, name: &str) {
    let lane = world.lane;
    let hit = lane.hit_rows();
    // In mirror, writes go before deletes.
    let (first, later) = match lane {
        Lane::Mirror => (0, ROWS),
        Lane::Deletes => (2 * ROWS, 0),
        _ => (0, 0),
    };
    let (status, kind, counts) = match ends {
        Ends::Delivered => (RunStatus::Completed, None, [first + hit + later, 0, 0, 0]),
        Ends::Unknown(kind) => (RunStatus::Failed, Some(kind), [first, 0, hit, later]),
        Ends::Unsent(kind) => (RunStatus::Failed, Some(kind), [first, 0, 0, hit + later]),
    };
    assert_eq!(totals(run), counts, "{name}: {run:#?}");
    assert_eq!(run.status, status, "{name}: {run:#?}");
    assert_eq!(
        run.error.as_ref().map(|problem| problem.kind),
        kind,
        "{name}: {run:#?}"
    );
    let later = kind == Some(ProblemKind::RateLimited);
    assert_eq!(run.retry_at.is_some(), later, "{name}: {run:#?}");
    let [_, _, unknown, _] = counts;
    let listed = world.workspace.rows(run);
    assert_eq!(
        listed.iter().filter(|row| row.verdict == "unknown").count() as u64,
        unknown,
        "{name}"
    );
}

/// A row that may have been taken comes twice at most, and only where its outcome stayed unknown
/// to the end of a run; any other repeat bears the same id.
fn duplicates(world: &World, before: usize, ends: Ends, reached: usize, name: &str) {
    let twice = matches!(ends, Ends::Unknown(_)) && reached > 0;
    for (email, ids) in world.ids_by_row(before) {
        assert!(
            ids.len() <= 1 + usize::from(twice),
            "{name}: {email} came under {ids:?}"
        );
    }
}

/// Rows of unknown outcome wait for a person: nothing is sent twice, and nothing else is held up.
fn holds(world: &mut World, run: &Run, before: usize, reached: bool, name: &str) {
    assert_eq!(totals(run), [0, 0, ROWS, 0], "{name}: {run:#?}");
    assert_eq!(run.status, RunStatus::CompletedWithErrors, "{name}");
    world.workspace.wait_for(world.proxy.heal());
    world.add(1);
    assert_eq!(totals(&world.run()), [1, 0, 0, 0], "{name}");
    let ids = world.ids_by_row(before);
    assert_eq!(
        ids.len() as u64,
        if reached { ROWS + 1 } else { 1 },
        "{name}"
    );
    let requests = world.proxy.exchanges().split_off(before);
    assert_eq!(requests.len(), 2, "{name}: one try and the new row");
}

#[test]
fn a_connection_that_breaks_costs_at_most_one_batch_under_the_same_id() {
    walk(cases::broken);
}

#[test]
fn a_peer_that_falls_silent_is_given_up_at_its_deadlines() {
    walk(cases::slow);
}

#[test]
fn an_answer_that_is_not_of_its_protocol_is_never_a_verdict() {
    walk(cases::strange);
}

#[test]
fn a_refusal_is_judged_by_what_it_says() {
    walk(cases::refused);
}

#[test]
fn a_limit_is_waited_for_and_never_forever() {
    walk(cases::limited);
}
