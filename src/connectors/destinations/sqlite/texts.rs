//! The texts of the statements that write a record, one for each set of fields.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::plan::RecordShape;

use super::names::quote;
use super::table::Column;

/// Texts that are kept; records of one sync have few different sets of fields.
const MOST: usize = 256;

/// The statements for one table.
pub(super) struct Texts {
    target: String,
    /// The quoted names of the shape's fields.
    names: Vec<String>,
    shape: Arc<RecordShape>,
    matching: String,
    made: HashMap<(bool, Vec<bool>), Arc<str>>,
}

impl Texts {
    /// Takes the quoted table, its columns for the fields of `shape`, and the condition by which a
    /// record is found.
    pub(super) fn new(
        target: &str,
        columns: &[Column],
        shape: &Arc<RecordShape>,
        matching: &str,
    ) -> Self {
        Self {
            target: target.to_owned(),
            names: columns.iter().map(|column| quote(&column.name)).collect(),
            shape: Arc::clone(shape),
            matching: matching.to_owned(),
            made: HashMap::new(),
        }
    }

    /// Inserts the identifier and the chosen fields, in this order.
    pub(super) fn insert(&mut self, chosen: Vec<bool>) -> Arc<str> {
        self.text(true, chosen, |texts, chosen| {
            let identifier = texts.shape.identifier.iter();
            let mut names: Vec<&str> = identifier
                .filter_map(|position| texts.names.get(*position))
                .map(String::as_str)
                .collect();
            names.extend(texts.chosen(chosen).map(|(_, name)| name));
            let marks: Vec<String> = (1..=names.len()).map(|at| format!("?{at}")).collect();
            // OR ABORT: a conflict clause of the table itself must not replace other records.
            format!(
                "INSERT OR ABORT INTO {} ({}) VALUES ({})",
                texts.target,
                names.join(", "),
                marks.join(", ")
            )
        })
    }

    /// Changes the chosen fields of the record with the identifier, which stands first.
    pub(super) fn update(&mut self, chosen: Vec<bool>) -> Arc<str> {
        self.text(false, chosen, |texts, chosen| {
            let first = texts.shape.identifier.len() + 1;
            let sets: Vec<String> = texts
                .chosen(chosen)
                .enumerate()
                .map(|(at, (position, name))| texts.assignment(position, name, first + at))
                .collect();
            format!(
                "UPDATE OR ABORT {} SET {} WHERE {}",
                texts.target,
                sets.join(", "),
                texts.matching
            )
        })
    }

    fn assignment(&self, position: usize, name: &str, number: usize) -> String {
        let field = self.shape.fields.get(position);
        if field.is_some_and(|field| field.if_empty) {
            format!(
                "{name} = CASE WHEN {name} IS NULL OR {name} = '' THEN ?{number} ELSE {name} END"
            )
        } else {
            format!("{name} = ?{number}")
        }
    }

    fn chosen<'a>(&'a self, chosen: &'a [bool]) -> impl Iterator<Item = (usize, &'a str)> + 'a {
        let fields = chosen.iter().zip(&self.names).enumerate();
        fields
            .filter(|(_, (chosen, _))| **chosen)
            .map(|(position, (_, name))| (position, name.as_str()))
    }

    fn text(
        &mut self,
        creating: bool,
        chosen: Vec<bool>,
        make: impl FnOnce(&Self, &[bool]) -> String,
    ) -> Arc<str> {
        let key = (creating, chosen);
        if let Some(text) = self.made.get(&key) {
            return Arc::clone(text);
        }
        if self.made.len() >= MOST {
            self.made.clear();
        }
        let text: Arc<str> = make(self, &key.1).into();
        self.made.insert(key, Arc::clone(&text));
        text
    }
}
