//! What keys and answers change on the Overview.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::opening::SYNC;
use super::setting_aside::SNOOZE;
use super::{Causes, Overview, layout, view, words};
use crate::tui::action::{Action, Entry, Scope, entry, vital};
use crate::tui::available::Refusal;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::screens::PageAct;
use crate::tui::screens::new_sync::NewSync;
use crate::tui::screens::page::{Handed, Heard, Page, Wish, no, not_here};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::table::Table;

/// What the Overview has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Acknowledge,
    Snooze,
    New,
}

const OVERVIEW: Scope = Scope::Page("Overview");

const fn own(act: Act) -> Action {
    Action::Page(PageAct::Overview(act))
}

/// Makes a sync.
pub(super) const NEW: Action = own(Act::New);

impl Page for Overview {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        vital(entry(own(Act::Acknowledge), "overview_acknowledge", &["a"], "Acknowledge the cause, or take it up again", "acknowledge", OVERVIEW)),
        vital(entry(own(Act::Snooze), "overview_snooze", &["z"], "Snooze the cause", "snooze", OVERVIEW)),
        entry(own(Act::New), "overview_new", &["n"], "Make a sync", "new sync", OVERVIEW),
    ];

    fn scopes(&self) -> &'static [Scope] {
        &[OVERVIEW]
    }

    fn view(&self, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
        view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<Act>) -> Result<(), Refusal> {
        let selected = self.selected(state);
        match wish {
            Wish::Own(Act::Acknowledge | Act::Snooze) => self.may_set_aside(state),
            Wish::Own(Act::New) => Ok(()),
            Wish::Shared(Action::Enter | Action::Copy | Action::CopyCommand) => match selected {
                Some(_) => Ok(()),
                None => no("nothing is selected"),
            },
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        match wish {
            Wish::Own(Act::Acknowledge) => return self.acknowledge(state),
            Wish::Own(Act::Snooze) => self.ask_snooze(state),
            Wish::Own(Act::New) => state.router.open(NewSync::go_on(state)),
            Wish::Shared(Action::Enter) => self.open_place(state),
            Wish::Shared(action) => {
                let Some(trouble) = self.selected(state) else {
                    return Vec::new();
                };
                let words = match action {
                    Action::CopyCommand => {
                        let key = text::quoted(&trouble.key);
                        format!("signalsmith status acknowledge {key}")
                    }
                    _ => text::harmless(&words::copied(trouble)),
                };
                return vec![Effect::Copy(words)];
            }
        }
        Vec::new()
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Picked { tag: SNOOZE, value } => return self.snooze(state, &value),
            Heard::Picked { tag: SYNC, value } => self.open_picked(state, &value),
            Heard::Answer { token, result } => {
                if self.doing.take_if(|(own, _)| *own == token).is_some() {
                    if let Err(problem) = result {
                        state.fail(problem.text, problem.hint);
                    }
                } else {
                    self.days.take(token, result);
                }
            }
            Heard::Handed(Handed::Saved { kind: "sync", name }) => {
                state.syncs.wanted = Some(name);
                let world = state.world.clone();
                state.syncs.arrange(&world);
            }
            _ => {}
        }
        Vec::new()
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        if self.table.wants(state.weighed) {
            self.table.arrange(state.weighed, &Causes(&state.troubles));
        }
        self.table.fit(layout::list_rows(self, state));
        self.days.read(state).into_iter().collect()
    }

    fn due_ms(&self, state: &State) -> Option<u64> {
        let runs = state.focused && state.active_runs() > 0;
        let second = runs.then_some((state.now.ms / 1_000 + 1) * 1_000);
        self.days.due_ms(state).into_iter().chain(second).min()
    }

    fn table(&self) -> Option<&Table> {
        Some(&self.table)
    }

    fn table_mut(&mut self) -> Option<&mut Table> {
        Some(&mut self.table)
    }

    fn short(&self, state: &State, entry: &Entry) -> &'static str {
        let aside = self.selected(state).is_some_and(|it| it.aside.is_some());
        match entry.action {
            action if action == own(Act::Acknowledge) && aside => "take up",
            Action::Enter => match self.selected(state) {
                Some(trouble) => words::opens(&trouble.place).0,
                None => entry.short,
            },
            _ => entry.short,
        }
    }
}
