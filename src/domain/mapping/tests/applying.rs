//! What a mapping makes of rows, and by which bytes rows are compared.

use super::*;
use crate::domain::plan::{InvalidReason, Record};
use crate::domain::row::Cell;
use crate::domain::value::Value;

fn row() -> Vec<Value> {
    vec![
        Value::Integer(7),
        Value::text("ada@example.com"),
        Value::text("Ada"),
        Value::Decimal("1.10".parse().unwrap()),
        Value::Date("1815-12-10".parse().unwrap()),
        Value::Json(r#"{"address": {"city": "Paris"}, "tags": ["x", 1.10], "odd": "no"}"#.into()),
        Value::text("yes"),
    ]
}

fn cells(mapper: &Mapper, row: &[Value]) -> Vec<Cell> {
    mapper
        .inputs()
        .iter()
        .map(|position| Cell::Value(row[*position].clone()))
        .collect()
}

fn record(
    mappings: serde_json::Value,
    schema: &ObjectSchema,
    row: &[Value],
) -> Result<Record, InvalidReason> {
    let mapper = mapper(&lines(mappings), schema);
    mapper.apply(&cells(&mapper, row))
}

/// The value that one line gives beside an identifier.
fn value_of(line: serde_json::Value) -> Option<Value> {
    let email = json!({"source_column": "email", "destination_field": "e", "is_identifier": true});
    record(json!([email, line]), &open_schema(), &row())
        .unwrap()
        .0[1]
        .clone()
}

#[test]
fn each_kind_of_source_gives_its_value() {
    for (line, wanted) in [
        (
            json!({"source_column": "id", "destination_field": "x"}),
            Value::Integer(7),
        ),
        (
            json!({"source_column": "ltv", "destination_field": "x"}),
            row()[3].clone(),
        ),
        (
            json!({"source_column": "data.odd", "destination_field": "x"}),
            Value::text("yes"),
        ),
        (
            json!({"source_column": "data.address.city", "destination_field": "x", "transforms": ["to_text"]}),
            Value::text("Paris"),
        ),
        (
            json!({"source_column": "data.address.city", "destination_field": "x"}),
            Value::Json("\"Paris\"".into()),
        ),
        (
            json!({"source_column": "data.tags[1]", "destination_field": "x"}),
            Value::Json("1.10".into()),
        ),
        (
            json!({"source_column": "data[\"odd\"]", "destination_field": "x"}),
            Value::Json("\"no\"".into()),
        ),
        (
            json!({"source_column": "data.none", "destination_field": "x"}),
            Value::Null,
        ),
        (
            json!({"constant": 1.5, "destination_field": "x"}),
            Value::Decimal("1.5".parse().unwrap()),
        ),
        (
            json!({"variable": "sync.name", "destination_field": "x"}),
            Value::text("contacts hourly"),
        ),
        (
            json!({"template": "{{ row.first_name }} {{ row.ltv }} {{ row.data.tags[0] }}", "destination_field": "x"}),
            Value::text("Ada 1.10 x"),
        ),
        (
            json!({"template": "{{ row['data.odd'] }} <{{ row.born }}>", "destination_field": "x"}),
            Value::text("yes <1815-12-10>"),
        ),
    ] {
        assert_eq!(value_of(line.clone()), Some(wanted), "{line}");
    }
}

#[test]
fn values_are_transformed_in_order_then_coerced() {
    let mut mapping = good();
    mapping[1]["transforms"] = json!(["upper", {"name": "substring", "length": 2}]);
    mapping.as_array_mut().unwrap().push(json!({
        "source_column": "ltv", "destination_field": "Score", "transforms": ["round"],
    }));
    let made = record(mapping, &schema(), &row()).unwrap();
    assert_eq!(
        made.0,
        [
            Some(Value::text("ada@example.com")),
            Some(Value::text("AD")),
            Some(Value::Integer(1)),
        ]
    );
}

#[test]
fn a_mapper_is_shared_among_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&mapper(&lines(good()), &schema()));
}

