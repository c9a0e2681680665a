//! A look at the files as a whole: the test of the connection and the catalog.

use super::find;
use super::infer::Guess;
use super::native::{column, infer};
use super::options::Options;
use super::tables::Tables;
use crate::connectors::contract::{CatalogTable, ConnectorError};
use crate::connectors::sources::steps::note;
use crate::connectors::sources::stream::Stop;
use crate::domain::destination::TestStep;

/// Rows of a file that a catalog looks at for the types of its columns.
const CATALOG_ROWS: u64 = 10_000;

/// Tries the connection step by step.
pub(super) fn test(options: &Options, stop: &Stop) -> Vec<TestStep> {
    let mut steps = Vec::new();
    // The step that failed has been noted; there is nothing to add.
    let _ = try_steps(options, stop, &mut steps);
    steps
}

fn try_steps(
    options: &Options,
    stop: &Stop,
    steps: &mut Vec<TestStep>,
) -> Result<(), ConnectorError> {
    let found = find::files(options, stop);
    note(steps, "find the files", found, |files| {
        match files.as_slice() {
            [one] => one.path.display().to_string(),
            many => format!("{} files", many.len()),
        }
    })?;
    let tables = note(
        steps,
        "read the headers",
        Tables::find(options, stop),
        |tables| {
            let names: Vec<&str> = tables
                .listed()
                .map(|table| table.name.as_str())
                .take(5)
                .collect();
            format!("tables: {}", names.join(", "))
        },
    )?;
    let first = tables.listed().next().map_or(Ok(0), |table| {
        infer(options, table, 1, stop).map(|columns| columns.len())
    });
    note(steps, "read a row", first, |columns| {
        format!("{columns} columns are readable")
    })?;
    Ok(())
}

/// Gives the tables with their columns, typed as far as their first rows tell.
pub(super) fn catalog(options: &Options, stop: &Stop) -> Result<Vec<CatalogTable>, ConnectorError> {
    let tables = Tables::find(options, stop)?;
    tables
        .listed()
        .map(|table| {
            let guesses = infer(options, table, CATALOG_ROWS, stop)?;
            let kinds = guesses.iter().map(Guess::kind);
            Ok(CatalogTable {
                schema: None,
                name: table.name.clone(),
                columns: table
                    .columns
                    .iter()
                    .cloned()
                    .zip(kinds)
                    .map(|(name, kind)| column(name, kind))
                    .collect(),
            })
        })
        .collect()
}
