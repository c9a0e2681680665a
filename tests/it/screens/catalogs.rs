//! Workspaces with models and connections made by hand, and a core that answers about them.

use std::sync::Arc;

use serde_json::json;
use signalsmith::domain::command::{Command, Reply, Table};
use signalsmith::domain::destination::{
    Destination, Field, Health, Object, ObjectSchema, Settings, Source, StepOutcome, TestStep,
};
use signalsmith::domain::explore::{
    CatalogTable, ConnectorKind, Connectors, Explore, KeyCheck, SettingField, SettingType,
};
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

pub fn step(name: &str, outcome: StepOutcome, detail: &str) -> TestStep {
    TestStep {
        name: name.into(),
        outcome,
        detail: detail.into(),
    }
}

fn fields(object: &str) -> ObjectSchema {
    let mut email = Field::plain("Email", Type::Text);
    email.max_length = Some(80);
    let mut last = Field::plain("LastName", Type::Text);
    last.required = true;
    last.identifier = false;
    let mut value = Field::plain("LTV__c", Type::Decimal);
    value.custom = true;
    value.identifier = false;
    ObjectSchema {
        object: Object {
            name: object.into(),
            label: object.into(),
        },
        fields: vec![email, last, value],
        open: false,
        exists: true,
    }
}

fn connectors() -> Connectors {
    let kind = |word: &str, label: &str, settings| ConnectorKind {
        word: word.into(),
        label: label.into(),
        settings,
    };
    let field = |key: &str, kind, required, endpoint, help: &str| SettingField {
        key: key.into(),
        kind,
        required,
        endpoint,
        help: help.into(),
    };
    let path = || {
        let help = "the database file; it is opened for reading only";
        vec![field("path", SettingType::Path, true, true, help)]
    };
    let webhook = vec![
        field(
            "url",
            SettingType::Text,
            true,
            true,
            "where rows are posted to, https",
        ),
        field(
            "method",
            SettingType::Choice(vec!["POST".into(), "PUT".into()]),
            false,
            false,
            "POST by default",
        ),
        field(
            "signing_secret",
            SettingType::Secret,
            false,
            false,
            "signs each request",
        ),
        field(
            "headers",
            SettingType::Map,
            false,
            false,
            "sent with each request",
        ),
        field(
            "batch_size",
            SettingType::Integer,
            false,
            false,
            "rows of one request, 100 by default",
        ),
        field(
            "allow_private_network",
            SettingType::Boolean,
            false,
            true,
            "lets it lead into private networks",
        ),
    ];
    Connectors {
        sources: vec![
            kind("sqlite", "SQLite", path()),
            kind("files", "Files", path()),
        ],
        destinations: vec![
            kind("sqlite", "SQLite", path()),
            kind("file", "Files", path()),
            kind("webhook", "Webhook", webhook),
        ],
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
            Command::Explore(Explore::Connectors) => Reply::Connectors(connectors()),
            Command::Test { connection }
                if *connection == catalog().destinations[1].id.to_string() =>
            {
                Reply::Steps(vec![
                    step("find the folder", StepOutcome::Passed, "/data/out"),
                    step(
                        "write a file",
                        StepOutcome::Failed,
                        "/data/out: permission denied; give the core's user the right to write there",
                    ),
                ])
            }
            Command::Test { .. } => Reply::Steps(vec![
                step("open the file", StepOutcome::Passed, "/data/crm.db"),
                step("read the schema", StepOutcome::Passed, "2 tables"),
            ]),
            Command::Objects { .. } => Reply::Objects(
                ["Account", "Contact", "Lead"]
                    .map(|name| Object {
                        name: name.into(),
                        label: format!("{name}s"),
                    })
                    .into(),
            ),
            Command::Fields { object, .. } => Reply::Schema(fields(object)),
            Command::Edit(_) => Reply::Changes(Vec::new()),
            Command::Log { .. } => Reply::Log(Vec::new()),
            Command::Runs { .. } => Reply::Runs(Vec::new()),
            _ => Reply::Done,
        }))
    })
}
