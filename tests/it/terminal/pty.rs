//! A program in a pseudo-terminal: what it writes, as bytes and as the screen that they make.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

type Output = Arc<(Mutex<(Vec<u8>, bool)>, Condvar)>;

pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    output: Output,
    size: (u16, u16),
}

impl Pty {
    pub fn start(command: CommandBuilder, size: (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let output: Output = Arc::default();
        let shared = Arc::clone(&output);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                let read = reader.read(&mut chunk).unwrap_or(0);
                let mut state = shared.0.lock().unwrap();
                state.0.extend_from_slice(&chunk[..read]);
                state.1 |= read == 0;
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Self {
            writer: pair.master.take_writer().unwrap(),
            master: pair.master,
            child,
            output,
            size,
        }
    }

    /// Waits until `enough` says so of all bytes so far, and gives them.
    #[track_caller]
    pub fn until(&self, what: &str, enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.output.0.lock().unwrap();
        loop {
            if enough(&state.0) {
                return state.0.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.1 {
                let screen = self.screen_of(&state.0);
                drop(state);
                panic!("waited in vain for {what}; the screen is\n{screen}");
            }
            state = self.output.1.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until the screen has `text`.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.until(text, |bytes| self.screen_of(bytes).contains(text));
    }

    /// Whether the screen has `text` now.
    pub fn shows(&self, text: &str) -> bool {
        self.screen_of(&self.bytes()).contains(text)
    }

    /// Whether nothing more comes.
    pub fn has_ended(&self) -> bool {
        self.output.0.lock().unwrap().1
    }

    /// Waits until bytes occur from `from` on, and gives where they end.
    #[track_caller]
    pub fn gets(&self, bytes: &[u8], from: usize) -> usize {
        let what = String::from_utf8_lossy(bytes).into_owned();
        let find = |all: &[u8]| {
            let new = all.get(from..)?;
            let at = new.windows(bytes.len()).position(|at| at == bytes)?;
            Some(from + at + bytes.len())
        };
        find(&self.until(&what, |all| find(all).is_some())).unwrap()
    }

    fn screen_of(&self, bytes: &[u8]) -> String {
        parsed(bytes, self.size).screen().contents()
    }

    /// Bytes so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.output.0.lock().unwrap().0.clone()
    }

    /// How many bytes came within `time`.
    pub fn quiet_for(&self, time: Duration) -> usize {
        let deadline = Instant::now() + time;
        let mut state = self.output.0.lock().unwrap();
        let before = state.0.len();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return state.0.len() - before;
            }
            state = self.output.1.wait_timeout(state, left).unwrap().0;
        }
    }

    pub fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Presses a key again and again until the screen has `text`: a dialog is deaf at first.
    #[track_caller]
    pub fn press_until(&mut self, key: &str, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.send(key);
            let state = self.output.0.lock().unwrap();
            let pause = Duration::from_millis(100);
            let (state, waited) = self
                .output
                .1
                .wait_timeout_while(state, pause, |state| {
                    !state.1 && !self.screen_of(&state.0).contains(text)
                })
                .unwrap();
            if !waited.timed_out() && !state.1 {
                return;
            }
            let screen = self.screen_of(&state.0);
            assert!(
                Instant::now() < deadline && !state.1,
                "{key} does not lead to {text:?}; the screen is\n{screen}"
            );
        }
    }

    /// Presses a key again and again until the screen has `text` no longer.
    #[track_caller]
    pub fn press_until_no(&mut self, key: &str, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.shows(text) {
            assert!(
                Instant::now() < deadline,
                "{key} does not take {text:?} away"
            );
            self.send(key);
            let state = self.output.0.lock().unwrap();
            let pause = Duration::from_millis(100);
            let there = |bytes: &[u8]| self.screen_of(bytes).contains(text);
            let waited = self
                .output
                .1
                .wait_timeout_while(state, pause, |state| there(&state.0));
            drop(waited.unwrap());
        }
    }

    /// Presses a key again and again until the interface is gone from the screen.
    #[track_caller]
    pub fn press_until_gone(&mut self, key: &str) {
        let deadline = Instant::now() + PATIENCE;
        let leaves = super::LEAVES_ALTERNATE;
        loop {
            // The terminal may be gone by now.
            let _ = self.writer.write_all(key.as_bytes());
            let state = self.output.0.lock().unwrap();
            let pause = Duration::from_millis(100);
            let gone = |bytes: &[u8]| bytes.windows(leaves.len()).any(|at| at == leaves);
            let waited = self
                .output
                .1
                .wait_timeout_while(state, pause, |state| !gone(&state.0));
            if gone(&waited.unwrap().0.0) {
                return;
            }
            assert!(Instant::now() < deadline, "{key} does not end it");
        }
    }

    /// The id of the process that was started.
    pub fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Kills what was started; where it led the session, the terminal hangs up.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.master.resize(pty_size(size)).unwrap();
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for the end; true where it was a success.
    pub fn ends(&mut self) -> bool {
        let state = self.output.0.lock().unwrap();
        let ended = self
            .output
            .1
            .wait_timeout_while(state, PATIENCE, |state| !state.1)
            .unwrap();
        assert!(!ended.1.timed_out(), "it does not end");
        drop(ended);
        self.child.wait().unwrap().success()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// A terminal of `size` that was given `bytes`.
pub fn parsed(bytes: &[u8], size: (u16, u16)) -> vt100::Parser {
    let rows = NonZero::new(size.1).unwrap();
    let columns = NonZero::new(size.0).unwrap();
    let mut parser = vt100::Parser::new(rows, columns, 0);
    parser.process(bytes);
    parser
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}
