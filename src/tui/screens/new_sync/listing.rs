//! What a step offers to choose from.

use crate::domain::destination::{Health, Object};
use crate::domain::model::Role as ColumnRole;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::table::Listing;

/// One that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub value: String,
    /// What is to be known of it.
    pub notes: [String; 2],
}

/// The choices of a step.
#[derive(Debug, Default)]
pub(super) struct Choices(pub Vec<Choice>);

impl Choices {
    /// The models with source and columns.
    pub(super) fn models(state: &State) -> Self {
        let models = state.world.models.iter();
        let choices = models.map(|model| {
            let sources = state.world.sources.iter();
            let mut source = sources.filter(|source| source.id == model.source);
            let source = source.next().map_or(model.source.as_str(), |it| &it.name);
            let columns = u64::try_from(model.columns.len()).unwrap_or(u64::MAX);
            let identifiers = model.columns.iter();
            let identifiers = identifiers.filter(|column| column.role == ColumnRole::Identifier);
            let columns = match identifiers.count() {
                0 => format!("{}, no identifier", text::counted(columns, "column")),
                _ => text::counted(columns, "column"),
            };
            Choice {
                value: model.name.clone(),
                notes: [source.to_owned(), columns],
            }
        });
        Self(choices.collect())
    }

    /// The destinations with kind and health.
    pub(super) fn destinations(state: &State) -> Self {
        let all = state.world.destinations.iter();
        let choices = all.map(|destination| {
            let health = match &destination.health {
                Health::Healthy { .. } => "healthy".to_owned(),
                Health::Failing { reason, .. } => format!("failing: {reason}"),
                Health::Unchecked => "unchecked".to_owned(),
            };
            Choice {
                value: destination.name.clone(),
                notes: [destination.connector.clone(), health],
            }
        });
        Self(choices.collect())
    }

    /// The objects of a destination, with the one that was named here.
    pub(super) fn objects(objects: &[Object], chosen: &str) -> Self {
        let mut choices: Vec<Choice> = objects
            .iter()
            .map(|object| Choice {
                value: object.name.clone(),
                notes: [
                    match object.label == object.name {
                        true => String::new(),
                        false => object.label.clone(),
                    },
                    String::new(),
                ],
            })
            .collect();
        let known = choices.iter().any(|choice| choice.value == chosen);
        if !chosen.is_empty() && !known {
            choices.push(Choice {
                value: chosen.to_owned(),
                notes: ["named here".to_owned(), String::new()],
            });
        }
        Self(choices)
    }
}

impl Listing for Choices {
    fn total(&self) -> usize {
        self.0.len()
    }

    fn id(&self, at: usize) -> String {
        self.0
            .get(at)
            .map_or(String::new(), |choice| choice.value.clone())
    }

    fn text(&self, at: usize) -> String {
        self.0.get(at).map_or(String::new(), |choice| {
            format!("{} {}", choice.value, choice.notes.join(" "))
        })
    }

    fn orders(&self) -> &'static [&'static str] {
        &[]
    }
}
