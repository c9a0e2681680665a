//! The core goes away under a run: what was open is replayed, nothing is lost, nothing counts twice.

use std::collections::BTreeSet;
use std::time::Duration;

use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::run::Trigger;
use signalsmith::link::view::SyncState;

use super::*;

/// A request of a dead run may travel for so long before its batch is sent again.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A sync to a closed gate whose core died with two of three batches under way.
fn died() -> (Workspace, Gate, Run) {
    let mut workspace = people(3);
    let gate = Gate::start(workspace.runtime.handle());
    let hook = to_hook("upsert", gate.url(), "batch_size = 1\nconcurrency = 2");
    workspace.apply(&hook.replace("mode = ", "paused = false\nmode = "));
    let run = workspace.begin("people", options(|_| ()));
    workspace.wait_for(gate.arrived(2));
    workspace.crash();
    (workspace, gate, run)
}

fn pass_the_timeout(workspace: &Workspace) {
    workspace.wait_for(async {
        workspace.clock.sleepers(1).await;
        workspace.clock.advance(REQUEST_TIMEOUT).await;
    });
}

#[test]
fn open_batches_are_sent_again_verbatim_and_then_one_run_sends_the_rest() {
    let (mut workspace, gate, run) = died();
    gate.open(100);
    workspace.start().unwrap();
    assert_eq!(workspace.wait(&run.id).status, RunStatus::Interrupted);
    assert_eq!(
        gate.came().len(),
        2,
        "a request of the dead run may still be travelling"
    );
    pass_the_timeout(&workspace);
    let recovery = workspace.next_run("people", Some(&run.id));
    assert_eq!(recovery.trigger, Trigger::Recovery);
    assert_eq!(completed(&recovery), (1, 0, 0));
    assert_eq!(recovery.counters.unchanged, 2);
    let came = gate.came();
    assert_eq!(came.len(), 5);
    let first: BTreeSet<_> = came[..2].iter().collect();
    let replayed: BTreeSet<_> = came[2..4].iter().collect();
    assert_eq!(first, replayed, "the same bytes under the same id");
    assert!(!came[..4].iter().any(|(id, _)| *id == came[4].0));
    let interrupted = workspace.wait(&run.id);
    let create = interrupted.counters.create;
    assert_eq!(
        (interrupted.status, create.done, create.unsent),
        (RunStatus::Interrupted, 2, 1)
    );
    assert_eq!(workspace.runs("people").len(), 2);
}

#[test]
fn batches_that_cannot_be_sent_again_are_unknown_and_the_recovery_run_sends_them() {
    let (mut workspace, gate, run) = died();
    gate.open(100);
    // What comes a second time is the replay.
    gate.answer(|body, came| {
        let email = |body: &str| {
            body.split_once("@x.example").unwrap().0[body.find("\"p").unwrap()..].to_owned()
        };
        let times = came
            .iter()
            .filter(|(_, other)| email(other) == email(body))
            .count();
        if times == 2 { 503 } else { 200 }
    });
    workspace.start().unwrap();
    pass_the_timeout(&workspace);
    let recovery = workspace.until("people", |sync| {
        sync.active
            .as_ref()
            .is_some_and(|active| active.run.trigger == Trigger::Recovery)
            || sync
                .last
                .as_ref()
                .is_some_and(|last| last.trigger == Trigger::Recovery)
    });
    let recovery = recovery.active.as_ref().map_or_else(
        || recovery.last.clone().unwrap(),
        |active| active.run.clone(),
    );
    let recovery = workspace.wait_through(&recovery.id);
    assert_eq!(recovery.status, RunStatus::Completed);
    assert_eq!(recovery.counters.create.done, 3);
    let interrupted = workspace.wait(&run.id);
    assert_eq!(interrupted.counters.create.unknown, 2);
}

#[test]
fn a_paused_sync_is_neither_replayed_nor_run_and_its_rows_stay_due() {
    let mut workspace = people(2);
    let gate = Gate::start(workspace.runtime.handle());
    workspace.apply(&to_hook("upsert", gate.url(), "batch_size = 1"));
    let run = workspace.begin("people", options(|_| ()));
    workspace.wait_for(gate.arrived(2));
    workspace.crash();
    gate.open(100);
    workspace.start().unwrap();
    workspace.wait_for(workspace.clock.advance(Duration::from_mins(5)));
    let next = workspace.run("people");
    assert_eq!(next.trigger, Trigger::Manual);
    assert_eq!(workspace.runs("people").len(), 2, "no run began by itself");
    assert_eq!(completed(&next), (2, 0, 0));
    assert_eq!(gate.came().len(), 4);
    assert_eq!(workspace.wait(&run.id).counters.create.unknown, 2);
}

#[test]
fn batches_are_not_sent_to_a_destination_that_was_changed_meanwhile() {
    let (mut workspace, gate, run) = died();
    let other = Gate::start(workspace.runtime.handle());
    other.open(100);
    workspace.start().unwrap();
    // The core waits for one request timeout before it looks; time enough for an edit.
    let hook = to_hook("upsert", other.url(), "batch_size = 1\nconcurrency = 2");
    workspace.apply(&hook);
    workspace.stop();
    workspace.start().unwrap();
    let mut recovery = workspace.next_run("people", Some(&run.id));
    if recovery.status == RunStatus::Interrupted {
        // It had just begun when the core was stopped.
        recovery = workspace.next_run("people", Some(&recovery.id));
    }
    assert_eq!(completed(&recovery), (3, 0, 0));
    assert_eq!((gate.came().len(), other.came().len()), (2, 3));
}

