//! Acknowledgements: the intent before the wire, the verdicts after it in one transaction.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::Store;
use super::codec::{count, fingerprint, int, pack, unpack};
use super::error::{ConflictKind, StoreError};
use super::rows::{self, RowLog};
use super::{run_state, written};
use crate::domain::id::{RunId, SyncId};
use crate::domain::row::Fingerprint;
use crate::domain::run::Run;

/// What is about to be sent: on disk before the wire, replayed verbatim where it stays open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The run.
    pub run: RunId,
    /// Its sync.
    pub sync: SyncId,
    /// The batch's number in the run.
    pub batch: u64,
    /// Numbers of the plan's operations, in the order in which they are sent.
    pub operations: Vec<u64>,
    /// 128 random bits as text; every retry and replay reuses it.
    pub idempotency_key: String,
    /// The hash of what is sent.
    pub payload_hash: [u8; 16],
    /// What the destination wants to have kept with the batch.
    pub memo: Option<String>,
}

/// What the snapshot is to hold for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalChange {
    /// The key.
    pub key_hash: Fingerprint,
    /// The snapshot's record, encoded by the snapshot; `None` removes it.
    pub entry: Option<Vec<u8>>,
}

/// A key whose last write may or may not have been applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRow {
    /// The key.
    pub key_hash: Fingerprint,
    /// The key's canonical bytes.
    pub key: Vec<u8>,
    /// The encoded identifier that was written to.
    pub identifier: Vec<u8>,
    /// Whether the write was a delete.
    pub deleting: bool,
    /// The operation's number in the run's plan.
    pub operation: u64,
    /// The run.
    pub run: RunId,
    /// What was seen.
    pub reason: String,
}

/// An operation whose outcome comes later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRow {
    /// The operation's number in the run's plan.
    pub operation: u64,
    /// Its key.
    pub key_hash: Fingerprint,
    /// What to ask for it by.
    pub ticket: String,
}

/// Verdicts with all that follows from them; one transaction.
///
/// A key that gets a verdict here (a journal change, an unknown mark, a row of the log, or the end
/// of its failing) waits for no pending outcome of this run any more, unless `pending` names it anew.
#[derive(Debug, Clone, PartialEq)]
pub struct Acknowledgement {
    /// The run with its new counters.
    pub run: Run,
    /// The intent that this closes; `None` is bookkeeping without one.
    pub batch: Option<u64>,
    /// What the snapshot is to hold.
    pub journal: Vec<JournalChange>,
    /// Keys that are dirty from now on.
    pub unknown_add: Vec<UnknownRow>,
    /// Keys that are not dirty any more.
    pub unknown_clear: Vec<Fingerprint>,
    /// Single writes of unknown outcome that are seen to: key hash, encoded identifier.
    pub unknown_traced: Vec<(Fingerprint, Vec<u8>)>,
    /// Outcomes that come later.
    pub pending: Vec<PendingRow>,
    /// Rows that need a look.
    pub rows: Vec<RowLog>,
    /// Keys that no longer fail: their attempts are forgotten.
    pub recovered: Vec<Fingerprint>,
    /// Numbers of the operations that were accepted.
    pub accepted: Vec<u64>,
    /// Those among them whose record the destination said it created.
    pub created: Vec<u64>,
}

