//! The row log of a run: rows that need a look, with their causes and how often they failed.

use rusqlite::{Row, Transaction, params};

use super::Store;
use super::codec::{count, fingerprint, int};
use super::error::StoreError;
use super::{causes, ignored};
use crate::domain::command::RowFilter;
use crate::domain::id::{RunId, SyncId};
use crate::domain::plan::OperationKind;
use crate::domain::row::{Fingerprint, Key};
use crate::domain::run::Run;

/// Failing runs in a row from which a row counts as stuck.
pub const STUCK: u32 = 10;
/// Rows that a filter's limit of 0 takes.
const DEFAULT_PAGE: u32 = 500;
/// Rows that one call gives at most.
const PAGE: u32 = 10_000;
/// Rows that are read at once while looking for those that fit.
const STEP: u32 = 2_000;

/// A row that needs a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowLog {
    /// Its key.
    pub key: Key,
    /// The hash of the key under the snapshot's seed.
    pub key_hash: Fingerprint,
    /// `invalid`, `rejected`, `unknown`, `held`; all but the last count as failing.
    pub verdict: String,
    /// The operation, where one was planned.
    pub op: Option<OperationKind>,
    /// The operation's number in the plan.
    pub operation: Option<u64>,
    /// The field or column at fault.
    pub field: Option<String>,
    /// The cause.
    pub code: String,
    /// The cause in words.
    pub reason: String,
}

/// A row of the log as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// Its place in the run's log, from 1.
    pub place: u64,
    /// The row.
    pub row: RowLog,
    /// Runs in a row in which this key has failed, this one included; 0 where it did not fail.
    pub attempts: u32,
}

impl Store {
    /// Gives rows of a run's log by place; a text in the filter's `key` is looked for without
    /// regard to case. At most 10,000.
    ///
    /// # Errors
    /// The database's.
    pub async fn rows(
        &self,
        run: &RunId,
        filter: &RowFilter,
    ) -> Result<Vec<StoredRow>, StoreError> {
        let wanted = match filter.limit {
            0 => DEFAULT_PAGE,
            limit => limit.min(PAGE),
        };
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        let mut after = filter.after;
        let mut found = Vec::new();
        // One transaction per step: a long reader would keep the write-ahead log from being emptied.
        loop {
            let (step, last) = self.row_step(run, filter, after).await?;
            found.extend(step);
            if found.len() >= wanted {
                found.truncate(wanted);
                return Ok(found);
            }
            match last {
                Some(last) => after = last,
                None => return Ok(found),
            }
        }
    }

    /// The rows that fit among the next few, and the place of the last one looked at; no place at
    /// the log's end.
    async fn row_step(
        &self,
        run: &RunId,
        filter: &RowFilter,
        after: u64,
    ) -> Result<(Vec<StoredRow>, Option<u64>), StoreError> {
        let (run, filter) = (run.clone(), filter.clone());
        self.read("read the row log", move |tx| {
            let key = filter.key.as_deref().map(str::to_lowercase);
            let mut statement = tx.prepare_cached(
                "SELECT place, key, key_hash, verdict, op, operation, field, code, reason, attempts
                 FROM run_rows WHERE run = ?1 AND place > ?2
                 AND (?3 IS NULL OR verdict = ?3) AND (?4 IS NULL OR code = ?4)
                 AND (?6 IS NULL OR coalesce(field, '') = ?6)
                 ORDER BY place LIMIT ?5",
            )?;
            let mut rows = statement.query(params![
                run.as_str(),
                int(after),
                filter.verdict,
                filter.code,
                STEP,
                filter.field
            ])?;
            let (mut found, mut last, mut seen) = (Vec::new(), None, 0);
            while let Some(row) = rows.next()? {
                let row = stored(row)?;
                seen += 1;
                last = Some(row.place);
                let fits = key
                    .as_ref()
                    .is_none_or(|key| row.row.key.to_string().to_lowercase().contains(key));
                if fits {
                    found.push(row);
                }
            }
            Ok((found, last.filter(|_| seen == STEP)))
        })
        .await
    }

    /// Counts the keys of a sync that failed when they were last tried, ignored ones left out.
    ///
    /// # Errors
    /// The database's.
    pub async fn failing(&self, sync: &SyncId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM attempts WHERE sync = ?1 AND count >= 1
                   AND NOT EXISTS (SELECT 1 FROM ignored WHERE ignored.sync = attempts.sync
                     AND ignored.key_hash = attempts.key_hash)";
        self.attempts(sync, sql).await
    }

    /// Counts the keys of a sync that failed in 10 runs in a row or more, ignored ones left out.
    ///
    /// # Errors
    /// The database's.
    pub async fn stuck(&self, sync: &SyncId) -> Result<u64, StoreError> {
        // The number stands in the text, so that its own index serves: see the schema.
        let sql = "SELECT count(*) FROM attempts WHERE sync = ?1 AND count >= 10
                   AND NOT EXISTS (SELECT 1 FROM ignored WHERE ignored.sync = attempts.sync
                     AND ignored.key_hash = attempts.key_hash)";
        self.attempts(sync, sql).await
    }

