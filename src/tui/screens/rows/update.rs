//! What keys and answers change on the page of a run's rows.

use super::{Causes, Entries, Pane, Rows, view};
use crate::domain::browse::{Browse, Browsed};
use crate::domain::command::{Command, Reply, RowFilter};
use crate::domain::problem::Problem;
use crate::tui::action::{Action, Entry, Scope, entry, vital};
use crate::tui::available::{Refusal, reachable};
use crate::tui::exporting::Export;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::overlays::prompt;
use crate::tui::requests::{Waiting, misfit};
use crate::tui::screens::PageAct;
use crate::tui::screens::audit::Audit;
use crate::tui::screens::history::{History, key_text};
use crate::tui::screens::mapping::MappingEditor;
use crate::tui::screens::page::{Heard, Page, Tag, Wish, no, not_here};
use crate::tui::screens::plan::browsed;
use crate::tui::screens::runs::{RESEND, RunPage};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::table::{Table, scrolled};
use crate::tui::widgets::window::Window;

/// What the page of a run's rows has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Mend,
    Try,
    Resend,
    Ignore,
    Edit,
    Unmask,
    Export,
    History,
}

const ROWS: Scope = Scope::Page("Rows");
const KEY: Tag = "key";

const fn own(act: Act) -> Action {
    Action::Page(PageAct::Rows(act))
}

