//! The catalog: revisions, names, uses, what an audit entry tells.

use signalsmith::domain::destination::Health;
use signalsmith::domain::event::EventKind;
use signalsmith::domain::id::{DestinationId, ModelId, SourceId, SyncId};
use signalsmith::domain::run::RunStatus;
use signalsmith::domain::schedule::Schedule;
use signalsmith::store::{CatalogChange, ConflictKind, Store, StoreError};

use super::{all_of, at, destination, fresh, model, pinned, put_sync, run, source, sync, with_run};

async fn refused(store: &Store, changes: Vec<CatalogChange>) -> (ConflictKind, String) {
    match store.change_catalog("ann", at(9), changes).await {
        Err(StoreError::Conflict { kind, text }) => (kind, text),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_saved_comes_back_whole() {
    let (dir, store) = fresh().await;
    store.close().await;
    let store = Store::open(dir.path(), 2, at(0)).unwrap();
    let catalog = store.load_catalog().await.unwrap();
    assert_eq!(catalog.sources, [source(1)]);
    assert_eq!(catalog.models, [model(1)]);
    assert_eq!(catalog.destinations, [destination(1)]);
    assert_eq!(catalog.syncs, [sync(1)]);
    assert_eq!(catalog.workspace.timezone, "UTC");
    assert_eq!(catalog.workspace.max_runs, 4);
}

#[tokio::test]
async fn only_the_next_revision_can_be_saved() {
    let (_dir, store) = fresh().await;
    for revision in [0, 1, 3] {
        let mut edited = sync(1);
        edited.revision = revision;
        let (kind, _) = refused(&store, vec![put_sync(edited)]).await;
        assert_eq!(kind, ConflictKind::Revision, "{revision}");
    }
    let mut edited = sync(1);
    edited.revision = 2;
    store
        .change_catalog("ann", at(1), vec![put_sync(edited)])
        .await
        .unwrap();
    let mut unborn = source(9);
    unborn.revision = 2;
    let (kind, _) = refused(&store, vec![CatalogChange::PutSource(unborn)]).await;
    assert_eq!(kind, ConflictKind::Revision);
}

#[tokio::test]
async fn names_are_unique_and_can_be_swapped_at_once() {
    let (_dir, store) = fresh().await;
    let mut second = source(2);
    second.name = "source 1".into();
    let change = vec![CatalogChange::PutSource(second.clone())];
    assert_eq!(refused(&store, change).await.0, ConflictKind::NameTaken);
    second.name = "source 2".into();
    let change = vec![CatalogChange::PutSource(second.clone())];
    store.change_catalog("ann", at(1), change).await.unwrap();
    let mut first = source(1);
    (first.revision, second.revision) = (2, 2);
    std::mem::swap(&mut first.name, &mut second.name);
    let swap = vec![
        CatalogChange::PutSource(first.clone()),
        CatalogChange::PutSource(second.clone()),
    ];
    store.change_catalog("ann", at(2), swap).await.unwrap();
    let catalog = store.load_catalog().await.unwrap();
    assert_eq!(catalog.sources, [second, first]);
}

#[tokio::test]
async fn what_is_in_use_cannot_be_deleted_and_the_users_are_named() {
    let (_dir, store) = fresh().await;
    let (model, destination) = (ModelId::from_bits(1), DestinationId::from_bits(1));
    for (change, text) in [
        (
            CatalogChange::DeleteSource(SourceId::from_bits(1)),
            "source source 1 is used by model model 1",
        ),
        (
            CatalogChange::DeleteModel(model.clone()),
            "model model 1 is used by sync sync 1",
        ),
        (
            CatalogChange::DeleteDestination(destination.clone()),
            "destination destination 1 is used by sync sync 1",
        ),
    ] {
        let found = refused(&store, vec![change]).await;
        assert_eq!(found, (ConflictKind::InUse, text.to_owned()));
    }
    let mut follower = sync(2);
    follower.settings.model = model.clone();
    follower.settings.destination = destination.clone();
    follower.settings.schedule = Schedule::After {
        syncs: vec![SyncId::from_bits(1).to_string()],
    };
    store
        .change_catalog("ann", at(1), vec![put_sync(follower)])
        .await
        .unwrap();
    let change = vec![CatalogChange::DeleteSync(SyncId::from_bits(1))];
    let (kind, text) = refused(&store, change).await;
    assert_eq!(kind, ConflictKind::InUse);
    assert_eq!(text, "sync sync 1 is used by sync sync 2");
    // All at once, in any order, nothing is in use any more.
    let all = vec![
        CatalogChange::DeleteSource(SourceId::from_bits(1)),
        CatalogChange::DeleteModel(model),
        CatalogChange::DeleteSync(SyncId::from_bits(1)),
        CatalogChange::DeleteDestination(destination),
        CatalogChange::DeleteSync(SyncId::from_bits(2)),
    ];
    store.change_catalog("ann", at(2), all).await.unwrap();
    let catalog = store.load_catalog().await.unwrap();
    assert!(catalog.sources.is_empty() && catalog.syncs.is_empty());
}

#[tokio::test]
async fn a_change_that_cannot_be_leaves_nothing_behind() {
    let (_dir, store) = fresh().await;
    let before = store.last_event().await.unwrap();
    let mut lost = model(5);
    lost.source = SourceId::from_bits(77);
    let changes = vec![
        CatalogChange::PutSource(source(5)),
        CatalogChange::PutModel(lost),
    ];
    let refused = store.change_catalog("ann", at(1), changes).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })));
    assert_eq!(store.load_catalog().await.unwrap().sources.len(), 1);
    assert_eq!(store.last_event().await.unwrap(), before);
    assert_eq!(store.audit(50, None).await.unwrap().len(), 5);
}

