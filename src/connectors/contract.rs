//! The contract that a source or a destination keeps with the engine.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::domain::destination::{Capabilities, Object, ObjectSchema, TestStep};
pub use crate::domain::explore::CatalogTable;
use crate::domain::id::{RunId, SyncId};
use crate::domain::mode::Mode;
use crate::domain::model::Column;
use crate::domain::plan::RecordShape;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::row::Batch;
use crate::domain::value::Value;
use crate::domain::verdict::Verdict;

use super::batch_reader::BatchReader;

/// Why a connector could not do what it was asked, apart from single rows.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct ConnectorError {
    /// The class: `config`, `source`, `destination`, `auth`, `protocol`, `interrupted`, `internal`.
    pub kind: ProblemKind,
    /// What was being done to what and why it failed, scrubbed of secrets and row values.
    pub text: String,
    /// What to do now.
    pub hint: String,
}

impl ConnectorError {
    /// Makes an error without a hint.
    pub fn new(kind: ProblemKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            hint: String::new(),
        }
    }

    /// Adds what to do now.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl From<ConnectorError> for Problem {
    fn from(error: ConnectorError) -> Self {
        Self::new(error.kind, error.text).hint(error.hint)
    }
}

/// What is asked of a source.
#[derive(Debug, Clone)]
pub struct Query {
    /// One reading statement.
    pub sql: String,
    /// The wanted columns with their pinned types, in the order of the batches' columns.
    pub columns: Vec<Column>,
    /// Rows after which the source may stop; the stream then ends without a proof.
    pub limit: Option<u64>,
    /// Stops the reading, also inside the source.
    pub cancel: CancellationToken,
}

/// What a stream of rows carries.
#[derive(Debug)]
pub enum Chunk {
    /// Rows.
    Batch(Batch),
    /// The proof that the source gave its whole result; always last. A stream that ends without
    /// it was cut, and nothing may be concluded from absence.
    End {
        /// Rows that the source gave in all.
        rows: u64,
    },
}

/// Rows as they come; bounded, so that a slow reader slows the source.
pub type RowStream = mpsc::Receiver<Result<Chunk, ConnectorError>>;

/// Where the steps of a test are told as they are taken.
pub type StepSink<'a> = &'a (dyn Fn(&TestStep) + Send + Sync);

/// A system that models query.
#[async_trait]
pub trait SourceConnector: Send + Sync {
    /// Tries the connection step by step; stops at the first failed step.
    async fn test(&self) -> Vec<TestStep>;

    /// As [`Self::test`], telling each step; one that takes no time may tell them all at its end.
    async fn test_live(&self, tell: StepSink<'_>) -> Vec<TestStep> {
        let steps = self.test().await;
        steps.iter().for_each(tell);
        steps
    }

    /// Gives schemas, tables and columns.
    ///
    /// # Errors
    /// [`ConnectorError`] where the source cannot be opened or read.
    async fn catalog(&self) -> Result<Vec<CatalogTable>, ConnectorError>;

    /// Gives the columns of a query with their types: declared by the database, else inferred over
    /// all rows.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` for SQL that does not prepare, writes, or is not one
    /// statement.
    async fn describe(
        &self,
        sql: &str,
        cancel: &CancellationToken,
    ) -> Result<Vec<Column>, ConnectorError>;

    /// Starts reading. The connection is closed when the stream has ended.
    ///
    /// # Errors
    /// As [`Self::describe`], and of kind `config` where a wanted column is missing or its
    /// database type has changed. Errors on the way come through the stream.
    async fn read(&self, query: Query) -> Result<RowStream, ConnectorError>;
}

/// What a session must know of its run.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// The run.
    pub run: RunId,
    /// When the run started; a replay after a crash gives the first start, since what is sent may
    /// carry it and must be the same again.
    pub started_at: DateTime<Utc>,
    /// The sync.
    pub sync: SyncId,
    /// The object that is written.
    pub object: String,
    /// The mode.
    pub mode: Mode,
    /// The fields of the records.
    pub shape: Arc<RecordShape>,
}

/// One delivery batch: its intent is on disk already.
pub struct DeliveryBatch {
    /// Its number within the run, from 0.
    pub number: u64,
    /// 128 random bits in base62 after `msg_`; the same at every retry and replay.
    pub idempotency_key: String,
    /// What [`Session::prepare`] gave before the intent was written.
    pub memo: Option<String>,
    /// 0 for the first try.
    pub attempt: u32,
    /// Whether this is a replay after a crash: an earlier try may have been applied.
    pub replay: bool,
    /// The operations.
    pub operations: BatchReader,
}

/// What came of writing a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// A verdict by operation number; an operation left out is unknown.
    Verdicts {
        /// The verdicts.
        verdicts: Vec<(u64, Verdict)>,
        /// Requests made.
        requests: u64,
        /// Body bytes sent.
        bytes: u64,
    },
    /// Taken into a stage that [`Session::finish`] brings to the destination as a whole; the
    /// batch's intent stays open until then.
    Staged {
        /// Bytes staged.
        bytes: u64,
    },
}

/// What [`Session::finish`] did with all staged operations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finished {
    /// Verdicts that are not plain acceptance; every other staged operation is accepted.
    pub exceptions: Vec<(u64, Verdict)>,
    /// Bytes written.
    pub bytes: u64,
}

