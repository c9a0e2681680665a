//! Tables as the database describes them: found, made, and checked against a run's fields.

use rusqlite::{Connection, OptionalExtension as _};

use crate::connectors::contract::ConnectorError;
use crate::domain::destination::{Field, Object, ObjectSchema};
use crate::domain::near::nearest;
use crate::domain::plan::RecordShape;
use crate::domain::problem::ProblemKind;

use super::failure;
use super::names::{check_column, check_table, quote};
use super::storage::{Affinity, declared, kind_of};

/// The names by which a table's row number may go, unless a column has taken them.
const ROW_NUMBERS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// The name as the table spells it.
    pub name: String,
    /// The declared type; may be empty.
    pub declared: String,
    /// How SQLite converts what is put into it.
    pub affinity: Affinity,
    /// Whether a record needs a value from us.
    required: bool,
    /// Whether the database computes it.
    generated: bool,
}

/// A table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// The name as the database spells it.
    pub name: String,
    columns: Vec<Column>,
    /// Columns of the primary key, in its order.
    primary_key: Vec<String>,
    without_rowid: bool,
    unique: Vec<Vec<String>>,
}

/// The names of the tables that can be written.
///
/// # Errors
/// SQLite's own, where the database cannot be read.
pub(super) fn names(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut select = connection.prepare(
        "SELECT name FROM pragma_table_list
         WHERE schema = 'main' AND type = 'table' ORDER BY name",
    )?;
    let names: Vec<String> = select
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(names
        .into_iter()
        .filter(|name| check_table(name).is_ok())
        .collect())
}

/// Finds a table.
///
/// # Errors
/// [`ConnectorError`] of kind `config` for a reserved name, a view or a virtual table.
pub(super) fn find(connection: &Connection, name: &str) -> Result<Option<Table>, ConnectorError> {
    check_table(name)?;
    let failed = |error| failure::connector(&format!("read the table '{name}'"), &error);
    let found: Option<(String, String, bool)> = connection
        .query_row(
            "SELECT name, type, wr FROM pragma_table_list
             WHERE schema = 'main' AND name = ?1 COLLATE NOCASE",
            [name],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()
        .map_err(failed)?;
    match found {
        None => Ok(None),
        Some((name, kind, without_rowid)) if kind == "table" => {
            describe(connection, name, without_rowid)
                .map(Some)
                .map_err(failed)
        }
        Some((name, kind, _)) => Err(ConnectorError::new(
            ProblemKind::Config,
            format!("cannot write to '{name}': it is a {kind} table or view, not a plain table"),
        )
        .hint("choose the table beneath it")),
    }
}

/// The number that changes with every change of the schema, whoever makes it.
///
/// # Errors
/// SQLite's own, where the database cannot be read.
pub(super) fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "schema_version", |row| row.get(0))
}

fn describe(connection: &Connection, name: String, without_rowid: bool) -> rusqlite::Result<Table> {
    let mut columns = Vec::new();
    let mut key: Vec<(i64, String)> = Vec::new();
    let mut select = connection.prepare(
        "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden
         FROM pragma_table_xinfo(?1, 'main') ORDER BY cid",
    )?;
    let mut rows = select.query([&name])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let declared: String = row.get(1)?;
        let (not_null, has_default): (bool, bool) = (row.get(2)?, row.get(3)?);
        let (position, hidden): (i64, i64) = (row.get(4)?, row.get(5)?);
        if position > 0 {
            key.push((position, name.clone()));
        }
        // 2 and 3 are generated columns; 1 is of virtual tables only.
        let generated = hidden != 0;
        columns.push(Column {
            name,
            affinity: Affinity::of(&declared),
            declared,
            required: not_null && !has_default && !generated,
            generated,
        });
    }
    key.sort();
    let primary_key: Vec<String> = key.into_iter().map(|(_, name)| name).collect();
    let mut unique = unique_indexes(connection, &name)?;
    if !primary_key.is_empty() {
        unique.push(primary_key.clone());
    }
    Ok(Table {
        name,
        columns,
        primary_key,
        without_rowid,
        unique,
    })
}

