//! A TOML file as a tree that knows the line of each key, so that errors can say it.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, meant};

/// A value of the file with its line.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The line on which it stands, counted from 1.
    pub line: usize,
    /// What it is.
    pub content: Content,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// A text, number, boolean or date.
    Scalar(Json),
    /// A list.
    List(Vec<Node>),
    /// Keys in the file's order.
    Table(Vec<Entry>),
}

/// One key of a table.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub key: String,
    /// The line of the key.
    pub line: usize,
    /// Its value.
    pub node: Node,
}

/// Reads a file's text.
///
/// # Errors
/// [`ConfigError`] with the line where it is not TOML.
pub(crate) fn parse(text: &str) -> Result<Node, ConfigError> {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    // What is wrong first is what the person did; the rest may only follow from it.
    match errors.iter().min_by_key(|error| start(error)) {
        None => Ok(Node {
            line: lines.line(table.span().start),
            content: lines.table(table.get_ref())?,
        }),
        Some(error) => Err(ConfigError::new(
            lines.line(start(error)),
            error.message().replace('\n', " "),
        )
        .hint("the file is not TOML there")),
    }
}

struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(
            text.bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at)
                .collect(),
        )
    }

    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }

    fn table(&self, table: &DeTable<'_>) -> Result<Content, ConfigError> {
        let mut entries = Vec::new();
        let mut pairs: Vec<_> = table.iter().collect();
        pairs.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in pairs {
            entries.push(Entry {
                key: key.get_ref().to_string(),
                line: self.line(key.span().start),
                node: self.node(value)?,
            });
        }
        Ok(Content::Table(entries))
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Result<Node, ConfigError> {
        let line = self.line(value.span().start);
        let content = match value.get_ref() {
            DeValue::String(text) => Content::Scalar(text.to_string().into()),
            DeValue::Boolean(flag) => Content::Scalar((*flag).into()),
            DeValue::Datetime(instant) => Content::Scalar(instant.to_string().into()),
            DeValue::Integer(number) => {
                let digits = number.as_str().replace('_', "");
                let parsed = i64::from_str_radix(&digits, number.radix());
                Content::Scalar(parsed.map_err(|_| not_a_number(line, &digits))?.into())
            }
            DeValue::Float(number) => {
                let digits = number.as_str().replace('_', "");
                let parsed: f64 = digits.parse().map_err(|_| not_a_number(line, &digits))?;
                if !parsed.is_finite() {
                    return Err(ConfigError::new(
                        line,
                        format!("{digits} is not a finite number"),
                    ));
                }
                Content::Scalar(parsed.into())
            }
            DeValue::Array(items) => Content::List(
                items
                    .iter()
                    .map(|item| self.node(item))
                    .collect::<Result<_, _>>()?,
            ),
            DeValue::Table(table) => self.table(table)?,
        };
        Ok(Node { line, content })
    }
}

fn not_a_number(line: usize, digits: &str) -> ConfigError {
    ConfigError::new(line, format!("{digits} is too large for a number"))
}

impl Node {
    /// The keys, where this is a table.
    pub fn entries(&self, what: &str) -> Result<&[Entry], ConfigError> {
        match &self.content {
            Content::Table(entries) => Ok(entries),
            _ => Err(ConfigError::new(
                self.line,
                format!("{what} must be a table of keys"),
            )),
        }
    }

    /// The items, where this is a list.
    pub fn items(&self, what: &str) -> Result<&[Node], ConfigError> {
        match &self.content {
            Content::List(items) => Ok(items),
            _ => Err(ConfigError::new(
                self.line,
                format!("{what} must be a list"),
            )),
        }
    }

    /// The value under a key, where this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.content {
            Content::Table(entries) => entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| &entry.node),
            _ => None,
        }
    }

    /// Refuses keys that are not `allowed`, with the one that was meant.
    pub fn check_keys(&self, what: &str, allowed: &[&str]) -> Result<(), ConfigError> {
        for entry in self.entries(what)? {
            if !allowed.contains(&entry.key.as_str()) {
                return Err(unknown_key(entry.line, what, &entry.key, allowed));
            }
        }
        Ok(())
    }

    /// The same value without lines.
    pub fn to_json(&self) -> Json {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => items.iter().map(Self::to_json).collect(),
            Content::Table(entries) => Json::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.node.to_json()))
                    .collect(),
            ),
        }
    }

    /// Reads the value as `T`; what does not fit is told with this node's line.
    pub fn read<T: DeserializeOwned>(&self, what: &str) -> Result<T, ConfigError> {
        serde_json::from_value(self.to_json())
            .map_err(|error| ConfigError::new(self.line, format!("{what}: {error}")))
    }

    /// Reads the value under a key, where it is there; what does not fit is told with its line.
    pub fn read_key<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ConfigError> {
        self.get(key).map(|node| node.read(key)).transpose()
    }

    /// Refuses a value under a key that is none of the words.
    pub fn check_word(&self, key: &str, words: &[&str]) -> Result<(), ConfigError> {
        let Some(node) = self.get(key) else {
            return Ok(());
        };
        let Content::Scalar(Json::String(word)) = &node.content else {
            return Err(
                ConfigError::new(node.line, format!("{key} must be a text in quotes"))
                    .hint(format!("one of {}", words.join(", "))),
            );
        };
        if words.contains(&word.as_str()) {
            return Ok(());
        }
        let error = ConfigError::new(node.line, format!("there is no {key} '{word}'"));
        Err(match meant(word, words) {
            Some(known) => error.hint(format!("did you mean '{known}'?")),
            None => error.hint(format!("one of {}", words.join(", "))),
        })
    }

    /// A text that must be there.
    pub fn text(&self, what: &str, key: &str) -> Result<String, ConfigError> {
        let Some(node) = self.get(key) else {
            return Err(ConfigError::new(
                self.line,
                format!("{what} needs the key {key}"),
            ));
        };
        match &node.content {
            Content::Scalar(Json::String(text)) => Ok(text.clone()),
            _ => Err(ConfigError::new(
                node.line,
                format!("{key} must be a text in quotes"),
            )),
        }
    }
}

/// The error of a key that is not known.
pub(crate) fn unknown_key(line: usize, what: &str, key: &str, allowed: &[&str]) -> ConfigError {
    let error = ConfigError::new(line, format!("{what} has no key '{key}'"));
    match meant(key, allowed) {
        Some(known) => error.hint(format!("did you mean '{known}'?")),
        None => error.hint(format!("the keys are {}", allowed.join(", "))),
    }
}