impl Page for Rows {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        vital(entry(own(Act::Mend), "rows_mend", &["m"], "Fix the mapping at the field", "fix", ROWS)),
        entry(own(Act::Try), "rows_try", &["T"], "Send the selected row again, to try", "try 1 row", ROWS),
        vital(entry(own(Act::Resend), "rows_resend", &["R"], "Send all rows with this cause again", "re-send these", ROWS)),
        entry(own(Act::Ignore), "rows_ignore", &["I"], "Ignore the rows with this cause, or heed them again", "ignore", ROWS),
        entry(own(Act::Edit), "rows_edit", &["e"], "See the edit that came before", "see edit", ROWS),
        entry(own(Act::Unmask), "rows_unmask", &["X"], "Show personal values, which is audited", "unmask", ROWS),
        entry(own(Act::Export), "rows_export", &["E"], "Export rows to a file", "export", ROWS),
        entry(own(Act::History), "rows_history", &["H"], "History of the key", "history", ROWS),
    ];

    fn scopes(&self) -> &'static [Scope] {
        &[ROWS]
    }

    fn view(
        &self,
        state: &State,
        look: &Look,
        area: ratatui::layout::Rect,
        buf: &mut ratatui::buffer::Buffer,
    ) -> ratatui::layout::Position {
        view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        match wish {
            Wish::Own(Act::Mend) => match (self.cause(), state.sync(&self.run.sync)) {
                (None, _) => no("no cause is selected"),
                (_, None) => no("its sync is gone"),
                (Some(_), Some(_)) => Ok(()),
            },
            Wish::Own(Act::Try) => self.may_try(state),
            Wish::Own(Act::Resend) => self.may_resend(state),
            Wish::Own(Act::Ignore) => self.may_ignore(state),
            Wish::Own(Act::Edit) => match self.cause().map(|cause| &cause.edit) {
                Some(Some(_)) => Ok(()),
                _ => no("no edit came between the run before and this cause"),
            },
            Wish::Own(Act::Unmask) => {
                reachable(state)?;
                match self.unmask {
                    true => no("personal values are shown already"),
                    false => Ok(()),
                }
            }
            Wish::Own(Act::Export) => {
                reachable(state)?;
                match self.causes.here() {
                    Some(causes) if !causes.is_empty() => Ok(()),
                    _ => no("there are no rows"),
                }
            }
            Wish::Own(Act::History) => match self.row() {
                Some(row) if !row.key.is_empty() => Ok(()),
                _ => no("no row with a key is selected"),
            },
            Wish::Shared(Action::Enter) => match (self.pane, self.cause()) {
                (Pane::Causes, Some(_)) => Ok(()),
                (Pane::Causes, None) => no("no cause is selected"),
                (Pane::Rows, _) => no("this is the innermost step"),
            },
            Wish::Shared(Action::NextPane | Action::PreviousPane) => Ok(()),
            Wish::Shared(Action::Find) if self.pane == Pane::Rows => Ok(()),
            Wish::Shared(Action::Copy) => match self.row() {
                Some(_) => Ok(()),
                None => no("no row is selected"),
            },
            Wish::Shared(Action::CopyCommand) => Ok(()),
            Wish::Shared(action) if self.pane == Pane::Rows && Window::<()>::moves(action) => {
                Ok(())
            }
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        match wish {
            Wish::Own(Act::Mend) => {
                let field = self.cause().and_then(|cause| cause.field.as_deref());
                if let Some(sync) = state.sync(&self.run.sync) {
                    let editor = MappingEditor::of(&state.world, &sync.sync, field);
                    state.router.open(editor);
                }
            }
            Wish::Own(Act::Try) => return self.try_one(state),
            Wish::Own(Act::Resend) => return self.ask_resend(state),
            Wish::Own(Act::Ignore) => return self.ignore(state),
            Wish::Own(Act::Edit) => {
                let edit = self.cause().and_then(|cause| cause.edit.as_ref());
                if let Some(edit) = edit {
                    state.router.open(Audit::at(edit.number));
                }
            }
            Wish::Own(Act::Unmask) => {
                self.unmask = true;
                state.note("personal values are shown; that is on record in the audit trail");
            }
            Wish::Own(Act::Export) => return self.export(state),
            Wish::Own(Act::History) => {
                if let Some(row) = self.row() {
                    let page = History::of(&row.key);
                    state.router.open(page);
                }
            }
            Wish::Shared(Action::Enter) => self.pane = Pane::Rows,
            Wish::Shared(Action::NextPane | Action::PreviousPane) => {
                self.pane = match self.pane {
                    Pane::Causes => Pane::Rows,
                    Pane::Rows => Pane::Causes,
                };
            }
            Wish::Shared(Action::Find) => {
                let key = self.key.clone();
                prompt::ask_line(state, KEY, " keys with: ", &key);
            }
            Wish::Shared(Action::Copy) => {
                let key = self.row().map(|row| key_text(&row.key));
                return key
                    .map(|key| Effect::Copy(text::harmless(&key)))
                    .into_iter()
                    .collect();
            }
            Wish::Shared(Action::CopyCommand) => {
                let line = match self.cause().filter(|_| self.pane == Pane::Rows) {
                    Some(cause) => format!(
                        "signalsmith rows {} --cause {}",
                        self.run.id,
                        text::quoted(&cause.code)
                    ),
                    None => format!("signalsmith rows {}", self.run.id),
                };
                return vec![Effect::Copy(line)];
            }
            Wish::Shared(action) => self.entries.travel(action),
        }
        Vec::new()
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Confirmed(RESEND) => match self.may_resend(state) {
                Ok(()) => self.resend(state),
                Err(why) => {
                    state.note(format!("not now: {why}"));
                    Vec::new()
                }
            },
            Heard::Entered { tag: KEY, text } => {
                text.trim().clone_into(&mut self.key);
                Vec::new()
            }
            Heard::Answer { token, result } => {
                self.answered(state, token, result);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        let mut effects = Vec::new();
        if matches!(self.causes, Waiting::Not) {
            let run = self.run.id.clone();
            let command = Command::Browse(Browse::Causes { run });
            let (token, effect) = state.ask("reading the causes", command);
            self.causes = Waiting::asked(state, token);
            effects.push(effect);
        }
        if self.table.wants(self.version) {
            let causes = self.causes.here().map_or(&[][..], Vec::as_slice);
            self.table.arrange(self.version, &Causes(causes));
        }
        let wanted = self.wanted();
        if self.entries.filter != wanted {
            effects.extend(
                self.entries
                    .waiting
                    .token()
                    .map(|token| state.let_go(token))
                    .unwrap_or_default(),
            );
            self.entries = Entries {
                more: wanted.is_some(),
                filter: wanted,
                ..Entries::default()
            };
        }
        let (causes, rows) = view::room(self, state);
        self.table.fit(causes);
        let entries = &mut self.entries;
        entries.height = rows;
        entries.top = scrolled(entries.top, entries.cursor, entries.rows.len(), rows);
        if let Some(filter) = self.entries.due() {
            let run = self.run.id.clone();
            let (token, effect) = state.ask("reading the rows", Command::Rows { run, filter });
            self.entries.waiting = Waiting::asked(state, token);
            effects.push(effect);
        }
        effects
    }

    fn back(&mut self, _: &mut State) -> Option<Vec<Effect>> {
        if !self.key.is_empty() {
            self.key.clear();
            return Some(Vec::new());
        }
        (self.pane == Pane::Rows).then(|| {
            self.pane = Pane::Causes;
            Vec::new()
        })
    }

    fn has_back(&self, _: &State) -> bool {
        self.pane == Pane::Rows || !self.key.is_empty()
    }

    fn short(&self, _: &State, entry: &Entry) -> &'static str {
        match (entry.action, self.pane) {
            (Action::Enter, _) => "rows",
            (Action::Find, Pane::Rows) => "key",
            (Action::Page(PageAct::Rows(Act::Ignore)), _) if self.is_ignored() => "heed",
            _ => entry.short,
        }
    }

    fn table(&self) -> Option<&Table> {
        (self.pane == Pane::Causes).then_some(&self.table)
    }

    fn table_mut(&mut self) -> Option<&mut Table> {
        (self.pane == Pane::Causes).then_some(&mut self.table)
    }
}

