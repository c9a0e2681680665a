//! Causes: the rows of a run that need a look, counted by what is wrong with them.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction, params};

use super::Store;
use super::codec::{count, micros, time};
use super::error::StoreError;
use super::rows::RowLog;
use crate::domain::id::RunId;
use crate::domain::row::Key;
use crate::domain::run::Run;

/// Causes that one call gives at most.
const CAUSES: u32 = 1_000;
/// Rows from the beginning of a log among which the first of a cause is looked for.
const NEAR: u32 = 2_000;

/// Rows of a run that share a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCause {
    /// Their verdict.
    pub verdict: String,
    /// The cause.
    pub code: String,
    /// The field or column at fault.
    pub field: Option<String>,
    /// How many.
    pub count: u64,
    /// How many of them a person ignores.
    pub ignored: u64,
    /// The first of them.
    pub first_key: Key,
    /// When the first run of this sync that is still on record met this cause.
    pub since: DateTime<Utc>,
    /// How many runs of this sync that are still on record met it.
    pub runs: u64,
    /// Runs in a row in which the first row failed, as far as it stands near the log's beginning.
    pub attempts: u32,
}

impl Store {
    /// Gives the causes in a run's log, the most frequent first; at most 1,000.
    ///
    /// # Errors
    /// The database's.
    pub async fn row_causes(&self, run: &RunId) -> Result<Vec<RowCause>, StoreError> {
        let run = run.clone();
        self.read("read the causes", move |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT verdict, code, field, count, first_key, since,
                 (SELECT count(*) FROM causes AS other WHERE other.sync = own.sync
                  AND other.verdict = own.verdict AND other.code = own.code
                  AND other.field = own.field),
                 coalesce((SELECT attempts FROM run_rows AS row WHERE row.run = own.run
                  AND row.place <= ?3 AND row.verdict = own.verdict AND row.code = own.code
                  AND coalesce(row.field, '') = own.field LIMIT 1), 0), ignored
                 FROM causes AS own
                 WHERE run = ?1 ORDER BY count DESC, verdict, code, field LIMIT ?2",
            )?;
            let mut rows = statement.query(params![run.as_str(), CAUSES, NEAR])?;
            let mut causes = Vec::new();
            while let Some(row) = rows.next()? {
                let field: String = row.get(2)?;
                causes.push(RowCause {
                    verdict: row.get(0)?,
                    code: row.get(1)?,
                    field: Some(field).filter(|field| !field.is_empty()),
                    count: count(row.get(3)?),
                    first_key: Key::from_bytes(&row.get::<_, Vec<u8>>(4)?),
                    since: time(row.get(5)?)?,
                    runs: count(row.get(6)?),
                    attempts: row.get(7)?,
                    ignored: count(row.get(8)?),
                });
            }
            Ok(causes)
        })
        .await
    }
}

/// Counts rows that are put on record by their causes; `ignored` says which of them are ignored.
pub(super) fn add(
    tx: &Transaction<'_>,
    run: &Run,
    rows: &[RowLog],
    ignored: &[bool],
) -> Result<(), StoreError> {
    let mut causes = std::collections::BTreeMap::new();
    for (row, is_ignored) in rows.iter().zip(ignored) {
        let field = row.field.as_deref().unwrap_or("");
        let cause = (row.verdict.as_str(), row.code.as_str(), field);
        let (count, ignored, _) = causes.entry(cause).or_insert((0_i64, 0_i64, &row.key));
        *count += 1;
        *ignored += i64::from(*is_ignored);
    }
    let now = micros(run.started_at.unwrap_or(run.queued_at));
    let mut first = tx.prepare_cached(
        "SELECT min(since) FROM causes WHERE sync = ?1 AND verdict = ?2 AND code = ?3 AND field = ?4",
    )?;
    let mut put = tx.prepare_cached(
        "INSERT INTO causes (sync, verdict, code, field, run, count, first_key, since, ignored)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT DO UPDATE SET count = count + excluded.count,
         ignored = ignored + excluded.ignored",
    )?;
    for ((verdict, code, field), (count, ignored, key)) in causes {
        let sync = run.sync.as_str();
        let since: Option<i64> = first
            .query_row(params![sync, verdict, code, field], |row| row.get(0))
            .optional()?
            .flatten();
        put.execute(params![
            sync,
            verdict,
            code,
            field,
            run.id.as_str(),
            count,
            key.bytes(),
            since.map_or(now, |since| since.min(now)),
            ignored
        ])?;
    }
    Ok(())
}
