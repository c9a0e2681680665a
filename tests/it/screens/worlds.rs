//! Workspaces made by hand, and a core that answers about them.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use signalsmith::domain::command::{Command, Reply, RowEntry};
use signalsmith::domain::destination::Source;
use signalsmith::domain::event::{Event, EventKind, LogLine};
use signalsmith::domain::id::{DestinationId, ModelId, RunId, SourceId, SyncId};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::run::{
    Counters, Phase, PhaseTime, Run, RunOptions, RunStatus, Tally, Trigger,
};
use signalsmith::domain::schedule::Schedule;
use signalsmith::domain::sync::{Sync, SyncSettings};
use signalsmith::link::WorkspaceView;
use signalsmith::link::view::{ActiveRun, HeldDeletes, RecentRun, SyncState, SyncView};

use super::{browsing, robot::Script};

pub const NOW: &str = "2026-11-24T14:48:10Z";
fn at(time: &str) -> DateTime<Utc> {
    format!("2026-11-24T{time}Z").parse().unwrap()
}

pub fn sync_id(number: u64) -> SyncId {
    SyncId::from_bits(number)
}

pub fn run_id(number: u64) -> RunId {
    RunId::from_bits(0x5_2a13_77c1_9d00 + number * 0x1_1111)
}

/// A sync that has no run yet.
pub fn sync(number: u64, name: &str, state: SyncState) -> SyncView {
    let settings: SyncSettings<String, String> = serde_json::from_value(serde_json::json!({
        "name": name, "model": "x", "destination": "x", "destination_object": "Contact",
        "mode": "upsert",
        "schedule": { "type": "interval", "interval_minutes": 60 },
    }))
    .unwrap();
    let settings = SyncSettings {
        name: settings.name,
        model: ModelId::from_bits(1),
        destination: DestinationId::from_bits(1),
        destination_object: settings.destination_object,
        mode: Mode::Upsert,
        mirror_scope: settings.mirror_scope,
        mirror_foreign: settings.mirror_foreign,
        on_unknown: settings.on_unknown,
        first_run: settings.first_run,
        approval: settings.approval,
        guards: settings.guards,
        keep_values: false,
        grace_hours: 24,
        tags: Vec::new(),
        schedule: settings.schedule,
        paused: false,
        field_mappings: Vec::new(),
    };
    SyncView {
        sync: Sync {
            id: sync_id(number),
            settings,
            revision: 14,
        },
        model: "contacts".into(),
        source: "crm".into(),
        destination: "Salesforce prod".into(),
        destination_type: "webhook".into(),
        state,
        schedule_words: "every 60 min".into(),
        next_run_at: Some(at("15:31:00")),
        active: None,
        queued: None,
        last: None,
        recent: Vec::new(),
        known: 0,
        held: None,
        ignored: Default::default(),
        kept: None,
        health: None,
        since: None,
        stuck: 0,
    }
}

pub fn run(number: u64, sync: &SyncView, status: RunStatus, ended: &str, seconds: i64) -> Run {
    let ended = at(ended);
    Run {
        id: run_id(number),
        sync: sync.id().clone(),
        revision: 14,
        trigger: Trigger::Manual,
        options: RunOptions::default(),
        mode: Mode::Upsert,
        status,
        phase: Some(Phase::Writing),
        queued_at: ended - Duration::seconds(seconds),
        started_at: Some(ended - Duration::seconds(seconds)),
        ended_at: status.is_final().then_some(ended),
        error: None,
        retry_at: None,
        plan_hash: Some("8f3a11c0ffee".repeat(4)),
        counters: Counters::default(),
        phases: Vec::new(),
    }
}

pub fn tally(planned: u64, done: u64, rejected: u64) -> Tally {
    Tally {
        planned,
        done,
        rejected,
        unsent: planned - done - rejected,
        ..Tally::default()
    }
}

fn recent() -> Vec<RecentRun> {
    (0..20)
        .map(|n| RecentRun {
            id: run_id(200 + n),
            status: match n {
                7 => RunStatus::Failed,
                15 => RunStatus::CompletedWithErrors,
                _ => RunStatus::Completed,
            },
            ms: 30_000 + (n * n * 977) % 40_000,
            written: 100,
        })
        .collect()
}

