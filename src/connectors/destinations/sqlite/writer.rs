//! One operation in a transaction: what each mode does with it, in SQL with bound values.

use std::sync::Arc;

use rusqlite::types::Value as Stored;
use rusqlite::{Connection, ErrorCode, params_from_iter};

use crate::connectors::contract::{ConnectorError, RunContext, WriteError};
use crate::connectors::destinations::action::{Action, accepted, needs_identifier, unmatched};
use crate::domain::mode::Mode;
use crate::domain::plan::{Operation, OperationKind, RecordShape};
use crate::domain::problem::ProblemKind;
use crate::domain::value::Value;
use crate::domain::verdict::{Rejection, Verdict};

use super::failure;
use super::names::quote;
use super::storage::{size, store};
use super::table::{self, Column, Table};
use super::texts::Texts;

/// Writes the operations of one run to one table.
pub(super) struct Writer {
    table: String,
    mode: Mode,
    shape: Arc<RecordShape>,
    columns: Vec<Column>,
    exists: String,
    delete: String,
    texts: Texts,
    /// Whether each row needs a savepoint of its own, for a trigger may leave a part of a refused
    /// statement behind (`RAISE(FAIL)`); by itself SQLite undoes the whole statement.
    has_triggers: bool,
    /// The version of the schema in which a unique index keeps two records from carrying one
    /// identifier; none where there is no such index.
    unique_in: Option<i64>,
    /// Whether it does so now.
    is_unique: bool,
    /// Whether the last create met no record, so that the next is tried without a look: most
    /// creates are alike.
    expects_new: bool,
}

/// An operation's values as they are bound.
struct Bound {
    identifier: Vec<Stored>,
    /// By position of the shape; nothing where the field is left out.
    fields: Vec<Option<Stored>>,
}

/// Why a change was not made.
enum Failed {
    /// The statement is wrong: the table changed under the run.
    Prepare(rusqlite::Error),
    /// The row was refused, or the database failed.
    Step(rusqlite::Error),
}

impl Writer {
    /// Checks the run's fields against the table as it is in the version `schema`.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where they do not fit.
    pub(super) fn new(
        table: &Table,
        schema: i64,
        run: &RunContext,
    ) -> Result<Self, ConnectorError> {
        let columns = table.bind(&run.shape)?;
        let matching: Vec<String> = run
            .shape
            .identifier
            .iter()
            .filter_map(|position| columns.get(*position))
            .enumerate()
            .map(|(number, column)| {
                let (name, number) = (quote(&column.name), number + 1);
                // The first term can use an index of any collation, the second makes it exact.
                format!("{name} IS ?{number} AND {name} COLLATE BINARY IS ?{number}")
            })
            .collect();
        if matching.is_empty() || matching.len() != run.shape.identifier.len() {
            return Err(ConnectorError::new(
                ProblemKind::Config,
                format!(
                    "cannot write to the table '{}': no identifier mapped",
                    table.name
                ),
            )
            .hint("map a model column of role identifier to an identifier field"));
        }
        let matching = matching.join(" AND ");
        let target = format!("main.{}", quote(&table.name));
        Ok(Self {
            table: table.name.clone(),
            exists: format!("SELECT 1 FROM {target} WHERE {matching} LIMIT 1"),
            delete: format!("DELETE FROM {target} WHERE {matching}"),
            mode: run.mode,
            shape: Arc::clone(&run.shape),
            texts: Texts::new(&target, &columns, &run.shape, &matching),
            columns,
            has_triggers: true,
            unique_in: table
                .keeps_unique(&run.shape.identifier_names())
                .then_some(schema),
            is_unique: false,
            expects_new: true,
        })
    }

    /// Looks at what may have changed since the last batch; inside the batch's transaction, in
    /// which nobody else can change it.
    ///
    /// # Errors
    /// [`WriteError`] where the database cannot be read.
    pub(super) fn begin_batch(&mut self, connection: &Connection) -> Result<(), WriteError> {
        self.has_triggers = connection
            .prepare_cached("SELECT 1 FROM main.sqlite_schema WHERE type = 'trigger'")
            .and_then(|mut select| select.exists([]))
            .map_err(|error| failure::batch("look for triggers", &error))?;
        let schema = table::schema_version(connection)
            .map_err(|error| failure::batch("look at the schema", &error))?;
        self.is_unique = self.unique_in == Some(schema);
        Ok(())
    }

