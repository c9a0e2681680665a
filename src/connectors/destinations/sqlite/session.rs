//! One run's writing to a table: one transaction per batch, with the batch's id in it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rusqlite::{Connection, TransactionBehavior};

use crate::connectors::contract::{
    ConnectorError, DeliveryBatch, Finished, RunContext, Session, WriteError, Written,
};
use crate::connectors::destinations::disk::blocking;
use crate::domain::mode::Mode;
use crate::domain::problem::ProblemKind;
use crate::failpoints;

use super::writer::Writer;
use super::{batches, failure, order, table};

/// The session; the connection is closed by [`Session::finish`] or when it is dropped.
pub(super) struct SqliteSession {
    open: Arc<Mutex<Option<Open>>>,
}

struct Open {
    connection: Connection,
    writer: Writer,
}

impl SqliteSession {
    /// Makes or checks the table.
    ///
    /// # Errors
    /// [`ConnectorError`] where the table cannot take the records.
    pub(super) fn begin(
        mut connection: Connection,
        run: &RunContext,
    ) -> Result<Self, ConnectorError> {
        let begun = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| failure::connector("begin to write", &error))?;
        let keyed = run.mode != Mode::Append;
        let found = match table::find(&begun, &run.object)? {
            Some(found) => found,
            None => {
                table::create(&begun, &run.object, &run.shape, keyed)?;
                table::find(&begun, &run.object)?.ok_or_else(|| {
                    ConnectorError::new(
                        ProblemKind::Destination,
                        format!("the table '{}' is not there after it was made", run.object),
                    )
                })?
            }
        };
        let failed = |error| failure::connector("prepare the database for batches", &error);
        batches::prepare(&begun).map_err(failed)?;
        let schema = table::schema_version(&begun).map_err(failed)?;
        let writer = Writer::new(&found, schema, run)?;
        begun.commit().map_err(failed)?;
        if keyed && !found.keeps_unique(&run.shape.identifier_names()) {
            tracing::warn!(
                table = found.name,
                "no unique index covers the identifier: each row is searched for in the whole table"
            );
        }
        Ok(Self {
            open: Arc::new(Mutex::new(Some(Open { connection, writer }))),
        })
    }
}

#[async_trait]
impl Session for SqliteSession {
    async fn write(&self, batch: DeliveryBatch) -> Result<Written, WriteError> {
        let open = Arc::clone(&self.open);
        blocking(move || {
            let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
            let open = open.as_mut().ok_or_else(|| {
                ConnectorError::new(ProblemKind::Internal, "the session is closed already")
            })?;
            write(open, batch)
        })
        .await
    }

    async fn finish(&self) -> Result<Finished, WriteError> {
        let open = Arc::clone(&self.open);
        blocking(move || {
            let taken = open.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(Open { connection, .. }) = taken {
                // Every batch is committed; what closing may add is only a checkpoint.
                if let Err((_, error)) = connection.close() {
                    tracing::warn!(%error, "the database was not closed cleanly");
                }
            }
            Ok(Finished::default())
        })
        .await
    }
}

fn write(open: &mut Open, mut batch: DeliveryBatch) -> Result<Written, WriteError> {
    let begun = open
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| failure::batch("begin a batch", &error))?;
    let id = &batch.idempotency_key;
    if let Some(verdicts) = batches::recorded(&begun, id, &mut batch.operations)? {
        return Ok(Written::Verdicts {
            verdicts,
            requests: 0,
            bytes: 0,
        });
    }
    open.writer.begin_batch(&begun)?;
    let mut verdicts = vec![None; batch.operations.len()];
    let mut bytes = 0;
    for at in order::by_identifier(&batch.operations)? {
        let operation = batch.operations.at(at)?;
        let (verdict, bound) = open.writer.apply(&begun, &operation)?;
        if let Some(place) = verdicts.get_mut(at) {
            *place = Some((operation.number, verdict));
        }
        bytes += bound;
    }
    // A replay reads them in the order of the operations.
    let verdicts: Vec<_> = verdicts.into_iter().flatten().collect();
    batches::record(&begun, id, &verdicts)?;
    failpoints::reach("table_written");
    begun.commit().map_err(|error| failure::commit(&error))?;
    failpoints::reach("table_committed");
    Ok(Written::Verdicts {
        verdicts,
        requests: 1,
        bytes,
    })
}
