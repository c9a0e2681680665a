//! Resource files: sources, models, destinations and syncs as a person writes them.

use serde::Deserialize;
use serde_json::Value as Json;

use crate::domain::destination::Settings;
use crate::domain::guard::GuardSettings;
use crate::domain::model::Role;
use crate::domain::sync::SyncSettings;
use crate::domain::value::Type;

use super::error::ConfigError;
use super::keys::{
    COLUMN, MAPPING, MODEL, SCHEDULE, SYNC, TOP, WORKSPACE, check_guards, check_sync_values,
};
use super::tree::{self, Node};

/// A resource file, with names where the store has ids.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The workspace's own settings.
    pub workspace: Option<WorkspaceDoc>,
    /// Sources.
    pub sources: Vec<ConnectionDoc>,
    /// Models.
    pub models: Vec<ModelDoc>,
    /// Destinations.
    pub destinations: Vec<ConnectionDoc>,
    /// Syncs.
    pub syncs: Vec<SyncDoc>,
}

/// The workspace's own settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceDoc {
    /// Its name.
    pub name: Option<String>,
    /// The zone of schedules that name none.
    pub timezone: Option<String>,
    /// Runs at a time.
    pub max_runs: Option<u32>,
    /// Limits of syncs that set none.
    pub guards: Option<GuardSettings>,
}

/// A source or a destination.
#[derive(Debug, Clone)]
pub struct ConnectionDoc {
    /// Its id, as an export writes it.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// The connector's word.
    pub connector: String,
    /// The connector's settings with the line of each.
    pub settings: Vec<(String, Json, usize)>,
    /// The line on which it begins.
    pub line: usize,
}

impl ConnectionDoc {
    /// The settings without their lines.
    pub fn plain_settings(&self) -> Settings {
        self.settings
            .iter()
            .map(|(key, value, _)| (key.clone(), value.clone()))
            .collect()
    }
}

/// A column as a person declares it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnDoc {
    /// The name as the query gives it.
    pub name: String,
    /// The declared type; else it is inferred.
    #[serde(rename = "type")]
    pub kind: Option<Type>,
    /// Identifier or attribute.
    #[serde(default)]
    pub role: Role,
}

/// A model.
#[derive(Debug, Clone)]
pub struct ModelDoc {
    /// Its id, as an export writes it.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its source's name or id.
    pub source: String,
    /// The query.
    pub sql: String,
    /// The key's columns.
    pub primary_key: Vec<String>,
    /// Columns with a declared type or role.
    pub columns: Vec<ColumnDoc>,
    /// The line on which it begins.
    pub line: usize,
}

/// A sync.
#[derive(Debug, Clone)]
pub struct SyncDoc {
    /// Its id, as an export writes it.
    pub id: Option<String>,
    /// Its settings, with names for model and destination.
    pub settings: SyncSettings<String, String>,
    /// Whether its schedule is off; absent: as it is, and off where it is new.
    pub paused: Option<bool>,
    /// The line on which it begins.
    pub line: usize,
    /// The line of each mapping.
    pub mapping_lines: Vec<usize>,
}

