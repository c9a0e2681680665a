//! A look at a database as a whole: the test of the connection and the catalog.

use super::database::{Database, Guarded};
use super::describe::{Inference, columns};
use super::error::{Doing, explain};
use super::statement::prepare;
use crate::connectors::contract::{CatalogTable, ConnectorError};
use crate::connectors::sources::steps::note;
use crate::connectors::sources::stream::Stop;
use crate::domain::destination::{StepOutcome, TestStep};

/// Rows of a table that a catalog looks at for columns without a declared type.
const CATALOG_ROWS: u64 = 10_000;

const TABLES: &str = "select name from sqlite_schema \
     where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\' order by name";

/// Tries the connection step by step.
pub(super) fn test(database: &Database, stop: &Stop) -> Vec<TestStep> {
    let mut steps = Vec::new();
    // The step that failed has been noted; there is nothing to add.
    let _ = try_steps(database, stop, &mut steps);
    steps
}

fn try_steps(
    database: &Database,
    stop: &Stop,
    steps: &mut Vec<TestStep>,
) -> Result<(), ConnectorError> {
    let path = note(steps, "find the file", database.find(), |path| {
        path.display().to_string()
    })?;
    let guarded = note(steps, "open it", database.open(stop), |_| {
        format!("SQLite {}, for reading only", rusqlite::version())
    })?;
    drop(path);
    let tables = note(steps, "read the schema", tables(&guarded), |tables| {
        format!("{} tables and views", tables.len())
    })?;
    let Some(first) = tables.first() else {
        steps.push(TestStep {
            name: "read a row".into(),
            outcome: StepOutcome::Warning,
            detail: "there is no table to read yet".into(),
        });
        return Ok(());
    };
    note(steps, "read a row", first_row(&guarded, first), |_| {
        format!("{first} is readable")
    })
}

/// Gives tables and views with their columns; one that cannot be read is given without columns.
pub(super) fn catalog(
    database: &Database,
    stop: &Stop,
) -> Result<Vec<CatalogTable>, ConnectorError> {
    let guarded = database.open(stop)?;
    let mut catalog = Vec::new();
    for name in tables(&guarded)? {
        stop.check()?;
        let sql = select_all(&name);
        catalog.push(CatalogTable {
            schema: None,
            columns: columns(&guarded, &sql, Inference::FirstRows(CATALOG_ROWS))
                .unwrap_or_default(),
            name,
        });
    }
    Ok(catalog)
}

fn tables(guarded: &Guarded) -> Result<Vec<String>, ConnectorError> {
    let mut statement = prepare(guarded, TABLES)?;
    statement
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .map_err(|error| explain(&guarded.name, Doing::Step, &error))
}

fn first_row(guarded: &Guarded, table: &str) -> Result<(), ConnectorError> {
    let mut statement = prepare(guarded, &select_all(table))?;
    let mut rows = statement.raw_query();
    rows.next()
        .map(|_| ())
        .map_err(|error| explain(&guarded.name, Doing::Step, &error))
}

fn select_all(table: &str) -> String {
    format!("select * from \"{}\"", table.replace('"', "\"\""))
}
