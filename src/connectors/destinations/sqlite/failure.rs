//! What SQLite's errors mean: a row that is refused, a batch that may be tried again, or the end.

use rusqlite::{Error, ErrorCode, ffi};

use crate::connectors::contract::{ConnectorError, WriteError};
use crate::domain::problem::ProblemKind;
use crate::domain::verdict::Rejection;

fn message(error: &Error) -> String {
    match error {
        Error::SqliteFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    }
}

fn code(error: &Error) -> Option<ErrorCode> {
    match error {
        Error::SqliteFailure(failure, _) => Some(failure.code),
        _ => None,
    }
}

/// Makes the error for work that writes no row. `doing` follows "cannot".
pub(super) fn connector(doing: &str, error: &Error) -> ConnectorError {
    let text = format!("cannot {doing}: {}", message(error));
    let (kind, hint) = match code(error) {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            ProblemKind::Destination,
            "another program holds the database; try again when it is done",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => (
            ProblemKind::Destination,
            "let this user write to the file and its folder",
        ),
        Some(ErrorCode::DiskFull) => (ProblemKind::Destination, "free space on its disk"),
        Some(ErrorCode::DatabaseCorrupt) => (
            ProblemKind::Destination,
            "the database is damaged: restore it, or check it with PRAGMA integrity_check",
        ),
        Some(ErrorCode::NotADatabase) => (
            ProblemKind::Config,
            "the setting path must name an SQLite database or a file yet to be made",
        ),
        Some(ErrorCode::CannotOpen) => (
            ProblemKind::Destination,
            "check that the folder is there and can be written",
        ),
        Some(ErrorCode::SystemIoFailure) => (ProblemKind::Destination, "check the disk"),
        _ => (ProblemKind::Destination, ""),
    };
    ConnectorError::new(kind, text).hint(hint)
}

/// Classes an error that left the whole batch unwritten. `doing` follows "cannot".
pub(super) fn batch(doing: &str, error: &Error) -> WriteError {
    match code(error) {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::SchemaChanged,
        ) => WriteError::Retryable {
            text: format!("cannot {doing}: {}", message(error)),
            retry_after: None,
        },
        _ => WriteError::Fatal(connector(doing, error)),
    }
}

/// Classes an error of a commit.
pub(super) fn commit(error: &Error) -> WriteError {
    match code(error) {
        // The journal may be gone already: only the batch's id can tell, at the next try.
        Some(ErrorCode::SystemIoFailure) => WriteError::Ambiguous {
            text: format!("cannot commit the batch: {}", message(error)),
        },
        // A deferred constraint fails without naming its row.
        Some(ErrorCode::ConstraintViolation) => {
            let rejection = refusal(error);
            WriteError::Poison {
                code: rejection.code,
                text: rejection.text,
            }
        }
        _ => batch("commit the batch", error),
    }
}

/// The row's refusal, or nothing where the error is not the row's fault.
pub(super) fn rejection(error: &Error, table: &str) -> Option<Rejection> {
    let environment = match code(error)? {
        ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig => false,
        // What a trigger, a check or a generated column stumbles over while it computes; but a
        // table or column that went away under the run is nobody's row.
        ErrorCode::Unknown => {
            let text = message(error);
            text.starts_with("no such") || text.contains("has no column named")
        }
        _ => true,
    };
    (!environment).then(|| {
        let mut rejection = refusal(error);
        rejection.field = field(&rejection.text, table);
        rejection
    })
}

/// The refusal of a batch that is halved until the row is found.
pub(super) fn refusal(error: &Error) -> Rejection {
    let code = match error {
        Error::SqliteFailure(failure, _) => match failure.extended_code {
            ffi::SQLITE_CONSTRAINT_NOTNULL => "NOT_NULL",
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => "UNIQUE",
            ffi::SQLITE_CONSTRAINT_CHECK => "CHECK",
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => "FOREIGN_KEY",
            ffi::SQLITE_CONSTRAINT_TRIGGER => "TRIGGER",
            ffi::SQLITE_CONSTRAINT_DATATYPE | ffi::SQLITE_MISMATCH => "TYPE",
            ffi::SQLITE_TOOBIG => "TOO_BIG",
            _ if failure.code == ErrorCode::ConstraintViolation => "CONSTRAINT",
            _ => "ERROR",
        },
        _ => "ERROR",
    };
    Rejection {
        code: code.to_owned(),
        field: None,
        text: message(error),
        transient: false,
    }
}

/// The column that SQLite's message names last as `table.column`; nothing where it names several.
fn field(text: &str, table: &str) -> Option<String> {
    let prefix = format!("{table}.");
    let at = text.find(&prefix)?;
    let column = text.get(at + prefix.len()..)?;
    (!column.contains(&prefix)).then(|| column.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32) -> Error {
        Error::SqliteFailure(ffi::Error::new(code), Some("as SQLite says".to_owned()))
    }

    #[test]
    fn a_lock_may_be_tried_again_and_a_full_disk_ends_the_run() {
        assert!(matches!(
            batch("begin", &failure(ffi::SQLITE_BUSY)),
            WriteError::Retryable { .. }
        ));
        for code in [
            ffi::SQLITE_FULL,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_CORRUPT,
            ffi::SQLITE_NOTADB,
        ] {
            assert!(matches!(
                batch("write", &failure(code)),
                WriteError::Fatal(_)
            ));
            assert_eq!(rejection(&failure(code), "t"), None);
        }
    }

    #[test]
    fn a_commit_that_failed_on_the_disk_may_have_been_done() {
        assert!(matches!(
            commit(&failure(ffi::SQLITE_IOERR_FSYNC)),
            WriteError::Ambiguous { .. }
        ));
        assert!(matches!(
            commit(&failure(ffi::SQLITE_CONSTRAINT_FOREIGNKEY)),
            WriteError::Poison { code, .. } if code == "FOREIGN_KEY"
        ));
    }

    #[test]
    fn the_field_is_told_where_one_column_is_named() {
        assert_eq!(
            field("NOT NULL constraint failed: a.b.c d", "a.b"),
            Some("c d".to_owned())
        );
        assert_eq!(field("UNIQUE constraint failed: t.a, t.b", "t"), None);
        assert_eq!(field("CHECK constraint failed: x", "t"), None);
    }
}
