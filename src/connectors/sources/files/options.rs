//! The settings of a file source, read and checked.

use std::path::PathBuf;

use crate::connectors::contract::ConnectorError;
use crate::connectors::registry::Surroundings;
use crate::connectors::settings::ResolvedSettings;
use crate::domain::problem::ProblemKind;

/// The settings of a file source.
#[derive(Debug, Clone)]
pub(super) struct Options {
    /// A file or a pattern.
    pub(super) path: String,
    /// Whether the format is told from the files' names.
    pub(super) format_by_name: bool,
    /// The byte between fields, where it was given.
    pub(super) delimiter: Option<u8>,
    /// The byte around fields, where there is one.
    pub(super) quote: Option<u8>,
    /// Whether the first row names the columns.
    pub(super) header: bool,
    /// Texts that mean no value.
    pub(super) nulls: Vec<Box<[u8]>>,
    /// Folders that the files must be in; empty for the folder of the path.
    pub(super) roots: Vec<PathBuf>,
    /// The workspace's own files.
    pub(super) forbidden: Vec<PathBuf>,
    /// The folder for temporary databases.
    pub(super) temporary: PathBuf,
}

impl Options {
    /// Reads the settings.
    pub(super) fn new(
        settings: &ResolvedSettings,
        surroundings: &Surroundings,
    ) -> Result<Self, ConnectorError> {
        one_of(settings, "format", "csv")?;
        one_of(settings, "encoding", "utf-8")?;
        let quote = match settings.text("quote")? {
            None => Some(b'"'),
            Some("") => None,
            Some(text) => Some(byte("quote", text)?),
        };
        let delimiter = match settings.text("delimiter")? {
            None => None,
            Some("\\t") => Some(b'\t'),
            Some(text) => Some(byte("delimiter", text)?),
        };
        if delimiter.is_some() && delimiter == quote {
            return Err(wrong("delimiter", "another character than the quote"));
        }
        let nulls = match settings.values.get("null_values") {
            None => vec![String::new()],
            Some(_) => settings.list("null_values")?,
        };
        Ok(Self {
            path: settings.required_text("path")?.to_owned(),
            format_by_name: settings.text("format")?.is_none(),
            delimiter,
            quote,
            header: settings.boolean("header")?.unwrap_or(true),
            nulls: nulls
                .into_iter()
                .map(|text| text.into_bytes().into_boxed_slice())
                .collect(),
            roots: settings
                .list("roots")?
                .into_iter()
                .map(PathBuf::from)
                .collect(),
            forbidden: surroundings.forbidden.clone(),
            temporary: surroundings.temporary.clone(),
        })
    }

    /// Whether `field` means no value.
    pub(super) fn is_null(&self, field: &[u8]) -> bool {
        self.nulls.iter().any(|null| **null == *field)
    }
}

fn one_of(
    settings: &ResolvedSettings,
    key: &str,
    only: &'static str,
) -> Result<(), ConnectorError> {
    match settings.text(key)? {
        Some(word) if word != only => Err(wrong(key, only)),
        _ => Ok(()),
    }
}

fn byte(key: &str, text: &str) -> Result<u8, ConnectorError> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\r' | b'\n' | 0) => Ok(*byte),
        _ => Err(wrong(key, "one ASCII character that is not a line break")),
    }
}

fn wrong(key: &str, wanted: &str) -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Config,
        format!("the setting {key} must be {wanted}"),
    )
}
