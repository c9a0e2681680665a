//! Files in a folder as destinations: an object is a file of JSON lines or CSV.
//!
//! `append` adds lines at the end. Every other mode stages a run's operations beside the file and
//! rewrites it once, when the run ends: existing records keep their order and what no mapping names,
//! new ones follow in the order of the plan.
//!
//! | value | JSON lines | CSV |
//! |---|---|---|
//! | null | `null` | `null_text`, the empty cell by default |
//! | boolean, integer, decimal | the token, with every digit | its plain text |
//! | double | number; not-a-number and infinities are refused (`TYPE`) | `1.5`, `NaN`, `inf` |
//! | text | string | the text; one that equals a non-empty `null_text` is refused (`TYPE`) |
//! | bytes | base64 string | base64 |
//! | date, time, timestamp | RFC 3339 string | RFC 3339 |
//! | json | the document, on one line | the document's own text |
//!
//! Records are matched by what their identifier says, not by its spelling. A change reaches every
//! record that carries the identifier. With the default `null_text` a null and an empty text look
//! the same in CSV.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::disk::{blocking, refuse_forbidden, resolve};
use crate::connectors::contract::{
    ConnectorError, DestinationConnector, Listing, RunContext, Session,
};
use crate::connectors::registry::{Kind, Surroundings};
use crate::connectors::settings::{ResolvedSettings, Setting, SettingKind};
use crate::domain::destination::{
    Capabilities, Deletion, IdentifierForm, Object, ObjectSchema, StepOutcome, TestStep,
};
use crate::domain::mode::Mode;
use crate::domain::plan::RecordShape;
use crate::domain::problem::ProblemKind;

mod append;
mod entry;
mod layout;
mod list;
mod merge;
mod place;
mod session;
mod stage;
mod style;

use place::{Place, check_name};
use style::Style;

/// Objects that are shown of a folder.
const MAX_OBJECTS: usize = 10_000;

/// What is known of this kind of connection.
pub const KIND: Kind = Kind {
    word: "file",
    label: "File",
    settings: &[
        Setting {
            key: "path",
            kind: SettingKind::Path,
            required: true,
            endpoint: true,
            help: "The folder whose files are the objects, or one file",
        },
        Setting {
            key: "format",
            kind: SettingKind::Choice(&["jsonl", "csv"]),
            required: false,
            endpoint: false,
            help: "The format; by default the file's extension tells",
        },
        Setting {
            key: "escape_formulas",
            kind: SettingKind::Boolean,
            required: false,
            endpoint: false,
            help: "CSV: put ' before texts that a spreadsheet would take for a formula; default false",
        },
        Setting {
            key: "null_text",
            kind: SettingKind::Text,
            required: false,
            endpoint: false,
            help: "CSV: what stands for null; default the empty cell",
        },
    ],
};

/// Makes one from its settings.
///
/// # Errors
/// [`ConnectorError`] of kind `config` where the settings do not fit.
pub fn open(
    settings: &ResolvedSettings,
    surroundings: &Surroundings,
) -> Result<FileDestination, ConnectorError> {
    let path = settings.required_text("path")?;
    if path.is_empty() {
        return Err(config("the setting path is empty"));
    }
    let format = match settings.text("format")? {
        None => None,
        Some("jsonl") => Some("jsonl"),
        Some("csv") => Some("csv"),
        Some(other) => {
            return Err(config(&format!("there is no format '{other}'"))
                .hint("the formats are jsonl and csv"));
        }
    };
    let destination = FileDestination {
        path: PathBuf::from(path),
        format,
        escape_formulas: settings.boolean("escape_formulas")?.unwrap_or(false),
        null_text: settings.text("null_text")?.unwrap_or_default().to_owned(),
        forbidden: surroundings.forbidden.clone(),
    };
    if let Ok(resolved) = resolve(&destination.path) {
        refuse_forbidden(&resolved, &destination.forbidden)?;
    }
    Ok(destination)
}

fn config(text: &str) -> ConnectorError {
    ConnectorError::new(ProblemKind::Config, text)
}

