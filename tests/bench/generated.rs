//! More rows than one wants to have in a file: generated in this process, and given to the planner
//! and the snapshot as a source's reader gives them, one thread ahead by a few batches.
//!
//! Nothing is sent: what the plan of the first run holds is acknowledged as accepted, in the plan's
//! order, and folded into the snapshot as it goes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use chrono::Utc;
use signalsmith::connectors::contract::{Chunk, ConnectorError};
use signalsmith::domain::destination::{IdentifierForm, Object, ObjectSchema};
use signalsmith::domain::id::{DestinationId, ModelId, RunId, SourceId, SyncId};
use signalsmith::domain::mapping::{Mapper, RunVariables};
use signalsmith::domain::model::{Column, Model, Role};
use signalsmith::domain::row::{Batch, encode, encode_text};
use signalsmith::domain::sync::Sync;
use signalsmith::domain::value::{Type, Value};
use signalsmith::engine::diff::{self, PlanRequest, Selection};
use signalsmith::snapshot::plan_file::PlanReader;
use signalsmith::snapshot::{Entry, FoldOptions, Snapshot};
use tokio_util::sync::CancellationToken;

use crate::acks::FileAcks;
use crate::cases::Bench;
use crate::data::{COLUMNS, Version};
use crate::floor::Hashed;
use crate::measure::{Measured, in_child, measured};
use crate::product::memory;

/// Rows of a million that differ at the second run.
const DIFFERING: u64 = 20_000;
/// Batches that wait for the planner, as a source's reader has it.
const WAITING_BATCHES: usize = 4;
/// Acknowledged rows between two folds.
const FOLD_EVERY: u64 = 100_000;
/// About what an entry takes.
const ENTRY_BYTES: u64 = 110;
/// About what a row takes on disk while it is compared for the first time: spool, plan, snapshot.
const DISK_BYTES: u64 = 600;
const SEED: u64 = 77;

/// First and second plan of so many rows, and the snapshot between them.
pub fn cases(bench: &Bench, rows: u64) {
    let disk = rustix::fs::statvfs(&bench.folder).unwrap();
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < rows * DISK_BYTES {
        let needed = rows * DISK_BYTES / 1_000_000_000;
        bench.table.absent(
            "generated rows",
            &format!("they need {needed} GB of free disk"),
        );
        return;
    }
    for identifier in ["pk", "email"] {
        let key = if identifier == "pk" {
            "identifier = key"
        } else {
            "identifier not the key"
        };
        if bench.options.wants(&format!("generated, {key}")) {
            one(bench, rows, identifier, key);
        }
    }
}

fn one(bench: &Bench, rows: u64, identifier: &str, key: &str) {
    let work = bench.fresh("work");
    let folder = work.to_str().unwrap();
    let count = rows.to_string();
    let floor = in_child(&["generate", &count, "0"]);
    bench
        .table
        .case("floor: generate and hash", &floor, &[], &[]);
    let told = in_child(&["plan", folder, identifier, &count, "0"]);
    let name = format!("first comparison, generated, {key}");
    bench.table.case(
        &name,
        &told,
        &[memory(rows, &told).headline()],
        &[beside(&told, &floor)],
    );
    let told = in_child(&["accept", folder, &count]);
    let name = format!("acknowledged and folded, generated, {key}");
    bench
        .table
        .case(&name, &told, &[memory(rows, &told).headline()], &[]);
    let floor = in_child(&["generate", &count, &DIFFERING.to_string()]);
    let told = in_child(&["plan", folder, identifier, &count, &DIFFERING.to_string()]);
    let name = format!("second comparison, 2 % differ, generated, {key}");
    bench.table.case(
        &name,
        &told,
        &[memory(rows, &told).headline()],
        &[beside(&told, &floor)],
    );
    std::fs::remove_dir_all(work).unwrap();
}

fn beside(told: &Measured, floor: &Measured) -> String {
    let ratio = told.wall / floor.wall;
    format!("{ratio:.2} x generating and hashing, {:.1} s", floor.wall)
}

/// Generates and hashes a version and keeps nothing.
pub fn generate(version: Version) -> Measured {
    measured(|| {
        let mut hashed = Hashed::default();
        version.each(|row| {
            for (position, cell) in row.iter().enumerate() {
                encode_text(cell, &mut hashed.cells);
                hashed.end_cell(position);
            }
            hashed.end_row();
        });
        hashed.rows
    })
}

