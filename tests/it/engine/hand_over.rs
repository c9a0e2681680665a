//! The hand-over: a core ends, and the next one goes on with the same runs.

use std::time::Duration;

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::id::RunId;
use signalsmith::domain::problem::Problem;
use signalsmith::domain::run::Phase;

use super::*;

type Ask<'a> = &'a dyn Fn(Command) -> Result<Reply, Problem>;

/// Waits until the core takes no more runs.
fn until_it_stops(ask: Ask<'_>) {
    let run = || Command::Run {
        sync: "people".into(),
        options: RunOptions::default(),
    };
    while ask(run()).is_ok() {}
}

/// Hands over, and lets what is in flight be answered once no new batch can start.
fn hand_over(workspace: &mut Workspace, gate: &Gate) {
    workspace.hand_over_while(|ask| {
        until_it_stops(ask);
        gate.open(100);
    });
}

fn bodies(gate: &Gate) -> Vec<String> {
    let mut bodies: Vec<String> = gate.came().into_iter().map(|(_, body)| body).collect();
    bodies.sort();
    bodies
}

#[test]
fn the_same_run_goes_on_at_the_first_unsent_operation_and_nothing_goes_twice() {
    let mut workspace = people(8);
    let gate = Gate::start(workspace.runtime.handle());
    workspace.apply(&to_hook(
        "append",
        gate.url(),
        "batch_size = 1\nconcurrency = 2",
    ));
    let run = workspace.begin("people", options(|_| ()));
    workspace.wait_for(gate.arrived(2));
    gate.open(1);
    workspace.wait_for(gate.arrived(3));
    hand_over(&mut workspace, &gate);
    let ended = workspace.wait(&run.id);
    assert_eq!(completed(&ended), (8, 0, 0));
    assert!(ended.plan_hash.is_some());
    assert_eq!(
        (ended.trigger, ended.started_at),
        (run.trigger, run.started_at)
    );
    assert_eq!(ended.counters.requests, 8);
    let sent = bodies(&gate);
    assert_eq!(sent.len(), 8);
    for id in 1..=8 {
        let email = format!("p{id}@x.example");
        assert_eq!(
            sent.iter().filter(|body| body.contains(&email)).count(),
            1,
            "{email}"
        );
    }
    let log = workspace.log(&workspace.runs("people").pop().unwrap());
    assert!(
        log.contains("another core goes on: 5 operations are left"),
        "{log}"
    );
    assert_eq!(
        log.matches("comparing:").count(),
        1,
        "it was planned once:\n{log}"
    );
    let next = workspace.run("people");
    assert_eq!(completed(&next), (0, 0, 0));
}

#[test]
fn handed_over_again_and_again_a_run_counts_as_one_that_nobody_touched() {
    let refuse = |body: &str| match body {
        body if body.contains("p3@") || body.contains("p7@") => 422,
        _ => 200,
    };
    let settings = "batch_size = 1\nconcurrency = 2";
    let prepared = || {
        let workspace = people(12);
        let gate = Gate::start(workspace.runtime.handle());
        gate.answer(move |body, _| refuse(body));
        workspace.apply(&to_hook("upsert", gate.url(), settings));
        (workspace, gate)
    };
    let (quiet, gate) = prepared();
    gate.open(100);
    let expected = quiet.run("people");
    let everything = bodies(&gate);

    let (mut workspace, gate) = prepared();
    let run = workspace.begin("people", options(|_| ()));
    for part in 1..=4 {
        workspace.wait_for(gate.arrived(2 * part));
        workspace.hand_over_while(|ask| {
            until_it_stops(ask);
            gate.open(2);
        });
    }
    gate.open(100);
    let ended = workspace.wait(&run.id);
    assert_eq!(ended.status, expected.status);
    assert_eq!(ended.counters, expected.counters_with_bytes_of(&ended));
    assert_eq!(bodies(&gate).len(), everything.len());
    assert_eq!(workspace.verdicts(&ended), quiet.verdicts(&expected));
}

/// Bytes depend on the run's id and its time, nothing else may.
trait Comparable {
    fn counters_with_bytes_of(&self, other: &Run) -> signalsmith::domain::run::Counters;
}

