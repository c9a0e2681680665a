//! Why a plan could not be made.

use crate::connectors::contract::ConnectorError;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::row::Damaged;
use crate::snapshot::SnapshotError;

/// Why a plan could not be made; nothing was sent and no plan file stands there.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The source ended without proving that it gave its whole result.
    #[error("the source's result was cut after {rows} rows: nothing was planned")]
    Cut {
        /// Rows that came.
        rows: u64,
    },
    /// The source failed.
    #[error(transparent)]
    Source(ConnectorError),
    /// The destination could not list its records to the end.
    #[error("cannot list the destination's records: {0}")]
    Listing(ConnectorError),
    /// The listing ended without proving that it was whole.
    #[error("the destination's list of records was cut: nothing was planned")]
    ListingCut,
    /// The workspace's own files or its store.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A row of the spool is not what was written.
    #[error("cannot compare rows: {0}")]
    Damaged(#[from] Damaged),
    /// The model has no primary key among its columns.
    #[error("cannot compare rows: the model lacks a column of its primary key")]
    NoKey,
    /// Two keys have one hash.
    #[error("cannot compare rows: two keys have one hash")]
    KeyCollision,
    /// A person or the core stopped it.
    #[error("the comparison was stopped")]
    Cancelled,
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        let text = error.to_string();
        match error {
            PlanError::Cut { .. } => Self::new(ProblemKind::Source, text)
                .hint("check the connection to the source and run again"),
            PlanError::Source(error) => error.into(),
            PlanError::Listing(inner) => Self::new(inner.kind, text).hint(inner.hint),
            PlanError::ListingCut => Self::new(ProblemKind::Destination, text).hint("run again"),
            PlanError::Snapshot(error) => error.into(),
            PlanError::Damaged(_) => Self::new(ProblemKind::State, text).hint("run again"),
            PlanError::NoKey => Self::new(ProblemKind::Config, text)
                .hint("choose the model's primary key among its columns"),
            PlanError::KeyCollision => Self::new(ProblemKind::State, text)
                .hint("forget the sync's state: the next run hashes under another seed"),
            PlanError::Cancelled => Self::new(ProblemKind::Interrupted, text),
        }
    }
}
