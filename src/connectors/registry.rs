//! The registry: adding a connector is adding one file and one word here.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::contract::{ConnectorError, DestinationConnector, SourceConnector};
use super::settings::{ResolvedSettings, Setting};
use crate::domain::problem::ProblemKind;

/// What every connector may need of the workspace.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Files that no connection may read or write: the workspace's own.
    pub forbidden: Vec<PathBuf>,
    /// The folder for temporary files.
    pub temporary: PathBuf,
    /// The time, for signatures and waits.
    pub now: fn() -> DateTime<Utc>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            forbidden: Vec::new(),
            temporary: PathBuf::default(),
            now: Utc::now,
        }
    }
}

/// The kinds of connection that a core knows, and how each is made.
pub trait Connectors: Send + Sync {
    /// Every kind of source.
    fn sources(&self) -> &'static [Kind];

    /// Every kind of destination.
    fn destinations(&self) -> &'static [Kind];

    /// Makes a source of the kind `word`.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` for an unknown word or settings that do not fit.
    fn source(
        &self,
        word: &str,
        settings: &ResolvedSettings,
        surroundings: &Surroundings,
    ) -> Result<Box<dyn SourceConnector>, ConnectorError>;

    /// Makes a destination of the kind `word`.
    ///
    /// # Errors
    /// As [`Connectors::source`].
    fn destination(
        &self,
        word: &str,
        settings: &ResolvedSettings,
        surroundings: &Surroundings,
    ) -> Result<Box<dyn DestinationConnector>, ConnectorError>;

    /// The kind of source called `word`.
    fn source_kind(&self, word: &str) -> Option<&'static Kind> {
        self.sources().iter().find(|kind| kind.word == word)
    }

    /// The kind of destination called `word`.
    fn destination_kind(&self, word: &str) -> Option<&'static Kind> {
        self.destinations().iter().find(|kind| kind.word == word)
    }
}

/// The connectors of this program.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltIn;

impl Connectors for BuiltIn {
    fn sources(&self) -> &'static [Kind] {
        SOURCES
    }

    fn destinations(&self) -> &'static [Kind] {
        DESTINATIONS
    }

    fn source(
        &self,
        word: &str,
        settings: &ResolvedSettings,
        surroundings: &Surroundings,
    ) -> Result<Box<dyn SourceConnector>, ConnectorError> {
        source(word, settings, surroundings)
    }

    fn destination(
        &self,
        word: &str,
        settings: &ResolvedSettings,
        surroundings: &Surroundings,
    ) -> Result<Box<dyn DestinationConnector>, ConnectorError> {
        destination(word, settings, surroundings)
    }
}

/// What is known of a kind of connection without making one.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The word in files: `sqlite`.
    pub word: &'static str,
    /// The name for people.
    pub label: &'static str,
    /// The settings.
    pub settings: &'static [Setting],
}

macro_rules! connectors {
    (sources { $($source:ident),* $(,)? } destinations { $($destination:ident),* $(,)? }) => {
        /// Every kind of source.
        pub const SOURCES: &[Kind] = &[$(super::sources::$source::KIND),*];
        /// Every kind of destination.
        pub const DESTINATIONS: &[Kind] = &[$(super::destinations::$destination::KIND),*];

        /// Makes a source of the kind `word`.
        ///
        /// # Errors
        /// [`ConnectorError`] of kind `config` for an unknown word or settings that do not fit.
        pub fn source(
            word: &str,
            settings: &ResolvedSettings,
            surroundings: &Surroundings,
        ) -> Result<Box<dyn SourceConnector>, ConnectorError> {
            match word {
                $(w if w == super::sources::$source::KIND.word =>
                    Ok(Box::new(super::sources::$source::open(settings, surroundings)?)),)*
                _ => Err(unknown("source", word, SOURCES)),
            }
        }

        /// Makes a destination of the kind `word`.
        ///
        /// # Errors
        /// [`ConnectorError`] of kind `config` for an unknown word or settings that do not fit.
        pub fn destination(
            word: &str,
            settings: &ResolvedSettings,
            surroundings: &Surroundings,
        ) -> Result<Box<dyn DestinationConnector>, ConnectorError> {
            match word {
                $(w if w == super::destinations::$destination::KIND.word =>
                    Ok(Box::new(super::destinations::$destination::open(settings, surroundings)?)),)*
                _ => Err(unknown("destination", word, DESTINATIONS)),
            }
        }
    };
}

connectors! {
    sources { sqlite, files }
    destinations { sqlite, file, webhook }
}

fn unknown(what: &str, word: &str, kinds: &[Kind]) -> ConnectorError {
    let words: Vec<&str> = kinds.iter().map(|kind| kind.word).collect();
    ConnectorError::new(
        ProblemKind::Config,
        format!("there is no {what} of type '{word}'"),
    )
    .hint(format!("the types are {}", words.join(", ")))
}
