//! Workspaces with models and connections made by hand, and a core that answers about them.

use std::sync::Arc;

use serde_json::json;
use signalsmith::domain::command::{Command, Reply, Table};
use signalsmith::domain::destination::{Destination, Health, Settings, Source};
use signalsmith::domain::explore::{CatalogTable, Explore, KeyCheck};
use signalsmith::domain::id::{DestinationId, ModelId, SourceId};
use signalsmith::domain::model::{Column, Model, Role};
use signalsmith::domain::value::Type;
use signalsmith::link::WorkspaceView;
use signalsmith::link::view::SyncState;

use super::robot::Script;
use super::worlds::{of, sync};

pub fn column(name: &str, kind: Type) -> Column {
    Column {
        name: name.into(),
        kind,
        role: Role::Attribute,
        declared: false,
        database_type: None,
    }
}

fn model(number: u64, name: &str, source: u64, sql: &str, columns: Vec<Column>) -> Model {
    Model {
        id: ModelId::from_bits(number),
        name: name.into(),
        source: SourceId::from_bits(source),
        sql: sql.into(),
        primary_key: vec![columns[0].name.clone()],
        columns,
        revision: 3,
    }
}

fn settings(value: serde_json::Value) -> Settings {
    serde_json::from_value(value).unwrap()
}

fn source(number: u64, name: &str, connector: &str, value: serde_json::Value) -> Source {
    Source {
        id: SourceId::from_bits(number),
        name: name.into(),
        connector: connector.into(),
        settings: settings(value),
        revision: 2,
    }
}

pub fn contact_columns() -> Vec<Column> {
    let mut columns = vec![
        column("id", Type::Integer),
        column("email", Type::Text),
        column("first_name", Type::Text),
        column("lifetime_value", Type::Decimal),
        column("signed_up", Type::Date),
    ];
    columns[1].role = Role::Identifier;
    columns
}

/// Two sources, three models of which one is unused, three destinations in each state of health.
pub fn catalog() -> WorkspaceView {
    let mut one = sync(1, "CRM Contacts - Hourly", SyncState::Ok);
    one.sync.settings.model = ModelId::from_bits(1);
    one.sync.settings.destination = DestinationId::from_bits(1);
    one.destination = "contacts endpoint".into();
    let mut two = sync(2, "Orders to files", SyncState::Failed);
    two.sync.settings.model = ModelId::from_bits(2);
    two.sync.settings.destination = DestinationId::from_bits(2);
    two.destination = "files".into();
    let mut world = of(vec![one, two]);
    world.sources = [
        source(1, "crm", "sqlite", json!({ "path": "/data/crm.db" })),
        source(2, "events", "files", json!({ "path": "/data/events" })),
    ]
    .map(Arc::new)
    .into();
    let mut orders = vec![
        column("order_no", Type::Integer),
        column("amount", Type::Decimal),
    ];
    orders[0].role = Role::Identifier;
    world.models = vec![
        Arc::new(model(
            1,
            "contacts",
            1,
            "select id, email, first_name, lifetime_value, signed_up\nfrom customers -- all of them\nwhere email is not null",
            contact_columns(),
        )),
        Arc::new(model(
            2,
            "orders",
            1,
            "select order_no, amount from orders",
            orders,
        )),
        Arc::new(model(
            3,
            "visits",
            2,
            "select visitor, at from visits",
            vec![column("visitor", Type::Text), column("at", Type::Timestamp)],
        )),
    ];
    let destination = |number, name: &str, connector: &str, value, health| {
        Arc::new(Destination {
            id: DestinationId::from_bits(number),
            name: name.into(),
            connector: connector.into(),
            settings: settings(value),
            health,
            revision: 5,
        })
    };
    world.destinations = vec![
        destination(
            1,
            "contacts endpoint",
            "webhook",
            json!({
                "url": "https://hooks.example.com/contacts",
                "signing_secret": { "stored": true },
                "headers": { "x-team": "growth" },
                "batch_size": 25,
            }),
            Health::Healthy {
                at: "2026-11-24T14:02:00Z".parse().unwrap(),
            },
        ),
        destination(
            2,
            "files",
            "file",
            json!({ "path": "/data/out" }),
            Health::Failing {
                at: "2026-11-24T13:58:00Z".parse().unwrap(),
                reason: "write a file: /data/out: permission denied".into(),
            },
        ),
        destination(
            3,
            "local copy",
            "sqlite",
            json!({ "path": "/data/copy.db" }),
            Health::Unchecked,
        ),
    ];
    world
}

/// The rows of [`contact_columns`].
pub fn contact_rows() -> Table {
    let names = ["Ada", "Kim", "Grace", "Edsger", "Barbara"];
    Table {
        columns: contact_columns(),
        rows: names
            .iter()
            .zip(1..)
            .map(|(name, id)| {
                vec![
                    json!(id),
                    json!(format!("{}@example.com", name.to_lowercase())),
                    json!(name),
                    if id == 3 {
                        json!(null)
                    } else {
                        json!("1204.50")
                    },
                    json!(format!("2026-0{id}-11")),
                ]
            })
            .collect(),
        more: true,
    }
}

/// A core that answers about [`catalog`].
pub fn core() -> Script {
    Box::new(|command| {
        Some(Ok(match command {
            Command::Explore(Explore::Tables { .. }) => Reply::Tables(vec![
                CatalogTable {
                    schema: None,
                    name: "customers".into(),
                    columns: contact_columns(),
                },
                CatalogTable {
                    schema: None,
                    name: "orders".into(),
                    columns: vec![column("order_no", Type::Integer)],
                },
            ]),
            Command::Explore(Explore::Query { .. }) => Reply::Table(contact_rows()),
            Command::Explore(Explore::CheckKey { .. }) => Reply::KeyCheck(KeyCheck {
                rows: 48_210,
                null: 0,
                shared: 5,
                examples: vec![("7".into(), 3), ("19".into(), 2)],
            }),
            Command::Edit(_) => Reply::Changes(Vec::new()),
            Command::Log { .. } => Reply::Log(Vec::new()),
            Command::Runs { .. } => Reply::Runs(Vec::new()),
            _ => Reply::Done,
        }))
    })
}
