//! Templates over a row: `{{ row.first_name }} {{ row.last_name }}`.
//!
//! A template sees texts, truth values, integers, doubles and JSON documents as what they are;
//! decimals, dates and instants as their plain text, which keeps every digit. Null is written as
//! nothing. An unknown name is an error, nothing is escaped, and fuel bounds time and memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value as Dynamic};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::column;
use super::problem::MappingProblem;
use crate::domain::coerce::shorten;
use crate::domain::model::Model;
use crate::domain::transform::MAX_RESULT_BYTES;
use crate::domain::value::Value;

/// Instructions of one rendering; each 64 bytes that are touched cost one too.
const FUEL: u64 = 200_000;
/// Bytes that a template may have.
const MAX_TEMPLATE_BYTES: usize = 64 << 10;
const NAME: &str = "mapping";

/// A template ready to be rendered.
#[derive(Clone)]
pub(super) struct RowTemplate {
    environment: Arc<Environment<'static>>,
    /// The columns that it can see, in the order of `positions`.
    names: Arc<[String]>,
    /// Where these columns are in the model.
    pub(super) positions: Vec<usize>,
}

impl fmt::Debug for RowTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowTemplate({:?})", self.names)
    }
}

impl RowTemplate {
    /// Checks a template against the model's columns.
    pub(super) fn compile(source: &str, model: &Model) -> Result<Self, Vec<MappingProblem>> {
        let bad = |reason: String| {
            MappingProblem::error(
                "bad_template",
                format!("The template will not do: {reason}."),
            )
        };
        if source.len() > MAX_TEMPLATE_BYTES {
            return Err(vec![bad("it is over 64 KiB".to_owned())]);
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_formatter(|output, state, value| {
            if value.is_none() {
                return Ok(());
            }
            minijinja::escape_formatter(output, state, value)
        });
        environment.set_fuel(Some(FUEL));
        environment.set_debug(false);
        environment
            .add_template_owned(NAME, source.to_owned())
            .map_err(|error| vec![bad(shorten(&error.to_string()))])?;
        let positions = read_columns(&environment, model)?;
        let names = positions
            .iter()
            .filter_map(|position| model.columns.get(*position))
            .map(|column| column.name.clone())
            .collect();
        Ok(Self {
            environment: Arc::new(environment),
            names,
            positions,
        })
    }

    /// Renders the template for the values of [`Self::positions`].
    pub(super) fn render<'v>(
        &self,
        values: impl Iterator<Item = &'v Value>,
    ) -> Result<String, String> {
        let row = Row {
            names: Arc::clone(&self.names),
            values: values.map(dynamic).collect(),
        };
        let context = BTreeMap::from([("row", Dynamic::from_object(row))]);
        let mut output = Capped(Vec::new());
        self.environment
            .get_template(NAME)
            .and_then(|template| template.render_captured_to(Dynamic::from(context), &mut output))
            .map_err(|error| shorten(&error.to_string()))?;
        String::from_utf8(output.0).map_err(|error| error.to_string())
    }
}

/// The positions of the columns that a template reads, ascending; all where it reads the row by
/// names that only the row tells.
fn read_columns(
    environment: &Environment<'static>,
    model: &Model,
) -> Result<Vec<usize>, Vec<MappingProblem>> {
    let Ok(template) = environment.get_template(NAME) else {
        return Ok(Vec::new());
    };
    let mut positions = Vec::new();
    let mut problems = Vec::new();
    let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    names.sort_unstable();
    for name in names {
        let mut parts = name.split('.');
        let root = parts.next().unwrap_or_default();
        match (root, parts.next()) {
            ("row", Some(column)) => match model.position(column) {
                Some(position) => positions.push(position),
                None => problems.push(column::unknown(model, column)),
            },
            ("row", None) => positions.extend(0..model.columns.len()),
            _ if environment.globals().any(|(global, _)| global == root) => {}
            _ => problems.push(
                MappingProblem::error(
                    "bad_template",
                    format!("The template will not do: there is no {root} in it."),
                )
                .hint(format!("a column is written row.{root}")),
            ),
        }
    }
    positions.sort_unstable();
    positions.dedup();
    if problems.is_empty() {
        Ok(positions)
    } else {
        Err(problems)
    }
}

/// The row that a template sees.
#[derive(Debug)]
struct Row {
    names: Arc<[String]>,
    values: Vec<Dynamic>,
}

impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Dynamic) -> Option<Dynamic> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Dynamic> {
        let position = self.names.iter().position(|name| name == key)?;
        self.values.get(position).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.names.iter().map(Dynamic::from).collect())
    }
}

fn dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::from(()),
        Value::Boolean(flag) => Dynamic::from(*flag),
        Value::Integer(number) => Dynamic::from(*number),
        Value::Double(number) => Dynamic::from(number.get()),
        Value::Text(text) => Dynamic::from(text.as_str()),
        Value::Json(document) => match serde_json::from_str(document) {
            Ok(tree) => dynamic_json(tree),
            Err(_) => Dynamic::from(document.as_str()),
        },
        other => Dynamic::from(other.to_plain()),
    }
}

fn dynamic_json(tree: serde_json::Value) -> Dynamic {
    use serde_json::Value as Json;
    match tree {
        Json::Null => Dynamic::from(()),
        Json::Bool(flag) => Dynamic::from(flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => Dynamic::from(number),
            (_, Some(number), _) => Dynamic::from(number),
            (.., Some(number)) => Dynamic::from(number),
            _ => Dynamic::from(number.to_string()),
        },
        Json::String(text) => Dynamic::from(text),
        Json::Array(elements) => elements.into_iter().map(dynamic_json).collect(),
        Json::Object(members) => Dynamic::from(
            members
                .into_iter()
                .map(|(key, member)| (key, dynamic_json(member)))
                .collect::<BTreeMap<String, Dynamic>>(),
        ),
    }
}

/// Output that refuses to grow over the size of a cell.
struct Capped(Vec<u8>);

impl std::io::Write for &mut Capped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_RESULT_BYTES {
            return Err(std::io::Error::other("the result is over 1 MiB"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
