//! What keys change on the Syncs screen: moving, panes, tabs, marks, the log.

use ratatui::layout::Rect;

use super::state::{Tab, scrolled};
use super::{list, log_view, runs_view};
use crate::tui::action::Action;
use crate::tui::layout::{Areas, Class, Pane};
use crate::tui::log_file::SavedLog;
use crate::tui::msg::Effect;
use crate::tui::state::State;
use crate::tui::text;

/// Columns by which cut log lines move to the side.
const SHIFT: usize = 16;
/// How far cut log lines can be moved.
const MAX_SHIFT: usize = 4_000;

/// Does an action that was found to be possible.
pub(crate) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Up
        | Action::Down
        | Action::First
        | Action::Last
        | Action::HalfUp
        | Action::HalfDown => travel(state, action),
        Action::Left => sideways(state, false),
        Action::Right => sideways(state, true),
        Action::Enter => enter(state),
        Action::NextPane => turn_pane(state, true),
        Action::PreviousPane => turn_pane(state, false),
        Action::PreviousTab | Action::NextTab => turn_tab(state),
        Action::ToggleLog => toggle_log(state),
        Action::Order => {
            state.syncs.order = state.syncs.order.next();
            let world = state.world.clone();
            state.syncs.arrange(&world);
        }
        Action::Mark => mark(state),
        Action::MarkAll => mark_all(state),
        Action::LogFollow => state.syncs.log.follow(state.now.ms),
        Action::LogWrap => {
            state.syncs.log.wrap = !state.syncs.log.wrap;
            state.syncs.log.shift = 0;
        }
        Action::LogNextHit | Action::LogPreviousHit => {
            let (forward, now_ms) = (action == Action::LogNextHit, state.now.ms);
            let log = &mut state.syncs.log;
            match log.hit(forward, false) {
                Some(place) => log.move_to(place),
                None if log.seek(forward, now_ms) => {}
                None => state.note("no hit in this log"),
            }
        }
        Action::LogSave => return save_log(state),
        Action::Copy => return copy(state),
        Action::CopyCommand => return vec![Effect::Copy(command_line(state))],
        _ => {}
    }
    Vec::new()
}

/// Where the cursor of the focused pane goes.
fn travel(state: &mut State, action: Action) {
    let areas = state.areas();
    let world = state.world.clone();
    match state.syncs.pane {
        Pane::List => {
            let rows = areas.list.map_or(1, |area| list::rows(areas.class, area));
            let place = target(action, state.syncs.cursor, state.syncs.shown.len(), rows);
            state.syncs.select(&world, place);
        }
        Pane::Detail if state.syncs.tab == Tab::Runs => {
            let total = state
                .selected()
                .map_or(0, |sync| state.syncs.runs.listed(sync).len());
            let rows = runs_rows(&areas);
            let runs = &mut state.syncs.runs;
            runs.cursor = target(action, runs.cursor, total, rows);
            if runs.cursor + 1 >= total {
                runs.reach_back(state.now.ms);
            }
        }
        // The overview fits or is cut: its arrows walk through the list beside it.
        Pane::Detail => {
            let place = target(action, state.syncs.cursor, state.syncs.shown.len(), 10);
            state.syncs.select(&world, place);
        }
        Pane::Log => {
            let rows = areas
                .log
                .map_or(1, |area| log_view::room(areas.class, area).0);
            let log = &mut state.syncs.log;
            let place = target(action, log.cursor, log.len(), rows);
            match action {
                Action::First => log.go_to_start(state.now.ms),
                Action::Last => log.follow(state.now.ms),
                _ => log.move_to(place),
            }
        }
    }
}

fn target(action: Action, cursor: usize, total: usize, rows: usize) -> usize {
    let last = total.saturating_sub(1);
    let half = (rows / 2).max(1);
    match action {
        Action::Up => cursor.saturating_sub(1),
        Action::Down => (cursor + 1).min(last),
        Action::HalfUp => cursor.saturating_sub(half),
        Action::HalfDown => (cursor + half).min(last),
        Action::First => 0,
        _ => last,
    }
}