    /// Does one operation inside the batch's transaction; a row that is refused leaves no trace.
    ///
    /// Gives the verdict and the bytes that were bound.
    ///
    /// # Errors
    /// [`WriteError`] where the batch cannot go on.
    pub(super) fn apply(
        &mut self,
        connection: &Connection,
        operation: &Operation,
    ) -> Result<(Verdict, u64), WriteError> {
        let bound = match self.bound(operation)? {
            Ok(bound) => bound,
            Err(rejection) => return Ok((Verdict::Rejected(rejection), 0)),
        };
        let bytes = bound.identifier.iter().map(size).sum::<u64>()
            + bound.fields.iter().flatten().map(size).sum::<u64>();
        self.mark(connection, "SAVEPOINT signalsmith_row")?;
        match self.change(connection, operation.kind, &bound) {
            Ok(verdict) => {
                self.mark(connection, "RELEASE signalsmith_row")?;
                Ok((verdict, bytes))
            }
            Err(Failed::Prepare(error)) => Err(failure::batch(
                &format!("write to the table '{}'", self.table),
                &error,
            )),
            Err(Failed::Step(error)) => {
                let rejection = failure::rejection(&error, &self.table).ok_or_else(|| {
                    failure::batch(&format!("write to the table '{}'", self.table), &error)
                })?;
                // RAISE(ROLLBACK) in a trigger takes the whole transaction away.
                if connection.is_autocommit() {
                    return Err(WriteError::Poison {
                        code: rejection.code,
                        text: rejection.text,
                    });
                }
                self.mark(connection, "ROLLBACK TO signalsmith_row")?;
                self.mark(connection, "RELEASE signalsmith_row")?;
                Ok((Verdict::Rejected(self.named(rejection)), bytes))
            }
        }
    }

    fn mark(&self, connection: &Connection, sql: &str) -> Result<(), WriteError> {
        if !self.has_triggers {
            return Ok(());
        }
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(|_| ())
            .map_err(|error| failure::batch("mark a row's place in the transaction", &error))
    }

    /// Gives the field its name in the mapping, which may differ from the column's in case.
    fn named(&self, mut rejection: Rejection) -> Rejection {
        if let Some(column) = rejection.field.take() {
            let position = self.columns.iter().position(|known| known.name == column);
            rejection.field = match position.and_then(|at| self.shape.fields.get(at)) {
                Some(field) => Some(field.name.clone()),
                None => Some(column),
            };
        }
        rejection
    }

    fn bound(&self, operation: &Operation) -> Result<Result<Bound, Rejection>, ConnectorError> {
        let record = operation.new.as_ref().map(|record| record.0.as_slice());
        let wrong = operation.identifier.len() != self.shape.identifier.len()
            || match (operation.kind, record) {
                (OperationKind::Delete, _) => false,
                (_, Some(values)) => values.len() != self.columns.len(),
                (_, None) => true,
            };
        if wrong {
            return Err(ConnectorError::new(
                ProblemKind::Internal,
                format!(
                    "operation {} does not fit the run's fields",
                    operation.number
                ),
            ));
        }
        let positions = self.shape.identifier.iter().copied();
        let mut identifier = Vec::with_capacity(operation.identifier.len());
        for (position, value) in positions.zip(&operation.identifier) {
            match self.stored(position, value) {
                Ok(Stored::Null) if needs_identifier(self.mode, operation.kind) => {
                    return Ok(Err(self.refused(
                        position,
                        "NOT_NULL",
                        "an identifier is null",
                    )));
                }
                Ok(stored) => identifier.push(stored),
                Err(rejection) => return Ok(Err(rejection)),
            }
        }
        let mut fields = Vec::with_capacity(self.columns.len());
        for (position, value) in record.unwrap_or_default().iter().enumerate() {
            match value.as_ref().map(|value| self.stored(position, value)) {
                None => fields.push(None),
                Some(Ok(stored)) => fields.push(Some(stored)),
                Some(Err(rejection)) => return Ok(Err(rejection)),
            }
        }
        Ok(Ok(Bound { identifier, fields }))
    }

