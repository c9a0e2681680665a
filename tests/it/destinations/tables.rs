//! Tables of other people as destinations: constraints, collations, types, and what is no table.

use serde_json::json;
use signalsmith::connectors::Listing;
use signalsmith::domain::mode::Mode;
use signalsmith::domain::plan::OperationKind::{Create, Delete, Update};
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::value::{Type, Value};
use tokio_util::sync::CancellationToken;

use super::fixtures::{contact, contacts, destination, operation, shape};
use super::sqlite::{Database, refused};

#[tokio::test]
async fn a_constraint_refuses_its_row_alone_with_code_field_and_message() {
    let database = Database::with(
        "CREATE TABLE city (name TEXT PRIMARY KEY);
         INSERT INTO city VALUES ('Aachen');
         CREATE TABLE t (email TEXT PRIMARY KEY, name TEXT NOT NULL, phone TEXT UNIQUE,
           age INTEGER CHECK (age >= 0), city TEXT REFERENCES city (name)) STRICT;",
    );
    let fields = [
        ("email", Type::Text),
        ("name", Type::Text),
        ("phone", Type::Text),
        ("age", Type::Text),
        ("city", Type::Text),
    ];
    let shape = shape(&fields, 1);
    let row = |number: u64, values: [Option<&str>; 5]| {
        let record = values.map(|text| Some(text.map_or(Value::Null, Value::text)));
        let id = vec![record[0].clone().unwrap()];
        operation(number, Create, id, Some(record.to_vec()))
    };
    let verdicts = database
        .write(
            "t",
            Mode::Upsert,
            &shape,
            vec![
                row(
                    0,
                    [
                        Some("0"),
                        Some("Ann"),
                        Some("1"),
                        Some("30"),
                        Some("Aachen"),
                    ],
                ),
                row(1, [Some("1"), None, None, None, None]),
                row(2, [Some("2"), Some("n"), Some("1"), None, None]),
                row(3, [Some("3"), Some("n"), None, Some("-1"), None]),
                row(4, [Some("4"), Some("n"), None, None, Some("Nowhere")]),
                row(5, [Some("5"), Some("n"), None, Some("old"), None]),
                row(6, [None, Some("n"), None, None, None]),
                row(7, [Some("7"), Some("n"), None, None, None]),
            ],
        )
        .await
        .unwrap();
    let told: Vec<(&str, Option<&str>)> = verdicts[1..7]
        .iter()
        .map(|verdict| {
            (
                refused(verdict).code.as_str(),
                refused(verdict).field.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("NOT_NULL", Some("name")),
            ("UNIQUE", Some("phone")),
            ("CHECK", None),
            ("FOREIGN_KEY", None),
            ("TYPE", Some("age")),
            ("NOT_NULL", Some("email")),
        ]
    );
    assert!(
        refused(&verdicts[3])
            .text
            .contains("CHECK constraint failed")
    );
    assert_eq!(database.number("SELECT count(*) FROM t"), 2);
}

#[tokio::test]
async fn an_unknown_field_is_named_with_the_nearest_column() {
    let database = Database::with("CREATE TABLE t (email TEXT, name TEXT, first_name TEXT)");
    let shape = shape(&[("email", Type::Text), ("firstname", Type::Text)], 1);
    let error = database
        .begin("t", Mode::Upsert, &shape)
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind, ProblemKind::Config);
    assert!(error.text.contains("'firstname'"), "{}", error.text);
    assert!(error.hint.contains("'first_name'"), "{}", error.hint);
}

#[tokio::test]
async fn what_is_no_plain_table_is_refused() {
    let database = Database::with(
        "CREATE TABLE t (email TEXT, name TEXT, city TEXT, whole TEXT AS (name || city));
         CREATE VIEW v AS SELECT * FROM t;
         CREATE VIRTUAL TABLE f USING fts5 (email, name, city);",
    );
    for table in [
        "v",
        "f",
        "f_data",
        "sqlite_schema",
        "_signalsmith_batches",
        "SQLITE_x",
        "",
    ] {
        let error = database.begin(table, Mode::Upsert, &contacts()).await;
        assert_eq!(error.err().unwrap().kind, ProblemKind::Config, "{table}");
    }
    let computed = shape(&[("email", Type::Text), ("whole", Type::Text)], 1);
    assert!(database.begin("t", Mode::Upsert, &computed).await.is_err());
    let twice = shape(&[("email", Type::Text), ("EMAIL", Type::Text)], 1);
    assert!(database.begin("t", Mode::Upsert, &twice).await.is_err());
}