fn sideways(state: &mut State, right: bool) {
    match (state.syncs.pane, right) {
        (Pane::Log, true) if !state.syncs.log.wrap => {
            let log = &mut state.syncs.log;
            log.shift = (log.shift + SHIFT).min(MAX_SHIFT);
        }
        (Pane::Log, _) => {
            state.syncs.log.shift = state.syncs.log.shift.saturating_sub(SHIFT);
        }
        (Pane::List, true) if state.selected().is_some() => state.syncs.pane = Pane::Detail,
        (Pane::Detail, false) => state.syncs.pane = Pane::List,
        _ => {}
    }
}

fn enter(state: &mut State) {
    match (state.syncs.pane, state.syncs.tab) {
        (Pane::List, _) => state.syncs.pane = Pane::Detail,
        (Pane::Detail, Tab::Overview) => open_log(state),
        (Pane::Detail, Tab::Runs) => {
            let opened = state.selected().and_then(|sync| {
                let listed = state.syncs.runs.listed(sync);
                listed
                    .get(state.syncs.runs.cursor)
                    .map(|run| run.id.clone())
            });
            state.syncs.opened = opened;
            open_log(state);
        }
        (Pane::Log, _) => {}
    }
}

fn open_log(state: &mut State) {
    state.syncs.log_shown = true;
    state.syncs.pane = Pane::Log;
    if state.areas().log.is_none() {
        state.syncs.pane = Pane::Detail;
        state.note("the log needs a few rows more than there are");
    }
}

/// One step out; never more, and nothing is lost by it.
pub(super) fn back(state: &mut State) {
    let world = state.world.clone();
    let syncs = &mut state.syncs;
    match syncs.pane {
        Pane::Log if !syncs.log.filter.is_empty() => syncs.log.set_filter("", state.now.ms),
        Pane::Log if !syncs.log.find.is_empty() => syncs.log.find.clear(),
        Pane::Log => {
            syncs.pane = Pane::Detail;
            syncs.opened = None;
        }
        Pane::Detail => syncs.pane = Pane::List,
        Pane::List if !syncs.marked.is_empty() => syncs.marked.clear(),
        Pane::List => {
            syncs.filter.clear();
            syncs.arrange(&world);
        }
    }
}

fn turn_pane(state: &mut State, forward: bool) {
    let order = [Pane::List, Pane::Detail, Pane::Log];
    let here = order
        .iter()
        .position(|pane| *pane == state.syncs.pane)
        .unwrap_or(0);
    for step in 1..=order.len() {
        let step = if forward { step } else { order.len() - step };
        let Some(pane) = order.get((here + step) % order.len()).copied() else {
            continue;
        };
        let mut areas = state.areas();
        if areas.class != Class::Wide {
            // Below that size panes take turns: what is not shown is shown by going there.
            let was = std::mem::replace(&mut state.syncs.pane, pane);
            areas = state.areas();
            state.syncs.pane = was;
        }
        if areas.shows(pane) {
            state.syncs.pane = pane;
            return;
        }
    }
}

fn turn_tab(state: &mut State) {
    // With two tabs, the next is the previous.
    state.syncs.tab = match state.syncs.tab {
        Tab::Overview => Tab::Runs,
        Tab::Runs => Tab::Overview,
    };
}

fn toggle_log(state: &mut State) {
    if state.class() == Class::Small {
        state.syncs.pane = match state.syncs.pane {
            Pane::Log => Pane::Detail,
            Pane::List | Pane::Detail => Pane::Log,
        };
        return;
    }
    state.syncs.log_shown = !state.syncs.log_shown;
}

fn mark(state: &mut State) {
    let Some(id) = state.selected().map(|sync| sync.id().clone()) else {
        return;
    };
    let world = state.world.clone();
    let syncs = &mut state.syncs;
    if !syncs.marked.remove(&id) {
        syncs.marked.insert(id);
    }
    syncs.select(&world, syncs.cursor + 1);
}

/// Marks all that are shown, or none where all are.
fn mark_all(state: &mut State) {
    let shown: Vec<_> = state
        .syncs
        .shown
        .iter()
        .filter_map(|position| state.world.syncs.get(*position))
        .map(|sync| sync.id().clone())
        .collect();
    let marked = &mut state.syncs.marked;
    if shown.iter().all(|id| marked.contains(id)) {
        marked.clear();
    } else {
        marked.extend(shown);
    }
}

