//! Commands beside a running core, and the link that they and the interface use.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use signalsmith::api::socket;
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::event::EventKind;
use signalsmith::domain::run::{RunOptions, RunStatus};
use signalsmith::engine::clock::SystemClock;
use signalsmith::engine::{Engine, EngineOptions};
use signalsmith::link::{Connection, Link, RemoteLink};

use crate::support::desk::{Desk, UPSERT};
use crate::support::gate::Gate;

/// Longer than anything here takes.
const HANGS: Duration = Duration::from_secs(30);

/// A core of the desk's workspace in this process.
fn start(desk: &Desk) -> Engine {
    let folder = desk.path("workspace");
    Engine::start(EngineOptions {
        socket: folder.join("core.sock"),
        folder,
        clock: Arc::new(SystemClock::new()),
        seed: 7,
        autonomous: true,
    })
    .unwrap()
}

/// As [`start`], and others can reach it.
fn serve(desk: &Desk) -> Engine {
    let engine = start(desk);
    let path = desk.path("workspace").join("core.sock");
    let listener = engine.enter(|| socket::bind(&path)).unwrap().unwrap();
    engine
        .spawn(socket::serve(listener, Arc::new(engine.link())))
        .unwrap();
    engine
}

/// The desk's resources with a second sync to another object.
fn two_syncs(desk: &Desk, settings: &str) -> String {
    let one = desk.resources(settings);
    let at = one.find("[[sync]]").unwrap();
    let second = one[at..]
        .replace("\"contacts\"", "\"second\"")
        .replace("\"Contact\"", "\"Other\"");
    format!("{one}{second}")
}

#[test]
fn commands_go_to_the_core_that_runs() {
    let desk = Desk::with(3, UPSERT);
    let engine = serve(&desk);
    let run = desk.json(0, &["run", "contacts", "--json"]);
    assert_eq!(run["counters"]["create"]["done"], 3);
    let view = engine.link().view().borrow().clone();
    let last = view.syncs[0].last.as_ref().unwrap();
    assert_eq!(run["id"], last.id.as_str(), "this core ran it");
    desk.ok(&["pause", "contacts"]);
    assert!(engine.link().view().borrow().syncs[0].sync.settings.paused);
    assert!(desk.ok(&["resume", "contacts"]).contains("contacts is on"));
    desk.apply(&two_syncs(&desk, UPSERT));
    assert_eq!(
        desk.json(0, &["list", "--json"]).as_array().unwrap().len(),
        2
    );
    engine.stop();
    assert_eq!(desk.json(0, &["show", "run", "contacts", "--json"]), run);
}

#[test]
fn a_run_that_nobody_waits_for_goes_on_and_its_log_can_be_followed() {
    let desk = Desk::with(3, UPSERT);
    let engine = serve(&desk);
    let run = desk.json(0, &["run", "contacts", "--no-wait", "--json"]);
    let id = run["id"].as_str().unwrap();
    assert!(
        ["queued", "running"].contains(&run["status"].as_str().unwrap()),
        "{run}"
    );
    let log = desk.ok(&["logs", id, "--follow"]);
    assert!(log.lines().last().unwrap().contains("ended"), "{log}");
    assert_eq!(
        desk.json(0, &["show", "run", id, "--json"])["status"],
        "completed"
    );
    engine.stop();
}

#[test]
fn a_waiting_run_is_approved_or_rejected_from_another_command() {
    let desk = Desk::with(3, "mode = \"upsert\"\napproval = \"always\"");
    let engine = serve(&desk);
    let run = desk.json(4, &["run", "contacts", "--json"]);
    assert_eq!(
        (&run["status"], &run["phase"]),
        (&"running".into(), &"awaiting_approval".into())
    );
    assert_eq!(desk.run(&["reject", "contacts"]).code, 0);
    let text = desk.run(&["run", "contacts"]);
    assert_eq!(text.code, 4, "{text:?}");
    let hash = run["plan_hash"].as_str().unwrap();
    assert!(text.stdout.contains(&format!("--plan {hash}")), "{text:?}");
    let asked = desk.run(&["approve", "contacts"]);
    assert_eq!(asked.code, 4, "nobody typed the number");
    assert!(asked.stdout.contains("3 operations wait"), "{asked:?}");
    let approved = desk.json(0, &["approve", "contacts", "--plan", hash, "--json"]);
    assert_eq!(approved["status"], "completed");
    assert_eq!(approved["counters"]["create"]["done"], 3);
    engine.stop();
}