impl Rows {
    fn export(&self, state: &mut State) -> Vec<Effect> {
        let filter = self.wanted().filter(|_| self.pane == Pane::Rows);
        let filter = filter.unwrap_or_else(|| RowFilter {
            unmask: self.unmask,
            ..RowFilter::default()
        });
        let stamp = state.now.wall.format("%Y%m%dT%H%M%S");
        let run = self.run.id.clone();
        let name = format!("{run}-rows-{stamp}.jsonl");
        state.note(format!("exporting to {name}"));
        let what = Export::Rows { run, filter };
        vec![Effect::Export { name, what }]
    }

    fn answered(&mut self, state: &mut State, token: u64, result: Result<Reply, Problem>) {
        if self.doing.take_if(|(own, _)| *own == token).is_some() {
            match result {
                Ok(Reply::Run(run)) => state.router.open(RunPage::of(&run)),
                // Rows are ignored or heeded: their causes say so.
                Ok(_) => self.causes = Waiting::Not,
                Err(problem) => state.fail(problem.text, problem.hint),
            }
        } else if self.entries.waiting.awaits(token) {
            self.entries.take(result.and_then(|reply| match reply {
                Reply::Rows(rows) => Ok(rows),
                _ => Err(misfit()),
            }));
        } else if self.causes.awaits(token) {
            self.causes
                .take(token, result, |reply| match browsed(reply)? {
                    Browsed::Causes(causes) => Some(causes),
                    _ => None,
                });
            self.version += 1;
        }
    }
}

impl Entries {
    fn travel(&mut self, action: Action) {
        let last = self.rows.len().saturating_sub(1);
        let half = (self.height / 2).max(1);
        self.cursor = match action {
            Action::Up => self.cursor.saturating_sub(1),
            Action::Down => (self.cursor + 1).min(last),
            Action::First => 0,
            Action::Last => last,
            Action::HalfUp => self.cursor.saturating_sub(half),
            Action::HalfDown => (self.cursor + half).min(last),
            _ => self.cursor,
        };
        // What failed is tried again when a person moves on.
        if self.waiting.problem().is_some() {
            self.waiting = Waiting::Not;
        }
    }
}