#[test]
fn a_sync_under_which_the_core_dies_three_times_is_paused_with_the_reason() {
    let (mut workspace, gate, _) = died();
    for death in 2..=3 {
        workspace.start().unwrap();
        // The batches that were open are answered; the recovery run is held at the gate again.
        let before = gate.came().len();
        let open = if death == 2 { 2 } else { 1 };
        gate.open(open);
        pass_the_timeout(&workspace);
        workspace.wait_for(gate.arrived(before + open + 1));
        if death == 2 {
            add(&workspace, 4, 4);
        }
        workspace.crash();
    }
    gate.open(100);
    workspace.start().unwrap();
    let seen = workspace.sync("people");
    assert!(seen.sync.settings.paused);
    let Reply::Events(events) = workspace
        .ask(Command::Events {
            after: 0,
            limit: 1_000,
        })
        .unwrap()
    else {
        panic!("no events")
    };
    let told = events
        .iter()
        .any(|event| format!("{:?}", event.kind).contains("3 times within 72 h"));
    assert!(told, "{events:#?}");
    let before = workspace.runs("people").len();
    workspace.wait_for(workspace.clock.advance(Duration::from_mins(5)));
    assert_eq!(
        workspace.runs("people").len(),
        before,
        "it does not run by itself"
    );
    assert_eq!(
        completed(&workspace.run("people")),
        (1, 0, 0),
        "a person may run it"
    );
}

#[test]
fn a_stopped_core_takes_its_runs_on_when_it_starts_again() {
    let mut workspace = people(4);
    let gate = Gate::start(workspace.runtime.handle());
    let hook = to_hook("upsert", gate.url(), "batch_size = 1\nconcurrency = 1");
    workspace.apply(&hook.replace("mode = ", "paused = false\nmode = "));
    let run = workspace.begin("people", options(|_| ()));
    workspace.wait_for(gate.arrived(1));
    gate.open(1);
    workspace.wait_for(gate.arrived(2));
    // The answer comes while the core stops: it takes no more runs then.
    workspace.stop_while(|ask| {
        let run = || Command::Run {
            sync: "people".into(),
            options: RunOptions::default(),
        };
        while ask(run()).is_ok() {}
        gate.open(100);
    });
    workspace.start().unwrap();
    let seen = workspace.until("people", |sync| {
        let last = sync.last.as_ref();
        sync.active.is_none()
            && sync.queued.is_none()
            && last.is_some_and(|last| last.status == RunStatus::Completed)
    });
    assert_ne!(seen.last.as_ref().unwrap().id, run.id);
    let interrupted = workspace.wait(&run.id);
    let create = interrupted.counters.create;
    assert_eq!(
        (interrupted.status, create.done, create.unsent),
        (RunStatus::Interrupted, 2, 2)
    );
    assert_eq!(gate.came().len(), 4, "nothing went twice");
}

/// Kills the core under a run of `count` rows at some point, and gives the workspace started anew
/// when all is settled.
fn killed(file: &str, count: u32, writing: bool) -> Workspace {
    let mut workspace = people(count);
    workspace.apply(&file.replace("mode = ", "paused = false\nmode = "));
    let run = workspace.begin("people", options(|_| ()));
    if writing {
        workspace.until("people", |sync| {
            use signalsmith::domain::run::Phase::Writing;
            let writes = |run: &Run| run.phase == Some(Writing);
            sync.active
                .as_ref()
                .is_some_and(|active| writes(&active.run))
                || sync.last.is_some()
        });
    }
    workspace.crash();
    workspace.start().unwrap();
    let seen = workspace.until("people", |sync| {
        let last = sync.last.as_ref();
        sync.active.is_none()
            && sync.queued.is_none()
            && last.is_some_and(|last| last.id != run.id || last.status != RunStatus::Interrupted)
    });
    completed(seen.last.as_ref().unwrap());
    workspace.runs("people");
    assert_eq!(completed(&workspace.run("people")), (0, 0, 0));
    workspace
}

#[test]
fn a_table_has_every_row_once_wherever_the_core_dies() {
    for writing in [false, true] {
        for mode in ["upsert", "append"] {
            let workspace = killed(&to_copy(mode, ""), 6_000, writing);
            let counts = workspace.target("select count(*), count(distinct email) from people");
            assert_eq!(counts, ["6000|6000"], "{mode}");
        }
    }
}

#[test]
fn a_file_has_every_row_once_wherever_the_core_dies() {
    for writing in [false, true] {
        for mode in ["upsert", "append"] {
            let workspace = killed(&file(mode, OUT, "people.jsonl", ""), 6_000, writing);
            let text = std::fs::read_to_string(workspace.path("out/people.jsonl")).unwrap();
            let lines: BTreeSet<&str> = text.lines().collect();
            assert_eq!(
                (text.lines().count(), lines.len()),
                (6_000, 6_000),
                "{mode}"
            );
        }
    }
}

#[test]
fn a_run_that_waited_in_the_queue_when_the_core_died_still_comes() {
    let mut workspace = people(1);
    let gate = Gate::start(workspace.runtime.handle());
    workspace.apply(&to_hook("upsert", gate.url(), ""));
    let run = workspace.begin("people", options(|_| ()));
    workspace.wait_for(gate.arrived(1));
    let queued = workspace.begin("people", options(|_| ()));
    assert_eq!(queued.status, RunStatus::Queued);
    workspace.crash();
    gate.open(100);
    workspace.start().unwrap();
    let next = workspace.next_run("people", Some(&run.id));
    assert_eq!((&next.id, completed(&next)), (&queued.id, (1, 0, 0)));
    assert_eq!(gate.came().len(), 2);
    assert_eq!(workspace.sync("people").state, SyncState::Paused);
}
