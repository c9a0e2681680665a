//! The row log: causes, filters, attempts.

use signalsmith::domain::command::{CauseName, RowFilter};
use signalsmith::domain::plan::OperationKind;
use signalsmith::domain::row::Key;
use signalsmith::domain::run::{Run, RunStatus};
use signalsmith::domain::value::Value;
use signalsmith::store::{AuditDraft, RowLog, Store};

use super::{ack, at, ended, fresh, hash, intent, pinned, run, with_run};

fn row(number: u64, code: &str) -> RowLog {
    RowLog {
        key: Key::of(&[Value::text(format!("Customer-{number}"))]),
        key_hash: hash(number),
        verdict: "rejected".into(),
        op: Some(OperationKind::Create),
        operation: Some(number),
        field: Some("Email".into()),
        code: code.into(),
        reason: "not an address".into(),
    }
}

async fn log(store: &Store, run: &Run, rows: Vec<RowLog>) {
    let mut some = ack(run, None);
    some.rows = rows;
    store.close_intent(some).await.unwrap();
}

#[tokio::test]
async fn rows_come_back_by_place_and_by_filter() {
    let (_dir, store, run) = with_run().await;
    let mut held = row(3, "guard");
    held.verdict = "held".into();
    held.field = None;
    log(&store, &run, vec![row(1, "a"), row(2, "b")]).await;
    log(&store, &run, vec![held.clone(), row(12, "a")]).await;
    let places = async |filter: RowFilter| -> Vec<u64> {
        let rows = store.rows(&run.id, &filter).await.unwrap();
        rows.into_iter().map(|row| row.place).collect()
    };
    let any = RowFilter::default;
    assert_eq!(places(any()).await, [1, 2, 3, 4]);
    let filter = RowFilter {
        code: Some("a".into()),
        ..any()
    };
    assert_eq!(places(filter).await, [1, 4]);
    let filter = RowFilter {
        key: Some("customer-1".into()),
        ..any()
    };
    assert_eq!(places(filter).await, [1, 4]);
    let filter = RowFilter {
        after: 1,
        limit: 2,
        ..any()
    };
    assert_eq!(places(filter).await, [2, 3]);
    let field = |field: &str| RowFilter {
        field: Some(field.into()),
        verdict: Some("rejected".into()),
        ..any()
    };
    assert_eq!(places(field("Email")).await.len(), 3);
    assert!(places(field("")).await.is_empty());
    let filter = RowFilter {
        verdict: Some("held".into()),
        ..any()
    };
    let found = store.rows(&run.id, &filter).await.unwrap().remove(0);
    assert_eq!((found.row, found.attempts), (held, 0));
}

#[tokio::test]
async fn a_rare_key_is_found_behind_many_others() {
    let (_dir, store, run) = with_run().await;
    log(&store, &run, (0..4_500).map(|n| row(n, "a")).collect()).await;
    let filter = RowFilter {
        key: Some("4321".into()),
        ..RowFilter::default()
    };
    let found = store.rows(&run.id, &filter).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place, 4_322);
}

#[tokio::test]
async fn causes_are_counted_and_know_when_they_were_first_seen() {
    let (_dir, store, first) = with_run().await;
    log(&store, &first, vec![row(1, "a")]).await;
    store
        .update_run(&ended(first.clone(), RunStatus::CompletedWithErrors))
        .await
        .unwrap();
    let mut second = run(2, 1, RunStatus::Running);
    second.started_at = Some(at(60));
    store.create_run(&second, &pinned(1), None).await.unwrap();
    log(&store, &second, vec![row(5, "a"), row(6, "b")]).await;
    log(&store, &second, vec![row(7, "a")]).await;
    let causes = store.row_causes(&second.id).await.unwrap();
    let told: Vec<_> = causes
        .iter()
        .map(|cause| (cause.code.as_str(), cause.count, cause.since, cause.runs))
        .collect();
    assert_eq!(told, [("a", 2, at(1), 2), ("b", 1, at(60), 1)]);
    assert_eq!(causes[0].attempts, 1);
    assert_eq!(causes[0].first_key, row(5, "a").key);
    assert_eq!(causes[0].field.as_deref(), Some("Email"));
}

