//! What a core does by the time of day alone: it goes on after the clock was set, and it looks
//! after destinations.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::destination::Health;
use signalsmith::domain::run::{Run, RunStatus, Trigger};
use signalsmith::engine::{Engine, EngineOptions};
use signalsmith::link::{Link as _, WorkspaceView};
use signalsmith::store::{AuditEntry, Store};

use crate::support::workspace::Workspace;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

fn at(time: &str) -> DateTime<Utc> {
    format!("2026-03-{time}:00Z").parse().unwrap()
}

/// A sync of one person to `copy.db`; `more` are further lines of it.
fn workspace(more: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.source(
        "create table people (id integer primary key, email text);
         insert into people values (1, 'p1@x.example');",
    );
    workspace.apply(&format!(
        r#"
[[source]]
name = "crm"
type = "sqlite"
path = "source.db"

[[model]]
name = "people"
source = "crm"
sql = "select id, email from people"
primary_key = ["id"]
columns = [{{ name = "email", role = "identifier" }}]

[[destination]]
name = "there"
type = "sqlite"
path = "copy.db"

[[sync]]
name = "people"
model = "people"
destination = "there"
destination_object = "people"
mode = "upsert"
{more}
field_mappings = [
  {{ source_column = "email", destination_field = "email", is_identifier = true }},
]
"#
    ));
    workspace.until("people", |_| true);
    workspace
}

fn hourly() -> Workspace {
    workspace("paused = false\nschedule = { type = \"interval\", interval_minutes = 60 }")
}

/// Lets time pass until the next run has ended.
fn pass_and_run(workspace: &Workspace, time: Duration) -> Run {
    let before = workspace
        .sync("people")
        .last
        .as_ref()
        .map(|run| run.id.clone());
    workspace.pass(time);
    workspace.next_run("people", before.as_ref())
}

fn slot(run: &Run) -> (DateTime<Utc>, u32) {
    let Trigger::Schedule { slot, missed, .. } = run.trigger else {
        panic!("{run:?}")
    };
    (slot, missed)
}

/// The audit trail of a workspace whose core has stopped.
fn audit(workspace: &Workspace) -> Vec<AuditEntry> {
    workspace.wait_for(async {
        let store = Store::open(&workspace.folder(), 7, workspace.now()).unwrap();
        let entries = store.audit(500, None).await.unwrap();
        store.close().await;
        entries
    })
}

#[test]
fn a_clock_that_was_set_back_silences_no_schedule_and_that_is_told() {
    let mut workspace = hourly();
    assert_eq!(slot(&pass_and_run(&workspace, HOUR)), (at("02T09:00"), 0));
    workspace.wait_for(workspace.clock.set(at("01T20:00")));
    workspace.pass(MINUTE);
    let seen = workspace.until("people", |sync| {
        sync.next_run_at.is_some_and(|next| next < at("02T00:00"))
    });
    let next = seen.next_run_at.unwrap();
    let anchor = next - TimeDelta::hours(1);
    assert!(
        (at("01T20:00")..=at("01T20:01")).contains(&anchor),
        "{anchor}"
    );
    // A core that is started anew goes on from there.
    workspace.stop();
    workspace.start().unwrap();
    assert_eq!(workspace.sync("people").next_run_at, Some(next));
    let run = pass_and_run(&workspace, HOUR);
    assert_eq!(slot(&run), (next, 0));
    assert_eq!(run.status, RunStatus::Completed);

    let command = Command::Events {
        after: 0,
        limit: 1_000,
    };
    let Reply::Events(events) = workspace.ask(command).unwrap() else {
        panic!("no events")
    };
    let told = events
        .iter()
        .filter(|event| format!("{:?}", event.kind).contains("the clock was set back"));
    assert_eq!(told.count(), 1, "{events:#?}");
    workspace.stop();
    let entries = audit(&workspace);
    let anchored: Vec<_> = entries
        .iter()
        .filter(|it| it.what.action == "anchor")
        .collect();
    let [entry] = anchored.as_slice() else {
        panic!("{entries:#?}")
    };
    assert_eq!(
        (entry.actor.as_str(), entry.what.name.as_str()),
        ("core", "people")
    );
    assert_eq!(entry.at, anchor);
    let fields = [
        ("anchor", at("02T08:00").to_rfc3339(), anchor.to_rfc3339()),
        ("last_slot", at("02T09:00").to_rfc3339(), String::new()),
    ];
    let fields = fields.map(|(name, old, new)| (name.to_owned(), old, new));
    assert_eq!(entry.what.fields, fields);
}

