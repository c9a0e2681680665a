//! The look: theme and symbols, with the few ways in which text comes onto the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::merge::MergeStrategy;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use super::glyph::{GlyphSet, Glyphs};
use super::text;
use super::theme::{Role, Theme, ThemeName};

/// Theme and symbols.
#[derive(Clone, Copy)]
pub struct Look {
    theme: Theme,
    pub(crate) glyphs: &'static Glyphs,
}

impl Look {
    /// The look of a theme with a set of symbols.
    pub fn new(theme: ThemeName, glyphs: GlyphSet) -> Self {
        Self {
            theme: Theme::of(theme),
            glyphs: glyphs.glyphs(),
        }
    }

    /// A look for measuring, where colours do not count.
    pub(crate) fn plain() -> Self {
        Self::new(ThemeName::Mono, GlyphSet::Unicode)
    }

    pub(crate) fn base(&self) -> Style {
        self.theme.base()
    }

    pub(crate) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Text of our own, or text that was made harmless already.
    pub(crate) fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.style(role))
    }

    /// Text from outside, made harmless and elided to `columns`.
    pub(crate) fn foreign(&self, role: Role, text: &str, columns: usize) -> Span<'static> {
        Span::styled(text::line(text, columns), self.style(role))
    }

    /// Writes one line into `area` at row `row` of it; what does not fit is cut.
    pub(crate) fn put(&self, buf: &mut Buffer, area: Rect, row: u16, line: &Line<'_>) {
        if row < area.height {
            buf.set_line(area.x, area.y + row, line, area.width);
        }
    }

    /// Draws a frame with a title and gives the room inside.
    pub(crate) fn panel(&self, buf: &mut Buffer, area: Rect, title: &str, focus: bool) -> Rect {
        let (border, heading) = if focus {
            (Role::BorderFocus, Role::TitleFocus)
        } else {
            (Role::Border, Role::Title)
        };
        let room = usize::from(area.width.saturating_sub(4));
        let title = format!(" {} ", text::line(title, room));
        let block = Block::bordered()
            .border_set(self.glyphs.border)
            .border_style(self.style(border))
            .merge_borders(MergeStrategy::Exact)
            .title(Line::from(self.span(heading, title)));
        let inner = block.inner(area);
        block.render(area, buf);
        inner
    }

    /// Draws a frame without a title and gives the room inside.
    pub(crate) fn frame(&self, buf: &mut Buffer, area: Rect) -> Rect {
        let block = Block::bordered()
            .border_set(self.glyphs.border)
            .border_style(self.style(Role::BorderFocus));
        let inner = block.inner(area);
        block.render(area, buf);
        inner
    }

    /// Puts ASCII in place of what an ASCII terminal cannot show, from wherever it came.
    pub(crate) fn tame(&self, buf: &mut Buffer) {
        if self.glyphs.ascii {
            for cell in buf
                .content
                .iter_mut()
                .filter(|cell| !cell.symbol().is_ascii())
            {
                let plain = if cell.symbol() == "…" { "~" } else { "?" };
                cell.set_symbol(plain);
            }
        }
    }

    /// A bar of `columns`, filled to `share`.
    pub(crate) fn gauge(&self, share: f64, columns: usize) -> String {
        let percent = percent(share);
        let full = columns * percent / 100;
        let mut bar = self.glyphs.gauge_full.repeat(full);
        bar.push_str(&self.glyphs.gauge_empty.repeat(columns - full));
        bar
    }

    /// The frame of what turns while something is under way; it moves once a second.
    pub(crate) fn spinner(&self, now_ms: u64) -> &'static str {
        let frames = self.glyphs.spinner;
        let at = usize::try_from(now_ms / 1000).unwrap_or(0) % frames.len().max(1);
        frames.get(at).copied().unwrap_or("*")
    }
}

/// A share from 0 to 1 as whole percent, from 0 to 100; it says 100 only when all is done.
pub(crate) fn percent(share: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=100 before; a NaN becomes 0"
    )]
    let whole = (share * 100.0).floor().clamp(0.0, 100.0) as usize;
    whole
}

/// Lines of a text that grows downwards, each at most `columns` wide.
pub(crate) struct Lines<'a> {
    pub look: &'a Look,
    pub columns: usize,
    pub out: Vec<Line<'static>>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(look: &'a Look, columns: usize) -> Self {
        Self {
            look,
            columns,
            out: Vec::new(),
        }
    }

    pub(crate) fn blank(&mut self) {
        self.out.push(Line::default());
    }

    pub(crate) fn line(&mut self, spans: Vec<Span<'static>>) {
        self.out.push(Line::from(spans));
    }

    /// Text from anywhere over at most `lines` lines.
    pub(crate) fn wrapped(&mut self, role: Role, content: &str, lines: usize) {
        for line in text::wrap(content, self.columns, lines) {
            self.out.push(Line::from(self.look.span(role, line)));
        }
    }

    /// Pieces that belong together, set apart by `gap` blanks, broken between pieces.
    pub(crate) fn flow(&mut self, pieces: Vec<Span<'static>>, gap: usize) {
        let mut line: Vec<Span<'static>> = Vec::new();
        let mut used = 0;
        for piece in pieces {
            let wide = text::width(&piece.content);
            if !line.is_empty() && used + gap + wide > self.columns {
                self.line(std::mem::take(&mut line));
                used = 0;
            }
            if !line.is_empty() {
                line.push(Span::raw(" ".repeat(gap)));
                used += gap;
            }
            used += wide;
            line.push(piece);
        }
        if !line.is_empty() {
            self.line(line);
        }
    }
}
