//! One CSV file: its header, then its records.

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::find::Found;
use super::opened::Opened;
use super::options::Options;
use super::tables::extension;
use crate::connectors::contract::ConnectorError;
use crate::connectors::sources::stream::Stop;
use crate::domain::problem::ProblemKind;

/// Bytes that the reader holds.
const BUFFER: usize = 1 << 20;

/// An open CSV file.
pub(super) struct CsvFile {
    reader: Reader<Opened>,
    columns: Vec<String>,
    /// The first record of a file without a header, which was read to count its fields.
    first: Option<ByteRecord>,
}

impl CsvFile {
    /// Opens a file and reads its header.
    pub(super) fn open(
        options: &Options,
        found: &Found,
        stop: &Stop,
    ) -> Result<Self, ConnectorError> {
        let opened = Opened::new(found, &options.forbidden, stop)?;
        let by_name = if extension(&found.path) == "tsv" {
            b'\t'
        } else {
            b','
        };
        let mut builder = ReaderBuilder::new();
        builder
            .has_headers(false)
            .flexible(true)
            .delimiter(options.delimiter.unwrap_or(by_name))
            .buffer_capacity(BUFFER);
        match options.quote {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        let mut file = Self {
            reader: builder.from_reader(opened),
            columns: Vec::new(),
            first: None,
        };
        let mut first = ByteRecord::new();
        if !file.next(&mut first)? {
            return Err(ConnectorError::new(
                ProblemKind::Source,
                format!("cannot read {}: it is empty", found.path.display()),
            )
            .hint("a file needs at least a row with the names of its columns"));
        }
        file.columns = names(options, found, &first)?;
        if !options.header {
            file.first = Some(first);
        }
        Ok(file)
    }

    /// The names of its columns.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Reads the next record; the answer is no at the end of a file that did not change meanwhile.
    pub(super) fn next(&mut self, record: &mut ByteRecord) -> Result<bool, ConnectorError> {
        if let Some(first) = self.first.take() {
            *record = first;
            return Ok(true);
        }
        match self.reader.read_byte_record(record) {
            Ok(true) => {
                self.reader.get_mut().row_ended();
                Ok(true)
            }
            Ok(false) => {
                self.reader.get_ref().check_unchanged()?;
                Ok(false)
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    fn explain(&self, error: csv::Error) -> ConnectorError {
        match error.into_kind() {
            ErrorKind::Io(error) => self.reader.get_ref().explain(&error),
            other => self
                .reader
                .get_ref()
                .explain(&std::io::Error::other(format!("{other:?}"))),
        }
    }
}

fn names(
    options: &Options,
    found: &Found,
    first: &ByteRecord,
) -> Result<Vec<String>, ConnectorError> {
    first
        .iter()
        .enumerate()
        .map(|(position, name)| {
            if !options.header {
                return Ok(format!("column_{}", position + 1));
            }
            let name = std::str::from_utf8(name).map_err(|_| {
                ConnectorError::new(
                    ProblemKind::Source,
                    format!(
                        "cannot read {}: its header is not UTF-8",
                        found.path.display()
                    ),
                )
                .hint("convert the file to UTF-8")
            })?;
            Ok(match name.trim() {
                "" => format!("column_{}", position + 1),
                name => name.to_owned(),
            })
        })
        .collect()
}
