//! The real program, run as a person runs it: arguments in; exit code, output and errors out.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with a workspace in it, and the program.
pub struct Program {
    folder: tempfile::TempDir,
}

/// What a run of the program gave.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    /// A new folder, without a workspace as yet.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program over the workspace `workspace` in the folder, to be run from the folder `from`.
    pub fn command(&self, from: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signalsmith"));
        command
            .args(arguments)
            .current_dir(from)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.folder.path())
            .env("SIGNALSMITH_DIR", self.path("workspace"));
        command
    }

    /// Runs the program from the folder `from`.
    pub fn run_from(&self, from: &Path, arguments: &[&str]) -> Ran {
        let output = self.command(from, arguments).output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs the program from the folder itself.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_from(self.folder.path(), arguments)
    }

    /// Runs the program, which must succeed, and gives its output.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.stdout
    }

    /// Runs the program, which must end with `code`, and reads its output as one JSON document.
    pub fn json(&self, code: i32, arguments: &[&str]) -> serde_json::Value {
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }
}
