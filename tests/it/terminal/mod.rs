//! Tests of the interface in a real pseudo-terminal: taking it, one write a frame, giving it back.
//!
//! The program in the terminal is this test binary: [`interface`] runs the interface over a link
//! made by hand.

mod host;
mod leaving;
mod pty;
mod rest;
mod storm;
mod tmux;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use portable_pty::CommandBuilder;
use rustix::process::Signal;
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::event::Event;
use signalsmith::domain::problem::Problem;
use signalsmith::link::{Connection, Link, WorkspaceView};
use signalsmith::tui::{Leave, Options, run};
use tokio::sync::{broadcast, watch};

use crate::screens::worlds;
use pty::{Pty, parsed};

const SCENE: &str = "SIGNALSMITH_TEST_SCENE";
const SIZE: (u16, u16) = (100, 30);
const LEAVES_ALTERNATE: &[u8] = b"\x1b[?1049l";

/// A link to no core.
struct Scene {
    view: watch::Sender<Arc<WorkspaceView>>,
    connection: watch::Sender<Connection>,
    events: broadcast::Sender<Event>,
    core: Mutex<crate::screens::robot::Script>,
    panics: bool,
}

#[async_trait]
impl Link for Scene {
    async fn send(&self, command: Command) -> Result<Reply, Problem> {
        assert!(
            !(self.panics && matches!(command, Command::Run { .. })),
            "a panic that was asked for"
        );
        let given = (self.core.lock().unwrap())(&command).unwrap();
        crate::screens::logs::answer(&command, given, &[])
    }

    fn view(&self) -> watch::Receiver<Arc<WorkspaceView>> {
        self.view.subscribe()
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    fn connection(&self) -> watch::Receiver<Connection> {
        self.connection.subscribe()
    }
}

/// What runs inside the pseudo-terminal.
#[test]
#[ignore = "the program that the other tests of this subject run in a pseudo-terminal"]
fn interface() {
    let Ok(scene) = std::env::var(SCENE) else {
        return;
    };
    let world = match scene.as_str() {
        "live" => worlds::mixed(),
        _ => worlds::of(vec![worlds::sync(
            1,
            "Quiet sync",
            signalsmith::link::view::SyncState::Waiting,
        )]),
    };
    let link = Scene {
        view: watch::Sender::new(Arc::new(world)),
        connection: watch::Sender::new(Connection::Attached),
        events: broadcast::Sender::new(16),
        core: Mutex::new(worlds::core()),
        panics: scene == "panic",
    };
    let options = Options::of_environment(|name| std::env::var(name).ok());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let left = runtime.block_on(run(Arc::new(link), options)).unwrap();
    assert!([Leave::Quit, Leave::Signal, Leave::Hangup].contains(&left));
}

fn program(scene: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "terminal::interface", "--nocapture"]);
    environment(&mut command, scene);
    command
}

fn environment(command: &mut CommandBuilder, scene: &str) {
    command.env(SCENE, scene);
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    command.env_remove("NO_COLOR");
    command.env_remove("TMUX");
}

fn start(scene: &str) -> Pty {
    let pty = Pty::start(program(scene), SIZE);
    pty.sees("Syncs ");
    pty
}

/// What must be off again after the interface.
#[track_caller]
fn given_back(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for (on, off) in [
        ("\u{1b}[?1049h", "\u{1b}[?1049l"),
        ("\u{1b}[?2004h", "\u{1b}[?2004l"),
        ("\u{1b}[?1004h", "\u{1b}[?1004l"),
        ("\u{1b}[?2026h", "\u{1b}[?2026l"),
        ("\u{1b}[?25l", "\u{1b}[?25h"),
    ] {
        assert!(text.rfind(off) > text.rfind(on), "{on:?} is still on");
    }
}

#[test]
fn leaving_gives_the_terminal_back() {
    let mut pty = start("quiet");
    pty.send("q");
    assert!(pty.ends());
    given_back(&pty.bytes());
}

#[test]
fn a_signal_to_end_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut pty = start("quiet");
        pty.signal(signal);
        assert!(pty.ends());
        given_back(&pty.bytes());
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_reported() {
    let mut pty = start("panic");
    pty.send("r");
    assert!(!pty.ends());
    let bytes = pty.bytes();
    given_back(&bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.find("a panic that was asked for") > text.rfind("\u{1b}[?1049l"));
}

