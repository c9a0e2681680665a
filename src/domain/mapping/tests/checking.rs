//! What keeps a mapping from being saved, and what is proposed.

use super::*;

fn problems_of(mappings: &[FieldMapping], mode: Mode) -> Vec<String> {
    check(&model(), mappings, &schema(), &capabilities(), mode)
        .into_iter()
        .map(|problem| {
            let line = problem
                .line
                .map_or(String::new(), |line| format!("{line} "));
            format!(
                "{line}{}: {} [{}]",
                problem.code, problem.text, problem.hint
            )
        })
        .collect()
}

fn problem_of(line: serde_json::Value) -> String {
    problems_of(&good_and(line), Mode::Upsert).join("\n")
}

#[test]
fn a_whole_mapping_has_no_problem() {
    assert_eq!(
        problems_of(&lines(good()), Mode::Upsert),
        Vec::<String>::new()
    );
}

#[test]
fn a_mapping_without_identifier_is_refused_with_what_would_help() {
    let mapping = lines(json!([{"source_column": "first_name", "destination_field": "LastName"}]));
    assert_eq!(
        problems_of(&mapping, Mode::Upsert),
        [
            "no_identifier: No identifier mapped. Map a model identifier column to Email or \
          External_Id__c. [map email and mark the line as identifier]"
        ]
    );
    let mut without = model();
    without
        .columns
        .iter_mut()
        .for_each(|column| column.role = Role::Attribute);
    let found = check(
        &without,
        &lines(good()),
        &schema(),
        &capabilities(),
        Mode::Upsert,
    );
    assert_eq!(
        found[0].text,
        "No identifier mapped. Map a model identifier column to Email or External_Id__c. \
         contacts has no identifier column yet."
    );
    assert_eq!(found[0].hint, "give the column email the role identifier");
}

#[test]
fn an_identifier_must_go_to_a_field_that_matches_records() {
    let mapping = lines(json!([
        {"source_column": "email", "destination_field": "LastName", "is_identifier": true},
    ]));
    let found = problems_of(&mapping, Mode::Upsert);
    assert!(found[0].starts_with("no_identifier"), "{found:?}");
    assert_eq!(
        found[1],
        "0 not_an_identifier: Records cannot be matched by LastName. []"
    );
}

#[test]
fn required_fields_are_named_where_the_mode_creates() {
    let mapping = lines(json!([
        {"source_column": "email", "destination_field": "Email", "is_identifier": true},
    ]));
    assert_eq!(
        problems_of(&mapping, Mode::Upsert),
        [
            "required_not_mapped: Required field not mapped: LastName. The destination refuses a \
          Contact without it. [map a column, a constant or a template to it]"
        ]
    );
    assert_eq!(problems_of(&mapping, Mode::Update), Vec::<String>::new());
}

