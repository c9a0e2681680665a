//! The batches that a database has taken: their ids and verdicts stand in it, written in the same
//! transaction as the rows, so that a replay writes nothing.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use crate::connectors::BatchReader;
use crate::connectors::contract::{ConnectorError, WriteError};
use crate::domain::problem::ProblemKind;
use crate::domain::verdict::{Rejection, Verdict};

use super::failure;

/// Makes the table of batches and forgets those older than any replay.
///
/// # Errors
/// SQLite's own, where the database cannot be written.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS main._signalsmith_batches (
           id TEXT PRIMARY KEY NOT NULL,
           at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
           verdicts TEXT NOT NULL
         ) WITHOUT ROWID;
         DELETE FROM main._signalsmith_batches WHERE at < datetime('now', '-30 days');",
    )
}

/// Records a batch.
///
/// # Errors
/// [`WriteError`] where the database cannot be written.
pub(super) fn record(
    connection: &Connection,
    id: &str,
    verdicts: &[(u64, Verdict)],
) -> Result<(), WriteError> {
    let text = serde_json::to_string(&Stored::of(verdicts)).map_err(|error| {
        ConnectorError::new(
            ProblemKind::Internal,
            format!("cannot record the verdicts of a batch: {error}"),
        )
    })?;
    connection
        .prepare_cached("INSERT INTO main._signalsmith_batches (id, verdicts) VALUES (?1, ?2)")
        .and_then(|mut insert| insert.execute(params![id, text]))
        .map(|_| ())
        .map_err(|error| failure::batch("record the batch", &error))
}

/// The verdicts of a batch that was taken before, for the same operations in the same order.
///
/// # Errors
/// [`WriteError`] where the database cannot be read, or holds other verdicts than such a batch has.
pub(super) fn recorded(
    connection: &Connection,
    id: &str,
    operations: &mut BatchReader,
) -> Result<Option<Vec<(u64, Verdict)>>, WriteError> {
    let text: Option<String> = connection
        .prepare_cached("SELECT verdicts FROM main._signalsmith_batches WHERE id = ?1")
        .and_then(|mut select| select.query_row([id], |row| row.get(0)).optional())
        .map_err(|error| failure::batch("read the batches that were taken", &error))?;
    let Some(text) = text else {
        return Ok(None);
    };
    let stored: Stored = serde_json::from_str(&text).map_err(|_| changed())?;
    let mut verdicts = stored.verdicts();
    let mut numbered = Vec::with_capacity(operations.len().min(65_536));
    for operation in operations {
        numbered.push((operation?.number, verdicts.next().ok_or_else(changed)?));
    }
    if verdicts.next().is_some() {
        return Err(changed().into());
    }
    Ok(Some(numbered))
}

fn changed() -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Destination,
        "cannot replay a batch: its entry in _signalsmith_batches was changed",
    )
    .hint("its rows stay unknown; run the sync again")
}

/// Verdicts in the order of the operations: runs of equal ones, and the rejections apart.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    /// `c` created, `e` met a record, `a` accepted, `r` rejected; each with how many in a row.
    runs: Vec<(char, u64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rejections: Vec<Rejection>,
}

impl Stored {
    fn of(verdicts: &[(u64, Verdict)]) -> Self {
        let mut stored = Self {
            runs: Vec::new(),
            rejections: Vec::new(),
        };
        for (_, verdict) in verdicts {
            let mark = match verdict {
                Verdict::Accepted { existed, .. } => match existed {
                    Some(false) => 'c',
                    Some(true) => 'e',
                    None => 'a',
                },
                Verdict::Rejected(rejection) => {
                    stored.rejections.push(rejection.clone());
                    'r'
                }
                // This connector knows the outcome of every row that it has committed.
                Verdict::Unknown { .. } | Verdict::Pending { .. } => continue,
            };
            match stored.runs.last_mut() {
                Some((last, count)) if *last == mark => *count += 1,
                _ => stored.runs.push((mark, 1)),
            }
        }
        stored
    }

    fn verdicts(self) -> impl Iterator<Item = Verdict> {
        let mut rejections = self.rejections.into_iter();
        self.runs
            .into_iter()
            .flat_map(|(mark, count)| (0..count).map(move |_| mark))
            .map_while(move |mark| {
                let existed = match mark {
                    'c' => Some(false),
                    'e' => Some(true),
                    'a' => None,
                    _ => return rejections.next().map(Verdict::Rejected),
                };
                Some(Verdict::Accepted {
                    destination_id: None,
                    existed,
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_read_back_in_order() {
        let accepted = |existed| Verdict::Accepted {
            destination_id: None,
            existed,
        };
        let rejected = |code: &str| {
            Verdict::Rejected(Rejection {
                code: code.into(),
                field: None,
                text: "t".into(),
                transient: false,
            })
        };
        let verdicts = vec![
            (3, accepted(Some(false))),
            (4, accepted(Some(false))),
            (7, rejected("A")),
            (8, accepted(None)),
            (9, rejected("B")),
            (10, accepted(Some(true))),
        ];
        let text = serde_json::to_string(&Stored::of(&verdicts)).unwrap();
        let read: Vec<Verdict> = serde_json::from_str::<Stored>(&text)
            .unwrap()
            .verdicts()
            .collect();
        let expected: Vec<Verdict> = verdicts.into_iter().map(|(_, verdict)| verdict).collect();
        assert_eq!(read, expected);
    }
}
