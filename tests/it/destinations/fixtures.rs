//! Peers of destinations: where a test lets one write, and how it reads back what was written
//! without the connector's help. A destination joins the contract by one entry of [`FIXTURES`].

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use signalsmith::connectors::registry::{self, Surroundings};
use signalsmith::connectors::settings::ResolvedSettings;
use signalsmith::connectors::{
    BatchReader, DeliveryBatch, DestinationConnector, RunContext, Session, WriteError, Written,
};
use signalsmith::domain::id::{RunId, SyncId};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind::Create;
use signalsmith::domain::plan::{Cause, Operation, OperationKind, Record, RecordShape, ShapeField};
use signalsmith::domain::row::{Fingerprint, Key};
use signalsmith::domain::value::{Type, Value};
use signalsmith::domain::verdict::Verdict;

use super::endpoint::{self, Endpoint};
use super::readers::{read_csv, read_jsonl, read_sqlite};

/// Reads all records by fields, in the order in which they lie there.
type Read = fn(&Peer, &[(&str, Type)]) -> Vec<Vec<Value>>;

/// One way to run a destination in a folder of its own.
pub struct Fixture {
    /// The connector's word.
    pub word: &'static str,
    /// The object that is written.
    pub object: &'static str,
    /// The settings beside `path`, or beside `url` where the peer is an endpoint.
    settings: fn() -> serde_json::Value,
    /// What `path` is inside the test's folder; empty where the peer is an endpoint.
    path: &'static str,
    /// Whether verdicts say if the record was there before.
    pub tells_existing: bool,
    /// Reads all records by fields, in the order in which they lie there.
    read: Read,
    /// A value of a type that a row is refused for.
    pub refused: fn() -> (Type, Value),
}

/// Every fixture. A destination whose peer is a server of its own gets its entry here, too.
pub const FIXTURES: &[Fixture] = &[
    Fixture {
        word: "sqlite",
        object: "Contact",
        settings: || json!({}),
        path: "copy.db",
        tells_existing: true,
        read: read_sqlite,
        refused: || (Type::Double, Value::double(f64::NAN)),
    },
    Fixture {
        word: "file",
        object: "customers.jsonl",
        settings: || json!({}),
        path: "out",
        tells_existing: true,
        read: read_jsonl,
        refused: || (Type::Double, Value::double(f64::NAN)),
    },
    Fixture {
        word: "file",
        object: "customers.csv",
        settings: || json!({ "null_text": "\\N" }),
        path: "out",
        tells_existing: true,
        read: read_csv,
        refused: || (Type::Text, Value::text("\\N")),
    },
    Fixture {
        word: "webhook",
        object: "rows",
        settings: || json!({ "allow_networks": ["127.0.0.0/8"], "results": "ignored" }),
        path: "",
        tells_existing: false,
        read: endpoint::read,
        refused: || (Type::Double, Value::double(f64::NAN)),
    },
];

/// A destination in a temporary folder.
pub struct Peer {
    pub fixture: &'static Fixture,
    folder: tempfile::TempDir,
    endpoint: Option<Endpoint>,
    /// What the last run was, by which an endpoint's requests are read.
    last: RefCell<Option<RunContext>>,
    batches: Cell<u32>,
}

/// A peer for every fixture.
pub fn peers() -> impl Iterator<Item = Peer> {
    FIXTURES.iter().map(Peer::new)
}

impl Peer {
    pub fn new(fixture: &'static Fixture) -> Self {
        Self {
            fixture,
            folder: tempfile::tempdir().unwrap(),
            endpoint: fixture.path.is_empty().then(Endpoint::start),
            last: RefCell::new(None),
            batches: Cell::new(0),
        }
    }

