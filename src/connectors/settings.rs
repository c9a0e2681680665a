//! Settings of connections: the schema that forms are drawn from, and resolved values.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Serialize;

use super::contract::ConnectorError;
use crate::domain::problem::ProblemKind;

/// The kind of one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    /// One line of text.
    Text,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// One of the given words.
    Choice(&'static [&'static str]),
    /// A path, relative to the file that it stands in.
    Path,
    /// A list of texts.
    List,
    /// Texts by name, such as headers.
    Map,
    /// A secret.
    Secret,
}

/// One setting of a connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The key.
    pub key: &'static str,
    /// Its kind.
    pub kind: SettingKind,
    /// Whether it must be given.
    pub required: bool,
    /// Whether a change of it asks for the secrets again: host, port, URL, TLS.
    pub endpoint: bool,
    /// One line of help, with the default.
    pub help: &'static str,
}

/// Settings with their secrets resolved; the only form that connectors see.
#[derive(Debug, Default, Clone)]
pub struct ResolvedSettings {
    /// Everything but the secrets.
    pub values: BTreeMap<String, serde_json::Value>,
    /// The secrets.
    pub secrets: BTreeMap<String, SecretString>,
}

impl ResolvedSettings {
    fn wrong(key: &str, wanted: &str) -> ConnectorError {
        ConnectorError::new(
            ProblemKind::Config,
            format!("the setting {key} must be {wanted}"),
        )
    }

    /// A text.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where it is not a text.
    pub fn text(&self, key: &str) -> Result<Option<&str>, ConnectorError> {
        match self.values.get(key) {
            None => Ok(None),
            Some(value) => value
                .as_str()
                .map(Some)
                .ok_or_else(|| Self::wrong(key, "a text")),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where it is missing or not a text.
    pub fn required_text(&self, key: &str) -> Result<&str, ConnectorError> {
        self.text(key)?.ok_or_else(|| {
            ConnectorError::new(ProblemKind::Config, format!("the setting {key} is missing"))
        })
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where it is not one.
    pub fn integer(&self, key: &str) -> Result<Option<u64>, ConnectorError> {
        match self.values.get(key) {
            None => Ok(None),
            Some(value) => value
                .as_u64()
                .map(Some)
                .ok_or_else(|| Self::wrong(key, "a whole number")),
        }
    }

    /// True or false; false where it is missing.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where it is neither.
    pub fn boolean(&self, key: &str) -> Result<Option<bool>, ConnectorError> {
        match self.values.get(key) {
            None => Ok(None),
            Some(value) => value
                .as_bool()
                .map(Some)
                .ok_or_else(|| Self::wrong(key, "true or false")),
        }
    }

    /// A list of texts; empty where it is missing.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where it is not one.
    pub fn list(&self, key: &str) -> Result<Vec<String>, ConnectorError> {
        let Some(value) = self.values.get(key) else {
            return Ok(Vec::new());
        };
        serde_json::from_value(value.clone()).map_err(|_| Self::wrong(key, "a list of texts"))
    }

    /// Texts by name; empty where it is missing.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where it is not such a table.
    pub fn map(&self, key: &str) -> Result<BTreeMap<String, String>, ConnectorError> {
        let Some(value) = self.values.get(key) else {
            return Ok(BTreeMap::new());
        };
        serde_json::from_value(value.clone()).map_err(|_| Self::wrong(key, "a table of texts"))
    }

    /// A secret.
    pub fn secret(&self, key: &str) -> Option<&SecretString> {
        self.secrets.get(key)
    }
}
