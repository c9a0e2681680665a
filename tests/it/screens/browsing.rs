//! Plans, causes and an audit trail made by hand, as a core answers about them.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json, json};
use signalsmith::domain::browse::{
    AuditLine, Browse, Browsed, Cause, PlanFound, PlanHead, PlanPart, PlanRow, RunSums,
};
use signalsmith::domain::command::{HistoryEntry, Reply, RowEntry};
use signalsmith::domain::plan::OperationKind;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::domain::run::{Phase, PhaseTime, Run, RunStatus};

use super::worlds::{mixed, run, run_id, tally};

fn at(time: &str) -> DateTime<Utc> {
    format!("2026-11-24T{time}Z").parse().unwrap()
}

/// A run that only planned, with each kind of entry; its deletes are over the limit.
pub fn planned(status: RunStatus) -> Run {
    let world = mixed();
    let mut planned = run(60, &world.syncs[4], status, "14:46:10", 3);
    planned.options.plan_only = true;
    planned.counters.read = 43_306;
    planned.counters.unchanged = 37_292;
    planned.counters.invalid = 3;
    planned.counters.create = tally(1_300, 0, 0);
    planned.counters.update = tally(4_711, 0, 0);
    planned.counters.delete.planned = 6_204;
    planned.counters.delete.held = 6_204;
    planned
}

/// A run of the fourth sync whose rows were refused for more than one cause.
pub fn refused() -> Run {
    let world = mixed();
    let mut run = run(
        4,
        &world.syncs[3],
        RunStatus::CompletedWithErrors,
        "14:02:00",
        71,
    );
    run.counters.read = 50_000;
    run.counters.unchanged = 1_778;
    run.counters.invalid = 12;
    run.counters.update = tally(48_210, 0, 500);
    run.phases = [
        (Phase::Querying, 1_200),
        (Phase::Comparing, 400),
        (Phase::Writing, 69_400),
    ]
    .into_iter()
    .map(|(name, ms)| PhaseTime { name, ms })
    .collect();
    run
}

/// The runs of all syncs, newest first.
pub fn all_runs() -> Vec<Run> {
    let world = mixed();
    let last = world.syncs.iter().filter_map(|sync| sync.last.clone());
    last.chain(super::worlds::history(&world.syncs[1]))
        .collect()
}

fn key(number: u64) -> Map<String, Json> {
    let mut key = Map::new();
    key.insert("id".into(), json!(format!("cus_{number:07}")));
    key
}

/// The entry at a place among those of a part.
fn entry(part: PlanPart, at: u64) -> PlanRow {
    let kind = match (part, at % 3) {
        (PlanPart::Invalid, _) => None,
        (PlanPart::All, 0) => Some(OperationKind::Update),
        (PlanPart::All, 1) => Some(OperationKind::Create),
        (PlanPart::All, _) => Some(OperationKind::Delete),
        (part, _) => part.kind(),
    };
    let new = json!({"Email": format!("u{at}@example.com"), "LTV__c": "1377.00", "Name": "Ada"});
    let old = json!({"Email": format!("u{at}@example.com"), "LTV__c": "1204.50", "Name": "Ada"});
    let is = |kinds: &[OperationKind]| kind.is_some_and(|kind| kinds.contains(&kind));
    PlanRow {
        op: kind,
        key: key(at),
        identifier: kind.map_or(String::new(), |_| format!("u{at}@example.com")),
        destination_id: is(&[OperationKind::Delete]).then(|| "003xx7Qd".to_owned()),
        old: is(&[OperationKind::Update]).then_some(old),
        new: is(&[OperationKind::Create, OperationKind::Update]).then_some(new),
        why: kind
            .is_none()
            .then(|| "does_not_fit: `x•••` is not a number".to_owned()),
        field: kind.is_none().then(|| "LTV__c".to_owned()),
    }
}

fn head(run: Run) -> PlanHead {
    PlanHead {
        plan_hash: "8f3a11c0ffee".repeat(4),
        invalid: run.counters.invalid,
        known: 48_210,
        delete_limit: 500,
        foreign_deletes: 0,
        run,
    }
}

pub fn edit() -> AuditLine {
    AuditLine {
        number: 41,
        at: at("13:58:00"),
        actor: "bob".into(),
        action: "update".into(),
        kind: "sync".into(),
        resource: "syn_x".into(),
        name: "HubSpot Lifecycle".into(),
        revision: 14,
        fields: vec![(
            "field_mappings[LastName]".into(),
            json!({"source_column": "last_name", "destination_field": "LastName"}).to_string(),
            json!({"source_column": "surname", "destination_field": "LastName"}).to_string(),
        )],
    }
}

