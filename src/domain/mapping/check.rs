//! What keeps a mapping from being saved: checked against model, object, capabilities and mode.

use std::collections::HashMap;

use super::line::Line;
use super::problem::{MappingProblem, either};
use super::{FieldMapping, Nulls, ValueSource, Write, column};
use crate::domain::destination::{Capabilities, Field, ObjectSchema};
use crate::domain::mode::Mode;
use crate::domain::model::{Model, Role};

/// Fields that a message names at most.
const NAMED: usize = 5;

/// Checks a mapping; it can be saved where no problem is an error.
///
/// Problems of the whole mapping come first, then those of its lines in their order.
pub fn check(
    model: &Model,
    mappings: &[FieldMapping],
    schema: &ObjectSchema,
    capabilities: &Capabilities,
    mode: Mode,
) -> Vec<MappingProblem> {
    let mut problems = Vec::new();
    problems.extend(check_mode(capabilities, mode));
    problems.extend(check_identifier(model, mappings, schema, capabilities));
    problems.extend(check_required(mappings, schema, mode));
    let mut of_lines = resolve(model, mappings, schema).1;
    for (position, mapping) in mappings.iter().enumerate() {
        let field = find(schema, &mapping.destination_field);
        let found = check_line(mapping, field, capabilities, mode);
        of_lines.extend(found.into_iter().map(|problem| problem.at(position)));
    }
    of_lines.sort_by_key(|problem| problem.line);
    problems.extend(of_lines);
    problems
}

/// Resolves every line, and finds fields that two lines go to.
pub(super) fn resolve(
    model: &Model,
    mappings: &[FieldMapping],
    schema: &ObjectSchema,
) -> (Vec<Line>, Vec<MappingProblem>) {
    let mut lines = Vec::with_capacity(mappings.len());
    let mut problems = Vec::new();
    let mut first_of: HashMap<&str, usize> = HashMap::new();
    for (position, mapping) in mappings.iter().enumerate() {
        let field = mapping.destination_field.as_str();
        match first_of.get(field) {
            Some(first) => problems.push(
                MappingProblem::error("mapped_twice", format!("Field mapped twice: {field}."))
                    .hint(format!("line {} goes to it already", first + 1))
                    .at(position),
            ),
            None => {
                first_of.insert(field, position);
            }
        }
        match Line::resolve(model, mapping, schema) {
            Ok(line) => lines.push(line),
            Err(found) => problems.extend(found.into_iter().map(|problem| problem.at(position))),
        }
    }
    (lines, problems)
}

fn find<'s>(schema: &'s ObjectSchema, name: &str) -> Option<&'s Field> {
    schema.fields.iter().find(|field| field.name == name)
}

/// Whether the mode ever creates a record.
fn creates(mode: Mode) -> bool {
    mode != Mode::Update
}

fn check_mode(capabilities: &Capabilities, mode: Mode) -> Option<MappingProblem> {
    if capabilities.modes.contains(&mode) {
        return None;
    }
    let reason = capabilities
        .refused_modes
        .iter()
        .find(|(refused, _)| *refused == mode)
        .map_or("the destination does not support it", |(_, reason)| {
            reason.as_str()
        });
    let modes: Vec<&str> = capabilities.modes.iter().map(|mode| mode.word()).collect();
    Some(
        MappingProblem::error(
            "mode_not_supported",
            format!("The mode {mode} is not possible here: {reason}."),
        )
        .hint(match modes.is_empty() {
            true => String::new(),
            false => format!("choose {}", either(&modes)),
        }),
    )
}

fn check_identifier(
    model: &Model,
    mappings: &[FieldMapping],
    schema: &ObjectSchema,
    capabilities: &Capabilities,
) -> Vec<MappingProblem> {
    let mut problems = Vec::new();
    let is_mapped = mappings.iter().any(|mapping| {
        let takes = match find(schema, &mapping.destination_field) {
            Some(field) => field.identifier,
            None => schema.open,
        };
        mapping.is_identifier && takes && role_of(model, mapping) == Some(Role::Identifier)
    });
    if !is_mapped {
        problems.push(no_identifier(model, mappings, schema));
    }
    let marked: Vec<&str> = mappings
        .iter()
        .filter(|mapping| mapping.is_identifier)
        .map(|mapping| mapping.destination_field.as_str())
        .collect();
    if marked.len() > 1 && !capabilities.composite_identifier {
        problems.push(
            MappingProblem::error(
                "composite_identifier",
                format!(
                    "{} takes one identifier field, and {} are marked: {}.",
                    schema.object.name,
                    marked.len(),
                    marked.join(", ")
                ),
            )
            .hint("keep the mark on one of them"),
        );
    }
    problems
}

/// The role of the column that a mapping reads.
fn role_of(model: &Model, mapping: &FieldMapping) -> Option<Role> {
    let ValueSource::Column(text) = &mapping.source else {
        return None;
    };
    let path = column::find(model, text).ok()?;
    model.columns.get(path.position).map(|column| column.role)
}

