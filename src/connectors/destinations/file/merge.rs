//! The merge of a stage into its file: the old file is read once, a new one is written beside it,
//! synced, and renamed over the old, so that no reader ever sees half of it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;

use crate::connectors::contract::{ConnectorError, Finished, RunContext, WriteError};
use crate::connectors::destinations::action::{Action, accepted, unmatched};
use crate::domain::plan::OperationKind;
use crate::domain::verdict::Verdict;
use crate::failpoints;

use super::entry::{Entries, Entry, Output};
use super::layout::Layout;
use super::place::Place;
use super::stage::{Stage, Staged};
use super::style::Style;

/// Brings a stage to its file.
///
/// # Errors
/// [`WriteError`]; the file is then the old one, unless the error is ambiguous.
pub(super) fn merge(
    place: &Place,
    style: &Style,
    run: &RunContext,
    stage: &Stage,
) -> Result<Finished, WriteError> {
    let mut finished = Finished {
        exceptions: stage.refused()?,
        bytes: 0,
    };
    if stage.is_empty()? {
        return Ok(finished);
    }
    let folder = place.lock()?;
    let (layout, entries) = Layout::over(place, style, &run.shape)?;
    stage.index()?;
    let merged = rewrite(place, run, stage, layout, entries, &mut finished.exceptions);
    stage.end_index();
    let temporary = place.temporary(&run.run);
    finished.bytes = merged.inspect_err(|_| {
        let _ = std::fs::remove_file(&temporary);
    })?;
    failpoints::reach("file_written");
    std::fs::rename(&temporary, place.path())
        .map_err(|error| place.write_failed("replace", &error))?;
    failpoints::reach("file_replaced");
    folder.sync_all().map_err(|error| WriteError::Ambiguous {
        text: format!(
            "cannot sync the folder of {}: {error}",
            place.path().display()
        ),
    })?;
    Ok(finished)
}

/// Writes the new file to its temporary name and syncs it; gives its length.
fn rewrite(
    place: &Place,
    run: &RunContext,
    stage: &Stage,
    layout: Layout,
    entries: Option<Entries>,
    exceptions: &mut Vec<(u64, Verdict)>,
) -> Result<u64, WriteError> {
    let temporary = place.temporary(&run.run);
    let _ = std::fs::remove_file(&temporary);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(|error| place.write_failed("make a new file for", &error))?;
    let out = BufWriter::with_capacity(256 << 10, file);
    let mut merge = Merge {
        place,
        run,
        stage,
        out: Output::new(out, &layout.style),
        layout: Arc::new(layout),
        exceptions,
    };
    let columns = merge.layout.columns().to_vec();
    let header = merge.out.header(&columns);
    header.map_err(|error| place.write_failed("write", &error))?;
    if let Some(entries) = entries {
        merge.old(entries)?;
    }
    stage.each_unmet(|staged| merge.unmet(&staged))?;
    let written = merge.out.end().and_then(|mut out| {
        out.flush()?;
        sealed(place, out.get_ref())
    });
    written.map_err(|error| place.write_failed("write", &error))
}

/// Gives the new file the permissions of the old one and syncs it.
fn sealed(place: &Place, file: &File) -> io::Result<u64> {
    if let Ok(old) = std::fs::symlink_metadata(place.path()) {
        file.set_permissions(old.permissions())?;
    }
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

struct Merge<'a> {
    place: &'a Place,
    run: &'a RunContext,
    stage: &'a Stage,
    layout: Arc<Layout>,
    out: Output<BufWriter<File>>,
    exceptions: &'a mut Vec<(u64, Verdict)>,
}

impl Merge<'_> {
    /// Writes the records of the old file, changed where the stage says so.
    fn old(&mut self, mut entries: Entries) -> Result<(), WriteError> {
        loop {
            let entry = entries
                .next()
                .map_err(|error| self.place.write_failed("read", &error))?;
            let Some(entry) = entry else {
                return Ok(());
            };
            let staged = match self.layout.identity(&entry) {
                Some(identity) => self.stage.of_identity(&identity)?,
                None => Vec::new(),
            };
            let kept = if staged.is_empty() {
                Some(entry)
            } else {
                self.change(Some(entry), &staged)?
            };
            self.put(kept.as_ref())?;
        }
    }

    /// Writes what operations make that met no record.
    fn unmet(&mut self, staged: &[Staged]) -> Result<(), WriteError> {
        let made = self.change(None, staged)?;
        self.put(made.as_ref())
    }

    fn put(&mut self, entry: Option<&Entry>) -> Result<(), WriteError> {
        match entry {
            None => Ok(()),
            Some(entry) => self
                .out
                .entry(entry)
                .map_err(|error| self.place.write_failed("write", &error)),
        }
    }

    /// Does the operations of one identity, in order, to the record that carries it.
    fn change(
        &mut self,
        mut entry: Option<Entry>,
        staged: &[Staged],
    ) -> Result<Option<Entry>, WriteError> {
        let met = entry.is_some();
        for operation in staged {
            let found = entry.is_some();
            // A second record of the same identity is changed alike, and told of once.
            let first = !met || self.stage.meet(operation.number)?;
            let action = Action::of(self.run.mode, operation.kind, found);
            let changed = match action {
                Action::Create => self.layout.create(&operation.tokens).map(Some),
                Action::Update => match entry {
                    Some(mut record) => self
                        .layout
                        .update(&mut record, &operation.tokens)
                        .map(|()| Some(record)),
                    None => Ok(None),
                },
                Action::Delete => Ok(None),
                Action::Nothing | Action::Unmatched => Ok(entry),
            };
            entry = changed.map_err(|error| self.broken(&error))?;
            if !first {
                continue;
            }
            if action == Action::Unmatched {
                let verdict = Verdict::Rejected(unmatched());
                self.exceptions.push((operation.number, verdict));
            } else if found && operation.kind == OperationKind::Create {
                let verdict = accepted(operation.kind, found);
                self.exceptions.push((operation.number, verdict));
            }
        }
        Ok(entry)
    }

    fn broken(&self, error: &io::Error) -> ConnectorError {
        self.place.failed("write a staged record to", error)
    }
}
