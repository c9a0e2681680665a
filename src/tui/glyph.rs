//! Glyphs: the symbols of the interface, in Unicode and in ASCII.

use ratatui::symbols::border;

/// Which symbols a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GlyphSet {
    /// Any of Unicode's narrow symbols.
    #[default]
    Unicode,
    /// ASCII alone.
    Ascii,
}

impl GlyphSet {
    /// Chooses by environment: ASCII on the Linux console and where the locale is not UTF-8.
    pub fn detect(lookup: impl Fn(&str) -> Option<String>) -> Self {
        if lookup("TERM").is_some_and(|term| term == "linux" || term == "dumb") {
            return Self::Ascii;
        }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .filter_map(&lookup)
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") {
            Self::Unicode
        } else {
            Self::Ascii
        }
    }

    pub(crate) fn glyphs(self) -> &'static Glyphs {
        match self {
            Self::Unicode => &UNICODE,
            Self::Ascii => &ASCII,
        }
    }
}

/// One symbol for each thing that is shown by a symbol.
pub(crate) struct Glyphs {
    /// Whether nothing but ASCII may come onto the screen.
    pub ascii: bool,
    pub failed: &'static str,
    pub attention: &'static str,
    pub held: &'static str,
    pub ok: &'static str,
    pub paused: &'static str,
    pub manual: &'static str,
    pub waiting: &'static str,
    pub queued: &'static str,
    pub pending: &'static str,
    pub spinner: &'static [&'static str],
    pub cursor: &'static str,
    pub mark: &'static str,
    pub arrow: &'static str,
    pub into: &'static str,
    pub dot: &'static str,
    pub core: &'static str,
    pub gauge_full: &'static str,
    pub gauge_empty: &'static str,
    pub spark: &'static [&'static str],
    pub ellipsis: &'static str,
    pub border: border::Set<'static>,
}

static UNICODE: Glyphs = Glyphs {
    ascii: false,
    failed: "✖",
    attention: "!",
    held: "?",
    ok: "✔",
    paused: "‖",
    manual: "▪",
    waiting: "○",
    queued: "◌",
    pending: "…",
    spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
    cursor: "▸",
    mark: "◆",
    arrow: "→",
    into: "▸",
    dot: "·",
    core: "●",
    gauge_full: "█",
    gauge_empty: "░",
    spark: &["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    ellipsis: "…",
    border: border::PLAIN,
};

static ASCII: Glyphs = Glyphs {
    ascii: true,
    failed: "x",
    attention: "!",
    held: "?",
    ok: "v",
    paused: "=",
    manual: "-",
    waiting: "o",
    queued: ":",
    pending: "~",
    spinner: &["|", "/", "-", "\\"],
    cursor: ">",
    mark: "*",
    arrow: "->",
    into: "/",
    dot: "-",
    core: "@",
    gauge_full: "#",
    gauge_empty: ".",
    spark: &["_", ".", ":", "-", "=", "+", "*", "#"],
    ellipsis: "...",
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(pairs: &[(&str, &str)]) -> GlyphSet {
        GlyphSet::detect(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_console_and_locales_without_utf_8_get_ascii() {
        assert_eq!(detect(&[("LANG", "en_GB.UTF-8")]), GlyphSet::Unicode);
        assert_eq!(detect(&[("LANG", "C.utf8")]), GlyphSet::Unicode);
        assert_eq!(detect(&[]), GlyphSet::Ascii);
        assert_eq!(
            detect(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]),
            GlyphSet::Ascii
        );
        assert_eq!(
            detect(&[("LANG", "de_DE.UTF-8"), ("TERM", "linux")]),
            GlyphSet::Ascii
        );
    }

    #[test]
    fn the_ascii_set_is_ascii() {
        let set = GlyphSet::Ascii.glyphs();
        let all = [
            set.failed,
            set.held,
            set.ok,
            set.paused,
            set.waiting,
            set.cursor,
            set.mark,
            set.arrow,
            set.ellipsis,
            set.core,
            set.gauge_full,
            set.queued,
        ];
        assert!(
            all.iter()
                .chain(set.spinner)
                .chain(set.spark)
                .all(|g| g.is_ascii())
        );
    }
}
