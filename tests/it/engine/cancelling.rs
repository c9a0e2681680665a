//! Cancelling, queueing, and how many runs go at a time.

use std::time::Duration;

use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::run::Phase;

use super::*;

/// A sync to a closed gate, whose run is in the middle of writing its first batch.
fn writing(count: u32, settings: &str) -> (Workspace, Gate, Run) {
    let workspace = people(count);
    let gate = Gate::start(workspace.runtime.handle());
    workspace.apply(&to_hook("upsert", gate.url(), settings));
    let run = workspace.begin("people", options(|_| ()));
    workspace.wait_for(gate.arrived(1));
    (workspace, gate, run)
}

#[test]
fn a_cancelled_run_awaits_what_is_in_flight_and_keeps_its_verdicts() {
    let (workspace, gate, run) = writing(5, "batch_size = 1\nconcurrency = 1");
    workspace.cancel(run.id.as_str()).unwrap();
    gate.open(100);
    let run = workspace.wait(&run.id);
    assert_eq!((run.status, run.exit_code()), (RunStatus::Cancelled, 1));
    assert_eq!(
        (run.counters.create.done, run.counters.create.unsent),
        (1, 4)
    );
    assert_eq!(gate.came().len(), 1);
    let next = workspace.run("people");
    assert_eq!(completed(&next), (4, 0, 0));
    assert_eq!(next.counters.unchanged, 1);
}

#[test]
fn an_answer_that_does_not_come_within_30_seconds_of_a_cancel_is_unknown() {
    let (workspace, gate, run) = writing(3, "batch_size = 1\nconcurrency = 1");
    workspace.cancel("people").unwrap();
    workspace.wait_for(async {
        workspace.clock.sleepers(1).await;
        workspace.clock.advance(Duration::from_secs(30)).await;
    });
    let run = workspace.wait(&run.id);
    assert_eq!(run.status, RunStatus::Cancelled);
    assert_eq!(
        (run.counters.create.unknown, run.counters.create.unsent),
        (1, 2)
    );
    gate.open(100);
    assert_eq!(completed(&workspace.run("people")), (3, 0, 0));
}

#[test]
fn a_run_cancelled_before_its_first_batch_sends_nothing() {
    let workspace = people(3);
    workspace.apply(&to_copy("upsert", "approval = \"always\""));
    let run = workspace.run("people");
    workspace
        .approve("people", run.plan_hash.as_ref().unwrap())
        .unwrap();
    // The cancel meets the run at any point of its writing; it ends either way.
    let _ = workspace.cancel(run.id.as_str());
    let run = workspace.wait(&run.id);
    assert!(
        matches!(run.status, RunStatus::Cancelled | RunStatus::Completed),
        "{run:#?}"
    );
    assert_eq!(
        run.status == RunStatus::Completed,
        run.counters.create.done == 3
    );
}

#[test]
fn what_comes_during_a_run_becomes_one_queued_run_whose_id_the_callers_get() {
    let (workspace, gate, first) = writing(2, "");
    let second = workspace.begin("people", options(|_| ()));
    let third = workspace.begin("people", options(|_| ()));
    assert_ne!(second.id, first.id);
    assert_eq!((second.status, &third.id), (RunStatus::Queued, &second.id));
    assert_eq!(
        workspace.sync("people").queued.as_ref().map(|run| &run.id),
        Some(&second.id)
    );
    gate.open(100);
    assert_eq!(completed(&workspace.wait(&first.id)), (2, 0, 0));
    assert_eq!(completed(&workspace.wait(&second.id)), (0, 0, 0));
    assert_eq!(workspace.runs("people").len(), 2);
}

#[test]
fn a_queued_run_of_other_rows_is_not_taken_for_the_one_that_is_asked_for() {
    let (workspace, gate, first) = writing(3, "");
    let limited = workspace.begin("people", options(|it| it.limit = Some(1)));
    let refused = workspace.try_begin("people", options(|_| ())).unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Conflict);
    gate.open(100);
    workspace.wait(&first.id);
    workspace.wait(&limited.id);
}