#[tokio::test]
async fn each_change_has_an_event_and_an_audit_entry_field_by_field() {
    let (_dir, store) = fresh().await;
    let mut edited = sync(1);
    edited.revision = 2;
    edited.settings.name = "contacts".into();
    let events = store
        .change_catalog("bob", at(1), vec![put_sync(edited)])
        .await
        .unwrap();
    assert_eq!(
        events[0].kind,
        EventKind::ConfigChanged {
            what: "sync contacts updated".into()
        }
    );
    assert_eq!(
        store.events(events[0].number - 1, 10).await.unwrap(),
        events
    );
    let entry = store.audit(1, None).await.unwrap().remove(0);
    assert_eq!((entry.actor.as_str(), entry.what.revision), ("bob", 2));
    let name = ("name".into(), "sync 1".into(), "contacts".into());
    assert_eq!(entry.what.fields, [name]);
    let older = store.audit(50, Some(entry.number)).await.unwrap();
    assert_eq!(older[0].number, entry.number - 1);
}

#[tokio::test]
async fn health_is_kept_until_the_settings_change() {
    let (_dir, store) = fresh().await;
    let healthy = Health::Healthy { at: at(3) };
    let id = DestinationId::from_bits(1);
    store.set_health(&id, healthy.clone()).await.unwrap();
    let mut renamed = destination(1);
    renamed.name = "copy".into();
    renamed.revision = 2;
    let mut moved = renamed.clone();
    moved.settings.insert("path".into(), "other.db".into());
    moved.revision = 3;
    for (saved, health) in [(renamed, healthy), (moved, Health::Unchecked)] {
        let change = vec![CatalogChange::PutDestination(saved)];
        store.change_catalog("ann", at(4), change).await.unwrap();
        let found = store.load_catalog().await.unwrap().destinations.remove(0);
        assert_eq!(found.health, health);
    }
    let lost = DestinationId::from_bits(9);
    let missing = store.set_health(&lost, Health::Unchecked).await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
}

#[tokio::test]
async fn a_pause_is_a_revision_and_a_resume_moves_the_anchor() {
    let (_dir, store) = fresh().await;
    let id = SyncId::from_bits(1);
    let anchor = async || store.schedule_states().await.unwrap()[0].anchor;
    assert_eq!(anchor().await, at(0));
    let reason = Some("three crashes".to_owned());
    let event = store
        .set_paused(&id, true, "core", reason.clone(), at(10))
        .await
        .unwrap();
    assert!(event.number > 0);
    assert_eq!(
        event.kind,
        EventKind::Paused {
            paused: true,
            reason
        }
    );
    assert_eq!(anchor().await, at(0));
    let again = store
        .set_paused(&id, true, "ann", None, at(11))
        .await
        .unwrap();
    assert_eq!(again.number, 0);
    store
        .set_paused(&id, false, "ann", None, at(20))
        .await
        .unwrap();
    assert_eq!(anchor().await, at(20));
    let saved = store.load_catalog().await.unwrap().syncs.remove(0);
    assert_eq!((saved.revision, saved.settings.paused), (3, false));
}

#[tokio::test]
async fn only_a_schedule_edit_moves_the_anchor() {
    let (_dir, store) = fresh().await;
    for (revision, schedule_changed, anchor) in [(2, false, at(0)), (3, true, at(3))] {
        let mut sync = sync(1);
        sync.revision = revision;
        let change = CatalogChange::PutSync {
            sync,
            schedule_changed,
            reset_snapshot: false,
        };
        store
            .change_catalog("ann", at(3), vec![change])
            .await
            .unwrap();
        assert_eq!(store.schedule_states().await.unwrap()[0].anchor, anchor);
    }
}

#[tokio::test]
async fn a_running_sync_is_neither_deleted_nor_emptied() {
    let (_dir, store, _run) = with_run().await;
    let delete = vec![CatalogChange::DeleteSync(SyncId::from_bits(1))];
    assert_eq!(refused(&store, delete).await.0, ConflictKind::Running);
    let mut sync = sync(1);
    sync.revision = 2;
    let reset = CatalogChange::PutSync {
        sync,
        schedule_changed: false,
        reset_snapshot: true,
    };
    assert_eq!(refused(&store, vec![reset]).await.0, ConflictKind::Running);
}

#[tokio::test]
async fn a_deleted_sync_leaves_no_runs_and_can_be_made_again() {
    let (_dir, store) = fresh().await;
    let queued = run(1, 1, RunStatus::Queued);
    store.create_run(&queued, &pinned(1), None).await.unwrap();
    let id = SyncId::from_bits(1);
    let delete = vec![CatalogChange::DeleteSync(id.clone())];
    store.change_catalog("ann", at(1), delete).await.unwrap();
    assert_eq!(store.run(&queued.id).await.unwrap(), None);
    let mut rest = all_of(1);
    let again = rest.pop().unwrap();
    store
        .change_catalog("ann", at(2), vec![again])
        .await
        .unwrap();
    assert!(store.runs(Some(&id), None, 10).await.unwrap().is_empty());
}
