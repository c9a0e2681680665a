//! A mapping compiled once for a run and applied to every row.

use super::line::{Line, Source};
use super::problem::MappingProblem;
use super::template::RowTemplate;
use super::variable::RunVariables;
use super::{FieldMapping, check};
use crate::domain::coerce::json::{self, Step};
use crate::domain::coerce::shorten;
use crate::domain::destination::ObjectSchema;
use crate::domain::model::Model;
use crate::domain::plan::{InvalidReason, Record, RecordShape};
use crate::domain::row::{self, Cell};
use crate::domain::value::{Type, Value};

/// Marks a run variable in comparison bytes; no cell's encoding begins with it.
const VARIABLE: u8 = 0xf0;

/// A mapping ready to be applied.
#[derive(Debug)]
pub struct Mapper {
    shape: RecordShape,
    /// Positions of the model's columns that are read, ascending.
    inputs: Vec<usize>,
    /// Name and type of each of them.
    columns: Vec<(String, Type)>,
    lines: Vec<ReadyLine>,
    signature: Vec<u8>,
}

#[derive(Debug)]
struct ReadyLine {
    line: Line,
    from: Ready,
}

/// A source with positions among the inputs.
#[derive(Debug)]
enum Ready {
    Column(usize),
    Path(usize, Vec<Step>),
    /// The same in every row of the run; a variable's name stands for it where runs are compared.
    Fixed(Option<Value>, Option<&'static str>),
    Template(RowTemplate, Vec<usize>),
}

impl Mapper {
    /// Compiles a mapping that [`check`](super::check()) has passed.
    ///
    /// # Errors
    /// The problems where a line cannot be resolved, two go to one field, or none is the
    /// identifier: the model or the object changed since the sync was saved.
    pub fn compile(
        model: &Model,
        mappings: &[FieldMapping],
        schema: &ObjectSchema,
        variables: &RunVariables,
    ) -> Result<Self, Vec<MappingProblem>> {
        let (lines, mut problems) = check::resolve(model, mappings, schema);
        if !lines.iter().any(|line| line.is_identifier) {
            problems.push(check::no_identifier(model, mappings, schema));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Self::of_lines(model, mappings, lines, variables)
    }

    /// As [`Self::compile`], of lines that are resolved.
    pub(super) fn of_lines(
        model: &Model,
        mappings: &[FieldMapping],
        lines: Vec<Line>,
        variables: &RunVariables,
    ) -> Result<Self, Vec<MappingProblem>> {
        let inputs = read_positions(&lines);
        let columns = inputs
            .iter()
            .filter_map(|position| model.columns.get(*position))
            .map(|column| (column.name.clone(), column.kind))
            .collect::<Vec<_>>();
        let signature = sign(mappings, &lines, &columns);
        let shape = RecordShape {
            fields: lines.iter().map(|line| line.shape.clone()).collect(),
            identifier: (0..lines.len())
                .filter(|position| lines.get(*position).is_some_and(|line| line.is_identifier))
                .collect(),
        };
        let lines = lines
            .into_iter()
            .enumerate()
            .map(|(position, line)| ready(line, &inputs, variables).map_err(|p| p.at(position)))
            .collect::<Result<_, _>>()
            .map_err(|problem| vec![problem])?;
        Ok(Self {
            shape,
            inputs,
            columns,
            lines,
            signature,
        })
    }

    /// The fields of the records, in the order of the mapping.
    pub fn shape(&self) -> &RecordShape {
        &self.shape
    }

    /// Positions of the model's columns that the mapping reads, ascending, each once.
    pub fn inputs(&self) -> &[usize] {
        &self.inputs
    }

    /// Whether the identifier is the model's primary key, untouched and in its order, so that
    /// equal keys are equal identifiers.
    pub fn identifier_is_key(&self, model: &Model) -> bool {
        let key = model.key_positions();
        let identifier: Option<Vec<usize>> = self
            .lines
            .iter()
            .filter(|ready| ready.line.is_identifier)
            .map(
                |ready| match (&ready.line.source, ready.line.transforms.is_empty()) {
                    (Source::Column(path), true) if path.steps.is_empty() => model
                        .columns
                        .get(path.position)
                        .filter(|column| column.kind == ready.line.shape.kind)
                        .map(|_| path.position),
                    _ => None,
                },
            )
            .collect();
        !key.is_empty() && identifier.as_deref() == Some(key.as_slice())
    }

    /// Makes the record of one row; `inputs` are the cells of [`Self::inputs`], in that order.
    ///
    /// # Errors
    /// The reason where a value does not fit, a transform or template fails, or something
    /// required is null: the row is invalid.
    pub fn apply(&self, inputs: &[Cell]) -> Result<Record, InvalidReason> {
        let mut values = Vec::with_capacity(self.lines.len());
        for ready in &self.lines {
            values.push(self.value_of(ready, inputs)?);
        }
        Ok(Record(values))
    }

    /// The values of the identifier's fields in a record.
    pub fn identifier(&self, record: &Record) -> Vec<Value> {
        self.shape
            .identifier
            .iter()
            .map(|position| match record.0.get(*position) {
                Some(Some(value)) => value.clone(),
                _ => Value::Null,
            })
            .collect()
    }

    /// The identifier's values of a row that [`Self::apply`] refused, where that much can be told.
    pub fn identifier_of(&self, inputs: &[Cell]) -> Option<Vec<Value>> {
        let lines = self.lines.iter().filter(|ready| ready.line.is_identifier);
        lines
            .map(|ready| self.value_of(ready, inputs).ok().flatten())
            .collect()
    }

    /// Appends the canonical bytes by which a record is compared with what was last accepted.
    ///
    /// Run variables stand there by name, so that a new run alone is no difference. Fields that
    /// are written on creation or into empty fields only are left out unless `created_only`: then
    /// the bytes are those of the whole record, for what is compared only as a creation.
    pub fn comparison_bytes(&self, record: &Record, created_only: bool, out: &mut Vec<u8>) {
        for (ready, value) in self.lines.iter().zip(&record.0) {
            let shape = &ready.line.shape;
            if !created_only && (shape.on_create || shape.if_empty) {
                continue;
            }
            // The same value in another field is another output.
            row::put_length(shape.name.len(), out);
            out.extend_from_slice(shape.name.as_bytes());
            match (&ready.from, value) {
                (Ready::Fixed(_, Some(variable)), _) => {
                    out.push(VARIABLE);
                    row::put_length(variable.len(), out);
                    out.extend_from_slice(variable.as_bytes());
                }
                (_, Some(value)) => row::encode(value, out),
                (_, None) => row::encode_left_out(out),
            }
        }
    }

    /// Canonical bytes of all that shapes the output but the row: it belongs into the hash of a
    /// row's inputs, so that a changed mapping makes every row be looked at again.
    pub fn signature(&self) -> Vec<u8> {
        self.signature.clone()
    }

    fn value_of(&self, ready: &ReadyLine, inputs: &[Cell]) -> Result<Option<Value>, InvalidReason> {
        let line = &ready.line;
        match &ready.from {
            Ready::Fixed(value, _) => Ok(value.clone()),
            Ready::Column(slot) => {
                let value = self.cell(line, *slot, inputs)?.clone();
                line.complete(value)
                    .map_err(|reason| self.name_column(reason, *slot))
            }
            Ready::Path(slot, steps) => {
                let value = match self.cell(line, *slot, inputs)? {
                    Value::Json(document) => json::walk(document, steps)
                        .map_err(|error| {
                            let text = format!("`{}` is not JSON: {error}", shorten(document));
                            self.name_column(line.invalid("does_not_fit", text), *slot)
                        })?
                        .map_or(Value::Null, json::native),
                    _ => Value::Null,
                };
                line.complete(value)
                    .map_err(|reason| self.name_column(reason, *slot))
            }
            Ready::Template(template, slots) => {
                let mut values = Vec::with_capacity(slots.len());
                for slot in slots {
                    values.push(self.cell(line, *slot, inputs)?);
                }
                let text = template
                    .render(values.into_iter())
                    .map_err(|error| line.invalid("template", error))?;
                line.complete(Value::Text(text))
            }
        }
    }

    /// The value in an input's cell.
    fn cell<'c>(
        &self,
        line: &Line,
        slot: usize,
        inputs: &'c [Cell],
    ) -> Result<&'c Value, InvalidReason> {
        let text = match inputs.get(slot) {
            Some(Cell::Value(value)) => return Ok(value),
            Some(Cell::Misfit(text)) => {
                let wanted = self
                    .columns
                    .get(slot)
                    .map_or("the type", |(_, kind)| kind.word());
                format!(
                    "`{}` does not fit {wanted}, the type of the column",
                    shorten(text)
                )
            }
            Some(Cell::LeftOut) | None => "the row has no such cell".to_owned(),
        };
        Err(self.name_column(line.invalid("does_not_fit", text), slot))
    }