/// A folder of files, or one file.
#[derive(Debug, Clone)]
pub struct FileDestination {
    path: PathBuf,
    format: Option<&'static str>,
    escape_formulas: bool,
    null_text: String,
    forbidden: Vec<PathBuf>,
}

impl FileDestination {
    /// The folder, and the one file in it where the setting names a file.
    fn locate(&self) -> Result<(PathBuf, Option<String>), ConnectorError> {
        let name = self.path.file_name().and_then(|name| name.to_str());
        let names_file = match std::fs::symlink_metadata(&self.path) {
            // A link to a folder is followed, one to a file is refused later by its name.
            Ok(_) => !self.path.is_dir(),
            Err(_) => name.is_some_and(|name| style::by_extension(name).is_ok()),
        };
        match (name, self.path.parent()) {
            (Some(name), Some(parent)) if names_file => {
                let here = Path::new(".");
                let parent = if parent.as_os_str().is_empty() {
                    here
                } else {
                    parent
                };
                Ok((resolve(parent)?, Some(name.to_owned())))
            }
            _ => Ok((resolve(&self.path)?, None)),
        }
    }

    fn place(&self, object: &str) -> Result<(Place, Style), ConnectorError> {
        check_name(object)?;
        let (folder, only) = self.locate()?;
        if let Some(only) = only
            && only != object
        {
            return Err(config(&format!(
                "cannot write to '{object}': the setting path names the one file {only}"
            ))
            .hint(format!("choose {only}, or set path to the folder")));
        }
        refuse_forbidden(&folder, &self.forbidden)?;
        let style = self.style(object)?;
        Ok((Place::new(folder, object, self.forbidden.clone()), style))
    }

    fn style(&self, object: &str) -> Result<Style, ConnectorError> {
        let format = match self.format {
            Some(format) => format,
            None => style::by_extension(object)?,
        };
        Ok(if format == "csv" {
            Style::Csv {
                escape_formulas: self.escape_formulas,
                null_text: self.null_text.clone(),
            }
        } else {
            Style::Jsonl
        })
    }

    /// As [`Self::place`], with the folder made where it is missing.
    fn place_to_write(&self, object: &str) -> Result<(Place, Style), ConnectorError> {
        let (place, style) = self.place(object)?;
        if !place.folder().is_dir() {
            std::fs::create_dir(place.folder())
                .map_err(|error| place.failed("make the folder of", &error))?;
        }
        place.check()?;
        Ok((place, style))
    }

    fn names(&self) -> Result<Vec<String>, ConnectorError> {
        let (folder, only) = self.locate()?;
        if let Some(only) = only {
            return Ok(vec![only]);
        }
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(ConnectorError::new(
                    ProblemKind::Destination,
                    format!("cannot read {}: {error}", folder.display()),
                ));
            }
        };
        let mut names: Vec<String> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| check_name(name).is_ok() && self.style(name).is_ok())
            .take(MAX_OBJECTS)
            .collect();
        names.sort();
        Ok(names)
    }

    fn steps(&self) -> Vec<TestStep> {
        let step = |name: &str, outcome, detail: String| TestStep {
            name: name.to_owned(),
            outcome,
            detail,
        };
        let folder = self.locate().and_then(|(folder, _)| {
            refuse_forbidden(&folder, &self.forbidden)?;
            Ok(folder)
        });
        let folder = match folder {
            Ok(folder) => folder,
            Err(error) => return vec![step("find the folder", StepOutcome::Failed, error.text)],
        };
        if !folder.is_dir() {
            let made = format!("{} is made by the first run", folder.display());
            return vec![step("find the folder", StepOutcome::Passed, made)];
        }
        let shown = folder.display().to_string();
        let found = step("find the folder", StepOutcome::Passed, shown);
        let (outcome, detail) = match tempfile::tempfile_in(&folder) {
            Ok(_) => (StepOutcome::Passed, "files can be made in it".to_owned()),
            Err(error) => (
                StepOutcome::Failed,
                format!("cannot make a file in it: {error}"),
            ),
        };
        vec![found, step("make a file", outcome, detail)]
    }
}

