//! Takes a message: changes the state and says what the loop is to do.

use crossterm::event::{KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::act;
use super::action::{self, Action};
use super::away;
use super::keymap::{Chord, Resolved};
use super::layout::Pane;
use super::msg::{Effect, Msg, What};
use super::overlays::{self, Overlay, dialog};
use super::requests::misfit;
use super::router::{PageId, with_page, with_top};
use super::screens::Screen;
use super::screens::page::Heard;
use super::screens::syncs::asking::{aim, ask_log, ask_runs};
use super::screens::syncs::{list_place, moves};
use super::state::{Purpose, State};
use crate::domain::command::{Command, Reply, RowFilter};
use crate::domain::problem::Problem;
use crate::domain::run::RunStatus;

/// Held keys that a dialog shows.
const EXAMPLES: u32 = 5;

/// Takes a message.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    state.now = msg.at;
    let mut effects = match msg.what {
        What::Key(key) if key.kind != KeyEventKind::Release => on_key(state, key),
        What::Key(_) | What::Tick => Vec::new(),
        What::Paste(text) => {
            on_paste(state, &text);
            Vec::new()
        }
        What::Mouse(mouse) => on_mouse(state, mouse),
        What::Resize(columns, rows) => {
            state.size = (columns, rows);
            Vec::new()
        }
        What::View(world) => {
            state.world = world;
            state.seen = state.now;
            state.weigh();
            let world = state.world.clone();
            state.syncs.arrange(&world);
            Vec::new()
        }
        What::Connection(connection) => {
            state.connection = connection;
            Vec::new()
        }
        What::Event(event) => {
            state.syncs.log.happened(&event, state.now.ms);
            match state.page().is_some_and(|page| page.shows(&event)) {
                true => with_top(state, |page, state| {
                    page.hear(state, Heard::Happened(Box::new(event)))
                }),
                false => Vec::new(),
            }
        }
        What::Lagged => {
            state.syncs.log.reread(state.now.ms);
            Vec::new()
        }
        What::Reply { token, result } => on_reply(state, token, *result),
        What::LogSaved(Ok(path)) => {
            state.note(format!("saved to {}", path.display()));
            Vec::new()
        }
        What::LogSaved(Err(why)) => {
            state.fail("could not save the file", why);
            Vec::new()
        }
        What::Edited(result) => {
            with_top(state, |page, state| page.hear(state, Heard::Edited(result)))
        }
        What::Resumed => vec![Effect::Redraw],
        What::SuspendAsked => vec![Effect::Suspend],
    };
    settle(state, &mut effects);
    effects
}

fn on_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if state.overlay.is_some() {
        state.prefix.clear();
        if state.class() == super::layout::Class::Tiny {
            // What cannot be read must not be answered.
            if key.code == crossterm::event::KeyCode::Esc {
                state.overlay = None;
            }
            return Vec::new();
        }
        return overlays::key(state, key);
    }
    let chord = Chord::of(key);
    if state.page().is_some_and(Screen::typing) {
        return on_typed(state, key, chord);
    }
    let Some(chord) = chord else {
        state.prefix.clear();
        return Vec::new();
    };
    state.prefix.push(chord);
    let resolved = state.keymap.resolve(&state.scopes(), &state.prefix);
    let resolved = match resolved {
        // A sequence that leads nowhere is forgotten; its last key counts by itself.
        Resolved::Nothing if state.prefix.len() > 1 => {
            state.prefix = vec![chord];
            state.keymap.resolve(&state.scopes(), &state.prefix)
        }
        other => other,
    };
    match resolved {
        Resolved::Prefix => Vec::new(),
        Resolved::Nothing => {
            state.prefix.clear();
            Vec::new()
        }
        Resolved::Action(action) => {
            state.prefix.clear();
            if act::heard(state, action) {
                act::act(state, action)
            } else {
                Vec::new()
            }
        }
    }
}

/// A text field owns every key, but for those that the table lets be heard in text.
fn on_typed(state: &mut State, key: KeyEvent, chord: Option<Chord>) -> Vec<Effect> {
    state.prefix.clear();
    let meant = chord
        .filter(|chord| !chord.belongs_to_text())
        .map(|chord| state.keymap.resolve(&state.scopes(), &[chord]));
    if let Some(Resolved::Action(action)) = meant
        && action::of(action).is_some_and(|entry| entry.in_text)
    {
        return act::act(state, action);
    }
    with_top(state, |page, state| page.key(state, key))
}

/// Pasted text goes to what is typed into.
fn on_paste(state: &mut State, text: &str) {
    if state.overlay.is_some() {
        overlays::paste(state, text);
    } else if state.page().is_some_and(Screen::typing) {
        // Pasting asks for nothing that must be done at once.
        let _ = with_top(state, |page, state| {
            page.paste(state, text);
            Vec::new()
        });
    }
}

fn on_mouse(state: &mut State, mouse: MouseEvent) -> Vec<Effect> {
    if state.overlay.is_some() {
        return Vec::new();
    }
    if !state.on_syncs() {
        return match mouse.kind {
            MouseEventKind::ScrollUp => act::act(state, Action::Up),
            MouseEventKind::ScrollDown => act::act(state, Action::Down),
            _ => Vec::new(),
        };
    }
    let areas = state.areas();
    let at = Position::new(mouse.column, mouse.row);
    let over = [
        (Pane::List, areas.list),
        (Pane::Detail, areas.detail),
        (Pane::Log, areas.log),
    ]
    .into_iter()
    .rev()
    .find(|(_, area)| area.is_some_and(|area| area.contains(at)));
    let Some((pane, Some(area))) = over else {
        return Vec::new();
    };
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            state.syncs.pane = pane;
            if pane == Pane::List
                && let Some(place) = list_place(state, area, at)
            {
                let world = state.world.clone();
                state.syncs.select(&world, place);
            }
            Vec::new()
        }
        MouseEventKind::ScrollUp | MouseEventKind::ScrollDown => {
            state.syncs.pane = pane;
            let action = if mouse.kind == MouseEventKind::ScrollUp {
                Action::Up
            } else {
                Action::Down
            };
            act::act(state, action)
        }
        _ => Vec::new(),
    }
}