#[test]
fn a_clock_that_was_set_back_a_little_changes_nothing() {
    let mut workspace = hourly();
    pass_and_run(&workspace, HOUR);
    workspace.wait_for(workspace.clock.set(at("02T08:56")));
    workspace.pass(10 * MINUTE);
    assert_eq!(workspace.sync("people").next_run_at, Some(at("02T10:00")));
    assert_eq!(workspace.runs("people").len(), 1);
    workspace.stop();
    assert!(
        audit(&workspace)
            .iter()
            .all(|entry| entry.what.action != "anchor")
    );
}

#[test]
fn what_a_clock_skips_that_is_set_forward_is_run_once_with_its_number() {
    let workspace = hourly();
    let first = pass_and_run(&workspace, HOUR);
    workspace.wait_for(async {
        workspace.clock.sleepers(1).await;
        workspace.clock.set(at("02T13:20")).await;
    });
    let run = workspace.next_run("people", Some(&first.id));
    assert_eq!(slot(&run), (at("02T13:00"), 4));
    assert_eq!(workspace.sync("people").next_run_at, Some(at("02T14:00")));
    assert_eq!(workspace.runs("people").len(), 2);
}

fn health(view: &WorkspaceView) -> &Health {
    &view.destinations[0].health
}

#[test]
fn a_destination_that_a_sync_uses_is_checked_every_6_hours() {
    let workspace = workspace("paused = false");
    assert_eq!(*health(&workspace.view()), Health::Unchecked);
    workspace.wait_for(workspace.clock.advance(6 * HOUR));
    let view = workspace.until_all(|view| *health(view) != Health::Unchecked);
    assert_eq!(*health(&view), Health::Healthy { at: at("02T14:00") });
    // It breaks, which nobody sees until the next check.
    std::fs::write(workspace.path("copy.db"), "this is no database".repeat(100)).unwrap();
    workspace.wait_for(workspace.clock.advance(6 * HOUR - Duration::from_secs(1)));
    assert_eq!(health(&workspace.view()), health(&view));
    workspace.wait_for(workspace.clock.advance(Duration::from_secs(1)));
    let view = workspace.until_all(|view| matches!(health(view), Health::Failing { .. }));
    let Health::Failing { at: seen, reason } = health(&view) else {
        unreachable!()
    };
    assert_eq!(*seen, at("02T20:00"));
    assert!(!reason.is_empty());
    // It is mended, and that is seen too.
    std::fs::remove_file(workspace.path("copy.db")).unwrap();
    workspace.wait_for(workspace.clock.advance(6 * HOUR));
    let view = workspace.until_all(|view| matches!(health(view), Health::Healthy { .. }));
    assert_eq!(*health(&view), Health::Healthy { at: at("03T02:00") });
}

#[test]
fn a_run_that_met_the_destination_puts_its_check_off() {
    let workspace = workspace("paused = false");
    workspace.wait_for(workspace.clock.advance(4 * HOUR));
    workspace.run("people");
    let view = workspace.until_all(|view| *health(view) != Health::Unchecked);
    assert_eq!(*health(&view), Health::Healthy { at: at("02T12:00") });
    workspace.wait_for(workspace.clock.advance(3 * HOUR));
    assert_eq!(health(&workspace.view()), health(&view));
    workspace.wait_for(workspace.clock.advance(3 * HOUR));
    workspace.until_all(|view| *health(view) == Health::Healthy { at: at("02T18:00") });
}

#[test]
fn a_destination_of_paused_syncs_is_left_alone_until_one_is_resumed() {
    let workspace = workspace("");
    workspace.wait_for(workspace.clock.advance(24 * HOUR));
    workspace
        .ask(Command::Resume {
            sync: "people".into(),
        })
        .unwrap();
    assert_eq!(*health(&workspace.view()), Health::Unchecked);
    workspace.wait_for(workspace.clock.advance(6 * HOUR));
    let view = workspace.until_all(|view| *health(view) != Health::Unchecked);
    assert_eq!(*health(&view), Health::Healthy { at: at("03T14:00") });
}

#[test]
fn a_core_for_a_single_command_checks_nothing_and_fires_nothing() {
    let mut workspace = hourly();
    workspace.stop();
    let engine = Engine::start(EngineOptions {
        folder: workspace.folder(),
        socket: workspace.path("core.sock"),
        clock: workspace.clock.clone(),
        seed: 5,
        autonomous: false,
    })
    .unwrap();
    workspace.wait_for(workspace.clock.advance(24 * HOUR));
    let command = Command::Runs {
        sync: None,
        before: None,
        limit: 10,
    };
    let reply = workspace.wait_for(engine.link().send(command)).unwrap();
    let Reply::Runs(runs) = reply else {
        panic!("{reply:?}")
    };
    assert!(runs.is_empty(), "{runs:#?}");
    let view = engine.link().view().borrow().clone();
    assert_eq!(*health(&view), Health::Unchecked);
    assert_eq!(view.syncs[0].next_run_at, Some(at("02T09:00")));
    engine.stop();
}
