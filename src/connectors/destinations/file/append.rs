//! Appending: one write per batch at the file's end, which a replay finds again by the length that
//! the intent remembers.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::connectors::contract::{
    ConnectorError, DeliveryBatch, Finished, RunContext, Session, WriteError, Written,
};
use crate::connectors::destinations::action::accepted;
use crate::connectors::destinations::disk::blocking;
use crate::domain::problem::ProblemKind;
use crate::domain::verdict::Verdict;
use crate::failpoints;

use super::entry::{Entry, Output};
use super::layout::Layout;
use super::place::Place;
use super::style::Style;

/// The verdict of each operation by its number.
type Verdicts = Vec<(u64, Verdict)>;

/// One run's appending to a file.
#[derive(Clone)]
pub(super) struct AppendSession {
    place: Place,
    style: Style,
    run: RunContext,
}

/// What the intent of a batch remembers.
#[derive(Serialize, Deserialize)]
struct Memo {
    /// The file's length before the batch; 0 where there was no file.
    length: u64,
}

impl AppendSession {
    /// Checks the file against the run's fields.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where they do not fit.
    pub(super) fn begin(
        place: Place,
        style: Style,
        run: RunContext,
    ) -> Result<Self, ConnectorError> {
        Layout::to_append(&place, &style, &run.shape)?;
        Ok(Self { place, style, run })
    }

    fn length(&self) -> Result<u64, ConnectorError> {
        match self.place.open()? {
            None => Ok(0),
            Some(file) => length(&file).map_err(|error| self.place.failed("measure", &error)),
        }
    }

    fn append(&self, batch: DeliveryBatch) -> Result<Written, WriteError> {
        let folder = self.place.lock()?;
        let (layout, torn) = Layout::to_append(&self.place, &self.style, &self.run.shape)?;
        let again = batch.replay || batch.attempt > 0;
        let memo = batch.memo.as_deref().map(serde_json::from_str::<Memo>);
        let (records, verdicts) = self.records(batch, &layout)?;
        let written = |bytes| Written::Verdicts {
            verdicts: verdicts.clone(),
            requests: 1,
            bytes,
        };
        if records.is_empty() {
            return Ok(written(0));
        }
        let file = self.place.open_to_append()?;
        let present = match &file {
            None => 0,
            Some(file) => self.met("measure", length(file))?,
        };
        let base = match (again, memo) {
            _ if torn => 0,
            (false, _) => present,
            // A file that is shorter now was cut by someone: nothing of the batch is left.
            (true, Some(Ok(memo))) => memo.length.min(present),
            (true, _) => {
                return Ok(unknown(
                    &verdicts,
                    "the intent does not tell where it began",
                ));
            }
        };
        let bytes = self.met("write", compose(file.as_ref(), base, &layout, &records))?;
        if let Some(file) = &file {
            match self.met("read", tail(file, base, present, &bytes))? {
                Tail::Ours => return Ok(written(0)),
                Tail::Part => self.met("cut a half-written batch off", file.set_len(base))?,
                Tail::Foreign => {
                    return Ok(unknown(
                        &verdicts,
                        "another program wrote to the file meanwhile",
                    ));
                }
            }
        }
        let made = file.is_none();
        let file = file.map_or_else(|| self.place.create(), Ok)?;
        if let Err(error) = write(&file, &bytes) {
            // Nothing of a batch that failed may stay: the next try starts at the same length.
            let undone = file.set_len(base).and_then(|()| file.sync_data());
            return Err(match undone {
                Ok(()) => self.place.write_failed("write", &error),
                Err(_) => WriteError::Ambiguous {
                    text: format!("cannot write {}: {error}", self.place.path().display()),
                },
            });
        }
        failpoints::reach("file_appended");
        if made {
            self.met("sync the folder of", folder.sync_all())?;
        }
        Ok(written(bytes.len() as u64))
    }

    fn met<T>(&self, doing: &str, result: io::Result<T>) -> Result<T, WriteError> {
        result.map_err(|error| self.place.write_failed(doing, &error))
    }

    /// The batch's records and the verdict of each operation, should they be written.
    fn records(
        &self,
        batch: DeliveryBatch,
        layout: &Layout,
    ) -> Result<(Vec<Entry>, Verdicts), WriteError> {
        let mut records = Vec::new();
        let mut verdicts = Vec::new();
        for operation in batch.operations {
            let operation = operation?;
            let verdict = match layout.prepare(&operation, false)? {
                Err(rejection) => Verdict::Rejected(rejection),
                Ok((_, tokens)) => {
                    let record = layout.create(&tokens);
                    records.push(self.met("write a record to", record)?);
                    accepted(operation.kind, false)
                }
            };
            verdicts.push((operation.number, verdict));
        }
        Ok((records, verdicts))
    }
}

#[async_trait]
impl Session for AppendSession {
    async fn prepare(&self, _number: u64) -> Result<Option<String>, WriteError> {
        let session = self.clone();
        blocking(move || {
            let memo = Memo {
                length: session.length()?,
            };
            serde_json::to_string(&memo).map(Some).map_err(|error| {
                let text = format!("cannot remember the file's length: {error}");
                ConnectorError::new(ProblemKind::Internal, text).into()
            })
        })
        .await
    }

    async fn write(&self, batch: DeliveryBatch) -> Result<Written, WriteError> {
        let session = self.clone();
        blocking(move || session.append(batch)).await
    }

    async fn finish(&self) -> Result<Finished, WriteError> {
        Ok(Finished::default())
    }
}

/// What stands behind the length that an intent remembers.
enum Tail {
    /// The whole batch, and perhaps more behind it.
    Ours,
    /// The batch's first bytes, or nothing.
    Part,
    /// Something else.
    Foreign,
}

fn tail(file: &File, base: u64, present: u64, bytes: &[u8]) -> io::Result<Tail> {
    let behind = present.saturating_sub(base);
    let compared = usize::try_from(behind).map_or(bytes.len(), |behind| behind.min(bytes.len()));
    let mut tail = vec![0; compared];
    file.read_exact_at(&mut tail, base)?;
    Ok(if !bytes.starts_with(&tail) {
        Tail::Foreign
    } else if compared == bytes.len() {
        Tail::Ours
    } else {
        Tail::Part
    })
}

/// The bytes of a batch that begins at `base`: the same at every try.
fn compose(
    file: Option<&File>,
    base: u64,
    layout: &Layout,
    records: &[Entry],
) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let (Some(file), Some(last)) = (file, base.checked_sub(1)) {
        let mut byte = [0];
        file.read_exact_at(&mut byte, last)?;
        if byte != *b"\n" {
            bytes.push(b'\n');
        }
    }
    let mut out = Output::new(bytes, &layout.style);
    if base == 0 {
        out.header(layout.columns())?;
    }
    for record in records {
        out.entry(record)?;
    }
    out.end()
}

fn write(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_data()
}

fn length(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}

fn unknown(verdicts: &[(u64, Verdict)], reason: &str) -> Written {
    let verdicts = verdicts.iter().map(|(number, verdict)| {
        let verdict = match verdict {
            Verdict::Rejected(_) => verdict.clone(),
            _ => Verdict::Unknown {
                reason: reason.to_owned(),
            },
        };
        (*number, verdict)
    });
    Written::Verdicts {
        verdicts: verdicts.collect(),
        requests: 1,
        bytes: 0,
    }
}
