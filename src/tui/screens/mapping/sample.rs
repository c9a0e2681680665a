//! Sample rows, and what each line of the mapping gives for them, worked out by the mapping itself.

use crate::domain::command::Table;
use crate::domain::destination::ObjectSchema;
use crate::domain::mapping::{self, FieldMapping, MappingProblem, RunVariables, Trial};
use crate::domain::model::Model;
use crate::domain::plan::InvalidReason;
use crate::domain::row::Cell;
use crate::domain::value::Value;

/// Rows that were read to try the mapping on.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pub rows: Vec<Vec<Cell>>,
    /// The key of each as text.
    pub keys: Vec<String>,
}

impl Sample {
    pub(super) fn of(model: &Model, table: &Table) -> Self {
        let mut sample = Self::default();
        for row in &table.rows {
            sample.push(model, mapping::cells(&table.columns, row));
        }
        sample
    }

    fn push(&mut self, model: &Model, row: Vec<Cell>) {
        let key: Vec<String> = model
            .key_positions()
            .iter()
            .map(|position| match row.get(*position) {
                Some(Cell::Value(value)) => value.to_plain(),
                Some(Cell::Misfit(text)) => text.clone(),
                Some(Cell::LeftOut) | None => String::new(),
            })
            .collect();
        self.keys.push(key.join(","));
        self.rows.push(row);
    }

    /// Takes a row that was looked up, and gives its place.
    pub(super) fn add(&mut self, model: &Model, table: &Table) -> Option<usize> {
        let row = table.rows.first()?;
        self.push(model, mapping::cells(&table.columns, row));
        self.rows.len().checked_sub(1)
    }

    /// The place of the row with a key as a person types it.
    pub(super) fn find(&self, key: &str) -> Option<usize> {
        let plain = |text: &str| text.split(',').map(str::trim).collect::<Vec<_>>().join(",");
        let wanted = plain(key);
        self.keys.iter().position(|key| plain(key) == wanted)
    }
}

/// What a line gives for a row.
pub(super) type Given = Result<Option<Value>, InvalidReason>;

/// What a line gives.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The line of which this is.
    mapping: FieldMapping,
    pub trial: Result<Trial, Vec<MappingProblem>>,
    /// Sample rows for which it will not do, with the first of them.
    pub invalid: usize,
    pub first: Option<(usize, InvalidReason)>,
    /// Sample rows for which there is no value.
    pub missing: usize,
}

impl Outcome {
    pub(super) fn of(
        mapping: &FieldMapping,
        model: &Model,
        schema: &ObjectSchema,
        variables: &RunVariables,
        sample: Option<&Sample>,
    ) -> Self {
        let mut outcome = Self {
            mapping: mapping.clone(),
            trial: Trial::of(model, mapping, schema, variables),
            invalid: 0,
            first: None,
            missing: 0,
        };
        let Ok(trial) = &outcome.trial else {
            return outcome;
        };
        for (place, row) in sample
            .iter()
            .flat_map(|sample| sample.rows.iter().enumerate())
        {
            match trial.value(row) {
                Ok(Some(value)) if !value.is_null() => {}
                Ok(_) => outcome.missing += 1,
                Err(reason) => {
                    outcome.invalid += 1;
                    outcome.first.get_or_insert((place, reason));
                }
            }
        }
        outcome
    }

    /// What it gives for a row; nothing where the line is broken.
    pub(super) fn given(&self, row: &[Cell]) -> Option<Given> {
        self.trial.as_ref().ok().map(|trial| trial.value(row))
    }

    /// Whether it is of this line.
    pub(super) fn is_of(&self, mapping: &FieldMapping) -> bool {
        self.mapping == *mapping
    }
}