fn failed() -> SyncView {
    let mut sync = sync(1, "Accounts from Billing", SyncState::Failed);
    sync.sync.settings.paused = true;
    sync.next_run_at = None;
    let mut run = run(1, &sync, RunStatus::Failed, "13:58:00", 4);
    (run.counters.read, run.counters.requests) = (48_210, 3);
    run.error = Some(
        Problem::new(
            ProblemKind::Guard,
            "stopped: the first 500 rows were all refused with REQUIRED_FIELD_MISSING (LastName); 47,710 rows were not sent",
        )
        .hint("map LastName, then run again"),
    );
    sync.last = Some(run);
    sync
}

fn running() -> SyncView {
    let mut sync = sync(2, "CRM Contacts - Hourly", SyncState::Running);
    sync.known = 48_197;
    sync.health = Some(92);
    sync.recent = recent();
    let mut run = run(2, &sync, RunStatus::Running, "14:47:29", 0);
    run.counters = Counters {
        read: 48_210,
        unchanged: 42_196,
        invalid: 3,
        create: tally(1_300, 812, 1),
        update: tally(4_711, 2_904, 2),
        requests: 19,
        retries: 1,
        ..Counters::default()
    };
    run.phases = vec![
        PhaseTime {
            name: Phase::Querying,
            ms: 1_200,
        },
        PhaseTime {
            name: Phase::Comparing,
            ms: 440,
        },
    ];
    sync.active = Some(ActiveRun {
        run,
        expected_rows: Some(48_000),
        rows_per_second: 1_940.4,
        eta_s: Some(25),
    });
    sync
}

fn held() -> SyncView {
    let mut sync = sync(3, "Meta lookalike", SyncState::Held);
    sync.sync.settings.mode = Mode::Mirror;
    sync.sync.settings.destination_object = "audience 311".into();
    sync.destination = "Meta ads".into();
    sync.next_run_at = Some(at("16:00:00"));
    sync.known = 48_210;
    let mut run = run(3, &sync, RunStatus::Completed, "14:00:41", 41);
    run.counters.delete.planned = 6_204;
    run.counters.delete.held = 6_204;
    run.counters.read = 42_006;
    run.counters.unchanged = 42_006;
    sync.held = Some(HeldDeletes {
        count: 6_204,
        plan_hash: run.plan_hash.clone().unwrap(),
        run: run.id.clone(),
    });
    sync.last = Some(run);
    sync
}

fn rejected() -> SyncView {
    let mut sync = sync(4, "HubSpot Lifecycle", SyncState::Errors);
    sync.sync.settings.tags = vec!["crm".into(), "eu".into()];
    sync.destination = "HubSpot".into();
    sync.next_run_at = Some(at("17:00:00"));
    let mut run = run(4, &sync, RunStatus::CompletedWithErrors, "14:02:00", 71);
    run.counters = Counters {
        read: 900,
        unchanged: 800,
        update: tally(100, 59, 41),
        requests: 2,
        ..Counters::default()
    };
    sync.last = Some(run);
    sync.known = 900;
    sync.health = Some(71);
    sync
}

fn quiet() -> [SyncView; 3] {
    let mut ok = sync(5, "Google Ads Audience", SyncState::Ok);
    ok.destination = "Google Ads".into();
    ok.next_run_at = Some(at("15:00:00"));
    ok.last = Some(run(5, &ok, RunStatus::Completed, "14:00:12", 12));
    let mut paused = sync(6, "Old newsletter", SyncState::Paused);
    paused.sync.settings.paused = true;
    paused.next_run_at = None;
    let mut manual = sync(7, "Backfill once", SyncState::Manual);
    manual.sync.settings.schedule = Schedule::Manual;
    manual.schedule_words = "by hand".into();
    manual.next_run_at = None;
    [ok, paused, manual]
}

pub fn of(syncs: Vec<SyncView>) -> WorkspaceView {
    WorkspaceView {
        sequence: 1,
        name: "acme".into(),
        timezone: "Europe/Berlin".into(),
        sources: vec![Arc::new(Source {
            id: SourceId::from_bits(1),
            name: "crm".into(),
            connector: "sqlite".into(),
            settings: Default::default(),
            revision: 1,
        })],
        syncs: syncs.into_iter().map(Arc::new).collect(),
        ..WorkspaceView::default()
    }
}