fn causes() -> Vec<Cause> {
    let cause = |verdict: &str, code: &str, field: &str, rows, runs| Cause {
        verdict: verdict.into(),
        code: code.into(),
        field: Some(field.into()),
        rows,
        ignored: 0,
        since: at("14:01:00"),
        runs,
        stuck: runs > 9,
        edit: None,
    };
    let mut first = cause("rejected", "REQUIRED_FIELD_MISSING", "LastName", 500, 1);
    first.edit = Some(edit());
    vec![first, cause("invalid", "does_not_fit", "Phone", 12, 14)]
}

/// The audit trail: 250 entries, of which the 41st is the edit that came before a cause.
fn audit(before: Option<u64>, limit: u32) -> Vec<AuditLine> {
    let newest = before.unwrap_or(251) - 1;
    let oldest = newest.saturating_sub(u64::from(limit)) + 1;
    (oldest..=newest)
        .rev()
        .map(|number| AuditLine {
            number,
            action: if number == 250 { "unmask" } else { "update" }.into(),
            kind: if number == 250 { "run" } else { "sync" }.into(),
            ..edit()
        })
        .collect()
}

/// What runs did on a day.
fn day(number: usize) -> RunSums {
    let number = number as u64;
    RunSums {
        runs: 24,
        failed: [0, 0, 1, 0, 12][number as usize % 5],
        with_errors: 1,
        written: 9_000 + number * number * 4_211 % 40_000,
        refused: 41,
    }
}

/// What is answered about what is on record.
pub fn answer(question: &Browse) -> Result<Reply, Problem> {
    let browsed = match question {
        Browse::Plan { run } => {
            let world = mixed();
            let last = world.syncs.iter().filter_map(|sync| sync.last.clone());
            let found = last
                .chain([planned(RunStatus::Completed)])
                .find(|known| known.id == *run);
            match found {
                Some(run) => Browsed::Plan(Box::new(head(run))),
                None => {
                    let text = format!("the plan of run {run} is no longer kept");
                    return Err(Problem::new(ProblemKind::NotFound, text));
                }
            }
        }
        Browse::Entries {
            part,
            offset,
            limit,
            ..
        } => {
            let total = match part {
                PlanPart::All => 12_215,
                PlanPart::Create => 1_300,
                PlanPart::Update => 4_711,
                PlanPart::Delete => 6_204,
                PlanPart::Invalid => 3,
            };
            let end = (offset + u64::from(*limit)).min(total);
            Browsed::Entries((*offset..end).map(|at| entry(*part, at)).collect())
        }
        Browse::Find { text, offset, .. } => {
            let wanted: u64 = text.trim_start_matches("cus_").parse().unwrap_or(u64::MAX);
            let hit = wanted >= *offset && wanted < 12_215;
            // The first stretch does not reach far, so that a face must go on.
            Browsed::Found(match (hit, *offset < 5_000 && wanted > 5_000) {
                (_, true) => PlanFound {
                    at: None,
                    next: Some(5_000),
                },
                (true, false) => PlanFound {
                    at: Some(wanted),
                    next: None,
                },
                (false, false) => PlanFound {
                    at: None,
                    next: None,
                },
            })
        }
        Browse::Causes { run } if *run == run_id(4) => Browsed::Causes(causes()),
        Browse::Causes { .. } => Browsed::Causes(Vec::new()),
        Browse::Audit { before, limit } => Browsed::Audit(audit(*before, *limit)),
        Browse::Stretches { starts } => Browsed::Stretches((0..starts.len()).map(day).collect()),
        Browse::Since { .. } => Browsed::Since(RunSums {
            runs: 11,
            failed: 1,
            ..RunSums::default()
        }),
    };
    Ok(Reply::Browsed(Box::new(browsed)))
}

/// Rows of a cause; personal values as they are only where that was asked for.
pub fn rows(unmask: bool) -> Vec<RowEntry> {
    let email = if unmask {
        "ada@example.com"
    } else {
        "a•••@e•••"
    };
    (0..3)
        .map(|number| RowEntry {
            place: number + 1,
            key: key(192 + number),
            verdict: "rejected".into(),
            op: Some("update".into()),
            field: Some("LastName".into()),
            code: "REQUIRED_FIELD_MISSING".into(),
            reason: "Required fields are missing: [LastName]".into(),
            attempts: 1,
            payload: Some(json!({"Email": email, "LastName": null})),
        })
        .collect()
}

pub fn history(unmask: bool) -> Vec<HistoryEntry> {
    let email = if unmask {
        "ada@example.com"
    } else {
        "a•••@e•••"
    };
    let entry = |number, time: &str, op, old| HistoryEntry {
        at: at(time),
        sync: "HubSpot Lifecycle".into(),
        run: run_id(number),
        revision: 13,
        op,
        key: key(192),
        old,
        new: Some(json!({"Email": email, "Stage": "customer"})),
    };
    let old = Some(json!({"Email": email, "Stage": "lead"}));
    vec![
        entry(21, "12:31:41", OperationKind::Update, old),
        entry(20, "09:31:41", OperationKind::Create, None),
    ]
}
