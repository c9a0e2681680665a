//! What keys change in the schedule editor.

use chrono_tz::TZ_VARIANTS;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::state::{Host, Kind, OFFERED, Row, ScheduleEditor, words, workspace_zone};
use super::view;
use crate::domain::command::{Command, Reply};
use crate::domain::edit::Edit;
use crate::domain::problem::Problem;
use crate::domain::schedule::Schedule;
use crate::tui::action::{Action, Entry, Scope};
use crate::tui::available::{Refusal, reachable};
use crate::tui::look::Look;
use crate::tui::msg::Effect;
use crate::tui::overlays::picker::{self, Item};
use crate::tui::questions::ask_discard;
use crate::tui::requests::misfit;
use crate::tui::screens::page::{Handed, Heard, NoAct, Page, Tag, Wish, not_here};
use crate::tui::state::State;
use crate::tui::widgets::field::Field;

const SCHEDULE: Scope = Scope::Page("Schedule");
const ZONE: Tag = "zone";
const SYNC: Tag = "run after";
const DISCARD: Tag = "discard the schedule";

impl Page for ScheduleEditor {
    type Act = NoAct;
    const ACTIONS: &'static [Entry] = &[];

    fn scopes(&self) -> &'static [Scope] {
        &[SCHEDULE]
    }

    fn view(&self, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
        view::draw(self, state, look, area, buf)
    }

    fn can(&self, state: &State, wish: Wish<NoAct>) -> Result<(), Refusal> {
        match wish {
            Wish::Own(never) => match never {},
            Wish::Shared(Action::Save) => reachable(state),
            Wish::Shared(Action::NextPane | Action::PreviousPane) => Ok(()),
            Wish::Shared(_) => not_here(),
        }
    }

    fn act(&mut self, state: &mut State, wish: Wish<NoAct>) -> Vec<Effect> {
        match wish {
            Wish::Shared(Action::Save) => return self.save(state),
            Wish::Shared(Action::NextPane) => self.step(true),
            Wish::Shared(Action::PreviousPane) => self.step(false),
            _ => {}
        }
        Vec::new()
    }

    fn hear(&mut self, state: &mut State, heard: Heard) -> Vec<Effect> {
        match heard {
            Heard::Answer { token, result } if self.saving == Some(token) => {
                self.saving = None;
                self.saved(state, result);
            }
            Heard::Confirmed(DISCARD) => state.router.close(None),
            Heard::Picked { tag: ZONE, value } => {
                self.zone = Some(value).filter(|zone| !zone.is_empty());
                self.trouble = None;
            }
            Heard::Picked { tag: SYNC, value } => {
                match self.after.iter().position(|sync| *sync == value) {
                    Some(place) => {
                        self.after.remove(place);
                    }
                    None => self.after.push(value),
                }
                self.trouble = None;
            }
            _ => {}
        }
        Vec::new()
    }

    /// All keys but those of the table belong to the lines.
    fn typing(&self) -> bool {
        true
    }

    fn key(&mut self, state: &mut State, key: KeyEvent) -> Vec<Effect> {
        let row = self.focused();
        match (key.code, row) {
            (KeyCode::Up, _) => self.step(false),
            (KeyCode::Down, _) => self.step(true),
            (KeyCode::Enter, Row::Zone) => self.pick_zone(state),
            (KeyCode::Enter, Row::Syncs) => self.pick_sync(state),
            (KeyCode::Char(' '), Row::Days) => self.turn_day(),
            (KeyCode::Enter, _) => {
                if self.row + 1 == self.rows().len() && matches!(self.host, Host::New(_)) {
                    return self.save(state);
                }
                self.step(true);
            }
            (KeyCode::Left, Row::Days) => self.day = (self.day + 6) % 7,
            (KeyCode::Right, Row::Days) => self.day = (self.day + 1) % 7,
            (KeyCode::Left, Row::Kind | Row::Every) => self.turn(row, false),
            (KeyCode::Right | KeyCode::Char(' '), Row::Kind | Row::Every) => self.turn(row, true),
            (KeyCode::Char(' '), Row::Zone) => self.pick_zone(state),
            (KeyCode::Char(' '), Row::Syncs) => self.pick_sync(state),
            (KeyCode::Backspace, Row::Syncs) => {
                self.after.pop();
                self.trouble = None;
            }
            (_, Row::Minutes) => self.typed(|page| page.minutes.key(key)),
            (_, Row::When) => self.typed(|page| page.when.key(key)),
            _ => {}
        }
        Vec::new()
    }

    fn paste(&mut self, _: &mut State, text: &str) {
        match self.focused() {
            Row::Minutes => self.minutes.paste(text),
            Row::When => self.when.paste(text),
            _ => {}
        }
        self.trouble = None;
    }

    fn back(&mut self, state: &mut State) -> Option<Vec<Effect>> {
        match self.host {
            Host::New(_) => self.hand_back(state, false),
            Host::Saved if self.is_edited() => {
                let what = format!("the schedule of {}", self.sync.settings.name);
                ask_discard(state, &what, DISCARD);
            }
            Host::Saved => return None,
        }
        Some(Vec::new())
    }

    fn has_back(&self, _: &State) -> bool {
        true
    }

    fn dirty(&self) -> bool {
        self.is_edited()
    }

    fn short(&self, _: &State, entry: &Entry) -> &'static str {
        match (entry.action, &self.host) {
            (Action::Save, Host::New(_)) => "take",
            _ => entry.short,
        }
    }
}

