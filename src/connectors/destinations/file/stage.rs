//! The stage of a run: its operations in an SQLite file beside the target, found by identity with
//! bounded memory. A batch is staged once, however often it is replayed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use crate::connectors::contract::{ConnectorError, DeliveryBatch, WriteError};
use crate::connectors::destinations::action::needs_identifier;
use crate::domain::mode::Mode;
use crate::domain::plan::{OperationKind, Record};
use crate::domain::problem::ProblemKind;
use crate::domain::value::Value;
use crate::domain::verdict::{Rejection, Verdict};

use super::layout::{Layout, Tokens};

/// How long a session of the same run that is just ending may hold the stage.
const BUSY: Duration = Duration::from_secs(5);

/// Tables of the stage. The batches' intents stay open until the stage is brought to the target, so
/// a stage that is lost with the power is only staged again.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS batches (number INTEGER PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS operations (
      number INTEGER PRIMARY KEY,
      identity BLOB NOT NULL,
      kind INTEGER NOT NULL,
      tokens BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS refused (number INTEGER PRIMARY KEY, rejection TEXT NOT NULL);";

/// A run's stage, held by one session at a time.
pub(super) struct Stage {
    connection: Connection,
    path: PathBuf,
}

/// A staged operation.
pub(super) struct Staged {
    /// Its number in the plan.
    pub number: u64,
    /// What it does.
    pub kind: OperationKind,
    /// What it writes.
    pub tokens: Tokens,
}

