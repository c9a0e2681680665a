//! A walk through the demo in tmux, as a person takes it, with checks of what stands on the screen.
//!
//! The test is left out only where `tmux` cannot run; with `SIGNALSMITH_TEST_TMUX=required`, as in
//! the checks of a change, that is a failure.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the screen is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Whether there is a tmux here.
fn has_tmux() -> bool {
    let asked = Command::new("tmux").arg("-V").output();
    let has = asked.is_ok_and(|output| output.status.success());
    let required = std::env::var("SIGNALSMITH_TEST_TMUX").is_ok_and(|value| value == "required");
    assert!(has || !required, "tmux is missing");
    has
}

/// A tmux server of its own with one session.
struct Tmux {
    folder: tempfile::TempDir,
}

impl Tmux {
    /// Starts a program at a size.
    fn start(size: (u16, u16), program: &[&str]) -> Self {
        let tmux = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        tmux.write("tmux.conf", "set -g status off\nset -sg escape-time 0\n");
        let (columns, rows) = (size.0.to_string(), size.1.to_string());
        let mut arguments = vec![
            "-f",
            "tmux.conf",
            "new-session",
            "-d",
            "-x",
            &columns,
            "-y",
            &rows,
        ];
        arguments.extend(program);
        tmux.ok(&arguments);
        tmux
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new("tmux")
            .args(["-u", "-L", "walk"])
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("TMUX_TMPDIR", self.path())
            .env("TMPDIR", self.path())
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap()
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn press(&self, keys: &[&str]) {
        let mut arguments = vec!["send-keys"];
        arguments.extend(keys);
        self.ok(&arguments);
    }

    fn type_text(&self, text: &str) {
        self.ok(&["send-keys", "-l", text]);
    }

    fn resize(&self, size: (u16, u16)) {
        let (columns, rows) = (size.0.to_string(), size.1.to_string());
        self.ok(&["resize-window", "-x", &columns, "-y", &rows]);
    }

    fn screen(&self) -> String {
        self.ok(&["capture-pane", "-p"])
    }

    /// Waits until the screen is as it should be, and gives it.
    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(
                Instant::now() < deadline,
                "waited in vain for {what}; the screen is\n{screen}"
            );
            std::thread::park_timeout(LOOK);
        }
    }

    /// Waits until the screen has all of these.
    #[track_caller]
    fn sees(&self, texts: &[&str]) -> String {
        self.until(&texts.join(", "), |screen| {
            texts.iter().all(|text| screen.contains(text))
        })
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.run(&["kill-server"]);
    }
}

/// How many syncs of the list stand at a word.
fn count(screen: &str, word: &str) -> usize {
    screen.lines().filter(|line| line.contains(word)).count()
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that was left out says so")]
fn a_person_walks_through_the_demo_at_both_sizes() {
    if !has_tmux() {
        eprintln!("left out: tmux is missing");
        return;
    }
    let program = env!("CARGO_BIN_EXE_signalsmith");
    // A shell tells how the program ended; tmux does so only where it heard of the end.
    let shell = ["sh", "-c", r#""$@"; echo "left with $?"; read _"#, "sh"];
    let demo = [program, "demo", "--dir", "demo"];
    let tmux = Tmux::start((80, 24), &[shell, demo].concat());

    // The first runs of all syncs, to their ends; the list fills the narrow screen.
    tmux.sees(&["Syncs 7", "Customer table", "core ● local", "r run"]);
    let screen = tmux.until("the ends of the first runs", |screen| {
        count(screen, "✔ ok")
            + count(screen, "rejected")
            + count(screen, "errors")
            + count(screen, "invalid")
            >= 7
    });
    assert!(!screen.contains("OVERVIEW"), "{screen}");

    // One pane after the other.
    tmux.press(&["Enter"]);
    tmux.sees(&["OVERVIEW", "upsert"]);
    tmux.press(&["Escape"]);
    tmux.until("the list again", |screen| {
        !screen.contains("OVERVIEW") && screen.contains("Syncs 7")
    });

    // Filter, and what it leaves.
    tmux.press(&["f"]);
    tmux.type_text("hook");
    tmux.press(&["Enter"]);
    tmux.until("the hooks alone", |screen| {
        screen.contains("Contact hook")
            && screen.contains("Spender hook")
            && !screen.contains("Order file")
    });

    // A run by hand, seen to its end in the log.
    tmux.resize((120, 36));
    tmux.sees(&["OVERVIEW", "Run log", "Contact hook"]);
    tmux.press(&["r"]);
    tmux.until("the run's end", |screen| {
        screen.contains("manual") && screen.contains("ended")
    });

    // Help and palette stand over it all, and go.
    tmux.press(&["?"]);
    tmux.sees(&["Help · ", "esc closes"]);
    tmux.press(&["Escape"]);
    tmux.until("no help", |screen| !screen.contains("Help · "));
    tmux.press(&[":"]);
    tmux.type_text("paus");
    tmux.sees(&["pause"]);
    tmux.press(&["Escape"]);
    tmux.press(&["f"]);
    tmux.press(&["C-u"]);
    tmux.press(&["Enter"]);
    tmux.sees(&["Order file", "Contact hook"]);

    // Tab goes through the panes, the log takes half pages, and q leaves to the shell.
    tmux.press(&["Tab", "Tab"]);
    tmux.sees(&["G follow"]);
    tmux.press(&["Escape"]);
    tmux.until("the detail", |screen| !screen.contains("G follow"));
    tmux.resize((80, 24));
    tmux.sees(&["OVERVIEW"]);
    tmux.press(&["Escape"]);
    tmux.until("the narrow list", |screen| {
        screen.contains("Order file") && !screen.contains("OVERVIEW")
    });
    tmux.press(&["q"]);
    tmux.sees(&["its data are sample.db", "left with 0"]);
}