#[test]
fn at_rest_nothing_is_written() {
    let pty = start("quiet");
    pty.quiet_for(Duration::from_millis(700));
    // The minute may change in between, once.
    let written = pty.quiet_for(Duration::from_millis(1_500));
    assert!(written < 200, "{written} bytes");
}

#[test]
fn every_frame_is_one_synchronized_update() {
    let mut pty = start("live");
    pty.quiet_for(Duration::from_millis(300));
    let before = pty.bytes().len();
    pty.send("j");
    let after = pty.gets(b"\x1b[?2026l", before);
    let frame = &pty.bytes()[before..after];
    let opens = frame.windows(8).filter(|at| at == b"\x1b[?2026h").count();
    let closes = frame.windows(8).filter(|at| at == b"\x1b[?2026l").count();
    assert_eq!(opens, closes);
}

#[test]
fn a_resize_is_answered_with_the_layout_of_the_new_size() {
    let mut pty = start("live");
    pty.sees("Run log");
    pty.resize((80, 24));
    pty.until("the narrow list", |bytes| {
        let screen = parsed(bytes, (80, 24)).screen().contents();
        screen.contains("core ● attached") && !screen.contains("OVERVIEW")
    });
    for size in [(10, 3), (200, 60), (39, 9), (59, 14), (120, 36)] {
        pty.resize(size);
    }
    pty.until("the wide layout", |bytes| {
        let screen = parsed(bytes, (120, 36)).screen().contents();
        screen.contains("OVERVIEW")
    });
    pty.send("q");
    assert!(pty.ends());
}

#[test]
fn no_color_keeps_the_selected_row_and_sends_no_colour() {
    let mut command = program("live");
    command.env("NO_COLOR", "1");
    let pty = Pty::start(command, SIZE);
    pty.sees("Syncs ");
    pty.quiet_for(Duration::from_millis(300));
    let bytes = pty.bytes();
    let parser = parsed(&bytes, SIZE);
    let screen = parser.screen();
    let (row, column) = screen.cursor_position();
    assert!(
        screen.cell(row, column).unwrap().inverse(),
        "the selected row is lost"
    );
    for row in 0..SIZE.1 {
        for column in 0..SIZE.0 {
            let cell = screen.cell(row, column).unwrap();
            assert_eq!(cell.fgcolor(), vt100::Color::Default);
            assert_eq!(cell.bgcolor(), vt100::Color::Default);
        }
    }
}

#[test]
fn ctrl_z_goes_to_the_shell_and_fg_comes_back() {
    let mut command = CommandBuilder::new("sh");
    let exe = std::env::current_exe().unwrap();
    let script = format!(
        "'{}' --ignored --exact terminal::interface --nocapture; echo in-the-shell; fg >/dev/null; echo done",
        exe.display()
    );
    command.args(["-m", "-c", &script]);
    environment(&mut command, "quiet");
    let mut pty = Pty::start(command, SIZE);
    pty.sees("Syncs ");
    let before = pty.bytes().len();
    pty.send("\u{1a}");
    let shell = pty.gets(b"in-the-shell", before);
    let left = &pty.bytes()[before..shell];
    assert!(
        left.windows(LEAVES_ALTERNATE.len())
            .any(|at| at == LEAVES_ALTERNATE)
    );
    // The shell continues us at once: every cell is painted again.
    pty.gets("Quiet sync".as_bytes(), shell);
    pty.send("q");
    pty.gets(b"done", shell);
    assert!(pty.ends());
    given_back(&pty.bytes());
}

#[test]
fn copying_reaches_the_terminal_as_osc_52() {
    let mut pty = start("quiet");
    let before = pty.bytes().len();
    pty.send("y");
    // "Quiet sync"
    pty.gets(b"\x1b]52;c;UXVpZXQgc3luYw==\x07", before);
}

#[test]
fn a_paste_is_one_piece_and_presses_no_keys() {
    let mut pty = start("quiet");
    pty.send("/");
    pty.sees("find:");
    let lines = "q\ny\n".repeat(200);
    pty.send(&format!("\u{1b}[200~{lines}\u{1b}[201~"));
    pty.sees("no hit");
    pty.send("\u{1b}");
    pty.sees("? help");
    pty.send("q");
    assert!(pty.ends());
}
