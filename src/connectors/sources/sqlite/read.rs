//! The rows of a query, stepped one by one straight into batches.

use rusqlite::Statement;

use super::cell::put;
use super::database::Guarded;
use super::error::{Doing, explain};
use super::statement::prepare;
use crate::connectors::contract::{ConnectorError, Query};
use crate::connectors::sources::cells::Room;
use crate::connectors::sources::columns::{check_names, locate};
use crate::connectors::sources::stream::{Ended, Sink};
use crate::domain::model::Column;
use crate::domain::problem::ProblemKind;
use crate::domain::value::Type;

/// Puts the rows of `query` into `sink`; the answer is whole only when SQLite has said that it is
/// done.
pub(in crate::connectors::sources) fn rows(
    guarded: &Guarded,
    query: &Query,
    sink: &mut Sink,
) -> Result<Ended, ConnectorError> {
    let mut statement = prepare(guarded, &query.sql)?;
    let positions = check_columns(&statement, &query.columns)?;
    let plan: Vec<(usize, Type)> = positions
        .into_iter()
        .zip(query.columns.iter().map(|column| column.kind))
        .collect();
    sink.ready();
    let failed = |error: &_| explain(&guarded.name, Doing::Step, error);
    let mut rows = statement.raw_query();
    while sink.wants_more() {
        let Some(row) = rows.next().map_err(|error| failed(&error))? else {
            return Ok(Ended::Whole);
        };
        let mut room = Room::new();
        for (position, kind) in &plan {
            // Looked at where it stands: a copy of it costs as much as the cell.
            match &row.get_ref(*position) {
                Ok(value) => sink.cell(|out| put(value, *kind, &mut room, out)),
                Err(error) => return Err(failed(error)),
            }
        }
        sink.end_row()?;
    }
    Ok(Ended::Early)
}

/// Finds the wanted columns and refuses those that the database now declares otherwise.
fn check_columns(
    statement: &Statement<'_>,
    wanted: &[Column],
) -> Result<Vec<usize>, ConnectorError> {
    let now = statement.columns().collect::<Vec<_>>();
    let names: Vec<&str> = now.iter().map(rusqlite::Column::name).collect();
    check_names(names.iter().copied())?;
    let positions = locate(&names, wanted)?;
    for (column, position) in wanted.iter().zip(&positions) {
        let Some(before) = &column.database_type else {
            continue;
        };
        let now = now.get(*position).and_then(rusqlite::Column::decl_type);
        if !now.is_some_and(|now| now.eq_ignore_ascii_case(before)) {
            return Err(ConnectorError::new(
                ProblemKind::Config,
                format!(
                    "the column {} was declared {before} when the model was saved and is now {}",
                    column.name,
                    now.map_or("without a declared type".to_owned(), |now| format!(
                        "declared {now}"
                    ))
                ),
            )
            .hint("save the model again to pin the new type"));
        }
    }
    Ok(positions)
}
