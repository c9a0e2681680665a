//! What of a run's plan was accepted, operation by operation: an undo takes back nothing else.

use rusqlite::{Transaction, params};

use super::Store;
use super::codec::{count, int, pack, unpack};
use super::error::StoreError;
use crate::domain::id::RunId;

/// Operations of a run that were accepted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The first of them.
    pub first: u64,
    /// Their numbers in the run's plan.
    pub accepted: Vec<u64>,
    /// Those among them whose record the destination said it created.
    pub created: Vec<u64>,
}

impl Store {
    /// Gives what was accepted of a run, acknowledgement by acknowledgement, after the one whose
    /// first operation is named; at most `limit` of them.
    ///
    /// # Errors
    /// The database's.
    pub async fn written(
        &self,
        run: &RunId,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Written>, StoreError> {
        let run = run.clone();
        self.read("read what a run wrote", move |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT first, accepted, created FROM written WHERE run = ?1 AND first > ?2
                 ORDER BY first LIMIT ?3",
            )?;
            let after = after.map_or(-1, int);
            let mut rows = statement.query(params![run.as_str(), after, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(Written {
                    first: count(row.get(0)?),
                    accepted: unpack(row.get_ref(1)?.as_blob().unwrap_or_default())?,
                    created: unpack(row.get_ref(2)?.as_blob().unwrap_or_default())?,
                });
            }
            Ok(found)
        })
        .await
    }
}

/// Keeps what was accepted, inside the transaction of its acknowledgement. No operation of a run is
/// accepted twice, so the first tells acknowledgements apart.
pub(super) fn keep(
    tx: &Transaction<'_>,
    run: &RunId,
    accepted: &[u64],
    created: &[u64],
) -> Result<(), StoreError> {
    let Some(first) = accepted.first() else {
        return Ok(());
    };
    tx.prepare_cached(
        "INSERT OR REPLACE INTO written (run, first, accepted, created) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        run.as_str(),
        int(*first),
        pack(accepted)?,
        pack(created)?
    ])?;
    Ok(())
}