    /// The fixture's own name, for messages.
    pub fn name(&self) -> &str {
        self.fixture.object
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file that the records lie in.
    pub fn file(&self) -> PathBuf {
        let path = self.folder().join(self.fixture.path);
        if self.fixture.word == "file" {
            path.join(self.fixture.object)
        } else {
            path
        }
    }

    pub fn destination(&self) -> Box<dyn DestinationConnector> {
        let (key, place) = match &self.endpoint {
            Some(endpoint) => ("url", endpoint.url()),
            None => {
                let path = self.folder().join(self.fixture.path);
                ("path", path.to_str().unwrap().to_owned())
            }
        };
        open(self.fixture.word, key, place, (self.fixture.settings)())
    }

    pub fn endpoint(&self) -> &Endpoint {
        self.endpoint.as_ref().unwrap()
    }

    /// The mode and the shape of the last run.
    pub fn last_run(&self) -> Option<(Mode, Arc<RecordShape>)> {
        let last = self.last.borrow();
        last.as_ref().map(|run| (run.mode, Arc::clone(&run.shape)))
    }

    pub fn read(&self, fields: &[(&str, Type)]) -> Vec<Vec<Value>> {
        (self.fixture.read)(self, fields)
    }

    /// The texts of `fields`, sorted.
    pub fn texts(&self, fields: &[&str]) -> Vec<Vec<String>> {
        let typed: Vec<(&str, Type)> = fields.iter().map(|name| (*name, Type::Text)).collect();
        let mut rows: Vec<Vec<String>> = self
            .read(&typed)
            .iter()
            .map(|row| row.iter().map(Value::to_plain).collect())
            .collect();
        rows.sort();
        rows
    }

    pub fn run(&self, mode: Mode, shape: &Arc<RecordShape>) -> RunContext {
        let run = run(self.fixture.object, mode, shape, 1);
        self.last.replace(Some(run.clone()));
        run
    }

    /// Does a whole run of one batch and gives a verdict for each operation.
    pub async fn deliver(
        &self,
        mode: Mode,
        shape: &Arc<RecordShape>,
        operations: Vec<Operation>,
    ) -> Vec<(u64, Verdict)> {
        let session = self
            .destination()
            .begin(self.run(mode, shape))
            .await
            .unwrap();
        let key = self.new_key();
        let batch = Batch::prepared(&*session, &key, operations).await;
        deliver(&*session, &batch, false).await.unwrap()
    }

    fn new_key(&self) -> String {
        self.batches.set(self.batches.get() + 1);
        format!("msg_{}", self.batches.get())
    }
}

pub fn destination(
    word: &str,
    path: &Path,
    more: serde_json::Value,
) -> Box<dyn DestinationConnector> {
    open(word, "path", path.to_str().unwrap().to_owned(), more)
}

fn open(
    word: &str,
    key: &str,
    place: String,
    more: serde_json::Value,
) -> Box<dyn DestinationConnector> {
    let mut settings = ResolvedSettings::default();
    settings.values.extend(more.as_object().unwrap().clone());
    settings.values.insert(key.into(), place.into());
    registry::destination(word, &settings, &Surroundings::default()).unwrap()
}

pub fn run(object: &str, mode: Mode, shape: &Arc<RecordShape>, number: u64) -> RunContext {
    RunContext {
        run: RunId::from_bits(number),
        started_at: chrono::DateTime::UNIX_EPOCH,
        sync: SyncId::from_bits(1),
        object: object.to_owned(),
        mode,
        shape: Arc::clone(shape),
    }
}

/// A batch that can be sent again, as the plan file can be read again.
#[derive(Clone)]
pub struct Batch {
    pub key: String,
    pub memo: Option<String>,
    pub operations: Vec<Operation>,
}

impl Batch {
    pub async fn prepared(session: &dyn Session, key: &str, operations: Vec<Operation>) -> Self {
        Self {
            key: key.to_owned(),
            memo: session.prepare(0).await.unwrap(),
            operations,
        }
    }

