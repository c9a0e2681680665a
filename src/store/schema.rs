//! The database file itself: how it is opened, brought to the present schema, checked and left.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::error::StoreError;
use super::files;
use super::tables::MIGRATIONS;

/// How long a connection waits for another's lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The write-ahead log is cut to this size after a checkpoint.
const LOG_BYTES: i64 = 64 << 20;
/// Pages of the write-ahead log after which it is moved into the database: 16 MiB, so that pages
/// that one run touches again and again are moved once.
const LOG_PAGES: i64 = 4_096;
/// Memory of the writing connection for pages: acknowledgements come in key order, and what lies
/// behind them is folded.
const CACHE_KIB: i64 = 4 << 10;
/// The first version that is free of the WAL-reset defect (sqlite.org, release notes of 3.51.3).
const OLDEST_SQLITE: i32 = 3_051_003;
/// `SgSm`: says whose database this is.
const APPLICATION: i32 = 0x5367_536d;

const DOING: &str = "open the state database";

/// What opening found.
pub(super) struct Opened {
    /// The writing connection.
    pub conn: Connection,
    /// Whether the last core did not stop cleanly.
    pub unclean: bool,
}

/// Opens the database for writing, brings it to the present schema and takes it over for `epoch`.
pub(super) fn open(path: &Path, epoch: i64) -> Result<Opened, StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(StoreError::OldSqlite {
            found: rusqlite::version().to_owned(),
        });
    }
    for suffix in ["", "-wal", "-shm"] {
        files::check_file(&with_suffix(path, suffix))?;
    }
    files::create_private(path)?;
    let mut conn = connect(path)?;
    migrate(&mut conn, path, &MIGRATIONS)?;
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let clean: bool = tx.query_row("SELECT clean FROM core WHERE id = 1", [], |row| row.get(0))?;
    tx.execute("UPDATE core SET epoch = ?1, clean = 0", [epoch])?;
    tx.commit()?;
    Ok(Opened {
        conn,
        unclean: !clean,
    })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    refuse_foreign(&conn)?;
    let mode: String =
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Io {
            doing: DOING,
            detail: format!("SQLite keeps the journal mode {mode}"),
        });
    }
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    // What does not fit into memory would stand in the system's folder for temporary files.
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    conn.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_| Ok(()))?;
    conn.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(()))?;
    conn.set_prepared_statement_cache_capacity(128);
    Ok(conn)
}

/// Before anything is changed: refuses a database of a newer version, and one that is not ours.
fn refuse_foreign(conn: &Connection) -> Result<(), StoreError> {
    let found = version(conn)?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let objects: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION && (objects > 0 || found > 0) {
        return Err(StoreError::damaged(
            "state.db is not a SignalSmith database",
        ));
    }
    Ok(())
}

fn version(conn: &Connection) -> Result<u32, StoreError> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Brings the database to the last of `migrations`, all in one transaction, after a verified copy
/// of what was there (`state.db.before-<version>`).
fn migrate(conn: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let found = version(conn)?;
    let wanted = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if found == wanted {
        return Ok(());
    }
    if found > 0 {
        back_up(conn, &with_suffix(path, &format!(".before-{wanted}")))?;
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been here first.
    let found = version(&tx)?;
    for migration in migrations.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(migration)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", wanted)?;
    tx.commit()?;
    Ok(())
}

/// Copies the database page by page and checks the copy.
fn back_up(conn: &Connection, to: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(StoreError::io("back up the state database", &error));
        }
        _ => {}
    }
    files::create_private(to)?;
    let mut copy = Connection::open(to)?;
    rusqlite::backup::Backup::new(conn, &mut copy)?.run_to_completion(
        4096,
        Duration::ZERO,
        None,
    )?;
    copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    check(&copy, "integrity_check")
}

/// Looks through the database for damage, without comparing indexes with tables.
pub(super) fn quick_check(conn: &Connection) -> Result<(), StoreError> {
    check(conn, "quick_check")
}

fn check(conn: &Connection, pragma: &str) -> Result<(), StoreError> {
    let found: String = conn.pragma_query_value(None, pragma, |row| row.get(0))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(StoreError::damaged(format!("{pragma} found: {found}")))
    }
}

/// Moves the write-ahead log into the database and cuts it to nothing, if no reader is in the way.
pub(super) fn empty_log(conn: &Connection) {
    // Waiting for readers would keep writers waiting; the next quiet moment tries again.
    let _ = conn.busy_timeout(Duration::ZERO);
    let _ = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    let _ = conn.busy_timeout(BUSY_TIMEOUT);
}

/// Notes that everything is written; without this note the next start looks for damage.
///
/// A core that was taken over leaves no note: the database is in use.
pub(super) fn mark_clean(conn: &Connection, epoch: i64) {
    // Where the note cannot be written, the next start checks, which is right.
    let _ = conn.execute("UPDATE core SET clean = 1 WHERE epoch = ?1", [epoch]);
    empty_log(conn);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(dir: &Path) -> (PathBuf, Connection) {
        let path = dir.join("state.db");
        files::create_private(&path).unwrap();
        let conn = Connection::open(&path).unwrap();
        (path, conn)
    }

    #[test]
    fn a_migration_keeps_a_verified_copy_of_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut conn) = prepared(dir.path());
        let first = "CREATE TABLE a (x); INSERT INTO a VALUES (7)";
        migrate(&mut conn, &path, &[first]).unwrap();
        migrate(&mut conn, &path, &[first, "DROP TABLE a"]).unwrap();
        assert_eq!(version(&conn).unwrap(), 2);
        let copy = Connection::open(dir.path().join("state.db.before-2")).unwrap();
        assert_eq!(version(&copy).unwrap(), 1);
        let kept: i64 = copy
            .query_row("SELECT x FROM a", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 7);
    }

    #[test]
    fn a_migration_that_fails_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut conn) = prepared(dir.path());
        migrate(&mut conn, &path, &["CREATE TABLE a (x)"]).unwrap();
        let broken = ["", "CREATE TABLE b (x)", "CREATE TABLE b (x)"];
        assert!(migrate(&mut conn, &path, &broken).is_err());
        assert_eq!(version(&conn).unwrap(), 1);
        let tables: i64 = conn
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 1);
    }
}