#[test]
fn only_what_is_read_is_asked_for() {
    let narrow = mapper(&lines(good()), &schema());
    assert_eq!(narrow.inputs(), [1, 2]);
    let wide = good_and(
        json!({"template": "{% for name in row %}{{ name }}{% endfor %}", "destination_field": "Region"}),
    );
    assert_eq!(mapper(&wide, &schema()).inputs(), [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_row_that_does_not_fit_says_column_field_and_value() {
    let reason = |change: &dyn Fn(&mut Vec<Value>), line: serde_json::Value| {
        let mut row = row();
        change(&mut row);
        let mapper = mapper(&good_and(line), &schema());
        let reason = mapper.apply(&cells(&mapper, &row)).unwrap_err();
        format!(
            "{} {} {}: {}",
            reason.code,
            reason.column.unwrap_or_default(),
            reason.field.unwrap_or_default(),
            reason.text
        )
    };
    let score = json!({"source_column": "ltv", "destination_field": "Score"});
    assert_eq!(
        reason(&|_| {}, score.clone()),
        "does_not_fit ltv Score: `1.10` (decimal) does not fit integer: it is not a whole number"
    );
    assert_eq!(
        reason(&|row| row[2] = Value::text("Lovelace"), score.clone()),
        "too_long first_name LastName: `Lovelace` is over 5 characters"
    );
    assert_eq!(
        reason(&|row| row[2] = Value::Null, score.clone()),
        "required first_name LastName: a required field is null"
    );
    assert_eq!(
        reason(&|row| row[1] = Value::Null, score),
        "required email Email: the identifier is null"
    );
    let region = json!({"source_column": "first_name", "destination_field": "Region"});
    assert_eq!(
        reason(&|_| {}, region),
        "picklist first_name Region: `Ada` is not one of the field's values"
    );
    let failing = json!({"source_column": "first_name", "destination_field": "Score", "transforms": ["to_integer"]});
    assert_eq!(
        reason(&|_| {}, failing),
        "transform first_name Score: to_integer: `Ada` (text) does not fit decimal: it is not a number"
    );
}

#[test]
fn a_misfit_in_a_used_column_stops_the_row() {
    let mapper = mapper(
        &good_and(json!({"template": "{{ row.ltv }}", "destination_field": "Region"})),
        &schema(),
    );
    let mut cells = cells(&mapper, &row());
    cells[2] = Cell::Misfit("many".into());
    let reason = mapper.apply(&cells).unwrap_err();
    assert_eq!(reason.code, "does_not_fit");
    assert_eq!(reason.column.as_deref(), Some("ltv"));
    assert_eq!(
        reason.text,
        "`many` does not fit decimal, the type of the column"
    );
    assert!(mapper.apply(&[]).is_err());
}

#[test]
fn nulls_are_sent_or_left_out_as_asked() {
    let made = |nulls: &str| {
        let mut row = row();
        row[3] = Value::Null;
        let mut mapping = good();
        mapping.as_array_mut().unwrap().push(json!({
            "source_column": "ltv", "destination_field": "Score", "nulls": nulls,
        }));
        record(mapping, &schema(), &row).unwrap().0[2].clone()
    };
    assert_eq!(made("send"), Some(Value::Null));
    assert_eq!(made("skip"), None);
}

#[test]
fn a_template_is_bounded_and_writes_null_as_nothing() {
    let made = |template: &str, name: Value| {
        let mut row = row();
        row[2] = name;
        let mapping = json!([
            {"source_column": "email", "destination_field": "e", "is_identifier": true},
            {"template": template, "destination_field": "x"},
        ]);
        record(mapping, &open_schema(), &row)
            .map(|record| record.0[1].clone().unwrap().to_plain())
            .map_err(|reason| format!("{} {}", reason.code, reason.text))
    };
    assert_eq!(made("<{{ row.first_name }}>", Value::Null), Ok("<>".into()));
    assert_eq!(
        made("{{ row.first_name }}", Value::text("<&>")),
        Ok("<&>".into())
    );
    let long = Value::text("x".repeat(1 << 20));
    assert_eq!(
        made("{{ row.first_name }}", long.clone()).unwrap().len(),
        1 << 20
    );
    for (template, name) in [
        ("{{ row.first_name }}!", long),
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            Value::Null,
        ),
        ("{{ row.first_name * 1000000000 }}", Value::text("x")),
        ("{{ row[row.first_name] }}", Value::text("no such column")),
    ] {
        let failure = made(template, name).unwrap_err();
        assert!(failure.starts_with("template "), "{failure}");
    }
}

#[test]
fn the_identifier_is_the_key_only_untouched_and_in_order() {
    let is_key = |line: serde_json::Value| {
        let mapper = mapper(&lines(json!([line])), &open_schema());
        mapper.identifier_is_key(&model())
    };
    let id = json!({"source_column": "id", "destination_field": "id", "is_identifier": true});
    assert!(is_key(id.clone()));
    let mut touched = id.clone();
    touched["transforms"] = json!(["abs"]);
    assert!(!is_key(touched));
    assert!(!is_key(
        json!({"source_column": "email", "destination_field": "e", "is_identifier": true})
    ));
    let mut typed = open_schema();
    typed.fields.push(Field::plain("id", Type::Text));
    assert!(!mapper(&lines(json!([id])), &typed).identifier_is_key(&model()));
    let two = lines(json!([
        {"source_column": "email", "destination_field": "e", "is_identifier": true},
        {"source_column": "id", "destination_field": "id", "is_identifier": true},
    ]));
    let mut composite = model();
    composite.primary_key = vec!["id".into(), "email".into()];
    let mapper = mapper(&two, &open_schema());
    assert!(!mapper.identifier_is_key(&composite));
    composite.primary_key.reverse();
    assert!(mapper.identifier_is_key(&composite));
}

#[test]
fn a_new_run_alone_is_no_difference() {
    let mapping = lines(json!([
        {"source_column": "email", "destination_field": "e", "is_identifier": true},
        {"variable": "run.id", "destination_field": "run"},
        {"variable": "run.started_at", "destination_field": "at"},
        {"source_column": "first_name", "destination_field": "f", "write": "on_create"},
        {"source_column": "born", "destination_field": "b", "write": "if_empty"},
    ]));
    let bytes = |variables: &RunVariables, row: &[Value], created_only: bool| {
        let mapper = Mapper::compile(&model(), &mapping, &open_schema(), variables).unwrap();
        let mut bytes = Vec::new();
        let record = mapper.apply(&cells(&mapper, row)).unwrap();
        mapper.comparison_bytes(&record, created_only, &mut bytes);
        (bytes, mapper.signature())
    };
    let later = RunVariables {
        run_id: RunId::from_bits(9),
        started_at: chrono::DateTime::from_timestamp(1_400_000_000, 0).unwrap(),
        ..variables()
    };
    let mut renamed = row();
    renamed[2] = Value::text("Augusta");
    let base = bytes(&variables(), &row(), false);
    assert_eq!(bytes(&later, &row(), false), base);
    assert_eq!(bytes(&variables(), &renamed, false), base);
    assert_ne!(
        bytes(&variables(), &renamed, true),
        bytes(&variables(), &row(), true)
    );
    let mut moved = row();
    moved[1] = Value::text("other@example.com");
    assert_ne!(bytes(&variables(), &moved, false).0, base.0);
}

#[test]
fn whatever_shapes_the_output_changes_the_signature() {
    let base = mapper(&lines(good()), &schema()).signature();
    let mut transformed = good();
    transformed[1]["transforms"] = json!(["trim"]);
    assert_ne!(mapper(&lines(transformed), &schema()).signature(), base);
    let mut retyped = schema();
    retyped.fields[0].kind = Type::Json;
    assert_ne!(mapper(&lines(good()), &retyped).signature(), base);
    assert_eq!(mapper(&lines(good()), &schema()).signature(), base);
}

#[test]
fn a_table_that_the_first_run_made_changes_no_signature() {
    let mapping = lines(json!([
        {"source_column": "email", "destination_field": "Email", "is_identifier": true},
    ]));
    let before = mapper(&mapping, &open_schema()).signature();
    let made = |required, max_length| {
        let field = Field {
            required,
            max_length,
            ..Field::plain("Email", Type::Text)
        };
        let schema = ObjectSchema {
            fields: vec![field],
            ..open_schema()
        };
        mapper(&mapping, &schema).signature()
    };
    assert_eq!(made(true, None), before, "an identifier is never null");
    assert_ne!(made(true, Some(9)), before);
}

#[test]
fn a_mapper_without_identifier_or_column_is_not_made() {
    let compile = |json| Mapper::compile(&model(), &lines(json), &schema(), &variables());
    let found =
        compile(json!([{"source_column": "gone", "destination_field": "Email"}])).unwrap_err();
    let codes: Vec<&str> = found.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes, ["unknown_column", "no_identifier"]);
}
