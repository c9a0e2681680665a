//! The workspace's state: what is promised of it, seen through its public handle.

mod acks;
mod catalog;
mod kill;
mod layout;
mod opening;
mod overview;
mod rows;
mod runs;
mod secrets;

use std::os::unix::fs::PermissionsExt;

use chrono::{DateTime, Duration, Utc};
use signalsmith::domain::destination::{Destination, Health, Source};
use signalsmith::domain::id::{DestinationId, ModelId, RunId, SourceId, SyncId};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::model::Model;
use signalsmith::domain::row::Fingerprint;
use signalsmith::domain::run::{Counters, Run, RunOptions, RunStatus, Trigger};
use signalsmith::domain::sync::Sync;
use signalsmith::store::{Acknowledgement, CatalogChange, Intent, Pinned, Store};

pub fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap() + Duration::minutes(minutes)
}

/// A folder that others cannot reach, as a workspace's must be.
pub fn folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir()
        .unwrap()
}

pub fn source(number: u64) -> Source {
    Source {
        id: SourceId::from_bits(number),
        name: format!("source {number}"),
        connector: "sqlite".into(),
        settings: [("path".to_owned(), "crm.db".into())].into(),
        revision: 1,
    }
}

pub fn model(number: u64) -> Model {
    Model {
        id: ModelId::from_bits(number),
        name: format!("model {number}"),
        source: SourceId::from_bits(number),
        sql: "select id, email from customers".into(),
        columns: Vec::new(),
        primary_key: vec!["id".into()],
        revision: 1,
    }
}

pub fn destination(number: u64) -> Destination {
    Destination {
        id: DestinationId::from_bits(number),
        name: format!("destination {number}"),
        connector: "sqlite".into(),
        settings: [("path".to_owned(), "copy.db".into())].into(),
        health: Health::Unchecked,
        revision: 1,
    }
}

pub fn sync(number: u64) -> Sync {
    let settings = serde_json::from_value(serde_json::json!({
        "name": format!("sync {number}"),
        "model": ModelId::from_bits(number).as_str(),
        "destination": DestinationId::from_bits(number).as_str(),
        "destination_object": "Contact",
        "mode": "upsert",
        "schedule": { "type": "interval", "interval_minutes": 60 },
        "field_mappings": [
            { "source_column": "email", "destination_field": "Email", "is_identifier": true },
        ],
    }));
    Sync {
        id: SyncId::from_bits(number),
        settings: settings.unwrap(),
        revision: 1,
    }
}

pub fn put_sync(sync: Sync) -> CatalogChange {
    CatalogChange::PutSync {
        sync,
        schedule_changed: false,
        reset_snapshot: false,
    }
}

/// All that sync `number` needs, and the sync.
pub fn all_of(number: u64) -> Vec<CatalogChange> {
    vec![
        CatalogChange::PutSource(source(number)),
        CatalogChange::PutModel(model(number)),
        CatalogChange::PutDestination(destination(number)),
        put_sync(sync(number)),
    ]
}

pub fn pinned(number: u64) -> Pinned {
    Pinned {
        sync: sync(number),
        model: model(number),
        source: source(number),
        destination: destination(number),
    }
}

pub fn run(number: u64, of: u64, status: RunStatus) -> Run {
    Run {
        id: RunId::from_bits(number),
        sync: SyncId::from_bits(of),
        revision: 1,
        trigger: Trigger::Manual,
        options: RunOptions::default(),
        mode: Mode::Upsert,
        status,
        phase: None,
        queued_at: at(0),
        started_at: (status == RunStatus::Running).then(|| at(1)),
        ended_at: None,
        error: None,
        retry_at: None,
        plan_hash: None,
        counters: Counters::default(),
        phases: Vec::new(),
    }
}

pub fn ended(mut run: Run, status: RunStatus) -> Run {
    run.status = status;
    run.ended_at = Some(at(5));
    run
}

pub fn hash(number: u64) -> Fingerprint {
    Fingerprint(u128::from(number).to_be_bytes())
}

pub fn intent(run: &Run, batch: u64) -> Intent {
    Intent {
        run: run.id.clone(),
        sync: run.sync.clone(),
        batch,
        operations: vec![7, 8, 9, 3, 20],
        idempotency_key: format!("msg_{batch}"),
        payload_hash: [5; 16],
        memo: Some("part 1".into()),
    }
}

/// An acknowledgement with nothing in it.
pub fn ack(run: &Run, batch: Option<u64>) -> Acknowledgement {
    Acknowledgement {
        run: run.clone(),
        batch,
        journal: Vec::new(),
        unknown_add: Vec::new(),
        unknown_clear: Vec::new(),
        unknown_traced: Vec::new(),
        pending: Vec::new(),
        rows: Vec::new(),
        recovered: Vec::new(),
        accepted: Vec::new(),
        created: Vec::new(),
    }
}

/// A store in its own folder with sync 1.
pub async fn fresh() -> (tempfile::TempDir, Store) {
    let dir = folder();
    let store = Store::open(dir.path(), 1, at(0)).unwrap();
    store.change_catalog("ann", at(0), all_of(1)).await.unwrap();
    (dir, store)
}

/// As [`fresh`], with run 1 of sync 1 running.
pub async fn with_run() -> (tempfile::TempDir, Store, Run) {
    let (dir, store) = fresh().await;
    let run = run(1, 1, RunStatus::Running);
    store.create_run(&run, &pinned(1), None).await.unwrap();
    (dir, store, run)
}