#[test]
fn a_second_core_is_refused_and_told_who_has_the_workspace() {
    let desk = Desk::with(3, UPSERT);
    let engine = start(&desk);
    let ran = desk.run(&["status"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr
            .contains(&format!("process {}", std::process::id())),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("hint:"), "{ran:?}");
    engine.stop();
    desk.ok(&["status"]);
}

#[test]
fn a_dead_core_s_socket_and_lock_stop_nobody() {
    let desk = Desk::with(3, UPSERT);
    drop(serve(&desk));
    let folder = desk.path("workspace");
    let lock = format!("{{\"pid\":1,\"socket\":{:?}}}", folder.join("core.sock"));
    std::fs::write(folder.join("lock"), lock).unwrap();
    desk.ok(&["run", "contacts"]);
}

#[test]
fn a_link_gives_the_view_only_what_changed_and_what_happens() {
    let desk = Desk::new(3);
    desk.apply(&two_syncs(&desk, UPSERT));
    let engine = serve(&desk);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let talk = async {
        let path = desk.path("workspace").join("core.sock");
        let link = RemoteLink::attach(&path).await.unwrap();
        assert_eq!(*link.connection().borrow(), Connection::Attached);
        let mut view = link.view();
        let first = view.borrow_and_update().clone();
        assert_eq!(first.name, "acme");
        assert_eq!(first.syncs.len(), 2);
        let mut events = link.events();
        let command = Command::Run {
            sync: "second".into(),
            options: RunOptions::default(),
        };
        let Reply::Run(run) = link.send(command).await.unwrap() else {
            panic!()
        };
        let mut statuses = Vec::new();
        while !statuses.contains(&RunStatus::Completed) {
            let event = events.recv().await.unwrap();
            if let (EventKind::RunStatus { status }, Some(id)) = (event.kind, event.run) {
                assert_eq!(id, run.id);
                statuses.push(status);
            }
        }
        let ended = |sync: &str, view: &signalsmith::link::WorkspaceView| {
            let found = view
                .syncs
                .iter()
                .find(|found| found.name() == sync)
                .unwrap();
            found.last.is_some() && found.active.is_none()
        };
        let second = view
            .wait_for(|view| ended("second", view))
            .await
            .unwrap()
            .clone();
        assert!(second.sequence > first.sequence);
        assert!(!ended("contacts", &second));
        let unknown = Command::Pause {
            sync: "secnd".into(),
        };
        let problem = link.send(unknown).await.unwrap_err();
        assert!(
            problem.hint.contains("second"),
            "a problem crosses whole: {problem:?}"
        );
    };
    runtime.block_on(async { tokio::time::timeout(HANGS, talk).await.unwrap() });
    engine.stop();
}

#[test]
fn a_link_says_that_its_core_is_lost_and_finds_the_next_one() {
    let desk = Desk::with(3, UPSERT);
    let engine = serve(&desk);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let path = desk.path("workspace").join("core.sock");
    let link = runtime.block_on(RemoteLink::attach(&path)).unwrap();
    let mut connection = link.connection();
    let mut wait = |attached: bool| {
        let found = connection.wait_for(|now| (*now == Connection::Attached) == attached);
        runtime.block_on(async {
            tokio::time::timeout(HANGS, found)
                .await
                .unwrap()
                .unwrap()
                .clone()
        })
    };
    engine.stop();
    let lost = wait(false);
    assert!(
        matches!(lost, Connection::Lost { retry_in_s: 1.. }),
        "{lost:?}"
    );
    let command = Command::Pause {
        sync: "contacts".into(),
    };
    assert!(runtime.block_on(link.send(command.clone())).is_err());
    let engine = serve(&desk);
    wait(true);
    runtime.block_on(link.send(command)).unwrap();
    let mut view = link.view();
    let paused = view.wait_for(|view| view.syncs[0].sync.settings.paused);
    runtime.block_on(async {
        tokio::time::timeout(HANGS, paused)
            .await
            .unwrap()
            .unwrap()
            .sequence
    });
    drop(link);
    engine.stop();
}

/// Starts the program over the desk's workspace.
fn spawn(desk: &Desk, arguments: &[&str]) -> Child {
    Process::new(env!("CARGO_BIN_EXE_signalsmith"))
        .args(arguments)
        .env_clear()
        .env("HOME", desk.path(""))
        .env("SIGNALSMITH_DIR", desk.path("workspace"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_command_whose_core_others_use_stays_until_they_are_done() {
    let desk = Desk::new(1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (one, two) = (Gate::start(runtime.handle()), Gate::start(runtime.handle()));
    let hook = |name: &str, gate: &Gate| {
        let resources = desk.resources(UPSERT);
        let sync = &resources[resources.find("[[sync]]").unwrap()..];
        let destination = format!(
            "[[destination]]\nname = \"to {name}\"\ntype = \"webhook\"\nurl = \"{}\"\nallow_networks = [\"127.0.0.0/8\"]\n",
            gate.url()
        );
        destination
            + &sync
                .replace("\"contacts\"", &format!("\"{name}\""))
                .replace("\"copy\"", &format!("\"to {name}\""))
    };
    desk.apply(&format!(
        "{}{}{}",
        desk.resources(UPSERT),
        hook("one", &one),
        hook("two", &two)
    ));
    let arrived = |gate: &Gate| {
        runtime.block_on(async { tokio::time::timeout(HANGS, gate.arrived(1)).await.unwrap() })
    };
    let mut host = spawn(&desk, &["run", "one", "--json"]);
    arrived(&one);
    let guest = spawn(&desk, &["run", "two", "--json"]);
    arrived(&two);
    one.open(10);
    let mut remarks = BufReader::new(host.stderr.take().unwrap()).lines();
    let stays = remarks.any(|line| line.unwrap().contains("another command uses this core"));
    assert!(stays);
    two.open(10);
    for child in [guest, host] {
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        let run: Json = serde_json::from_slice(&ended.stdout).unwrap();
        assert_eq!(run["status"], "completed", "{run}");
    }
}
