//! The lines as they are listed: required fields first, then what is mapped, suggested, and free.

use std::collections::{HashMap, HashSet};

use crate::domain::destination::ObjectSchema;
use crate::domain::mapping::FieldMapping;
use crate::tui::widgets::table::Listing;

/// A line that is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub field: String,
    /// Its place in the mapping, where the field is mapped.
    pub line: Option<usize>,
    /// The column that is suggested for it.
    pub suggested: Option<String>,
    /// The field's place in the object's list, where the object names it.
    pub known: Option<usize>,
    pub required: bool,
}

/// What is listed.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub all: Vec<Row>,
}

impl Rows {
    pub(super) fn of(
        schema: &ObjectSchema,
        lines: &[FieldMapping],
        suggested: &[(String, String)],
    ) -> Self {
        let places: HashMap<&str, usize> = schema
            .fields
            .iter()
            .enumerate()
            .map(|(place, field)| (field.name.as_str(), place))
            .collect();
        let columns: HashMap<&str, &str> = suggested
            .iter()
            .map(|(column, field)| (field.as_str(), column.as_str()))
            .collect();
        let row = |field: &str, line: Option<usize>| {
            let known = places.get(field).copied();
            let column = columns.get(field).filter(|_| line.is_none());
            Row {
                field: field.to_owned(),
                line,
                suggested: column.map(|column| (*column).to_owned()),
                known,
                required: known
                    .and_then(|place| schema.fields.get(place))
                    .is_some_and(|field| field.required),
            }
        };
        let mapped: HashSet<&str> = lines
            .iter()
            .map(|line| line.destination_field.as_str())
            .collect();
        let mut all: Vec<Row> = lines
            .iter()
            .enumerate()
            .map(|(place, line)| row(&line.destination_field, Some(place)))
            .collect();
        let free = schema
            .fields
            .iter()
            .filter(|field| field.creatable || field.updatable || field.identifier)
            .map(|field| field.name.as_str());
        let others = suggested.iter().map(|(_, field)| field.as_str());
        let mut seen = HashSet::new();
        for field in free.chain(others) {
            if !mapped.contains(field) && seen.insert(field) {
                all.push(row(field, None));
            }
        }
        // Stable: within a group the order is that of the mapping, then of the object.
        all.sort_by_key(|row| match row {
            Row { required: true, .. } => 0,
            Row { line: Some(_), .. } => 1,
            Row {
                suggested: Some(_), ..
            } => 2,
            _ => 3,
        });
        Self { all }
    }

    /// How many lines are suggested.
    pub(super) fn suggested(&self) -> usize {
        self.all
            .iter()
            .filter(|row| row.suggested.is_some())
            .count()
    }
}

impl Listing for Rows {
    fn total(&self) -> usize {
        self.all.len()
    }

    fn id(&self, at: usize) -> String {
        // A field that is mapped twice stands there twice.
        let earlier = |row: &Row| {
            let before = self.all.iter().take(at);
            before.filter(|other| other.field == row.field).count()
        };
        match self.all.get(at) {
            Some(row) => format!("{}#{}", row.field, earlier(row)),
            None => String::new(),
        }
    }

    fn text(&self, at: usize) -> String {
        self.all.get(at).map_or(String::new(), |row| {
            format!("{} {}", row.field, row.suggested.as_deref().unwrap_or(""))
        })
    }

    fn orders(&self) -> &'static [&'static str] {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::super::draft::line;
    use super::*;
    use crate::domain::destination::{Field, Object};
    use crate::domain::mapping::ValueSource;
    use crate::domain::value::Type;

    #[test]
    fn required_fields_stand_first_and_cannot_go_away() {
        let mut schema = ObjectSchema {
            object: Object {
                name: "Contact".to_owned(),
                label: "Contact".to_owned(),
            },
            fields: ["Email", "LastName", "City", "Zip"]
                .map(|name| Field::plain(name, Type::Text))
                .to_vec(),
            open: false,
            exists: true,
        };
        schema.fields[1].required = true;
        let column = |name: &str| ValueSource::Column(name.to_owned());
        let lines = [line(column("mail"), "Email", true)];
        let suggested = [("zip".to_owned(), "Zip".to_owned())];
        let rows = Rows::of(&schema, &lines, &suggested);
        let names: Vec<&str> = rows.all.iter().map(|row| row.field.as_str()).collect();
        assert_eq!(names, ["LastName", "Email", "Zip", "City"]);
        assert_eq!(rows.suggested(), 1);
        assert_eq!(rows.all[1].line, Some(0));
    }
}
