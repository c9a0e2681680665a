//! What runs did, summed by the quarter of an hour in which they ended, so that a day of any zone
//! costs the same to sum whatever the number of runs.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction, params};

use super::Store;
use super::codec::{count, from_json, int};
use super::error::StoreError;
use crate::domain::browse::RunSums;
use crate::domain::run::{Run, RunStatus};

/// Seconds of a quarter of an hour; every zone in use is a multiple of it away from UTC.
const SECONDS: i64 = 900;
/// Quarters that are kept, those without a run not counted: at least 40 days.
const KEPT: i64 = 40 * 96;

impl Store {
    /// Sums what runs did in stretches of time, each from its start to the next one's, the last to
    /// the end; a start counts from the quarter of an hour in which it lies. Starts are in order.
    ///
    /// # Errors
    /// The database's.
    pub async fn run_sums(&self, starts: Vec<DateTime<Utc>>) -> Result<Vec<RunSums>, StoreError> {
        self.read("sum up runs", move |tx| {
            let starts: Vec<i64> = starts.iter().map(|start| quarter(*start)).collect();
            let mut sums = vec![RunSums::default(); starts.len()];
            let Some(first) = starts.first() else {
                return Ok(sums);
            };
            let mut statement = tx.prepare_cached(
                "SELECT quarter, runs, failed, with_errors, written, refused FROM quarters
                 WHERE quarter >= ?1 ORDER BY quarter",
            )?;
            let mut rows = statement.query([first])?;
            while let Some(row) = rows.next()? {
                let at: i64 = row.get(0)?;
                let place = starts.partition_point(|start| *start <= at);
                if let Some(sum) = place.checked_sub(1).and_then(|place| sums.get_mut(place)) {
                    sum.add(&RunSums {
                        runs: count(row.get(1)?),
                        failed: count(row.get(2)?),
                        with_errors: count(row.get(3)?),
                        written: count(row.get(4)?),
                        refused: count(row.get(5)?),
                    });
                }
            }
            Ok(sums)
        })
        .await
    }
}

fn quarter(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(SECONDS)
}

/// Takes note of a run that is about to be stored as it is now, over what is stored of it: one that
/// ended twice, or whose outcomes came late, counts as it ended last.
pub(super) fn note(tx: &Transaction<'_>, before: RunStatus, run: &Run) -> Result<(), StoreError> {
    if before.is_final() {
        let stored: Option<String> = tx
            .prepare_cached("SELECT body FROM runs WHERE id = ?1")?
            .query_row([run.id.as_str()], |row| row.get(0))
            .optional()?;
        if let Some(stored) = stored {
            take_out(tx, &from_json(&stored, "run")?)?;
        }
    }
    put_in(tx, run)
}

/// Executes a statement with the quarter in which a run ended, and its sums; nothing for one that
/// has none.
fn shift(tx: &Transaction<'_>, run: &Run, sql: &str) -> Result<(), StoreError> {
    let sums = RunSums::of(run);
    let Some(ended) = run.ended_at.filter(|_| sums.runs > 0) else {
        return Ok(());
    };
    tx.prepare_cached(sql)?.execute(params![
        quarter(ended),
        int(sums.runs),
        int(sums.failed),
        int(sums.with_errors),
        int(sums.written),
        int(sums.refused)
    ])?;
    Ok(())
}

fn take_out(tx: &Transaction<'_>, run: &Run) -> Result<(), StoreError> {
    shift(
        tx,
        run,
        "UPDATE quarters SET runs = max(0, runs - ?2), failed = max(0, failed - ?3),
         with_errors = max(0, with_errors - ?4), written = max(0, written - ?5),
         refused = max(0, refused - ?6) WHERE quarter = ?1",
    )
}

fn put_in(tx: &Transaction<'_>, run: &Run) -> Result<(), StoreError> {
    shift(
        tx,
        run,
        "INSERT INTO quarters VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (quarter) DO UPDATE SET runs = runs + excluded.runs,
         failed = failed + excluded.failed, with_errors = with_errors + excluded.with_errors,
         written = written + excluded.written, refused = refused + excluded.refused",
    )?;
    tx.prepare_cached(
        "DELETE FROM quarters
         WHERE quarter <= (SELECT quarter FROM quarters ORDER BY quarter DESC LIMIT 1 OFFSET ?1)",
    )?
    .execute([KEPT])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tables::MIGRATIONS;
    use super::*;

    fn ended(number: u64, at: DateTime<Utc>) -> Run {
        serde_json::from_value(serde_json::json!({
            "id": crate::domain::id::RunId::from_bits(number),
            "sync": crate::domain::id::SyncId::from_bits(1), "revision": 1,
            "trigger": { "type": "manual" }, "options": {}, "mode": "upsert",
            "status": "completed", "phase": null, "queued_at": at, "started_at": at,
            "ended_at": at, "error": null, "retry_at": null, "plan_hash": null,
            "counters": crate::domain::run::Counters::default(), "phases": [],
        }))
        .unwrap()
    }

    #[test]
    fn the_oldest_quarters_go_as_new_ones_come() {
        let mut db = rusqlite::Connection::open_in_memory().unwrap();
        for migration in MIGRATIONS {
            db.execute_batch(migration).unwrap();
        }
        let tx = db.transaction().unwrap();
        let at =
            |number: i64| DateTime::from_timestamp(1_700_000_000 + number * SECONDS, 0).unwrap();
        for number in 0..KEPT + 10 {
            put_in(&tx, &ended(count(number), at(number))).unwrap();
        }
        let (quarters, oldest): (i64, i64) = tx
            .query_row("SELECT count(*), min(quarter) FROM quarters", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!((quarters, oldest), (KEPT, quarter(at(10))));
    }
}
