//! Tests of the grouping: every sync in trouble is told, once for each cause, and figures add up.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::destination::{Destination, Health};
use crate::domain::model::Model;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::{Counters, Phase, Run, RunOptions, RunStatus, Trigger};
use crate::domain::sync::Sync;
use crate::link::view::{ActiveRun, HeldDeletes, IgnoredRows, SyncState, SyncView};

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
}

fn destination(number: u64, health: Health) -> Destination {
    Destination {
        id: DestinationId::from_bits(number),
        name: format!("place {number}"),
        connector: "webhook".into(),
        settings: Default::default(),
        health,
        revision: 1,
    }
}

fn model(number: u64) -> Model {
    serde_json::from_value(json!({
        "id": ModelId::from_bits(number), "name": format!("model {number}"),
        "source": SourceId::from_bits(number % 2), "sql": "select 1",
        "columns": [], "primary_key": ["id"], "revision": 1,
    }))
    .unwrap()
}

fn run(number: u64, sync: &SyncView, status: RunStatus) -> Run {
    Run {
        id: RunId::from_bits(number),
        sync: sync.id().clone(),
        revision: 1,
        trigger: Trigger::Manual,
        options: RunOptions::default(),
        mode: sync.sync.settings.mode,
        status,
        phase: None,
        queued_at: at(0),
        started_at: Some(at(0)),
        ended_at: status.is_final().then(|| at(1)),
        error: None,
        retry_at: None,
        plan_hash: Some("8f3a".into()),
        counters: Counters::default(),
        phases: Vec::new(),
    }
}

fn sync(number: u64, place: u64) -> SyncView {
    let sync: Sync = serde_json::from_value(json!({
        "id": SyncId::from_bits(number), "name": format!("sync {number:03}"), "revision": 1,
        "model": ModelId::from_bits(number % 3), "destination": DestinationId::from_bits(place),
        "destination_object": "Contact", "mode": "upsert",
    }))
    .unwrap();
    SyncView {
        ignored: IgnoredRows::default(),
        kept: None,
        model: format!("model {}", number % 3),
        source: format!("source {}", number % 3 % 2),
        destination: format!("place {place}"),
        destination_type: "webhook".into(),
        state: SyncState::Ok,
        schedule_words: String::new(),
        next_run_at: None,
        active: None,
        queued: None,
        last: None,
        recent: Vec::new(),
        known: 0,
        held: None,
        health: None,
        since: None,
        stuck: 0,
        sync,
    }
}

fn failed(sync: &SyncView, kind: ProblemKind, text: &str) -> SyncView {
    let mut sync = sync.clone();
    let mut run = run(900, &sync, RunStatus::Failed);
    run.error = Some(Problem::new(kind, text));
    sync.last = Some(run);
    sync.state = SyncState::Failed;
    sync
}

fn with_errors(sync: &SyncView, invalid: u64, rejected: u64) -> SyncView {
    let mut sync = sync.clone();
    let mut run = run(901, &sync, RunStatus::CompletedWithErrors);
    run.counters.invalid = invalid;
    run.counters.update.planned = rejected;
    run.counters.update.rejected = rejected;
    sync.last = Some(run);
    sync.state = SyncState::Errors;
    sync
}

fn world(syncs: Vec<SyncView>, failing: &[u64]) -> WorkspaceView {
    let health = |number: u64| match failing.contains(&number) {
        true => Health::Failing {
            at: at(2),
            reason: "sign in: 401".into(),
        },
        false => Health::Healthy { at: at(2) },
    };
    WorkspaceView {
        destinations: (0..3)
            .map(|n| Arc::new(destination(n, health(n))))
            .collect(),
        models: (0..3).map(|n| Arc::new(model(n))).collect(),
        syncs: syncs.into_iter().map(Arc::new).collect(),
        ..WorkspaceView::default()
    }
}

fn keys(view: &WorkspaceView) -> Vec<(String, usize)> {
    let troubles = Troubles::of(view, at(9));
    let all = troubles.all.iter();
    all.map(|it| (it.key.clone(), it.syncs.len())).collect()
}

fn aside(trouble: &Trouble, until: Until) -> Aside {
    Aside {
        cause: trouble.key.clone(),
        until,
        at: at(5),
        by: "local".into(),
        seen: trouble.extent.clone(),
    }
}