#[tokio::test]
async fn attempts_count_runs_until_the_key_recovers() {
    let (_dir, store) = fresh().await;
    for number in 1..=11 {
        let current = run(number, 1, RunStatus::Running);
        store.create_run(&current, &pinned(1), None).await.unwrap();
        log(&store, &current, vec![row(1, "a"), row(1, "b")]).await;
        if number == 11 {
            log(&store, &current, vec![row(2, "a")]).await;
        }
        let last = store
            .rows(&current.id, &RowFilter::default())
            .await
            .unwrap();
        assert_eq!(u64::from(last[1].attempts), number);
        let stuck = store.stuck(&current.sync).await.unwrap();
        assert_eq!(stuck, u64::from(number >= 10));
        store
            .update_run(&ended(current, RunStatus::CompletedWithErrors))
            .await
            .unwrap();
    }
    let last = run(12, 1, RunStatus::Running);
    store.create_run(&last, &pinned(1), None).await.unwrap();
    assert_eq!(store.failing(&last.sync).await.unwrap(), 2);
    let mut well = ack(&last, None);
    well.recovered = vec![hash(1)];
    store.close_intent(well).await.unwrap();
    assert_eq!(store.failing(&last.sync).await.unwrap(), 1);
    assert_eq!(store.stuck(&last.sync).await.unwrap(), 0);
    log(&store, &last, vec![row(1, "a")]).await;
    let rows = store.rows(&last.id, &RowFilter::default()).await.unwrap();
    assert_eq!(rows[0].attempts, 1);
}

#[tokio::test]
async fn details_go_and_the_run_and_its_open_batches_stay() {
    let (_dir, store, run) = with_run().await;
    store.open_intent(&intent(&run, 0)).await.unwrap();
    store.open_intent(&intent(&run, 1)).await.unwrap();
    store.close_intent(ack(&run, Some(0))).await.unwrap();
    log(&store, &run, vec![row(1, "a"), row(2, "a")]).await;
    store.drop_details(&run.id).await.unwrap();
    let rows = store.rows(&run.id, &RowFilter::default()).await.unwrap();
    assert!(rows.is_empty());
    assert!(store.row_causes(&run.id).await.unwrap().is_empty());
    let intents = store.intents(&run.id).await.unwrap();
    assert_eq!(intents, [(intent(&run, 1), false)]);
    assert!(store.run(&run.id).await.unwrap().is_some());
}

#[tokio::test]
async fn ignored_rows_are_neither_failing_nor_stuck_until_their_cause_changes() {
    let (_dir, store) = fresh().await;
    let cause = CauseName {
        verdict: None,
        code: "a".into(),
        field: None,
    };
    let set = |run: &Run, ignore| {
        let what = AuditDraft {
            action: "ignore".into(),
            kind: "run".into(),
            resource: run.id.to_string(),
            name: "sync 1".into(),
            revision: 1,
            fields: Vec::new(),
        };
        let (store, run, cause) = (store.clone(), run.clone(), cause.clone());
        async move {
            let audit = ("ann".to_owned(), at(0), what);
            store
                .set_ignored(&run, &cause, ignore, audit)
                .await
                .unwrap()
        }
    };
    for number in 1..=10 {
        let current = run(number, 1, RunStatus::Running);
        store.create_run(&current, &pinned(1), None).await.unwrap();
        log(&store, &current, vec![row(1, "a"), row(2, "a")]).await;
        let current = ended(current, RunStatus::CompletedWithErrors);
        store.update_run(&current).await.unwrap();
    }
    let last = store.runs(None, None, 1).await.unwrap().remove(0);
    assert_eq!(store.stuck(&last.sync).await.unwrap(), 2);
    let earlier = store.runs(None, Some(&last.id), 1).await.unwrap().remove(0);
    assert_eq!(set(&earlier, true).await, 0, "they failed again since");
    assert_eq!(set(&last, true).await, 2);
    assert_eq!(store.stuck(&last.sync).await.unwrap(), 0);
    assert_eq!(store.failing(&last.sync).await.unwrap(), 0);
    let next = run(11, 1, RunStatus::Running);
    store.create_run(&next, &pinned(1), None).await.unwrap();
    log(&store, &next, vec![row(1, "a"), row(2, "b")]).await;
    let failing = store.failing_of(&next.id).await.unwrap();
    assert_eq!((failing.open, failing.rejected), (1, 1));
    assert_eq!(store.stuck(&last.sync).await.unwrap(), 1);
    assert_eq!(set(&next, false).await, 0);
    assert_eq!(store.stuck(&last.sync).await.unwrap(), 2);
}