impl Store {
    /// Puts an intent on disk; only after that may its batch go out.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where the run is not this core's running one,
    /// [`ConflictKind::Exists`] for a batch that has its intent; the database's.
    pub async fn open_intent(&self, intent: &Intent) -> Result<(), StoreError> {
        let (intent, epoch) = (intent.clone(), self.epoch());
        let operations = pack(&intent.operations)?;
        self.write("write down a batch before sending it", move |tx| {
            run_state::require_running(tx, &intent.run, epoch)?;
            let made = tx
                .prepare_cached(
                    "INSERT OR IGNORE INTO intents
                     (run, batch, sync, operations, idempotency_key, payload_hash, memo)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    intent.run.as_str(),
                    int(intent.batch),
                    intent.sync.as_str(),
                    operations,
                    intent.idempotency_key,
                    intent.payload_hash.as_slice(),
                    intent.memo
                ])?;
            if made == 1 {
                return Ok(());
            }
            Err(StoreError::conflict(
                ConflictKind::Exists,
                format!(
                    "batch {} of run {} has its intent",
                    intent.batch, intent.run
                ),
            ))
        })
        .await
    }

    /// Writes verdicts with snapshot journal, unknown marks, row log, attempts and counters, and
    /// closes the intent.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] for another core's running run, [`ConflictKind::Status`] for an
    /// intent that is closed already, [`StoreError::NotFound`] for one that was never opened.
    pub async fn close_intent(&self, acknowledgement: Acknowledgement) -> Result<(), StoreError> {
        self.close_intents(vec![acknowledgement]).await
    }

    /// As [`Store::close_intent`] for several batches, all in one transaction; of each run only the
    /// last counters are written.
    ///
    /// # Errors
    /// As [`Store::close_intent`]; then none of them is written.
    pub async fn close_intents(
        &self,
        acknowledgements: Vec<Acknowledgement>,
    ) -> Result<(), StoreError> {
        if acknowledgements.is_empty() {
            return Ok(());
        }
        let epoch = self.epoch();
        self.write("write down verdicts", move |tx| {
            let mut rest = acknowledgements.iter().peekable();
            while let Some(ack) = rest.next() {
                let is_last = rest.peek().is_none_or(|next| next.run.id != ack.run.id);
                acknowledge(tx, ack, epoch, is_last)?;
            }
            Ok(())
        })
        .await
    }

    /// Gives all intents that are still open: sent perhaps, without verdicts.
    ///
    /// # Errors
    /// The database's.
    pub async fn open_intents(&self) -> Result<Vec<Intent>, StoreError> {
        self.read("read open batches", |tx| {
            let mut statement = tx.prepare_cached(&format!(
                "SELECT {INTENT} FROM intents INDEXED BY intents_open WHERE closed = 0
                 ORDER BY sync, run, batch"
            ))?;
            let mut found = statement.query([])?;
            let mut intents = Vec::new();
            while let Some(row) = found.next()? {
                intents.push(intent(row)?);
            }
            Ok(intents)
        })
        .await
    }

    /// Gives all intents of a run in the order of their batches, each with whether it is closed.
    ///
    /// # Errors
    /// The database's.
    pub async fn intents(&self, run: &RunId) -> Result<Vec<(Intent, bool)>, StoreError> {
        let run = run.clone();
        self.read("read batches", move |tx| {
            let mut statement = tx.prepare_cached(&format!(
                "SELECT {INTENT}, closed FROM intents WHERE run = ?1 ORDER BY batch"
            ))?;
            let mut found = statement.query([run.as_str()])?;
            let mut intents = Vec::new();
            while let Some(row) = found.next()? {
                intents.push((intent(row)?, row.get(7)?));
            }
            Ok(intents)
        })
        .await
    }
}

const INTENT: &str = "run, batch, sync, operations, idempotency_key, payload_hash, memo";

fn intent(row: &Row<'_>) -> Result<Intent, StoreError> {
    Ok(Intent {
        run: run_id(row.get(0)?)?,
        batch: count(row.get(1)?),
        sync: super::catalog::sync_id(row.get(2)?)?,
        operations: unpack(&row.get::<_, Vec<u8>>(3)?)?,
        idempotency_key: row.get(4)?,
        payload_hash: fingerprint(&row.get::<_, Vec<u8>>(5)?)?.0,
        memo: row.get(6)?,
    })
}

/// Reads a run's id from a column.
pub(super) fn run_id(text: String) -> Result<RunId, StoreError> {
    RunId::try_from(text).map_err(|error| StoreError::damaged(error.to_string()))
}

fn acknowledge(
    tx: &Transaction<'_>,
    ack: &Acknowledgement,
    epoch: i64,
    is_last: bool,
) -> Result<(), StoreError> {
    if is_last {
        run_state::save(tx, &ack.run, epoch)?;
    }
    if let Some(batch) = ack.batch {
        close(tx, &ack.run.id, batch)?;
    }
    let sync = ack.run.sync.as_str();
    append_journal(tx, sync, &ack.journal)?;
    mark_unknown(tx, sync, ack)?;
    settle_pending(tx, sync, ack)?;
    written::keep(tx, &ack.run.id, &ack.accepted, &ack.created)?;
    rows::append(tx, &ack.run, &ack.rows)?;
    rows::recover(tx, sync, &ack.recovered)
}

