//! A small world to plan in: a model of three columns, two mappings, rows, and a snapshot.

use std::path::Path;
use std::sync::Arc;

use signalsmith::connectors::contract::{Chunk, ConnectorError, Listing};
use signalsmith::domain::destination::IdentifierForm;
use signalsmith::domain::id::{DestinationId, ModelId, RunId, SourceId, SyncId};
use signalsmith::domain::mode::{MirrorScope, Mode, OnUnknown};
use signalsmith::domain::model::{Column, Model, Role};
use signalsmith::domain::plan::{
    InvalidReason, InvalidRow, Operation, Record, RecordShape, ShapeField,
};
use signalsmith::domain::row::{Batch, Cell, Key, encode};
use signalsmith::domain::sync::{Sync, SyncSettings};
use signalsmith::domain::value::{Type, Value};
use signalsmith::engine::diff::{PlanError, PlanRequest, PlanSummary, RowMapper, Selection, plan};
use signalsmith::snapshot::plan_file::{Mark, PlanReader, Settles};
use signalsmith::snapshot::{Entry, FoldOptions, Snapshot};
use tokio_util::sync::CancellationToken;

use crate::support::acks::MemoryAcks;

pub const SEED: u64 = 77;

/// A row of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRow {
    pub id: Option<i64>,
    pub email: Option<String>,
    pub name: String,
}

pub fn row(id: i64, email: &str, name: &str) -> TestRow {
    TestRow {
        id: Some(id),
        email: Some(email.into()),
        name: name.into(),
    }
}

pub fn key(id: i64) -> Key {
    Key::of(&[Value::Integer(id)])
}

/// Maps the trimmed name, under the id or the email as identifier. The name `bad` is refused.
#[derive(Debug)]
pub struct TestMapper {
    pub by_key: bool,
    shape: RecordShape,
}

impl TestMapper {
    pub fn new(by_key: bool) -> Self {
        let field = |name: &str, kind| ShapeField {
            name: name.into(),
            kind,
            on_create: false,
            if_empty: false,
        };
        let first = if by_key {
            field("Id", Type::Integer)
        } else {
            field("Email", Type::Text)
        };
        Self {
            by_key,
            shape: RecordShape {
                fields: vec![first, field("Name", Type::Text)],
                identifier: vec![0],
            },
        }
    }
}

impl RowMapper for TestMapper {
    fn shape(&self) -> &RecordShape {
        &self.shape
    }

    fn inputs(&self) -> &[usize] {
        if self.by_key { &[0, 2] } else { &[1, 2] }
    }

    fn identifier_is_key(&self, _: &Model) -> bool {
        self.by_key
    }

    fn apply(&self, cells: &[Cell]) -> Result<Record, InvalidReason> {
        let refused = |code: &str| InvalidReason {
            code: code.into(),
            column: None,
            field: None,
            text: code.into(),
        };
        match cells {
            [Cell::Value(Value::Null), _] => Err(refused("required")),
            [Cell::Value(identifier), Cell::Value(Value::Text(name))] if name != "bad" => {
                Ok(Record(vec![
                    Some(identifier.clone()),
                    Some(Value::text(name.trim())),
                ]))
            }
            _ => Err(refused("transform")),
        }
    }

    fn identifier(&self, record: &Record) -> Vec<Value> {
        vec![record.0[0].clone().unwrap()]
    }

    fn identifier_of(&self, cells: &[Cell]) -> Option<Vec<Value>> {
        match &cells[0] {
            Cell::Value(Value::Null) => None,
            Cell::Value(value) => Some(vec![value.clone()]),
            _ => None,
        }
    }

    fn comparison_bytes(&self, record: &Record, out: &mut Vec<u8>) {
        record
            .0
            .iter()
            .flatten()
            .for_each(|value| encode(value, out));
    }

    fn signature(&self) -> Vec<u8> {
        vec![u8::from(self.by_key)]
    }
}

pub fn model() -> Model {
    let column = |name: &str, kind| Column {
        name: name.into(),
        kind,
        role: Role::Attribute,
        declared: true,
        database_type: None,
    };
    Model {
        id: ModelId::from_bits(1),
        name: "people".into(),
        source: SourceId::from_bits(1),
        sql: "select id, email, name from people".into(),
        columns: vec![
            column("id", Type::Integer),
            column("email", Type::Text),
            column("name", Type::Text),
        ],
        primary_key: vec!["id".into()],
        revision: 1,
    }
}

/// How a plan is made.
#[derive(Debug, Clone)]
pub struct Settings {
    pub mode: Mode,
    pub form: IdentifierForm,
    pub by_key: bool,
    pub selection: Selection,
    pub full: bool,
    pub adopt: bool,
    pub without_deletes: bool,
    pub hold: bool,
    pub listed: Option<Vec<String>>,
    pub spool_bytes: usize,
}

pub fn settings(mode: Mode) -> Settings {
    Settings {
        mode,
        form: IdentifierForm::Exact,
        by_key: false,
        selection: Selection::All,
        full: false,
        adopt: false,
        without_deletes: false,
        hold: false,
        listed: None,
        spool_bytes: 400,
    }
}

fn sync(settings: &Settings) -> Sync {
    let mut made: SyncSettings<ModelId, DestinationId> =
        serde_json::from_value(serde_json::json!({
            "name": "s",
            "model": ModelId::from_bits(1),
            "destination": DestinationId::from_bits(1),
            "destination_object": "Contact",
            "mode": settings.mode,
        }))
        .unwrap();
    if settings.hold {
        made.on_unknown = OnUnknown::Hold;
    }
    if settings.listed.is_some() {
        made.mirror_scope = MirrorScope::All;
    }
    Sync {
        id: SyncId::from_bits(1),
        settings: made,
        revision: 1,
    }
}