#[test]
fn a_queued_run_can_be_cancelled_and_the_running_one_goes_on() {
    let (workspace, gate, first) = writing(2, "");
    let queued = workspace.begin("people", options(|_| ()));
    let cancelled = workspace.cancel(queued.id.as_str()).unwrap();
    assert_eq!(
        (cancelled.status, cancelled.started_at),
        (RunStatus::Cancelled, None)
    );
    assert_eq!(workspace.wait(&queued.id).status, RunStatus::Cancelled);
    let seen = workspace.sync("people");
    assert_eq!(
        seen.active.as_ref().map(|active| &active.run.id),
        Some(&first.id)
    );
    // It is still the one that others wait behind.
    let next = workspace.begin("people", options(|_| ()));
    assert_eq!(next.status, RunStatus::Queued);
    gate.open(100);
    assert_eq!(completed(&workspace.wait(&first.id)), (2, 0, 0));
    workspace.wait(&next.id);
    assert!(
        workspace.cancel("people").is_err(),
        "nothing is under way any more"
    );
}

/// Syncs `s0` to `s<count>`, each to a destination of its own, or all to one.
fn many(gate: &Gate, count: usize, one: bool) -> String {
    let all = file("upsert", OUT, "unused.csv", "");
    let (head, _) = all.split_once("[[destination]]").unwrap();
    let mut text = head.to_owned();
    for number in 0..count {
        let destination = if one { 0 } else { number };
        if number == destination {
            text += &format!(
                "[[destination]]\nname = \"d{number}\"\ntype = \"webhook\"\nurl = \"{}{number}\"\nallow_networks = [\"127.0.0.0/8\"]\n",
                gate.url()
            );
        }
    }
    for number in 0..count {
        let destination = if one { 0 } else { number };
        text += &format!(
            "[[sync]]\nname = \"s{number}\"\nmodel = \"people\"\ndestination = \"d{destination}\"\ndestination_object = \"rows\"\nmode = \"upsert\"\n{MAPPINGS}"
        );
    }
    text
}

#[test]
fn four_runs_go_at_a_time_and_the_others_follow_in_their_order() {
    let workspace = people(1);
    let gate = Gate::start(workspace.runtime.handle());
    workspace.apply(&many(&gate, 6, false));
    let runs: Vec<Run> = (0..6)
        .map(|number| workspace.begin(&format!("s{number}"), options(|_| ())))
        .collect();
    let statuses: Vec<RunStatus> = runs.iter().map(|run| run.status).collect();
    assert_eq!(statuses[..4], [RunStatus::Running; 4]);
    assert_eq!(statuses[4..], [RunStatus::Queued; 2]);
    assert_eq!(workspace.wait_for(gate.arrived(4)).len(), 4);
    gate.open(1);
    workspace.wait_for(gate.arrived(5));
    assert_eq!(
        workspace.sync("s5").queued.as_ref().map(|run| &run.id),
        Some(&runs[5].id)
    );
    gate.open(100);
    for run in &runs {
        assert_eq!(completed(&workspace.wait(&run.id)), (1, 0, 0));
    }
}

#[test]
fn one_run_goes_to_a_destination_at_a_time() {
    let workspace = people(1);
    let gate = Gate::start(workspace.runtime.handle());
    workspace.apply(&many(&gate, 2, true));
    let first = workspace.begin("s0", options(|_| ()));
    let second = workspace.begin("s1", options(|_| ()));
    assert_eq!(
        (first.status, second.status),
        (RunStatus::Running, RunStatus::Queued)
    );
    workspace.wait_for(gate.arrived(1));
    gate.open(1);
    workspace.wait(&first.id);
    workspace.until("s1", |sync| {
        sync.active
            .as_ref()
            .is_some_and(|active| active.run.phase == Some(Phase::Writing))
    });
    gate.open(1);
    assert_eq!(completed(&workspace.wait(&second.id)), (1, 0, 0));
}

#[test]
fn batches_go_out_side_by_side_up_to_the_destinations_limit() {
    let (workspace, gate, run) = writing(10, "batch_size = 1\nconcurrency = 3");
    workspace.wait_for(gate.arrived(3));
    gate.open(1);
    assert_eq!(workspace.wait_for(gate.arrived(4)).len(), 4);
    gate.open(100);
    assert_eq!(completed(&workspace.wait(&run.id)), (10, 0, 0));
}