#[test]
fn wrong_lines_are_refused_at_their_place() {
    for (line, wanted) in [
        (
            json!({"source_column": "frst_name", "destination_field": "Score"}),
            "2 unknown_column: Unknown column: frst_name. The model contacts has no such column. \
             [did you mean first_name?]",
        ),
        (
            json!({"source_column": "id", "destination_field": "Scor"}),
            "2 unknown_field: Unknown field: Scor. Contact has no such field. [did you mean Score?]",
        ),
        (
            json!({"source_column": "id", "destination_field": "LastName"}),
            "2 mapped_twice: Field mapped twice: LastName. [line 2 goes to it already]",
        ),
        (
            json!({"source_column": "email", "destination_field": "CreatedDate"}),
            "2 not_writable: CreatedDate is read-only. []",
        ),
        (
            json!({"source_column": "email", "destination_field": "Origin"}),
            "2 not_writable: Origin can be set on creation only. [set write to on_create]",
        ),
        (
            json!({"variable": "run.di", "destination_field": "Score"}),
            "2 unknown_variable: Unknown run variable: run.di. [there are run.id, run.started_at, sync.name]",
        ),
        (
            json!({"source_column": "id", "destination_field": "Score", "transforms": ["rond"]}),
            "2 bad_transform: Bad transform: there is no transform rond. [did you mean round?]",
        ),
        (
            json!({"template": "{{ row.frst_name }}", "destination_field": "Score"}),
            "2 unknown_column: Unknown column: frst_name. The model contacts has no such column. \
             [did you mean first_name?]",
        ),
        (
            json!({"template": "{{ first_name }}", "destination_field": "Score"}),
            "2 bad_template: The template will not do: there is no first_name in it. \
             [a column is written row.first_name]",
        ),
        (
            json!({"constant": "many", "destination_field": "Score"}),
            "2 constant_does_not_fit: The constant does not fit Score: `many` (text) does not fit \
             integer: it is not a number. []",
        ),
        (
            json!({"constant": "Asia", "destination_field": "Region"}),
            "2 constant_does_not_fit: The constant does not fit Region: `Asia` is not one of the \
             field's values. []",
        ),
        (
            json!({"source_column": "born", "destination_field": "Score"}),
            "2 type_mismatch: date never fits Score, which is integer. [a transform can change the type]",
        ),
        (
            json!({"source_column": "email.domain", "destination_field": "Score"}),
            "2 not_json: email.domain is a path, but the column email is text, not json. \
             [declare the column's type as json in the model]",
        ),
        (
            json!({"source_column": "data..x", "destination_field": "Score"}),
            "2 bad_path: data..x is not a path. [a path is written address.city, tags[0] or data[\"odd.key\"]]",
        ),
        (
            json!({"source_column": "id", "destination_field": "Score", "write": "on_create"}),
            "2 on_create: Score is written on creation only, and this object cannot be looked up to \
             tell whether a record is there. [set write to always]",
        ),
        (
            json!({"source_column": "id", "destination_field": "Score", "write": "if_empty"}),
            "2 if_empty: Score is written where it is empty, and this object's fields cannot be \
             read. [set write to always]",
        ),
        (
            json!({"source_column": "id", "destination_field": "External_Id__c", "is_identifier": true}),
            "composite_identifier: Contact takes one identifier field, and 2 are marked: Email, \
             External_Id__c. [keep the mark on one of them]",
        ),
    ] {
        assert_eq!(problem_of(line), wanted);
    }
    let syntax = problem_of(json!({"template": "{{ row.", "destination_field": "Score"}));
    assert!(
        syntax.starts_with("2 bad_template: The template will not do"),
        "{syntax}"
    );
}

#[test]
fn an_identifier_is_part_of_every_write() {
    let mapping = lines(json!([
        {"source_column": "email", "destination_field": "Email", "is_identifier": true,
         "nulls": "skip", "write": "on_create"},
        {"source_column": "first_name", "destination_field": "LastName"},
    ]));
    let found = problems_of(&mapping, Mode::Append);
    assert_eq!(
        found,
        [
            "0 identifier_nulls: Email is an identifier and cannot be left out. [set nulls to send]",
            "0 identifier_write: Email is an identifier and is part of every write. [set write to always]",
        ]
    );
}

#[test]
fn a_mode_that_cannot_be_is_refused_with_the_reason() {
    assert_eq!(
        problems_of(&lines(good()), Mode::Mirror),
        [
            "mode_not_supported: The mode mirror is not possible here: a Contact cannot be deleted. \
          [choose upsert, update or append]"
        ]
    );
}

#[test]
fn an_open_object_takes_any_field_but_no_unknown_column() {
    let mapping = lines(json!([
        {"source_column": "email", "destination_field": "anything", "is_identifier": true},
        {"source_column": "nothing", "destination_field": "b"},
    ]));
    let found = check(
        &model(),
        &mapping,
        &open_schema(),
        &capabilities(),
        Mode::Upsert,
    );
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].line, found[0].code.as_str()),
        (Some(1), "unknown_column")
    );
}

#[test]
fn names_are_proposed_exactly_then_blindly_then_by_synonym() {
    let mut target = schema();
    target.fields = ["E-Mail", "email", "GivenName", "LTV__c", "zip"]
        .map(|name| field(name, Type::Text))
        .to_vec();
    let pair = |column: &str, field: &str| (column.to_owned(), field.to_owned());
    assert_eq!(
        suggest(&model(), &target, &[]),
        [
            pair("email", "email"),
            pair("first_name", "GivenName"),
            pair("ltv", "LTV__c")
        ]
    );
    let taken = lines(json!([{"source_column": "email", "destination_field": "email"}]));
    assert_eq!(
        suggest(&model(), &target, &taken),
        [pair("first_name", "GivenName"), pair("ltv", "LTV__c")]
    );
    target.open = true;
    assert_eq!(suggest(&model(), &target, &taken)[0], pair("id", "id"));
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
