//! One line of a mapping, resolved against model and object: its source found, its transforms
//! compiled, its type known.

use std::collections::{BTreeSet, HashSet};

use super::column::{self, ColumnPath};
use super::problem::MappingProblem;
use super::template::RowTemplate;
use super::variable::Variable;
use super::{FieldMapping, Nulls, ValueSource, Write};
use crate::domain::coerce::{self, Rule, coerce, json, rule, show};
use crate::domain::destination::{Field, ObjectSchema};
use crate::domain::model::Model;
use crate::domain::plan::{InvalidReason, ShapeField};
use crate::domain::transform::{self, Compiled};
use crate::domain::value::{Type, Value};

/// Where a line's value comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Column(ColumnPath),
    Constant(Value),
    Variable(Variable),
    Template(RowTemplate),
}

/// How the last value becomes the field's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finish {
    /// By the coercion matrix.
    Coerce,
    /// By writing it as JSON: the type of the value is known only from the value.
    Encode,
}

/// A resolved line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) shape: ShapeField,
    pub(super) source: Source,
    pub(super) is_identifier: bool,
    pub(super) transforms: Vec<Compiled>,
    finish: Finish,
    nulls: Nulls,
    required: bool,
    picklist: HashSet<String>,
    max_length: Option<u32>,
}

impl Line {
    /// Resolves one mapping.
    pub(super) fn resolve(
        model: &Model,
        mapping: &FieldMapping,
        schema: &ObjectSchema,
    ) -> Result<Self, Vec<MappingProblem>> {
        let mut problems = Vec::new();
        let field = find_field(schema, &mapping.destination_field, &mut problems);
        let transforms = compile_transforms(mapping, &mut problems);
        let source = resolve_source(model, &mapping.source)
            .map_err(|more| problems.extend(more))
            .ok();
        let (Some(source), true) = (source, problems.is_empty()) else {
            return Err(problems);
        };
        let given = transforms
            .iter()
            .fold(source_type(model, &source), |kind, transform| {
                transform.output_type(kind)
            });
        let kind = match field {
            Some(field) => field.kind,
            None => given.unwrap_or(Type::Json),
        };
        let finish = match (kind, given) {
            (Type::Json, None) => Finish::Encode,
            _ => Finish::Coerce,
        };
        let line = Self {
            shape: ShapeField {
                name: mapping.destination_field.clone(),
                kind,
                on_create: mapping.write == Write::OnCreate,
                if_empty: mapping.write == Write::IfEmpty,
            },
            source,
            is_identifier: mapping.is_identifier,
            transforms,
            finish,
            nulls: mapping.nulls,
            required: field.is_some_and(|field| field.required),
            picklist: field
                .map(|field| field.picklist.iter().cloned().collect())
                .unwrap_or_default(),
            max_length: field.and_then(|field| field.max_length),
        };
        line.check_type(given)?;
        Ok(line)
    }

    /// Refuses what no row can satisfy.
    fn check_type(&self, given: Option<Type>) -> Result<(), Vec<MappingProblem>> {
        let name = &self.shape.name;
        if let (Some(given), Finish::Coerce) = (given, self.finish)
            && rule(given, self.shape.kind) == Rule::Never
        {
            let text = format!("{given} never fits {name}, which is {}.", self.shape.kind);
            return Err(vec![
                MappingProblem::error("type_mismatch", text)
                    .hint("a transform can change the type"),
            ]);
        }
        if let Source::Constant(value) = &self.source
            && let Err(reason) = self.complete(value.clone())
        {
            let text = format!("The constant does not fit {name}: {}.", reason.text);
            return Err(vec![MappingProblem::error("constant_does_not_fit", text)]);
        }
        Ok(())
    }

    /// Takes a value through transforms and coercion to what is written; `None` is left out.
    pub(super) fn complete(&self, mut value: Value) -> Result<Option<Value>, InvalidReason> {
        for transform in &self.transforms {
            value = transform
                .apply(value)
                .map_err(|failure| self.invalid("transform", failure.to_string()))?;
        }
        value = match self.finish {
            Finish::Coerce => coerce(value, self.shape.kind)
                .map_err(|error| self.invalid("does_not_fit", error.to_string()))?,
            Finish::Encode => match value {
                Value::Null | Value::Json(_) => value,
                other => json::encode(&other).ok_or_else(|| {
                    let text = format!("`{}` cannot be written as JSON", show(&other));
                    self.invalid("does_not_fit", text)
                })?,
            },
        };
        if value.is_null() {
            return self.complete_null();
        }
        self.check_limits(&value)?;
        Ok(Some(value))
    }