impl ScheduleEditor {
    fn step(&mut self, forward: bool) {
        let last = self.rows().len().saturating_sub(1);
        self.row = match forward {
            true => (self.row + 1).min(last),
            false => self.row.saturating_sub(1),
        };
    }

    fn typed(&mut self, key: impl FnOnce(&mut Self) -> bool) {
        if key(self) {
            self.trouble = None;
        }
    }

    fn turn(&mut self, row: Row, forward: bool) {
        let next = |at: usize, len: usize| match forward {
            true => (at + 1) % len,
            false => (at + len - 1) % len,
        };
        match row {
            Row::Kind => {
                let all = Kind::ALL;
                let at = all.iter().position(|kind| *kind == self.kind).unwrap_or(0);
                let kind = all.get(next(at, all.len())).copied();
                self.kind = kind.unwrap_or(self.kind);
            }
            _ => self.every = next(self.every, OFFERED.len() + 1),
        }
        self.trouble = None;
    }

    /// Takes the day under the cursor in or out; the last one stays.
    fn turn_day(&mut self) {
        let Some(cron) = self.cron() else { return };
        let mut days = cron.weekdays();
        if let Some(day) = days.get_mut(self.day) {
            *day = !*day;
        }
        if let Some(expression) = cron.on_weekdays(days) {
            self.when = Field::new(&expression);
            self.trouble = None;
        }
    }

    fn pick_zone(&self, state: &mut State) {
        let common = workspace_zone(state);
        let wall = state.now.wall;
        let mut items = vec![Item {
            label: format!("the workspace's ({common})"),
            ..Item::new("", wall.with_timezone(&common).format("%H:%M").to_string())
        }];
        items.extend(TZ_VARIANTS.iter().map(|zone| {
            let there = wall.with_timezone(zone).format("%H:%M").to_string();
            Item::new(zone.name(), there)
        }));
        let chosen = self.zone.clone().unwrap_or_default();
        picker::open(state, ZONE, "Time zone", items, &chosen);
    }

    fn pick_sync(&self, state: &mut State) {
        let own = self.sync.id.as_deref();
        let items = state
            .world
            .syncs
            .iter()
            .filter(|sync| Some(sync.id().as_str()) != own)
            .map(|sync| {
                let chosen = self.after.iter().any(|id| id == sync.id().as_str());
                let note = match chosen {
                    true => "chosen; takes it out again".to_owned(),
                    false => sync.schedule_words.clone(),
                };
                Item {
                    label: sync.name().to_owned(),
                    ..Item::new(sync.id().as_str(), note)
                }
            })
            .collect();
        picker::open(state, SYNC, "Run after", items, "");
    }

    /// Gives the schedule back to the sync that is being made; one that cannot be stays as it was.
    fn hand_back(&mut self, state: &mut State, onward: bool) {
        let schedule = self.schedule().unwrap_or_else(|_| self.before.clone());
        state
            .router
            .close(Some(Handed::Schedule { schedule, onward }));
    }

    fn save(&mut self, state: &mut State) -> Vec<Effect> {
        if self.saving.is_some() {
            state.note("it is being saved already");
            return Vec::new();
        }
        let schedule = match self.schedule() {
            Ok(schedule) => schedule,
            Err(trouble) => {
                self.trouble = Some(trouble);
                return Vec::new();
            }
        };
        if let Host::New(_) = self.host {
            self.hand_back(state, true);
            return Vec::new();
        }
        if schedule == self.before {
            state.note("there is nothing to save");
            return Vec::new();
        }
        let done = said(state, &schedule);
        let mut sync = self.sync.clone();
        let failed = format!("could not save the schedule of {}", sync.settings.name);
        sync.settings.schedule = schedule;
        let command = Command::Edit(Edit::Sync {
            sync: Box::new(sync),
            identifiers: Vec::new(),
            dry_run: false,
            confirm: Vec::new(),
        });
        let (token, effect) = state.order("saving", failed, done, command);
        self.saving = Some(token);
        vec![effect]
    }

    fn saved(&mut self, state: &mut State, result: Result<Reply, Problem>) {
        match result {
            Ok(Reply::Changes(_)) => state.router.close(Some(Handed::Saved {
                kind: "sync",
                name: self.sync.settings.name.clone(),
            })),
            Ok(_) => self.trouble = Some((misfit().text, misfit().hint)),
            Err(problem) => self.trouble = Some((problem.text, problem.hint)),
        }
    }
}

/// What is said when a schedule is saved.
fn said(state: &State, schedule: &Schedule) -> String {
    let words = words(state, schedule);
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    let words = format!("{}{}", first.unwrap_or_default(), chars.as_str());
    match schedule {
        Schedule::Manual => "Saved. It runs by hand only; `r` starts it.".to_owned(),
        Schedule::After { .. } => format!("Saved. {words}."),
        _ => {
            let zone = view::zone_of(state, schedule);
            let common = workspace_zone(state);
            let next = schedule.next_times(state.now.wall, common, 1);
            let next = next
                .first()
                .map_or("never".to_owned(), |at| view::both(state, zone, *at));
            format!("Saved. {words}. Next: {next}. Slots before this edit are not made up.")
        }
    }
}
