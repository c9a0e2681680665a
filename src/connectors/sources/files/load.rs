//! Queries that are more than plain: the files that they name are loaded into a temporary
//! database first.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use csv::ByteRecord;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement};
use tempfile::TempPath;

use super::infer::Guess;
use super::native::{each_record, infer};
use super::options::Options;
use super::tables::{Table, Tables};
use crate::connectors::contract::ConnectorError;
use crate::connectors::sources::cells;
use crate::connectors::sources::sqlite::{Database, Doing, Guarded, explain};
use crate::connectors::sources::stream::Stop;
use crate::domain::problem::ProblemKind;
use crate::domain::value::Type;

/// What the loaded files are called in errors.
const NAME: &str = "the loaded files";

/// Files in a temporary database, which goes when this is dropped.
pub(super) struct Loaded {
    database: Database,
    _file: TempPath,
}

impl Loaded {
    /// Opens it for reading only.
    pub(super) fn open(&self, stop: &Stop) -> Result<Guarded, ConnectorError> {
        self.database.open(stop)
    }
}

/// Loads every file that `sql` names.
pub(super) fn load(
    options: &Options,
    tables: &Tables,
    sql: &str,
    stop: &Stop,
) -> Result<Loaded, ConnectorError> {
    let file = temporary(&options.temporary)?;
    let failed = |error: rusqlite::Error| explain(NAME, Doing::Open, &error);
    let path: PathBuf = file.to_path_buf();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
    // The database is thrown away after a crash: nothing needs to be safe on disk.
    connection
        .execute_batch("pragma journal_mode = off; pragma synchronous = off; begin")
        .map_err(failed)?;
    // A file that can be no table (two columns of one name) must not stop queries on others.
    let mut no_table = None;
    for table in tables.named() {
        if let Err(error) = create(&connection, table, &[]) {
            no_table = Some(error);
        }
    }
    let named = named_in(&mut connection, sql).map_err(|error| no_table.unwrap_or(error))?;
    for table in tables.named() {
        if !named.contains(&table.name) {
            continue;
        }
        let guesses = infer(options, table, u64::MAX, stop)?;
        connection
            .execute_batch(&format!("drop table {}", quoted(&table.name)))
            .map_err(failed)?;
        create(&connection, table, &guesses)?;
        fill(&connection, options, table, &guesses, stop)?;
    }
    connection.execute_batch("commit").map_err(failed)?;
    drop(connection);
    Ok(Loaded {
        database: Database::new(path, Vec::new()).called(NAME),
        _file: file,
    })
}

fn temporary(folder: &std::path::Path) -> Result<TempPath, ConnectorError> {
    let made = std::fs::create_dir_all(folder)
        .and_then(|()| folder.canonicalize())
        .and_then(|folder| {
            tempfile::Builder::new()
                .prefix("files-")
                .suffix(".db")
                .tempfile_in(folder)
        });
    made.map(tempfile::NamedTempFile::into_temp_path)
        .map_err(|error| {
            ConnectorError::new(
                ProblemKind::State,
                format!(
                    "cannot make a temporary database in {}: {error}",
                    folder.display()
                ),
            )
            .hint("let the user that runs this core write to that folder")
        })
}

