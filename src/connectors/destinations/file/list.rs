//! Listing of the identifiers that a file holds, read once from its start.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::connectors::contract::{ConnectorError, Listing};
use crate::domain::problem::ProblemKind;
use crate::domain::value::Value;

use super::entry::{Entries, Entry};
use super::layout::column;
use super::place::Place;
use super::style::Style;

/// Identifiers that are handed on at once.
const PAGE: usize = 1_000;

/// The identifiers of a file, ready to be read.
pub(super) struct Identifiers {
    place: Place,
    style: Style,
    entries: Option<Entries>,
    /// Each field with its column in a CSV file.
    fields: Vec<(String, usize)>,
}

impl Identifiers {
    /// Opens the file and finds the identifier's columns.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where the header lacks one.
    pub(super) fn open(
        place: Place,
        style: Style,
        identifier: &[String],
    ) -> Result<Self, ConnectorError> {
        let mut entries = None;
        let mut fields: Vec<(String, usize)> =
            identifier.iter().map(|name| (name.clone(), 0)).collect();
        if let Some(file) = place.open()? {
            let (read, header) =
                Entries::new(file, &style).map_err(|error| place.failed("read", &error))?;
            if let Some(header) = header {
                for (name, position) in &mut fields {
                    *position = column(&header, name, &place)?;
                }
            }
            entries = Some(read);
        }
        Ok(Self {
            place,
            style,
            entries,
            fields,
        })
    }

    /// Sends every identifier, then the proof of the end; stops where nobody listens.
    pub(super) fn send(
        mut self,
        cancel: &CancellationToken,
        out: &mpsc::Sender<Result<Listing, ConnectorError>>,
    ) {
        let last = loop {
            if cancel.is_cancelled() {
                let text = format!("the listing of {} was stopped", self.place.name());
                break Err(ConnectorError::new(ProblemKind::Interrupted, text));
            }
            let page = match self.page() {
                Ok(page) => page,
                Err(error) => break Err(self.place.failed("list the records of", &error)),
            };
            if page.is_empty() {
                break Ok(Listing::End);
            }
            if out.blocking_send(Ok(Listing::Identifiers(page))).is_err() {
                return;
            }
        };
        let _ = out.blocking_send(last);
    }

    fn page(&mut self) -> std::io::Result<Vec<Vec<Value>>> {
        let mut page = Vec::new();
        let Some(entries) = &mut self.entries else {
            return Ok(page);
        };
        while page.len() < PAGE {
            let Some(entry) = entries.next()? else {
                break;
            };
            if entry.is_record() {
                page.push(identifier(&self.fields, &self.style, &entry));
            }
        }
        Ok(page)
    }
}

fn identifier(fields: &[(String, usize)], style: &Style, entry: &Entry) -> Vec<Value> {
    fields
        .iter()
        .map(|(name, position)| {
            let token = entry.token(name, *position);
            token.map_or(Value::Null, |token| style.value(token))
        })
        .collect()
}