#[test]
fn one_failing_destination_is_one_cause_for_all_its_syncs() {
    let mut paused = sync(4, 1);
    paused.sync.settings.paused = true;
    let view = world(
        vec![
            failed(&sync(1, 1), ProblemKind::Auth, "cannot sign in"),
            failed(&sync(2, 1), ProblemKind::Destination, "no answer"),
            sync(3, 1),
            paused,
            sync(5, 2),
        ],
        &[1],
    );
    let troubles = Troubles::of(&view, at(9));
    assert_eq!(troubles.figures(), (3, 1));
    let cause = &troubles.all[0];
    assert_eq!(cause.title, "place 1: sign in: 401");
    let names: Vec<&str> = cause.syncs.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["sync 001", "sync 002", "sync 003"]);
    assert_eq!(cause.place, Place::Destination(DestinationId::from_bits(1)));
}

#[test]
fn failures_of_one_kind_at_one_place_are_one_cause_and_figures_in_words_do_not_divide_it() {
    let guard = ProblemKind::Guard;
    let refused = |number, place, rows: u64| {
        let text = format!("the first {rows} rows were all refused");
        let mut sync = failed(&sync(number, place), guard, &text);
        if let Some(run) = &mut sync.last {
            run.counters.requests = 3;
        }
        sync
    };
    let view = world(
        vec![
            refused(1, 0, 500),
            refused(2, 0, 417),
            failed(&sync(3, 0), guard, "the model returned 3 % of its rows"),
            refused(4, 1, 500),
            failed(&sync(5, 0), ProblemKind::Source, "database is locked"),
            failed(&sync(7, 1), ProblemKind::Source, "no such table"),
        ],
        &[],
    );
    let numbers: Vec<usize> = keys(&view).into_iter().map(|(_, syncs)| syncs).collect();
    assert_eq!(numbers, [2, 1, 1, 1, 1]);
}

#[test]
fn the_worst_stands_first_and_what_is_only_good_to_know_does_not_count() {
    let mut missed = sync(1, 0);
    let mut caught_up = run(7, &missed, RunStatus::Completed);
    caught_up.trigger = Trigger::Schedule {
        slot: at(0),
        missed: 3,
        words: "every 60 min".into(),
    };
    missed.last = Some(caught_up);
    let mut held = sync(2, 0);
    held.held = Some(HeldDeletes {
        count: 6_204,
        plan_hash: "8f3a".into(),
        run: RunId::from_bits(1),
    });
    let view = world(
        vec![
            missed,
            held,
            with_errors(&sync(3, 0), 2, 41),
            failed(&sync(4, 0), ProblemKind::Source, "locked"),
        ],
        &[],
    );
    let troubles = Troubles::of(&view, at(9));
    let states: Vec<&str> = troubles.all.iter().map(|it| it.state).collect();
    assert_eq!(states, ["failed", "held", "invalid", "refused", "made up"]);
    assert_eq!(troubles.figures(), (4, 4));
    assert_eq!(troubles.all[1].title, "model 2: 6,204 deletes held");
    assert_eq!(troubles.all[3].title, "place 0: 41 rows refused");
}

#[test]
fn what_a_person_cancelled_is_no_trouble_and_a_failure_stays_one_while_the_next_run_goes_on() {
    let mut cancelled = sync(1, 0);
    cancelled.last = Some(run(1, &cancelled, RunStatus::Cancelled));
    cancelled.state = SyncState::Failed;
    let mut again = failed(&sync(2, 0), ProblemKind::Source, "locked");
    again.state = SyncState::Running;
    let view = world(vec![cancelled, again], &[]);
    assert_eq!(keys(&view).len(), 1);
}

#[test]
fn what_was_set_aside_stands_below_counts_no_more_and_comes_back_when_it_is_worse() {
    let mut view = world(
        vec![
            failed(&sync(1, 0), ProblemKind::Source, "locked"),
            with_errors(&sync(2, 0), 0, 10),
        ],
        &[],
    );
    let failed_source = Troubles::of(&view, at(9)).all[0].clone();
    view.asides.push(aside(&failed_source, Until::Worse));
    let troubles = Troubles::of(&view, at(9));
    assert_eq!(troubles.figures(), (1, 1));
    assert_eq!(troubles.all[1].key, failed_source.key);
    assert!(troubles.all[1].aside.is_some());
    let more = failed(&sync(4, 0), ProblemKind::Source, "locked");
    assert_eq!(more.source, view.syncs[0].source);
    view.syncs.push(Arc::new(more));
    assert_eq!(Troubles::of(&view, at(9)).figures(), (3, 2));
}

#[test]
fn a_snooze_is_over_at_its_time_which_is_told() {
    let mut view = world(vec![with_errors(&sync(2, 0), 0, 10)], &[]);
    let trouble = Troubles::of(&view, at(9)).all[0].clone();
    view.asides
        .push(aside(&trouble, Until::Time { at: at(60) }));
    let troubles = Troubles::of(&view, at(59));
    assert_eq!((troubles.figures(), troubles.until), ((0, 0), Some(at(60))));
    let troubles = Troubles::of(&view, at(60));
    assert_eq!((troubles.figures(), troubles.until), ((1, 1), None));
}

