//! Listing of a table's identifiers, page by page, so that no read transaction stays open.

use rusqlite::types::Value as Stored;
use rusqlite::{Connection, params_from_iter};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::connectors::contract::{ConnectorError, Listing};
use crate::domain::problem::ProblemKind;
use crate::domain::value::{Type, Value};

use super::failure;
use super::names::quote;
use super::storage::{kind_of, load};
use super::table::Table;

/// Records that are read in one transaction.
const PAGE: usize = 2_000;

/// What is needed to read a table's identifiers.
pub(super) struct Pages {
    table: String,
    select: String,
    first: String,
    next: String,
    kinds: Vec<Type>,
    paging: usize,
}

impl Pages {
    /// Checks the identifier's fields and writes the statements.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where the table has no such column, or nothing to page by.
    pub(super) fn new(table: &Table, identifier: &[String]) -> Result<Self, ConnectorError> {
        let paging: Vec<String> = table.paging().iter().map(|name| quote(name)).collect();
        if paging.is_empty() {
            return Err(ConnectorError::new(
                ProblemKind::Config,
                format!(
                    "cannot list the records of '{}': its columns hide the row number",
                    table.name
                ),
            ));
        }
        let mut kinds = Vec::with_capacity(identifier.len());
        let mut columns = Vec::with_capacity(identifier.len() + paging.len());
        for name in identifier {
            let column = table.known(name)?;
            kinds.push(kind_of(&column.declared));
            columns.push(quote(&column.name));
        }
        columns.extend(paging.iter().cloned());
        let marks: Vec<String> = (1..=paging.len()).map(|at| format!("?{at}")).collect();
        let order = paging.join(", ");
        Ok(Self {
            table: table.name.clone(),
            select: format!(
                "SELECT {} FROM main.{}",
                columns.join(", "),
                quote(&table.name)
            ),
            first: format!("ORDER BY {order} LIMIT {PAGE}"),
            next: format!(
                "WHERE ({order}) > ({}) ORDER BY {order} LIMIT {PAGE}",
                marks.join(", ")
            ),
            kinds,
            paging: paging.len(),
        })
    }

    /// Sends every identifier, then the proof of the end; stops where nobody listens.
    pub(super) fn send(
        &self,
        connection: &Connection,
        cancel: &CancellationToken,
        out: &mpsc::Sender<Result<Listing, ConnectorError>>,
    ) {
        let mut after = Vec::new();
        loop {
            if cancel.is_cancelled() {
                let stopped = ConnectorError::new(
                    ProblemKind::Interrupted,
                    format!("the listing of '{}' was stopped", self.table),
                );
                let _ = out.blocking_send(Err(stopped));
                return;
            }
            let page = match self.page(connection, &mut after) {
                Ok(page) => page,
                Err(error) => {
                    let doing = format!("list the records of '{}'", self.table);
                    let _ = out.blocking_send(Err(failure::connector(&doing, &error)));
                    return;
                }
            };
            let whole = page.len() == PAGE;
            if !page.is_empty() && out.blocking_send(Ok(Listing::Identifiers(page))).is_err() {
                return;
            }
            if !whole {
                let _ = out.blocking_send(Ok(Listing::End));
                return;
            }
        }
    }

    fn page(
        &self,
        connection: &Connection,
        after: &mut Vec<Stored>,
    ) -> rusqlite::Result<Vec<Vec<Value>>> {
        let rest = if after.is_empty() {
            &self.first
        } else {
            &self.next
        };
        let mut select = connection.prepare_cached(&format!("{} {rest}", self.select))?;
        let mut rows = select.query(params_from_iter(after.iter()))?;
        let mut page = Vec::new();
        let mut last = Vec::new();
        while let Some(row) = rows.next()? {
            let mut identifier = Vec::with_capacity(self.kinds.len());
            for (position, kind) in self.kinds.iter().enumerate() {
                identifier.push(load(row.get_ref(position)?, *kind));
            }
            page.push(identifier);
            if page.len() == PAGE {
                for position in 0..self.paging {
                    last.push(row.get(self.kinds.len() + position)?);
                }
            }
        }
        *after = last;
        Ok(page)
    }
}
