//! Draws what is known of the selected line: its steps, what they give, its problems and the cost.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::sample::Outcome;
use super::save::{advice, cost};
use super::state::{Host, MappingEditor};
use super::step_form::StepForm;
use super::{view, words};
use crate::domain::mapping::{FieldMapping, Severity};
use crate::domain::mode::Mode;
use crate::domain::row::Cell;
use crate::domain::value::Value;
use crate::tui::look::{Lines, Look};
use crate::tui::panes;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widgets::{form_view, popup};

/// The head of the detail: the field with what is known of it.
pub(super) fn title(page: &MappingEditor, look: &Look) -> String {
    let Some(row) = page.selected() else {
        return "Line".to_owned();
    };
    let known = row.known.and_then(|place| {
        let object = page.object.here()?;
        object.schema.fields.get(place)
    });
    match known {
        Some(field) => format!("{} {} {}", row.field, look.glyphs.dot, words::field(field)),
        None => format!(
            "{} {} takes the type of its value",
            row.field, look.glyphs.dot
        ),
    }
}

/// Draws the detail and gives the place of the cursor among the steps.
pub(super) fn draw(
    page: &MappingEditor,
    state: &State,
    look: &Look,
    inner: Rect,
    focus: bool,
    buf: &mut Buffer,
) -> Position {
    let columns = usize::from(inner.width.saturating_sub(2));
    let mut lines = Lines::new(look, columns);
    let cursor = page.selected_line().map(|line| {
        let at = steps(page, look, line, focus, &mut lines);
        result(page, look, line, &mut lines);
        let words = format!(
            "nulls {}   write {}",
            words::nulls(line.nulls),
            words::write(line.write)
        );
        lines.wrapped(Role::Dim, &words, 1);
        at
    });
    if cursor.is_none() && page.selected().is_some() {
        let hint = match page.selected().and_then(|row| row.suggested.as_ref()) {
            Some(column) => format!("{column} is suggested by its name: `a` takes it."),
            None => {
                "Not mapped: it keeps what it holds. `enter` column, `=` constant, `x` template."
                    .to_owned()
            }
        };
        lines.wrapped(Role::Dim, &hint, 2);
    }
    troubles(page, state, look, &mut lines);
    let most = usize::from(inner.height.saturating_sub(1));
    lines.out.truncate(most);
    panes::lines(look, buf, inner, &lines.out);
    let foot = Rect {
        y: inner.bottom().saturating_sub(1).max(inner.y),
        height: inner.height.min(1),
        ..inner
    };
    panes::lines(look, buf, foot, &[view::status(page, state, look)]);
    let shift = u16::try_from(cursor.unwrap_or(0)).unwrap_or(0);
    let x = inner.x.saturating_add(1 + shift);
    Position::new(x.min(inner.right().saturating_sub(1).max(inner.x)), inner.y)
}

/// The steps in a row; gives the column at which the one under the cursor begins.
fn steps(
    page: &MappingEditor,
    look: &Look,
    line: &FieldMapping,
    focus: bool,
    lines: &mut Lines<'_>,
) -> usize {
    let source = words::source(&line.source);
    let mut spans = vec![look.foreign(Role::Text, &source, 40)];
    let mut used = text::width(&source).min(40);
    let mut cursor = 0;
    let arrow = format!(" {} ", look.glyphs.arrow);
    for (place, call) in line.transforms.iter().enumerate() {
        spans.push(look.span(Role::Dim, arrow.clone()));
        used += text::width(&arrow);
        let here = focus && place == page.step;
        if here {
            cursor = used;
        }
        let role = if here { Role::Selected } else { Role::Text };
        let span = look.foreign(role, &words::step(call), lines.columns);
        used += text::width(&span.content);
        spans.push(span);
    }
    let hint = match (focus, line.transforms.is_empty()) {
        (true, false) => "   enter edits   J K order   d drop   t add",
        (false, false) => "   tab to the transforms",
        (_, true) => "   t adds a transform",
    };
    if used + text::width(hint) <= lines.columns {
        spans.push(look.span(Role::Dim, hint));
    }
    lines.line(spans);
    cursor
}

