//! SQLite databases as destinations: batches, faults, and files that are refused.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;
use serde_json::json;
use signalsmith::connectors::registry::{self, Surroundings};
use signalsmith::connectors::settings::ResolvedSettings;
use signalsmith::connectors::{ConnectorError, Session, WriteError, Written};
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind::Create;
use signalsmith::domain::plan::{Operation, RecordShape};
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::verdict::{Rejection, Verdict};

use super::fixtures::{Batch, contact, contacts, deliver, destination, run};

pub struct Database {
    _folder: tempfile::TempDir,
    pub path: PathBuf,
}

impl Database {
    pub fn with(sql: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("theirs.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        Self {
            _folder: folder,
            path,
        }
    }

    pub async fn begin(
        &self,
        table: &str,
        mode: Mode,
        shape: &Arc<RecordShape>,
    ) -> Result<Box<dyn Session>, ConnectorError> {
        let destination = destination("sqlite", &self.path, json!({}));
        destination.begin(run(table, mode, shape, 1)).await
    }

    pub async fn write(
        &self,
        table: &str,
        mode: Mode,
        shape: &Arc<RecordShape>,
        operations: Vec<Operation>,
    ) -> Result<Vec<Verdict>, WriteError> {
        let session = self.begin(table, mode, shape).await.unwrap();
        let batch = Batch::prepared(&*session, "msg_1", operations).await;
        let verdicts = deliver(&*session, &batch, false).await?;
        Ok(verdicts.into_iter().map(|(_, verdict)| verdict).collect())
    }