    fn complete_null(&self) -> Result<Option<Value>, InvalidReason> {
        if self.is_identifier {
            return Err(self.invalid("required", "the identifier is null".to_owned()));
        }
        if self.required {
            return Err(self.invalid("required", "a required field is null".to_owned()));
        }
        Ok(match self.nulls {
            Nulls::Send => Some(Value::Null),
            Nulls::Skip => None,
        })
    }

    fn check_limits(&self, value: &Value) -> Result<(), InvalidReason> {
        if !self.picklist.is_empty() && !self.is_listed(value) {
            let text = format!("`{}` is not one of the field's values", show(value));
            return Err(self.invalid("picklist", text));
        }
        let (Value::Text(text), Some(most)) = (value, self.max_length) else {
            return Ok(());
        };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        // A text has at most as many characters as bytes, so most are never counted.
        if text.len() > most && text.chars().nth(most).is_some() {
            let text = format!("`{}` is over {most} characters", show(value));
            return Err(self.invalid("too_long", text));
        }
        Ok(())
    }

    fn is_listed(&self, value: &Value) -> bool {
        match value {
            Value::Text(text) => self.picklist.contains(text),
            other => self.picklist.contains(&other.to_plain()),
        }
    }

    /// What decides whether a value is taken: whether a null is refused that is no identifier's
    /// (which always is), the values that are allowed, in order, and the greatest length.
    pub(super) fn limits(&self) -> (bool, BTreeSet<&str>, Option<u32>) {
        let listed = self.picklist.iter().map(String::as_str).collect();
        (
            self.required && !self.is_identifier,
            listed,
            self.max_length,
        )
    }

    pub(super) fn invalid(&self, code: &str, text: String) -> InvalidReason {
        InvalidReason {
            code: code.to_owned(),
            column: None,
            field: Some(self.shape.name.clone()),
            text,
        }
    }
}

/// The known field of that name; nothing for a new field of an open object.
fn find_field<'s>(
    schema: &'s ObjectSchema,
    name: &str,
    problems: &mut Vec<MappingProblem>,
) -> Option<&'s Field> {
    let field = schema.fields.iter().find(|field| field.name == name);
    if name.is_empty() {
        problems.push(MappingProblem::error(
            "unknown_field",
            "The line names no field.",
        ));
    } else if field.is_none() && !schema.open {
        let text = format!(
            "Unknown field: {name}. {} has no such field.",
            schema.object.name
        );
        let names = schema.fields.iter().map(|field| field.name.as_str());
        problems.push(MappingProblem::error("unknown_field", text).near(name, names));
    }
    field
}

fn compile_transforms(mapping: &FieldMapping, problems: &mut Vec<MappingProblem>) -> Vec<Compiled> {
    let mut compiled = Vec::with_capacity(mapping.transforms.len());
    for call in &mapping.transforms {
        match transform::compile(call) {
            Ok(transform) => compiled.push(transform),
            Err(error) => problems.push(
                MappingProblem::error("bad_transform", format!("Bad transform: {error}."))
                    .hint(error.hint()),
            ),
        }
    }
    compiled
}

fn resolve_source(model: &Model, source: &ValueSource) -> Result<Source, Vec<MappingProblem>> {
    match source {
        ValueSource::Column(text) => column::find(model, text)
            .map(Source::Column)
            .map_err(|problem| vec![problem]),
        ValueSource::Constant(constant) => Ok(Source::Constant(coerce::from_json(constant))),
        ValueSource::Variable(word) => Variable::from_word(word)
            .map(Source::Variable)
            .map_err(|problem| vec![problem]),
        ValueSource::Template(text) => RowTemplate::compile(text, model).map(Source::Template),
    }
}

/// The type of a source's values; nothing for a path, where only the document tells, and for null.
fn source_type(model: &Model, source: &Source) -> Option<Type> {
    match source {
        Source::Column(path) if path.steps.is_empty() => {
            model.columns.get(path.position).map(|column| column.kind)
        }
        Source::Column(_) => None,
        Source::Constant(value) => value.kind(),
        Source::Variable(variable) => Some(variable.kind()),
        Source::Template(_) => Some(Type::Text),
    }
}
