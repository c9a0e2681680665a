//! Draws the page of a plan.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;

use super::deciding::short_hash;
use super::lines;
use super::list_view::{beneath, beside, list};
use super::state::{Making, Plan, Stance};
use crate::domain::browse::{PlanHead, PlanPart};
use crate::domain::run::Run;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::screens::runs::lines::{live, result_words};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::rule::rule;

/// Rows under the list: what has been sent, and what to do.
const FOOT_ROWS: u16 = 2;
/// Rows over the list: counts, cost, the rule.
const HEAD_ROWS: u16 = 3;

/// Where the parts of the page are.
pub(super) struct Areas {
    panel: Rect,
    /// The room inside the frame.
    inner: Rect,
    pub list: Rect,
    /// The fields of the selected entry, where they stand beside the list.
    pub detail: Option<Rect>,
}

fn areas(state: &State, area: Rect) -> Areas {
    let inner = panes::inside(state, area);
    let foot = if inner.height >= 12 { FOOT_ROWS } else { 1 };
    let body = Rect {
        y: inner.y + HEAD_ROWS.min(inner.height),
        height: inner.height.saturating_sub(HEAD_ROWS + foot + 1),
        ..inner
    };
    let detail = (state.class() == Class::Wide).then(|| {
        let width = body.width * 2 / 5;
        Rect {
            x: body.right() - width,
            width,
            ..body
        }
    });
    Areas {
        panel: area,
        inner,
        list: Rect {
            width: body.width - detail.map_or(0, |detail| detail.width),
            ..body
        },
        detail,
    }
}

/// Rows of the list, and those that the selected entry takes beneath itself.
pub(super) fn room(page: &Plan, state: &State) -> (usize, usize) {
    let areas = areas(state, state.areas().body);
    let rows = usize::from(areas.list.height);
    let below = match (areas.detail, page.open, page.selected()) {
        (None, true, Some(row)) => beneath(row, rows),
        _ => 0,
    };
    (rows, below)
}

/// Draws the page and gives the place of the real cursor.
pub(super) fn draw(
    page: &Plan,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let areas = areas(state, area);
    let inner = panes::panel(
        state,
        look,
        buf,
        areas.panel,
        &title(page, state, look),
        true,
    );
    let Some(head) = page.head.here() else {
        return waits(page, state, look, inner, buf);
    };
    let columns = usize::from(inner.width.saturating_sub(2));
    let mut top = Lines::new(look, columns);
    top.flow(lines::counts(look, head, page.part), 2);
    let sync = page.view(state);
    let dot = format!(" {} ", look.glyphs.dot);
    let cost = sync.and_then(|sync| lines::cost(sync, head));
    let cost = cost.into_iter().chain(lines::share(head));
    let cost: Vec<String> = cost.collect();
    if top.out.len() < 2 {
        top.wrapped(Role::Dim, &cost.join(&dot), 1);
    }
    top.out.truncate(usize::from(HEAD_ROWS - 1));
    panes::lines(look, buf, inner, &top.out);
    rule(
        look,
        state.class(),
        buf,
        inner,
        HEAD_ROWS - 1,
        parts(page, state, look, head),
    );
    let place = list(page, state, look, &areas, buf);
    if let (Some(detail), Some(row)) = (areas.detail, page.selected()) {
        beside(page, state, look, row, detail, buf);
    }
    foot(page, state, look, head, &areas, buf);
    place
}

fn title(page: &Plan, state: &State, look: &Look) -> String {
    let dot = look.glyphs.dot;
    let name = page.name(state);
    let (what, verb) = match &page.undone {
        Some(run) => (format!("Undo of {}", text::short(run)), "planned"),
        None => ("Plan".to_owned(), "read"),
    };
    let Some(head) = page.head.here() else {
        return format!("{what} {dot} {name}");
    };
    let run = &head.run;
    let read = run.started_at.unwrap_or(run.queued_at);
    format!(
        "{what} {dot} {name} {dot} {verb} {} ({}) {dot} rev {} {dot} {}",
        text::clock(state.zone, read),
        text::ago(state.now.wall, read),
        run.revision,
        short_hash(&head.plan_hash)
    )
}

/// What is shown while there is no plan.
fn waits(page: &Plan, state: &State, look: &Look, inner: Rect, buf: &mut Buffer) -> Position {
    let mut out = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    out.blank();
    match &page.making {
        Making::Failed(problem) => {
            out.wrapped(Role::Error, &problem.text, 5);
            out.wrapped(Role::Text, &problem.hint, 3);
            out.blank();
            out.wrapped(Role::Text, "Nothing has been sent. `p` reads again.", 1);
        }
        Making::Not => match page.head.problem() {
            Some(problem) => {
                out.wrapped(Role::Error, &problem.text, 5);
                out.wrapped(Role::Text, &problem.hint, 3);
            }
            None => out
                .out
                .extend(page.head.line(state, look, "reading the plan")),
        },
        Making::Wanted | Making::Asked(_) => {
            let words = format!("{} asking for a plan", look.spinner(state.now.ms));
            out.wrapped(Role::Running, &words, 1);
        }
        Making::Under { run, .. } => making(&mut out, page, state, run),
    }
    panes::lines(look, buf, inner, &out.out);
    inner.as_position()
}

