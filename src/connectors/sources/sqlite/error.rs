//! SQLite's errors in words that say what to do.

use rusqlite::{Error, ErrorCode};

use crate::connectors::contract::ConnectorError;
use crate::connectors::sources::stream::stopped;
use crate::domain::problem::ProblemKind;

/// What was being done when SQLite refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::connectors::sources) enum Doing {
    /// Opening the file.
    Open,
    /// Preparing the query.
    Prepare,
    /// Stepping through the rows.
    Step,
}

impl Doing {
    fn phrase(self, name: &str) -> String {
        match self {
            Self::Open => format!("cannot open the database {name}"),
            Self::Prepare => format!("cannot prepare the query on {name}"),
            Self::Step => format!("cannot read on in {name}"),
        }
    }
}

/// Says what `error` means to whoever asked for the database `name`.
pub(in crate::connectors::sources) fn explain(
    name: &str,
    doing: Doing,
    error: &Error,
) -> ConnectorError {
    let (code, message) = match error {
        Error::SqliteFailure(failure, message) => (
            failure.code,
            message.clone().unwrap_or_else(|| failure.to_string()),
        ),
        Error::SqlInputError { error, msg, .. } => (error.code, msg.clone()),
        other => (ErrorCode::Unknown, other.to_string()),
    };
    if code == ErrorCode::OperationInterrupted {
        return stopped();
    }
    let (kind, why, hint) = meaning(code, doing);
    let why = if why.is_empty() { message } else { why.into() };
    ConnectorError::new(kind, format!("{}: {why}", doing.phrase(name))).hint(hint)
}

fn meaning(code: ErrorCode, doing: Doing) -> (ProblemKind, &'static str, &'static str) {
    let source = ProblemKind::Source;
    match code {
        // No statement that writes gets as far as to be run: it is the database that wants it.
        ErrorCode::ReadOnly if doing != Doing::Prepare => (
            source,
            "its writer left it half written, and only a writer can mend that",
            "open it once with the program that writes to it, or with the sqlite3 shell",
        ),
        ErrorCode::AuthorizationForStatementDenied | ErrorCode::ReadOnly => (
            ProblemKind::Config,
            "it does more than read, and a model may only read",
            "use one select statement without pragma, attach or load_extension",
        ),
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => (
            source,
            "another program holds a lock on it",
            "close what writes to it for long, or run again later",
        ),
        ErrorCode::NotADatabase => (
            source,
            "the file is not a SQLite database, or it is encrypted",
            "look at the setting path",
        ),
        ErrorCode::DatabaseCorrupt => (
            source,
            "the database is damaged",
            "check it with: pragma integrity_check, in the sqlite3 shell",
        ),
        ErrorCode::SystemIoFailure => (
            source,
            "the disk gave an input/output error",
            "check the disk and run again",
        ),
        ErrorCode::CannotOpen => (
            source,
            "the file cannot be opened",
            "let the user that runs this core read the file and, where it is in WAL mode, write to its folder",
        ),
        ErrorCode::PermissionDenied => (
            source,
            "permission was denied",
            "let the user that runs this core read the file",
        ),
        ErrorCode::DiskFull => (
            source,
            "the disk with the temporary files is full",
            "free some space and run again",
        ),
        ErrorCode::OutOfMemory => (
            source,
            "there is not enough memory",
            "ask for fewer rows in one sort or group",
        ),
        ErrorCode::SchemaChanged => (source, "its schema was changed meanwhile", "run again"),
        ErrorCode::TooBig if doing == Doing::Prepare => (
            ProblemKind::Config,
            "the query is longer or more complex than allowed (1 MiB of text)",
            "make it shorter",
        ),
        ErrorCode::TooBig => (
            source,
            "a value or row is larger than 64 MiB",
            "leave the column out, or cut it with substr",
        ),
        _ if doing == Doing::Prepare => (ProblemKind::Config, "", "mend the model's SQL"),
        _ => (source, "", ""),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn told(code: i32, doing: Doing) -> ConnectorError {
        let failure = Error::SqliteFailure(ffi::Error::new(code), Some("raw words".into()));
        explain("crm.db", doing, &failure)
    }

    #[test]
    fn each_failure_says_what_it_is_and_what_to_do() {
        for (code, doing, kind, why) in [
            (
                ffi::SQLITE_BUSY,
                Doing::Open,
                ProblemKind::Source,
                "holds a lock",
            ),
            (
                ffi::SQLITE_LOCKED,
                Doing::Step,
                ProblemKind::Source,
                "holds a lock",
            ),
            (
                ffi::SQLITE_IOERR,
                Doing::Step,
                ProblemKind::Source,
                "input/output error",
            ),
            (
                ffi::SQLITE_CORRUPT,
                Doing::Step,
                ProblemKind::Source,
                "damaged",
            ),
            (
                ffi::SQLITE_READONLY,
                Doing::Open,
                ProblemKind::Source,
                "half written",
            ),
            (
                ffi::SQLITE_READONLY,
                Doing::Prepare,
                ProblemKind::Config,
                "may only read",
            ),
            (
                ffi::SQLITE_AUTH,
                Doing::Prepare,
                ProblemKind::Config,
                "may only read",
            ),
            (
                ffi::SQLITE_TOOBIG,
                Doing::Step,
                ProblemKind::Source,
                "larger than 64 MiB",
            ),
            (
                ffi::SQLITE_SCHEMA,
                Doing::Step,
                ProblemKind::Source,
                "schema was changed",
            ),
            (
                ffi::SQLITE_FULL,
                Doing::Step,
                ProblemKind::Source,
                "is full",
            ),
            (
                ffi::SQLITE_ERROR,
                Doing::Prepare,
                ProblemKind::Config,
                "raw words",
            ),
        ] {
            let error = told(code, doing);
            assert_eq!(error.kind, kind, "{code}");
            assert!(error.text.starts_with("cannot "), "{error}");
            assert!(
                error.text.contains("crm.db") && error.text.contains(why),
                "{error}"
            );
            assert!(!error.hint.is_empty(), "{error}");
        }
        let stopped = told(ffi::SQLITE_INTERRUPT, Doing::Step);
        assert_eq!(stopped.kind, ProblemKind::Interrupted);
    }
}