/// Seven syncs, one of each kind that matters, one of them running.
pub fn mixed() -> WorkspaceView {
    let mut syncs = vec![failed(), running(), held(), rejected()];
    syncs.extend(quiet());
    of(syncs)
}

pub fn log_lines() -> Vec<LogLine> {
    [
        ("14:47:26", "querying", "contacts: 48,210 rows in 1.2 s"),
        (
            "14:47:27",
            "comparing",
            "1,300 to create, 4,711 to update, 42,196 unchanged, 3 invalid",
        ),
        (
            "14:47:31",
            "rejected",
            "cus_0311: STRING_TOO_LONG FirstName (max 40)",
        ),
        ("14:47:33", "retry", "batch 7: 429, waiting 2.0 s as asked"),
    ]
    .into_iter()
    .map(|(time, word, text)| LogLine {
        at: at(time),
        word: word.into(),
        text: text.into(),
    })
    .collect()
}

/// A log line of the running sync as it arrives.
pub fn live(second: i64, text: &str) -> Event {
    let at = at("14:47:40") + Duration::seconds(second);
    Event {
        number: 0,
        at,
        sync: Some(sync_id(2)),
        run: Some(run_id(2)),
        kind: EventKind::Log(LogLine {
            at,
            word: "writing".into(),
            text: text.into(),
        }),
    }
}

/// A core that answers about [`mixed`] and does what it is asked.
pub fn core() -> Script {
    Box::new(|command| {
        Some(Ok(match command {
            Command::LogPage { run, .. } if *run == run_id(2) => Reply::Log(log_lines()),
            Command::LogPage { .. } => Reply::Log(Vec::new()),
            Command::Runs {
                sync: None,
                before: None,
                ..
            } => Reply::Runs(browsing::all_runs()),
            Command::Runs {
                sync, before: None, ..
            } => {
                let world = mixed();
                let found = world
                    .syncs
                    .iter()
                    .find(|view| Some(view.id().as_str()) == sync.as_deref())
                    .unwrap();
                Reply::Runs(history(found))
            }
            Command::Runs { .. } => Reply::Runs(Vec::new()),
            Command::Browse(question) => return Some(browsing::answer(question)),
            Command::Rows { run, filter } if *run == run_id(4) => {
                Reply::Rows(browsing::rows(filter.unmask))
            }
            Command::History { unmask, .. } => Reply::History(browsing::history(*unmask)),
            Command::Rows { .. } => Reply::Rows(
                ["cus_0192", "cus_0311"]
                    .iter()
                    .map(|key| RowEntry {
                        place: 1,
                        key: [("id".to_owned(), serde_json::json!(key))]
                            .into_iter()
                            .collect(),
                        verdict: "held".into(),
                        op: Some("delete".into()),
                        field: None,
                        code: "held".into(),
                        reason: "guard".into(),
                        attempts: 1,
                        payload: None,
                    })
                    .collect(),
            ),
            _ => Reply::Done,
        }))
    })
}

/// A core that never answers.
pub fn silent() -> Script {
    Box::new(|_| None)
}

pub fn history(sync: &SyncView) -> Vec<Run> {
    let mut runs = Vec::new();
    for (number, (status, ended, seconds)) in [
        (RunStatus::Completed, "13:31:38", 38),
        (RunStatus::CompletedWithErrors, "12:31:41", 41),
        (RunStatus::Failed, "11:31:02", 2),
        (RunStatus::Cancelled, "10:40:00", 250),
        (RunStatus::Completed, "09:31:36", 36),
    ]
    .into_iter()
    .enumerate()
    {
        let mut run = run(20 + number as u64, sync, status, ended, seconds);
        run.counters = Counters {
            read: 48_100,
            unchanged: 47_000,
            create: tally(300, 290, 10),
            update: tally(800, 800, 0),
            ..Counters::default()
        };
        if status == RunStatus::Failed {
            run.counters = Counters::default();
            run.error = Some(
                Problem::new(
                    ProblemKind::Source,
                    "reading contacts from crm: database is locked",
                )
                .hint("close what writes to crm.db, or wait"),
            );
        }
        runs.push(run);
    }
    if let Some(last) = &sync.last {
        runs.insert(0, last.clone());
    }
    runs
}
