//! The way of rows from a blocking reader to the engine: one thread, one bounded channel, and a
//! proof at the end.

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::connectors::contract::{Chunk, ConnectorError, Query, RowStream};
use crate::domain::problem::ProblemKind;
use crate::domain::row::Batch;

/// Batches that wait for the engine; with the one being filled they bound a source's memory.
const WAITING_BATCHES: usize = 4;

type Item = Result<Chunk, ConnectorError>;

/// How a reading ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The source gave its whole result.
    Whole,
    /// The wanted number of rows was reached; what follows was not looked at.
    Early,
}

/// Says to a blocking reader that nobody waits for it any more.
#[derive(Clone)]
pub(super) struct Stop {
    cancel: CancellationToken,
    reader: Option<mpsc::Sender<Item>>,
}

impl Stop {
    /// Whether the reading was cancelled or the stream was dropped.
    pub(super) fn is_set(&self) -> bool {
        self.cancel.is_cancelled() || self.reader.as_ref().is_some_and(mpsc::Sender::is_closed)
    }

    /// Waits until it is set.
    pub(super) async fn wait(&self) {
        match &self.reader {
            None => self.cancel.cancelled().await,
            Some(reader) => tokio::select! {
                () = self.cancel.cancelled() => {}
                () = reader.closed() => {}
            },
        }
    }

    /// Fails where it is set.
    pub(super) fn check(&self) -> Result<(), ConnectorError> {
        if self.is_set() {
            return Err(stopped());
        }
        Ok(())
    }
}

/// What a reading that was stopped ends with.
pub(super) fn stopped() -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Interrupted,
        "reading the source was stopped before its end",
    )
}

fn fault() -> ConnectorError {
    ConnectorError::new(
        ProblemKind::Internal,
        "reading the source broke off through a fault of the reader",
    )
    .hint("the source may hold something that no reader expects; please report it")
}

/// Where a blocking reader puts its rows.
pub(super) struct Sink {
    ready: Option<oneshot::Sender<Result<(), ConnectorError>>>,
    out: mpsc::Sender<Item>,
    cancel: CancellationToken,
    runtime: Handle,
    batch: Batch,
    in_batch: usize,
    rows: u64,
    limit: Option<u64>,
}

impl Sink {
    /// Says that the query fits, so that the stream can be handed out.
    pub(super) fn ready(&mut self) {
        if let Some(ready) = self.ready.take() {
            // Who asked may have gone; the closed channel then stops the reading.
            let _ = ready.send(Ok(()));
        }
    }

    /// A sign for long work between rows.
    pub(super) fn stop(&self) -> Stop {
        Stop {
            cancel: self.cancel.clone(),
            reader: Some(self.out.clone()),
        }
    }

    /// Whether another row is wanted.
    #[inline]
    pub(super) fn wants_more(&self) -> bool {
        self.limit.is_none_or(|limit| self.rows < limit)
    }

    /// Appends the next cell; a row is one cell for each column of the query.
    #[inline]
    pub(super) fn cell(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.batch.push_with(write);
    }

    /// Ends a row, and hands the batch on when it is full.
    #[inline]
    pub(super) fn end_row(&mut self) -> Result<(), ConnectorError> {
        self.rows += 1;
        self.in_batch += 1;
        if self.in_batch >= Batch::MAX_ROWS || self.batch.bytes() >= Batch::MAX_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ConnectorError> {
        if self.in_batch == 0 {
            return Ok(());
        }
        self.in_batch = 0;
        // The next is like it, so that it need not grow bit by bit.
        let empty = self.batch.empty_like();
        let full = std::mem::replace(&mut self.batch, empty);
        self.send(Ok(Chunk::Batch(full)))
    }

    fn send(&self, item: Item) -> Result<(), ConnectorError> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => Err(stopped()),
                sent = self.out.send(item) => sent.map_err(|_| stopped()),
            }
        })
    }

    fn close(mut self, outcome: Result<Ended, ConnectorError>) {
        let error = match outcome {
            Ok(ended) => match self.finish(ended) {
                Ok(()) => return,
                Err(error) => error,
            },
            Err(error) => error,
        };
        if let Some(ready) = self.ready.take() {
            let _ = ready.send(Err(error));
        } else if self.cancel.is_cancelled() {
            // Who cancelled need not read on: where the channel is full, its end says enough.
            let _ = self.out.try_send(Err(stopped()));
        } else {
            let _ = self.send(Err(error));
        }
    }

    fn finish(&mut self, ended: Ended) -> Result<(), ConnectorError> {
        self.ready();
        self.flush()?;
        match ended {
            Ended::Whole => self.send(Ok(Chunk::End { rows: self.rows })),
            Ended::Early => Ok(()),
        }
    }
}

/// Starts `work` on a thread of its own and gives its rows. The proof of the end is sent only after
/// `work` has returned [`Ended::Whole`], when everything that it had open is closed.
pub(super) async fn start<W>(query: Query, work: W) -> Result<RowStream, ConnectorError>
where
    W: FnOnce(&Query, &mut Sink) -> Result<Ended, ConnectorError> + Send + 'static,
{
    let (out, stream) = mpsc::channel(WAITING_BATCHES);
    let (ready, opened) = oneshot::channel();
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut sink = Sink {
            ready: Some(ready),
            out,
            cancel: query.cancel.clone(),
            runtime,
            batch: Batch::new(query.columns.len()),
            in_batch: 0,
            rows: 0,
            limit: query.limit,
        };
        let outcome = work(&query, &mut sink);
        sink.close(outcome);
    });
    opened.await.map_err(|_| fault())??;
    Ok(stream)
}

/// Runs `work` on a thread of its own; it is told to stop when the caller no longer waits.
pub(super) async fn blocking<T, W>(cancel: &CancellationToken, work: W) -> Result<T, ConnectorError>
where
    T: Send + 'static,
    W: FnOnce(&Stop) -> Result<T, ConnectorError> + Send + 'static,
{
    let token = cancel.child_token();
    let stop = Stop {
        cancel: token.clone(),
        reader: None,
    };
    let _told_when_dropped = token.drop_guard();
    tokio::task::spawn_blocking(move || work(&stop))
        .await
        .map_err(|_| fault())?
}