    pub fn number(&self, sql: &str) -> i64 {
        let connection = Connection::open(&self.path).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

pub fn refused(verdict: &Verdict) -> &Rejection {
    match verdict {
        Verdict::Rejected(rejection) => rejection,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_batch_that_fails_as_a_whole_leaves_nothing_and_is_halved() {
    let database = Database::with(
        "CREATE TABLE t (email TEXT PRIMARY KEY, name TEXT, city TEXT);
         CREATE TRIGGER guard BEFORE INSERT ON t WHEN new.name = 'evil'
           BEGIN SELECT RAISE(ROLLBACK, 'not here'); END;
         CREATE TABLE city (name TEXT PRIMARY KEY);
         CREATE TABLE later (email TEXT PRIMARY KEY, name TEXT,
           city TEXT REFERENCES city (name) DEFERRABLE INITIALLY DEFERRED);",
    );
    for (table, name, code) in [("t", "evil", "TRIGGER"), ("later", "n", "FOREIGN_KEY")] {
        let operations = vec![
            contact(0, Create, ["a@x", "Ann", "Aachen"]),
            contact(1, Create, ["b@x", name, "Berlin"]),
        ];
        let error = database
            .write(table, Mode::Upsert, &contacts(), operations)
            .await;
        assert!(
            matches!(&error, Err(WriteError::Poison { code: told, .. }) if told == code),
            "{error:?}"
        );
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table}")), 0);
        assert_eq!(
            database.number("SELECT count(*) FROM _signalsmith_batches"),
            0
        );
    }
}

#[tokio::test]
async fn a_refused_row_leaves_no_trace_even_where_a_trigger_fails_halfway() {
    let database = Database::with(
        "CREATE TABLE log (name TEXT);
         CREATE TABLE t (email TEXT PRIMARY KEY, name TEXT, city TEXT);
         CREATE TRIGGER guard AFTER INSERT ON t WHEN new.name = 'evil'
           BEGIN INSERT INTO log VALUES (new.name); SELECT RAISE(FAIL, 'not here'); END;
         CREATE TABLE plain (email TEXT PRIMARY KEY, name TEXT CHECK (name <> 'evil'), city TEXT);",
    );
    for table in ["t", "plain"] {
        let operations = vec![
            contact(0, Create, ["a@x", "Ann", "Aachen"]),
            contact(1, Create, ["b@x", "evil", "Berlin"]),
            contact(2, Create, ["c@x", "Cy", "Celle"]),
        ];
        let shape = contacts();
        let verdicts = database.write(table, Mode::Upsert, &shape, operations);
        let verdicts = verdicts.await.unwrap();
        refused(&verdicts[1]);
        let rows = |condition: &str| {
            database.number(&format!("SELECT count(*) FROM {table} WHERE {condition}"))
        };
        assert_eq!((rows("true"), rows("name = 'evil'")), (2, 0), "{table}");
        // Both tables take a batch of the same id here.
        let connection = Connection::open(&database.path).unwrap();
        let forgotten = connection.execute("DELETE FROM _signalsmith_batches", []);
        assert_eq!(forgotten, Ok(1));
    }
    assert_eq!(database.number("SELECT count(*) FROM log"), 0);
}

#[tokio::test]
async fn the_batch_and_its_id_are_one_transaction() {
    let database = Database::with("CREATE TABLE t (email TEXT PRIMARY KEY, name TEXT, city TEXT)");
    let session = database
        .begin("t", Mode::Append, &contacts())
        .await
        .unwrap();
    let operations = vec![contact(0, Create, ["a@x", "Ann", "Aachen"])];
    let mut batch = Batch::prepared(&*session, "msg_1", operations).await;
    session.write(batch.delivery(false)).await.unwrap();
    // What was deleted since is not written again by a replay: the id alone decides.
    let theirs = Connection::open(&database.path).unwrap();
    theirs.execute("DELETE FROM t", []).unwrap();
    let replayed = session.write(batch.delivery(true)).await.unwrap();
    assert!(matches!(replayed, Written::Verdicts { ref verdicts, .. } if verdicts.len() == 1));
    assert_eq!(database.number("SELECT count(*) FROM t"), 0);
    batch.key = "msg_2".into();
    session.write(batch.delivery(false)).await.unwrap();
    assert_eq!(database.number("SELECT count(*) FROM t"), 1);
    session.finish().await.unwrap();
    assert!(
        session.write(batch.delivery(true)).await.is_err(),
        "it is closed"
    );
}

#[tokio::test]
async fn ids_older_than_any_replay_are_forgotten() {
    let database = Database::with("CREATE TABLE t (email TEXT PRIMARY KEY, name TEXT, city TEXT)");
    let operations = vec![contact(0, Create, ["a@x", "Ann", "Aachen"])];
    database
        .write("t", Mode::Upsert, &contacts(), operations)
        .await
        .unwrap();
    let theirs = Connection::open(&database.path).unwrap();
    theirs
        .execute_batch(
            "UPDATE _signalsmith_batches SET at = datetime(at, '-31 days');
             INSERT INTO _signalsmith_batches (id, verdicts) VALUES ('young', '')",
        )
        .unwrap();
    database
        .begin("t", Mode::Upsert, &contacts())
        .await
        .unwrap();
    assert_eq!(
        database.number("SELECT count(*) FROM _signalsmith_batches"),
        1
    );
}

#[tokio::test]
async fn the_workspace_s_own_files_and_what_is_no_database_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("state.db");
    Connection::open(&own)
        .unwrap()
        .execute_batch("CREATE TABLE x (y)")
        .unwrap();
    let mut settings = ResolvedSettings::default();
    settings
        .values
        .insert("path".into(), own.to_str().unwrap().into());
    let surroundings = Surroundings {
        forbidden: vec![own],
        ..Surroundings::default()
    };
    let error = registry::destination("sqlite", &settings, &surroundings)
        .err()
        .unwrap();
    assert_eq!(error.kind, ProblemKind::Config);
    assert!(registry::destination("sqlite", &ResolvedSettings::default(), &surroundings).is_err());

    let text = folder.path().join("text.db");
    std::fs::write(
        &text,
        "this is no database, however long it may be: ".repeat(40),
    )
    .unwrap();
    let other = destination("sqlite", &text, json!({}));
    let error = other
        .begin(run("t", Mode::Upsert, &contacts(), 1))
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind, ProblemKind::Config, "{error}");
    let steps = other.test().await;
    let failed = signalsmith::domain::destination::StepOutcome::Failed;
    assert_eq!(steps.last().unwrap().outcome, failed);
    let nowhere = destination("sqlite", &folder.path().join("no/such/x.db"), json!({}));
    assert_eq!(nowhere.test().await[0].outcome, failed);
}

#[tokio::test]
async fn a_test_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let steps = destination("sqlite", &path, json!({})).test().await;
    assert_eq!(steps.len(), 1);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_table_that_goes_away_under_the_run_ends_it_and_refuses_no_row() {
    let database = Database::with("CREATE TABLE t (email TEXT PRIMARY KEY, name TEXT, city TEXT)");
    let session = database
        .begin("t", Mode::Upsert, &contacts())
        .await
        .unwrap();
    let operations = vec![contact(0, Create, ["a@x", "Ann", "Aachen"])];
    let mut batch = Batch::prepared(&*session, "msg_1", operations).await;
    session.write(batch.delivery(false)).await.unwrap();
    let theirs = Connection::open(&database.path).unwrap();
    theirs.execute_batch("DROP TABLE t").unwrap();
    batch.key = "msg_2".into();
    let error = session.write(batch.delivery(false)).await.err().unwrap();
    assert!(matches!(error, WriteError::Fatal(_)), "{error:?}");
}

#[tokio::test]
async fn creates_among_records_that_are_there_tell_them_apart_and_a_lost_index_lets_none_in_twice()
{
    let database = Database::with(
        "CREATE TABLE t (email TEXT, name TEXT, city TEXT CHECK (city <> 'nowhere'));
         CREATE UNIQUE INDEX u ON t (email);
         INSERT INTO t VALUES ('b@x', 'Bo', 'Bern'), ('d@x', 'Di', 'Deal');",
    );
    let session = database
        .begin("t", Mode::Upsert, &contacts())
        .await
        .unwrap();
    let write = async |key: &str, operations: Vec<Operation>| {
        let batch = Batch::prepared(&*session, key, operations).await;
        match session.write(batch.delivery(false)).await.unwrap() {
            Written::Verdicts { verdicts, .. } => verdicts.into_iter().map(|(_, it)| it),
            Written::Staged { .. } => panic!("staged"),
        }
    };
    // In the order of the batch, which is not that of the identifiers.
    let emails = ["e@x", "d@x", "a@x", "c@x", "b@x"];
    let operations = (0..).zip(emails).map(|(number, email)| {
        let city = if email == "c@x" { "nowhere" } else { "Rome" };
        contact(number, Create, [email, "New", city])
    });
    let told: Vec<Verdict> = write("msg_1", operations.collect()).await.collect();
    let met: Vec<Option<bool>> = told
        .iter()
        .map(|verdict| match verdict {
            Verdict::Accepted { existed, .. } => *existed,
            _ => None,
        })
        .collect();
    assert_eq!(
        met,
        [Some(false), Some(true), Some(false), None, Some(true)]
    );
    assert_eq!(refused(&told[3]).code, "CHECK");
    let other = Connection::open(&database.path).unwrap();
    other.execute_batch("DROP INDEX u").unwrap();
    let again = vec![contact(0, Create, ["a@x", "Newer", "Rome"])];
    let told: Vec<Verdict> = write("msg_2", again).await.collect();
    assert!(
        matches!(
            told[0],
            Verdict::Accepted {
                existed: Some(true),
                ..
            }
        ),
        "{told:?}"
    );
    assert_eq!(database.number("SELECT count(*) FROM t"), 4);
    assert_eq!(
        database.number("SELECT count(*) FROM t WHERE name = 'Newer'"),
        1
    );
}
