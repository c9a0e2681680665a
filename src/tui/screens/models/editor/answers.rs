//! What the model editor asks the core for, and what it makes of the answers.

use super::state::{ModelEditor, Pane, Preview, Saving};
use super::update::SAVE;
use crate::domain::command::{Change, Command, Reply};
use crate::domain::edit::Edit;
use crate::domain::explore::Explore;
use crate::domain::problem::Problem;
use crate::tui::msg::Effect;
use crate::tui::questions::{ask_name, ask_page};
use crate::tui::requests::Waiting;
use crate::tui::screens::page::Handed;
use crate::tui::state::State;
use crate::tui::text;

/// Rows of a preview.
const ROWS: u32 = 100;

impl ModelEditor {
    /// Asks for the first rows, in place of what was asked before.
    pub(super) fn ask_preview(&mut self, state: &mut State) -> Vec<Effect> {
        if !self
            .head
            .field("source")
            .is_some_and(|f| matches!(f.input.value(), Ok(Some(_))))
        {
            self.pane = Pane::Head;
            self.head.cursor = 1;
            state.note("choose the source first");
            return Vec::new();
        }
        let sql = self.sql.text();
        if sql.trim().is_empty() {
            self.pane = Pane::Sql;
            state.note("there is no query yet");
            return Vec::new();
        }
        let mut effects = match self.preview.token() {
            Some(token) => state.let_go(token),
            None => Vec::new(),
        };
        let command = Command::Explore(Explore::Query {
            source: self.source(),
            sql: sql.clone(),
            declared: self.columns.declared(),
            limit: ROWS,
        });
        let (token, effect) = state.ask("reading the first rows", command);
        self.preview = Waiting::asked(state, token);
        self.asked = Some((state.now.ms, sql));
        effects.push(effect);
        effects
    }

    /// Asks whether the key tells all rows apart.
    pub(super) fn ask_check(&mut self, state: &mut State) -> Vec<Effect> {
        let mut effects = match self.check.token() {
            Some(token) => state.let_go(token),
            None => Vec::new(),
        };
        let command = Command::Explore(Explore::CheckKey {
            source: self.source(),
            sql: self.sql.text(),
            key: self.columns.key_columns(),
        });
        let (token, effect) = state.ask("checking the key", command);
        self.check = Waiting::asked(state, token);
        self.checked.clone_from(&self.columns.key);
        effects.push(effect);
        effects
    }

    /// Asks for the tables of the chosen source, once for each source.
    pub(super) fn ask_catalog(&mut self, state: &mut State) -> Vec<Effect> {
        let source = self.source();
        if source.is_empty() || source == self.catalog_of {
            return Vec::new();
        }
        let mut effects = match self.catalog.token() {
            Some(token) => state.let_go(token),
            None => Vec::new(),
        };
        self.catalog_of.clone_from(&source);
        let command = Command::Explore(Explore::Tables { source });
        let (token, effect) = state.ask("reading the tables", command);
        self.catalog = Waiting::asked(state, token);
        effects.push(effect);
        effects
    }

    /// Lets go of what is under way for the eye; nothing where there was none.
    pub(super) fn let_go(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        let preview = self.preview.token();
        let check = self.check.token();
        let token = preview.or(check)?;
        if preview.is_some() {
            self.preview = Waiting::Not;
            state.note("the reading was let go");
        } else {
            self.check = Waiting::Not;
            state.note("the check was let go");
        }
        Some(state.let_go(token))
    }

    /// Takes an answer.
    pub(super) fn answered(
        &mut self,
        state: &mut State,
        token: u64,
        result: Result<Reply, Problem>,
    ) -> Vec<Effect> {
        if self.preview.awaits(token) {
            self.take_preview(state, token, result);
        } else if self.check.awaits(token) {
            self.check.take(token, result, |reply| match reply {
                Reply::KeyCheck(check) => Some(check),
                _ => None,
            });
        } else if self.catalog.awaits(token) {
            self.catalog.take(token, result, |reply| match reply {
                Reply::Tables(tables) => Some(tables),
                _ => None,
            });
        } else {
            return self.take_saving(state, token, result);
        }
        Vec::new()
    }

    fn take_preview(&mut self, state: &State, token: u64, result: Result<Reply, Problem>) {
        let (since, sql) = self.asked.take().unwrap_or_default();
        let ms = state.now.ms.saturating_sub(since);
        self.preview.take(token, result, |reply| match reply {
            Reply::Table(table) => Some(Preview { table, sql, ms }),
            _ => None,
        });
        if let Some(preview) = self.preview.here() {
            self.columns.take(&preview.table.columns);
            self.rows.take(&preview.table);
        }
    }

