//! The loop: waits for keys, signals and the core, gives them to `update`, and draws on demand.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Duration;

use chrono::Timelike as _;
use crossterm::event::Event as Input;
use rustix::process::Signal;
use tokio::time::Instant;

use super::clipboard;
use super::external;
use super::look::Look;
use super::msg::{Effect, Leave, Msg, What};
use super::options::Options;
use super::session;
use super::sources::{Sources, Wake};
use super::state::State;
use super::terminal::Tty;
use super::update::update;
use super::view::view;
use crate::link::Link;

/// The shortest time between two frames after keys: 30 a second.
const KEY_PACE: Duration = Duration::from_millis(33);
/// The shortest time between two frames for what changes by itself: 4 a second.
const BACKGROUND_PACE: Duration = Duration::from_millis(250);
/// How long input that never pauses can put off a frame that is due.
const MAX_DELAY: Duration = Duration::from_millis(50);

/// What can keep the interface from running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Standard output is no terminal, or does not let itself be taken.
    #[error(
        "could not take the terminal: {0}; the commands of `signalsmith help` work without one"
    )]
    Terminal(#[source] io::Error),
    /// The system does not deliver signals to us.
    #[error("could not listen for signals: {0}")]
    Signals(#[source] io::Error),
}

/// Runs the interface on the present thread until it is left.
///
/// # Errors
/// [`Error`] where the terminal cannot be taken or written to.
pub async fn run(link: Arc<dyn Link>, options: Options) -> Result<Leave, Error> {
    let mut sources = Sources::open(&*link).map_err(Error::Signals)?;
    let size = crossterm::terminal::size().map_err(Error::Terminal)?;
    let world = sources.world();
    let connection = sources.connection();
    let kept = read_session(&options);
    let state = State::new(&options, size, world, connection, kept.as_deref());
    let tty = Tty::enter(options.mouse).map_err(Error::Terminal)?;
    let mut driver = Driver {
        look: Look::new(options.theme, options.glyphs),
        tty,
        state,
        link,
        options,
        due: Some(Instant::now()),
        drawn: Instant::now(),
    };
    let left = match driver.drive(&mut sources).await {
        // A terminal that went away may refuse a frame before its signal is here.
        Err(error) if is_gone(&error) => Ok(Leave::Hangup),
        left => left,
    };
    // Commands whose answers nobody waits for any more are let go; what they started goes on.
    sources.close().await;
    let given_back = driver.tty.leave();
    match left {
        // The terminal may not take anything any more.
        Ok(leave @ (Leave::Signal | Leave::Hangup)) => Ok(leave),
        Ok(leave) => given_back.map(|()| leave).map_err(Error::Terminal),
        Err(error) => Err(Error::Terminal(error)),
    }
}

struct Driver {
    look: Look,
    tty: Tty,
    state: State,
    link: Arc<dyn Link>,
    options: Options,
    /// When the next frame is to be drawn; nothing where the screen is as it should be.
    due: Option<Instant>,
    drawn: Instant,
}

impl Driver {
    async fn drive(&mut self, sources: &mut Sources) -> io::Result<Leave> {
        self.tell(What::Tick, sources, KEY_PACE)?;
        loop {
            if self.due.is_some_and(|due| Instant::now() > due + MAX_DELAY) {
                self.draw()?;
            }
            let (what, pace) = match sources.next(self.until()).await {
                Wake::Leave => {
                    self.keep_session(&session::keep(&self.state));
                    return Ok(Leave::Signal);
                }
                Wake::Hangup => {
                    self.keep_session(&session::keep(&self.state));
                    return Ok(Leave::Hangup);
                }
                Wake::Time => {
                    if self.due.is_some_and(|due| Instant::now() >= due) {
                        self.draw()?;
                        continue;
                    }
                    (What::Tick, BACKGROUND_PACE)
                }
                Wake::Suspend => (What::SuspendAsked, KEY_PACE),
                Wake::Continued => {
                    // The shell may have set the terminal to its own liking.
                    self.tty.retake()?;
                    (What::Resumed, KEY_PACE)
                }
                Wake::Input(Input::Key(key)) => (What::Key(key), KEY_PACE),
                Wake::Input(Input::Paste(text)) => (What::Paste(text), KEY_PACE),
                Wake::Input(Input::Mouse(mouse)) => (What::Mouse(mouse), KEY_PACE),
                Wake::Input(Input::Resize(columns, rows)) => {
                    (What::Resize(columns, rows), KEY_PACE)
                }
                Wake::Input(Input::FocusGained) => {
                    self.state.focused = true;
                    (What::Tick, KEY_PACE)
                }
                Wake::Input(Input::FocusLost) => {
                    self.state.focused = false;
                    continue;
                }
                Wake::View(world) => (What::View(world), BACKGROUND_PACE),
                Wake::Connection(connection) => (What::Connection(connection), BACKGROUND_PACE),
                Wake::Event(event) if !self.state.shows_event(&event) => continue,
                Wake::Event(event) => (What::Event(event), BACKGROUND_PACE),
                Wake::Lagged => (What::Lagged, BACKGROUND_PACE),
                Wake::Reply(token, result) => {
                    let result = Box::new(result);
                    (What::Reply { token, result }, KEY_PACE)
                }
                Wake::Saved(result) => (What::LogSaved(result), KEY_PACE),
            };
            if let Some(leave) = self.tell(what, sources, pace)? {
                return Ok(leave);
            }
        }
    }

    /// Gives a message to the state, does what comes of it, and asks for a frame.
    fn tell(
        &mut self,
        what: What,
        sources: &mut Sources,
        pace: Duration,
    ) -> io::Result<Option<Leave>> {
        let at = self.options.clock.now();
        for effect in update(&mut self.state, Msg { at, what }) {
            if let Some(leave) = self.perform(effect, sources)? {
                return Ok(Some(leave));
            }
        }
        self.want_frame(pace);
        Ok(None)
    }

    fn want_frame(&mut self, pace: Duration) {
        let due = (self.drawn + pace).max(Instant::now());
        self.due = Some(self.due.map_or(due, |before| before.min(due)));
    }

    fn draw(&mut self) -> io::Result<()> {
        let (state, look) = (&self.state, &self.look);
        self.tty.draw(|frame| view(state, look, frame))?;
        self.due = None;
        self.drawn = Instant::now();
        Ok(())
    }

    /// Until when to wait: the next frame, what the state waits for, or the next minute.
    fn until(&self) -> Instant {
        let now = self.options.clock.now();
        let started = Instant::now();
        let minute = 60_000
            - u64::from(now.wall.second()) * 1000
            - u64::from(now.wall.nanosecond() / 1_000_000).min(999);
        let wake = self
            .state
            .wake_at_ms()
            .map(|at| at.saturating_sub(now.ms).max(1));
        let quiet = started + Duration::from_millis(wake.map_or(minute, |ms| ms.min(minute)));
        self.due.map_or(quiet, |due| due.min(quiet))
    }

    fn perform(&mut self, effect: Effect, sources: &mut Sources) -> io::Result<Option<Leave>> {
        match effect {
            Effect::Send { token, command } => sources.send(Arc::clone(&self.link), token, command),
            Effect::Abandon { token } => sources.let_go(token),
            Effect::OpenEditor { suffix, text } => {
                self.tty.leave()?;
                let edited = external::edit(suffix, &text);
                sources.deafen();
                self.tty.retake()?;
                return self.tell(What::Edited(edited), sources, KEY_PACE);
            }
            Effect::Copy(text) => match clipboard::sequence(&text, self.options.tmux) {
                Some(bytes) => {
                    self.tty.send(&bytes)?;
                    self.state.note("copied, as far as the terminal allows it");
                }
                None => self.state.fail(
                    "too long for the terminal's clipboard",
                    "save it to a file instead",
                ),
            },
            Effect::Quit(Leave::Suspend) if !has_shell() => {
                self.state.note("there is no shell to go back to");
            }
            Effect::Quit(leave) => return Ok(Some(leave)),
            Effect::Suspend => self.suspend()?,
            Effect::Redraw => self.tty.forget_screen(),
            Effect::Mouse(on) => self.tty.set_mouse(on)?,
            Effect::SaveLog(log) => {
                let folder = self.options.log_folder.clone();
                sources.save(Arc::clone(&self.link), folder, log);
            }
            Effect::Export { name, what } => {
                let path = self.options.log_folder.join(name);
                sources.export(Arc::clone(&self.link), path, what);
            }
            Effect::SaveSession(text) => self.keep_session(&text),
        }
        Ok(None)
    }

    /// Gives the terminal back and stops until the shell continues us.
    fn suspend(&mut self) -> io::Result<()> {
        if !has_shell() {
            self.state.note("there is no shell to go back to");
            return Ok(());
        }
        self.tty.leave()?;
        stop_here()?;
        self.tty.retake()
    }

    fn keep_session(&self, text: &str) {
        let Some(path) = &self.options.session_path else {
            return;
        };
        // A session that cannot be kept is worth no word at leaving; the next start is a fresh one.
        let beside = path.with_extension("new");
        let kept = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path));
        if let Err(error) = kept {
            tracing::warn!(%error, "could not keep the session");
        }
    }
}

/// Whether an error of the terminal says that there is none any more.
fn is_gone(error: &io::Error) -> bool {
    let gone = [
        rustix::io::Errno::IO,
        rustix::io::Errno::NXIO,
        rustix::io::Errno::PIPE,
    ];
    let code = error.raw_os_error();
    gone.iter().any(|gone| code == Some(gone.raw_os_error()))
}

/// Whether there is a shell that could continue us; a leader of its session has none.
fn has_shell() -> bool {
    rustix::process::getsid(None).ok() != Some(rustix::process::getpid())
}

/// Stops this process with its group until the shell continues it.
///
/// # Errors
/// Where the system refuses it.
pub fn stop_here() -> io::Result<()> {
    Ok(rustix::process::kill_current_process_group(Signal::STOP)?)
}

fn read_session(options: &Options) -> Option<String> {
    let file = std::fs::File::open(options.session_path.as_ref()?).ok()?;
    let mut text = String::new();
    file.take(session::MAX_BYTES)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}