impl Stage {
    /// Opens the run's stage, made anew where there is none or it is damaged.
    ///
    /// # Errors
    /// [`ConnectorError`] where another session of this run holds it or the folder is not writable.
    pub(super) fn open(path: &Path) -> Result<Self, ConnectorError> {
        if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(ConnectorError::new(
                ProblemKind::Destination,
                format!("cannot stage at {}: it is not a plain file", path.display()),
            ));
        }
        let connection = match connect(path, BUSY) {
            Err(error) if is_damaged(&error) => {
                Self::remove(path);
                connect(path, BUSY)
            }
            other => other,
        };
        connection
            .map(|connection| Self {
                connection,
                path: path.to_owned(),
            })
            .map_err(|error| failed("open the stage", &error))
    }

    /// Whether a session holds the stage at `path`.
    pub(super) fn is_live(path: &Path) -> bool {
        if !std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
            return false;
        }
        match connect(path, Duration::ZERO) {
            Ok(_) => false,
            Err(error) => !is_damaged(&error),
        }
    }

    /// Removes a stage that nobody holds, as far as it is there.
    pub(super) fn remove(path: &Path) {
        let _ = std::fs::remove_file(path);
        let mut journal = path.as_os_str().to_owned();
        journal.push("-journal");
        let _ = std::fs::remove_file(journal);
    }

    /// Closes and removes the stage.
    pub(super) fn discard(self) {
        let Self { connection, path } = self;
        drop(connection);
        Self::remove(&path);
    }

    /// Stages a batch in one transaction; a batch that is there already is left as it is.
    ///
    /// Gives the bytes that were staged.
    ///
    /// # Errors
    /// [`WriteError`] where the stage cannot be written; nothing of the batch is staged then.
    pub(super) fn stage(
        &mut self,
        batch: DeliveryBatch,
        layout: &Layout,
        mode: Mode,
    ) -> Result<u64, WriteError> {
        let transaction = self
            .connection
            .transaction()
            .map_err(|error| failed("begin a staged batch", &error))?;
        let fresh = transaction
            .prepare_cached("INSERT OR IGNORE INTO batches (number) VALUES (?1)")
            .and_then(|mut insert| insert.execute([signed(batch.number)]))
            .map_err(|error| failed("stage a batch", &error))?;
        if fresh == 0 {
            return Ok(0);
        }
        let mut bytes = 0;
        for operation in batch.operations {
            let operation = operation?;
            let needed = needs_identifier(mode, operation.kind);
            let number = signed(operation.number);
            let staged = match layout.prepare(&operation, needed)? {
                Ok((identity, tokens)) => {
                    let tokens = encode(tokens);
                    bytes += (identity.len() + tokens.len()) as u64;
                    transaction
                        .prepare_cached("INSERT OR REPLACE INTO operations VALUES (?1, ?2, ?3, ?4)")
                        .and_then(|mut insert| {
                            let kind = kind_number(operation.kind);
                            insert.execute(params![number, identity, kind, tokens])
                        })
                }
                Err(rejection) => {
                    let text = serde_json::to_string(&rejection).unwrap_or_default();
                    transaction
                        .prepare_cached("INSERT OR REPLACE INTO refused VALUES (?1, ?2)")
                        .and_then(|mut insert| insert.execute(params![number, text]))
                }
            };
            staged.map_err(|error| failed("stage an operation", &error))?;
        }
        transaction
            .commit()
            .map_err(|error| failed("commit a staged batch", &error))?;
        Ok(bytes)
    }

    /// Whether no operation is staged that could change the target.
    ///
    /// # Errors
    /// [`ConnectorError`] where the stage cannot be read.
    pub(super) fn is_empty(&self) -> Result<bool, ConnectorError> {
        self.connection
            .query_row("SELECT NOT EXISTS (SELECT 1 FROM operations)", [], |row| {
                row.get(0)
            })
            .map_err(|error| failed("read the stage", &error))
    }

    /// Makes the stage ready to be looked up by identity.
    ///
    /// # Errors
    /// [`ConnectorError`] where the disk is full.
    pub(super) fn index(&self) -> Result<(), ConnectorError> {
        self.connection
            .execute_batch(
                "CREATE INDEX IF NOT EXISTS by_identity ON operations (identity, number);
                 DROP TABLE IF EXISTS temp.met;
                 CREATE TEMP TABLE met (number INTEGER PRIMARY KEY);
                 BEGIN;",
            )
            .map_err(|error| failed("index the stage", &error))
    }

    /// Ends what [`Self::index`] began; the stage itself stays as it was.
    pub(super) fn end_index(&self) {
        let _ = self.connection.execute_batch("ROLLBACK");
    }

    /// The operations of one identity in the order of the plan.
    ///
    /// # Errors
    /// [`ConnectorError`] where the stage cannot be read.
    pub(super) fn of_identity(&self, identity: &[u8]) -> Result<Vec<Staged>, ConnectorError> {
        let read = || -> rusqlite::Result<Vec<(i64, i64, Vec<u8>)>> {
            let mut select = self.connection.prepare_cached(
                "SELECT number, kind, tokens FROM operations WHERE identity = ?1 ORDER BY number",
            )?;
            let rows = select.query_map([identity], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
            rows.collect()
        };
        let rows = read().map_err(|error| failed("read the stage", &error))?;
        rows.into_iter()
            .map(|(number, kind, tokens)| staged(number, kind, &tokens))
            .collect()
    }

    /// Marks an operation as done at a record of the file; tells whether that is new.
    ///
    /// # Errors
    /// [`ConnectorError`] where the disk is full.
    pub(super) fn meet(&self, number: u64) -> Result<bool, ConnectorError> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO temp.met VALUES (?1)")
            .and_then(|mut insert| insert.execute([signed(number)]))
            .map(|added| added > 0)
            .map_err(|error| failed("mark a staged operation", &error))
    }

    /// Hands on the identities whose operations met no record, each once, in the order of the plan.
    ///
    /// # Errors
    /// [`ConnectorError`] where the stage cannot be read, and what `each` gives.
    pub(super) fn each_unmet<E: From<ConnectorError>>(
        &self,
        mut each: impl FnMut(Vec<Staged>) -> Result<(), E>,
    ) -> Result<(), E> {
        let doing = "read the stage";
        let mut select = self
            .connection
            .prepare(
                "SELECT identity FROM operations AS o
                 WHERE NOT EXISTS (SELECT 1 FROM temp.met WHERE met.number = o.number)
                   AND NOT EXISTS (SELECT 1 FROM operations AS e INDEXED BY by_identity
                                   WHERE e.identity = o.identity AND e.number < o.number)
                 ORDER BY number",
            )
            .map_err(|error| failed(doing, &error))?;
        let mut rows = select.query([]).map_err(|error| failed(doing, &error))?;
        while let Some(row) = rows.next().map_err(|error| failed(doing, &error))? {
            let identity: Vec<u8> = row.get(0).map_err(|error| failed(doing, &error))?;
            each(self.of_identity(&identity)?)?;
        }
        Ok(())
    }

    /// The rows that the file's style could not take.
    ///
    /// # Errors
    /// [`ConnectorError`] where the stage cannot be read.
    pub(super) fn refused(&self) -> Result<Vec<(u64, Verdict)>, ConnectorError> {
        let read = || -> rusqlite::Result<Vec<(i64, String)>> {
            let mut select = self
                .connection
                .prepare("SELECT number, rejection FROM refused ORDER BY number")?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        read()
            .map_err(|error| failed("read the stage", &error))?
            .into_iter()
            .map(|(number, text)| {
                let rejection: Rejection = serde_json::from_str(&text).map_err(|_| damaged())?;
                let number = u64::try_from(number).map_err(|_| damaged())?;
                Ok((number, Verdict::Rejected(rejection)))
            })
            .collect()
    }
}

