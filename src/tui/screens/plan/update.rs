//! What keys and answers change on the page of a plan.

use super::deciding::{APPLY, REJECT, WITHOUT};
use super::lines::key_words;
use super::state::{Finding, Making, Plan};
use super::view;
use crate::domain::browse::{Browse, PlanPart};
use crate::domain::command::Command;
use crate::tui::action::{Action, Entry, Scope, entry, vital};
use crate::tui::available::{Refusal, reachable};
use crate::tui::exporting::Export;
use crate::tui::layout::Class;
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::overlays::prompt;
use crate::tui::requests::Waiting;
use crate::tui::screens::PageAct;
use crate::tui::screens::history::History;
use crate::tui::screens::page::{Heard, Page, Tag, Wish, no, not_here};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::window::{PAGE, Window};

/// What the page of a plan has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Apply,
    Without,
    Reject,
    Again,
    Export,
    Previous,
    Next,
    NextHit,
    History,
}

const PLAN: Scope = Scope::Page("Plan");
const FIND: Tag = "find";

const fn own(act: Act) -> Action {
    Action::Page(PageAct::Plan(act))
}

impl Page for Plan {
    type Act = Act;
    #[rustfmt::skip] // It is read as a table.
    const ACTIONS: &'static [Entry] = &[
        vital(entry(own(Act::Apply), "plan_apply", &["A"], "Apply exactly this plan", "apply", PLAN)),
        entry(own(Act::Without), "plan_without", &["W"], "Run without the plan's deletes", "without deletes", PLAN),
        vital(entry(own(Act::Reject), "plan_reject", &["x"], "Reject what waits for approval", "reject", PLAN)),
        vital(entry(own(Act::Again), "plan_again", &["p"], "Read the model again", "read again", PLAN)),
        entry(own(Act::Export), "plan_export", &["E"], "Export what is shown to a file", "export", PLAN),
        entry(own(Act::Previous), "plan_previous", &[","], "The entry before, with its fields", "", PLAN),
        entry(own(Act::Next), "plan_next", &["."], "The next entry, with its fields", "step", PLAN),
        entry(own(Act::NextHit), "plan_next_hit", &["n"], "Next entry with the text", "", PLAN),
        entry(own(Act::History), "plan_history", &["H"], "History of the key", "history", PLAN),
    ];

    fn scopes(&self) -> &'static [Scope] {
        &[PLAN]
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
        let listed = || match self.list.total() {
            0 => no("the list is empty"),
            _ => Ok(()),
        };
        match wish {
            Wish::Own(Act::Apply) => self.may_apply(state),
            Wish::Own(Act::Without) => self.may_leave_deletes(state),
            Wish::Own(Act::Reject) => self.may_reject(state),
            Wish::Own(Act::Again) => self.may_read_again(state),
            Wish::Own(Act::Export) => {
                reachable(state)?;
                listed()
            }
            Wish::Own(Act::Previous | Act::Next) => listed(),
            Wish::Own(Act::NextHit) => match self.text.is_empty() {
                true => no("nothing is looked for; `/` does"),
                false => self.can(state, Wish::Shared(Action::Find)),
            },
            Wish::Own(Act::History) => match self.selected() {
                Some(row) if !row.key.is_empty() => Ok(()),
                _ => no("no entry with a key is selected"),
            },
            Wish::Shared(Action::Filter) => match self.head.here() {
                Some(_) => Ok(()),
                None => no("the plan is not here yet"),
            },
            Wish::Shared(Action::Find) => {
                reachable(state)?;
                match self.finding {
                    Some(_) => no("a text is being looked for; `esc` lets go"),
                    None => listed(),
                }
            }
            // Where there is room, the fields stand beside the list.
            Wish::Shared(Action::Enter) if state.class() == Class::Wide => not_here(),
            Wish::Shared(Action::Enter | Action::Copy) => match self.selected() {
                Some(_) => Ok(()),
                None => no("no entry is selected"),
            },
            Wish::Shared(Action::CopyCommand) => Ok(()),
            Wish::Shared(action) if Window::<()>::moves(action) => Ok(()),
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<Act>) -> Vec<Effect> {
        match wish {
            Wish::Own(Act::Apply) => self.ask_apply(state),
            Wish::Own(Act::Without) => self.ask_without(state),
            Wish::Own(Act::Reject) => self.ask_reject(state),
            Wish::Own(Act::Again) => return self.make(state),
            Wish::Own(Act::Export) => return self.export(state),
            Wish::Own(Act::Previous) => self.step(Action::Up),
            Wish::Own(Act::Next) => self.step(Action::Down),
            Wish::Own(Act::NextHit) => return self.find(state, self.list.cursor + 1),
            Wish::Own(Act::History) => {
                if let Some(row) = self.selected() {
                    let page = History::of(&row.key);
                    state.router.open(page);
                }
            }
            Wish::Shared(Action::Filter) => self.turn_part(),
            Wish::Shared(Action::Find) => {
                let text = self.text.clone();
                prompt::ask_line(state, FIND, " find a key: ", &text);
            }
            Wish::Shared(Action::Enter) => self.open = !self.open,
            Wish::Shared(Action::Copy) => {
                let key = self.selected().map(key_words);
                return key
                    .map(|key| Effect::Copy(text::harmless(&key)))
                    .into_iter()
                    .collect();
            }
            Wish::Shared(Action::CopyCommand) => {
                let line = match &self.undone {
                    Some(run) => format!("signalsmith undo {run}"),
                    None => format!("signalsmith plan {}", text::quoted(self.name(state))),
                };
                return vec![Effect::Copy(line)];
            }
            Wish::Shared(action) => {
                self.list.act(action);
            }
        }
        Vec::new()
    }

    fn short(&self, _: &State, entry: &Entry) -> &'static str {
        match entry.action {
            Action::Enter => "fields",
            Action::Filter => "kind",
            Action::Page(PageAct::Plan(Act::Apply)) if self.undone.is_some() => "undo",
            Action::Page(PageAct::Plan(Act::Reject)) if self.undone.is_some() => "drop",
            Action::Page(PageAct::Plan(Act::Again)) if self.undone.is_some() => "plan again",
            _ => entry.short,
        }
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Confirmed(tag @ (APPLY | WITHOUT | REJECT)) => self.decided(state, tag),
            Heard::Entered { tag: FIND, text } => {
                text.trim().clone_into(&mut self.text);
                match self.text.is_empty() {
                    true => Vec::new(),
                    false => self.find(state, self.list.cursor),
                }
            }
            Heard::Answer { token, result } => self.answered(state, token, result),
            _ => Vec::new(),
        }
    }

    fn refresh(&mut self, state: &mut State) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.follow(state);
        if matches!(self.making, Making::Wanted) {
            effects.extend(self.make(state));
        }
        if matches!(self.head, Waiting::Not)
            && let Some(run) = self.run.clone()
        {
            let command = Command::Browse(Browse::Plan { run });
            let (token, effect) = state.ask("reading the plan", command);
            self.head = Waiting::asked(state, token);
            effects.push(effect);
        }
        let (rows, below) = view::room(self, state);
        self.list.fit(rows, below);
        if let (Some(page), Some(run)) = (self.list.wants(), self.run.clone()) {
            let command = Command::Browse(Browse::Entries {
                run,
                part: self.part,
                offset: page * PAGE,
                limit: u32::try_from(PAGE).unwrap_or(u32::MAX),
            });
            let (token, effect) = state.ask("reading the entries", command);
            self.list.asked(state, page, token);
            effects.push(effect);
        }
        effects
    }

    fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        if let Some(finding) = self.finding.take() {
            return Some(state.let_go(finding.token));
        }
        (self.part != PlanPart::All && self.run.is_some()).then(|| {
            let effects = self.list.token().map(|token| state.let_go(token));
            self.show(PlanPart::All);
            effects.unwrap_or_default()
        })
    }

    fn has_back(&self, _: &State) -> bool {
        self.finding.is_some() || self.part != PlanPart::All
    }
}

