//! A destination in memory that follows a script: what it answers to each operation, whether it does
//! what it is asked for, when it goes silent, and what it says later of what it took.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use signalsmith::connectors::registry::{BuiltIn, Connectors, Kind, Surroundings};
use signalsmith::connectors::settings::ResolvedSettings;
use signalsmith::connectors::{
    ConnectorError, DeliveryBatch, DestinationConnector, Finished, Listing, RunContext, Session,
    SourceConnector, WriteError, Written,
};
use signalsmith::domain::destination::{
    Capabilities, Deletion, IdentifierForm, Object, ObjectSchema, TestStep,
};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::{Operation, OperationKind, RecordShape};
use signalsmith::domain::value::Value;
use signalsmith::domain::verdict::{Rejection, Verdict};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// What it answers to an operation, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Accept,
    Reject,
    Unknown {
        applied: bool,
    },
    LeftOut {
        applied: bool,
    },
    /// The whole batch is refused while this row is in it.
    Poison,
    /// The outcome comes when it was asked for so often; what is accepted is done only then.
    Pending {
        asks: u8,
        then: Then,
    },
}

/// What comes of a pending operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Accept,
    Reject,
    Unknown { applied: bool },
}

/// Where it goes silent, counted from when that is arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    Begin,
    /// Before an intent is written.
    Prepare(u32),
    Write {
        nth: u32,
        applied: bool,
    },
    Finish,
    Settle,
}

/// A record by field, its values as text with their type.
pub type Record = BTreeMap<String, String>;

/// One operation as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub replay: bool,
    pub said: Said,
    /// What was answered; nothing where no answer came, or it left the row out.
    pub answer: Option<Verdict>,
    /// Whether no answer came to its batch.
    pub unanswered: bool,
}

/// What an operation says to the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub kind: OperationKind,
    pub key: String,
    pub identifier: String,
    pub record: Record,
}

/// The records of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    /// By identifier in its normal form.
    pub held: BTreeMap<String, Record>,
    pub appended: Vec<Record>,
}

#[derive(Clone)]
struct Ticket {
    object: String,
    mode: Mode,
    operation: Said,
    asks: u8,
    then: Then,
    /// Whether the core was told of it: what it never heard of it cannot wait for.
    told: bool,
}

/// All that the destination is and knows.
#[derive(Clone)]
pub struct There {
    pub form: IdentifierForm,
    pub batch_rows: u32,
    pub idempotent: bool,
    pub objects: BTreeMap<String, Records>,
    /// Fates by identifier in its normal form; all else is accepted.
    pub fates: BTreeMap<String, Fate>,
    pub silence: Option<Silence>,
    pub seen: Vec<Seen>,
    /// What was told of tickets.
    pub told: Vec<(String, Verdict)>,
    /// Rules that the core broke.
    pub broken: Vec<String>,
    tickets: BTreeMap<String, Ticket>,
    answers: BTreeMap<String, Vec<(u64, Verdict)>>,
    /// What came under each idempotency key.
    came: BTreeMap<String, Vec<Said>>,
    drawn: u64,
}

/// A handle on the destination; clones share it.
#[derive(Clone)]
pub struct Scripted {
    there: Arc<Mutex<There>>,
    silent: watch::Sender<bool>,
}

/// A value as text with its type.
pub fn said(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Integer(number) => format!("integer {number}"),
        Value::Double(number) => format!("double {}", number.get()),
        Value::Text(text) => format!("text {text}"),
        other => format!("{other:?}"),
    }
}

fn all_said<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let all: Vec<String> = values.into_iter().map(said).collect();
    all.join(", ")
}

impl Scripted {
    pub fn new() -> Self {
        Self {
            there: Arc::new(Mutex::new(There::new())),
            silent: watch::Sender::new(false),
        }
    }

    /// What it is and knows.
    pub fn there(&self) -> MutexGuard<'_, There> {
        self.there.lock().unwrap()
    }

    /// Arranges where it goes silent from now on.
    pub fn fall_silent(&self, at: Option<Silence>) {
        self.there().silence = at;
        self.silent.send_replace(false);
    }

    /// Waits until it has gone silent.
    pub async fn silent(&self) {
        let mut silent = self.silent.subscribe();
        silent.wait_for(|silent| *silent).await.unwrap();
    }

    /// Goes silent for ever where that is arranged.
    async fn pass(&self, at: Silence) {
        let stops = {
            let mut there = self.there();
            match (there.silence, at) {
                (Some(Silence::Prepare(0)), Silence::Prepare(_)) => true,
                (Some(Silence::Prepare(left)), Silence::Prepare(_)) => {
                    there.silence = Some(Silence::Prepare(left - 1));
                    false
                }
                (Some(silence), at) => silence == at,
                (None, _) => false,
            }
        };
        if stops {
            self.stay_silent().await;
        }
    }

    async fn stay_silent(&self) {
        self.silent.send_replace(true);
        std::future::pending::<()>().await;
    }
}

impl There {
    /// An empty destination that accepts everything.
    pub fn new() -> Self {
        Self {
            form: IdentifierForm::Exact,
            batch_rows: 2,
            idempotent: true,
            objects: BTreeMap::new(),
            fates: BTreeMap::new(),
            silence: None,
            seen: Vec::new(),
            told: Vec::new(),
            broken: Vec::new(),
            tickets: BTreeMap::new(),
            answers: BTreeMap::new(),
            came: BTreeMap::new(),
            drawn: 0,
        }
    }

    /// An identifier in its normal form.
    pub fn normal(&self, identifier: &str) -> String {
        normal(self.form, identifier)
    }
}

enum Answers {
    Some(Vec<(u64, Verdict)>),
    None,
}

fn told(verdicts: &[(u64, Verdict)], number: u64) -> Option<Verdict> {
    let found = verdicts.iter().find(|(of, _)| *of == number);
    found.map(|(_, verdict)| verdict.clone())
}

pub fn rejected(code: &str) -> Verdict {
    Verdict::Rejected(Rejection {
        code: code.into(),
        field: None,
        text: "not taken".into(),
        transient: false,
    })
}

pub fn normal(form: IdentifierForm, identifier: &str) -> String {
    match form {
        IdentifierForm::Exact => identifier.to_owned(),
        IdentifierForm::CaseFolded => identifier.to_lowercase(),
    }
}

/// What an operation says, with the fields of its record.
pub fn said_by(shape: &RecordShape, operation: &Operation) -> Said {
    let values = operation.new.iter().flat_map(|record| &record.0);
    let named = shape.fields.iter().zip(values);
    let record =
        named.filter_map(|(field, value)| Some((field.name.clone(), said(value.as_ref()?))));
    Said {
        kind: operation.kind,
        key: all_said(&operation.key.values().unwrap()),
        identifier: all_said(&operation.identifier),
        record: record.collect(),
    }
}

fn seen(run: &RunContext, replay: bool, operation: &Operation) -> Seen {
    Seen {
        replay,
        said: said_by(&run.shape, operation),
        answer: None,
        unanswered: false,
    }
}

mod contract;
mod writing;
