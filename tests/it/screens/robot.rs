//! The robot: drives the interface as a person does, against a core that answers by script.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use signalsmith::domain::command::{Command, LogPlace, Reply};
use signalsmith::domain::event::{Event, EventKind, LogLine};
use signalsmith::domain::problem::Problem;
use signalsmith::link::{Connection, WorkspaceView};
use signalsmith::tui::{
    Clock, Effect, Export, GlyphSet, Leave, Look, Moment, Msg, Options, SavedLog, State, ThemeName,
    What, Zone, update, view,
};

use super::logs;
use super::worlds::NOW;

/// What the core answers to a command; nothing leaves it unanswered.
pub type Script = Box<dyn FnMut(&Command) -> Option<Result<Reply, Problem>> + Send>;

/// A clock that stands at the beginning.
struct Start;

impl Clock for Start {
    fn now(&self) -> Moment {
        Moment { wall: now(), ms: 0 }
    }
}

/// The time at which every test begins.
pub fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

pub struct Robot {
    pub state: State,
    look: Look,
    size: (u16, u16),
    ms: u64,
    script: Script,
    /// Lines that have come to the log since the script's.
    arrived: Vec<LogLine>,
    /// All commands that were sent.
    pub sent: Vec<Command>,
    pub copied: Vec<String>,
    pub saved: Vec<(String, String)>,
    /// What was to be exported, by file name.
    pub exported: Vec<(String, Export)>,
    pub session: Option<String>,
    pub left: Option<Leave>,
    pub suspended: bool,
    /// Tokens of commands that were let go.
    pub abandoned: Vec<u64>,
    /// Tokens of all commands, in the order of `sent`.
    pub tokens: Vec<u64>,
    /// What the person does with a text in their own editor.
    pub editor: fn(String) -> String,
}

pub fn options() -> Options {
    let mut options = Options::of_environment(|_| None);
    options.glyphs = GlyphSet::Unicode;
    options.zone = Zone::Named(chrono_tz::UTC);
    options.clock = Arc::new(Start);
    options
}

impl Robot {
    pub fn new(size: (u16, u16), world: WorkspaceView, script: Script) -> Self {
        Self::with(size, world, script, &options(), None)
    }

    pub fn with(
        size: (u16, u16),
        world: WorkspaceView,
        script: Script,
        options: &Options,
        session: Option<&str>,
    ) -> Self {
        let state = State::new(options, size, Arc::new(world), Connection::Local, session);
        let mut robot = Self {
            state,
            look: Look::new(options.theme, options.glyphs),
            size,
            ms: 0,
            script,
            arrived: Vec::new(),
            sent: Vec::new(),
            copied: Vec::new(),
            saved: Vec::new(),
            exported: Vec::new(),
            session: None,
            left: None,
            suspended: false,
            abandoned: Vec::new(),
            tokens: Vec::new(),
            editor: |text| text,
        };
        robot.wait(0);
        robot.wait(500);
        robot
    }

    pub fn theme(&mut self, theme: ThemeName, glyphs: GlyphSet) {
        self.look = Look::new(theme, glyphs);
    }

    pub fn tell(&mut self, what: What) {
        let at = Moment {
            wall: now() + Duration::milliseconds(self.ms as i64),
            ms: self.ms,
        };
        for effect in update(&mut self.state, Msg { at, what }) {
            match effect {
                Effect::Send { token, command } => {
                    self.sent.push(command.clone());
                    self.tokens.push(token);
                    if let Some(result) = (self.script)(&command) {
                        let result = Box::new(logs::answer(&command, result, &self.arrived));
                        self.tell(What::Reply { token, result });
                    }
                }
                Effect::Copy(text) => self.copied.push(text),
                Effect::Quit(leave) => self.left = Some(leave),
                Effect::Suspend => self.suspended = true,
                Effect::SaveLog(log) => self.save(log),
                Effect::SaveSession(text) => self.session = Some(text),
                Effect::Abandon { token } => self.abandoned.push(token),
                Effect::OpenEditor { text, .. } => {
                    let edited = (self.editor)(text);
                    self.tell(What::Edited(Ok(edited)));
                }
                Effect::Export { name, what } => self.exported.push((name, what)),
                Effect::Redraw | Effect::Mouse(_) => {}
            }
        }
    }