impl Document {
    /// Reads a resource file.
    ///
    /// # Errors
    /// [`ConfigError`] with the line of the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let root = tree::parse(text)?;
        root.check_keys("the file", TOP)?;
        let mut document = Self::default();
        if let Some(node) = root.get("workspace") {
            node.check_keys("[workspace]", WORKSPACE)?;
            check_guards(node)?;
            document.workspace = Some(node.read("[workspace]")?);
        }
        for node in each(&root, "source")? {
            document.sources.push(connection("[[source]]", node)?);
        }
        for node in each(&root, "model")? {
            document.models.push(model(node)?);
        }
        for node in each(&root, "destination")? {
            document
                .destinations
                .push(connection("[[destination]]", node)?);
        }
        for node in each(&root, "sync")? {
            document.syncs.push(sync(node)?);
        }
        document.check_names()?;
        Ok(document)
    }

    fn check_names(&self) -> Result<(), ConfigError> {
        let sources = self
            .sources
            .iter()
            .map(|item| ("source", &item.name, item.line));
        let models = self
            .models
            .iter()
            .map(|item| ("model", &item.name, item.line));
        let destinations = self
            .destinations
            .iter()
            .map(|item| ("destination", &item.name, item.line));
        let syncs = self
            .syncs
            .iter()
            .map(|item| ("sync", &item.settings.name, item.line));
        let name = self
            .workspace
            .as_ref()
            .and_then(|workspace| workspace.name.as_ref());
        if name.is_some_and(|name| !is_plain(name)) {
            return Err(ConfigError::new(
                1,
                "the name of the workspace must be plain text",
            ));
        }
        let mut seen = std::collections::HashSet::new();
        for (kind, name, line) in sources.chain(models).chain(destinations).chain(syncs) {
            if !is_plain(name) {
                return Err(ConfigError::new(
                    line,
                    format!("the name of a {kind} must be plain text"),
                )
                .hint("one line that is not empty and has no control characters"));
            }
            if !seen.insert((kind, name)) {
                return Err(ConfigError::new(
                    line,
                    format!("there are two {kind}s called '{name}'"),
                )
                .hint("names are unique within their kind"));
            }
        }
        self.check_ids()
    }

    fn check_ids(&self) -> Result<(), ConfigError> {
        let sources = self.sources.iter().map(|item| (&item.id, item.line));
        let models = self.models.iter().map(|item| (&item.id, item.line));
        let destinations = self.destinations.iter().map(|item| (&item.id, item.line));
        let syncs = self.syncs.iter().map(|item| (&item.id, item.line));
        let mut seen = std::collections::HashSet::new();
        for (id, line) in sources.chain(models).chain(destinations).chain(syncs) {
            if let Some(id) = id
                && !seen.insert(id)
            {
                return Err(
                    ConfigError::new(line, format!("the id '{id}' stands twice"))
                        .hint("leave out the id of what is new"),
                );
            }
        }
        Ok(())
    }
}

/// Whether a name can stand on one line.
fn is_plain(name: &str) -> bool {
    !name.trim().is_empty() && !name.chars().any(char::is_control)
}

fn each<'a>(root: &'a Node, key: &str) -> Result<&'a [Node], ConfigError> {
    root.get(key).map_or(Ok(&[]), |node| {
        node.items(key)
            .map_err(|error| error.hint(format!("write [[{key}]] with two brackets")))
    })
}

fn optional_text(node: &Node, what: &str, key: &str) -> Result<Option<String>, ConfigError> {
    node.get(key).map(|_| node.text(what, key)).transpose()
}

fn connection(what: &str, node: &Node) -> Result<ConnectionDoc, ConfigError> {
    let settings = node.entries(what)?.iter();
    let settings = settings.filter(|entry| !["id", "name", "type"].contains(&entry.key.as_str()));
    Ok(ConnectionDoc {
        id: optional_text(node, what, "id")?,
        name: node.text(what, "name")?,
        connector: node.text(what, "type")?,
        settings: settings
            .map(|entry| (entry.key.clone(), entry.node.to_json(), entry.line))
            .collect(),
        line: node.line,
    })
}