    fn stored(&self, position: usize, value: &Value) -> Result<Stored, Rejection> {
        let affinity = self
            .columns
            .get(position)
            .map_or(super::storage::Affinity::Blob, |column| column.affinity);
        store(value, affinity)
            .map_err(|why| self.refused(position, "TYPE", &format!("the value {why}")))
    }

    fn refused(&self, position: usize, code: &str, text: &str) -> Rejection {
        Rejection {
            code: code.to_owned(),
            field: self
                .shape
                .fields
                .get(position)
                .map(|field| field.name.clone()),
            text: text.to_owned(),
            transient: false,
        }
    }

    fn change(
        &mut self,
        connection: &Connection,
        kind: OperationKind,
        bound: &Bound,
    ) -> Result<Verdict, Failed> {
        let creates = kind == OperationKind::Create && self.mode != Mode::Append;
        if creates
            && self.expects_new
            && self.is_unique
            && !self.has_triggers
            && let Some(verdict) = self.create_unseen(connection, bound)?
        {
            return Ok(verdict);
        }
        // Appending asks for no record, so it needs no search.
        let found = self.mode != Mode::Append && self.exists(connection, bound)?;
        if creates {
            self.expects_new = !found;
        }
        match Action::of(self.mode, kind, found) {
            Action::Create => self.insert(connection, bound)?,
            Action::Update => self.update(connection, bound)?,
            Action::Delete => run(connection, &self.delete, &bound.identifier)?,
            Action::Nothing => {}
            Action::Unmatched => return Ok(Verdict::Rejected(unmatched())),
        }
        Ok(accepted(kind, found))
    }

    /// Creates a record without a look whether there is one, which the unique index refuses; nothing
    /// where it was refused, for whatever reason, and the look must tell.
    fn create_unseen(
        &mut self,
        connection: &Connection,
        bound: &Bound,
    ) -> Result<Option<Verdict>, Failed> {
        let kind = OperationKind::Create;
        if !matches!(Action::of(self.mode, kind, false), Action::Create) {
            return Ok(None);
        }
        match self.insert(connection, bound) {
            Ok(()) => Ok(Some(accepted(kind, false))),
            Err(Failed::Step(error))
                if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
                    && !connection.is_autocommit() =>
            {
                Ok(None)
            }
            Err(failed) => Err(failed),
        }
    }

    fn exists(&self, connection: &Connection, bound: &Bound) -> Result<bool, Failed> {
        let mut select = connection
            .prepare_cached(&self.exists)
            .map_err(Failed::Prepare)?;
        select
            .exists(params_from_iter(&bound.identifier))
            .map_err(Failed::Step)
    }

    fn insert(&mut self, connection: &Connection, bound: &Bound) -> Result<(), Failed> {
        let present = self.present(bound, true);
        let values = values(bound, &present);
        let sql = self.texts.insert(present);
        run(connection, &sql, &values)
    }

    fn update(&mut self, connection: &Connection, bound: &Bound) -> Result<(), Failed> {
        let present = self.present(bound, false);
        if !present.contains(&true) {
            return Ok(());
        }
        let values = values(bound, &present);
        let sql = self.texts.update(present);
        run(connection, &sql, &values)
    }

    /// The fields beside the identifier that a write touches, by position.
    fn present(&self, bound: &Bound, creating: bool) -> Vec<bool> {
        let fields = bound.fields.iter().zip(&self.shape.fields).enumerate();
        fields
            .map(|(position, (value, field))| {
                value.is_some()
                    && !self.shape.identifier.contains(&position)
                    && (creating || !field.on_create)
            })
            .collect()
    }
}

/// The identifier, then the touched fields: the order of the numbers in both statements.
fn values<'a>(bound: &'a Bound, present: &[bool]) -> Vec<&'a Stored> {
    let fields = bound.fields.iter().zip(present);
    let touched = fields.filter_map(|(value, present)| value.as_ref().filter(|_| *present));
    bound.identifier.iter().chain(touched).collect()
}

fn run<'a>(
    connection: &Connection,
    sql: &str,
    values: impl IntoIterator<Item = &'a (impl rusqlite::ToSql + 'a)>,
) -> Result<(), Failed> {
    let mut statement = connection.prepare_cached(sql).map_err(Failed::Prepare)?;
    statement
        .execute(params_from_iter(values))
        .map(|_| ())
        .map_err(Failed::Step)
}
