//! Sends one delivery batch to its end: intent on disk, attempts, waits, halving.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::connectors::{DeliveryBatch, Session, WriteError, Written};
use crate::domain::id::{RunId, SyncId};
use crate::domain::problem::Problem;
use crate::domain::verdict::{Rejection, Verdict};
use crate::failpoints;
use crate::snapshot::plan_file::PackedOperations;
use crate::store::Intent;

use super::super::core::Core;
use super::super::limits::DestinationLimits;
use super::super::run_log::RunLog;
use super::batch::{batch_reader, payload_hash};
use super::judge::{Judgement, may_have_been_applied};

pub(crate) use super::fate::{Closing, Fate, RunEnd, Sent};
use super::fate::{Piece, Verdicts, alike, leave};

/// A cancelled run awaits the answers of what is under way for so long.
const CANCEL_GRACE: Duration = Duration::from_secs(30);
/// Tries of rows that were refused for a passing reason.
const MAX_ROW_TRIES: u32 = 3;
/// Why a batch is not tried again that could be.
const ENDED: &str = "the run ended before it was sent again";

/// Sends batches of one run.
pub(crate) struct Sender {
    pub core: Arc<Core>,
    pub session: Box<dyn Session>,
    pub run: RunId,
    pub sync: SyncId,
    pub limits: Arc<DestinationLimits>,
    pub log: Arc<RunLog>,
    pub cancel: CancellationToken,
    /// Set where the run has met its end: what is under way is awaited, nothing else is sent.
    pub over: CancellationToken,
    /// Whether a batch of unclear outcome may be sent again.
    pub repeatable: bool,
    /// How many batches may be sent without their verdicts being on record: what a crash may send
    /// again.
    pub unrecorded: Arc<Semaphore>,
    /// The number of the next batch.
    pub numbers: AtomicU64,
    /// Whether a batch was too large.
    pub too_large: AtomicBool,
}

enum Step {
    Closed(Closing),
    Again(Closing, Piece),
    Halve {
        batch: u64,
        code: String,
        text: String,
        piece: Piece,
    },
    Staged {
        batch: u64,
        numbers: Vec<u64>,
    },
    End(Closing, RunEnd),
}

impl Sender {
    /// Sends the last of the pieces that wait; the others, and its own halves and repeats, are
    /// given back, to be sent when its intent is closed: no row is in two open intents.
    pub async fn send(&self, mut waiting: Vec<Piece>) -> Sent {
        let mut sent = Sent::default();
        if self.over.is_cancelled() {
            sent.closings = leave_all(&waiting);
            return sent;
        }
        let Some(piece) = waiting.pop() else {
            return sent;
        };
        match self.send_piece(piece, &mut sent).await {
            Step::Closed(closing) => sent.closings.push(closing),
            Step::Again(closing, again) => {
                sent.closings.push(closing);
                waiting.push(again);
            }
            Step::Staged { batch, numbers } => sent.staged.push((batch, numbers)),
            Step::End(closing, end) => {
                sent.closings.push(closing);
                sent.end = Some(end);
                // At once: the verdicts need some time until they are on disk.
                self.over.cancel();
            }
            Step::Halve {
                batch,
                code,
                text,
                piece,
            } => {
                let closing = self.halve(batch, &code, &text, piece, &mut waiting);
                sent.closings.push(closing);
            }
        }
        sent.rest = waiting;
        sent
    }