    fn name_column(&self, mut reason: InvalidReason, slot: usize) -> InvalidReason {
        reason.column = self.columns.get(slot).map(|(name, _)| name.clone());
        reason
    }
}

fn read_positions(lines: &[Line]) -> Vec<usize> {
    let mut positions: Vec<usize> = lines
        .iter()
        .flat_map(|line| match &line.source {
            Source::Column(path) => vec![path.position],
            Source::Template(template) => template.positions.clone(),
            Source::Constant(_) | Source::Variable(_) => Vec::new(),
        })
        .collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

fn ready(
    line: Line,
    inputs: &[usize],
    variables: &RunVariables,
) -> Result<ReadyLine, MappingProblem> {
    // Every position is among the inputs, which were gathered from the same lines.
    let slot = |position: usize| inputs.binary_search(&position).unwrap_or(usize::MAX);
    let fixed = |value: Value, name| match line.complete(value) {
        Ok(value) => Ok(Ready::Fixed(value, name)),
        Err(reason) => Err(MappingProblem::error(
            "does_not_fit",
            format!(
                "The value does not fit {}: {}.",
                line.shape.name, reason.text
            ),
        )),
    };
    let from = match &line.source {
        Source::Column(path) if path.steps.is_empty() => Ready::Column(slot(path.position)),
        Source::Column(path) => Ready::Path(slot(path.position), path.steps.clone()),
        Source::Constant(value) => fixed(value.clone(), None)?,
        Source::Variable(variable) => fixed(variable.value(variables), Some(variable.word()))?,
        Source::Template(template) => Ready::Template(
            template.clone(),
            template
                .positions
                .iter()
                .map(|position| slot(*position))
                .collect(),
        ),
    };
    Ok(ReadyLine { line, from })
}

/// Writes down mapping, column types and what of the fields shapes a record; a version stands first
/// for when their meaning changes with the program. What else a field is (creatable, a label, that
/// its column became `NOT NULL` when the first run made the table) must not count: it would have
/// every row looked at again.
fn sign(mappings: &[FieldMapping], lines: &[Line], columns: &[(String, Type)]) -> Vec<u8> {
    let mut bytes = vec![2];
    let mut put = |part: &[u8]| {
        row::put_length(part.len(), &mut bytes);
        bytes.extend_from_slice(part);
    };
    for (name, kind) in columns {
        put(name.as_bytes());
        put(kind.word().as_bytes());
    }
    for (mapping, line) in mappings.iter().zip(lines) {
        put(&serde_json::to_vec(mapping).unwrap_or_default());
        put(line.shape.kind.word().as_bytes());
        put(&serde_json::to_vec(&line.limits()).unwrap_or_default());
    }
    bytes
}
