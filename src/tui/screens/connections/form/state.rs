//! What the form of a connection remembers.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::super::listing::Connection;
use super::fields::{self, NAME};
use crate::domain::destination::Settings;
use crate::domain::edit::{ConnectionDraft, Side};
use crate::domain::explore::{ConnectorKind, Connectors};
use crate::domain::problem::Problem;
use crate::domain::secret::SecretText;
use crate::tui::edits::Saving;
use crate::tui::requests::Waiting;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::input::Input;

/// The form of a source or destination.
#[derive(Debug)]
pub(crate) struct ConnectionForm {
    pub(super) side: Side,
    /// What is edited; nothing for a new one.
    pub(super) id: Option<String>,
    pub(super) revision: Option<u64>,
    pub(super) connector: String,
    /// How it was when it was opened.
    pub(super) name_before: String,
    pub(super) before: Settings,
    /// The kinds, from which the form is drawn; asked for where an old one is opened.
    pub(super) kinds: Waiting<Connectors>,
    pub(super) kind: Option<ConnectorKind>,
    pub(super) form: Form,
    pub(super) saving: Saving,
    pub(super) trouble: Option<Problem>,
}

impl ConnectionForm {
    /// An empty form of a kind.
    pub(crate) fn fresh(side: Side, kind: &ConnectorKind) -> Self {
        let mut page = Self::bare(side, &kind.word);
        page.draw_from(kind.clone());
        page
    }

    /// The form of one that is there; its kind is asked for.
    pub(crate) fn of(side: Side, one: &Connection<'_>) -> Self {
        Self {
            id: Some(one.id.to_owned()),
            revision: Some(one.revision),
            name_before: one.name.to_owned(),
            before: one.settings.clone(),
            ..Self::bare(side, one.connector)
        }
    }

    fn bare(side: Side, connector: &str) -> Self {
        Self {
            side,
            id: None,
            revision: None,
            connector: connector.to_owned(),
            name_before: String::new(),
            before: Settings::new(),
            kinds: Waiting::Not,
            kind: None,
            form: Form::default(),
            saving: Saving::Not,
            trouble: None,
        }
    }

    /// Draws the form from the schema of its kind.
    pub(super) fn draw_from(&mut self, kind: ConnectorKind) {
        self.form = fields::form(&kind, &self.name_before, &self.before);
        self.kind = Some(kind);
    }

    pub(super) fn name(&self) -> String {
        self.form.text(NAME)
    }

    /// What would be saved.
    pub(super) fn draft(&self) -> ConnectionDraft {
        let mut secrets = BTreeMap::new();
        for field in &self.form.fields {
            if let Input::Secret(secret) = &field.input
                && let Some(typed) = secret.typed()
            {
                secrets.insert(field.key.clone(), SecretText::new(typed.to_owned()));
            }
        }
        ConnectionDraft {
            id: self.id.clone(),
            revision: self.revision,
            name: self.name(),
            connector: self.connector.clone(),
            settings: fields::settings(&self.form, &self.before),
            secrets,
        }
    }

    /// Whether it leads to another place than before, to which kept secrets must not go along.
    pub(super) fn has_moved(&self) -> bool {
        let Some(kind) = self.kind.as_ref().filter(|_| self.id.is_some()) else {
            return false;
        };
        let mut places = kind.settings.iter().filter(|setting| setting.endpoint);
        places.any(|setting| {
            let now = self.form.field(&setting.key);
            let now: Option<Json> = now.and_then(|field| field.input.value().ok().flatten());
            let before = self.before.get(&setting.key);
            // A toggle that is off is the same as one that was never set.
            let off = |value: Option<&Json>| value.is_none_or(|value| *value == Json::Bool(false));
            now.as_ref() != before && !(off(now.as_ref()) && off(before))
        })
    }

    /// Asks for kept secrets again where the place has changed, and no longer where it is back.
    pub(super) fn watch_place(&mut self) {
        let moved = self.has_moved();
        for field in &mut self.form.fields {
            let Input::Secret(secret) = &mut field.input else {
                continue;
            };
            secret.set_lost(moved);
            if !moved && secret.is_kept() {
                field.problem = None;
            }
        }
    }

    /// Looks at every field; kept secrets that must be given again are told at theirs.
    pub(super) fn check(&mut self) -> bool {
        self.watch_place();
        let plain = self.form.check();
        for field in &mut self.form.fields {
            if let Input::Secret(secret) = &field.input
                && secret.is_missed()
            {
                field.problem = Some(
                    "the place has changed: give this again, or it would be sent there".to_owned(),
                );
            }
        }
        self.form.seek_problem() && plain
    }
}