    fn halve(
        &self,
        batch: u64,
        code: &str,
        text: &str,
        piece: Piece,
        waiting: &mut Vec<Piece>,
    ) -> Closing {
        let Piece {
            operations,
            row_tries,
            doubt,
        } = piece;
        if operations.len() == 1 {
            let rejection = Rejection {
                code: code.to_owned(),
                field: None,
                text: text.to_owned(),
                transient: false,
            };
            let fate = Fate::Verdict(Verdict::Rejected(rejection));
            return Closing {
                batch: Some(batch),
                operations,
                fates: vec![(0, fate)],
                doubt,
            };
        }
        self.log.line(
            "retry",
            format!("batch {batch} was refused ({text}): trying its halves"),
        );
        let middle = operations.len() / 2;
        for half in [middle..operations.len(), 0..middle] {
            waiting.push(Piece {
                operations: Arc::new(operations.part(half)),
                row_tries,
                doubt,
            });
        }
        Closing {
            batch: Some(batch),
            fates: alike(&operations, &Fate::Again),
            operations,
            doubt,
        }
    }

    async fn send_piece(&self, piece: Piece, sent: &mut Sent) -> Step {
        let batch = self.numbers.fetch_add(1, Ordering::Relaxed);
        let intent = match self.open_intent(batch, &piece.operations).await {
            Ok(intent) => intent,
            Err(end) => {
                return Step::End(leave(None, &piece, &end.problem.text), end);
            }
        };
        let held = Arc::clone(&self.unrecorded).acquire_owned();
        sent.hold = tokio::select! {
            hold = held => hold.ok(),
            () = self.over.cancelled() => {
                return Step::Closed(leave(Some(batch), &piece, ENDED));
            }
        };
        self.attempts(&intent, piece, sent).await
    }

    async fn open_intent(
        &self,
        batch: u64,
        operations: &PackedOperations,
    ) -> Result<Intent, RunEnd> {
        self.core.check_free_space()?;
        let memo = match self.session.prepare(batch).await {
            Ok(memo) => memo,
            Err(error) => return Err(self.end_of(&error)),
        };
        let intent = Intent {
            run: self.run.clone(),
            sync: self.sync.clone(),
            batch,
            operations: operations.numbers().collect(),
            idempotency_key: self.core.idempotency_key(),
            payload_hash: payload_hash(operations),
            memo,
        };
        if !failpoints::planted("no_intent") {
            self.core
                .store
                .open_intent(&intent)
                .await
                .map_err(Problem::from)?;
        }
        failpoints::reach("after_intent");
        Ok(intent)
    }

    async fn attempts(&self, intent: &Intent, mut piece: Piece, sent: &mut Sent) -> Step {
        let batch = intent.batch;
        let wanted = self.core.clock.monotonic();
        let mut attempts = self.limits.attempts();
        let mut attempt = 0;
        loop {
            let pass = tokio::select! {
                pass = self.limits.enter(wanted) => pass,
                () = self.over.cancelled() => {
                    return Step::Closed(leave(Some(batch), &piece, ENDED));
                }
            };
            let pass = match pass {
                Ok(pass) => pass,
                Err(error) => {
                    let closing = leave(Some(batch), &piece, &error.to_string());
                    return Step::End(closing, Problem::from(error).into());
                }
            };
            let written = self.write(delivery(intent, &piece, attempt)).await;
            failpoints::reach("after_send");
            let error = match written {
                Ok(written) => {
                    pass.succeeded();
                    return self.written(batch, piece, written, sent);
                }
                Err(error) => error,
            };
            if failpoints::planted("error_as_acceptance") {
                return Step::Closed(Closing {
                    batch: Some(batch),
                    fates: alike(&piece.operations, &Fate::Verdict(Verdict::ACCEPTED)),
                    operations: piece.operations,
                    doubt: false,
                });
            }
            match &error {
                WriteError::Retryable { .. }
                | WriteError::Ambiguous { .. }
                | WriteError::Protocol { .. } => {
                    pass.failed();
                }
                _ => pass.answered(),
            }
            piece.doubt |= may_have_been_applied(&error);
            let wait = match self.judge(&error, attempt, &mut attempts) {
                Judgement::Wait(wait) => wait,
                Judgement::Halve { code, text } => {
                    if matches!(error, WriteError::TooLarge { .. }) {
                        let rows = u32::try_from(piece.operations.len()).unwrap_or(u32::MAX);
                        self.limits.too_large(rows);
                        self.too_large.store(true, Ordering::Relaxed);
                    }
                    return Step::Halve {
                        batch,
                        code,
                        text,
                        piece,
                    };
                }
                Judgement::GiveUp => {
                    return Step::Closed(leave(Some(batch), &piece, &error.to_string()));
                }
                Judgement::End(end) => {
                    let closing = leave(Some(batch), &piece, &error.to_string());
                    return Step::End(closing, end);
                }
            };
            self.log.line(
                "retry",
                format!(
                    "batch {batch}: {error}; waiting {:.1} s",
                    wait.as_secs_f64()
                ),
            );
            if !matches!(error, WriteError::RateLimited { .. }) {
                attempt += 1;
            }
            sent.retries += 1;
            tokio::select! {
                () = self.core.clock.sleep(wait) => {}
                () = self.over.cancelled() => {
                    return Step::Closed(leave(Some(batch), &piece, ENDED));
                }
            }
        }
    }