fn save_log(state: &State) -> Vec<Effect> {
    let log = &state.syncs.log;
    let Some(run) = &log.run else {
        return Vec::new();
    };
    let stamp = state.now.wall.format("%Y%m%dT%H%M%S");
    vec![Effect::SaveLog(SavedLog {
        name: format!("{}-{stamp}.log", run.as_str()),
        run: run.clone(),
        text: (!log.filter.is_empty()).then(|| log.filter.clone()),
    })]
}

fn copy(state: &State) -> Vec<Effect> {
    let log = &state.syncs.log;
    let content = match state.syncs.pane {
        Pane::Log => log.line(log.cursor).map(|line| {
            let at = text::clock(state.zone, line.at);
            format!("{at} {} {}", line.word, line.text)
        }),
        Pane::Detail if state.syncs.tab == Tab::Runs => focused_run(state),
        Pane::Detail | Pane::List => state.selected().map(|sync| sync.name().to_owned()),
    };
    content
        .map(|content| Effect::Copy(crate::safe_text::safe(&content).into_owned()))
        .into_iter()
        .collect()
}

fn focused_run(state: &State) -> Option<String> {
    let listed = state.syncs.runs.listed(state.selected()?);
    let run = listed.get(state.syncs.runs.cursor)?;
    Some(run.id.as_str().to_owned())
}

/// What is focused as a command line for a shell.
fn command_line(state: &State) -> String {
    let run = match state.syncs.pane {
        Pane::Log => state
            .syncs
            .log
            .run
            .as_ref()
            .map(|run| format!("logs {run}")),
        Pane::Detail if state.syncs.tab == Tab::Runs => {
            focused_run(state).map(|run| format!("show run {run}"))
        }
        Pane::Detail | Pane::List => None,
    };
    let rest = run.unwrap_or_else(|| {
        let name = state.selected().map_or("", |sync| sync.name());
        format!("run {}", text::quoted(name))
    });
    format!("signalsmith {rest}")
}

fn runs_rows(areas: &Areas) -> usize {
    areas.detail.map_or(1, |area| {
        let frame = if areas.class == Class::Small { 1 } else { 2 };
        runs_view::rows(area.height.saturating_sub(frame + 1))
    })
}

/// Brings focus, cursors and scrolling to where they can be seen at the present size.
pub(crate) fn settle(state: &mut State) {
    let areas = state.areas();
    if areas.class != Class::Tiny && !areas.shows(state.syncs.pane) {
        state.syncs.pane = match state.syncs.pane {
            Pane::Log => Pane::Detail,
            other => other,
        };
    }
    let areas = state.areas();
    if let Some(area) = areas.list {
        state.syncs.scroll(list::rows(areas.class, area));
    }
    let total = state
        .selected()
        .map_or(0, |sync| state.syncs.runs.listed(sync).len());
    let runs = &mut state.syncs.runs;
    runs.cursor = runs.cursor.min(total.saturating_sub(1));
    runs.top = scrolled(runs.top, runs.cursor, total, runs_rows(&areas));
    if let Some(area) = areas.log {
        settle_log(state, areas.class, area);
    }
}

fn settle_log(state: &mut State, class: Class, area: Rect) {
    let (rows, columns) = log_view::room(class, area);
    let now_ms = state.now.ms;
    let log = &mut state.syncs.log;
    log.read_ahead(now_ms);
    let top = scrolled(log.top, log.cursor, log.len(), rows);
    if !log.wrap {
        log.top = top;
        return;
    }
    // Wrapped lines are taller: the first line that still lets the cursor's line be whole.
    let mut room = rows;
    let mut first = log.cursor;
    for place in (0..=log.cursor).rev() {
        let Some(line) = log.line(place) else { break };
        let height = log_view::rows_of(line, columns, true);
        if height > room && place != log.cursor {
            break;
        }
        room = room.saturating_sub(height);
        first = place;
    }
    log.top = if log.paused {
        log.top.clamp(first, log.cursor.max(first))
    } else {
        first
    };
}
