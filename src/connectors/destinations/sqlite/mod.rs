//! SQLite databases as destinations: an object is a table, a batch is a transaction.
//!
//! | value | declared type | stored as |
//! |---|---|---|
//! | boolean | `BOOLEAN` | 0 or 1 |
//! | integer | `INTEGER` | integer |
//! | decimal | `DECIMAL_TEXT` | text with every digit |
//! | double | `DOUBLE` | real; not-a-number is refused (`TYPE`), for SQLite would make it null |
//! | text | `TEXT` | text |
//! | bytes | `BLOB` | blob |
//! | date, time | `DATE`, `TIME` | text, `2026-01-31`, `09:30:00.5` |
//! | timestamp | `TIMESTAMP` | RFC 3339 text with its offset |
//! | json | `JSON_TEXT` | the document's own text |
//!
//! In a table that was there before, a decimal of more than 15 digits is refused (`TYPE`) where the
//! column is numeric and would round it. Records are matched by exact content whatever the column's
//! collation. Where no unique index covers the identifier, matching reads the whole table for each
//! row, and a change reaches every record that carries the identifier.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::disk::{blocking, refuse_forbidden, resolve};
use crate::connectors::contract::{
    ConnectorError, DestinationConnector, Listing, RunContext, Session,
};
use crate::connectors::registry::{Kind, Surroundings};
use crate::connectors::settings::{ResolvedSettings, Setting, SettingKind};
use crate::domain::destination::{
    Capabilities, Deletion, IdentifierForm, Object, ObjectSchema, StepOutcome, TestStep,
};
use crate::domain::mode::Mode;
use crate::domain::plan::RecordShape;
use crate::domain::problem::ProblemKind;

mod batches;
mod failure;
mod list;
mod names;
mod order;
mod session;
mod storage;
mod table;
mod texts;
mod writer;

/// How long another program may hold the database.
const BUSY: Duration = Duration::from_secs(5);
/// Memory for pages: a transaction meets those of an index in their order, each once, and may write
/// them early.
const CACHE_KIB: i64 = 4 << 10;
/// Prepared statements that are kept: a few per set of fields.
const STATEMENTS: usize = 64;

/// What is known of this kind of connection.
pub const KIND: Kind = Kind {
    word: "sqlite",
    label: "SQLite",
    settings: &[Setting {
        key: "path",
        kind: SettingKind::Path,
        required: true,
        endpoint: true,
        help: "The database's file; it is made where it is missing",
    }],
};

/// Makes one from its settings.
///
/// # Errors
/// [`ConnectorError`] of kind `config` where the settings do not fit.
pub fn open(
    settings: &ResolvedSettings,
    surroundings: &Surroundings,
) -> Result<SqliteDestination, ConnectorError> {
    let path = settings.required_text("path")?;
    if path.is_empty() {
        return Err(ConnectorError::new(
            ProblemKind::Config,
            "the setting path is empty",
        ));
    }
    let destination = SqliteDestination {
        path: PathBuf::from(path),
        forbidden: surroundings.forbidden.clone(),
    };
    if let Ok(resolved) = resolve(&destination.path) {
        refuse_forbidden(&resolved, &destination.forbidden)?;
    }
    Ok(destination)
}

/// A database file.
#[derive(Debug, Clone)]
pub struct SqliteDestination {
    path: PathBuf,
    forbidden: Vec<PathBuf>,
}

impl SqliteDestination {
    /// The resolved path, and whether there is a file.
    fn locate(&self) -> Result<(PathBuf, bool), ConnectorError> {
        let path = resolve(&self.path)?;
        refuse_forbidden(&path, &self.forbidden)?;
        let exists = path.exists();
        if exists && !path.is_file() {
            return Err(ConnectorError::new(
                ProblemKind::Config,
                format!("{} is not a file", path.display()),
            )
            .hint("the setting path must name an SQLite database or a file yet to be made"));
        }
        Ok((path, exists))
    }

    /// Opens the database, which is made where it is missing.
    fn connect(&self) -> Result<Connection, ConnectorError> {
        let (path, _) = self.locate()?;
        connect(&path)
            .map_err(|error| failure::connector(&format!("open {}", path.display()), &error))
    }

    /// Opens the database to write.
    fn connect_to_write(&self) -> Result<Connection, ConnectorError> {
        let connection = self.connect()?;
        // SQLite opens a file that it may not write as a read-only one, without a word.
        if connection.is_readonly("main").unwrap_or(true) {
            return Err(ConnectorError::new(
                ProblemKind::Destination,
                format!("cannot write to {}: it is read-only", self.path.display()),
            )
            .hint("let this user write to the file and its folder"));
        }
        Ok(connection)
    }

    /// Opens the database where there is one.
    fn connect_existing(&self) -> Result<Option<Connection>, ConnectorError> {
        let (_, exists) = self.locate()?;
        exists.then(|| self.connect()).transpose()
    }

    fn open_schema(object: &str) -> ObjectSchema {
        ObjectSchema {
            object: table::object(object),
            fields: Vec::new(),
            open: true,
            exists: false,
        }
    }