    /// Writes a batch; a cancelled run does not wait for its answer for ever.
    async fn write(&self, batch: DeliveryBatch) -> Result<Written, WriteError> {
        let late = async {
            self.cancel.cancelled().await;
            self.core.clock.sleep(CANCEL_GRACE).await;
        };
        tokio::select! {
            biased;
            written = self.session.write(batch) => written,
            () = late => Err(WriteError::Ambiguous {
                text: format!("no answer came within {} s of the cancel", CANCEL_GRACE.as_secs()),
            }),
        }
    }

    fn written(&self, batch: u64, piece: Piece, written: Written, sent: &mut Sent) -> Step {
        let (verdicts, requests, bytes) = match written {
            Written::Staged { bytes } => {
                sent.bytes += bytes;
                let numbers = piece.operations.numbers().collect();
                return Step::Staged { batch, numbers };
            }
            Written::Verdicts {
                verdicts,
                requests,
                bytes,
            } => (verdicts, requests, bytes),
        };
        sent.requests += requests;
        sent.bytes += bytes;
        let mut verdicts = Verdicts::new(verdicts);
        let mut fates = Vec::with_capacity(piece.operations.len());
        let mut again = Vec::new();
        for (at, number) in piece.operations.numbers().enumerate() {
            let verdict = verdicts.take(number);
            let passing = matches!(&verdict, Verdict::Rejected(why) if why.transient);
            if passing && piece.row_tries + 1 < MAX_ROW_TRIES {
                again.push(at);
                fates.push((at, Fate::Again));
            } else {
                fates.push((at, Fate::Verdict(verdict)));
            }
        }
        let operations = Arc::new(piece.operations.part(again));
        let closing = Closing {
            batch: Some(batch),
            operations: piece.operations,
            fates,
            doubt: piece.doubt,
        };
        if operations.is_empty() {
            return Step::Closed(closing);
        }
        sent.retries += 1;
        let row_tries = piece.row_tries + 1;
        Step::Again(
            closing,
            Piece {
                operations,
                row_tries,
                doubt: piece.doubt,
            },
        )
    }
}

/// What is not sent any more because the run ends.
pub(crate) fn leave_all(pieces: &[Piece]) -> Vec<Closing> {
    pieces
        .iter()
        .map(|piece| leave(None, piece, ENDED))
        .collect()
}

fn delivery(intent: &Intent, piece: &Piece, attempt: u32) -> DeliveryBatch {
    DeliveryBatch {
        number: intent.batch,
        idempotency_key: match attempt > 0 && failpoints::planted("new_key_on_retry") {
            true => format!("{}{attempt}", intent.idempotency_key),
            false => intent.idempotency_key.clone(),
        },
        memo: intent.memo.clone(),
        attempt,
        replay: false,
        operations: batch_reader(&piece.operations),
    }
}