    /// Saves, where nothing is missing. Where syncs use the model, the core is first asked what
    /// would follow for them.
    pub(super) fn save(&mut self, state: &mut State) -> Vec<Effect> {
        if matches!(self.saving, Some(Saving::Looking(_) | Saving::Saving(_))) {
            state.note("it is being saved already");
            return Vec::new();
        }
        if !self.head.check() {
            self.pane = Pane::Head;
            return Vec::new();
        }
        if self.sql.text().trim().is_empty() {
            self.pane = Pane::Sql;
            self.trouble = Some(("there is no query yet".to_owned(), String::new()));
            return Vec::new();
        }
        if self.columns.key.is_empty() {
            let hint = match self.columns.rows.is_empty() {
                true => {
                    "ctrl-t reads the columns; then `#` marks those that tell a row from every other"
                }
                false => "`#` marks the columns that tell a row from every other; `v` checks it",
            };
            self.trouble = Some(("no primary key".to_owned(), hint.to_owned()));
            self.pane = Pane::Columns;
            return Vec::new();
        }
        let used = state
            .world
            .syncs
            .iter()
            .any(|sync| Some(sync.sync.settings.model.as_str()) == self.id.as_deref());
        match used {
            true => {
                let command = Command::Edit(Edit::Model {
                    model: self.draft(),
                    dry_run: true,
                    confirm: Vec::new(),
                });
                let (token, effect) = state.ask("looking what follows for syncs", command);
                self.saving = Some(Saving::Looking(token));
                vec![effect]
            }
            false => self.save_now(state, Vec::new()),
        }
    }

    fn save_now(&mut self, state: &mut State, confirm: Vec<String>) -> Vec<Effect> {
        let name = self.name();
        let command = Command::Edit(Edit::Model {
            model: self.draft(),
            dry_run: false,
            confirm,
        });
        let failed = format!("could not save the model {name}");
        let (token, effect) = state.order("saving", failed, format!("{name} is saved"), command);
        self.saving = Some(Saving::Saving(token));
        vec![effect]
    }

    /// Saves what a person was asked about.
    pub(super) fn save_confirmed(&mut self, state: &mut State) -> Vec<Effect> {
        match self.saving.take() {
            Some(Saving::Asking(confirm)) => self.save_now(state, confirm),
            other => {
                self.saving = other;
                Vec::new()
            }
        }
    }

    fn take_saving(
        &mut self,
        state: &mut State,
        token: u64,
        result: Result<Reply, Problem>,
    ) -> Vec<Effect> {
        let stage = match &self.saving {
            Some(Saving::Looking(own) | Saving::Saving(own)) if *own == token => self.saving.take(),
            _ => None,
        };
        match (stage, result) {
            (None, _) => {}
            (Some(_), Err(problem)) => self.trouble = Some((problem.text, problem.hint)),
            (Some(Saving::Looking(_)), Ok(Reply::Changes(changes))) => {
                return self.consider(state, &changes);
            }
            (Some(_), Ok(Reply::Changes(_))) => {
                self.before = self.draft();
                state.router.close(Some(Handed::Saved {
                    kind: "model",
                    name: self.name(),
                }));
            }
            (Some(_), Ok(_)) => {
                let misfit = crate::tui::requests::misfit();
                self.trouble = Some((misfit.text, misfit.hint));
            }
        }
        Vec::new()
    }

    /// Asks a person where saving has consequences for syncs.
    fn consider(&mut self, state: &mut State, changes: &[Change]) -> Vec<Effect> {
        let told: Vec<&Change> = changes
            .iter()
            .filter(|change| change.kind == "sync" && !change.notes.is_empty())
            .collect();
        if told.is_empty() {
            return self.save_now(state, Vec::new());
        }
        const SHOWN: usize = 4;
        let mut body: Vec<String> = told
            .iter()
            .take(SHOWN)
            .map(|change| format!("{}: {}", change.name, change.notes.join("; ")))
            .collect();
        if told.len() > SHOWN {
            let more = u64::try_from(told.len() - SHOWN).unwrap_or(u64::MAX);
            body.push(format!("and {} more", text::count(more)));
        }
        let dropped: Vec<String> = told
            .iter()
            .filter(|change| change.drops_snapshot)
            .map(|change| change.name.clone())
            .collect();
        let name = self.name();
        let title = format!("Save the model {name}?");
        if dropped.is_empty() {
            ask_page(state, title, body, ("go on editing", "save it"), SAVE);
        } else {
            body.push(
                "What these syncs have sent stays at the destination; what is known of it goes."
                    .to_owned(),
            );
            ask_name(state, title, body, &name, "save it", SAVE);
        }
        self.saving = Some(Saving::Asking(dropped));
        Vec::new()
    }
}
