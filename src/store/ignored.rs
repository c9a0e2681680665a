//! Rows that a person has looked at and does not want to hear of: they fail as before and are tried
//! as before, and are told apart from the others until their cause changes or they go through.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction, params};

use super::Store;
use super::audit::{self, AuditDraft};
use super::codec::count;
use super::error::StoreError;
use super::rows::RowLog;
use crate::domain::command::CauseName;
use crate::domain::id::RunId;
use crate::domain::run::Run;

/// How many rows of a run need a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failing {
    /// Those that nobody ignores.
    pub open: u64,
    /// Ignored, stopped by us.
    pub invalid: u64,
    /// Ignored, refused by the destination.
    pub rejected: u64,
    /// Ignored, without an answer.
    pub unknown: u64,
}

impl Store {
    /// Ignores the rows of a cause of a run, or heeds them again, with an audit entry. Rows that
    /// failed again or went through in a later run stay as they are there. Gives how many rows of
    /// the cause are ignored now.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_ignored(
        &self,
        run: &Run,
        cause: &CauseName,
        ignore: bool,
        audit: (String, DateTime<Utc>, AuditDraft),
    ) -> Result<u64, StoreError> {
        let (run, cause) = (run.clone(), cause.clone());
        self.write("ignore rows", move |tx| {
            let before = ignored(tx, &run.id, &cause)?;
            match ignore {
                true => add(tx, &run, &cause)?,
                false => drop_of(tx, &run, &cause)?,
            }
            tally(tx, &run.id, &cause)?;
            let now = ignored(tx, &run.id, &cause)?;
            if now != before {
                let (actor, at, mut what) = audit;
                let rows = (
                    "rows ignored".to_owned(),
                    before.to_string(),
                    now.to_string(),
                );
                what.fields.push(rows);
                audit::append(tx, &actor, at, &what)?;
            }
            Ok(now)
        })
        .await
    }

    /// Counts the rows of a run that need a look, held ones left out.
    ///
    /// # Errors
    /// The database's.
    pub async fn failing_of(&self, run: &RunId) -> Result<Failing, StoreError> {
        let run = run.clone();
        self.read("count failing rows", move |tx| {
            let (open, invalid, rejected, unknown) = tx
                .prepare_cached(
                    "SELECT coalesce(sum(count - ignored), 0),
                     coalesce(sum(iif(verdict = 'invalid', ignored, 0)), 0),
                     coalesce(sum(iif(verdict = 'rejected', ignored, 0)), 0),
                     coalesce(sum(iif(verdict = 'unknown', ignored, 0)), 0)
                     FROM causes WHERE run = ?1 AND verdict <> 'held'",
                )?
                .query_row([run.as_str()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?;
            Ok(Failing {
                open: count(open),
                invalid: count(invalid),
                rejected: count(rejected),
                unknown: count(unknown),
            })
        })
        .await
    }
}

/// Which causes of a run are meant: `?2` to `?4` are verdict, code, field.
const MEANT: &str = "run = ?1 AND verdict <> 'held' AND (?2 IS NULL OR verdict = ?2) AND code = ?3
     AND (?4 IS NULL OR coalesce(field, '') = ?4)";

fn add(tx: &Transaction<'_>, run: &Run, cause: &CauseName) -> Result<(), StoreError> {
    // What failed again later is ignored there; what went through has nothing to ignore.
    let sql = format!(
        "INSERT OR REPLACE INTO ignored (sync, key_hash, verdict, code, field)
         SELECT ?5, key_hash, verdict, code, coalesce(field, '') FROM run_rows AS row
         WHERE {MEANT} AND EXISTS (SELECT 1 FROM attempts
           WHERE sync = ?5 AND attempts.key_hash = row.key_hash AND attempts.run = row.run)"
    );
    of_cause(tx, &sql, run, cause)
}

fn drop_of(tx: &Transaction<'_>, run: &Run, cause: &CauseName) -> Result<(), StoreError> {
    let sql = format!(
        "DELETE FROM ignored WHERE sync = ?5 AND code = ?3
         AND key_hash IN (SELECT key_hash FROM run_rows WHERE {MEANT})"
    );
    of_cause(tx, &sql, run, cause)
}

/// Executes a statement about the rows of a cause ([`MEANT`]) of a run, whose sync is `?5`.
fn of_cause(
    tx: &Transaction<'_>,
    sql: &str,
    run: &Run,
    cause: &CauseName,
) -> Result<(), StoreError> {
    let (run, sync) = (run.id.as_str(), run.sync.as_str());
    tx.execute(
        sql,
        params![run, cause.verdict, cause.code, cause.field, sync],
    )?;
    Ok(())
}

/// Counts anew how many rows of the causes are ignored.
fn tally(tx: &Transaction<'_>, run: &RunId, cause: &CauseName) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE causes SET ignored = (SELECT count(*) FROM run_rows AS row JOIN ignored
           ON ignored.sync = causes.sync AND ignored.key_hash = row.key_hash
           AND ignored.verdict = row.verdict AND ignored.code = row.code
           AND ignored.field = coalesce(row.field, '')
           WHERE row.run = causes.run AND row.verdict = causes.verdict AND row.code = causes.code
           AND coalesce(row.field, '') = causes.field)
         WHERE run = ?1 AND code = ?2",
        params![run.as_str(), cause.code],
    )?;
    Ok(())
}

fn ignored(tx: &Transaction<'_>, run: &RunId, cause: &CauseName) -> Result<u64, StoreError> {
    let sql = format!("SELECT coalesce(sum(ignored), 0) FROM causes WHERE {MEANT}");
    let found = params![run.as_str(), cause.verdict, cause.code, cause.field];
    Ok(count(tx.query_row(&sql, found, |row| row.get(0))?))
}

/// Says of rows that are put on record which of them are ignored; where the cause of one is another
/// now, it is ignored no longer.
pub(super) fn among(
    tx: &Transaction<'_>,
    run: &Run,
    rows: &[RowLog],
) -> Result<Vec<bool>, StoreError> {
    let sync = run.sync.as_str();
    let any = tx
        .prepare_cached("SELECT 1 FROM ignored WHERE sync = ?1")?
        .exists([sync])?;
    if !any {
        return Ok(vec![false; rows.len()]);
    }
    let mut find = tx.prepare_cached(
        "SELECT verdict = ?3 AND code = ?4 AND field = ?5 FROM ignored
         WHERE sync = ?1 AND key_hash = ?2",
    )?;
    let mut drop = tx.prepare_cached("DELETE FROM ignored WHERE sync = ?1 AND key_hash = ?2")?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        if row.verdict == "held" {
            found.push(false);
            continue;
        }
        let key_hash = row.key_hash.0.as_slice();
        let field = row.field.as_deref().unwrap_or("");
        let is_same: Option<bool> = find
            .query_row(
                params![sync, key_hash, row.verdict, row.code, field],
                |row| row.get(0),
            )
            .optional()?;
        if is_same == Some(false) {
            drop.execute(params![sync, key_hash])?;
        }
        found.push(is_same == Some(true));
    }
    Ok(found)
}