/// The message that no identifier is mapped, with what would help.
pub(super) fn no_identifier(
    model: &Model,
    mappings: &[FieldMapping],
    schema: &ObjectSchema,
) -> MappingProblem {
    let mut fields: Vec<&str> = schema
        .fields
        .iter()
        .filter(|field| field.identifier)
        .map(|field| field.name.as_str())
        .take(NAMED)
        .collect();
    if fields.is_empty() {
        fields.push(if schema.open {
            "a field"
        } else {
            "an identifier field"
        });
    }
    let mut text = format!(
        "No identifier mapped. Map a model identifier column to {}.",
        either(&fields)
    );
    let columns: Vec<&str> = model
        .columns
        .iter()
        .filter(|column| column.role == Role::Identifier)
        .map(|column| column.name.as_str())
        .take(NAMED)
        .collect();
    if columns.is_empty() {
        text.push_str(&format!(" {} has no identifier column yet.", model.name));
    }
    let from_attribute = mappings.iter().find_map(|mapping| match &mapping.source {
        ValueSource::Column(column) if mapping.is_identifier => {
            (role_of(model, mapping) == Some(Role::Attribute)).then_some(column)
        }
        _ => None,
    });
    let hint = match from_attribute {
        Some(column) => format!("give the column {column} the role identifier"),
        None if columns.is_empty() => "give a column of the model the role identifier".to_owned(),
        None => format!("map {} and mark the line as identifier", either(&columns)),
    };
    MappingProblem::error("no_identifier", text).hint(hint)
}

fn check_required(
    mappings: &[FieldMapping],
    schema: &ObjectSchema,
    mode: Mode,
) -> Option<MappingProblem> {
    let missing: Vec<&str> = schema
        .fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name.as_str())
        .filter(|name| {
            !mappings
                .iter()
                .any(|mapping| mapping.destination_field == *name)
        })
        .collect();
    if missing.is_empty() || !creates(mode) {
        return None;
    }
    let it = if missing.len() == 1 { "it" } else { "them" };
    Some(
        MappingProblem::error(
            "required_not_mapped",
            format!(
                "Required field not mapped: {}. The destination refuses a {} without {it}.",
                missing.join(", "),
                schema.object.name
            ),
        )
        .hint(format!("map a column, a constant or a template to {it}")),
    )
}

fn check_line(
    mapping: &FieldMapping,
    field: Option<&Field>,
    capabilities: &Capabilities,
    mode: Mode,
) -> Vec<MappingProblem> {
    let mut problems = Vec::new();
    if mapping.is_identifier {
        problems.extend(check_identifier_line(mapping, field));
    }
    problems.extend(field.and_then(|field| check_writable(mapping, field, mode)));
    // Where only creations are written, no record is there to be looked at before.
    let meets_records = !matches!(mode, Mode::Append | Mode::Insert);
    let name = &mapping.destination_field;
    if mapping.write == Write::OnCreate && meets_records && !capabilities.lookup {
        problems.push(needs(
            "on_create",
            format!("{name} is written on creation only, and this object cannot be looked up to tell whether a record is there."),
        ));
    }
    if mapping.write == Write::IfEmpty && meets_records && !capabilities.read_fields {
        problems.push(needs(
            "if_empty",
            format!(
                "{name} is written where it is empty, and this object's fields cannot be read."
            ),
        ));
    }
    if mapping.write == Write::OnCreate && !creates(mode) {
        problems.push(MappingProblem::warning(
            "never_written",
            format!("{name} is written on creation only, and the mode {mode} creates nothing."),
        ));
    }
    problems
}

fn needs(code: &str, text: String) -> MappingProblem {
    MappingProblem::error(code, text).hint("set write to always")
}

fn check_identifier_line(mapping: &FieldMapping, field: Option<&Field>) -> Vec<MappingProblem> {
    let name = &mapping.destination_field;
    let mut problems = Vec::new();
    if field.is_some_and(|field| !field.identifier) {
        problems.push(MappingProblem::error(
            "not_an_identifier",
            format!("Records cannot be matched by {name}."),
        ));
    }
    if matches!(mapping.source, ValueSource::Variable(_)) {
        problems.push(MappingProblem::error(
            "variable_identifier",
            format!(
                "{name} is an identifier, and a run variable is the same for all rows of a run."
            ),
        ));
    }
    if mapping.nulls == Nulls::Skip {
        problems.push(
            MappingProblem::error(
                "identifier_nulls",
                format!("{name} is an identifier and cannot be left out."),
            )
            .hint("set nulls to send"),
        );
    }
    if mapping.write != Write::Always {
        problems.push(
            MappingProblem::error(
                "identifier_write",
                format!("{name} is an identifier and is part of every write."),
            )
            .hint("set write to always"),
        );
    }
    problems
}

/// Whether the destination lets the mode set the field; an identifier may also only be matched by.
fn check_writable(mapping: &FieldMapping, field: &Field, mode: Mode) -> Option<MappingProblem> {
    if mapping.is_identifier && field.identifier {
        return None;
    }
    let problem = |text: String| Some(MappingProblem::error("not_writable", text));
    let name = &field.name;
    match (field.creatable, field.updatable) {
        (true, true) => None,
        (false, false) => problem(format!("{name} is read-only.")),
        (false, true) if creates(mode) => problem(format!("{name} cannot be set on creation.")),
        (true, false) if !creates(mode) => problem(format!("{name} can be set on creation only.")),
        (true, false) if mode.updates() && mapping.write != Write::OnCreate => {
            problem(format!("{name} can be set on creation only."))
                .map(|problem| problem.hint("set write to on_create"))
        }
        _ => None,
    }
}
