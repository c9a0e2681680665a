//! A run's fields laid over a file: which column each goes to, and what a record says there.

use std::io::{self, Read as _};
use std::sync::Arc;

use csv::ByteRecord;

use crate::connectors::contract::ConnectorError;
use crate::domain::near::nearest;
use crate::domain::plan::{Operation, RecordShape};
use crate::domain::problem::ProblemKind;
use crate::domain::row;
use crate::domain::value::Value;
use crate::domain::verdict::Rejection;

use super::entry::{Entries, Entry, Output};
use super::place::Place;
use super::style::Style;

/// Longest name of a field.
const MAX_FIELD_BYTES: usize = 255;

/// The tokens of one record by position of the shape; nothing where a field is left out.
pub(super) type Tokens = Vec<Option<String>>;

/// A run's fields laid over a file.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// How values are written.
    pub style: Style,
    shape: Arc<RecordShape>,
    /// The columns of a CSV file in its order.
    columns: Vec<String>,
    /// The column of each field.
    positions: Vec<usize>,
}

/// The operation's identity and tokens, or why its row is refused.
pub(super) type Prepared = Result<(Vec<u8>, Tokens), Rejection>;

impl Layout {
    /// Lays the fields over the file as it is now; where it is not there or empty, the columns are
    /// the fields.
    ///
    /// Gives the records behind the header too, where there is a file.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` for names that cannot be used or that the header lacks.
    pub(super) fn over(
        place: &Place,
        style: &Style,
        shape: &Arc<RecordShape>,
    ) -> Result<(Self, Option<Entries>), ConnectorError> {
        check_fields(shape)?;
        let mut entries = None;
        let mut header = None;
        if let Some(file) = place.open()? {
            let (read, names) =
                Entries::new(file, style).map_err(|error| place.failed("read", &error))?;
            entries = Some(read);
            header = names;
        }
        let columns = header.unwrap_or_else(|| names(shape));
        let positions = if *style == Style::Jsonl {
            (0..shape.fields.len()).collect()
        } else {
            shape
                .fields
                .iter()
                .map(|field| column(&columns, &field.name, place))
                .collect::<Result<_, _>>()?
        };
        let layout = Self {
            style: style.clone(),
            shape: Arc::clone(shape),
            columns,
            positions,
        };
        Ok((layout, entries))
    }

    /// As [`Self::over`], to append: a header that a crash cut short is none yet.
    ///
    /// Tells whether the file holds nothing but such a piece.
    ///
    /// # Errors
    /// As [`Self::over`].
    pub(super) fn to_append(
        place: &Place,
        style: &Style,
        shape: &Arc<RecordShape>,
    ) -> Result<(Self, bool), ConnectorError> {
        match Self::over(place, style, shape) {
            Ok((layout, _)) => Ok((layout, false)),
            Err(error) => {
                let fresh = Self {
                    style: style.clone(),
                    shape: Arc::clone(shape),
                    columns: names(shape),
                    positions: (0..shape.fields.len()).collect(),
                };
                let torn = fresh
                    .holds_piece_of_header(place)
                    .map_err(|error| place.failed("read", &error))?;
                if torn { Ok((fresh, true)) } else { Err(error) }
            }
        }
    }

    fn holds_piece_of_header(&self, place: &Place) -> io::Result<bool> {
        let mut out = Output::new(Vec::new(), &self.style);
        out.header(&self.columns)?;
        let header = out.end()?;
        let Ok(Some(file)) = place.open() else {
            return Ok(false);
        };
        let mut piece = Vec::new();
        file.take(header.len() as u64).read_to_end(&mut piece)?;
        Ok(piece.len() < header.len() && header.starts_with(&piece))
    }

    /// The columns, for a header line.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Turns an operation into tokens.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `internal` for an operation that does not fit the shape.
    pub(super) fn prepare(
        &self,
        operation: &Operation,
        needs_identifier: bool,
    ) -> Result<Prepared, ConnectorError> {
        let record = operation.new.as_ref().map(|record| record.0.as_slice());
        let fits = operation.identifier.len() == self.shape.identifier.len()
            && record.is_none_or(|values| values.len() == self.shape.fields.len());
        if !fits {
            return Err(ConnectorError::new(
                ProblemKind::Internal,
                format!(
                    "operation {} does not fit the run's fields",
                    operation.number
                ),
            ));
        }
        let mut tokens: Tokens = Vec::with_capacity(self.shape.fields.len());
        for (position, value) in record.unwrap_or_default().iter().enumerate() {
            match value.as_ref().map(|value| self.token(position, value)) {
                None => tokens.push(None),
                Some(Ok(token)) => tokens.push(Some(token)),
                Some(Err(rejection)) => return Ok(Err(rejection)),
            }
        }
        let mut identity = Vec::new();
        for (position, value) in self.shape.identifier.iter().zip(&operation.identifier) {
            if value.is_null() && needs_identifier {
                let text = "an identifier is null".to_owned();
                return Ok(Err(self.refused(*position, "NOT_NULL", text)));
            }
            let token = match self.token(*position, value) {
                Ok(token) => token,
                Err(rejection) => return Ok(Err(rejection)),
            };
            component(self.style.identity(&token), &mut identity);
            if let Some(slot) = tokens.get_mut(*position) {
                *slot = Some(token);
            }
        }
        Ok(Ok((identity, tokens)))
    }