/// What the line gives for the row that is shown, for the sample and for all rows.
fn result(page: &MappingEditor, look: &Look, line: &FieldMapping, lines: &mut Lines<'_>) {
    let Some(row) = page.selected() else { return };
    let outcome = row.line.and_then(|place| page.outcomes.get(place));
    if let Some((outcome, cells)) = outcome.zip(page.sample_row())
        && let Some(given) = outcome.given(cells)
    {
        let cell = view::shown(look, &given);
        let before = input(page, line).map_or(String::new(), |text| {
            format!("{} {} ", text::line(&text, 40), look.glyphs.arrow)
        });
        let lead = format!("row {} ", page.at + 1);
        let room = lines
            .columns
            .saturating_sub(text::width(&lead) + text::width(&before));
        lines.line(vec![
            look.span(Role::Dim, lead),
            look.span(Role::Text, before),
            look.foreign(cell.role, &cell.text, room),
        ]);
    }
    if let Some(check) = page.check_of(row) {
        let rows = page.rehearsal.here().map_or(0, |rehearsal| rehearsal.rows);
        let all = text::count(rows);
        if check.missing > 0 {
            let have = if check.missing == 1 { "has" } else { "have" };
            let words = format!(
                "{} of {all} rows {have} no {}",
                text::count(check.missing),
                row.field
            );
            lines.wrapped(
                if row.required {
                    Role::Error
                } else {
                    Role::Text
                },
                &words,
                1,
            );
        }
        if let Some((key, why)) = &check.example {
            let words = format!(
                "{} of {all} rows will not do, as {key}: {why}",
                text::count(check.invalid)
            );
            lines.wrapped(Role::Error, &words, 2);
        }
        if check.missing == 0 && check.invalid == 0 {
            lines.wrapped(Role::Ok, &format!("all {all} rows will do"), 1);
        }
    } else if let Some((outcome, (place, reason))) =
        outcome.and_then(|outcome| Some((outcome, outcome.first.as_ref()?)))
    {
        sample_words(page, outcome, *place, &reason.text, lines);
    }
}

fn sample_words(
    page: &MappingEditor,
    outcome: &Outcome,
    place: usize,
    why: &str,
    lines: &mut Lines<'_>,
) {
    let all = page.sample.here().map_or(0, |sample| sample.rows.len());
    let words = format!(
        "invalid in {} of {all} sample rows, first row {}: {why}",
        outcome.invalid,
        place + 1
    );
    lines.wrapped(Role::Warn, &words, 2);
}

/// What goes into the first step, where that is a column.
fn input(page: &MappingEditor, line: &FieldMapping) -> Option<String> {
    if line.transforms.is_empty() {
        return None;
    }
    let crate::domain::mapping::ValueSource::Column(column) = &line.source else {
        return None;
    };
    let place = page.model.as_ref()?.position(column)?;
    page.sample_row()?.get(place).map(|cell| match cell {
        Cell::Value(Value::Text(text)) => format!("\"{}\"", text::line(text, 38)),
        other => view::cell_text(other),
    })
}

/// What stands against saving: of the selected line, then of the whole mapping.
fn troubles(page: &MappingEditor, state: &State, look: &Look, lines: &mut Lines<'_>) {
    if let Some((what, hint)) = &page.trouble {
        lines.wrapped(Role::Error, &format!("{} {what}", look.glyphs.failed), 3);
        lines.wrapped(Role::Text, hint, 2);
        return;
    }
    if let Some(problem) = page.rehearsal.problem().filter(|_| page.is_rehearsed()) {
        let words = format!(
            "{} could not check all rows: {}",
            look.glyphs.failed, problem.text
        );
        lines.wrapped(Role::Error, &words, 2);
        lines.wrapped(Role::Text, &problem.hint, 1);
    }
    let Some(row) = page.selected() else { return };
    let whole = page
        .problems
        .iter()
        .filter(|problem| problem.line.is_none());
    for problem in page.problems_of(row).chain(whole) {
        let (what, hint) = advice(page, state, problem);
        let (role, glyph) = match problem.severity {
            Severity::Error => (Role::Error, look.glyphs.failed),
            Severity::Warning => (Role::Warn, look.glyphs.attention),
        };
        lines.wrapped(role, &format!("{glyph} {what}"), 2);
        lines.wrapped(Role::Text, &hint, 1);
    }
}

