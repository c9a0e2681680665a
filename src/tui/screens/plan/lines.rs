//! The words and lines of a plan: counts, cost, and what changes field by field.

use ratatui::text::{Line, Span};
use serde_json::Value as Json;

use crate::domain::browse::{PlanHead, PlanPart, PlanRow};
use crate::domain::guard::held_text;
use crate::domain::plan::OperationKind;
use crate::domain::run::Phase;
use crate::link::view::SyncView;
use crate::tui::look::Look;
use crate::tui::text;
use crate::tui::theme::Role;

/// The word for a part of a plan; in an undo an update restores, and what is not planned stays.
pub(super) fn part_word(part: PlanPart, undoes: bool) -> &'static str {
    match (part, undoes) {
        (PlanPart::Update, true) => "restore",
        (PlanPart::Invalid, true) => "stays",
        _ => part.word(),
    }
}

/// The word for what an entry does.
pub(super) fn kind_word(kind: Option<OperationKind>, undoes: bool) -> &'static str {
    let part = match kind {
        Some(OperationKind::Create) => PlanPart::Create,
        Some(OperationKind::Update) => PlanPart::Update,
        Some(OperationKind::Delete) => PlanPart::Delete,
        None => PlanPart::Invalid,
    };
    part_word(part, undoes)
}

/// A field with what was there and what is to be written.
pub(super) struct Change<'a> {
    pub field: &'a str,
    pub old: Option<&'a Json>,
    pub new: Option<&'a Json>,
}

/// What an entry changes; of an update only the fields that differ.
pub(super) fn changes<'a>(old: Option<&'a Json>, new: Option<&'a Json>) -> Vec<Change<'a>> {
    let (old, new) = (old.and_then(Json::as_object), new.and_then(Json::as_object));
    let of_new = new.into_iter().flatten().filter_map(|(field, value)| {
        let before = old.and_then(|old| old.get(field));
        (before != Some(value)).then_some(Change {
            field,
            old: before,
            new: Some(value),
        })
    });
    // A record that is deleted has nothing new: what goes is shown.
    let of_old = old
        .filter(|_| new.is_none())
        .into_iter()
        .flatten()
        .map(|(field, value)| Change {
            field,
            old: Some(value),
            new: None,
        });
    of_new.chain(of_old).collect()
}

/// How many fields differ.
pub(crate) fn changed(old: Option<&Json>, new: Option<&Json>) -> usize {
    changes(old, new).len()
}

/// A JSON value as people read it.
pub(crate) fn json_words(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

/// A key as people read it: its values set apart.
pub(super) fn key_words(row: &PlanRow) -> String {
    if row.key.is_empty() {
        return "(no key)".to_owned();
    }
    let values: Vec<String> = row.key.values().map(json_words).collect();
    values.join(" · ")
}

/// The lines of what changes, a field each.
pub(crate) fn change_lines(
    look: &Look,
    old: Option<&Json>,
    new: Option<&Json>,
    columns: usize,
) -> Vec<Line<'static>> {
    let changes = changes(old, new);
    let names = changes.iter().map(|change| text::width(change.field));
    let name = names.max().unwrap_or(0).min(columns / 3).max(4);
    let room = columns.saturating_sub(name + 2);
    changes
        .iter()
        .map(|change| {
            let mut spans = vec![
                look.span(Role::Dim, text::left(change.field, name)),
                Span::raw("  "),
            ];
            match (change.old, change.new) {
                (Some(old), Some(new)) => {
                    let half = room.saturating_sub(4) / 2;
                    spans.push(look.foreign(Role::Text, &json_words(old), half));
                    spans.push(look.span(Role::Dim, format!(" {} ", look.glyphs.arrow)));
                    spans.push(look.foreign(Role::Strong, &json_words(new), half));
                }
                (None, Some(new)) => spans.push(look.foreign(Role::Text, &json_words(new), room)),
                (old, None) => {
                    let words = old.map_or(String::new(), json_words);
                    spans.push(look.foreign(Role::Dim, &words, room));
                }
            }
            Line::from(spans)
        })
        .collect()
}

/// `create 1,300  update 4,711  delete 6,204 HELD …`.
pub(super) fn counts(look: &Look, head: &PlanHead, part: PlanPart) -> Vec<Span<'static>> {
    let c = &head.run.counters;
    let undoes = head.run.options.undo_of.is_some();
    let mut out = Vec::new();
    for kind in OperationKind::ALL {
        let tally = c.of(kind);
        let held = if tally.held > 0 { " HELD" } else { "" };
        let role = match (tally.planned, tally.held) {
            (0, _) => Role::Dim,
            (_, 0) if part.kind() == Some(kind) => Role::Strong,
            (_, 0) => Role::Text,
            _ => Role::Warn,
        };
        out.push(look.span(
            role,
            format!(
                "{} {}{held}",
                kind_word(Some(kind), undoes),
                text::count(tally.planned)
            ),
        ));
    }
    if undoes {
        let stays = if c.skipped > 0 { Role::Warn } else { Role::Dim };
        out.push(look.span(stays, format!("stays {}", text::count(c.skipped))));
        return out;
    }
    out.push(look.span(Role::Dim, format!("unchanged {}", text::count(c.unchanged))));
    let invalid = if c.invalid > 0 { Role::Warn } else { Role::Dim };
    out.push(look.span(invalid, format!("invalid {}", text::count(c.invalid))));
    if c.skipped > 0 {
        out.push(look.span(Role::Dim, format!("skipped {}", text::count(c.skipped))));
    }
    out
}

