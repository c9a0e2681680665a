//! Draws the page of one run.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::lines::{chart, live, result_words, timeline};
use super::run::RunPage;
use crate::domain::event::LogLine;
use crate::tui::layout::Class;
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::screens::syncs;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;

/// Where run and log are; what is not shown is absent.
fn areas(page: &RunPage, state: &State, area: Rect) -> (Option<Rect>, Option<Rect>) {
    match state.class() {
        Class::Small | Class::Tiny if page.log_shown => (None, Some(area)),
        Class::Small | Class::Tiny => (Some(area), None),
        Class::Narrow | Class::Wide => {
            let (run, log) = panes::above(area, (area.height * 11 / 20).clamp(8, 18));
            (Some(run), Some(log))
        }
    }
}

/// Rows that the log has at the present size.
pub(super) fn log_rows(page: &RunPage, state: &State) -> usize {
    let (_, log) = areas(page, state, state.areas().body);
    log.map_or(1, |log| usize::from(panes::inside(state, log).height))
}

/// Draws the page and gives the place of the real cursor.
pub(super) fn draw(
    page: &RunPage,
    state: &State,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let (run, log) = areas(page, state, area);
    let mut place = area.as_position();
    if let Some(area) = run {
        place = draw_run(page, state, look, area, buf);
    }
    if let Some(area) = log {
        place = draw_log(page, state, look, area, buf);
    }
    place
}

fn name<'a>(page: &'a RunPage, state: &'a State) -> &'a str {
    let id = &page.run.sync;
    state.sync(id).map_or(id.as_str(), |sync| sync.name())
}

fn draw_run(page: &RunPage, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
    let dot = look.glyphs.dot;
    let run = &page.run;
    let title = format!(
        "Run {} {dot} {} {dot} rev {}",
        text::short(&run.id),
        name(page, state),
        run.revision
    );
    let inner = panes::panel(state, look, buf, area, &title, false);
    let columns = usize::from(inner.width.saturating_sub(2));
    let mut out = Lines::new(look, columns);
    let sync = state.sync(&run.sync);
    let active = sync.and_then(|sync| sync.active.as_ref());
    match active.filter(|active| active.run.id == run.id) {
        Some(active) => live(&mut out, state, active),
        None if run.status.is_final() => syncs::last_run(&mut out, state, run),
        None => {
            let words = format!("{} waits for its turn", look.glyphs.queued);
            out.wrapped(Role::Running, &words, 1);
            out.wrapped(Role::Dim, &syncs::trigger_words(state, &run.trigger), 2);
        }
    }
    if let Some((_, doing)) = &page.doing {
        out.wrapped(
            Role::Running,
            &format!("{} {doing}", look.spinner(state.now.ms)),
            1,
        );
    }
    if page.waits(state) {
        out.wrapped(
            Role::Warn,
            "It waits for you: `A` shows what, and approves it.",
            2,
        );
    }
    if run.options.plan_only && run.status.is_final() {
        out.wrapped(
            Role::Dim,
            "Only planned: nothing was sent. `p` shows the plan.",
            2,
        );
    } else if run.counters.has_errors() && run.status.is_final() {
        let words = format!("{}. `enter` shows the rows by cause.", result_words(run));
        out.wrapped(Role::Warn, &words, 2);
    }
    if state.class() != Class::Small {
        out.blank();
        out.out.extend(timeline(look, state, run, columns));
    }
    if let Some(sync) = sync {
        chart(&mut out, sync);
    }
    panes::lines(look, buf, inner, &out.out);
    inner.as_position()
}

fn draw_log(page: &RunPage, state: &State, look: &Look, area: Rect, buf: &mut Buffer) -> Position {
    let tail = &page.tail;
    let dot = look.glyphs.dot;
    let mut title = "Log".to_owned();
    if page.live {
        let words = if tail.paused {
            "paused, `G` follows"
        } else {
            "following"
        };
        title = format!("{title} {dot} {words}");
    }
    if tail.older {
        title = format!(
            "{title} {dot} older lines: signalsmith logs {}",
            page.run.id
        );
    }
    let inner = panes::panel(state, look, buf, area, &title, true);
    if let Some(problem) = &tail.problem {
        let words = format!(" could not read the log: {}", problem.text);
        look.put(
            buf,
            inner,
            0,
            &Line::from(look.foreign(Role::Error, &words, 2_000)),
        );
        return inner.as_position();
    }
    if tail.len() == 0 {
        let words = match tail.is_reading() {
            true => format!(" {} reading the log", look.spinner(state.now.ms)),
            false => " No line in this log as yet.".to_owned(),
        };
        look.put(buf, inner, 0, &Line::from(look.span(Role::Dim, words)));
        return inner.as_position();
    }
    let mut place = inner.as_position();
    let rows = usize::from(inner.height);
    for (at, row) in (tail.top..tail.top + rows).zip(0..) {
        let Some(line) = tail.line(at) else { break };
        look.put(
            buf,
            inner,
            row,
            &log_line(state, look, line, usize::from(inner.width)),
        );
        if at == tail.cursor {
            let band = Rect::new(inner.x, inner.y + row, inner.width, 1).intersection(inner);
            buf.set_style(band, look.style(Role::Selected));
            place = Position::new(inner.x, inner.y + row);
        }
    }
    place
}

fn log_line(state: &State, look: &Look, line: &LogLine, columns: usize) -> Line<'static> {
    let role = syncs::role_of(&line.word);
    Line::from(vec![
        look.span(Role::Dim, format!(" {} ", text::clock(state.zone, line.at))),
        look.span(role, text::left(&line.word, 11)),
        Span::raw(" "),
        look.foreign(role, &line.text, columns.saturating_sub(22)),
    ])
}