    fn token(&self, position: usize, value: &Value) -> Result<String, Rejection> {
        self.style
            .token(value)
            .map_err(|why| self.refused(position, "TYPE", format!("the value {why}")))
    }

    fn refused(&self, position: usize, code: &str, text: String) -> Rejection {
        Rejection {
            code: code.to_owned(),
            field: self
                .shape
                .fields
                .get(position)
                .map(|field| field.name.clone()),
            text,
            transient: false,
        }
    }

    /// The identity of a record in the file; nothing for what is no record.
    pub(super) fn identity(&self, entry: &Entry) -> Option<Vec<u8>> {
        if !entry.is_record() {
            return None;
        }
        let mut identity = Vec::new();
        for position in &self.shape.identifier {
            let token = self
                .field(*position)
                .and_then(|(name, column)| entry.token(name, column));
            component(
                token.and_then(|token| self.style.identity(token)),
                &mut identity,
            );
        }
        Some(identity)
    }

    fn field(&self, position: usize) -> Option<(&str, usize)> {
        let field = self.shape.fields.get(position)?;
        Some((&field.name, *self.positions.get(position)?))
    }

    /// Makes a new record.
    ///
    /// # Errors
    /// Where a token is not of the file's style.
    pub(super) fn create(&self, tokens: &Tokens) -> io::Result<Entry> {
        let mut entry = match &self.style {
            Style::Jsonl => Entry::line(),
            Style::Csv { null_text, .. } => {
                let empty = vec![null_text.as_bytes(); self.columns.len()];
                Entry::Cells(ByteRecord::from(empty))
            }
        };
        entry.set(self.written(tokens, |_| true))?;
        Ok(entry)
    }

    /// Writes the fields that an update touches.
    ///
    /// # Errors
    /// Where a token is not of the file's style.
    pub(super) fn update(&self, entry: &mut Entry, tokens: &Tokens) -> io::Result<()> {
        let touched: Vec<bool> = self
            .shape
            .fields
            .iter()
            .enumerate()
            .map(|(position, field)| {
                let empty = || {
                    let (name, column) = self.field(position)?;
                    entry
                        .token(name, column)
                        .map(|token| self.style.is_empty(token))
                };
                !field.on_create
                    && !self.shape.identifier.contains(&position)
                    && (!field.if_empty || empty().unwrap_or(true))
            })
            .collect();
        let touches = |position: usize| touched.get(position).copied().unwrap_or(false);
        if self.written(tokens, touches).next().is_none() {
            return Ok(());
        }
        entry.set(self.written(tokens, touches))
    }

    fn written<'a>(
        &'a self,
        tokens: &'a Tokens,
        touches: impl Fn(usize) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a str, usize, &'a str)> + 'a {
        tokens
            .iter()
            .enumerate()
            .filter(move |(position, _)| touches(*position))
            .filter_map(|(position, token)| {
                let (name, column) = self.field(position)?;
                Some((name, column, token.as_deref()?))
            })
    }
}

fn component(text: Option<String>, identity: &mut Vec<u8>) {
    match text {
        Some(text) => row::encode_text(&text, identity),
        None => row::encode(&Value::Null, identity),
    }
}

fn names(shape: &RecordShape) -> Vec<String> {
    let fields = shape.fields.iter();
    fields.map(|field| field.name.clone()).collect()
}

fn check_fields(shape: &RecordShape) -> Result<(), ConnectorError> {
    for (position, field) in shape.fields.iter().enumerate() {
        let name = &field.name;
        let why = if name.is_empty() {
            "its name is empty"
        } else if name.contains('\0') || name.starts_with('\u{feff}') {
            "its name holds a character that files cannot carry there"
        } else if name.len() > MAX_FIELD_BYTES {
            "its name is longer than 255 bytes"
        } else if shape
            .fields
            .iter()
            .skip(position + 1)
            .any(|other| other.name == *name)
        {
            "it is mapped twice"
        } else {
            continue;
        };
        let shown: String = name.chars().take(80).collect();
        return Err(ConnectorError::new(
            ProblemKind::Config,
            format!("cannot write the field '{shown}': {why}"),
        )
        .hint("correct the mapping"));
    }
    let known = |position: &usize| *position < shape.fields.len();
    if shape.identifier.is_empty() || !shape.identifier.iter().all(known) {
        return Err(
            ConnectorError::new(ProblemKind::Config, "no identifier mapped")
                .hint("map a model column of role identifier to an identifier field"),
        );
    }
    Ok(())
}

/// The one column of this name.
///
/// # Errors
/// [`ConnectorError`] of kind `config` where the header has none or several.
pub(super) fn column(
    columns: &[String],
    name: &str,
    place: &Place,
) -> Result<usize, ConnectorError> {
    let mut found = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| *column == name)
        .map(|(position, _)| position);
    match (found.next(), found.next()) {
        (Some(position), None) => Ok(position),
        (Some(_), Some(_)) => Err(ConnectorError::new(
            ProblemKind::Config,
            format!(
                "the header of {} has the column '{name}' twice",
                place.name()
            ),
        )
        .hint("rename one of them")),
        (None, _) => {
            let error = ConnectorError::new(
                ProblemKind::Config,
                format!("the header of {} has no column '{name}'", place.name()),
            );
            Err(match nearest(name, columns.iter().map(String::as_str)) {
                Some(near) => error.hint(format!(
                    "did you mean '{near}'? add the column to the file, or rename it in the mapping"
                )),
                None => error.hint("add the column to the file, or rename it in the mapping"),
            })
        }
    }
}