fn close(tx: &Transaction<'_>, run: &RunId, batch: u64) -> Result<(), StoreError> {
    let key = params![run.as_str(), int(batch)];
    let closed = tx
        .prepare_cached(
            "UPDATE intents SET closed = 1 WHERE run = ?1 AND batch = ?2 AND closed = 0",
        )?
        .execute(key)?;
    if closed == 1 {
        return Ok(());
    }
    let there: Option<bool> = tx
        .prepare_cached("SELECT closed FROM intents WHERE run = ?1 AND batch = ?2")?
        .query_row(key, |row| row.get(0))
        .optional()?;
    Err(match there {
        Some(_) => StoreError::conflict(
            ConflictKind::Status,
            format!("batch {batch} of run {run} has its verdicts"),
        ),
        None => StoreError::not_found("batch", format!("{batch} of run {run}")),
    })
}

/// A key's newer acknowledgement takes the place of its older one, under a higher number: a fold
/// that has read the older one removes by number and so leaves the newer.
fn append_journal(
    tx: &Transaction<'_>,
    sync: &str,
    changes: &[JournalChange],
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let added = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    let last: i64 = tx
        .prepare_cached("UPDATE core SET journal_seq = journal_seq + ?1 RETURNING journal_seq")?
        .query_row([added], |row| row.get(0))?;
    let mut put = tx.prepare_cached(
        "INSERT INTO journal (sync, key_hash, seq, entry) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (sync, key_hash) DO UPDATE SET seq = excluded.seq, entry = excluded.entry",
    )?;
    for (change, seq) in changes.iter().zip(last - added + 1..) {
        put.execute(params![
            sync,
            change.key_hash.0.as_slice(),
            seq,
            change.entry
        ])?;
    }
    Ok(())
}

fn mark_unknown(tx: &Transaction<'_>, sync: &str, ack: &Acknowledgement) -> Result<(), StoreError> {
    let any = tx
        .prepare_cached("SELECT 1 FROM unknown WHERE sync = ?1")?
        .exists([sync])?;
    if any {
        let mut clear =
            tx.prepare_cached("DELETE FROM unknown WHERE sync = ?1 AND key_hash = ?2")?;
        for key_hash in &ack.unknown_clear {
            clear.execute(params![sync, key_hash.0.as_slice()])?;
        }
        let mut trace = tx.prepare_cached(
            "DELETE FROM unknown WHERE sync = ?1 AND key_hash = ?2 AND identifier = ?3",
        )?;
        for (key_hash, identifier) in &ack.unknown_traced {
            trace.execute(params![sync, key_hash.0.as_slice(), identifier])?;
        }
    }
    let mut add = tx.prepare_cached(
        "INSERT OR REPLACE INTO unknown
         (sync, key_hash, key, identifier, deleting, operation, run, reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for row in &ack.unknown_add {
        add.execute(params![
            sync,
            row.key_hash.0.as_slice(),
            row.key,
            row.identifier,
            row.deleting,
            int(row.operation),
            row.run.as_str(),
            row.reason
        ])?;
    }
    Ok(())
}

fn settle_pending(
    tx: &Transaction<'_>,
    sync: &str,
    ack: &Acknowledgement,
) -> Result<(), StoreError> {
    let waiting = tx
        .prepare_cached("SELECT 1 FROM pending WHERE sync = ?1")?
        .exists([sync])?;
    if waiting {
        let mut settle = tx
            .prepare_cached("DELETE FROM pending WHERE sync = ?1 AND key_hash = ?2 AND run = ?3")?;
        let settled = ack
            .journal
            .iter()
            .map(|change| &change.key_hash)
            .chain(ack.unknown_add.iter().map(|row| &row.key_hash))
            .chain(ack.rows.iter().map(|row| &row.key_hash))
            .chain(&ack.recovered);
        for key_hash in settled {
            settle.execute(params![sync, key_hash.0.as_slice(), ack.run.id.as_str()])?;
        }
    }
    let mut add = tx.prepare_cached(
        "INSERT OR REPLACE INTO pending (sync, key_hash, run, operation, ticket)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for row in &ack.pending {
        add.execute(params![
            sync,
            row.key_hash.0.as_slice(),
            ack.run.id.as_str(),
            int(row.operation),
            row.ticket
        ])?;
    }
    Ok(())
}