impl Comparable for Run {
    fn counters_with_bytes_of(&self, other: &Run) -> signalsmith::domain::run::Counters {
        signalsmith::domain::run::Counters {
            bytes: other.counters.bytes,
            ..self.counters
        }
    }
}

#[test]
fn deletes_go_on_too_and_only_those_that_are_left() {
    let mut workspace = people(9);
    let gate = Gate::start(workspace.runtime.handle());
    workspace.apply(&to_hook(
        "mirror",
        gate.url(),
        "batch_size = 1\nconcurrency = 1",
    ));
    gate.open(9);
    workspace.run("people");
    workspace.source("delete from people where id > 4");
    add(&workspace, 20, 20);
    let run = workspace.begin("people", options(|_| ()));
    workspace.wait_for(gate.arrived(10));
    gate.open(2);
    workspace.wait_for(gate.arrived(12));
    hand_over(&mut workspace, &gate);
    let ended = workspace.wait(&run.id);
    assert_eq!(completed(&ended), (1, 0, 5));
    assert_eq!(gate.came().len(), 9 + 1 + 5);
    let next = workspace.run("people");
    assert_eq!((completed(&next), next.counters.unchanged), ((0, 0, 0), 5));
}

#[test]
fn a_run_that_waits_for_a_person_waits_on_under_the_next_core() {
    let mut workspace = people(3);
    workspace.apply(&to_copy("upsert", "approval = \"always\""));
    let run = workspace.run("people");
    assert_eq!(run.phase, Some(Phase::AwaitingApproval));
    workspace.hand_over_while(until_it_stops);
    workspace.until("people", |sync| {
        let active = sync.active.as_ref();
        active.is_some_and(|active| {
            active.run.id == run.id && active.run.phase == Some(Phase::AwaitingApproval)
        })
    });
    workspace
        .approve("people", run.plan_hash.as_ref().unwrap())
        .unwrap();
    let ended = workspace.until("people", |sync| {
        sync.last.as_ref().is_some_and(|last| last.id == run.id)
    });
    assert_eq!(completed(ended.last.as_ref().unwrap()), (3, 0, 0));
    assert_eq!(copied(&workspace).len(), 3);
}

#[test]
fn what_a_core_left_is_for_the_next_one_alone() {
    let mut workspace = people(6);
    let gate = Gate::start(workspace.runtime.handle());
    let hook = to_hook("append", gate.url(), "batch_size = 1\nconcurrency = 1");
    workspace.apply(&hook.replace("mode = ", "paused = false\nmode = "));
    let run = workspace.begin("people", options(|_| ()));
    workspace.wait_for(gate.arrived(1));
    workspace.hand_over_while(|ask| {
        until_it_stops(ask);
        gate.open(1);
    });
    workspace.wait_for(gate.arrived(2));
    let rest = |id: &RunId| workspace.folder().join("runs").join(format!("{id}.rest"));
    assert!(
        !rest(&run.id).exists(),
        "it is taken before anything is sent"
    );
    // The next core dies too: the run is interrupted for good, and the sync is run anew.
    workspace.crash();
    gate.open(100);
    workspace.start().unwrap();
    // A request of the dead core may still be travelling.
    workspace.wait_for(async {
        workspace.clock.sleepers(1).await;
        workspace.clock.advance(Duration::from_mins(5)).await;
    });
    let seen = workspace.until("people", |sync| {
        let last = sync.last.as_ref();
        sync.active.is_none()
            && sync.queued.is_none()
            && last.is_some_and(|last| last.status == RunStatus::Completed)
    });
    assert_ne!(seen.last.as_ref().unwrap().id, run.id);
    assert_eq!(workspace.wait(&run.id).status, RunStatus::Interrupted);
    for id in 1..=6 {
        let email = format!("p{id}@x.example");
        let keys: std::collections::BTreeSet<String> = gate
            .came()
            .into_iter()
            .filter(|(_, body)| body.contains(&email))
            .map(|(key, _)| key)
            .collect();
        assert_eq!(keys.len(), 1, "{email} went under one key only");
    }
}