fn unique_indexes(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Vec<String>>> {
    let mut indexes = connection.prepare(
        "SELECT name FROM pragma_index_list(?1, 'main') WHERE \"unique\" AND NOT partial",
    )?;
    let mut columns =
        connection.prepare("SELECT name FROM pragma_index_info(?1, 'main') ORDER BY seqno")?;
    let names: Vec<String> = indexes
        .query_map([table], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut unique = Vec::new();
    for name in names {
        // An index over an expression has no column name there.
        let names: Vec<Option<String>> = columns
            .query_map([name], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        unique.extend(names.into_iter().collect::<Option<Vec<String>>>());
    }
    Ok(unique)
}

/// Makes a table for the fields of `shape`; `keyed` makes the identifier its primary key.
///
/// # Errors
/// [`ConnectorError`] of kind `config` for names that cannot be used.
pub(super) fn create(
    connection: &Connection,
    name: &str,
    shape: &RecordShape,
    keyed: bool,
) -> Result<(), ConnectorError> {
    check_table(name)?;
    let mut parts = Vec::with_capacity(shape.fields.len() + 1);
    for (position, field) in shape.fields.iter().enumerate() {
        check_column(&field.name)?;
        let must = if keyed && shape.identifier.contains(&position) {
            " NOT NULL"
        } else {
            ""
        };
        parts.push(format!(
            "{} {}{must}",
            quote(&field.name),
            declared(field.kind)
        ));
    }
    if keyed {
        let key: Vec<String> = shape.identifier_names().into_iter().map(quote).collect();
        parts.push(format!("PRIMARY KEY ({})", key.join(", ")));
    }
    let sql = format!("CREATE TABLE main.{} ({})", quote(name), parts.join(", "));
    connection.execute_batch(&sql).map_err(|error| {
        let mut error = failure::connector(&format!("make the table '{name}'"), &error);
        if error.hint.is_empty() {
            error.kind = ProblemKind::Config;
        }
        error
    })
}

impl Table {
    /// The column of this name; SQLite's names have no case.
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Whether the database itself keeps the identifier unique.
    pub(super) fn keeps_unique(&self, identifier: &[&str]) -> bool {
        self.unique.iter().any(|columns| {
            columns.len() == identifier.len()
                && columns.iter().all(|column| {
                    identifier
                        .iter()
                        .any(|name| name.eq_ignore_ascii_case(column))
                })
        })
    }

    /// The columns to page by: the row number, or the key of a table without one.
    pub(super) fn paging(&self) -> Vec<String> {
        if self.without_rowid {
            return self.primary_key.clone();
        }
        ROW_NUMBERS
            .iter()
            .find(|name| self.column(name).is_none())
            .map(|name| vec![(*name).to_owned()])
            .unwrap_or_default()
    }

    /// The columns of a run's fields, in the order of the shape.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` that names a field without a column, one that the
    /// database computes, or two fields for one column.
    pub(super) fn bind(&self, shape: &RecordShape) -> Result<Vec<Column>, ConnectorError> {
        let mut bound: Vec<Column> = Vec::with_capacity(shape.fields.len());
        for field in &shape.fields {
            let column = self.known(&field.name)?;
            let refused = |why: &str| {
                ConnectorError::new(
                    ProblemKind::Config,
                    format!(
                        "cannot write the field '{}' of the table '{}': {why}",
                        field.name, self.name
                    ),
                )
            };
            if column.generated {
                return Err(refused("the database computes it").hint("remove it from the mapping"));
            }
            if bound.iter().any(|other| other.name == column.name) {
                return Err(refused("it is mapped twice").hint("column names have no case here"));
            }
            bound.push(column.clone());
        }
        Ok(bound)
    }

    /// The column of this name, which must be there.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config`, with the nearest name.
    pub(super) fn known(&self, name: &str) -> Result<&Column, ConnectorError> {
        check_column(name)?;
        self.column(name).ok_or_else(|| {
            let near = nearest(name, self.columns.iter().map(|column| column.name.as_str()));
            let error = ConnectorError::new(
                ProblemKind::Config,
                format!("the table '{}' has no column '{name}'", self.name),
            );
            match near {
                Some(near) => error.hint(format!("did you mean '{near}'?")),
                None => error.hint("add the column to the table, or correct the mapping"),
            }
        })
    }

    /// The table as an object.
    pub(super) fn schema(&self) -> ObjectSchema {
        let fields = self.columns.iter().map(|column| Field {
            required: column.required,
            creatable: !column.generated,
            updatable: !column.generated,
            ..Field::plain(&column.name, kind_of(&column.declared))
        });
        ObjectSchema {
            object: object(&self.name),
            fields: fields.collect(),
            open: false,
            exists: true,
        }
    }
}

/// A table's name as an object.
pub(super) fn object(name: &str) -> Object {
    Object {
        name: name.to_owned(),
        label: name.to_owned(),
    }
}
