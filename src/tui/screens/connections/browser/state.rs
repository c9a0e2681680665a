//! What the browser remembers: what there is, and what each is made of.

use std::collections::BTreeMap;

use crate::domain::destination::{Object, ObjectSchema};
use crate::domain::edit::Side;
use crate::domain::explore::CatalogTable;
use crate::tui::requests::Waiting;
use crate::tui::widgets::table::{Listing, Table};

/// What a source or a destination has.
#[derive(Debug)]
pub(super) enum Things {
    Tables(Vec<CatalogTable>),
    Objects(Vec<Object>),
}

impl Things {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Tables(tables) => tables.len(),
            Self::Objects(objects) => objects.len(),
        }
    }

    /// The name of one, with its schema where it has one.
    pub(super) fn name(&self, at: usize) -> Option<String> {
        match self {
            Self::Tables(tables) => tables.get(at).map(|table| match &table.schema {
                Some(schema) => format!("{schema}.{}", table.name),
                None => table.name.clone(),
            }),
            Self::Objects(objects) => objects.get(at).map(|object| object.name.clone()),
        }
    }
}

/// One line of what a table or an object is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub name: String,
    pub kind: String,
    /// What else is to be known: `required`, `identifier`, the database's own type.
    pub note: String,
}

/// The browser of one source or destination.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(super) side: Side,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) things: Waiting<Things>,
    pub(super) table: Table,
    /// The fields of objects, as far as the cursor has rested on them.
    pub(super) schemas: BTreeMap<String, Waiting<ObjectSchema>>,
    /// The object on which the cursor rests, and when its fields are asked for.
    pub(super) resting: Option<(String, u64)>,
    pub(super) parts: Table,
    /// What `parts` lists, by the name of that.
    pub(super) parts_of: Option<String>,
    /// Whether the parts have the focus.
    pub(super) inside: bool,
    /// Counts readings, so that what was arranged from an older one is arranged anew.
    pub(super) version: u64,
}

impl Browser {
    pub(crate) fn of(side: Side, id: &str, name: &str) -> Self {
        Self {
            side,
            id: id.to_owned(),
            name: name.to_owned(),
            things: Waiting::Not,
            table: Table::default(),
            schemas: BTreeMap::new(),
            resting: None,
            parts: Table::default(),
            parts_of: None,
            inside: false,
            version: 0,
        }
    }

    /// The name of the selected table or object.
    pub(super) fn selected(&self) -> Option<String> {
        self.things.here()?.name(self.table.selected()?)
    }

    /// What the selected one is made of, as far as that is known.
    pub(super) fn selected_parts(&self) -> Option<Vec<Part>> {
        let at = self.table.selected()?;
        match self.things.here()? {
            Things::Tables(tables) => Some(tables.get(at)?.columns.iter().map(column).collect()),
            Things::Objects(objects) => {
                let schema = self.schemas.get(&objects.get(at)?.name)?.here()?;
                Some(schema.fields.iter().map(field).collect())
            }
        }
    }
}

fn column(column: &crate::domain::model::Column) -> Part {
    Part {
        name: column.name.clone(),
        kind: column.kind.to_string(),
        note: column.database_type.clone().unwrap_or_default(),
    }
}

fn field(field: &crate::domain::destination::Field) -> Part {
    let kind = match field.max_length {
        Some(most) => format!("{}({most})", field.kind),
        None => field.kind.to_string(),
    };
    let mut notes = Vec::new();
    let flags = [
        (field.required, "required"),
        (field.identifier, "identifier"),
        (field.custom, "custom"),
        (!field.creatable, "not on creation"),
        (!field.updatable, "not changed later"),
    ];
    notes.extend(
        flags
            .into_iter()
            .filter(|(set, _)| *set)
            .map(|(_, word)| word.to_owned()),
    );
    if !field.picklist.is_empty() {
        notes.push(format!("one of {}", field.picklist.join(", ")));
    }
    Part {
        name: field.name.clone(),
        kind,
        note: notes.join(", "),
    }
}

/// Tables or objects as they are listed.
pub(super) struct ThingListing<'a>(pub &'a Things);

impl Listing for ThingListing<'_> {
    fn total(&self) -> usize {
        self.0.len()
    }

    fn id(&self, at: usize) -> String {
        self.0.name(at).unwrap_or_default()
    }

    fn text(&self, at: usize) -> String {
        let label = match self.0 {
            Things::Objects(objects) => objects.get(at).map(|object| object.label.as_str()),
            Things::Tables(_) => None,
        };
        format!("{} {}", self.id(at), label.unwrap_or_default())
    }

    fn orders(&self) -> &'static [&'static str] {
        &[]
    }

    fn compare(&self, _: usize, a: usize, b: usize) -> std::cmp::Ordering {
        a.cmp(&b)
    }
}

/// Columns or fields as they are listed.
pub(super) struct PartListing<'a>(pub &'a [Part]);

impl Listing for PartListing<'_> {
    fn total(&self) -> usize {
        self.0.len()
    }

    fn id(&self, at: usize) -> String {
        self.0
            .get(at)
            .map_or(String::new(), |part| part.name.clone())
    }

    fn text(&self, at: usize) -> String {
        self.0.get(at).map_or(String::new(), |part| {
            format!("{} {} {}", part.name, part.kind, part.note)
        })
    }

    fn orders(&self) -> &'static [&'static str] {
        &[]
    }

    fn compare(&self, _: usize, a: usize, b: usize) -> std::cmp::Ordering {
        a.cmp(&b)
    }
}