/// What carrying it out costs, by the measure of the sync's last run.
pub(super) fn cost(sync: &SyncView, head: &PlanHead) -> Option<String> {
    let planned = head.run.counters.total(|tally| tally.planned);
    let last = sync.last.as_ref().map(|run| (run, &run.counters));
    let (run, c) = last.filter(|(_, c)| c.requests > 0 && c.total(|t| t.done) > 0)?;
    if planned == 0 {
        return None;
    }
    let done = c.total(|tally| tally.done);
    let share = |of: u64| u128::from(planned) * u128::from(of) / u128::from(done);
    let requests = u64::try_from(share(c.requests)).unwrap_or(u64::MAX).max(1);
    let requests = text::counted(requests, "request");
    let writing = run.phases.iter().find(|time| time.name == Phase::Writing);
    let ms = writing.map(|time| u64::try_from(share(time.ms)).unwrap_or(u64::MAX));
    Some(match ms {
        Some(ms) => format!("about {requests}, {}", text::duration(ms)),
        None => format!("about {requests}"),
    })
}

/// `12.9 %`.
fn percent(part: u64, whole: u64) -> String {
    let whole = u128::from(whole.max(1));
    let tenths = (u128::from(part) * 1_000 + whole / 2) / whole;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// How the deletes stand to what is known and to the limit.
pub(super) fn share(head: &PlanHead) -> Option<String> {
    let deletes = head.run.counters.delete.planned;
    if deletes == 0 || head.run.options.undo_of.is_some() {
        return None;
    }
    let limit = text::count(head.delete_limit);
    Some(match head.known {
        0 => format!("{} deletes; limit {limit}", text::count(deletes)),
        known => format!(
            "{} is {} of {} known; limit {limit}",
            text::count(deletes),
            percent(deletes, known),
            text::count(known)
        ),
    })
}

/// What is said of deletes that are held.
pub(super) fn held(head: &PlanHead) -> String {
    let c = &head.run.counters;
    let count = c.delete.held.max(1);
    let words = held_text(count, head.known, c.read, head.delete_limit);
    format!("{words}. Creates and updates went through.")
}

/// Why an entry stands in the plan; what an undo leaves says it without its code.
pub(super) fn why(row: &PlanRow, undoes: bool) -> &str {
    let why = row.why.as_deref().unwrap_or_default();
    match why.split_once(": ") {
        Some((_, words)) if undoes && row.op.is_none() => words,
        _ => why,
    }
}

/// How many fields an entry writes, or what else is to be known of it.
pub(super) fn info(row: &PlanRow, destination: &str, undoes: bool) -> String {
    let fields = |count: usize| text::counted(u64::try_from(count).unwrap_or(0), "field");
    let mut words = match row.op {
        None if undoes => why(row, undoes).to_owned(),
        None => match &row.field {
            Some(field) => format!("{field}  {}", row.why.as_deref().unwrap_or_default()),
            None => row.why.clone().unwrap_or_default(),
        },
        Some(OperationKind::Delete) => match &row.destination_id {
            Some(id) => format!("{destination} {id}"),
            None => String::new(),
        },
        Some(OperationKind::Update) if row.old.is_none() => "old values are not kept".to_owned(),
        Some(_) => fields(changes(row.old.as_ref(), row.new.as_ref()).len()),
    };
    if row.op.is_some()
        && let Some(why) = &row.why
    {
        if !words.is_empty() {
            words.push_str("  ");
        }
        words.push_str(why);
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_update_shows_what_differs_and_a_delete_what_goes() {
        let old = json!({"Email": "a@b.c", "LTV": 1});
        let new = json!({"Email": "a@b.c", "LTV": 2, "Phone": null});
        let look = Look::plain();
        let shown = |old, new| -> Vec<String> {
            let lines = change_lines(&look, old, new, 40);
            lines.iter().map(Line::to_string).collect()
        };
        assert_eq!(
            shown(Some(&old), Some(&new)),
            ["LTV    1 → 2", "Phone  null"]
        );
        assert_eq!(shown(Some(&old), None), ["Email  a@b.c", "LTV    1"]);
        assert_eq!(shown(None, Some(&old)), ["Email  a@b.c", "LTV    1"]);
        assert!(shown(None, None).is_empty());
    }

    #[test]
    fn shares_are_told_in_tenths() {
        assert_eq!(percent(6_204, 48_210), "12.9 %");
        assert_eq!(percent(1, 8), "12.5 %");
    }
}
