//! Themes: which style each role has; a status is never told by colour alone.

use ratatui::style::{Color, Modifier, Style};

/// The themes that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// The terminal's own 16 colours.
    #[default]
    Terminal,
    /// Light text on a dark ground.
    Dark,
    /// Dark text on a light ground.
    Light,
    /// White on black, with bright colours.
    HighContrast,
    /// Blue and orange in place of green and red.
    Deuteran,
    /// No colour: weight, underline and reversal alone.
    Mono,
}

impl ThemeName {
    /// Every theme, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::Terminal,
        Self::Dark,
        Self::Light,
        Self::HighContrast,
        Self::Deuteran,
        Self::Mono,
    ];

    /// The word for this theme.
    pub fn word(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high_contrast",
            Self::Deuteran => "deuteran",
            Self::Mono => "mono",
        }
    }

    /// Reads the word for a theme.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == word)
    }
}

/// What a piece of the screen is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Text,
    Dim,
    Strong,
    Border,
    BorderFocus,
    Title,
    TitleFocus,
    Key,
    Selected,
    SelectedAway,
    Ok,
    Warn,
    Error,
    Running,
    Hit,
}

#[derive(Debug, Clone, Copy)]
struct Palette {
    text: Color,
    ground: Color,
    accent: Color,
    ok: Color,
    warn: Color,
    error: Color,
    running: Color,
    quiet: Color,
    selected: Option<(Color, Color)>,
    away: Option<(Color, Color)>,
}

/// The styles of one theme.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    palette: Palette,
    mono: bool,
}

const fn rgb(hex: u32) -> Color {
    let [_, r, g, b] = hex.to_be_bytes();
    Color::Rgb(r, g, b)
}

const TERMINAL: Palette = Palette {
    text: Color::Reset,
    ground: Color::Reset,
    accent: Color::Cyan,
    ok: Color::Green,
    warn: Color::Yellow,
    error: Color::Red,
    running: Color::Cyan,
    quiet: Color::Reset,
    selected: None,
    away: None,
};

impl Theme {
    pub(crate) fn of(name: ThemeName) -> Self {
        let palette = match name {
            ThemeName::Terminal => TERMINAL,
            ThemeName::Dark => Palette {
                text: rgb(0x00d8_dee9),
                ground: rgb(0x0014_181f),
                accent: rgb(0x0088_c0d0),
                ok: rgb(0x008f_c97a),
                warn: rgb(0x00eb_cb8b),
                error: rgb(0x00f0_7178),
                running: rgb(0x0081_a1f1),
                quiet: rgb(0x008a_93a5),
                selected: Some((rgb(0x00ff_ffff), rgb(0x0034_4563))),
                away: Some((rgb(0x00d8_dee9), rgb(0x0024_2b38))),
            },
            ThemeName::Light => Palette {
                text: rgb(0x001f_2430),
                ground: rgb(0x00fa_fafa),
                accent: rgb(0x0000_5f87),
                ok: rgb(0x0022_6e22),
                warn: rgb(0x008a_5a00),
                error: rgb(0x00b0_1020),
                running: rgb(0x001f_4fbf),
                quiet: rgb(0x005c_6370),
                selected: Some((rgb(0x0000_0000), rgb(0x00b9_d7f5))),
                away: Some((rgb(0x001f_2430), rgb(0x00e4_e8ee))),
            },
            ThemeName::HighContrast => Palette {
                text: rgb(0x00ff_ffff),
                ground: rgb(0x0000_0000),
                accent: rgb(0x0000_ffff),
                ok: rgb(0x0000_ff00),
                warn: rgb(0x00ff_ff00),
                error: rgb(0x00ff_8080),
                running: rgb(0x0000_ffff),
                quiet: rgb(0x00ff_ffff),
                selected: Some((rgb(0x0000_0000), rgb(0x00ff_ffff))),
                away: Some((rgb(0x00ff_ffff), rgb(0x0050_5050))),
            },
            // Blue against orange differ in both lightness and hue for red-green blindness.
            ThemeName::Deuteran => Palette {
                ok: Color::Indexed(39),
                warn: Color::Indexed(221),
                error: Color::Indexed(208),
                running: Color::Indexed(117),
                accent: Color::Indexed(117),
                ..TERMINAL
            },
            ThemeName::Mono => Palette {
                accent: Color::Reset,
                ok: Color::Reset,
                warn: Color::Reset,
                error: Color::Reset,
                running: Color::Reset,
                ..TERMINAL
            },
        };
        Self {
            palette,
            mono: name == ThemeName::Mono,
        }
    }

    /// The style of the whole screen beneath everything.
    pub(crate) fn base(&self) -> Style {
        Style::new().fg(self.palette.text).bg(self.palette.ground)
    }

    /// The style that `role` adds.
    pub(crate) fn style(&self, role: Role) -> Style {
        let palette = &self.palette;
        let plain = Style::new();
        let quiet = if palette.quiet == Color::Reset {
            plain.add_modifier(Modifier::DIM)
        } else {
            plain.fg(palette.quiet)
        };
        let bold = plain.add_modifier(Modifier::BOLD);
        let tint = |color: Color| {
            if color == Color::Reset {
                plain
            } else {
                plain.fg(color)
            }
        };
        match role {
            Role::Text => plain,
            Role::Dim | Role::Border => quiet,
            Role::Strong | Role::Title => bold,
            Role::BorderFocus => tint(palette.accent),
            Role::TitleFocus => bold.patch(tint(palette.accent)),
            Role::Key => bold.patch(tint(palette.accent)),
            Role::Selected => match palette.selected {
                Some((fg, bg)) => bold.fg(fg).bg(bg),
                None => bold.add_modifier(Modifier::REVERSED),
            },
            Role::SelectedAway => match palette.away {
                Some((fg, bg)) => bold.fg(fg).bg(bg),
                None => bold.add_modifier(Modifier::UNDERLINED),
            },
            Role::Ok => tint(palette.ok),
            Role::Running => tint(palette.running).patch(bold),
            Role::Warn => tint(palette.warn).patch(if self.mono { bold } else { plain }),
            Role::Error => tint(palette.error).patch(bold),
            Role::Hit => plain.add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mono_theme_uses_no_colour_at_all() {
        let theme = Theme::of(ThemeName::Mono);
        for role in [
            Role::Text,
            Role::Dim,
            Role::Strong,
            Role::Border,
            Role::BorderFocus,
            Role::Title,
            Role::TitleFocus,
            Role::Key,
            Role::Selected,
            Role::SelectedAway,
            Role::Ok,
            Role::Warn,
            Role::Error,
            Role::Running,
            Role::Hit,
        ] {
            let style = theme.style(role);
            for color in [style.fg, style.bg].into_iter().flatten() {
                assert_eq!(color, Color::Reset, "{role:?}");
            }
        }
    }

    #[test]
    fn every_theme_is_read_by_its_word() {
        for theme in ThemeName::ALL {
            assert_eq!(ThemeName::parse(theme.word()), Some(theme));
        }
        assert_eq!(ThemeName::parse("pink"), None);
    }
}