/// Why a whole batch has no verdicts; the engine's policy follows from the class.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteError {
    /// Not applied; may be tried again (connect error, 408, 502, 503, 504).
    #[error("{text}")]
    Retryable {
        /// What was seen.
        text: String,
        /// The wait that was asked for.
        retry_after: Option<Duration>,
    },
    /// May have been applied: timeout or reset after bytes were sent, a cut answer.
    #[error("{text}")]
    Ambiguous {
        /// What was seen.
        text: String,
    },
    /// Refused as a whole without saying which row: it is halved until the bad row is alone.
    #[error("{text}")]
    Poison {
        /// The code, for the row that is found.
        code: String,
        /// The destination's message.
        text: String,
    },
    /// Too large: it is halved, and smaller batches are cut from now on.
    #[error("{text}")]
    TooLarge {
        /// What was seen.
        text: String,
    },
    /// The destination's limit; waiting is not an attempt.
    #[error("{text}")]
    RateLimited {
        /// What was seen.
        text: String,
        /// The wait that was asked for.
        retry_after: Option<Duration>,
        /// Whether a daily quota is used up, so that the run ends.
        daily: bool,
    },
    /// An answer that its protocol does not know: it may have been applied; few retries.
    #[error("{text}")]
    Protocol {
        /// What was seen, scrubbed and at most 1 KiB.
        text: String,
    },
    /// Nothing more can be sent in this run: sign-in, configuration, a missing object.
    #[error(transparent)]
    Fatal(#[from] ConnectorError),
}

/// Identifiers of the records that an object holds, for `mirror_scope = "all"`; it ends with
/// [`Listing::End`].
#[derive(Debug)]
pub enum Listing {
    /// Identifiers, each as the values of the identifier's fields.
    Identifiers(Vec<Vec<Value>>),
    /// The proof that this was all.
    End,
}

/// One run's writing to an object.
#[async_trait]
pub trait Session: Send + Sync {
    /// Says what the intent must remember of a batch before it is sent (a file's length), so that
    /// a replay can undo a half-done write.
    ///
    /// # Errors
    /// [`WriteError`] where the destination cannot be met.
    async fn prepare(&self, number: u64) -> Result<Option<String>, WriteError> {
        let _ = number;
        Ok(None)
    }

    /// Writes one batch.
    ///
    /// # Errors
    /// [`WriteError`] where the batch as a whole has no verdicts.
    async fn write(&self, batch: DeliveryBatch) -> Result<Written, WriteError>;

    /// Brings what was staged to the destination and closes.
    ///
    /// # Errors
    /// [`WriteError`] where it cannot; the staged operations are then unsent, or unknown where
    /// the error is ambiguous.
    async fn finish(&self) -> Result<Finished, WriteError>;
}

/// A system that syncs write to.
#[async_trait]
pub trait DestinationConnector: Send + Sync {
    /// Tries the connection step by step; stops at the first failed step.
    async fn test(&self) -> Vec<TestStep>;

    /// As [`Self::test`], telling each step; one that takes no time may tell them all at its end.
    async fn test_live(&self, tell: StepSink<'_>) -> Vec<TestStep> {
        let steps = self.test().await;
        steps.iter().for_each(tell);
        steps
    }

    /// Gives the objects.
    ///
    /// # Errors
    /// [`ConnectorError`] where the destination cannot be met.
    async fn objects(&self) -> Result<Vec<Object>, ConnectorError>;

    /// Gives an object's fields; one that can be made is given as open and not existing.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where there is no such object and it cannot be made.
    async fn fields(&self, object: &str) -> Result<ObjectSchema, ConnectorError>;

    /// Makes an object.
    ///
    /// # Errors
    /// [`ConnectorError`] where the destination does not allow it or it is there already.
    async fn create_object(
        &self,
        object: &str,
        shape: &RecordShape,
    ) -> Result<ObjectSchema, ConnectorError>;

    /// What the object can do.
    fn capabilities(&self, object: &str) -> Capabilities;

    /// Starts a run's writing; makes or checks the object.
    ///
    /// # Errors
    /// [`ConnectorError`] where the object cannot take the records; nothing was sent.
    async fn begin(&self, run: RunContext) -> Result<Box<dyn Session>, ConnectorError>;

    /// Asks for the outcome of pending operations by ticket; one that is still pending is left out.
    ///
    /// # Errors
    /// [`WriteError`] where the destination cannot be met.
    async fn settle(&self, tickets: &[String]) -> Result<Vec<(String, Verdict)>, WriteError> {
        let _ = tickets;
        Ok(Vec::new())
    }

    /// Lists the identifiers of all records of an object.
    ///
    /// # Errors
    /// [`ConnectorError`] where it cannot list; errors on the way come through the stream.
    async fn list(
        &self,
        object: &str,
        identifier: &[String],
        cancel: &CancellationToken,
    ) -> Result<mpsc::Receiver<Result<Listing, ConnectorError>>, ConnectorError> {
        let _ = (identifier, cancel);
        Err(ConnectorError::new(
            ProblemKind::Config,
            format!("cannot list the records of {object}: this destination does not allow it"),
        ))
    }
}