pub type Chunks = Vec<Result<Chunk, ConnectorError>>;

/// The rows as a source gives them, with the proof of the end.
pub fn chunks(rows: &[TestRow]) -> Chunks {
    let mut chunks: Chunks = Vec::new();
    for part in rows.chunks(3) {
        let mut batch = Batch::new(3);
        for row in part {
            let values = [
                row.id.map_or(Value::Null, Value::Integer),
                row.email.clone().map_or(Value::Null, Value::Text),
                Value::text(row.name.clone()),
            ];
            for value in &values {
                batch.push_with(|out| encode(value, out));
            }
        }
        chunks.push(Ok(Chunk::Batch(batch)));
    }
    chunks.push(Ok(Chunk::End {
        rows: rows.len() as u64,
    }));
    chunks
}

/// A plan, read back.
#[derive(Debug, PartialEq)]
pub struct Planned {
    pub summary: PlanSummary,
    pub operations: Vec<Operation>,
    pub invalid: Vec<InvalidRow>,
    pub marks: Vec<Mark>,
    pub bytes: Vec<u8>,
}

/// Hundreds of histories sync thousands of files: in memory, where the system has such a place.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// A workspace with one sync.
pub struct World {
    pub folder: tempfile::TempDir,
    pub acks: MemoryAcks,
}

impl World {
    pub fn new() -> Self {
        Self {
            folder: folder(),
            acks: MemoryAcks::default(),
        }
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn snapshot(&self) -> Snapshot {
        let root = self.root().join("snapshots");
        Snapshot::open(
            &root,
            &SyncId::from_bits(1),
            Arc::new(self.acks.clone()),
            SEED,
        )
        .unwrap()
    }

    pub fn fold(&self) {
        let options = FoldOptions {
            keep_values: true,
            ..FoldOptions::default()
        };
        self.snapshot().fold_if_due(&options).unwrap();
    }

    pub fn try_plan(
        &self,
        settings: &Settings,
        rows: impl IntoIterator<Item = Result<Chunk, ConnectorError>>,
    ) -> Result<PlanSummary, PlanError> {
        self.try_plan_of(RunId::from_bits(1), settings, rows)
    }

    /// The plan of a run of this id.
    pub fn try_plan_of(
        &self,
        run: RunId,
        settings: &Settings,
        rows: impl IntoIterator<Item = Result<Chunk, ConnectorError>>,
    ) -> Result<PlanSummary, PlanError> {
        let listing = settings.listed.clone().map(|listed| {
            let listed = listed.into_iter().map(|it| vec![Value::text(it)]).collect();
            let all = [Ok(Listing::Identifiers(listed)), Ok(Listing::End)];
            Box::new(all.into_iter()) as _
        });
        let request = PlanRequest {
            run,
            sync: sync(settings),
            model: model(),
            mapper: Arc::new(TestMapper::new(settings.by_key)),
            identifier_form: settings.form,
            selection: settings.selection.clone(),
            full: settings.full,
            without_deletes: settings.without_deletes,
            adopt: settings.adopt,
            foreign: listing,
            plan_path: self.plan_path(),
            spool_dir: self.root().join("spool"),
            spool_bytes: settings.spool_bytes,
        };
        let snapshot = self.snapshot();
        let cancel = CancellationToken::new();
        plan(request, &snapshot, rows.into_iter(), &|_| (), &cancel)
    }

    pub fn plan_path(&self) -> std::path::PathBuf {
        self.root().join("runs/a.plan")
    }

    pub fn plan(&self, settings: &Settings, rows: &[TestRow]) -> Planned {
        let summary = self.try_plan(settings, chunks(rows)).unwrap();
        let reader = PlanReader::open(&self.plan_path()).unwrap();
        assert_eq!(reader.hash(), summary.hash);
        assert_eq!(reader.header().counters, summary.counters);
        Planned {
            operations: reader.operations(0).map(Result::unwrap).collect(),
            invalid: reader.invalid_rows().map(Result::unwrap).collect(),
            marks: reader.marks().map(Result::unwrap).collect(),
            bytes: std::fs::read(self.plan_path()).unwrap(),
            summary,
        }
    }

    /// Makes the marks, as the engine does when a plan is accepted.
    pub fn make(&self, marks: &[Mark]) {
        for mark in marks {
            if let Some((hash, entry)) = mark.journal() {
                self.acks
                    .put(signalsmith::domain::row::Fingerprint(hash), entry);
            }
            match mark.settles() {
                Settles::None => {}
                Settles::All => self.acks.settle(mark.key_hash),
                Settles::To(identifier) => self.acks.trace(mark.key_hash, identifier),
            }
        }
    }

    /// Records that an operation was accepted.
    pub fn accept(&self, operation: &Operation) {
        let entry = operation.new.as_ref().map(|_| {
            Entry::accepted(operation, Some(format!("d-{}", operation.key)), true).to_bytes()
        });
        self.acks.put(operation.key_hash, entry);
        self.acks.settle(operation.key_hash);
    }

    /// Plans, and the destination accepts everything.
    pub fn run(&self, settings: &Settings, rows: &[TestRow]) -> Planned {
        let planned = self.plan(settings, rows);
        self.make(&planned.marks);
        planned.operations.iter().for_each(|it| self.accept(it));
        planned
    }

    pub fn entries(&self) -> Vec<Entry> {
        let snapshot = self.snapshot();
        let mut walk = snapshot.walk().unwrap();
        let mut seen = Vec::new();
        while walk.advance().unwrap() {
            if let Some(entry) = walk.entry().unwrap() {
                seen.push(entry.to_entry().unwrap());
            }
        }
        seen
    }
}
