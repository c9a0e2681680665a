//! Column names in a mapping: a model's column, or a path into a JSON column.
//!
//! A path follows the column's name: `address.city`, `tags[0]`, `data["odd.key"]`. A column whose
//! whole name looks like a path wins; of several columns that could begin a path, the longest.

use super::problem::MappingProblem;
use crate::domain::coerce::json::Step;
use crate::domain::model::{Column, Model};
use crate::domain::value::Type;

/// A column by position, with the steps into its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnPath {
    pub(super) position: usize,
    /// Empty for the whole column.
    pub(super) steps: Vec<Step>,
}

/// Finds what `text` names.
pub(super) fn find(model: &Model, text: &str) -> Result<ColumnPath, MappingProblem> {
    if let Some(position) = model.position(text) {
        return Ok(ColumnPath {
            position,
            steps: Vec::new(),
        });
    }
    let base = model
        .columns
        .iter()
        .enumerate()
        .filter_map(|(position, column)| {
            let rest = text.strip_prefix(column.name.as_str())?;
            rest.starts_with(['.', '['])
                .then_some((position, column, rest))
        })
        .max_by_key(|(_, column, _)| column.name.len());
    let Some((position, column, rest)) = base else {
        return Err(unknown(model, text));
    };
    if column.kind != Type::Json {
        return Err(MappingProblem::error(
            "not_json",
            format!(
                "{text} is a path, but the column {} is {}, not json.",
                column.name, column.kind
            ),
        )
        .hint("declare the column's type as json in the model"));
    }
    let steps = read_steps(rest).ok_or_else(|| {
        MappingProblem::error("bad_path", format!("{text} is not a path."))
            .hint("a path is written address.city, tags[0] or data[\"odd.key\"]")
    })?;
    Ok(ColumnPath { position, steps })
}

/// The problem of a column that is not in the model.
pub(super) fn unknown(model: &Model, text: &str) -> MappingProblem {
    let name = text.split(['.', '[']).next().unwrap_or(text);
    MappingProblem::error(
        "unknown_column",
        format!(
            "Unknown column: {text}. The model {} has no such column.",
            model.name
        ),
    )
    .near(
        name,
        model
            .columns
            .iter()
            .map(|column: &Column| column.name.as_str()),
    )
}

fn read_steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (key, tail) = after.split_at_checked(end)?;
            if key.is_empty() {
                return None;
            }
            steps.push(Step::Key(key.to_owned()));
            rest = tail;
        } else if let Some(after) = rest.strip_prefix("[\"") {
            let (key, tail) = after.split_once("\"]")?;
            steps.push(Step::Key(key.to_owned()));
            rest = tail;
        } else {
            let (index, tail) = rest.strip_prefix('[')?.split_once(']')?;
            if !index.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            steps.push(Step::Index(index.parse().ok()?));
            rest = tail;
        }
    }
    Some(steps)
}
