//! One line of a mapping tried by itself, so that a broken line hides none of the others.

use base64::Engine as _;
use serde_json::Value as Json;

use super::FieldMapping;
use super::line::Line;
use super::mapper::Mapper;
use super::problem::MappingProblem;
use super::variable::RunVariables;
use crate::domain::coerce::{coerce, from_json};
use crate::domain::destination::ObjectSchema;
use crate::domain::model::{Column, Model};
use crate::domain::plan::InvalidReason;
use crate::domain::row::Cell;
use crate::domain::value::{Type, Value};

/// What a preview writes after a value that does not fit its column.
const MISFIT: &str = " (does not fit)";

/// One line of a mapping, ready to be applied to rows.
#[derive(Debug)]
pub struct Trial {
    mapper: Mapper,
}

impl Trial {
    /// Compiles one line.
    ///
    /// # Errors
    /// The line's problems.
    pub fn of(
        model: &Model,
        mapping: &FieldMapping,
        schema: &ObjectSchema,
        variables: &RunVariables,
    ) -> Result<Self, Vec<MappingProblem>> {
        let line = Line::resolve(model, mapping, schema)?;
        let alone = std::slice::from_ref(mapping);
        let mapper = Mapper::of_lines(model, alone, vec![line], variables)?;
        Ok(Self { mapper })
    }

    /// Positions of the model's columns that the line reads.
    pub fn inputs(&self) -> &[usize] {
        self.mapper.inputs()
    }

    /// The type of what is written.
    pub fn kind(&self) -> Option<Type> {
        let field = self.mapper.shape().fields.first();
        field.map(|field| field.kind)
    }

    /// What the line gives for a row, whose cells are those of all of the model's columns; nothing
    /// where the field is left out.
    ///
    /// # Errors
    /// The reason why the row would be invalid.
    pub fn value(&self, row: &[Cell]) -> Result<Option<Value>, InvalidReason> {
        let inputs = self.inputs().iter();
        let inputs: Vec<Cell> = inputs
            .map(|position| row.get(*position).cloned().unwrap_or(Cell::LeftOut))
            .collect();
        let mut record = self.mapper.apply(&inputs)?;
        Ok(record.0.pop().flatten())
    }
}

/// The cells of a row as a preview shows it.
pub fn cells(columns: &[Column], row: &[Json]) -> Vec<Cell> {
    let cells = columns.iter().zip(row);
    cells
        .map(|(column, json)| cell(column.kind, json))
        .collect()
}

fn cell(kind: Type, json: &Json) -> Cell {
    let value = match (kind, json) {
        (_, Json::Null) => Some(Value::Null),
        (Type::Json, document) => Some(Value::Json(document.to_string())),
        (Type::Text, Json::String(text)) => Some(Value::Text(text.clone())),
        (Type::Bytes, Json::String(text)) => base64::engine::general_purpose::STANDARD
            .decode(text)
            .ok()
            .map(Value::Bytes),
        (kind, json) => coerce(from_json(json), kind).ok(),
    };
    value.map_or_else(
        || {
            let text = json
                .as_str()
                .map_or_else(|| json.to_string(), str::to_owned);
            let text = text.strip_suffix(MISFIT).unwrap_or(&text);
            Cell::Misfit(text.to_owned())
        },
        Cell::Value,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::destination::{Field, Object};
    use crate::domain::id::{ModelId, RunId, SourceId};
    use crate::domain::model::Role;
    use crate::domain::row::tests::any_value;

    fn column(name: &str, kind: Type) -> Column {
        Column {
            name: name.to_owned(),
            kind,
            role: Role::Attribute,
            declared: false,
            database_type: None,
        }
    }

    fn model() -> Model {
        Model {
            id: ModelId::from_bits(1),
            name: "people".to_owned(),
            source: SourceId::from_bits(1),
            sql: String::new(),
            columns: vec![column("id", Type::Integer), column("phone", Type::Text)],
            primary_key: vec!["id".to_owned()],
            revision: 1,
        }
    }

    fn trial(mapping: Json) -> Result<Trial, Vec<MappingProblem>> {
        let schema = ObjectSchema {
            object: Object {
                name: "Contact".to_owned(),
                label: "Contact".to_owned(),
            },
            fields: vec![
                Field::plain("Id", Type::Integer),
                Field::plain("Phone", Type::Text),
            ],
            open: false,
            exists: true,
        };
        let variables = RunVariables {
            run_id: RunId::from_bits(1),
            started_at: chrono::DateTime::UNIX_EPOCH,
            sync_name: "s".to_owned(),
        };
        let mapping = serde_json::from_value(mapping).unwrap();
        Trial::of(&model(), &mapping, &schema, &variables)
    }

    #[test]
    fn a_line_is_tried_without_the_others_and_without_an_identifier() {
        let line = trial(json!({
            "source_column": "phone", "destination_field": "Phone", "transforms": ["trim", "upper"],
        }))
        .unwrap();
        let row = cells(&model().columns, &[json!(7), json!(" ab ")]);
        assert_eq!(line.value(&row), Ok(Some(Value::text("AB"))));
        assert_eq!(line.inputs(), [1]);
        assert_eq!(line.kind(), Some(Type::Text));
        let broken = trial(json!({ "source_column": "fone", "destination_field": "Phone" }));
        assert_eq!(broken.unwrap_err()[0].code, "unknown_column");
    }

    #[test]
    fn what_did_not_fit_its_column_is_told_as_the_source_gave_it() {
        let line = trial(json!({ "source_column": "id", "destination_field": "Id" })).unwrap();
        let row = cells(&model().columns, &[json!("x (does not fit)"), json!(null)]);
        assert_eq!(row[0], Cell::Misfit("x".to_owned()));
        assert_eq!(line.value(&row).unwrap_err().code, "does_not_fit");
    }

    proptest! {
        /// A preview carries values as JSON; what is tried must be what a run would map.
        #[test]
        fn a_value_survives_the_way_through_a_preview(value in any_value()) {
            let kind = value.kind().unwrap_or(Type::Text);
            let seen = cells(&[column("c", kind)], &[value.to_json()]);
            let finite = !matches!(&value, Value::Double(number) if !number.get().is_finite());
            // An offset of seconds has no spelling: the instant is the same, in UTC.
            let odd = matches!(&value, Value::Timestamp(at) if at.offset().local_minus_utc() % 60 != 0);
            if finite && !odd {
                prop_assert_eq!(&seen[0], &Cell::Value(value));
            }
        }
    }
}