/// How far a run that plans is.
fn making(out: &mut Lines<'_>, page: &Plan, state: &State, run: &crate::domain::id::RunId) {
    let sync = page.view(state);
    let active = sync.and_then(|sync| sync.active.as_ref());
    match active.filter(|active| active.run.id == *run) {
        Some(active) => live(out, state, active),
        None => {
            let words = format!(
                "{} run {} waits for its turn",
                out.look.spinner(state.now.ms),
                text::short(run)
            );
            out.wrapped(Role::Running, &words, 1);
        }
    }
    out.blank();
    out.wrapped(
        Role::Dim,
        match page.undone {
            Some(_) => {
                "Nothing is taken back before you say so. `esc` leaves; the plan waits in Runs."
            }
            None => "Nothing is sent by this. `esc` leaves; the plan stands in Runs.",
        },
        2,
    );
}

/// `f all·create·update·DELETE·invalid   1 of 6,204`.
fn parts(page: &Plan, state: &State, look: &Look, head: &PlanHead) -> Vec<Span<'static>> {
    let mut spans = vec![look.span(Role::Key, "f ")];
    for part in PlanPart::ALL {
        if part != PlanPart::All {
            spans.push(look.span(Role::Dim, look.glyphs.dot));
        }
        let word = lines::part_word(part, page.undone.is_some());
        spans.push(match (part == page.part, head.entries(part)) {
            (true, _) => look.span(Role::TitleFocus, word.to_uppercase()),
            (false, 0) => look.span(Role::Dim, word),
            (false, _) => look.span(Role::Text, word),
        });
    }
    spans.push(look.span(Role::Key, "   /"));
    spans.push(look.span(Role::Dim, " key   "));
    let total = page.list.total();
    let words = match (&page.finding, total) {
        (Some(finding), _) => format!(
            "{} looking for '{}', past {}",
            look.spinner(state.now.ms),
            text::line(&page.text, 20),
            text::count(finding.from)
        ),
        (None, 0) => "none".to_owned(),
        (None, total) => format!(
            "{} of {}",
            text::count(page.list.cursor + 1),
            text::count(total)
        ),
    };
    spans.push(look.span(Role::Text, words));
    spans
}

/// What has been sent of it, and what can be done now.
fn foot(page: &Plan, state: &State, look: &Look, head: &PlanHead, areas: &Areas, buf: &mut Buffer) {
    let inner = areas.inner;
    let first = areas.list.bottom().saturating_sub(inner.y);
    let heading = match &page.doing {
        Some((_, doing)) => format!("{} {doing}", look.spinner(state.now.ms)),
        None => heading(page, state).to_owned(),
    };
    rule(
        look,
        state.class(),
        buf,
        inner,
        first,
        vec![look.span(Role::Strong, heading)],
    );
    let rows = inner.height.saturating_sub(first + 1);
    let mut out = Lines::new(look, usize::from(inner.width.saturating_sub(2)));
    let (role, words) = match page.is_making() {
        true => {
            let words = format!("{} the model is read again", look.spinner(state.now.ms));
            (Role::Running, words)
        }
        false => said(page, state, head),
    };
    out.wrapped(role, &words, usize::from(rows));
    let at = Rect {
        y: inner.y + first + 1,
        height: rows,
        ..inner
    };
    panes::lines(look, buf, at, &out.out);
}

fn heading(page: &Plan, state: &State) -> &'static str {
    match page.stance(state) {
        Stance::Absent => "",
        Stance::Waits | Stance::Stopped if page.undone.is_some() => "Nothing is taken back yet",
        Stance::Fresh | Stance::Waits | Stance::Stopped => "Nothing has been sent",
        Stance::Held => "Nothing is deleted until you approve",
        Stance::Past if page.undone.is_some() && page.planned() == 0 => {
            "Nothing of it can be taken back"
        }
        Stance::Past => "This plan was taken up",
    }
}

fn said(page: &Plan, state: &State, head: &PlanHead) -> (Role, String) {
    let run: &Run = &head.run;
    if let Making::Failed(problem) = &page.making {
        return (Role::Error, format!("not read again: {}", problem.text));
    }
    match page.stance(state) {
        Stance::Held => (Role::Warn, lines::held(head)),
        Stance::Waits if page.undone.is_some() => {
            let words = "`A` undoes this and pauses the sync; `x` drops it.";
            let words = match state.class() {
                Class::Small => words.to_owned(),
                _ => format!("{words} What stays is left as it is now."),
            };
            (Role::Warn, words)
        }
        Stance::Waits => (
            Role::Warn,
            "Its run waits for you: `A` lets exactly this go, `x` ends it with nothing sent."
                .to_owned(),
        ),
        Stance::Fresh if head.foreign_deletes > 0 => (
            Role::Warn,
            format!(
                "{} of records that this sync never sent. The source may have moved: `p` reads again.",
                text::counted(head.foreign_deletes, "delete")
            ),
        ),
        Stance::Fresh => (
            Role::Dim,
            "The source may have moved since: `p` reads again.".to_owned(),
        ),
        Stance::Stopped | Stance::Past => match &run.error {
            Some(problem) => (Role::Error, format!("{}; {}", problem.text, problem.hint)),
            None => (Role::Dim, result(page, state, run)),
        },
        Stance::Absent => (Role::Dim, String::new()),
    }
}

/// What the run of a plan came to.
fn result(page: &Plan, state: &State, run: &Run) -> String {
    let words = format!("run {}: {}", text::short(&run.id), result_words(run));
    let sync = page.view(state);
    let paused = sync.is_some_and(|sync| sync.sync.settings.paused);
    match page.undone.is_some() && paused && page.planned() > 0 {
        true => format!(
            "{words}. The sync is paused: mend what was wrong, then `P` in Syncs lets it run again."
        ),
        false => words,
    }
}
