//! What the interface is started with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;

use super::glyph::GlyphSet;
use super::msg::Moment;
use super::opening::Opening;
use super::text::Zone;
use super::theme::ThemeName;

/// Tells the time to the interface.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Moment;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct MachineClock {
    started: Instant,
}

impl Default for MachineClock {
    fn default() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Moment {
        Moment {
            wall: Utc::now(),
            ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// What the interface is started with.
#[derive(Clone)]
pub struct Options {
    /// The theme.
    pub theme: ThemeName,
    /// The symbols.
    pub glyphs: GlyphSet,
    /// Whether the mouse is on at the start; it keeps the terminal from selecting text.
    pub mouse: bool,
    /// The zone of all times on screen.
    pub zone: Zone,
    /// Where the session is kept from one start to the next; nowhere without.
    pub session_path: Option<PathBuf>,
    /// The folder into which logs are saved.
    pub log_folder: PathBuf,
    /// Whether tmux stands between us and the terminal.
    pub tmux: bool,
    /// Whether runs in this process can go on in another one when it is left.
    pub leave_running: bool,
    /// Keys in place of the defaults, by action name: `run = ["ctrl-r"]`.
    pub keys: BTreeMap<String, Vec<String>>,
    /// What is shown first; nothing where the last session says it.
    pub opening: Option<Opening>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// The defaults under an environment: `NO_COLOR`, `TERM`, `LANG`, `TMUX`.
    pub fn of_environment(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| lookup(name).is_some_and(|value| !value.is_empty());
        Self {
            theme: if set("NO_COLOR") {
                ThemeName::Mono
            } else {
                ThemeName::Terminal
            },
            glyphs: GlyphSet::detect(&lookup),
            mouse: false,
            zone: Zone::Local,
            session_path: None,
            log_folder: PathBuf::from("."),
            tmux: set("TMUX"),
            leave_running: false,
            keys: BTreeMap::new(),
            opening: None,
            clock: Arc::new(MachineClock::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_chooses_mono_unless_it_is_empty() {
        let with = |value: &str| {
            let value = value.to_owned();
            Options::of_environment(move |name| (name == "NO_COLOR").then(|| value.clone())).theme
        };
        assert_eq!(with("1"), ThemeName::Mono);
        assert_eq!(with(""), ThemeName::Terminal);
    }
}
