//! Questions about what is not saved yet.

use std::time::Duration;

use signalsmith::domain::command::{Command, Reply, Table};
use signalsmith::domain::explore::{Explore, KeyCheck};
use signalsmith::domain::model::{Column, Role};
use signalsmith::domain::problem::ProblemKind;
use signalsmith::domain::value::Type;
use signalsmith::link::Link as _;

use super::*;

const SOURCE: &str = "[[source]]\nname = \"crm\"\ntype = \"sqlite\"\npath = \"source.db\"\n";
/// A query that never ends.
const ENDLESS: &str =
    "with recursive c(x) as (select 1 union all select x + 1 from c) select x from c";

fn crm() -> Workspace {
    let workspace = people(3);
    workspace.apply(SOURCE);
    workspace
}

fn column(name: &str, kind: Type) -> Column {
    Column {
        name: name.to_owned(),
        kind,
        role: Role::Attribute,
        declared: false,
        database_type: None,
    }
}

fn query(sql: &str, declared: Vec<Column>, limit: u32) -> Command {
    Command::Explore(Explore::Query {
        source: "crm".to_owned(),
        sql: sql.to_owned(),
        declared,
        limit,
    })
}

fn table(reply: Reply) -> Table {
    match reply {
        Reply::Table(table) => table,
        other => panic!("{other:?}"),
    }
}

fn check(workspace: &Workspace, key: Vec<Column>) -> KeyCheck {
    let command = Command::Explore(Explore::CheckKey {
        source: "crm".to_owned(),
        sql: "select * from people".to_owned(),
        key,
    });
    match workspace.ask(command).unwrap() {
        Reply::KeyCheck(check) => check,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_query_gives_its_first_rows_with_the_types_that_saving_would_pin() {
    let workspace = crm();
    let read = table(
        workspace
            .ask(query("select id, email from people", vec![], 2))
            .unwrap(),
    );
    assert_eq!((read.rows.len(), read.more), (2, true));
    assert_eq!(read.columns[0].kind, Type::Integer);
    let declared = vec![column("email", Type::Integer)];
    let read = table(
        workspace
            .ask(query("select email from people", declared, 9))
            .unwrap(),
    );
    assert!(!read.more);
    assert!(read.columns[0].declared);
    assert_eq!(read.rows[0][0], "p1@x.example (does not fit)");
    let problem = workspace
        .ask(query("delete from people", vec![], 9))
        .unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Config);
}

#[test]
fn a_reading_that_nobody_awaits_any_more_stops() {
    let mut workspace = crm();
    let link = workspace.link();
    for sql in [
        ENDLESS,
        "select * from people, (select 1 from people) order by random()",
    ] {
        let reading = link.send(query(sql, vec![], 10));
        let _ = workspace
            .wait_for(async { tokio::time::timeout(Duration::from_millis(50), reading).await });
    }
    let key = Command::Explore(Explore::CheckKey {
        source: "crm".to_owned(),
        sql: ENDLESS.to_owned(),
        key: vec![column("x", Type::Integer)],
    });
    let checking = link.send(key);
    let stopped = workspace
        .wait_for(async { tokio::time::timeout(Duration::from_millis(50), checking).await });
    assert!(stopped.is_err(), "an endless query does not end by itself");
    // A thread that reads on would keep the core from ending.
    workspace.stop();
}

#[test]
fn a_key_is_checked_against_all_rows() {
    let workspace = crm();
    let id = || vec![column("id", Type::Integer)];
    let good = check(&workspace, id());
    assert!(good.holds());
    assert_eq!(good.rows, 3);
    workspace.source(
        "insert into people values (2, 'a', 'b'), (2, 'c', 'd'), (null, 'e', 'f'), ('x', 'g', 'h')",
    );
    let bad = check(&workspace, id());
    assert!(!bad.holds());
    assert_eq!((bad.rows, bad.shared, bad.null), (7, 3, 2));
    assert_eq!(bad.examples, [("2".to_owned(), 3)]);
    let both = vec![column("id", Type::Integer), column("email", Type::Text)];
    assert_eq!(check(&workspace, both).shared, 0);
}

#[test]
fn the_tables_of_a_source_and_the_kinds_of_connections_are_told() {
    let workspace = crm();
    let command = Command::Explore(Explore::Tables {
        source: "crm".to_owned(),
    });
    let Reply::Tables(tables) = workspace.ask(command).unwrap() else {
        panic!()
    };
    assert_eq!(tables[0].name, "people");
    assert_eq!(tables[0].columns.len(), 3);
    let command = Command::Explore(Explore::Connectors);
    let Reply::Connectors(kinds) = workspace.ask(command).unwrap() else {
        panic!()
    };
    let webhook = kinds
        .destinations
        .iter()
        .find(|kind| kind.word == "webhook");
    assert!(
        webhook
            .unwrap()
            .settings
            .iter()
            .any(|setting| setting.endpoint)
    );
}