/// The tables that `sql` reads, as SQLite itself understands it. The query is not run.
fn named_in(connection: &mut Connection, sql: &str) -> Result<BTreeSet<String>, ConnectorError> {
    let named = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&named);
    let failed = |error: rusqlite::Error| explain(NAME, Doing::Prepare, &error);
    connection
        .authorizer(Some(move |context: AuthContext<'_>| match context.action {
            AuthAction::Read { table_name, .. } => {
                seen.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(table_name.to_owned());
                Authorization::Allow
            }
            AuthAction::Select | AuthAction::Recursive | AuthAction::Function { .. } => {
                Authorization::Allow
            }
            _ => Authorization::Deny,
        }))
        .map_err(failed)?;
    connection.prepare(sql).map(drop).map_err(failed)?;
    connection
        .authorizer(None::<fn(AuthContext<'_>) -> Authorization>)
        .map_err(failed)?;
    let named = named.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(named.clone())
}

fn create(connection: &Connection, table: &Table, guesses: &[Guess]) -> Result<(), ConnectorError> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .map(|(position, name)| {
            let declared = guesses
                .get(position)
                .map_or("", |guess| declaration(guess.kind()));
            format!("{} {declared}", quoted(name))
        })
        .collect();
    connection
        .execute_batch(&format!(
            "create table {} ({})",
            quoted(&table.name),
            columns.join(", ")
        ))
        .map_err(|error| {
            let why = explain(NAME, Doing::Open, &error).text;
            ConnectorError::new(
                ProblemKind::Config,
                format!("cannot make a table of the file {}: {why}", table.name),
            )
            .hint("mend the header of the file, or use a plain select of some columns")
        })
}

/// Declarations that the reader of SQLite databases takes for the very same types. They must not
/// make SQLite change a cell, so dates are not given a number's affinity by their name.
fn declaration(kind: Type) -> &'static str {
    match kind {
        Type::Boolean => "BOOLEAN",
        Type::Integer => "INTEGER",
        Type::Double => "REAL",
        Type::Date => "DATE",
        Type::Timestamp => "TIMESTAMP",
        _ => "TEXT",
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn fill(
    connection: &Connection,
    options: &Options,
    table: &Table,
    guesses: &[Guess],
    stop: &Stop,
) -> Result<(), ConnectorError> {
    let kinds: Vec<Type> = guesses.iter().map(Guess::kind).collect();
    let places = vec!["?"; kinds.len()].join(", ");
    let failed = |error: rusqlite::Error| {
        explain(&format!("the file of {}", table.name), Doing::Step, &error)
    };
    let mut insert = connection
        .prepare(&format!(
            "insert into {} values ({places})",
            quoted(&table.name)
        ))
        .map_err(failed)?;
    let mut row: u64 = 0;
    each_record(options, table, stop, |record| {
        row += 1;
        if record.len() != kinds.len() {
            return Err(ragged(table, row, record.len()));
        }
        bind(&mut insert, options, record, &kinds).map_err(failed)?;
        insert.raw_execute().map_err(failed)?;
        Ok(true)
    })?;
    Ok(())
}

fn bind(
    insert: &mut Statement<'_>,
    options: &Options,
    record: &ByteRecord,
    kinds: &[Type],
) -> rusqlite::Result<()> {
    for (position, (field, kind)) in record.iter().zip(kinds).enumerate() {
        let value = if options.is_null(field) {
            ValueRef::Null
        } else {
            stored(field, *kind)
        };
        insert.raw_bind_parameter(position + 1, ToSqlOutput::Borrowed(value))?;
    }
    Ok(())
}

/// How a cell is stored. A text that is not UTF-8 goes in as it is, and is a misfit when it comes
/// out.
fn stored(field: &[u8], kind: Type) -> ValueRef<'_> {
    let text = std::str::from_utf8(field).ok();
    let value = match kind {
        Type::Boolean => text
            .and_then(cells::boolean)
            .map(|flag| ValueRef::Integer(flag.into())),
        Type::Integer => text.and_then(cells::integer).map(ValueRef::Integer),
        Type::Double => text.and_then(cells::double).map(ValueRef::Real),
        _ => None,
    };
    value.unwrap_or(ValueRef::Text(field))
}

/// A row of another width cannot be half a row in a query that computes with it.
fn ragged(table: &Table, row: u64, fields: usize) -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Source,
        format!(
            "cannot load {}: row {row} has {fields} fields, not {}",
            table.name,
            table.columns.len()
        ),
    )
    .hint("mend the row, or use a plain select, which tells such rows apart")
}
