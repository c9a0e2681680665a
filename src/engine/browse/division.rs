//! How the operations of a plan divide by kind, so that any page of one kind is found at once.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::domain::id::RunId;
use crate::domain::plan::{Operation, OperationKind};
use crate::domain::problem::Problem;
use crate::snapshot::SnapshotError;
use crate::snapshot::plan_file::PlanReader;

use super::super::deliver::cut::unreadable;

/// Operations from one mark to the next.
const STRIDE: u64 = 4_096;
/// Plans whose divisions are kept.
const KEPT: usize = 8;

/// How the operations of one plan divide by kind.
#[derive(Debug, Default)]
pub(super) struct Division {
    /// How many of each kind stand before every operation whose number is a multiple of the stride.
    marks: Vec<[u64; 3]>,
}

fn column(kind: OperationKind) -> usize {
    match kind {
        OperationKind::Create => 0,
        OperationKind::Update => 1,
        OperationKind::Delete => 2,
    }
}

fn of(counts: &[u64; 3], kind: OperationKind) -> u64 {
    counts.get(column(kind)).copied().unwrap_or(0)
}

impl Division {
    /// Reads through a plan; 16 bytes of memory for a thousand operations or so.
    ///
    /// # Errors
    /// [`SnapshotError`] where a block is damaged. Where it is cancelled it is not whole, and
    /// nobody waits for it.
    pub fn of(reader: &PlanReader, cancel: &CancellationToken) -> Result<Self, SnapshotError> {
        let mut marks = Vec::new();
        let mut counts = [0_u64; 3];
        let mut operations = reader.operations(0);
        while let Some(operation) = operations.next_raw()? {
            if operation.number.is_multiple_of(STRIDE) {
                if cancel.is_cancelled() {
                    break;
                }
                marks.push(counts);
            }
            if let Some(count) = counts.get_mut(column(operation.kind)) {
                *count += 1;
            }
        }
        Ok(Self { marks })
    }

    /// The operations of a kind from a place among them on.
    ///
    /// # Errors
    /// A [`Problem`] where a block is damaged.
    pub fn page(
        &self,
        reader: &PlanReader,
        kind: OperationKind,
        offset: u64,
        limit: u64,
    ) -> Result<Vec<Operation>, Problem> {
        let after = self.marks.partition_point(|mark| of(mark, kind) <= offset);
        let at = after.saturating_sub(1);
        let mut skip = offset - self.marks.get(at).map_or(0, |mark| of(mark, kind));
        let start = u64::try_from(at).unwrap_or(0) * STRIDE;
        let mut found = Vec::new();
        let mut operations = reader.operations(start);
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        while found.len() < most {
            let Some(operation) = operations.next_raw().map_err(unreadable)? else {
                break;
            };
            if operation.kind != kind {
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            found.push(operation.decode().map_err(unreadable)?);
        }
        Ok(found)
    }

    /// The place of an operation among those of its kind.
    ///
    /// # Errors
    /// [`SnapshotError`] where a block is damaged.
    pub fn place(
        &self,
        reader: &PlanReader,
        kind: OperationKind,
        number: u64,
    ) -> Result<u64, SnapshotError> {
        let at = number / STRIDE;
        let mark = usize::try_from(at).ok().and_then(|at| self.marks.get(at));
        let mut place = mark.map_or(0, |mark| of(mark, kind));
        let mut operations = reader.operations(at * STRIDE);
        while let Some(operation) = operations.next_raw()? {
            if operation.number >= number {
                break;
            }
            place += u64::from(operation.kind == kind);
        }
        Ok(place)
    }
}

/// The divisions of the plans that were looked through lately.
#[derive(Debug, Default)]
pub(crate) struct Divisions {
    kept: Mutex<Vec<(RunId, Arc<Division>)>>,
}

impl Divisions {
    /// The division of a run's plan, which never changes.
    ///
    /// # Errors
    /// [`SnapshotError`] where a block is damaged.
    pub(super) fn of(
        &self,
        run: &RunId,
        reader: &PlanReader,
        cancel: &CancellationToken,
    ) -> Result<Arc<Division>, SnapshotError> {
        let find = |kept: &mut Vec<(RunId, Arc<Division>)>| {
            let found = kept.iter().position(|(other, _)| other == run)?;
            let entry = kept.remove(found);
            let division = Arc::clone(&entry.1);
            kept.push(entry);
            Some(division)
        };
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(division) = find(&mut lock()) {
            return Ok(division);
        }
        let division = Arc::new(Division::of(reader, cancel)?);
        if cancel.is_cancelled() {
            return Ok(division);
        }
        let mut kept = lock();
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((run.clone(), Arc::clone(&division)));
        Ok(division)
    }
}