/// What saving costs: a bound at once, exact when it was counted.
pub(super) fn cost_words(
    page: &MappingEditor,
    state: &State,
    look: &Look,
) -> Option<(Role, String)> {
    let is_new = matches!(page.host, Host::New(_));
    let counted = page.rehearsal.here().filter(|_| page.is_rehearsed());
    let lead = match (is_new, page.is_edited()) {
        (true, _) => "first run",
        (false, true) => "saving",
        (false, false) => "next run",
    };
    if let Some(rehearsal) = counted {
        return Some((Role::Text, format!("{lead}: {}", cost(rehearsal))));
    }
    if page.rehearsal.is_asked() && page.is_rehearsed() {
        let spinner = look.spinner(state.now.ms);
        let bound = bound(page, state).map_or(String::new(), |bound| format!("{bound}, "));
        return Some((
            Role::Running,
            format!("{lead}: {bound}{spinner} counting, esc stops"),
        ));
    }
    if is_new {
        return None;
    }
    bound(page, state).map(|bound| (Role::Text, format!("saving: {bound}")))
}

/// The most that saving can cost, by what the sync has sent.
fn bound(page: &MappingEditor, state: &State) -> Option<String> {
    let known = page.known(state);
    if !page.is_edited() || known == 0 {
        return None;
    }
    let deletes = match page.sync.settings.mode {
        Mode::Mirror => format!(", at most {}", text::counted(known, "delete")),
        _ => ", 0 deletes".to_owned(),
    };
    Some(format!(
        "at most {} sent again{deletes}",
        text::count(known)
    ))
}

/// Draws the form of a step above everything else and gives the place of the cursor in it.
pub(super) fn draw_form(
    page: &MappingEditor,
    form: &StepForm,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) -> Position {
    let rows = u16::try_from(form.form.fields.len()).unwrap_or(8);
    let height = rows.saturating_mul(1).saturating_add(11);
    let title = format!(
        "{} {} {}",
        form.spec.name,
        look.glyphs.dot,
        form.spec.family.word()
    );
    let inner = popup::centred(look, &title, (76, height), area, buf);
    let columns = usize::from(inner.width.saturating_sub(2));
    let mut head = Lines::new(look, columns);
    head.wrapped(Role::Text, form.spec.help, 2);
    let example = form.spec.example;
    let words = format!(
        "{} {} {} {}",
        example.input, example.parameters, look.glyphs.arrow, example.output
    );
    head.wrapped(Role::Dim, &words, 2);
    let mut foot = Lines::new(look, columns);
    match &form.trouble {
        Some(why) => foot.wrapped(Role::Error, &format!("{} {why}", look.glyphs.failed), 2),
        None => foot.out.extend(page.tried(look, form, columns)),
    }
    foot.line(vec![look.span(
        Role::Dim,
        "enter at the last field takes it   esc leaves it",
    )]);
    let (above, below) = (head.out.len() + 1, foot.out.len());
    panes::lines(look, buf, inner, &head.out);
    let above = u16::try_from(above).unwrap_or(0).min(inner.height);
    let below = u16::try_from(below).unwrap_or(0).min(inner.height - above);
    let middle = Rect {
        y: inner.y + above,
        height: inner.height - above - below,
        ..inner
    };
    let last = Rect {
        y: inner.bottom() - below,
        height: below,
        ..inner
    };
    panes::lines(look, buf, last, &foot.out);
    form_view::draw(&form.form, true, look, middle, buf)
}

impl MappingEditor {
    /// What the line would give for the row that is shown, with the step as it stands in the form.
    fn tried(&self, look: &Look, form: &StepForm, columns: usize) -> Option<Line<'static>> {
        let mut line = self.selected_line()?.clone();
        let call = form.call().ok()?;
        match form.at.and_then(|at| line.transforms.get_mut(at)) {
            Some(step) => *step = call,
            None => line.transforms.push(call),
        }
        let (model, object) = (self.model_now()?, self.object.here()?);
        let variables = crate::domain::mapping::RunVariables {
            run_id: crate::domain::id::RunId::from_bits(0),
            started_at: chrono::DateTime::UNIX_EPOCH,
            sync_name: self.sync.settings.name.clone(),
        };
        let outcome = Outcome::of(&line, &model, &object.schema, &variables, None);
        let given = outcome.given(self.sample_row()?)?;
        let cell = view::shown(look, &given);
        let lead = format!("row {} gives ", self.at + 1);
        Some(Line::from(vec![
            Span::raw(lead.clone()),
            look.foreign(cell.role, &cell.text, columns.saturating_sub(lead.len())),
        ]))
    }
}
