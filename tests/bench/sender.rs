//! The HTTP sender against a bare server in another process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use signalsmith::connectors::registry::{self, Surroundings};
use signalsmith::connectors::settings::ResolvedSettings;
use signalsmith::connectors::{BatchReader, DeliveryBatch, RunContext, Session, Written};
use signalsmith::domain::id::{RunId, SyncId};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::{Cause, Operation, OperationKind, Record, RecordShape, ShapeField};
use signalsmith::domain::row::{Fingerprint, Key};
use signalsmith::domain::value::{Type, Value};

use crate::data::{self, COLUMNS};
use crate::measure::{Measured, measured};

/// Requests under way at once.
pub const CONCURRENCY: u64 = 16;
/// Rows of one request.
pub const BATCH: u64 = 200;

/// A server that takes whatever comes, after a while.
pub struct Server {
    process: Child,
    url: String,
}

impl Server {
    /// Starts one in a process of its own, so that its work is not counted as ours.
    pub fn start(latency_ms: u64) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--case", "serve", &latency_ms.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        let url = url.trim().to_owned();
        Self { process, url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until the process is ended.
pub fn serve(latency_ms: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let answer = move |_: Bytes| async move {
            if latency_ms > 0 {
                tokio::time::sleep(Duration::from_millis(latency_ms)).await;
            }
            StatusCode::OK
        };
        let router = Router::new().fallback(answer);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}/", listener.local_addr().unwrap());
        axum::serve(listener, router).await.unwrap();
    });
}

/// Sends `rows` rows through the webhook connector, with nothing of the engine about it.
pub fn send(url: &str, rows: u64) -> Measured {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let operations: Arc<Vec<Operation>> = Arc::new((0..BATCH).map(operation).collect());
    let session: Arc<dyn Session> = Arc::from(runtime.block_on(session(url)));
    measured(|| {
        runtime.block_on(async {
            let next = Arc::new(AtomicU64::new(0));
            let batches = rows / BATCH;
            let senders = (0..CONCURRENCY).map(|_| {
                let (session, next) = (Arc::clone(&session), Arc::clone(&next));
                let operations = Arc::clone(&operations);
                tokio::spawn(async move {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= batches {
                            return;
                        }
                        let written = session.write(batch(number, &operations)).await;
                        assert!(matches!(written.unwrap(), Written::Verdicts { .. }));
                    }
                })
            });
            for sender in senders.collect::<Vec<_>>() {
                sender.await.unwrap();
            }
            batches * BATCH
        })
    })
}

fn batch(number: u64, operations: &Arc<Vec<Operation>>) -> DeliveryBatch {
    let operations = Arc::clone(operations);
    let count = operations.len();
    DeliveryBatch {
        number,
        idempotency_key: format!("msg_{number:022}"),
        memo: None,
        attempt: 0,
        replay: false,
        operations: BatchReader::new(count, move |at| Ok(operations[at].clone())),
    }
}

fn operation(number: u64) -> Operation {
    let row = data::row(number, false);
    let mut values: Vec<Option<Value>> = row.iter().map(|text| Some(Value::text(text))).collect();
    values[5] = row[5].parse().ok().map(Value::Integer);
    let key = Key::of(&[Value::text(&row[0])]);
    Operation {
        number,
        kind: OperationKind::Create,
        key_hash: Fingerprint::of(1, key.bytes()),
        key,
        identifier: vec![Value::text(&row[0])],
        destination_id: None,
        old: None,
        new: Some(Record(values)),
        input_hash: Fingerprint([1; 16]),
        output_hash: Fingerprint([2; 16]),
        cause: Cause::Changed,
    }
}

async fn session(url: &str) -> Box<dyn Session> {
    let mut settings = ResolvedSettings::default();
    for (key, value) in [
        ("url", serde_json::json!(url)),
        ("allow_networks", serde_json::json!(["127.0.0.0/8"])),
        ("concurrency", serde_json::json!(CONCURRENCY)),
        ("batch_size", serde_json::json!(BATCH)),
    ] {
        settings.values.insert(key.to_owned(), value);
    }
    let webhook = registry::destination("webhook", &settings, &Surroundings::default()).unwrap();
    let field = |name: &str| ShapeField {
        name: name.to_owned(),
        kind: if name == "amount" {
            Type::Integer
        } else {
            Type::Text
        },
        on_create: false,
        if_empty: false,
    };
    let context = RunContext {
        run: RunId::from_bits(1),
        started_at: chrono::Utc::now(),
        sync: SyncId::from_bits(2),
        object: "people".to_owned(),
        mode: Mode::Upsert,
        shape: Arc::new(RecordShape {
            fields: COLUMNS.iter().map(|name| field(name)).collect(),
            identifier: vec![0],
        }),
    };
    webhook.begin(context).await.unwrap()
}