    async fn attempts(&self, sync: &SyncId, sql: &'static str) -> Result<u64, StoreError> {
        let sync = sync.clone();
        self.read("count failing rows", move |tx| {
            let found: i64 = tx
                .prepare_cached(sql)?
                .query_row([sync.as_str()], |row| row.get(0))?;
            Ok(count(found))
        })
        .await
    }

    /// Removes a run's row log, causes and closed intents, as its plan file goes; the run stays.
    ///
    /// # Errors
    /// The database's; what was removed until then is gone.
    pub async fn drop_details(&self, run: &RunId) -> Result<(), StoreError> {
        loop {
            let run = run.clone();
            let removed = self
                .write("remove a run's details", move |tx| {
                    let removed = tx.execute(
                        "DELETE FROM run_rows WHERE run = ?1 AND place <= ?2 +
                         (SELECT coalesce(min(place), 0) FROM run_rows WHERE run = ?1)",
                        params![run.as_str(), PAGE],
                    )?;
                    tx.execute("DELETE FROM causes WHERE run = ?1", [run.as_str()])?;
                    tx.execute("DELETE FROM written WHERE run = ?1", [run.as_str()])?;
                    tx.execute(
                        "DELETE FROM intents WHERE run = ?1 AND closed = 1",
                        [run.as_str()],
                    )?;
                    Ok(removed)
                })
                .await?;
            if removed == 0 {
                return Ok(());
            }
        }
    }
}

fn stored(row: &Row<'_>) -> Result<StoredRow, StoreError> {
    let op: Option<String> = row.get(4)?;
    Ok(StoredRow {
        place: count(row.get(0)?),
        row: RowLog {
            key: Key::from_bytes(&row.get::<_, Vec<u8>>(1)?),
            key_hash: fingerprint(&row.get::<_, Vec<u8>>(2)?)?,
            verdict: row.get(3)?,
            op: op.and_then(|op| {
                OperationKind::ALL
                    .into_iter()
                    .find(|kind| kind.word() == op)
            }),
            operation: row.get::<_, Option<i64>>(5)?.map(count),
            field: row.get(6)?,
            code: row.get(7)?,
            reason: row.get(8)?,
        },
        attempts: row.get(9)?,
    })
}

/// Appends to a run's log inside a transaction.
pub(super) fn append(tx: &Transaction<'_>, run: &Run, rows: &[RowLog]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let last: i64 = tx
        .prepare_cached("SELECT coalesce(max(place), 0) FROM run_rows WHERE run = ?1")?
        .query_row([run.id.as_str()], |row| row.get(0))?;
    let mut put = tx.prepare_cached(
        "INSERT INTO run_rows
         (run, place, key, key_hash, verdict, op, operation, field, code, reason, attempts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let ignored = ignored::among(tx, run, rows)?;
    for (row, place) in rows.iter().zip(last + 1..) {
        let attempts = if row.verdict == "held" {
            0
        } else {
            attempt(tx, run, &row.key_hash)?
        };
        put.execute(params![
            run.id.as_str(),
            place,
            row.key.bytes(),
            row.key_hash.0.as_slice(),
            row.verdict,
            row.op.map(OperationKind::word),
            row.operation.map(int),
            row.field,
            row.code,
            row.reason,
            attempts
        ])?;
    }
    causes::add(tx, run, rows, &ignored)
}

/// Counts a failure of a key, once per run, and gives the number of runs in a row.
fn attempt(tx: &Transaction<'_>, run: &Run, key_hash: &Fingerprint) -> Result<u32, StoreError> {
    Ok(tx
        .prepare_cached(
            "INSERT INTO attempts (sync, key_hash, count, run) VALUES (?1, ?2, 1, ?3)
             ON CONFLICT (sync, key_hash) DO UPDATE
             SET count = count + (run <> excluded.run), run = excluded.run
             RETURNING count",
        )?
        .query_row(
            params![run.sync.as_str(), key_hash.0.as_slice(), run.id.as_str()],
            |row| row.get(0),
        )?)
}

/// Forgets how often keys failed.
pub(super) fn recover(
    tx: &Transaction<'_>,
    sync: &str,
    keys: &[Fingerprint],
) -> Result<(), StoreError> {
    let any = tx
        .prepare_cached("SELECT 1 FROM attempts WHERE sync = ?1")?
        .exists([sync])?;
    if !any {
        return Ok(());
    }
    let mut forget = tx.prepare_cached("DELETE FROM attempts WHERE sync = ?1 AND key_hash = ?2")?;
    let mut heed = tx.prepare_cached("DELETE FROM ignored WHERE sync = ?1 AND key_hash = ?2")?;
    for key_hash in keys {
        let key = params![sync, key_hash.0.as_slice()];
        if forget.execute(key)? > 0 {
            heed.execute(key)?;
        }
    }
    Ok(())
}
