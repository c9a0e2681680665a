//! Edits of single models, sources and destinations, as forms make them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::destination::Settings;
use super::model::Role;
use super::secret::SecretText;
use super::sync::{Sync, SyncSettings};
use super::value::Type;

/// A change of one resource. Reply: [`Reply::Changes`](super::command::Reply::Changes), with what
/// follows for syncs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "edit")]
pub enum Edit {
    /// Makes or changes a model.
    Model {
        /// The model.
        model: ModelDraft,
        /// Shows what would change and changes nothing.
        #[serde(default)]
        dry_run: bool,
        /// Names of syncs whose snapshot may be dropped.
        #[serde(default)]
        confirm: Vec<String>,
    },
    /// Makes or changes a source or a destination, with its secrets.
    Connection {
        /// Which of the two.
        side: Side,
        /// The source or destination.
        connection: ConnectionDraft,
        /// Shows what would change and changes nothing.
        #[serde(default)]
        dry_run: bool,
    },
    /// Makes or changes a sync.
    Sync {
        /// The sync.
        sync: Box<SyncDraft>,
        /// Columns of its model that become identifiers with it.
        #[serde(default)]
        identifiers: Vec<String>,
        /// Shows what would change and changes nothing.
        #[serde(default)]
        dry_run: bool,
        /// Names of syncs whose snapshot may be dropped.
        #[serde(default)]
        confirm: Vec<String>,
    },
    /// Removes a sync with its snapshot and history; what it sent stays where it is.
    DeleteSync {
        /// Its id or name.
        sync: String,
        /// Its name once more, typed.
        confirm: String,
    },
    /// Removes what nothing uses.
    Delete {
        /// What it is.
        kind: ResourceKind,
        /// Its id or name.
        name: String,
    },
}

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Models query it.
    Source,
    /// Syncs write to it.
    Destination,
}

impl Side {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
        }
    }
}

/// What can be removed by an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A source.
    Source,
    /// A model.
    Model,
    /// A destination.
    Destination,
}

impl ResourceKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Model => "model",
            Self::Destination => "destination",
        }
    }
}

impl From<Side> for ResourceKind {
    fn from(side: Side) -> Self {
        match side {
            Side::Source => Self::Source,
            Side::Destination => Self::Destination,
        }
    }
}

/// A model as a form gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelDraft {
    /// Its id; nothing for a new one.
    #[serde(default)]
    pub id: Option<String>,
    /// The revision that was edited: another one means that somebody else saved meanwhile.
    #[serde(default)]
    pub revision: Option<u64>,
    /// Its name.
    pub name: String,
    /// Its source's name or id.
    pub source: String,
    /// The query.
    pub sql: String,
    /// The key's columns.
    pub primary_key: Vec<String>,
    /// Columns with a declared type or a role of their own.
    #[serde(default)]
    pub columns: Vec<ColumnDraft>,
}

/// A column as a form gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnDraft {
    /// The name as the query gives it.
    pub name: String,
    /// The declared type; else it is inferred.
    #[serde(rename = "type", default)]
    pub kind: Option<Type>,
    /// Identifier or attribute.
    #[serde(default)]
    pub role: Role,
}

/// A sync as forms give it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncDraft {
    /// Its id; nothing for a new one.
    #[serde(default)]
    pub id: Option<String>,
    /// The revision that was edited.
    #[serde(default)]
    pub revision: Option<u64>,
    /// Its settings, with names or ids of model and destination.
    pub settings: SyncSettings<String, String>,
}

impl SyncDraft {
    /// A saved sync, to be edited.
    pub fn of(sync: &Sync) -> Self {
        let Sync {
            id,
            settings,
            revision,
        } = sync.clone();
        let (model, destination) = (settings.model.to_string(), settings.destination.to_string());
        Self {
            id: Some(id.to_string()),
            revision: Some(revision),
            settings: settings.with(model, destination),
        }
    }
}

/// A source or destination as a form gives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionDraft {
    /// Its id; nothing for a new one.
    #[serde(default)]
    pub id: Option<String>,
    /// The revision that was edited.
    #[serde(default)]
    pub revision: Option<u64>,
    /// Its name.
    pub name: String,
    /// The connector's word.
    #[serde(rename = "type")]
    pub connector: String,
    /// Its settings; a secret stands here as a reference, or not at all where it is typed.
    pub settings: Settings,
    /// Secrets that were typed, by key: they are kept encrypted.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretText>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::command::{Command, Reply};
    use super::super::explore::{Connectors, Explore, KeyCheck};
    use super::*;

    #[test]
    fn edits_and_questions_are_the_same_after_the_way_over_a_socket() {
        let model = ModelDraft {
            id: None,
            revision: Some(3),
            name: "contacts".to_owned(),
            source: "crm".to_owned(),
            sql: "select 1".to_owned(),
            primary_key: vec!["id".to_owned()],
            columns: vec![ColumnDraft {
                name: "id".to_owned(),
                kind: Some(Type::Text),
                role: Role::Identifier,
            }],
        };
        let secret = SecretText::new("hunter2".to_owned());
        let connection = ConnectionDraft {
            id: Some("dst_x".to_owned()),
            revision: None,
            name: "hook".to_owned(),
            connector: "webhook".to_owned(),
            settings: [("url".to_owned(), json!("https://x.example"))].into(),
            secrets: [("token".to_owned(), secret)].into(),
        };
        let commands = [
            Command::Edit(Edit::Model {
                model,
                dry_run: true,
                confirm: vec!["a".to_owned()],
            }),
            Command::Edit(Edit::Connection {
                side: Side::Destination,
                connection,
                dry_run: false,
            }),
            Command::Edit(Edit::Delete {
                kind: ResourceKind::Model,
                name: "contacts".to_owned(),
            }),
            Command::Explore(Explore::Connectors),
            Command::Explore(Explore::Tables {
                source: "crm".to_owned(),
            }),
        ];
        for command in commands {
            let json = serde_json::to_string(&command).unwrap();
            assert_eq!(serde_json::from_str::<Command>(&json).unwrap(), command);
        }
        let replies = [
            Reply::KeyCheck(KeyCheck::default()),
            Reply::Tables(Vec::new()),
            Reply::Connectors(Connectors::default()),
        ];
        for reply in replies {
            let json = serde_json::to_string(&reply).unwrap();
            assert_eq!(serde_json::from_str::<Reply>(&json).unwrap(), reply);
        }
    }
}
