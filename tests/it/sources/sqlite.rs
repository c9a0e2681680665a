//! Reading SQLite databases.

use std::path::PathBuf;

use bigdecimal::BigDecimal;
use rusqlite::Connection;
use signalsmith::connectors::Chunk;
use signalsmith::domain::destination::StepOutcome;
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::row::{Batch, Cell};
use signalsmith::domain::value::{Type, Value};

use super::*;

fn database(place: &Place, sql: &str) -> PathBuf {
    let path = place.path("crm.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    path
}

#[tokio::test]
async fn every_declared_type_comes_back_as_it_went_in() {
    let place = Place::new();
    let path = database(
        &place,
        "create table t (a BOOLEAN, b INTEGER, c DECIMAL(10,2), d REAL, e TEXT, f BLOB, g DATE, \
            h TIME, i DATETIME, j JSON);
         insert into t values (1, -7, 12.5, 0.1, 'x', x'00ff', '2024-02-29', '10:20:30', \
            '2024-02-29T10:20:30+02:00', '{\"a\":1.10}');
         insert into t values (null, null, null, null, null, null, null, null, null, null);
         insert into t values (0, 9223372036854775807, 3, 2, '', x'', '0001-01-01', '00:00:00', \
            '2024-02-29 10:20:30.5', '[]');",
    );
    let source = place.sqlite(&path);
    let found = kinds(&*source, "select * from t").await;
    assert_eq!(
        found.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(),
        Type::ALL
    );
    let rows = read_all(&*source, "select * from t").await;
    let instant =
        |text: &str| Value::Timestamp(chrono::DateTime::parse_from_rfc3339(text).unwrap());
    let decimal = |text: &str| Value::Decimal(text.parse::<BigDecimal>().unwrap());
    let first = [
        Value::Boolean(true),
        Value::Integer(-7),
        decimal("12.5"),
        Value::double(0.1),
        Value::text("x"),
        Value::Bytes(vec![0, 255]),
        Value::Date("2024-02-29".parse().unwrap()),
        Value::Time("10:20:30".parse().unwrap()),
        instant("2024-02-29T10:20:30+02:00"),
        Value::Json("{\"a\":1.10}".into()),
    ];
    assert_eq!(rows[0], first.map(Cell::Value));
    assert_eq!(rows[1], vec![NULL; 10]);
    let third = [
        Value::Boolean(false),
        Value::Integer(i64::MAX),
        decimal("3"),
        Value::double(2.0),
        Value::text(""),
        Value::Bytes(Vec::new()),
        Value::Date("0001-01-01".parse().unwrap()),
        Value::Time("00:00:00".parse().unwrap()),
        instant("2024-02-29T10:20:30.5Z"),
        Value::Json("[]".into()),
    ];
    assert_eq!(rows[2], third.map(Cell::Value));
}

#[tokio::test]
async fn columns_without_a_declared_type_are_inferred_over_all_rows() {
    let place = Place::new();
    let path = database(
        &place,
        "create table t (a, b, c, d, e, f);
         with recursive n(x) as (select 1 union all select x + 1 from n where x < 9000)
         insert into t select x, x, x'01', x, null, x from n;
         insert into t values (1, 0.5, x'02', 'late', null, x'03');",
    );
    let source = place.sqlite(&path);
    let found = kinds(&*source, "select *, a + 1 as g from t").await;
    let expected = [
        ("a", Type::Integer),
        ("b", Type::Double),
        ("c", Type::Bytes),
        ("d", Type::Text),
        ("e", Type::Text),
        ("f", Type::Text),
        ("g", Type::Integer),
    ];
    assert_eq!(found, expected.map(|(name, kind)| (name.to_owned(), kind)));
}

#[tokio::test]
async fn a_cell_of_another_class_is_a_misfit_and_not_a_failure() {
    let place = Place::new();
    let path = database(
        &place,
        "create table t (id INTEGER primary key, n INTEGER, at DATE, raw TEXT);
         insert into t values (1, 'many', '2024-13-01', cast(x'61ff' as text)), (2, '12', '2024-12-01', 'b');",
    );
    let source = place.sqlite(&path);
    let rows = read_all(&*source, "select * from t order by id").await;
    assert_eq!(
        rows[0],
        [
            int(1),
            misfit("many"),
            misfit("2024-13-01"),
            misfit("a\u{fffd}")
        ]
    );
    let date = Cell::Value(Value::Date("2024-12-01".parse().unwrap()));
    assert_eq!(rows[1], [int(2), int(12), date, text("b")]);
}

#[tokio::test]
async fn a_cell_over_a_mebibyte_is_a_misfit_and_the_next_row_comes() {
    let place = Place::new();
    let path = database(
        &place,
        "create table t (id INTEGER, big TEXT);
         insert into t values (1, printf('%.*c', 2000000, 'x')), (2, 'small');",
    );
    let source = place.sqlite(&path);
    let rows = read_all(&*source, "select * from t").await;
    assert!(matches!(&rows[0][1], Cell::Misfit(text) if text.contains("2000000 bytes")));
    assert_eq!(rows[1], [int(2), text("small")]);
}

#[tokio::test]
async fn only_the_wanted_columns_come_in_their_order() {
    let place = Place::new();
    let path = database(
        &place,
        "create table t (a, b, c); insert into t values (1, 2, 3)",
    );
    let source = place.sqlite(&path);
    let wanted = vec![column("c", Type::Integer), column("a", Type::Text)];
    let rows = try_read(&*source, query("select * from t", wanted)).await;
    assert_eq!(rows.unwrap(), [[int(3), text("1")]]);
}

#[tokio::test]
async fn a_column_that_vanished_fails_the_reading_and_names_a_likely_one() {
    let place = Place::new();
    let path = database(&place, "create table t (id, email_address)");
    let source = place.sqlite(&path);
    let wanted = query("select * from t", vec![column("email_adress", Type::Text)]);
    let error = source.read(wanted).await.unwrap_err();
    assert_eq!(error.kind, ProblemKind::Config);
    assert!(
        error.text.contains("the column email_adress vanished"),
        "{error}"
    );
    assert!(
        error.hint.contains("did you mean email_address"),
        "{}",
        error.hint
    );
}

#[tokio::test]
async fn a_column_that_is_declared_otherwise_now_fails_the_reading() {
    let place = Place::new();
    let path = database(&place, "create table t (id INTEGER, age TEXT)");
    let source = place.sqlite(&path);
    let mut columns = describe(&*source, "select * from t").await.unwrap();
    assert_eq!(columns[1].database_type.as_deref(), Some("TEXT"));
    columns[1].database_type = Some("INTEGER".into());
    let error = source
        .read(query("select * from t", columns))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ProblemKind::Config);
    assert!(error.text.contains("declared INTEGER"), "{error}");
    assert!(error.text.contains("now declared TEXT"), "{error}");
}

