//! What a destination takes for the operations of a plan, with nothing of the engine about it.

use std::path::Path;
use std::sync::Arc;

use chrono::Utc;
use signalsmith::connectors::registry::{self, Surroundings};
use signalsmith::connectors::settings::ResolvedSettings;
use signalsmith::connectors::{BatchReader, DeliveryBatch, RunContext, Session, Written};
use signalsmith::domain::plan::{Operation, OperationKind};
use signalsmith::snapshot::plan_file::PlanReader;

use crate::measure::{Measured, measured};

/// Writes the operations of `plan` into the table `people` of an SQLite database, as a run does:
/// in the destination's batches, deletes last. Reading the plan is not timed.
pub fn run(plan: &Path, database: &Path) -> Measured {
    let plan = PlanReader::open(plan).unwrap();
    let mut settings = ResolvedSettings::default();
    let path = serde_json::json!(database);
    settings.values.insert("path".to_owned(), path);
    let sqlite = registry::destination("sqlite", &settings, &Surroundings::default()).unwrap();
    let rows = sqlite.capabilities("people").max_batch_rows as usize;
    let batches = batches(&plan, rows);
    let header = plan.header();
    let context = RunContext {
        run: header.run.clone(),
        started_at: Utc::now(),
        sync: header.sync.clone(),
        object: "people".to_owned(),
        mode: header.mode,
        shape: Arc::new(header.shape.clone()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    measured(|| {
        runtime.block_on(async {
            let session = sqlite.begin(context).await.unwrap();
            let mut written = 0;
            for (number, operations) in (0..).zip(batches) {
                written += operations.len() as u64;
                write(session.as_ref(), number, operations).await;
            }
            session.finish().await.unwrap();
            written
        })
    })
}

fn batches(plan: &PlanReader, rows: usize) -> Vec<Vec<Operation>> {
    let mut batches = Vec::new();
    for deletes in [false, true] {
        let operations = plan.operations(0).map(|operation| operation.unwrap());
        let operations = operations.filter(|it| (it.kind == OperationKind::Delete) == deletes);
        let operations: Vec<Operation> = operations.collect();
        batches.extend(operations.chunks(rows).map(<[Operation]>::to_vec));
    }
    batches
}

async fn write(session: &dyn Session, number: u64, operations: Vec<Operation>) {
    let batch = DeliveryBatch {
        number,
        idempotency_key: format!("msg_alone_{number:016}"),
        memo: None,
        attempt: 0,
        replay: false,
        operations: BatchReader::new(operations.len(), operations.into_iter().map(Ok)),
    };
    let written = session.write(batch).await.unwrap();
    assert!(matches!(written, Written::Verdicts { .. }));
}
