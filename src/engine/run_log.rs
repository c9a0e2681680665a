//! The log of one run: a JSON-lines file of any length, and the same lines told to the faces.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::event::{Event, EventKind, LogLine};
use crate::domain::id::{RunId, SyncId};
use crate::domain::mask;
use crate::domain::problem::{Problem, ProblemKind};

use super::core::Core;

/// Lines about single rows that are written for one cause; the row log has them all.
const LINES_PER_CAUSE: u32 = 100;

/// Bytes of one line's text at most.
const MOST_TEXT: usize = 16 << 10;

/// The log of one run.
pub(crate) struct RunLog {
    core: Arc<Core>,
    sync: SyncId,
    run: RunId,
    file: Mutex<Option<File>>,
    rows_by_cause: Mutex<HashMap<String, u32>>,
}

impl RunLog {
    /// Opens the log of a run, to append; a log that cannot be written is only told to the faces.
    pub fn open(core: &Arc<Core>, sync: &SyncId, run: &RunId) -> Self {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(core.log_path(run))
            .inspect_err(|error| tracing::warn!(%run, %error, "cannot write the run's log"))
            .ok();
        Self {
            core: Arc::clone(core),
            sync: sync.clone(),
            run: run.clone(),
            file: Mutex::new(file),
            rows_by_cause: Mutex::default(),
        }
    }

    /// Writes one line; e-mail addresses and telephone numbers in it are masked.
    pub fn line(&self, word: &str, text: impl Into<String>) {
        let mut text = mask::text(&text.into()).into_owned();
        if text.len() > MOST_TEXT {
            text.truncate(text.floor_char_boundary(MOST_TEXT));
            text.push('…');
        }
        let line = LogLine {
            at: self.core.clock.now(),
            word: word.to_owned(),
            text,
        };
        if let Ok(mut json) = serde_json::to_vec(&line) {
            json.push(b'\n');
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(open) = file.as_mut()
                && open.write_all(&json).is_err()
            {
                *file = None;
            }
        }
        self.core.tell(Event {
            number: 0,
            at: line.at,
            sync: Some(self.sync.clone()),
            run: Some(self.run.clone()),
            kind: EventKind::Log(line),
        });
    }

    /// Writes one line about a row, up to 100 for one cause.
    pub fn row(&self, word: &str, cause: &str, text: impl FnOnce() -> String) {
        let count = {
            let mut causes = self
                .rows_by_cause
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let count = causes.entry(format!("{word} {cause}")).or_default();
            *count = count.saturating_add(1);
            *count
        };
        if count <= LINES_PER_CAUSE {
            self.line(word, text());
        }
        if count == LINES_PER_CAUSE {
            self.line(
                word,
                format!("more rows with {cause} are in the row log only"),
            );
        }
    }
}

/// Reads `limit` lines of a run's log from line `from` on, counted from 0.
///
/// # Errors
/// A [`Problem`] where the file is there and cannot be read.
pub(crate) fn read(path: &Path, from: u64, limit: u32) -> Result<Vec<LogLine>, Problem> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(path, &error)),
    };
    let skip = usize::try_from(from).unwrap_or(usize::MAX);
    let mut lines = Vec::new();
    for text in BufReader::new(file).lines().skip(skip).take(limit as usize) {
        let text = text.map_err(|error| unreadable(path, &error))?;
        // A line cut by a crash is left out; the next one is whole again.
        if let Ok(line) = serde_json::from_str(&text) {
            lines.push(line);
        }
    }
    Ok(lines)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(
        ProblemKind::State,
        format!("cannot read the log {}: {error}", path.display()),
    )
}