/// Compares a version with the snapshot in `folder` and writes the plan there.
pub fn plan(folder: &Path, identifier: &str, version: Version) -> Measured {
    let wanted = version.differences();
    let (sync, model) = (sync(identifier), model());
    let snapshot = snapshot(folder, Arc::new(FileAcks::open(folder)));
    let is_first = snapshot.known().unwrap() == 0;
    let request = PlanRequest {
        run: RunId::from_bits(1),
        mapper: Arc::new(mapper(&model, &sync)),
        sync,
        model,
        identifier_form: IdentifierForm::Exact,
        selection: Selection::All,
        full: false,
        without_deletes: false,
        adopt: false,
        foreign: None,
        plan_path: plan_path(folder),
        spool_dir: folder.join("spool"),
        spool_bytes: PlanRequest::SPOOL_BYTES,
    };
    let mut found = None;
    let told = measured(|| {
        let cancel = CancellationToken::new();
        let planned = diff::plan(request, &snapshot, stream(version), &|_| (), &cancel).unwrap();
        found = Some(planned.counters);
        planned.rows
    });
    let found = found.unwrap();
    let of = [&found.create, &found.update, &found.delete].map(|tally| tally.planned);
    let wanted = if is_first {
        [version.rows, 0, 0]
    } else {
        [wanted.new, wanted.changed, wanted.gone]
    };
    assert_eq!(of, wanted);
    told
}

/// Acknowledges every operation of the plan in `folder` as accepted.
pub fn accept(folder: &Path, rows: u64) -> Measured {
    let acks = Arc::new(FileAcks::open(folder));
    let snapshot = snapshot(folder, Arc::<FileAcks>::clone(&acks));
    let path = plan_path(folder);
    let plan = PlanReader::open(&path).unwrap();
    let told = measured(|| {
        snapshot.reserve(rows, ENTRY_BYTES).unwrap();
        let mut accepted = 0;
        for operation in plan.operations(0) {
            let operation = operation.unwrap();
            acks.put(
                operation.key_hash,
                &Entry::accepted(&operation, None, false),
            );
            accepted += 1;
            if accepted % FOLD_EVERY == 0 {
                let options = FoldOptions {
                    below: Some(operation.key_hash),
                    ..FoldOptions::default()
                };
                snapshot.fold_if_due(&options).unwrap();
            }
        }
        snapshot.fold_if_due(&FoldOptions::default()).unwrap();
        accepted
    });
    acks.save();
    std::fs::remove_file(path).unwrap();
    told
}

fn plan_path(folder: &Path) -> PathBuf {
    folder.join("people.plan")
}

fn snapshot(folder: &Path, acks: Arc<FileAcks>) -> Snapshot {
    let root = folder.join("snapshots");
    Snapshot::open(&root, &SyncId::from_bits(1), acks, SEED).unwrap()
}

/// The rows of a version as a source gives them, with the proof of the end.
fn stream(version: Version) -> impl Iterator<Item = Result<Chunk, ConnectorError>> {
    let (sender, receiver) = sync_channel(WAITING_BATCHES);
    std::thread::spawn(move || {
        let mut batch = Batch::new(COLUMNS.len());
        let mut rows = 0;
        version.each(|row| {
            for (position, cell) in row.iter().enumerate() {
                batch.push_with(|out| match position {
                    5 => encode(&Value::Integer(cell.parse().unwrap()), out),
                    _ => encode_text(cell, out),
                });
            }
            rows += 1;
            if rows % Batch::MAX_ROWS as u64 == 0 {
                let full = std::mem::replace(&mut batch, Batch::new(COLUMNS.len()));
                // Who has failed does not wait for it any more, and says why.
                let _ = sender.send(Ok(Chunk::Batch(full)));
            }
        });
        let _ = sender.send(Ok(Chunk::Batch(batch)));
        let _ = sender.send(Ok(Chunk::End { rows }));
    });
    receiver.into_iter()
}

fn model() -> Model {
    let column = |name: &str| Column {
        name: name.to_owned(),
        kind: if name == "amount" {
            Type::Integer
        } else {
            Type::Text
        },
        role: Role::Identifier,
        declared: true,
        database_type: None,
    };
    Model {
        id: ModelId::from_bits(1),
        name: "people".to_owned(),
        source: SourceId::from_bits(1),
        sql: "select * from people".to_owned(),
        columns: COLUMNS.map(column).to_vec(),
        primary_key: vec!["pk".to_owned()],
        revision: 1,
    }
}

fn sync(identifier: &str) -> Sync {
    let mapping = COLUMNS.map(|column| {
        serde_json::json!({
            "source_column": column,
            "destination_field": column,
            "is_identifier": column == identifier,
        })
    });
    let settings = serde_json::json!({
        "name": "people",
        "model": ModelId::from_bits(1),
        "destination": DestinationId::from_bits(1),
        "destination_object": "people",
        "mode": "mirror",
        "field_mappings": mapping,
    });
    Sync {
        id: SyncId::from_bits(1),
        settings: serde_json::from_value(settings).unwrap(),
        revision: 1,
    }
}

fn mapper(model: &Model, sync: &Sync) -> Mapper {
    let schema = ObjectSchema {
        object: Object {
            name: "people".to_owned(),
            label: String::new(),
        },
        fields: Vec::new(),
        open: true,
        exists: false,
    };
    let variables = RunVariables {
        run_id: RunId::from_bits(1),
        started_at: Utc::now(),
        sync_name: "people".to_owned(),
    };
    Mapper::compile(model, &sync.settings.field_mappings, &schema, &variables).unwrap()
}
