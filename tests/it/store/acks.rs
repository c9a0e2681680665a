//! Acknowledgements: the intent first, then everything that follows from the verdicts at once.

use signalsmith::domain::run::{Bucket, RunStatus};
use signalsmith::store::{
    ConflictKind, Held, JournalChange, PendingRow, Store, StoreError, UnknownRow,
};

use super::{ack, at, ended, hash, intent, with_run};

const ALL: ([u8; 16], [u8; 16]) = ([0; 16], [255; 16]);

fn change(number: u64, entry: Option<&[u8]>) -> JournalChange {
    JournalChange {
        key_hash: hash(number),
        entry: entry.map(<[u8]>::to_vec),
    }
}

fn unknown(run: &signalsmith::domain::run::Run, number: u64) -> UnknownRow {
    UnknownRow {
        key_hash: hash(number),
        key: vec![4, 2],
        identifier: vec![6, 1],
        deleting: false,
        operation: number,
        run: run.id.clone(),
        reason: "no answer".into(),
    }
}

#[tokio::test]
async fn an_intent_stays_open_until_its_verdicts_and_over_a_crash() {
    let (dir, store, run) = with_run().await;
    let (first, second) = (intent(&run, 0), intent(&run, 1));
    store.open_intent(&first).await.unwrap();
    store.open_intent(&second).await.unwrap();
    store.close_intent(ack(&run, Some(0))).await.unwrap();
    drop(store);
    let store = Store::open(dir.path(), 2, at(0)).unwrap();
    let open = store.open_intents().await.unwrap();
    assert_eq!(open, std::slice::from_ref(&second));
    let all = store.intents(&run.id).await.unwrap();
    assert_eq!(all, [(first, true), (second, false)]);
}

#[tokio::test]
async fn a_batch_has_one_intent_and_gets_its_verdicts_once() {
    let (_dir, store, run) = with_run().await;
    store.open_intent(&intent(&run, 0)).await.unwrap();
    let twice = store.open_intent(&intent(&run, 0)).await;
    assert!(matches!(
        twice,
        Err(StoreError::Conflict {
            kind: ConflictKind::Exists,
            ..
        })
    ));
    store.close_intent(ack(&run, Some(0))).await.unwrap();
    let mut again = ack(&run, Some(0));
    again.journal.push(change(1, Some(b"late")));
    let refused = store.close_intent(again).await;
    assert!(matches!(
        refused,
        Err(StoreError::Conflict {
            kind: ConflictKind::Status,
            ..
        })
    ));
    let count = store.journal_count_blocking(&run.sync, ALL.0, ALL.1);
    assert_eq!(count.unwrap(), 0);
    let never = store.close_intent(ack(&run, Some(7))).await;
    assert!(matches!(never, Err(StoreError::NotFound { .. })));
}

#[tokio::test]
async fn counters_and_journal_change_together_or_not_at_all() {
    let (_dir, store, mut run) = with_run().await;
    store.open_intent(&intent(&run, 0)).await.unwrap();
    run.counters.read = 1;
    run.counters.create.plan();
    run.counters.create.settle(Bucket::Done);
    let mut good = ack(&run, Some(0));
    good.journal.push(change(1, Some(b"entry")));
    store.close_intent(good).await.unwrap();
    let mut bad_run = run.clone();
    bad_run.counters.create.done = 99;
    let mut bad = ack(&bad_run, Some(5));
    bad.journal.push(change(2, Some(b"entry")));
    store.close_intent(bad).await.unwrap_err();
    let (saved, _) = store.run(&run.id).await.unwrap().unwrap();
    assert_eq!(saved.counters, run.counters);
    let journal = store.journal_blocking(&run.sync, ALL.0, ALL.1).unwrap();
    assert_eq!(journal, [(1, hash(1).0, Some(b"entry".to_vec()))]);
}

#[tokio::test]
async fn a_late_answer_of_a_dead_core_changes_nothing() {
    let (dir, old, run) = with_run().await;
    old.open_intent(&intent(&run, 0)).await.unwrap();
    let store = Store::open(dir.path(), 2, at(0)).unwrap();
    let mut late = ack(&run, Some(0));
    late.journal.push(change(1, Some(b"late")));
    assert!(matches!(
        old.close_intent(late.clone()).await,
        Err(StoreError::Fenced { .. })
    ));
    // The new core may not go on with the run as if it were its own either.
    assert!(matches!(
        store.close_intent(late).await,
        Err(StoreError::Fenced { .. })
    ));
    assert_eq!(store.open_intents().await.unwrap().len(), 1);
    // It declares it interrupted and replays the batch.
    let interrupted = ended(run, RunStatus::Interrupted);
    store.update_run(&interrupted).await.unwrap();
    let mut replayed = ack(&interrupted, Some(0));
    replayed.journal.push(change(1, Some(b"replayed")));
    store.close_intent(replayed).await.unwrap();
    assert!(store.open_intents().await.unwrap().is_empty());
}

#[tokio::test]
async fn unknown_rows_stay_until_they_are_cleared() {
    let (_dir, store, run) = with_run().await;
    let mut marks = ack(&run, None);
    marks.unknown_add = vec![unknown(&run, 1), unknown(&run, 2)];
    store.close_intent(marks).await.unwrap();
    let dirty = store.dirty_blocking(&run.sync, hash(2).0, ALL.1).unwrap();
    let keys: Vec<_> = dirty
        .into_iter()
        .map(|row| (row.key_hash, row.key))
        .collect();
    assert_eq!(keys, [(hash(2).0, vec![4, 2])]);
    let mut clears = ack(&run, None);
    clears.unknown_clear = vec![hash(1)];
    store.close_intent(clears).await.unwrap();
    let left = store.unknown(&run.sync).await.unwrap();
    assert_eq!(left, [unknown(&run, 2)]);
}

#[tokio::test]
async fn a_pending_outcome_is_settled_by_a_later_verdict_of_its_run() {
    let (_dir, store, run) = with_run().await;
    let waits = |number| PendingRow {
        operation: number,
        key_hash: hash(number),
        ticket: format!("t{number}"),
    };
    let mut sent = ack(&run, None);
    sent.pending = vec![waits(1), waits(2)];
    store.close_intent(sent).await.unwrap();
    let done = ended(run.clone(), RunStatus::Completed);
    store.update_run(&done).await.unwrap();
    let other = super::run(2, 1, RunStatus::Running);
    store
        .create_run(&other, &super::pinned(1), None)
        .await
        .unwrap();
    let mut of_other = ack(&other, None);
    of_other.journal.push(change(2, None));
    store.close_intent(of_other).await.unwrap();
    assert_eq!(store.pending(None).await.unwrap().len(), 2);
    let mut settled = ack(&done, None);
    settled.journal.push(change(1, Some(b"x")));
    store.close_intent(settled).await.unwrap();
    let left = store.pending(Some(&run.sync)).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!((&left[0].run, &left[0].row), (&run.id, &waits(2)));
}

#[tokio::test]
async fn held_deletes_are_replaced_and_dropped() {
    let (_dir, store, run) = with_run().await;
    assert_eq!(store.held(&run.sync).await.unwrap(), None);
    for count in [40, 12] {
        let held = Held {
            run: run.id.clone(),
            plan_hash: format!("p{count}"),
            count,
        };
        store.set_held(&run.sync, Some(held.clone())).await.unwrap();
        assert_eq!(store.held(&run.sync).await.unwrap(), Some(held));
    }
    store.set_held(&run.sync, None).await.unwrap();
    assert_eq!(store.held(&run.sync).await.unwrap(), None);
}
