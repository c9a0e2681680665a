//! Charts of text: bars beside their names, and a line of small bars.

use ratatui::text::{Line, Span};

use crate::tui::look::Look;
use crate::tui::text;
use crate::tui::theme::Role;

/// One bar of a chart.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub name: String,
    pub value: u64,
    pub role: Role,
}

/// Bars beside their names, each with its figure, the longest filling the room that is left.
pub(crate) fn bars(look: &Look, bars: &[Bar], columns: usize) -> Vec<Line<'static>> {
    let name = bars.iter().map(|bar| text::width(&bar.name)).max();
    let name = name.unwrap_or(0).min(columns / 3);
    let figure = bars.iter().map(|bar| text::count(bar.value).len()).max();
    let figure = figure.unwrap_or(0);
    let room = columns.saturating_sub(name + figure + 2);
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    bars.iter()
        .map(|bar| {
            let long = u64::try_from(room).unwrap_or(0).saturating_mul(bar.value) / most;
            // What is there is seen, however little it is.
            let long = usize::try_from(long)
                .unwrap_or(0)
                .max(usize::from(bar.value > 0));
            Line::from(vec![
                look.span(Role::Text, text::left(&bar.name, name)),
                look.span(
                    Role::Text,
                    format!(" {} ", text::right(&text::count(bar.value), figure)),
                ),
                look.span(bar.role, look.glyphs.gauge_full.repeat(long.min(room))),
            ])
        })
        .collect()
}

/// A line of small bars, the newest of `values` where there are more than `columns`.
pub(crate) fn sparkline(look: &Look, role: Role, values: &[u64], columns: usize) -> Span<'static> {
    let steps = look.glyphs.spark;
    let last = u64::try_from(steps.len().saturating_sub(1)).unwrap_or(0);
    let values = values
        .get(values.len().saturating_sub(columns)..)
        .unwrap_or(values);
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let bars: String = values
        .iter()
        .map(|value| {
            let step = u128::from(*value) * u128::from(last) / u128::from(most);
            let step = usize::try_from(step).unwrap_or(0);
            steps.get(step).copied().unwrap_or(" ")
        })
        .collect();
    look.span(role, bars)
}

/// Upright bars of `rows` lines, each `wide` columns with a gap, against the most of `values`.
pub(crate) fn pillars(
    look: &Look,
    role: Role,
    values: &[u64],
    wide: usize,
    rows: usize,
) -> Vec<Line<'static>> {
    let steps = look.glyphs.spark;
    let each = u64::try_from(steps.len()).unwrap_or(1);
    let most = u128::from(values.iter().copied().max().unwrap_or(0).max(1));
    let height = u128::from(each) * u128::try_from(rows).unwrap_or(0);
    let part = |value: u64, row: usize| {
        let long = u128::from(value) * height / most;
        // What is there is seen, however little it is.
        let long = u64::try_from(long).unwrap_or(0).max(u64::from(value > 0));
        let below = each * u64::try_from(rows - 1 - row).unwrap_or(0);
        let step = long.saturating_sub(below).min(each);
        let step = usize::try_from(step).unwrap_or(0).checked_sub(1);
        step.and_then(|step| steps.get(step))
            .copied()
            .unwrap_or(" ")
    };
    (0..rows)
        .map(|row| {
            let parts = values.iter().map(|value| {
                let bar = part(*value, row).repeat(wide.saturating_sub(1).max(1));
                text::left(&bar, wide)
            });
            Line::from(look.span(role, parts.collect::<String>()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::glyph::GlyphSet;
    use crate::tui::theme::ThemeName;

    fn looks() -> [Look; 2] {
        [GlyphSet::Unicode, GlyphSet::Ascii].map(|set| Look::new(ThemeName::Mono, set))
    }

    #[test]
    fn the_longest_bar_fills_the_room_and_the_smallest_is_seen() {
        let chart = [("ok", 1_000), ("failed", 1), ("held", 0)].map(|(name, value)| Bar {
            name: name.to_owned(),
            value,
            role: Role::Text,
        });
        let [unicode, ascii] = looks().map(|look| {
            let lines = bars(&look, &chart, 24);
            lines.iter().map(Line::to_string).collect::<Vec<_>>()
        });
        assert_eq!(unicode[0], "ok     1,000 ███████████");
        assert_eq!(ascii[1], "failed     1 #");
        assert_eq!(ascii[2], "held       0 ");
    }

    #[test]
    fn the_tallest_bar_fills_every_line_and_the_smallest_is_seen() {
        let [unicode, ascii] = looks().map(|look| {
            let lines = pillars(&look, Role::Text, &[0, 1, 50, 100], 3, 2);
            lines.iter().map(Line::to_string).collect::<Vec<_>>()
        });
        assert_eq!(unicode, ["         ██ ", "   ▁▁ ██ ██ "]);
        assert_eq!(ascii, ["         ## ", "   __ ## ## "]);
        assert!(pillars(&looks()[0], Role::Text, &[u64::MAX], 3, 0).is_empty());
    }

    #[test]
    fn the_newest_values_are_shown_against_their_most() {
        let [unicode, ascii] =
            looks().map(|look| sparkline(&look, Role::Text, &[9_999, 0, 50, 100], 3).content);
        assert_eq!(unicode, "▁▄█");
        assert_eq!(ascii, "_-#");
        let all = [u64::MAX, u64::MAX];
        assert_eq!(sparkline(&looks()[0], Role::Text, &all, 8).content, "██");
    }
}
