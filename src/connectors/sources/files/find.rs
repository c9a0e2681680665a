//! Which files a path or pattern means, none of them outside the allowed folders.

use std::path::{Component, Path, PathBuf};

use crate::connectors::contract::ConnectorError;
use crate::connectors::sources::paths::{cannot_find, find_file};
use crate::connectors::sources::stream::Stop;
use crate::domain::problem::ProblemKind;

use super::options::Options;

/// The most files of one source.
const MOST_FILES: usize = 10_000;

/// A file that was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The path as the setting gives it.
    pub(super) path: PathBuf,
    /// The allowed folder, without links.
    pub(super) root: PathBuf,
    /// The way from the folder to the file, without links.
    pub(super) below: PathBuf,
}

/// Finds the files in the order of their names.
pub(super) fn files(options: &Options, stop: &Stop) -> Result<Vec<Found>, ConnectorError> {
    let roots = roots(options)?;
    let paths = if is_pattern(options) {
        matches(&options.path, stop)?
    } else {
        vec![PathBuf::from(&options.path)]
    };
    paths
        .into_iter()
        .map(|path| {
            let canonical = find_file(&path, &options.forbidden)?;
            let (root, below) = roots
                .iter()
                .find_map(|root| Some((root, canonical.strip_prefix(root).ok()?)))
                .ok_or_else(|| outside(&path))?;
            Ok(Found {
                root: root.clone(),
                below: below.to_owned(),
                path,
            })
        })
        .collect()
}

/// Whether the path is a pattern and not the name of a file.
pub(super) fn is_pattern(options: &Options) -> bool {
    has_wildcard(&options.path) && std::fs::symlink_metadata(&options.path).is_err()
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn matches(pattern: &str, stop: &Stop) -> Result<Vec<PathBuf>, ConnectorError> {
    let refuse = |why: String, hint: &str| {
        ConnectorError::new(
            ProblemKind::Config,
            format!("cannot list the files of {pattern}: {why}"),
        )
        .hint(hint)
    };
    let rules = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let entries = glob::glob_with(pattern, rules)
        .map_err(|error| refuse(error.to_string(), "mend the setting path"))?;
    let mut paths = Vec::new();
    for entry in entries {
        stop.check()?;
        let path = entry.map_err(|error| cannot_find(error.path(), error.error()))?;
        if path.is_dir() {
            continue;
        }
        if paths.len() == MOST_FILES {
            return Err(refuse(
                format!("there are more than {MOST_FILES}"),
                "make the pattern narrower",
            ));
        }
        paths.push(path);
    }
    if paths.is_empty() {
        return Err(ConnectorError::new(
            ProblemKind::Source,
            format!("cannot list the files of {pattern}: no file matches"),
        )
        .hint("look at the setting path"));
    }
    paths.sort();
    Ok(paths)
}

fn roots(options: &Options) -> Result<Vec<PathBuf>, ConnectorError> {
    let folders = if options.roots.is_empty() {
        vec![folder(Path::new(&options.path))]
    } else {
        options.roots.clone()
    };
    folders
        .into_iter()
        .map(|folder| {
            folder
                .canonicalize()
                .map_err(|error| cannot_find(&folder, &error))
        })
        .collect()
}

/// The folder that a path or pattern starts from.
fn folder(path: &Path) -> PathBuf {
    let parent = path.parent().unwrap_or(Path::new(""));
    let fixed: PathBuf = parent
        .components()
        .take_while(|part| match part {
            Component::Normal(name) => !has_wildcard(&name.to_string_lossy()),
            _ => true,
        })
        .collect();
    if fixed.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        fixed
    }
}

fn outside(path: &Path) -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Config,
        format!(
            "cannot read {}: it lies outside the allowed folders, or a link leads out of them",
            path.display()
        ),
    )
    .hint("name its real folder in the setting roots")
}
