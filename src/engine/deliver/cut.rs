//! Cuts a plan's operations into delivery batches, reading the plan file as they are needed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::domain::plan::{Operation, OperationKind};
use crate::domain::problem::{Problem, ProblemKind};
use crate::snapshot::plan_file::{PackedOperations, PlanReader};

use super::super::limits::DestinationLimits;
use super::super::run::remainder::Rest;

/// Which operations of a plan go out in one pass; deletes only go when all else has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Creates and updates.
    Writes,
    /// Deletes.
    Deletes,
}

impl Pass {
    /// Whether an operation of this kind goes out in this pass.
    pub fn takes(self, kind: OperationKind) -> bool {
        (kind == OperationKind::Delete) == (self == Self::Deletes)
    }
}

/// Limits of one delivery batch.
#[derive(Debug, Clone)]
pub(crate) struct BatchLimits {
    /// Operations at most, as the object says.
    pub rows: u32,
    /// The destination's own limits, which are smaller once a batch was too large.
    pub learned: Arc<DestinationLimits>,
    /// Whether the first operation goes alone, to see how it fares.
    pub probe: bool,
    /// Encoded bytes at most; a single larger operation goes alone.
    pub bytes: usize,
}

/// Operations that go out together.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    /// The operations, in the plan's order.
    pub operations: Arc<PackedOperations>,
}

/// Which operations may go.
pub(crate) type Filter = Arc<dyn Fn(&Operation) -> bool + Send + Sync>;

/// Starts cutting what is left on a blocking thread. One cut waits at most: the next is made when there is room
/// for it.
pub(crate) fn start(
    plan: PathBuf,
    pass: Pass,
    rest: Rest,
    limits: BatchLimits,
    filter: Option<Filter>,
) -> mpsc::Receiver<Result<Cut, Problem>> {
    let (sender, receiver) = mpsc::channel(1);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let Ok(permit) = runtime.block_on(sender.clone().reserve_owned()) else {
            return;
        };
        let mut room = Some(permit);
        let result = cut(&plan, pass, &rest, &limits, filter.as_ref(), |batch| {
            let Some(permit) = room.take() else {
                return false;
            };
            let sender = permit.send(Ok(batch));
            room = runtime.block_on(sender.reserve_owned()).ok();
            room.is_some()
        });
        if let (Err(problem), Some(permit)) = (result, room) {
            permit.send(Err(problem));
        }
    });
    receiver
}

fn cut(
    plan: &Path,
    pass: Pass,
    rest: &Rest,
    limits: &BatchLimits,
    filter: Option<&Filter>,
    mut give: impl FnMut(Cut) -> bool,
) -> Result<(), Problem> {
    let reader = PlanReader::open(plan).map_err(unreadable)?;
    let mut batch = PackedOperations::default();
    let mut probe = limits.probe && pass == Pass::Writes;
    let mut operations = reader.operations(rest.first());
    while let Some(operation) = operations.next_raw().map_err(unreadable)? {
        if !pass.takes(operation.kind) || !rest.has(operation.number) {
            continue;
        }
        if let Some(allows) = filter
            && !allows(&operation.decode().map_err(unreadable)?)
        {
            continue;
        }
        let most_rows = if probe {
            1
        } else {
            limits.learned.batch_rows(limits.rows) as usize
        };
        let bytes = batch.bytes() + operation.bytes.len();
        let full = batch.len() >= most_rows || bytes > limits.bytes;
        if full && !batch.is_empty() {
            batch.shrink();
            let operations = Arc::new(std::mem::take(&mut batch));
            probe = false;
            if !give(Cut { operations }) {
                return Ok(());
            }
        }
        batch.push(&operation);
    }
    if !batch.is_empty() {
        give(Cut {
            operations: Arc::new(batch),
        });
    }
    Ok(())
}

/// Folds an error of the plan file into a problem.
pub(crate) fn unreadable(error: impl std::fmt::Display) -> Problem {
    Problem::new(
        ProblemKind::State,
        format!("cannot read the run's plan: {error}"),
    )
    .hint("nothing more is sent from it; run the sync again to make a new plan")
}
