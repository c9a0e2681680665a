//! Tests of the subject `webhook`: what goes out, what comes of each fault, and what is never
//! reached.

mod contract;
mod delivery;
mod faults;
mod peer;
mod ssrf;
mod tls;

use std::sync::Arc;

use serde_json::{Value as Json, json};
use signalsmith::connectors::destinations::webhook;
use signalsmith::connectors::registry::{self, Surroundings};
use signalsmith::connectors::settings::ResolvedSettings;
use signalsmith::connectors::{
    BatchReader, ConnectorError, DeliveryBatch, DestinationConnector, RunContext, Session,
    WriteError, Written,
};
use signalsmith::domain::id::{RunId, SyncId};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::{Cause, Operation, OperationKind, Record, RecordShape, ShapeField};
use signalsmith::domain::row::{Fingerprint, Key};
use signalsmith::domain::value::{Type, Value};
use signalsmith::domain::verdict::Verdict;
use signalsmith::sandbox::webhook_receiver::{Fault, ReceiverOptions, WebhookReceiver};

/// The secret of the specification's own example.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A receiver that holds records by `id`.
async fn receiver(secret: Option<&str>, faults: Vec<Fault>) -> WebhookReceiver {
    WebhookReceiver::start(ReceiverOptions {
        secret: secret.map(str::to_owned),
        faults,
        ..ReceiverOptions::default()
    })
    .await
    .unwrap()
}

/// Settings for `url` that open the loopback; `extra` adds or replaces, secrets included.
fn settings(url: &str, extra: &Json) -> ResolvedSettings {
    const SECRETS: [&str; 4] = [
        "bearer_token",
        "secret_header_value",
        "signing_secret",
        "signing_secret_old",
    ];
    let mut settings = ResolvedSettings::default();
    settings.values.insert("url".into(), json!(url));
    settings
        .values
        .insert("allow_networks".into(), json!(["127.0.0.0/8"]));
    for (key, value) in extra.as_object().unwrap() {
        if SECRETS.contains(&key.as_str()) {
            let secret = value.as_str().unwrap().to_owned();
            settings.secrets.insert(key.clone(), secret.into());
        } else {
            settings.values.insert(key.clone(), value.clone());
        }
    }
    settings
}

fn open(url: &str, extra: &Json) -> Result<Box<dyn DestinationConnector>, ConnectorError> {
    registry::destination(
        webhook::KIND.word,
        &settings(url, extra),
        &Surroundings::default(),
    )
}

fn shape() -> RecordShape {
    let field = |name: &str, kind| ShapeField {
        name: name.to_owned(),
        kind,
        on_create: false,
        if_empty: false,
    };
    RecordShape {
        fields: vec![field("id", Type::Text), field("email", Type::Text)],
        identifier: vec![0],
    }
}

fn run(mode: Mode) -> RunContext {
    RunContext {
        run: RunId::from_bits(1),
        started_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        sync: SyncId::from_bits(2),
        object: "rows".to_owned(),
        mode,
        shape: Arc::new(shape()),
    }
}

async fn session(url: &str, extra: &Json, mode: Mode) -> Box<dyn Session> {
    open(url, extra).unwrap().begin(run(mode)).await.unwrap()
}

fn operation(number: u64, kind: OperationKind, id: &str, email: &str) -> Operation {
    let new = Record(vec![Some(Value::text(id)), Some(Value::text(email))]);
    Operation {
        number,
        kind,
        key: Key::of(&[Value::text(id)]),
        key_hash: Fingerprint([0; 16]),
        identifier: vec![Value::text(id)],
        destination_id: None,
        old: None,
        new: (kind != OperationKind::Delete).then_some(new),
        input_hash: Fingerprint([0; 16]),
        output_hash: Fingerprint([0; 16]),
        cause: Cause::Changed,
    }
}

fn upsert(number: u64, id: &str) -> Operation {
    let email = format!("{id}@canary.example");
    operation(number, OperationKind::Create, id, &email)
}

fn delete(number: u64, id: &str) -> Operation {
    operation(number, OperationKind::Delete, id, "")
}

fn batch(key: &str, attempt: u32, operations: Vec<Operation>) -> DeliveryBatch {
    DeliveryBatch {
        number: 0,
        idempotency_key: key.to_owned(),
        memo: None,
        attempt,
        replay: false,
        operations: BatchReader::new(operations.len(), move |at| Ok(operations[at].clone())),
    }
}

/// Three rows, `alpha`, `beta` and `gamma`, under numbers 0 to 2.
fn three() -> Vec<Operation> {
    let ids = ["alpha", "beta", "gamma"];
    ids.iter()
        .zip(0..)
        .map(|(id, number)| upsert(number, id))
        .collect()
}

/// Verdicts as letters in the order of numbers: accepted, rejected, unknown.
fn letters(written: &Written) -> String {
    let Written::Verdicts { verdicts, .. } = written else {
        panic!("a webhook stages nothing")
    };
    let letters = verdicts.iter().map(|(_, verdict)| match verdict {
        Verdict::Accepted { .. } => 'A',
        Verdict::Rejected(_) => 'R',
        Verdict::Unknown { .. } => '?',
        Verdict::Pending { .. } => 'P',
    });
    letters.collect()
}

/// The class of what came of writing, as one word.
fn class(result: &Result<Written, WriteError>) -> &'static str {
    match result {
        Ok(_) => "verdicts",
        Err(WriteError::Retryable { .. }) => "retryable",
        Err(WriteError::Ambiguous { .. }) => "ambiguous",
        Err(WriteError::Poison { .. }) => "poison",
        Err(WriteError::TooLarge { .. }) => "too large",
        Err(WriteError::RateLimited { .. }) => "rate limited",
        Err(WriteError::Protocol { .. }) => "protocol",
        Err(WriteError::Fatal(_)) => "fatal",
    }
}