/// Any field may be mapped: a file has names at most, and the values bring their types.
fn schema(object: &str, exists: bool) -> ObjectSchema {
    ObjectSchema {
        object: named(object),
        fields: Vec::new(),
        open: true,
        exists,
    }
}

fn named(object: &str) -> Object {
    Object {
        name: object.to_owned(),
        label: object.to_owned(),
    }
}

#[async_trait]
impl DestinationConnector for FileDestination {
    async fn test(&self) -> Vec<TestStep> {
        let destination = self.clone();
        blocking(move || Ok::<_, ConnectorError>(destination.steps()))
            .await
            .unwrap_or_default()
    }

    async fn objects(&self) -> Result<Vec<Object>, ConnectorError> {
        let destination = self.clone();
        blocking(move || {
            let names = destination.names()?;
            Ok(names.iter().map(|name| named(name)).collect())
        })
        .await
    }

    async fn fields(&self, object: &str) -> Result<ObjectSchema, ConnectorError> {
        let (destination, object) = (self.clone(), object.to_owned());
        blocking(move || {
            let (place, _) = destination.place(&object)?;
            Ok(schema(&object, place.check()?))
        })
        .await
    }

    async fn create_object(
        &self,
        object: &str,
        shape: &RecordShape,
    ) -> Result<ObjectSchema, ConnectorError> {
        let (destination, object) = (self.clone(), object.to_owned());
        let shape = std::sync::Arc::new(shape.clone());
        blocking(move || {
            let (place, style) = destination.place_to_write(&object)?;
            if place.check()? {
                return Err(
                    config(&format!("cannot make '{object}': it is there already"))
                        .hint("choose it, or another name"),
                );
            }
            let (layout, _) = layout::Layout::over(&place, &style, &shape)?;
            let file = place.create()?;
            let mut out = entry::Output::new(file, &style);
            out.header(layout.columns())
                .and_then(|()| out.end())
                .and_then(|file| file.sync_all())
                .map_err(|error| place.failed("make", &error))?;
            Ok(schema(&object, true))
        })
        .await
    }

    fn capabilities(&self, _object: &str) -> Capabilities {
        Capabilities {
            modes: Mode::ALL.to_vec(),
            refused_modes: Vec::new(),
            lookup: true,
            read_fields: true,
            list: true,
            composite_identifier: true,
            deletion: Deletion::Gone,
            identifier_form: IdentifierForm::Exact,
            max_batch_rows: 5_000,
            max_batch_bytes: 8 << 20,
            concurrency: 1,
            requests_per_second: None,
            idempotent: true,
            exactly_once: true,
            request_timeout_s: 0,
            ambiguous_5xx: false,
        }
    }

    async fn begin(&self, run: RunContext) -> Result<Box<dyn Session>, ConnectorError> {
        let destination = self.clone();
        blocking(move || {
            let (place, style) = destination.place_to_write(&run.object)?;
            place.remove_stale(&run.run)?;
            Ok(if run.mode == Mode::Append {
                Box::new(append::AppendSession::begin(place, style, run)?) as Box<dyn Session>
            } else {
                Box::new(session::StagedSession::begin(place, style, run)?)
            })
        })
        .await
    }

    async fn list(
        &self,
        object: &str,
        identifier: &[String],
        cancel: &CancellationToken,
    ) -> Result<mpsc::Receiver<Result<Listing, ConnectorError>>, ConnectorError> {
        let (destination, object) = (self.clone(), object.to_owned());
        let (identifier, cancel) = (identifier.to_vec(), cancel.clone());
        let identifiers = blocking(move || {
            let (place, style) = destination.place(&object)?;
            list::Identifiers::open(place, style, &identifier)
        })
        .await?;
        let (out, listing) = mpsc::channel(2);
        // It ends by itself: at the file's end, at a failure, or when nobody listens any more.
        tokio::task::spawn_blocking(move || identifiers.send(&cancel, &out));
        Ok(listing)
    }
}
