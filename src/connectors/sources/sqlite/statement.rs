//! The one reading statement that a query must be.

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::{Batch, Statement};

use super::database::Guarded;
use super::error::{Doing, explain};
use crate::connectors::contract::ConnectorError;
use crate::domain::problem::ProblemKind;

/// Prepares `sql`, where it is exactly one statement, reads only, takes no parameters and gives
/// columns.
pub(super) fn prepare<'a>(
    guarded: &'a Guarded,
    sql: &str,
) -> Result<Statement<'a>, ConnectorError> {
    let refuse = |why: &str, hint: &str| {
        Err(ConnectorError::new(
            ProblemKind::Config,
            format!("cannot prepare the query on {}: {why}", guarded.name),
        )
        .hint(hint))
    };
    if sql.contains('\0') {
        return refuse("it contains a NUL character", "remove it");
    }
    let failed = |error| explain(&guarded.name, Doing::Prepare, &error);
    let mut statements = Batch::new(&guarded.connection, sql);
    let Some(statement) = statements.next().map_err(failed)? else {
        return refuse("it is empty", "write one select statement");
    };
    if statements.next().map_err(failed)?.is_some() {
        return refuse(
            "it is more than one statement",
            "keep the first statement only",
        );
    }
    if statement.is_explain() != 0 {
        return refuse("it explains instead of reading", "remove the word explain");
    }
    if !statement.readonly() || statement.column_count() == 0 {
        return refuse(
            "it does more than read, and a model may only read",
            "use one select statement",
        );
    }
    if statement.parameter_count() > 0 {
        return refuse(
            "it has parameters, and nothing gives them values",
            "write the values into the query",
        );
    }
    Ok(statement)
}