    /// Saves what the core gives of a log, as text.
    fn save(&mut self, log: SavedLog) {
        let command = Command::LogPage {
            run: log.run,
            from: LogPlace::After(0),
            limit: 10_000,
            text: log.text,
        };
        let given = (self.script)(&command).expect("the core answers");
        let Ok(Reply::LogPage(page)) = logs::answer(&command, given, &self.arrived) else {
            panic!("no log")
        };
        let lines = page.lines.iter();
        let text = lines.map(|line| format!("{} {}\n", line.line.word, line.line.text));
        self.saved.push((log.name, text.collect()));
    }

    /// Lets time go by.
    pub fn wait(&mut self, ms: u64) {
        self.ms += ms;
        self.tell(What::Tick);
    }

    /// Presses a key after a moment in which a person could have read the screen.
    pub fn press(&mut self, key: &str) {
        self.ms += 400;
        self.press_at_once(key);
    }

    pub fn press_at_once(&mut self, key: &str) {
        self.tell(What::Key(parse(key)));
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.tell(What::Key(KeyEvent::new(
                KeyCode::Char(c),
                KeyModifiers::NONE,
            )));
        }
    }

    pub fn world(&mut self, world: WorkspaceView) {
        self.tell(What::View(Arc::new(world)));
    }

    /// Tells that something happened; a line of a log is in its file by then, and is read soon:
    /// [`Self::reads_log`].
    pub fn event(&mut self, event: Event) {
        if let EventKind::Log(line) = &event.kind {
            self.arrived.push(line.clone());
        }
        self.tell(What::Event(event));
    }

    /// Lets pass what a new line waits until it is read.
    pub fn reads_log(&mut self) {
        self.wait(150);
    }

    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.tell(What::Resize(size.0, size.1));
    }

    pub fn draw(&self) -> (Buffer, Position) {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal
            .draw(|frame| view(&self.state, &self.look, frame))
            .unwrap();
        let place = terminal.get_cursor_position().unwrap();
        (terminal.backend().buffer().clone(), place)
    }

    /// The lines of the screen without blanks at their ends.
    pub fn screen(&self) -> String {
        let (buffer, _) = self.draw();
        let mut out = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..buffer.area.width {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                skip = unicode_width::UnicodeWidthStr::width(symbol).max(1) - 1;
                line.push_str(symbol);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// Whether the real cursor stands on a line with this text.
    pub fn on(&self, text: &str) -> bool {
        let (_, place) = self.draw();
        let screen = self.screen();
        let line = screen.lines().nth(usize::from(place.y));
        line.is_some_and(|line| line.contains(text))
    }

    #[track_caller]
    pub fn sees(&self, text: &str) {
        let screen = self.screen();
        assert!(screen.contains(text), "does not see {text:?} on\n{screen}");
    }

    #[track_caller]
    pub fn sees_no(&self, text: &str) {
        let screen = self.screen();
        assert!(!screen.contains(text), "sees {text:?} on\n{screen}");
    }
}

/// A key as the configuration writes it.
pub fn parse(text: &str) -> KeyEvent {
    let (modifiers, name) = match text.strip_prefix("ctrl-") {
        Some(name) => (KeyModifiers::CONTROL, name),
        None => (KeyModifiers::NONE, text),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "space" => KeyCode::Char(' '),
        "backspace" => KeyCode::Backspace,
        "pagedown" => KeyCode::PageDown,
        "end" => KeyCode::End,
        "home" => KeyCode::Home,
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}
