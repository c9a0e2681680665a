//! Saving a mapping: what stands against it, what it costs, and what is said when it is done.

use super::lines::Row;
use super::state::{Host, MappingEditor, Saving};
use crate::domain::command::{Command, Reply};
use crate::domain::edit::Edit;
use crate::domain::mapping::{FieldMapping, MappingProblem, ValueSource};
use crate::domain::model::Role as ColumnRole;
use crate::domain::problem::Problem;
use crate::domain::rehearsal::Rehearsal;
use crate::tui::msg::Effect;
use crate::tui::questions::ask_page;
use crate::tui::requests::misfit;
use crate::tui::screens::page::{Handed, Tag};
use crate::tui::state::State;
use crate::tui::text;

/// The question whether a mapping with another identifier is to be saved.
pub(super) const SAVE: Tag = "save the mapping";

impl MappingEditor {
    /// Saves, where nothing stands against it; another identifier is asked about with its cost.
    pub(super) fn save(&mut self, state: &mut State) -> Vec<Effect> {
        if self.object.here().is_none() {
            state.note("the fields of the object are not known yet");
            return Vec::new();
        }
        if matches!(self.saving, Some(Saving::Counting | Saving::Sent(_))) {
            state.note("it is being saved already");
            return Vec::new();
        }
        let worst = self.errors().next().cloned();
        if let Some(worst) = worst {
            self.refuse(state, &worst);
            return Vec::new();
        }
        if let Host::New(_) = self.host {
            self.hand_back(state, true);
            return Vec::new();
        }
        if !self.is_edited() {
            state.note("there is nothing to save");
            return Vec::new();
        }
        if self.moves_identifier() && self.known(state) > 0 {
            self.saving = Some(Saving::Counting);
            if self.is_rehearsed() && self.rehearsal.here().is_some() {
                return self.counted(state);
            }
            return self.rehearse(state);
        }
        self.save_now(state)
    }

    /// Gives the mapping back to the sync that is being made.
    pub(super) fn hand_back(&mut self, state: &mut State, onward: bool) {
        let handed = Handed::Mapping {
            lines: self.draft.now.lines.clone(),
            identifiers: self.identifiers(),
            onward,
        };
        self.before = self.draft.now.clone();
        state.router.close(Some(handed));
    }

    /// Says what stands against saving, and goes there.
    fn refuse(&mut self, state: &State, worst: &MappingProblem) {
        self.trouble = Some(advice(self, state, worst));
        let rows = &self.rows.all;
        let place = match (worst.line, worst.code.as_str()) {
            (Some(line), _) => rows.iter().position(|row| row.line == Some(line)),
            (None, "required_not_mapped") => rows
                .iter()
                .position(|row| row.required && row.line.is_none()),
            (None, "no_identifier") => rows
                .iter()
                .position(|row| self.could_identify(row, true))
                .or_else(|| rows.iter().position(|row| self.could_identify(row, false))),
            _ => None,
        };
        let field = place.and_then(|place| rows.get(place));
        if let Some(field) = field.map(|row| row.field.clone()) {
            self.select_field(&field);
        }
    }

    /// Whether records can be matched by the field of a line; where `has` is wanted, only if its
    /// column, mapped or suggested, is an identifier.
    fn could_identify(&self, row: &Row, has: bool) -> bool {
        let field = row
            .known
            .and_then(|known| self.object.here()?.schema.fields.get(known));
        let mapped = row.line.and_then(|line| self.draft.now.lines.get(line));
        let column = match mapped.map(|line| &line.source) {
            Some(ValueSource::Column(column)) => Some(column),
            Some(_) => None,
            None => row.suggested.as_ref(),
        };
        let role = column.and_then(|column| self.model.as_ref()?.column(column));
        let is_identifier = role.is_some_and(|column| column.role == ColumnRole::Identifier);
        field.is_some_and(|field| field.identifier) && (is_identifier || !has)
    }

    /// Whether records are to be matched by something else than before.
    fn moves_identifier(&self) -> bool {
        let marked = |lines: &[FieldMapping]| -> Vec<_> {
            lines
                .iter()
                .filter(|line| line.is_identifier)
                .cloned()
                .collect()
        };
        marked(&self.draft.now.lines) != marked(&self.before.lines)
    }

