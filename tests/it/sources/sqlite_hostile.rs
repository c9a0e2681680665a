//! SQL and files that mean harm to whoever reads SQLite databases.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::value::Type;

use super::*;

const ENDLESS: &str = "with recursive n(x) as (select 1 union all select x + 1 from n) ";

fn victim(place: &Place) -> PathBuf {
    let path = place.path("victim.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "create table t (id INTEGER primary key, name TEXT);
             insert into t values (1, 'a'), (2, 'b');
             create view v as select name from t;
             create trigger trig after insert on t begin delete from t; end;",
        )
        .unwrap();
    path
}

fn hostile(folder: &Path) -> Vec<String> {
    let other = folder.join("other.db").display().to_string();
    let mut statements: Vec<String> = [
        "insert into t values (3, 'c')",
        "insert into t values (3, 'c') returning id",
        "insert or replace into t select 1, 'x'",
        "replace into t values (1, 'x')",
        "update t set name = 'x'",
        "update t set name = 'x' returning id",
        "delete from t",
        "delete from t returning id",
        "with x as (select 1) delete from t",
        "with x as (select 1) insert into t select 9, 'x' from x",
        "create table u (a)",
        "create table u as select * from t",
        "create temp table u as select * from t",
        "create index i on t (name)",
        "create view w as select 1",
        "create temp view w as select 1",
        "create trigger x after insert on t begin select 1; end",
        "create virtual table f using fts5 (a)",
        "create virtual table c using csv (filename = '/etc/passwd')",
        "drop table t",
        "drop view v",
        "drop trigger trig",
        "alter table t rename to u",
        "alter table t add column c",
        "alter table t drop column name",
        "reindex",
        "analyze",
        "vacuum",
        "begin immediate",
        "begin",
        "commit",
        "rollback",
        "end",
        "savepoint s",
        "release s",
        "pragma journal_mode = wal",
        "pragma writable_schema = on",
        "pragma query_only = off",
        "pragma user_version = 7",
        "pragma trusted_schema = on",
        "pragma wal_checkpoint(truncate)",
        "pragma table_info(t)",
        "pragma database_list",
        "select * from pragma_table_info('t')",
        "select * from pragma_database_list",
        "select load_extension('/tmp/evil.so')",
        "select LOAD_EXTENSION('/tmp/evil.so', 'init')",
        "select fts3_tokenizer('simple')",
        "select fts3_tokenizer('simple', x'4141414141414141')",
        "select readfile('/etc/passwd')",
        "select writefile('/tmp/evil', 'x')",
        "select edit('x')",
        "select * from t; delete from t",
        "select * from t; select * from t",
        "select * from t;; select 1",
        "select 1;;;;delete from t",
        "select * from t; pragma user_version = 7;",
        "select 1 /* ; */ ; /* */ drop table t --",
        "explain select * from t",
        "explain query plan select * from t",
        "explain delete from t",
        "",
        "   \n\t ",
        ";",
        "-- only a comment",
        "select id from t where name = ?",
        "select id from t where name = :name",
        "select * from sqlite_dbpage",
        "update sqlite_schema set sql = ''",
        "delete from sqlite_schema",
        "select id from t\0; delete from t",
        "select zeroblob(1000000000)",
        "select hex(randomblob(500000000))",
        "select printf('%.*c', 900000000, 'x')",
        "select \"no_such_column\" from t",
        "selec id from t",
        "detach main",
    ]
    .map(str::to_owned)
    .into();
    statements.push(format!("attach '{other}' as other"));
    statements.push(format!("attach 'file:{other}?mode=rwc' as other"));
    statements.push(format!("vacuum into '{other}'"));
    statements.push(format!("vacuum main into '{other}'"));
    statements.push(format!("select 1{}", " + 1".repeat(5_000)));
    statements.push(format!("select 1{}", " union all select 1".repeat(5_000)));
    statements.push(format!("select '{}'", "x".repeat(2 << 20)));
    statements
}

