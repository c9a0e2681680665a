//! The columns of a query: names, declared types, and types inferred where none is declared.

use rusqlite::Statement;

use super::database::Guarded;
use super::error::{Doing, explain};
use super::statement::prepare;
use super::types::{Seen, declared};
use crate::connectors::contract::ConnectorError;
use crate::connectors::sources::columns::check_names;
use crate::domain::model::{Column, Role};

/// How many rows are looked at for the columns that have no declared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::connectors::sources) enum Inference {
    /// All, as a pinned type needs.
    AllRows,
    /// The first ones, as a list to choose from needs.
    FirstRows(u64),
}

/// Gives the columns of `sql`.
pub(in crate::connectors::sources) fn columns(
    guarded: &Guarded,
    sql: &str,
    inference: Inference,
) -> Result<Vec<Column>, ConnectorError> {
    let mut statement = prepare(guarded, sql)?;
    check_names(statement.column_names())?;
    let mut columns: Vec<Column> = statement
        .columns()
        .map(|column| Column {
            name: column.name().to_owned(),
            kind: column
                .decl_type()
                .and_then(declared)
                .unwrap_or(crate::domain::value::Type::Text),
            role: Role::default(),
            declared: false,
            database_type: column.decl_type().map(str::to_owned),
        })
        .collect();
    let unclear: Vec<usize> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.database_type.as_deref().and_then(declared).is_none())
        .map(|(position, _)| position)
        .collect();
    let seen = infer(guarded, &mut statement, &unclear, inference)?;
    for (position, seen) in unclear.iter().zip(seen) {
        if let Some(column) = columns.get_mut(*position) {
            column.kind = seen.kind();
        }
    }
    Ok(columns)
}

fn infer(
    guarded: &Guarded,
    statement: &mut Statement<'_>,
    positions: &[usize],
    inference: Inference,
) -> Result<Vec<Seen>, ConnectorError> {
    let mut seen = vec![Seen::default(); positions.len()];
    if positions.is_empty() {
        return Ok(seen);
    }
    let failed = |error| explain(&guarded.name, Doing::Step, &error);
    let mut rows = statement.raw_query();
    let mut looked_at = 0;
    while inference != Inference::FirstRows(looked_at) {
        let Some(row) = rows.next().map_err(failed)? else {
            break;
        };
        for (position, seen) in positions.iter().zip(&mut seen) {
            seen.look(row.get_ref(*position).map_err(failed)?);
        }
        looked_at += 1;
    }
    Ok(seen)
}