#[tokio::test]
async fn a_table_without_a_unique_index_is_matched_all_the_same() {
    let database = Database::with(
        "CREATE TABLE t (email TEXT, name TEXT, city TEXT, note TEXT);
         INSERT INTO t VALUES ('a@x', 'Ann', 'Aachen', 'mine'), ('a@x', 'Ann', 'Ahlen', 'too')",
    );
    let operations = vec![
        contact(0, Create, ["a@x", "Anna", "Aachen"]),
        contact(1, Create, ["b@x", "Bob", "Berlin"]),
    ];
    database
        .write("t", Mode::Upsert, &contacts(), operations)
        .await
        .unwrap();
    assert_eq!(database.number("SELECT count(*) FROM t"), 3);
    let kept = "SELECT count(*) FROM t WHERE name = 'Anna' AND note IN ('mine', 'too')";
    assert_eq!(database.number(kept), 2);
}

#[tokio::test]
async fn records_match_by_exact_content_whatever_the_collation() {
    let database = Database::with(
        "CREATE TABLE t (email TEXT COLLATE NOCASE PRIMARY KEY, name TEXT, city TEXT);
         INSERT INTO t VALUES ('A@X', 'Ann', 'Aachen')",
    );
    let verdicts = database
        .write(
            "t",
            Mode::Mirror,
            &contacts(),
            vec![
                contact(0, Create, ["a@x", "Other", "Ahlen"]),
                contact(1, Delete, ["a@x", "", ""]),
            ],
        )
        .await
        .unwrap();
    assert_eq!(refused(&verdicts[0]).code, "UNIQUE");
    assert_eq!(
        database.number("SELECT count(*) FROM t WHERE name = 'Ann'"),
        1
    );
}

#[tokio::test]
async fn a_conflict_clause_of_the_table_never_replaces_other_records() {
    let database = Database::with(
        "CREATE TABLE t (email TEXT PRIMARY KEY ON CONFLICT REPLACE, name TEXT,
           city TEXT UNIQUE ON CONFLICT REPLACE);
         INSERT INTO t VALUES ('a@x', 'Ann', 'Aachen')",
    );
    let operations = vec![contact(0, Create, ["b@x", "Bob", "Aachen"])];
    let verdicts = database
        .write("t", Mode::Upsert, &contacts(), operations)
        .await
        .unwrap();
    assert_eq!(refused(&verdicts[0]).field.as_deref(), Some("city"));
    assert_eq!(
        database.number("SELECT count(*) FROM t WHERE email = 'a@x'"),
        1
    );
}

#[tokio::test]
async fn a_made_table_gives_back_the_types_of_its_fields() {
    let database = Database::with("");
    let fields = Type::ALL.map(|kind| (kind.word(), kind));
    database
        .begin("t", Mode::Upsert, &shape(&fields, 2))
        .await
        .unwrap();
    let schema = destination("sqlite", &database.path, json!({}))
        .fields("t")
        .await
        .unwrap();
    let kinds: Vec<Type> = schema.fields.iter().map(|field| field.kind).collect();
    assert_eq!(kinds, Type::ALL);
    let required: Vec<bool> = schema.fields.iter().map(|field| field.required).collect();
    assert_eq!(required.iter().filter(|required| **required).count(), 2);
    assert!(!schema.open && schema.exists);
}

#[tokio::test]
async fn digits_that_a_numeric_column_would_round_are_refused() {
    let database = Database::with("CREATE TABLE t (id TEXT PRIMARY KEY, v DECIMAL(30, 10))");
    let shape = shape(&[("id", Type::Text), ("v", Type::Decimal)], 1);
    let row = |number: u64, digits: &str| {
        let id = Value::text(number.to_string());
        let value = Value::Decimal(digits.parse().unwrap());
        operation(
            number,
            Update,
            vec![id.clone()],
            Some(vec![Some(id), Some(value)]),
        )
    };
    let operations = vec![row(0, "12345678901234567890.5"), row(1, "12.50")];
    let verdicts = database
        .write("t", Mode::Upsert, &shape, operations)
        .await
        .unwrap();
    assert_eq!(refused(&verdicts[0]).code, "TYPE");
    assert_eq!(database.number("SELECT v = 12.5 FROM t"), 1);
}

#[tokio::test]
async fn tables_without_a_row_number_are_listed_by_their_key() {
    let database = Database::with(
        "CREATE TABLE t (a INTEGER, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
         WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)
         INSERT INTO t SELECT i % 7, i FROM n;",
    );
    let destination = destination("sqlite", &database.path, json!({}));
    let identifier = ["b".to_owned(), "a".to_owned()];
    let mut listing = destination
        .list("t", &identifier, &CancellationToken::new())
        .await
        .unwrap();
    let mut seen = std::collections::HashSet::new();
    while let Some(part) = listing.recv().await {
        match part.unwrap() {
            Listing::Identifiers(page) => seen.extend(page.iter().map(|row| row[0].to_plain())),
            Listing::End => assert_eq!(seen.len(), 5_000),
        }
    }
    assert_eq!(seen.len(), 5_000);
    let missing = destination
        .list("t", &["nope".into()], &CancellationToken::new())
        .await;
    assert!(missing.is_err());
}