#[tokio::test]
async fn hostile_statements_change_nothing_and_are_refused_in_clear_words() {
    let place = Place::new();
    let path = victim(&place);
    let before = std::fs::read(&path).unwrap();
    let source = place.sqlite(&path);
    let statements = hostile(place.folder.path());
    assert!(statements.len() >= 40);
    for sql in statements {
        let shown: String = sql.chars().take(60).collect();
        let error = describe(&*source, &sql).await.expect_err(&shown);
        assert!(
            matches!(error.kind, ProblemKind::Config | ProblemKind::Source),
            "{shown}: {error:?}"
        );
        assert!(error.text.starts_with("cannot "), "{shown}: {error}");
        assert!(!error.text.ends_with('.'), "{shown}: {error}");
        let wanted = query(&sql, vec![column("id", Type::Integer)]);
        let read = match source.read(wanted).await {
            Ok(stream) => drain(stream).await.end,
            Err(_) => None,
        };
        assert_eq!(read, None, "{shown}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "{shown}");
        assert_eq!(names_in(place.folder.path()), ["victim.db"], "{shown}");
    }
}

#[tokio::test]
async fn one_statement_may_end_with_a_semicolon_and_comments() {
    let place = Place::new();
    let source = place.sqlite(&victim(&place));
    let sql = "/* first */ select id from t order by id; -- the end\n ; /* really */";
    assert_eq!(read_all(&*source, sql).await, [[int(1)], [int(2)]]);
}

#[tokio::test]
async fn a_cancel_ends_an_endless_query_that_gives_no_row() {
    let place = Place::new();
    let source = place.sqlite(&victim(&place));
    let wanted = query(
        &format!("{ENDLESS} select count(*) as rows from n"),
        vec![column("rows", Type::Integer)],
    );
    let cancel = wanted.cancel.clone();
    let stream = source.read(wanted).await.unwrap();
    cancel.cancel();
    let outcome = drain(stream).await;
    assert_eq!(outcome.end, None);
    assert_eq!(outcome.error.unwrap().kind, ProblemKind::Interrupted);
}

#[tokio::test]
async fn a_cancel_ends_a_description_and_a_full_channel() {
    let place = Place::new();
    let source = place.sqlite(&victim(&place));
    let sql = format!("{ENDLESS} select x from n");
    let cancel = CancellationToken::new();
    let (described, ()) = tokio::join!(source.describe(&sql, &cancel), async {
        tokio::task::yield_now().await;
        cancel.cancel();
    });
    assert_eq!(described.unwrap_err().kind, ProblemKind::Interrupted);

    let wanted = query(&sql, vec![column("x", Type::Integer)]);
    let cancel = wanted.cancel.clone();
    let mut stream = source.read(wanted).await.unwrap();
    assert!(stream.recv().await.unwrap().is_ok());
    cancel.cancel();
    assert_eq!(drain(stream).await.end, None);
}

#[tokio::test]
async fn a_cancel_ends_the_wait_for_a_lock() {
    let place = Place::new();
    let path = victim(&place);
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("begin exclusive").unwrap();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let error = place
        .sqlite(&path)
        .describe("select id from t", &cancel)
        .await;
    assert_eq!(error.unwrap_err().kind, ProblemKind::Interrupted);
}

#[tokio::test]
async fn the_reader_stops_when_the_stream_is_dropped() {
    let place = Place::new();
    let path = victim(&place);
    let source = place.sqlite(&path);
    let sql = format!("{ENDLESS} select x from n");
    let stream = source
        .read(query(&sql, vec![column("x", Type::Integer)]))
        .await
        .unwrap();
    drop(stream);
    // A runtime that is dropped waits for its blocking threads: this test ends only if they do.
}

#[tokio::test]
async fn the_workspaces_own_files_are_refused_under_any_name() {
    let mut place = Place::new();
    let path = victim(&place);
    place.forbidden = vec![path.clone()];
    let link = place.path("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let hard = place.path("hard.db");
    std::fs::hard_link(&path, &hard).unwrap();
    let dotted = place.folder.path().join(".").join("victim.db");
    for name in [&path, &link, &hard, &dotted] {
        let error = describe(&*place.sqlite(name), "select 1 as a")
            .await
            .unwrap_err();
        assert_eq!(error.kind, ProblemKind::Config, "{}", name.display());
        assert!(error.text.contains("belongs to the workspace"), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_database_is_told_apart() {
    let place = Place::new();
    let path = victim(&place);
    let mut damaged = std::fs::read(&path).unwrap();
    damaged[100..3_000].fill(0xff);
    for (name, content, why) in [
        (
            "text.db",
            b"just a text, and no database at all".to_vec(),
            "not a SQLite database",
        ),
        ("damaged.db", damaged, "damaged"),
    ] {
        let source = place.sqlite(&place.write(name, content));
        let error = describe(&*source, "select * from t").await.unwrap_err();
        assert_eq!(error.kind, ProblemKind::Source, "{name}: {error}");
        assert!(error.text.contains(why), "{name}: {error}");
    }
    let mut unreadable = std::fs::read(&path).unwrap();
    let name = b"name TEXT";
    let at = unreadable
        .windows(name.len())
        .position(|bytes| bytes == name);
    unreadable[at.unwrap()] = 0xff;
    let source = place.sqlite(&place.write("unreadable.db", unreadable));
    let error = describe(&*source, "select * from t").await.unwrap_err();
    assert!(
        error.text.contains("its schema is not Unicode text"),
        "{error}"
    );
    for (path, why) in [
        (place.folder.path().to_owned(), "it is a folder"),
        (PathBuf::from("/dev/zero"), "a pipe, socket or device"),
        (place.path("missing.db"), "there is no such file"),
        (
            PathBuf::from("file:victim.db?mode=rwc"),
            "there is no such file",
        ),
    ] {
        let error = describe(&*place.sqlite(&path), "select 1 as a")
            .await
            .unwrap_err();
        assert!(error.text.contains(why), "{error}");
    }
    assert!(!place.path("missing.db").exists());
}

#[tokio::test]
async fn an_error_on_the_way_ends_the_stream_without_a_proof() {
    let place = Place::new();
    let source = place.sqlite(&victim(&place));
    let sql = "select id, abs(case id when 2 then -9223372036854775808 else id end) as a from t";
    let wanted = vec![column("id", Type::Integer), column("a", Type::Integer)];
    let outcome = drain(source.read(query(sql, wanted)).await.unwrap()).await;
    assert_eq!(outcome.end, None);
    let error = outcome.error.unwrap();
    assert_eq!(error.kind, ProblemKind::Source);
    assert!(error.text.contains("integer overflow"), "{error}");
}