#[tokio::test]
async fn two_columns_of_one_name_or_none_are_refused() {
    let place = Place::new();
    let path = database(&place, "create table t (a, b)");
    let source = place.sqlite(&path);
    for (sql, why) in [
        ("select a, b as a from t", "two columns called a"),
        ("select a as \"\" from t", "has no name"),
    ] {
        let error = describe(&*source, sql).await.unwrap_err();
        assert_eq!(error.kind, ProblemKind::Config);
        assert!(error.text.contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_limit_ends_the_stream_without_a_proof() {
    let place = Place::new();
    let path = database(
        &place,
        "create table t (a); insert into t values (1), (2), (3)",
    );
    let source = place.sqlite(&path);
    for (limit, rows, end) in [(0, 0, None), (2, 2, None), (3, 3, None), (4, 3, Some(3))] {
        let mut wanted = query("select a from t", vec![column("a", Type::Integer)]);
        wanted.limit = Some(limit);
        let outcome = drain(source.read(wanted).await.unwrap()).await;
        assert_eq!(
            (outcome.rows.len(), outcome.end),
            (rows, end),
            "limit {limit}"
        );
        assert!(outcome.error.is_none());
    }
}

#[tokio::test]
async fn a_long_result_waits_in_a_few_batches_at_most() {
    let place = Place::new();
    let path = database(&place, "create table t (a)");
    let source = place.sqlite(&path);
    let sql = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 200000) \
               select x, 'row ' || x as name from n";
    let wanted = vec![column("x", Type::Integer), column("name", Type::Text)];
    let mut stream = source.read(query(sql, wanted)).await.unwrap();
    assert!(stream.max_capacity() <= 4);
    let mut rows = 0;
    loop {
        match stream.recv().await.unwrap().unwrap() {
            Chunk::Batch(batch) => {
                assert!(batch.rows() <= Batch::MAX_ROWS);
                assert!(batch.bytes() <= Batch::MAX_BYTES + (4 << 20));
                rows += batch.rows() as u64;
            }
            Chunk::End { rows: told } => {
                assert_eq!((rows, told), (200_000, 200_000));
                break;
            }
        }
    }
    assert!(stream.recv().await.is_none());
}

#[tokio::test]
async fn what_a_writer_has_committed_to_its_log_is_read() {
    let place = Place::new();
    let path = database(&place, "pragma journal_mode = wal; create table t (a)");
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("insert into t values (1)").unwrap();
    let source = place.sqlite(&path);
    assert_eq!(read_all(&*source, "select a from t").await, [[int(1)]]);
}

#[tokio::test]
async fn full_text_tables_are_readable() {
    let place = Place::new();
    let path = database(
        &place,
        "create virtual table notes using fts5 (body); insert into notes values ('hello world')",
    );
    let source = place.sqlite(&path);
    let rows = read_all(&*source, "select body from notes where notes match 'world'").await;
    assert_eq!(rows, [[text("hello world")]]);
}

#[tokio::test]
async fn a_test_goes_step_by_step_and_stops_at_the_first_failure() {
    let place = Place::new();
    let path = database(
        &place,
        "create table t (a); create view v as select a from t",
    );
    let steps = place.sqlite(&path).test().await;
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        ["find the file", "open it", "read the schema", "read a row"]
    );
    assert!(steps.iter().all(|step| step.outcome == StepOutcome::Passed));

    let text = place.write("text.db", "this is no database, however long it may be");
    let steps = place.sqlite(&text).test().await;
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[1].outcome, StepOutcome::Failed);
    assert!(steps[1].detail.contains("not a SQLite database"));

    let steps = place.sqlite(&place.path("missing.db")).test().await;
    assert_eq!(steps.len(), 1);
    assert!(steps[0].detail.contains("there is no such file"));
}

#[tokio::test]
async fn the_catalog_has_tables_and_views_with_their_columns() {
    let place = Place::new();
    let path = database(
        &place,
        "create table people (id INTEGER primary key, name TEXT);
         create view grown as select id, 1.5 as ratio from people;
         create view broken as select x from gone;
         insert into people values (1, 'a');",
    );
    let catalog = place.sqlite(&path).catalog().await.unwrap();
    let found: Vec<(&str, Vec<(&str, Type)>)> = catalog
        .iter()
        .map(|table| {
            let columns = table.columns.iter().map(|c| (c.name.as_str(), c.kind));
            (table.name.as_str(), columns.collect())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("broken", vec![]),
            (
                "grown",
                vec![("id", Type::Integer), ("ratio", Type::Double)]
            ),
            ("people", vec![("id", Type::Integer), ("name", Type::Text)]),
        ]
    );
}
