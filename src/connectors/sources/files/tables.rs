//! The tables that the files are: each by the stem of its name, and files of one pattern with one
//! header together as one.

use std::path::Path;

use super::csv_file::CsvFile;
use super::find::{self, Found};
use super::options::Options;
use crate::connectors::contract::ConnectorError;
use crate::connectors::sources::stream::Stop;
use crate::domain::near::nearest;
use crate::domain::problem::ProblemKind;

/// Endings of packed files.
const PACKED: [&str; 2] = ["gz", "zst"];
/// Endings of CSV files.
const CSV: [&str; 3] = ["csv", "tsv", "txt"];

/// A table of one or more files.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// The name in queries.
    pub(super) name: String,
    /// Its files.
    pub(super) files: Vec<Found>,
    /// The names of its columns.
    pub(super) columns: Vec<String>,
}

/// All tables of a source.
#[derive(Debug)]
pub(super) struct Tables {
    single: Vec<Table>,
    together: Option<Table>,
}

impl Tables {
    /// Finds the files and reads their headers.
    pub(super) fn find(options: &Options, stop: &Stop) -> Result<Self, ConnectorError> {
        let mut single = Vec::new();
        for found in find::files(options, stop)? {
            check_format(options, &found.path)?;
            let file = CsvFile::open(options, &found, stop)?;
            single.push(Table {
                name: stem(&found.path),
                columns: file.columns().to_vec(),
                files: vec![found],
            });
        }
        let together = if find::is_pattern(options) {
            join(&options.path, &single)
        } else {
            None
        };
        Ok(Self { single, together })
    }

    /// The tables to choose from: the joined one, else each file.
    pub(super) fn listed(&self) -> impl Iterator<Item = &Table> {
        let joined = self.together.as_ref();
        let single = if joined.is_some() {
            &[][..]
        } else {
            &self.single
        };
        joined.into_iter().chain(single)
    }

    /// Every table that a query may name, each name once.
    pub(super) fn named(&self) -> Vec<&Table> {
        let mut named: Vec<&Table> = Vec::new();
        for table in self.together.iter().chain(&self.single) {
            if self
                .get(&table.name)
                .is_ok_and(|found| std::ptr::eq(found, table))
            {
                named.push(table);
            }
        }
        named
    }

    /// The table called `name`, whatever its case.
    pub(super) fn get(&self, name: &str) -> Result<&Table, ConnectorError> {
        let all = || self.together.iter().chain(&self.single);
        let fits = |table: &&Table| table.name.eq_ignore_ascii_case(name);
        if let Some(table) = self.together.iter().find(fits) {
            return Ok(table);
        }
        let mut fitting = self.single.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(table), None) => Ok(table),
            (Some(_), Some(_)) => Err(ConnectorError::new(
                ProblemKind::Config,
                format!("cannot tell which file is meant by {name}: several have that name"),
            )
            .hint("give a path that matches one of them")),
            (None, _) => {
                let names: Vec<&str> = all().map(|table| table.name.as_str()).take(20).collect();
                Err(ConnectorError::new(
                    ProblemKind::Config,
                    format!("there is no file for the table {name}"),
                )
                .hint(match nearest(name, names.iter().copied()) {
                    Some(other) => format!("did you mean {other}?"),
                    None => format!("there is {}", names.join(", ")),
                }))
            }
        }
    }
}

/// Joins the files of a pattern where they have one header. The name is what the pattern fixes of
/// the files' names, else that of their folder.
fn join(pattern: &str, single: &[Table]) -> Option<Table> {
    let (first, rest) = single.split_first()?;
    if rest.is_empty() || rest.iter().any(|table| table.columns != first.columns) {
        return None;
    }
    let path = Path::new(pattern);
    let fixed = path.file_name()?.to_string_lossy();
    let fixed = fixed.split(['*', '?', '[']).next().unwrap_or_default();
    let name = match fixed.trim_end_matches(['-', '_', '.', ' ']) {
        "" => first
            .files
            .first()?
            .root
            .file_name()?
            .to_string_lossy()
            .into_owned(),
        fixed => fixed.to_owned(),
    };
    Some(Table {
        name,
        files: single
            .iter()
            .flat_map(|table| table.files.clone())
            .collect(),
        columns: first.columns.clone(),
    })
}

/// The ending that tells the format, in lower case.
pub(super) fn extension(path: &Path) -> String {
    let (_, extension) = split(path);
    extension
}

fn stem(path: &Path) -> String {
    let (stem, _) = split(path);
    stem
}

fn split(path: &Path) -> (String, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unpacked = match name.rsplit_once('.') {
        Some((rest, end)) if PACKED.contains(&end) => rest,
        _ => &name,
    };
    match unpacked.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() => (stem.to_owned(), end.to_ascii_lowercase()),
        _ => (unpacked.to_owned(), String::new()),
    }
}

fn check_format(options: &Options, path: &Path) -> Result<(), ConnectorError> {
    if !options.format_by_name || CSV.contains(&extension(path).as_str()) {
        return Ok(());
    }
    Err(ConnectorError::new(
        ProblemKind::Config,
        format!("cannot tell the format of {} from its name", path.display()),
    )
    .hint("set format to csv where it is a CSV file"))
}
