//! Names of tables and columns: checked, then quoted.

use crate::connectors::contract::ConnectorError;
use crate::domain::problem::ProblemKind;

/// SQLite has no limit of its own; this keeps a hostile name from filling statements and logs.
const MAX_BYTES: usize = 255;
/// Tables of this connector in the destination's database.
const OWN: &str = "_signalsmith_";

/// Checks a column's name.
///
/// # Errors
/// [`ConnectorError`] of kind `config` for an empty or over-long name, or one with a NUL.
pub(super) fn check_column(name: &str) -> Result<(), ConnectorError> {
    check("field", name)
}

/// Checks a table's name.
///
/// # Errors
/// As [`check_column`], and for tables of SQLite or of this connector.
pub(super) fn check_table(name: &str) -> Result<(), ConnectorError> {
    check("table", name)?;
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("sqlite_") || lower.starts_with(OWN) {
        return Err(refused("table", name, "the name is reserved"));
    }
    Ok(())
}

fn check(what: &str, name: &str) -> Result<(), ConnectorError> {
    if name.is_empty() {
        return Err(refused(what, name, "the name is empty"));
    }
    if name.contains('\0') {
        return Err(refused(what, name, "the name holds a NUL"));
    }
    if name.len() > MAX_BYTES {
        let shown: String = name.chars().take(40).collect();
        return Err(refused(
            what,
            &format!("{shown}…"),
            &format!("the name is longer than {MAX_BYTES} bytes"),
        ));
    }
    Ok(())
}

fn refused(what: &str, name: &str, why: &str) -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Config,
        format!("cannot use the {what} '{name}': {why}"),
    )
    .hint(format!("choose another {what}"))
}

/// Quotes a checked name.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
