//! Lines of a mapping in words: where a value comes from, and what is done to it.

use crate::domain::destination::Field;
use crate::domain::mapping::{FieldMapping, Nulls, ValueSource, Write};
use crate::domain::transform::TransformCall;

/// Where a value comes from.
pub(super) fn source(source: &ValueSource) -> String {
    match source {
        ValueSource::Column(column) => column.clone(),
        ValueSource::Constant(value) => format!("= {value}"),
        ValueSource::Variable(name) => name.clone(),
        ValueSource::Template(template) => template.clone(),
    }
}

/// A line in the fewest words: `phone | trim substring 0,40`.
pub(crate) fn line(mapping: &FieldMapping) -> String {
    let mut words = source(&mapping.source);
    if !mapping.transforms.is_empty() {
        let steps: Vec<String> = mapping.transforms.iter().map(brief).collect();
        words = format!("{words} | {}", steps.join(" "));
    }
    words
}

fn brief(call: &TransformCall) -> String {
    let values: Vec<String> = call
        .parameters
        .values()
        .map(|value| match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        })
        .collect();
    match values.is_empty() {
        true => call.name.clone(),
        false => format!("{} {}", call.name, values.join(",")),
    }
}

/// A step with its parameters by name: `normalize_phone(region = "DE")`.
pub(super) fn step(call: &TransformCall) -> String {
    if call.parameters.is_empty() {
        return call.name.clone();
    }
    let given = call.parameters.iter();
    let given: Vec<String> = given
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    format!("{}({})", call.name, given.join(", "))
}

/// What is known of a field: `text(40), required, custom`.
pub(super) fn field(field: &Field) -> String {
    let kind = match field.max_length {
        Some(most) => format!("{}({most})", field.kind),
        None => field.kind.to_string(),
    };
    let need = if field.required {
        "required"
    } else {
        "optional"
    };
    let mut words = vec![kind, need.to_owned()];
    if field.identifier {
        words.push("identifier".to_owned());
    }
    if field.custom {
        words.push("custom".to_owned());
    }
    words.push(
        match (field.creatable, field.updatable) {
            (true, true) => "writable",
            (true, false) => "on creation only",
            (false, true) => "on update only",
            (false, false) => "read-only",
        }
        .to_owned(),
    );
    words.join(", ")
}

pub(super) fn write(write: Write) -> &'static str {
    match write {
        Write::Always => "always",
        Write::OnCreate => "on create",
        Write::IfEmpty => "if empty",
    }
}

pub(super) fn nulls(nulls: Nulls) -> &'static str {
    match nulls {
        Nulls::Send => "send, clears the field",
        Nulls::Skip => "skip, leaves the field alone",
    }
}
