//! What the model editor asks the core for, and what it makes of the answers.

use super::state::{ModelEditor, Pane, Preview};
use crate::domain::command::{Command, Reply};
use crate::domain::edit::Edit;
use crate::domain::explore::Explore;
use crate::domain::problem::Problem;
use crate::tui::edits::{Outcome, What};
use crate::tui::msg::Effect;
use crate::tui::requests::Waiting;
use crate::tui::screens::page::Handed;
use crate::tui::state::State;

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
        let command = Command::Explore(Explore::Query {
            source: self.source(),
            sql: sql.clone(),
            declared: self.columns.declared(),
            limit: ROWS,
        });
        let effects = self.preview.ask(state, "reading the first rows", command);
        self.asked = Some((state.now.ms, sql));
        effects
    }

    /// Asks whether the key tells all rows apart.
    pub(super) fn ask_check(&mut self, state: &mut State) -> Vec<Effect> {
        let command = Command::Explore(Explore::CheckKey {
            source: self.source(),
            sql: self.sql.text(),
            key: self.columns.key_columns(),
        });
        let effects = self.check.ask(state, "checking the key", command);
        self.checked.clone_from(&self.columns.key);
        effects
    }

    /// Asks for the tables of the chosen source, once for each source.
    pub(super) fn ask_catalog(&mut self, state: &mut State) -> Vec<Effect> {
        let source = self.source();
        if source.is_empty() || source == self.catalog_of {
            return Vec::new();
        }
        self.catalog_of.clone_from(&source);
        let command = Command::Explore(Explore::Tables { source });
        self.catalog.ask(state, "reading the tables", command)
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
        if self.saving.is_busy() {
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
        if used {
            let command = self.command(true, Vec::new());
            return self.saving.look(state, command);
        }
        self.save_now(state, Vec::new())
    }

    fn command(&self, dry_run: bool, confirm: Vec<String>) -> Command {
        Command::Edit(Edit::Model {
            model: self.draft(),
            dry_run,
            confirm,
        })
    }

    fn save_now(&mut self, state: &mut State, confirm: Vec<String>) -> Vec<Effect> {
        let (name, command) = (self.name(), self.command(false, confirm));
        self.saving.save(state, &what(&name), command)
    }

    /// Saves what a person was asked about.
    pub(super) fn save_confirmed(&mut self, state: &mut State) -> Vec<Effect> {
        match self.saving.confirmed() {
            Some(confirm) => self.save_now(state, confirm),
            None => Vec::new(),
        }
    }

    fn take_saving(
        &mut self,
        state: &mut State,
        token: u64,
        result: Result<Reply, Problem>,
    ) -> Vec<Effect> {
        let name = self.name();
        match self.saving.take(state, &what(&name), token, result) {
            Outcome::Free => return self.save_now(state, Vec::new()),
            Outcome::Saved => {
                self.before = self.draft();
                state.router.close(Some(Handed::Saved {
                    kind: "model",
                    name,
                }));
            }
            Outcome::Trouble(problem) => self.trouble = Some((problem.text, problem.hint)),
            Outcome::Asked | Outcome::NotOurs => {}
        }
        Vec::new()
    }
}

fn what(name: &str) -> What<'_> {
    What {
        kind: "model",
        name,
    }
}
