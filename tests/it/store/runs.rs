//! Runs: one at a time per sync, a slot once, and only their own core may change them.

use signalsmith::domain::id::{RunId, SyncId};
use signalsmith::domain::run::{RunStatus, Trigger};
use signalsmith::store::{ConflictKind, Store, StoreError};

use super::{at, ended, fresh, pinned, run, sync, with_run};

fn kind<T: std::fmt::Debug>(result: Result<T, StoreError>) -> ConflictKind {
    match result {
        Err(StoreError::Conflict { kind, .. }) => kind,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_callers_at_once_one_starts_a_run_and_one_queues() {
    let (_dir, store) = fresh().await;
    for status in [RunStatus::Running, RunStatus::Queued] {
        let base = if status == RunStatus::Running {
            100
        } else {
            200
        };
        let callers: Vec<_> = (0..64)
            .map(|number| {
                let store = store.clone();
                let run = run(base + number, 1, status);
                tokio::spawn(async move { store.create_run(&run, &pinned(1), None).await })
            })
            .collect();
        let mut made = 0;
        for caller in callers {
            match caller.await.unwrap() {
                Ok(()) => made += 1,
                Err(StoreError::Conflict { kind, .. }) => {
                    assert!(matches!(kind, ConflictKind::Running | ConflictKind::Queued));
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(made, 1, "{status}");
    }
    assert_eq!(store.queued_runs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_slot_fires_once_even_after_its_run_ended() {
    let (_dir, store) = fresh().await;
    let mut first = run(1, 1, RunStatus::Running);
    first.trigger = Trigger::Schedule {
        slot: at(60),
        missed: 0,
        words: "every minute".into(),
    };
    let slot = Some(at(60));
    store.create_run(&first, &pinned(1), slot).await.unwrap();
    store
        .update_run(&ended(first, RunStatus::Completed))
        .await
        .unwrap();
    let second = run(2, 1, RunStatus::Running);
    let refused = store.create_run(&second, &pinned(1), slot).await;
    assert_eq!(kind(refused), ConflictKind::SlotFired);
    store
        .create_run(&second, &pinned(1), Some(at(120)))
        .await
        .unwrap();
    let state = store.schedule_states().await.unwrap().remove(0);
    assert_eq!(state.last_slot, Some(at(120)));
    assert_eq!(state.last_started, Some(at(1)));
    assert_eq!(state.last_ended, Some(at(5)));
}

#[tokio::test]
async fn a_run_keeps_what_it_started_with() {
    let (_dir, store, started) = with_run().await;
    let mut edited = sync(1);
    edited.revision = 2;
    edited.settings.name = "renamed".into();
    let change = vec![super::put_sync(edited)];
    store.change_catalog("ann", at(1), change).await.unwrap();
    let found = store.run(&started.id).await.unwrap();
    assert_eq!(found, Some((started, pinned(1))));
    assert_eq!(store.run(&RunId::from_bits(9)).await.unwrap(), None);
}

#[tokio::test]
async fn a_final_run_stays_as_it_ended() {
    let (_dir, store, run) = with_run().await;
    let done = ended(run.clone(), RunStatus::Completed);
    store.update_run(&done).await.unwrap();
    assert_eq!(kind(store.update_run(&run).await), ConflictKind::Status);
    assert_eq!(
        kind(store.claim_run(&run, &pinned(1)).await),
        ConflictKind::Status
    );
    // Its counters may still change: outcomes that come later.
    let mut later = done;
    later.counters.requests = 9;
    store.update_run(&later).await.unwrap();
    assert_eq!(store.run(&later.id).await.unwrap().unwrap().0, later);
}

#[tokio::test]
async fn a_queued_run_is_claimed_once_the_running_one_has_ended() {
    let (_dir, store, first) = with_run().await;
    let queued = run(2, 1, RunStatus::Queued);
    store.create_run(&queued, &pinned(1), None).await.unwrap();
    let claimed = run(2, 1, RunStatus::Running);
    assert_eq!(
        kind(store.claim_run(&claimed, &pinned(1)).await),
        ConflictKind::Running
    );
    store
        .update_run(&ended(first, RunStatus::Failed))
        .await
        .unwrap();
    store.claim_run(&claimed, &pinned(1)).await.unwrap();
    assert_eq!(
        kind(store.claim_run(&claimed, &pinned(1)).await),
        ConflictKind::Status
    );
    assert!(store.queued_runs().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_next_core_can_only_declare_a_running_run_interrupted_and_then_take_it_on() {
    let (dir, old, running) = with_run().await;
    drop(old);
    let store = Store::open(dir.path(), 2, at(9)).unwrap();
    let orphans = store.orphaned_runs().await.unwrap();
    assert_eq!(orphans, std::slice::from_ref(&running));
    let done = ended(running.clone(), RunStatus::Completed);
    for change in [&running, &done] {
        assert!(matches!(
            store.update_run(change).await,
            Err(StoreError::Fenced { .. })
        ));
    }
    assert!(matches!(
        store.open_intent(&super::intent(&running, 0)).await,
        Err(StoreError::Fenced { .. })
    ));
    store
        .update_run(&ended(running.clone(), RunStatus::Interrupted))
        .await
        .unwrap();
    assert!(store.orphaned_runs().await.unwrap().is_empty());
    store.claim_run(&running, &pinned(1)).await.unwrap();
    store.update_run(&done).await.unwrap();
}

#[tokio::test]
async fn runs_are_given_newest_first_and_page_by_page() {
    let (_dir, store) = fresh().await;
    let id = SyncId::from_bits(1);
    for number in 1..=7 {
        let started = run(number, 1, RunStatus::Running);
        store.create_run(&started, &pinned(1), None).await.unwrap();
        store
            .update_run(&ended(started, RunStatus::Completed))
            .await
            .unwrap();
    }
    let queued = run(8, 1, RunStatus::Queued);
    store.create_run(&queued, &pinned(1), None).await.unwrap();
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = store.runs(Some(&id), before.as_ref(), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id.clone());
        seen.extend(page.into_iter().map(|run| run.id));
    }
    let all: Vec<RunId> = (1..=8).rev().map(RunId::from_bits).collect();
    assert_eq!(seen, all);
    let recent = store.recent_runs(&id, 2).await.unwrap();
    assert_eq!(recent[0].id, RunId::from_bits(7));
    assert_eq!(recent.len(), 2);
}

#[tokio::test]
async fn partial_runs_and_plans_are_no_measure_of_the_model() {
    let (_dir, store) = fresh().await;
    let id = SyncId::from_bits(1);
    let mut partial = run(2, 1, RunStatus::Running);
    partial.options.limit = Some(5);
    let mut plan = run(3, 1, RunStatus::Running);
    plan.options.plan_only = true;
    let whole = run(1, 1, RunStatus::Running);
    for (run, status) in [
        (whole, RunStatus::CompletedWithErrors),
        (partial, RunStatus::Completed),
        (plan, RunStatus::Completed),
        (run(4, 1, RunStatus::Running), RunStatus::Failed),
    ] {
        store.create_run(&run, &pinned(1), None).await.unwrap();
        store.update_run(&ended(run, status)).await.unwrap();
    }
    let good = store.last_good_run(&id).await.unwrap().unwrap();
    assert_eq!(good.id, RunId::from_bits(1));
}

#[tokio::test]
async fn crashes_are_counted_within_their_window() {
    let (_dir, store) = fresh().await;
    let id = SyncId::from_bits(1);
    for minutes in [0, 60, 120] {
        store.note_crash(&id, at(minutes)).await.unwrap();
    }
    assert_eq!(store.crash_count(&id, at(30)).await.unwrap(), 2);
    store.note_crash(&id, at(60 * 24 * 40)).await.unwrap();
    assert_eq!(store.crash_count(&id, at(0)).await.unwrap(), 1);
    let missing = store.note_crash(&SyncId::from_bits(9), at(0)).await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
}
