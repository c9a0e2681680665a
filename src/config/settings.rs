//! `config.toml` in the workspace's folder: settings of the program, not resources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ConfigError;
use super::tree;
use crate::domain::problem::{Problem, ProblemKind};

/// The program's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProgramSettings {
    /// How the interface looks.
    pub interface: InterfaceSettings,
}

/// How the interface looks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InterfaceSettings {
    /// `terminal`, `dark`, `light`, `high_contrast`, `deuteran` or `mono`.
    pub theme: Option<String>,
    /// Whether only ASCII is drawn; absent: as the locale says.
    pub ascii: Option<bool>,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// Keys in place of the defaults, by action: `run = ["ctrl-r"]`.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The folder into which logs are saved; absent: the one that the program was started in.
    pub log_folder: Option<PathBuf>,
}

const TOP: &[&str] = &["interface"];
const INTERFACE: &[&str] = &["theme", "ascii", "mouse", "keys", "log_folder"];

impl ProgramSettings {
    /// Reads the settings' text.
    ///
    /// # Errors
    /// [`ConfigError`] with the line of the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let root = tree::parse(text)?;
        root.check_keys("the file", TOP)?;
        if let Some(interface) = root.get("interface") {
            interface.check_keys("[interface]", INTERFACE)?;
        }
        root.read("the settings")
    }

    /// Reads `config.toml` of a workspace; without one, everything is as by default.
    ///
    /// # Errors
    /// A [`Problem`] of kind `config` that names file and line.
    pub fn load(folder: &Path) -> Result<Self, Problem> {
        let path = folder.join("config.toml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                let text = format!("cannot read {}: {error}", path.display());
                return Err(Problem::new(ProblemKind::Config, text));
            }
        };
        Self::parse(&text).map_err(|error| {
            let problem = Problem::from(error);
            Problem {
                text: format!("{}, {}", path.display(), problem.text),
                ..problem
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = ProgramSettings::parse("[interface]\nthem = \"dark\"\n").unwrap_err();
        assert_eq!(
            (error.line, error.hint.as_str()),
            (2, "did you mean 'theme'?")
        );
        assert!(ProgramSettings::parse("[interface]\ntheme = \"dark\"\n").is_ok());
    }
}