fn connect(path: &Path, busy: Duration) -> rusqlite::Result<Connection> {
    // Made here, so that it is nobody else's to read from its first byte on.
    use std::os::unix::fs::OpenOptionsExt as _;
    let _ = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy)?;
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = TRUNCATE;
         PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384;",
    )?;
    connection.execute_batch(&format!("BEGIN EXCLUSIVE; {TABLES} COMMIT;"))?;
    Ok(connection)
}

fn is_damaged(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if matches!(failure.code, DatabaseCorrupt | NotADatabase))
}

fn failed(doing: &str, error: &rusqlite::Error) -> ConnectorError {
    let hint = match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => "free space on its disk",
        Some(rusqlite::ErrorCode::DatabaseBusy) => "another session of this run holds it",
        Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly) => {
            "let this user write to the folder"
        }
        _ => "",
    };
    ConnectorError::new(ProblemKind::Destination, format!("cannot {doing}: {error}")).hint(hint)
}

fn damaged() -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Destination,
        "the stage beside the file is damaged",
    )
    .hint("run the sync again")
}

/// Numbers of a plan are far below 2^63.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn kind_number(kind: OperationKind) -> i64 {
    match kind {
        OperationKind::Create => 0,
        OperationKind::Update => 1,
        OperationKind::Delete => 2,
    }
}

fn encode(tokens: Tokens) -> Vec<u8> {
    let mut out = Vec::new();
    Record(
        tokens
            .into_iter()
            .map(|token| token.map(Value::Text))
            .collect(),
    )
    .encode(&mut out);
    out
}

fn staged(number: i64, kind: i64, mut tokens: &[u8]) -> Result<Staged, ConnectorError> {
    let record = Record::decode(&mut tokens).map_err(|_| damaged())?;
    let tokens = record.0.into_iter().map(|value| match value {
        Some(Value::Text(token)) => Ok(Some(token)),
        None => Ok(None),
        Some(_) => Err(damaged()),
    });
    Ok(Staged {
        number: u64::try_from(number).map_err(|_| damaged())?,
        kind: match kind {
            0 => OperationKind::Create,
            1 => OperationKind::Update,
            _ => OperationKind::Delete,
        },
        tokens: tokens.collect::<Result<_, _>>()?,
    })
}
