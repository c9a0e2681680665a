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
            drawn: 0,
        }
    }

    /// An identifier in its normal form.
    pub fn normal(&self, identifier: &str) -> String {
        normal(self.form, identifier)
    }

    /// Whether this write is the one after which no answer comes, and whether it is done.
    fn last_write(&mut self) -> Option<bool> {
        match &mut self.silence {
            Some(Silence::Write { nth: 0, applied }) => Some(*applied),
            Some(Silence::Write { nth, .. }) => {
                *nth -= 1;
                None
            }
            _ => None,
        }
    }

    fn write(&mut self, run: &RunContext, batch: DeliveryBatch) -> Result<Answers, WriteError> {
        let (replay, key) = (batch.replay, batch.idempotency_key);
        let operations: Vec<(u64, Seen)> = batch
            .operations
            .map(|operation| operation.map(|it| (it.number, seen(run, replay, &it))))
            .collect::<Result<_, _>>()?;
        let silence = self.last_write();
        for (_, operation) in &operations {
            if !replay {
                self.refuse_early(run, &operation.said);
            }
        }
        if silence == Some(false) {
            self.seen.extend(operations.into_iter().map(|(_, it)| Seen {
                unanswered: true,
                ..it
            }));
            return Ok(Answers::None);
        }
        let count = operations.len();
        let repeated = self.answers.get(&key).filter(|_| self.idempotent).cloned();
        let verdicts = match repeated {
            Some(verdicts) => {
                self.seen
                    .extend(operations.into_iter().map(|(number, it)| Seen {
                        answer: told(&verdicts, number),
                        ..it
                    }));
                verdicts
            }
            None => {
                let poison = |(_, it): &(u64, Seen)| self.fate(&it.said) == Fate::Poison;
                if operations.iter().any(poison) {
                    if let [(_, alone)] = operations.as_slice() {
                        let answer = Some(rejected("poison"));
                        self.seen.push(Seen {
                            answer,
                            ..alone.clone()
                        });
                    }
                    let (code, text) = ("poison".into(), "a bad row".into());
                    return Err(WriteError::Poison { code, text });
                }
                self.write_all(run, operations)
            }
        };
        self.answers.insert(key, verdicts.clone());
        if silence.is_some() {
            for it in self.seen.iter_mut().rev().take(count) {
                it.answer = None;
                it.unanswered = true;
            }
            return Ok(Answers::None);
        }
        Ok(Answers::Some(verdicts))
    }

    fn write_all(&mut self, run: &RunContext, all: Vec<(u64, Seen)>) -> Vec<(u64, Verdict)> {
        let mut verdicts = Vec::new();
        for (number, mut operation) in all {
            let verdict = self.one(&run.object, run.mode, &operation.said);
            operation.answer.clone_from(&verdict);
            verdicts.extend(verdict.map(|verdict| (number, verdict)));
            self.seen.push(operation);
        }
        verdicts
    }

    fn fate(&self, operation: &Said) -> Fate {
        let identifier = self.normal(&operation.identifier);
        self.fates.get(&identifier).copied().unwrap_or(Fate::Accept)
    }

    /// A key or identifier with an outcome to come may not be written to.
    fn refuse_early(&mut self, run: &RunContext, operation: &Said) {
        let identifier = self.normal(&operation.identifier);
        let early = self.tickets.values().find(|ticket| {
            let is_same_record = self.normal(&ticket.operation.identifier) == identifier;
            ticket.object == run.object && (is_same_record || ticket.operation.key == operation.key)
        });
        if let Some(ticket) = early {
            let earlier = &ticket.operation;
            self.broken.push(format!(
                "{operation:?} came before the outcome of {earlier:?}"
            ));
        }
    }

    fn one(&mut self, object: &str, mode: Mode, operation: &Said) -> Option<Verdict> {
        let unknown = || Verdict::Unknown {
            reason: "no answer".into(),
        };
        match self.fate(operation) {
            Fate::Accept => Some(self.apply(object, mode, operation)),
            Fate::Reject | Fate::Poison => Some(rejected("refused")),
            Fate::Unknown { applied } => {
                if applied {
                    self.apply(object, mode, operation);
                }
                Some(unknown())
            }
            Fate::LeftOut { applied } => {
                if applied {
                    self.apply(object, mode, operation);
                }
                None
            }
            Fate::Pending { asks, then } => {
                self.drawn += 1;
                let ticket = format!("t{}", self.drawn);
                let waits = Ticket {
                    object: object.to_owned(),
                    mode,
                    operation: operation.clone(),
                    asks,
                    then,
                };
                self.tickets.insert(ticket.clone(), waits);
                Some(Verdict::Pending { ticket })
            }
        }
    }

    fn apply(&mut self, object: &str, mode: Mode, operation: &Said) -> Verdict {
        let identifier = self.normal(&operation.identifier);
        let records = self.objects.entry(object.to_owned()).or_default();
        if operation.kind == OperationKind::Delete {
            records.held.remove(&identifier);
            return Verdict::ACCEPTED;
        }
        let record = operation.record.clone();
        if mode == Mode::Append {
            records.appended.push(record);
            return Verdict::ACCEPTED;
        }
        let existed = records.held.contains_key(&identifier);
        match mode {
            Mode::Update if !existed => return rejected("unmatched"),
            Mode::Insert if existed => {}
            _ => records.held.entry(identifier).or_default().extend(record),
        }
        Verdict::Accepted {
            destination_id: None,
            existed: Some(existed),
        }
    }

    /// Forgets what it took and has not told of.
    pub fn drop_tickets(&mut self) {
        self.tickets.clear();
    }

    /// Tells what is known of tickets.
    pub fn settle(&mut self, tickets: &[String]) -> Vec<(String, Verdict)> {
        let mut known = Vec::new();
        for ticket in tickets {
            match self.tickets.get_mut(ticket) {
                Some(waits) if waits.asks > 0 => {
                    waits.asks -= 1;
                    continue;
                }
                Some(_) => {}
                None => continue,
            }
            let Some(waits) = self.tickets.remove(ticket) else {
                continue;
            };
            let Ticket {
                object,
                mode,
                operation,
                ..
            } = &waits;
            let verdict = match waits.then {
                Then::Accept => self.apply(object, *mode, operation),
                Then::Reject => rejected("refused later"),
                Then::Unknown { applied } => {
                    if applied {
                        self.apply(object, *mode, operation);
                    }
                    Verdict::Unknown {
                        reason: "the ticket is lost".into(),
                    }
                }
            };
            known.push((ticket.clone(), verdict));
        }
        self.told.extend(known.iter().cloned());
        known
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