fn model(node: &Node) -> Result<ModelDoc, ConfigError> {
    let what = "[[model]]";
    node.check_keys(what, MODEL)?;
    let mut columns = Vec::new();
    if let Some(list) = node.get("columns") {
        for column in list.items("columns")? {
            column.check_keys("a column", COLUMN)?;
            column.check_word("type", &Type::ALL.map(Type::word))?;
            column.check_word("role", &["identifier", "attribute"])?;
            columns.push(column.read("a column")?);
        }
    }
    let key = node.get("primary_key").ok_or_else(|| {
        ConfigError::new(node.line, "[[model]] needs the key primary_key")
            .hint("it names the columns that tell one row from every other: primary_key = [\"id\"]")
    })?;
    let primary_key: Vec<String> = key.read("primary_key")?;
    if primary_key.is_empty() {
        return Err(ConfigError::new(
            key.line,
            "primary_key must name at least one column",
        ));
    }
    Ok(ModelDoc {
        id: optional_text(node, what, "id")?,
        name: node.text(what, "name")?,
        source: node.text(what, "source")?,
        sql: node.text(what, "sql")?,
        primary_key,
        columns,
        line: node.line,
    })
}

fn sync(node: &Node) -> Result<SyncDoc, ConfigError> {
    let what = "[[sync]]";
    node.check_keys(what, SYNC)?;
    check_sync_values(node)?;
    check_guards(node)?;
    if let Some(schedule) = node.get("schedule") {
        schedule.check_keys("schedule", SCHEDULE)?;
        schedule.check_word("type", &["manual", "interval", "cron", "after"])?;
        schedule.read::<crate::domain::schedule::Schedule>("schedule")?;
    }
    let mut mapping_lines = Vec::new();
    if let Some(list) = node.get("field_mappings") {
        for mapping in list.items("field_mappings")? {
            mapping.check_keys("a mapping", MAPPING)?;
            mapping.check_word("write", &["always", "on_create", "if_empty"])?;
            mapping.check_word("nulls", &["send", "skip"])?;
            mapping.read::<crate::domain::mapping::FieldMapping>("a mapping")?;
            mapping_lines.push(mapping.line);
        }
    }
    let mut json = node.to_json();
    let (mut id, mut paused) = (None, None);
    if let Json::Object(keys) = &mut json {
        id = keys
            .remove("id")
            .and_then(|id| id.as_str().map(str::to_owned));
        keys.remove("paused");
        paused = node.read_key::<bool>("paused")?;
    }
    let settings = serde_json::from_value(json)
        .map_err(|error| ConfigError::new(node.line, format!("{what}: {error}")))?;
    Ok(SyncDoc {
        id,
        settings,
        paused,
        line: node.line,
        mapping_lines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_is_told_with_its_line_and_what_was_meant() {
        let text = "[workspace]\nname = \"acme\"\n\n[[model]]\nname = \"m\"\nsouce = \"s\"\n";
        let error = Document::parse(text).unwrap_err();
        assert_eq!(error.line, 6);
        assert_eq!(error.hint, "did you mean 'source'?");
    }

    #[test]
    fn broken_toml_is_told_with_its_line() {
        let error = Document::parse("[workspace]\nname = \n").unwrap_err();
        assert_eq!(error.line, 2);
    }

    #[test]
    fn a_sync_reads_with_its_mapping() {
        let text = r#"
[[sync]]
name = "a"
model = "m"
destination = "d"
destination_object = "o"
mode = "upsert"
paused = false
schedule = { type = "interval", interval_minutes = 60 }
field_mappings = [
  { source_column = "email", destination_field = "Email", is_identifier = true },
  { constant = "EU", destination_field = "Region", write = "on_create", transforms = ["trim", { name = "substring", start = 0, length = 40 }] },
]
"#;
        let document = Document::parse(text).unwrap();
        let sync = &document.syncs[0];
        assert_eq!(sync.paused, Some(false));
        assert_eq!(sync.settings.field_mappings.len(), 2);
        assert_eq!(
            sync.settings.field_mappings[1].transforms[1].name,
            "substring"
        );
        assert_eq!(sync.mapping_lines, [11, 12]);
    }

    #[test]
    fn two_of_one_name_are_refused() {
        let one = "[[source]]\nname = \"a\"\ntype = \"sqlite\"\npath = \"x\"\n";
        assert!(
            Document::parse(&format!("{one}{one}"))
                .unwrap_err()
                .text
                .contains("two source")
        );
    }
}