fn on_reply(state: &mut State, token: u64, result: Result<Reply, Problem>) -> Vec<Effect> {
    let Some(purpose) = state.pending.remove(&token) else {
        return Vec::new();
    };
    match purpose {
        Purpose::Act { failed, done, .. } => match result {
            Err(problem) => state.fail(format!("{failed}: {}", problem.text), problem.hint),
            Ok(Reply::Run(run)) if run.status == RunStatus::Queued => {
                let name = state
                    .sync(&run.sync)
                    .map_or(String::new(), |sync| format!("{}: ", sync.name()));
                state.note(format!("{name}queued, it starts when its turn comes"));
            }
            Ok(_) if !done.is_empty() => state.note(done),
            Ok(_) => {}
        },
        Purpose::Log { run, question } => {
            let log = &state.syncs.log;
            if log.run.as_ref() != Some(&run) || !log.expects(&question) {
                return Vec::new();
            }
            match result {
                Ok(Reply::LogPage(page)) => {
                    if state.syncs.log.take(page, state.now.ms) {
                        return ask_log(state);
                    }
                    if state.syncs.log.take_missed() {
                        state.note("no hit further on in this log");
                    }
                }
                Ok(_) => state.syncs.log.fail(misfit()),
                Err(problem) => state.syncs.log.fail(problem),
            }
        }
        Purpose::Runs { sync, before } => {
            let runs = &mut state.syncs.runs;
            if runs.sync.as_ref() != Some(&sync) {
                return Vec::new();
            }
            match result {
                Ok(Reply::Runs(rows)) => runs.take(rows, before.as_ref()),
                Ok(_) => runs.fail(misfit()),
                Err(problem) => runs.fail(problem),
            }
        }
        Purpose::HeldKeys { run } => held_keys(state, &run, result),
        Purpose::Away => away::answered(state, result),
        Purpose::Page {
            page, failed, done, ..
        } => return answered(state, token, page, failed, done, result),
    }
    Vec::new()
}

/// Gives an answer to the page that asked; what a page that is gone had ordered is told.
fn answered(
    state: &mut State,
    token: u64,
    page: PageId,
    failed: Option<String>,
    done: String,
    result: Result<Reply, Problem>,
) -> Vec<Effect> {
    if result.is_ok() && !done.is_empty() {
        state.note(done);
    }
    if !state.router.is_open(page) {
        if let (Err(problem), Some(failed)) = (result, failed) {
            state.fail(format!("{failed}: {}", problem.text), problem.hint);
        }
        return Vec::new();
    }
    with_page(state, page, |page, state| {
        page.hear(state, Heard::Answer { token, result })
    })
}

fn held_keys(state: &mut State, run: &crate::domain::id::RunId, result: Result<Reply, Problem>) {
    let Some(Overlay::Dialog(open)) = &mut state.overlay else {
        return;
    };
    if open.examples_of.as_ref() != Some(run) {
        return;
    }
    open.examples = Some(match result {
        Ok(Reply::Rows(rows)) if rows.is_empty() => vec!["no keys are on record".to_owned()],
        Ok(Reply::Rows(rows)) => rows
            .iter()
            .take(usize::try_from(EXAMPLES).unwrap_or(5))
            .map(|row| {
                let key: Vec<String> = row
                    .key
                    .iter()
                    .map(|(column, value)| format!("{column} = {value}"))
                    .collect();
                format!("- {}", key.join(", "))
            })
            .collect(),
        Ok(_) => vec![misfit().text],
        Err(problem) => vec![format!("could not read which: {}", problem.text)],
    });
}

/// Makes everything fit together after a message, and asks for what is due.
fn settle(state: &mut State, effects: &mut Vec<Effect>) {
    let now_ms = state.now.ms;
    state.toasts.retain(|toast| toast.until_ms > now_ms);
    let wall = state.now.wall;
    if state.troubles.until.is_some_and(|until| until <= wall) {
        state.weigh();
    }
    effects.extend(away::ask(state));
    dialog::watch(state);
    if state.on_syncs() {
        aim(state);
        moves::settle(state);
    } else {
        effects.extend(with_top(state, |page, state| page.refresh(state)));
    }
    if state.syncs.log.due_ms().is_some_and(|due| due <= now_ms) {
        effects.extend(ask_log(state));
    }
    if state.syncs.runs.due_ms().is_some_and(|due| due <= now_ms) {
        effects.extend(ask_runs(state));
    }
    effects.extend(ask_examples(state));
}

fn ask_examples(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Dialog(open)) = &state.overlay else {
        return Vec::new();
    };
    let Some(run) = open.examples_of.clone().filter(|_| open.examples.is_none()) else {
        return Vec::new();
    };
    let purpose = Purpose::HeldKeys { run: run.clone() };
    if state.pending.values().any(|other| *other == purpose) {
        return Vec::new();
    }
    let filter = RowFilter {
        verdict: Some("held".to_owned()),
        limit: EXAMPLES,
        ..RowFilter::default()
    };
    vec![state.send(purpose, Command::Rows { run, filter })]
}