    fn steps(&self) -> Vec<TestStep> {
        let mut steps = Vec::new();
        let exists = match self.locate() {
            Ok((path, exists)) => {
                let detail = if exists {
                    path.display().to_string()
                } else {
                    format!("{} is made by the first run", path.display())
                };
                steps.push(step("find the file", StepOutcome::Passed, detail));
                exists
            }
            Err(error) => {
                steps.push(step("find the file", StepOutcome::Failed, error.text));
                return steps;
            }
        };
        if !exists {
            return steps;
        }
        let tried = self.connect_to_write().and_then(|connection| {
            let tables = table::names(&connection)
                .map_err(|error| failure::connector("read the tables", &error))?;
            Ok((connection, tables.len()))
        });
        let connection = match tried {
            Ok((connection, tables)) => {
                let detail = format!("{tables} tables");
                steps.push(step("open the database", StepOutcome::Passed, detail));
                connection
            }
            Err(error) => {
                steps.push(step("open the database", StepOutcome::Failed, error.text));
                return steps;
            }
        };
        let (outcome, detail) = match connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK") {
            Ok(()) => (StepOutcome::Passed, "it can be written".to_owned()),
            Err(error) => (
                StepOutcome::Failed,
                failure::connector("begin to write", &error).text,
            ),
        };
        steps.push(step("begin to write", outcome, detail));
        steps
    }
}

fn step(name: &str, outcome: StepOutcome, detail: String) -> TestStep {
    TestStep {
        name: name.to_owned(),
        outcome,
        detail,
    }
}

/// `path` is absolute, so that no `file:` name is read as a URI.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(connection)
}

#[async_trait]
impl DestinationConnector for SqliteDestination {
    async fn test(&self) -> Vec<TestStep> {
        let destination = self.clone();
        blocking(move || Ok::<_, ConnectorError>(destination.steps()))
            .await
            .unwrap_or_else(|error| vec![step("find the file", StepOutcome::Failed, error.text)])
    }

    async fn objects(&self) -> Result<Vec<Object>, ConnectorError> {
        let destination = self.clone();
        blocking(move || {
            let Some(connection) = destination.connect_existing()? else {
                return Ok(Vec::new());
            };
            let names = table::names(&connection)
                .map_err(|error| failure::connector("read the tables", &error))?;
            Ok(names.iter().map(|name| table::object(name)).collect())
        })
        .await
    }

    async fn fields(&self, object: &str) -> Result<ObjectSchema, ConnectorError> {
        let (destination, object) = (self.clone(), object.to_owned());
        blocking(move || {
            names::check_table(&object)?;
            let found = match destination.connect_existing()? {
                Some(connection) => table::find(&connection, &object)?,
                None => None,
            };
            Ok(found.map_or_else(|| Self::open_schema(&object), |table| table.schema()))
        })
        .await
    }

    async fn create_object(
        &self,
        object: &str,
        shape: &RecordShape,
    ) -> Result<ObjectSchema, ConnectorError> {
        let (destination, object, shape) = (self.clone(), object.to_owned(), shape.clone());
        blocking(move || {
            names::check_table(&object)?;
            let connection = destination.connect_to_write()?;
            if table::find(&connection, &object)?.is_some() {
                return Err(ConnectorError::new(
                    ProblemKind::Config,
                    format!("cannot make the table '{object}': it is there already"),
                )
                .hint("choose it, or another name"));
            }
            table::create(&connection, &object, &shape, true)?;
            let made = table::find(&connection, &object)?;
            Ok(made.map_or_else(|| Self::open_schema(&object), |table| table.schema()))
        })
        .await
    }

    fn capabilities(&self, _object: &str) -> Capabilities {
        Capabilities {
            modes: Mode::ALL.to_vec(),
            refused_modes: Vec::new(),
            lookup: true,
            read_fields: true,
            list: true,
            composite_identifier: true,
            deletion: Deletion::Gone,
            identifier_form: IdentifierForm::Exact,
            // A batch is a transaction. Identifiers come in random order, so each one touches a
            // great part of a large index: twice the rows are nearly half the pages to journal. A
            // few batches are in memory at once, so bytes and not rows are what limits them.
            max_batch_rows: 50_000,
            max_batch_bytes: 4 << 20,
            concurrency: 1,
            requests_per_second: None,
            idempotent: true,
            exactly_once: true,
            request_timeout_s: 0,
            ambiguous_5xx: false,
        }
    }

    async fn begin(&self, run: RunContext) -> Result<Box<dyn Session>, ConnectorError> {
        let destination = self.clone();
        blocking(move || {
            names::check_table(&run.object)?;
            let session = session::SqliteSession::begin(destination.connect_to_write()?, &run)?;
            Ok(Box::new(session) as Box<dyn Session>)
        })
        .await
    }

    async fn list(
        &self,
        object: &str,
        identifier: &[String],
        cancel: &CancellationToken,
    ) -> Result<mpsc::Receiver<Result<Listing, ConnectorError>>, ConnectorError> {
        let (destination, object) = (self.clone(), object.to_owned());
        let identifier = identifier.to_vec();
        let (out, listing) = mpsc::channel(2);
        let cancel = cancel.clone();
        let begun = blocking(move || {
            names::check_table(&object)?;
            let Some(connection) = destination.connect_existing()? else {
                return Ok(None);
            };
            let Some(table) = table::find(&connection, &object)? else {
                return Ok(None);
            };
            Ok(Some((list::Pages::new(&table, &identifier)?, connection)))
        })
        .await?;
        // It ends by itself: at the last page, at a failure, or when nobody listens any more.
        tokio::task::spawn_blocking(move || match begun {
            Some((pages, connection)) => pages.send(&connection, &cancel, &out),
            // What is not there yet holds no record.
            None => {
                let _ = out.blocking_send(Ok(Listing::End));
            }
        });
        Ok(listing)
    }
}