fn any_sync(number: u64) -> impl Strategy<Value = SyncView> {
    let kinds = prop_oneof![
        Just(ProblemKind::Auth),
        Just(ProblemKind::Destination),
        Just(ProblemKind::Source),
        Just(ProblemKind::Guard),
        Just(ProblemKind::Config),
        Just(ProblemKind::RateLimited),
        Just(ProblemKind::State),
    ];
    let plain = (0..3_u64, any::<[bool; 4]>());
    (plain, 0..8_u8, kinds, 0..3_u64, 0..3_u64).prop_map(
        move |((place, [paused, held, waits, stuck]), ended, kind, invalid, rejected)| {
            let mut one = sync(number, place);
            one = match ended {
                0 => failed(&one, kind, "it did not work"),
                1 => with_errors(&one, invalid, rejected),
                2 => {
                    one.last = Some(run(3, &one, RunStatus::Interrupted));
                    one
                }
                3 => {
                    one.state = SyncState::NeedsAttention {
                        reason: "no column email".into(),
                    };
                    one
                }
                _ => one,
            };
            one.sync.settings.paused = paused;
            one.stuck = u64::from(stuck);
            one.held = held.then(|| HeldDeletes {
                count: 7,
                plan_hash: "8f3a".into(),
                run: RunId::from_bits(1),
            });
            if waits {
                let mut waiting = run(4, &one, RunStatus::Running);
                waiting.phase = Some(Phase::AwaitingApproval);
                one.active = Some(ActiveRun {
                    run: waiting,
                    expected_rows: None,
                    rows_per_second: 0.0,
                    eta_s: None,
                });
            }
            one
        },
    )
}

fn any_world() -> impl Strategy<Value = WorkspaceView> {
    let syncs: Vec<_> = (0..12).map(any_sync).collect();
    (syncs, proptest::collection::vec(0..3_u64, 0..3))
        .prop_map(|(syncs, failing)| world(syncs, &failing))
}

fn in_trouble(view: &WorkspaceView, sync: &SyncView) -> bool {
    let place = &sync.sync.settings.destination;
    let failing = view
        .destinations
        .iter()
        .any(|one| one.id == *place && matches!(one.health, Health::Failing { .. }));
    let last = sync.last.as_ref().map(|run| run.status);
    matches!(sync.state, SyncState::NeedsAttention { .. })
        || matches!(
            last,
            Some(RunStatus::Failed | RunStatus::CompletedWithErrors | RunStatus::Interrupted)
        )
        || sync.held.is_some()
        || sync.active.is_some()
        || sync.stuck > 0
        || failing && !sync.sync.settings.paused
}

proptest! {
    #[test]
    fn every_sync_in_trouble_is_told_and_no_other_and_the_figures_add_up(view in any_world()) {
        let troubles = Troubles::of(&view, at(9));
        for sync in &view.syncs {
            let causes = troubles
                .all
                .iter()
                .filter(|it| it.syncs.iter().any(|one| one.sync == *sync.id()));
            prop_assert_eq!(causes.count() > 0, in_trouble(&view, sync), "{}", sync.name());
        }
        let mut keys: Vec<&str> = troubles.all.iter().map(|it| it.key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        prop_assert_eq!(keys.len(), troubles.all.len());
        for trouble in &troubles.all {
            let mut ids: Vec<&str> = trouble.syncs.iter().map(|it| it.sync.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), trouble.syncs.len());
        }
        let members: u64 = troubles.counted().map(Trouble::problems).sum();
        let causes = troubles.counted().count() as u64;
        prop_assert_eq!(troubles.figures(), (members, causes));
        let severities: Vec<_> = troubles.all.iter().map(|it| Reverse(it.severity)).collect();
        prop_assert!(severities.is_sorted());
    }

    #[test]
    fn what_was_acknowledged_stays_so_until_a_sync_more_is_concerned(
        view in any_world(), which in any::<proptest::sample::Index>()
    ) {
        let before = Troubles::of(&view, at(9));
        prop_assume!(!before.all.is_empty());
        let trouble = &before.all[which.index(before.all.len())];
        let mut view = view;
        view.asides.push(aside(trouble, Until::Worse));
        let after = Troubles::of(&view, at(9_999));
        prop_assert!(after.get(&trouble.key).unwrap().aside.is_some());
        // Fewer syncs are no worse.
        view.syncs.pop();
        let fewer = Troubles::of(&view, at(9_999));
        if let Some(left) = fewer.get(&trouble.key) {
            prop_assert!(left.aside.is_some());
        }
    }
}