    /// The cost is known: where saving waits for it, a person is asked.
    pub(super) fn counted(&mut self, state: &mut State) -> Vec<Effect> {
        if !matches!(self.saving, Some(Saving::Counting)) {
            return Vec::new();
        }
        self.saving = None;
        let Some(rehearsal) = self.rehearsal.here() else {
            if let Some(problem) = self.rehearsal.problem() {
                let words = format!("could not count what saving costs: {}", problem.text);
                self.trouble = Some((words, problem.hint.clone()));
            }
            return Vec::new();
        };
        let name = &self.sync.settings.name;
        let body = vec![
            "Records are matched by another identifier from the next run on.".to_owned(),
            format!("That run: {}.", cost(rehearsal)),
            "Nothing is deleted or sent by saving itself.".to_owned(),
        ];
        let title = format!("Save the mapping of {name}?");
        ask_page(state, title, body, ("go on editing", "save it"), SAVE);
        self.saving = Some(Saving::Asking);
        Vec::new()
    }

    pub(super) fn save_now(&mut self, state: &mut State) -> Vec<Effect> {
        let name = self.sync.settings.name.clone();
        let command = Command::Edit(Edit::Sync {
            sync: Box::new(self.edited()),
            identifiers: self.identifiers(),
            dry_run: false,
            confirm: Vec::new(),
        });
        let counted = self.rehearsal.here().filter(|_| self.is_rehearsed());
        let next = counted.map_or("it holds from the next run on".to_owned(), |rehearsal| {
            format!("the next run: {}", cost(rehearsal))
        });
        let done = format!("{name}: the mapping is saved; {next}");
        let failed = format!("could not save the mapping of {name}");
        let (token, effect) = state.order("saving", failed, done, command);
        self.saving = Some(Saving::Sent(token));
        vec![effect]
    }

    pub(super) fn saved(
        &mut self,
        state: &mut State,
        token: u64,
        result: Result<Reply, Problem>,
    ) -> Vec<Effect> {
        if !matches!(self.saving, Some(Saving::Sent(own)) if own == token) {
            return Vec::new();
        }
        self.saving = None;
        match result {
            Ok(Reply::Changes(_)) => {
                self.before = self.draft.now.clone();
                state.router.close(Some(Handed::Saved {
                    kind: "sync",
                    name: self.sync.settings.name.clone(),
                }));
            }
            Ok(_) => self.trouble = Some((misfit().text, misfit().hint)),
            Err(problem) => self.trouble = Some((problem.text, problem.hint)),
        }
        Vec::new()
    }
}

/// What a run would send, in words: `4,711 sent again, 12 new, 0 deletes`.
pub(super) fn cost(rehearsal: &Rehearsal) -> String {
    let Some(counters) = &rehearsal.counters else {
        return format!("{} were read", text::counted(rehearsal.rows, "row"));
    };
    let mut parts = Vec::new();
    // Where nothing was sent before, nothing is sent again.
    if !rehearsal.starts_empty {
        parts.push(format!(
            "{} sent again",
            text::count(counters.update.planned)
        ));
    }
    if counters.create.planned > 0 {
        parts.push(format!("{} new", text::count(counters.create.planned)));
    }
    parts.push(text::counted(counters.delete.planned, "delete"));
    if counters.invalid > 0 {
        parts.push(format!("{} invalid", text::count(counters.invalid)));
    }
    parts.join(", ")
}

/// A problem with what can be done about it here.
pub(super) fn advice(
    editor: &MappingEditor,
    state: &State,
    problem: &MappingProblem,
) -> (String, String) {
    let hint = match problem.code.as_str() {
        "no_identifier" => {
            let model = editor.model.as_ref().map(|model| &model.id);
            let own = editor.sync.id.as_deref();
            let users = state.world.syncs.iter();
            let others = users
                .filter(|sync| Some(&sync.sync.settings.model) == model)
                .filter(|sync| Some(sync.id().as_str()) != own)
                .count();
            let others = u64::try_from(others).unwrap_or(u64::MAX);
            let uses = if others == 1 { "uses" } else { "use" };
            match others {
                0 => "`i` marks a line, and gives its column the role.".to_owned(),
                _ => format!(
                    "`i` marks a line, and gives its column the role ({} {uses} this model).",
                    text::counted(others, "other sync")
                ),
            }
        }
        "required_not_mapped" => "`enter` column, `=` constant, `x` template.".to_owned(),
        _ => problem.hint.clone(),
    };
    (problem.text.clone(), hint)
}
