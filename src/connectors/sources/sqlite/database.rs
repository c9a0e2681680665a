//! Opening a database so that a query can do nothing but read, and stops when it is told to.
//!
//! The measures are those that SQLite's own advice on untrusted SQL lists
//! (<https://www.sqlite.org/security.html>), and a read-only connection besides.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::error::{Doing, explain};
use crate::connectors::contract::ConnectorError;
use crate::connectors::sources::cells::BOMB_BYTES;
use crate::connectors::sources::paths;
use crate::connectors::sources::stream::{Stop, stopped};
use crate::domain::problem::ProblemKind;

/// Steps of SQLite's machine between two looks at the stop sign; some tens of microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 4_000;
/// How often and how long a lock of another program is waited for: 5 s in all.
const LOCK_TRIES: i32 = 100;
const LOCK_WAIT: Duration = Duration::from_millis(50);
/// Functions that load code or hand out addresses.
const DENIED_FUNCTIONS: [&str; 2] = ["load_extension", "fts3_tokenizer"];
/// Pragmas that full-text and spatial tables ask of themselves while they are read.
const HARMLESS_PRAGMAS: [&str; 2] = ["data_version", "page_size"];

/// A database by its path.
#[derive(Debug, Clone)]
pub(in crate::connectors::sources) struct Database {
    path: PathBuf,
    forbidden: Vec<PathBuf>,
    name: String,
}

/// An open database; closed when dropped.
pub(in crate::connectors::sources) struct Guarded {
    pub(super) connection: Connection,
    /// What the database is called in errors.
    pub(super) name: String,
    interrupter: AbortHandle,
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.interrupter.abort();
    }
}

impl Database {
    /// Names a database file that must not be one of `forbidden`.
    pub(in crate::connectors::sources) fn new(path: PathBuf, forbidden: Vec<PathBuf>) -> Self {
        let name = path.display().to_string();
        Self {
            path,
            forbidden,
            name,
        }
    }

    /// Calls it `name` in errors instead of by its path.
    pub(in crate::connectors::sources) fn called(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Finds the file.
    pub(super) fn find(&self) -> Result<PathBuf, ConnectorError> {
        paths::find_file(&self.path, &self.forbidden)
    }

    /// Opens it on one unchanging state of its content. Must run on a thread of a runtime that may
    /// block.
    pub(in crate::connectors::sources) fn open(
        &self,
        stop: &Stop,
    ) -> Result<Guarded, ConnectorError> {
        // The canonical path starts with a slash, so it is never taken for a URI, and has no link
        // in it, so that one put there meanwhile is refused.
        let found = self.find()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let opened = Connection::open_with_flags(found, flags).and_then(|mut connection| {
            configure(&connection)?;
            limit(&connection)?;
            listen(&mut connection, stop)?;
            // A transaction around the whole use, so that the schema which was looked at is the
            // one that is read.
            connection.execute_batch("begin")?;
            let is_text = is_text(&connection)?;
            connection.authorizer(Some(authorize))?;
            Ok((connection, is_text))
        });
        let (connection, is_text) = opened.map_err(|error| {
            if stop.is_set() {
                return stopped();
            }
            explain(&self.name, Doing::Open, &error)
        })?;
        if !is_text {
            return Err(ConnectorError::new(
                ProblemKind::Source,
                format!(
                    "cannot open the database {}: its schema is not Unicode text",
                    self.name
                ),
            )
            .hint("rename its tables and columns with the program that made it"));
        }
        let handle = connection.get_interrupt_handle();
        let stop = stop.clone();
        let interrupter = Handle::current().spawn(async move {
            stop.wait().await;
            handle.interrupt();
        });
        Ok(Guarded {
            connection,
            name: self.name.clone(),
            interrupter: interrupter.abort_handle(),
        })
    }
}

/// Whether every name in the schema is text; those that are not cannot be asked for. It also shows
/// that the file is a database.
fn is_text(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare("select name, sql from sqlite_schema")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for position in 0..2 {
            if let ValueRef::Text(bytes) = row.get_ref(position)?
                && std::str::from_utf8(bytes).is_err()
            {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    for (switch, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
        // A misspelt column in double quotes is an error, not a constant text in every row.
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        connection.set_db_config(switch, on)?;
    }
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // A mapped file that another program cuts would kill the process.
    connection.pragma_update(None, "mmap_size", 0)
}

fn limit(connection: &Connection) -> rusqlite::Result<()> {
    let bomb = i32::try_from(BOMB_BYTES).unwrap_or(i32::MAX);
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, bomb),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 200),
        (Limit::SQLITE_LIMIT_VDBE_OP, 1_000_000),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, 100),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 10),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, most)?;
    }
    Ok(())
}

fn listen(connection: &mut Connection, stop: &Stop) -> rusqlite::Result<()> {
    let sign = stop.clone();
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || sign.is_set()))?;
    let sign = stop.clone();
    connection.busy_handler(Some(move |tries| {
        if tries >= LOCK_TRIES || sign.is_set() {
            return false;
        }
        std::thread::sleep(LOCK_WAIT);
        true
    }))
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    let allowed = match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => true,
        AuthAction::Function { function_name } => !DENIED_FUNCTIONS
            .iter()
            .any(|denied| denied.eq_ignore_ascii_case(function_name)),
        AuthAction::Pragma {
            pragma_name,
            pragma_value: None,
        } => HARMLESS_PRAGMAS
            .iter()
            .any(|harmless| harmless.eq_ignore_ascii_case(pragma_name)),
        _ => false,
    };
    if allowed {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}
