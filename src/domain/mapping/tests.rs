//! Tests of mappings: what is refused, what is made of rows, what is compared.

mod applying;
mod checking;
mod hostile;

use serde_json::json;

use super::*;
use crate::domain::destination::{
    Capabilities, Deletion, Field, IdentifierForm, Object, ObjectSchema,
};
use crate::domain::id::{ModelId, RunId, SourceId};
use crate::domain::mode::Mode;
use crate::domain::model::{Column, Model, Role};
use crate::domain::value::Type;

fn column(name: &str, kind: Type, role: Role) -> Column {
    Column {
        name: name.into(),
        kind,
        role,
        declared: false,
        database_type: None,
    }
}

fn model() -> Model {
    Model {
        id: ModelId::from_bits(1),
        name: "contacts".into(),
        source: SourceId::from_bits(2),
        sql: "select 1".into(),
        columns: vec![
            column("id", Type::Integer, Role::Attribute),
            column("email", Type::Text, Role::Identifier),
            column("first_name", Type::Text, Role::Attribute),
            column("ltv", Type::Decimal, Role::Attribute),
            column("born", Type::Date, Role::Attribute),
            column("data", Type::Json, Role::Attribute),
            column("data.odd", Type::Text, Role::Attribute),
        ],
        primary_key: vec!["id".into()],
        revision: 1,
    }
}

fn field(name: &str, kind: Type) -> Field {
    Field {
        identifier: false,
        ..Field::plain(name, kind)
    }
}

fn schema() -> ObjectSchema {
    ObjectSchema {
        object: Object {
            name: "Contact".into(),
            label: "Contact".into(),
        },
        fields: vec![
            Field::plain("Email", Type::Text),
            Field::plain("External_Id__c", Type::Integer),
            Field {
                required: true,
                max_length: Some(5),
                ..field("LastName", Type::Text)
            },
            field("Score", Type::Integer),
            Field {
                picklist: vec!["EU".into(), "US".into()],
                ..field("Region", Type::Text)
            },
            Field {
                creatable: false,
                updatable: false,
                ..field("CreatedDate", Type::Timestamp)
            },
            Field {
                updatable: false,
                ..field("Origin", Type::Text)
            },
        ],
        open: false,
        exists: true,
    }
}

fn open_schema() -> ObjectSchema {
    ObjectSchema {
        fields: Vec::new(),
        open: true,
        ..schema()
    }
}

fn capabilities() -> Capabilities {
    Capabilities {
        modes: vec![Mode::Upsert, Mode::Update, Mode::Append],
        refused_modes: vec![(Mode::Mirror, "a Contact cannot be deleted".into())],
        lookup: false,
        read_fields: false,
        list: false,
        composite_identifier: false,
        deletion: Deletion::None,
        identifier_form: IdentifierForm::Exact,
        max_batch_rows: 100,
        max_batch_bytes: 1 << 20,
        concurrency: 1,
        requests_per_second: None,
        idempotent: true,
        exactly_once: false,
        request_timeout_s: 0,
        ambiguous_5xx: false,
    }
}

fn variables() -> RunVariables {
    RunVariables {
        run_id: RunId::from_bits(3),
        started_at: chrono::DateTime::from_timestamp(1_357_020_000, 0).unwrap(),
        sync_name: "contacts hourly".into(),
    }
}

fn mapper(mappings: &[FieldMapping], schema: &ObjectSchema) -> Mapper {
    Mapper::compile(&model(), mappings, schema, &variables()).unwrap()
}

fn lines(json: serde_json::Value) -> Vec<FieldMapping> {
    serde_json::from_value(json).unwrap()
}

/// The least that can be saved.
fn good() -> serde_json::Value {
    json!([
        {"source_column": "email", "destination_field": "Email", "is_identifier": true},
        {"source_column": "first_name", "destination_field": "LastName"},
    ])
}

fn good_and(line: serde_json::Value) -> Vec<FieldMapping> {
    let mut all = good();
    all.as_array_mut().unwrap().push(line);
    lines(all)
}