impl Plan {
    fn step(&mut self, action: Action) {
        self.open = true;
        self.list.act(action);
    }

    /// Goes on to the next part that has entries.
    fn turn_part(&mut self) {
        let Some(head) = self.head.here() else { return };
        let all = PlanPart::ALL;
        let here = all.iter().position(|part| *part == self.part);
        let here = here.unwrap_or(0);
        let next = (1..=all.len())
            .filter_map(|step| all.get((here + step) % all.len()))
            .find(|part| **part == PlanPart::All || head.entries(**part) > 0);
        let next = next.copied().unwrap_or_default();
        self.show(next);
    }

    pub(super) fn find(&mut self, state: &mut State, offset: u64) -> Vec<Effect> {
        let Some(run) = self.run.clone() else {
            return Vec::new();
        };
        let command = Command::Browse(Browse::Find {
            run,
            part: self.part,
            text: self.text.clone(),
            offset,
        });
        let (token, effect) = state.ask("looking for the key", command);
        self.finding = Some(Finding {
            token,
            from: offset,
        });
        vec![effect]
    }

    fn export(&self, state: &mut State) -> Vec<Effect> {
        let Some(run) = self.run.clone() else {
            return Vec::new();
        };
        let part = self.part;
        let stamp = state.now.wall.format("%Y%m%dT%H%M%S");
        let name = format!("{run}-{}-{stamp}.jsonl", part.word());
        state.note(format!("exporting to {name}"));
        let what = Export::Plan { run, part };
        vec![Effect::Export { name, what }]
    }
}
