//! What the Overview needs: causes set aside, and sums of runs by the time of their end.

use chrono::{DateTime, Duration, Utc};
use rusqlite::Connection;
use signalsmith::domain::browse::RunSums;
use signalsmith::domain::run::{Run, RunStatus};
use signalsmith::domain::trouble::{Aside, Extent, Until};
use signalsmith::store::{AuditDraft, Store};

use super::{all_of, at, ended, folder, fresh, pinned, run};

fn aside(cause: &str) -> Aside {
    Aside {
        cause: cause.into(),
        until: Until::Time { at: at(60) },
        at: at(1),
        by: "local".into(),
        seen: Extent {
            concerns: ["syn_a".to_owned()].into(),
            rows: 41,
            ..Extent::default()
        },
    }
}

fn what(action: &str) -> AuditDraft {
    AuditDraft {
        action: action.into(),
        kind: "trouble".into(),
        resource: "refused/dst_a".into(),
        name: "41 rows refused".into(),
        revision: 0,
        fields: Vec::new(),
    }
}

#[tokio::test]
async fn a_cause_stays_aside_over_a_restart_until_it_is_taken_up_and_both_are_on_record() {
    let dir = folder();
    let store = Store::open(dir.path(), 1, at(0)).unwrap();
    let who = ("ann", at(1));
    for cause in ["refused/dst_a", "held/mod_a"] {
        let aside = Some(aside(cause));
        let set = store.set_aside(cause, aside, who, what("snooze"));
        set.await.unwrap();
    }
    store.close().await;
    let store = Store::open(dir.path(), 2, at(2)).unwrap();
    let all = vec![aside("held/mod_a"), aside("refused/dst_a")];
    assert_eq!(store.asides().await.unwrap(), all);
    let up = store.set_aside("refused/dst_a", None, who, what("take up"));
    up.await.unwrap();
    store.drop_asides(vec!["held/mod_a".into()]).await.unwrap();
    assert_eq!(store.asides().await.unwrap(), []);
    let audit = store.audit(10, None).await.unwrap();
    let actions: Vec<&str> = audit.iter().map(|it| it.what.action.as_str()).collect();
    assert_eq!(actions, ["take up", "snooze", "snooze", "create"]);
    assert_eq!(audit[0].actor, "ann");
}

/// Makes a run that ended then, so and with so many rows.
async fn ends(
    store: &Store,
    number: u64,
    status: RunStatus,
    when: DateTime<Utc>,
    rows: u64,
) -> Run {
    let mut made = run(number, 1, RunStatus::Running);
    store.create_run(&made, &pinned(1), None).await.unwrap();
    made = ended(made, status);
    made.ended_at = Some(when);
    made.counters.update.planned = rows + 1;
    made.counters.update.done = rows;
    made.counters.update.rejected = 1;
    store.update_run(&made).await.unwrap();
    made
}

fn sums(runs: u64, failed: u64, with_errors: u64, written: u64) -> RunSums {
    RunSums {
        runs,
        failed,
        with_errors,
        written,
        refused: runs,
    }
}

/// Midnight before the tests' time, which is 22:13 in UTC.
fn midnight() -> DateTime<Utc> {
    "2023-11-14T00:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn runs_are_summed_by_the_day_on_which_they_ended_in_any_zone() {
    let (_dir, store) = fresh().await;
    let hour = Duration::hours(1);
    let errors = RunStatus::CompletedWithErrors;
    ends(&store, 1, RunStatus::Completed, midnight() - hour, 10).await;
    ends(&store, 2, RunStatus::Failed, midnight(), 20).await;
    ends(&store, 3, errors, midnight() + hour * 5, 30).await;
    let mut plan = run(4, 1, RunStatus::Running);
    plan.options.plan_only = true;
    store.create_run(&plan, &pinned(1), None).await.unwrap();
    let planned = ended(plan, RunStatus::Completed);
    store.update_run(&planned).await.unwrap();
    let days = vec![midnight() - hour * 24, midnight()];
    let read = store.run_sums(days).await.unwrap();
    assert_eq!(read, [sums(1, 0, 0, 10), sums(2, 1, 1, 50)]);
    // Where clocks are five and a half hours ahead, all but the last is of the same day.
    let kolkata = midnight() - hour * 5 - Duration::minutes(30);
    let days = vec![kolkata, kolkata + hour * 24, kolkata + hour * 48];
    let read = store.run_sums(days).await.unwrap();
    assert_eq!(
        read,
        [sums(3, 1, 1, 60), RunSums::default(), RunSums::default()]
    );
    assert_eq!(store.run_sums(Vec::new()).await.unwrap(), []);
}

#[tokio::test]
async fn a_run_whose_outcomes_come_late_or_that_goes_on_counts_once() {
    let (_dir, store) = fresh().await;
    let mut late = ends(&store, 1, RunStatus::Completed, at(5), 10).await;
    late.status = RunStatus::CompletedWithErrors;
    late.counters.update.done = 7;
    store.update_run(&late).await.unwrap();
    let mut again = ends(&store, 2, RunStatus::Interrupted, at(6), 3).await;
    let day = vec![midnight()];
    let read = store.run_sums(day.clone()).await.unwrap();
    assert_eq!(read, [sums(2, 1, 1, 10)]);
    again.status = RunStatus::Running;
    again.ended_at = None;
    store.claim_run(&again, &pinned(1)).await.unwrap();
    let read = store.run_sums(day.clone()).await.unwrap();
    assert_eq!(read, [sums(1, 0, 1, 7)]);
    let mut done = ended(again, RunStatus::Completed);
    done.counters.update.done = 5;
    store.update_run(&done).await.unwrap();
    assert_eq!(store.run_sums(day).await.unwrap(), [sums(2, 0, 1, 12)]);
}

#[tokio::test]
async fn a_store_of_an_earlier_version_gets_the_sums_of_the_runs_that_it_has() {
    let dir = folder();
    let store = Store::open(dir.path(), 1, at(0)).unwrap();
    store.change_catalog("ann", at(0), all_of(1)).await.unwrap();
    ends(&store, 1, RunStatus::Completed, at(5), 10).await;
    ends(&store, 2, RunStatus::Failed, at(25), 20).await;
    let day = vec![midnight()];
    let before = store.run_sums(day.clone()).await.unwrap();
    assert_eq!(before, [sums(2, 1, 0, 30)]);
    store.close().await;
    let db = Connection::open(dir.path().join("state.db")).unwrap();
    db.execute_batch(
        "DROP TABLE quarters; DROP TABLE asides; DROP INDEX attempts_stuck;
         DROP TABLE written; DROP TABLE ignored; DROP TABLE kept; DROP TABLE kept_pending;
         ALTER TABLE causes DROP COLUMN ignored;
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(db);
    let store = Store::open(dir.path(), 2, at(2)).unwrap();
    assert_eq!(store.run_sums(day).await.unwrap(), before);
    assert_eq!(store.asides().await.unwrap(), []);
}