    pub fn delivery(&self, replay: bool) -> DeliveryBatch {
        let operations = self.operations.clone();
        DeliveryBatch {
            number: 0,
            idempotency_key: self.key.clone(),
            memo: self.memo.clone(),
            attempt: 0,
            replay,
            operations: BatchReader::new(operations.len(), move |at| Ok(operations[at].clone())),
        }
    }
}

/// Writes a batch and finishes the session.
pub async fn deliver(
    session: &dyn Session,
    batch: &Batch,
    replay: bool,
) -> Result<Vec<(u64, Verdict)>, WriteError> {
    let written = session.write(batch.delivery(replay)).await?;
    let finished = session.finish().await?;
    let mut verdicts = match written {
        Written::Verdicts { verdicts, .. } => verdicts,
        Written::Staged { .. } => batch
            .operations
            .iter()
            .map(|operation| (operation.number, Verdict::ACCEPTED))
            .collect(),
    };
    for (number, verdict) in finished.exceptions {
        let mut told = verdicts.iter_mut().filter(|(known, _)| *known == number);
        told.next().expect("an exception of an operation").1 = verdict;
    }
    Ok(verdicts)
}

/// Fields with their types; the first `identifier` of them identify.
pub fn shape(fields: &[(&str, Type)], identifier: usize) -> Arc<RecordShape> {
    Arc::new(RecordShape {
        fields: fields
            .iter()
            .map(|(name, kind)| ShapeField {
                name: (*name).to_owned(),
                kind: *kind,
                on_create: false,
                if_empty: false,
            })
            .collect(),
        identifier: (0..identifier).collect(),
    })
}

/// `email`, `name`, `city`, all texts, identified by `email`.
pub fn contacts() -> Arc<RecordShape> {
    shape(
        &[
            ("email", Type::Text),
            ("name", Type::Text),
            ("city", Type::Text),
        ],
        1,
    )
}

pub fn operation(
    number: u64,
    kind: OperationKind,
    identifier: Vec<Value>,
    new: Option<Vec<Option<Value>>>,
) -> Operation {
    let key = Key::of(&identifier);
    Operation {
        number,
        kind,
        key_hash: Fingerprint::of(0, key.bytes()),
        key,
        identifier,
        destination_id: None,
        old: None,
        new: new.map(Record),
        input_hash: Fingerprint([0; 16]),
        output_hash: Fingerprint([0; 16]),
        cause: Cause::Changed,
    }
}

/// An operation on [`contacts`].
pub fn contact(number: u64, kind: OperationKind, values: [&str; 3]) -> Operation {
    let record = values.map(|text| Some(Value::text(text)));
    let new = (kind != OperationKind::Delete).then(|| record.to_vec());
    operation(number, kind, vec![Value::text(values[0])], new)
}

/// The fields of [`contacts`].
pub const FIELDS: [&str; 3] = ["email", "name", "city"];

pub fn supports(peer: &Peer, mode: Mode) -> bool {
    let capabilities = peer.destination().capabilities(peer.fixture.object);
    capabilities.modes.contains(&mode)
}

pub fn accepted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accepted { .. })
}

/// Whether a verdict says that the record was there, as far as the destination tells.
pub fn met(peer: &Peer, verdict: &Verdict) -> bool {
    accepted(verdict) && existed(verdict) == peer.fixture.tells_existing
}

pub fn existed(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Accepted {
            existed: Some(true),
            ..
        }
    )
}

/// Puts `a` and `b` there, as an earlier run did.
pub async fn seeded(peer: &Peer) {
    let operations = vec![
        contact(0, Create, ["a@x", "Ann", "Aachen"]),
        contact(1, Create, ["b@x", "Bob", "Berlin"]),
    ];
    let verdicts = peer.deliver(Mode::Upsert, &contacts(), operations).await;
    assert!(verdicts.iter().all(|(_, verdict)| accepted(verdict)));
    assert!(!verdicts.iter().any(|(_, verdict)| existed(verdict)));
}
