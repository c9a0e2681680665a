//! Delivery: a plan's operations go out in batches, concurrently, each acknowledged on disk.

pub(crate) mod acknowledge;
pub(crate) mod batch;
pub(crate) mod cut;
pub(crate) mod fate;
pub(crate) mod in_flight;
mod judge;
pub(crate) mod send;
pub(crate) mod unwritten;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::{JoinError, JoinSet};

use crate::domain::guard::{RejectionStop, RejectionWatch};
use crate::domain::plan::Operation;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::Run;
use crate::domain::verdict::Verdict;
use crate::failpoints;
use crate::snapshot::plan_file::{PackedOperations, PlanReader};

use super::core::Core;
use acknowledge::Acknowledger;
use cut::{BatchLimits, Cut, Filter, Pass, unreadable};
use fate::{Closing, Fate, Piece, RunEnd, Sent};
use in_flight::InFlight;
use send::{Sender, leave_all};
use unwritten::Unwritten;

/// What a delivery needs.
pub(crate) struct Delivery<'a> {
    pub core: &'a Arc<Core>,
    pub sender: Arc<Sender>,
    pub acknowledger: Acknowledger<'a>,
    pub plan: PathBuf,
    pub batch_limits: BatchLimits,
    /// Batches under way at once.
    pub concurrency: usize,
    /// Which deletes may go; none where deletes are held.
    pub deletes: Option<Filter>,
    pub watch: RejectionWatch,
    /// Keys whose write was not accepted.
    pub unwritten: Unwritten,
    /// Keys and identifiers that wait for the outcome of an earlier run's write.
    pub in_flight: InFlight,
    /// Told after each acknowledgement.
    pub progress: &'a (dyn Fn(&Run) + Send + Sync),
}

impl Delivery<'_> {
    /// Sends all operations that may go; `run` counts them.
    ///
    /// # Errors
    /// A [`RunEnd`] where the run cannot go on; what was acknowledged is kept, the rest is unsent.
    pub async fn deliver(mut self, run: &mut Run) -> Result<(), RunEnd> {
        let mut staged = Vec::new();
        let mut end = self.pass(Pass::Writes, run, &mut staged).await.err();
        if end.is_none() && !self.sender.cancel.is_cancelled() && self.deletes.is_some() {
            end = self.pass(Pass::Deletes, run, &mut staged).await.err();
        }
        let finished = self.finish(run, staged).await;
        if end.is_none() && finished.is_ok() && !self.sender.too_large.load(Ordering::Relaxed) {
            self.sender.limits.clean_run(self.batch_limits.rows);
        }
        end.map_or(finished, Err)
    }

    async fn pass(
        &mut self,
        pass: Pass,
        run: &mut Run,
        staged: &mut Vec<(u64, Vec<u64>)>,
    ) -> Result<(), RunEnd> {
        let filter = self.filter(pass);
        let mut cuts = cut::start(self.plan.clone(), pass, self.batch_limits.clone(), filter);
        let mut flying: JoinSet<Sent> = JoinSet::new();
        let mut end: Option<RunEnd> = None;
        let mut more = true;
        let mut probing = self.batch_limits.probe && pass == Pass::Writes;
        let cancel = self.sender.cancel.clone();
        loop {
            let open = more && end.is_none() && !cancel.is_cancelled();
            if !open && flying.is_empty() {
                break;
            }
            if end.is_some() {
                self.sender.over.cancel();
            }
            let most = if probing { 1 } else { self.concurrency };
            tokio::select! {
                () = cancel.cancelled(), if open => {}
                cut = cuts.recv(), if open && flying.len() < most => match cut {
                    Some(Ok(cut)) => self.launch(&mut flying, cut),
                    Some(Err(problem)) => end = end.or(Some(problem.into())),
                    None => more = false,
                },
                Some(sent) = flying.join_next(), if !flying.is_empty() => {
                    // The next batch is on its way while this one is put on record.
                    if open && !probing && sent.as_ref().is_ok_and(Sent::is_all_accepted) {
                        match cuts.try_recv() {
                            Ok(Ok(cut)) => self.launch(&mut flying, cut),
                            Ok(Err(problem)) => end = Some(problem.into()),
                            Err(_) => {}
                        }
                    }
                    let landed = self.landed(sent, &mut flying, run, staged).await;
                    let goes_on = matches!(landed, Ok(true));
                    end = end.or(landed.err());
                    if !goes_on && std::mem::take(&mut probing) && run.counters.total(|t| t.rejected) > 0 {
                        end = end.or_else(|| Some(refused_again(run).into()));
                    }
                }
            }
        }
        end.map_or(Ok(()), Err)
    }

    /// What of a pass may go.
    fn filter(&self, pass: Pass) -> Option<Filter> {
        let in_flight = self.in_flight.clone();
        if pass == Pass::Writes {
            // Nothing is decoded for the sake of a filter that lets all go.
            let unwritten = self.unwritten.clone();
            let lets_go = move |write: &Operation| {
                let waits = in_flight.holds(write);
                if waits {
                    unwritten.note_unsent(write);
                }
                !waits
            };
            return (!self.in_flight.is_empty()).then(|| Arc::new(lets_go) as Filter);
        }
        let (allowed, unwritten) = (self.deletes.clone(), self.unwritten.clone());
        Some(Arc::new(move |delete| {
            unwritten.lets_go(delete)
                && !in_flight.holds(delete)
                && allowed.as_ref().is_none_or(|allows| allows(delete))
        }))
    }

    fn launch(&self, flying: &mut JoinSet<Sent>, cut: Cut) {
        failpoints::reach("between_batches");
        let sender = Arc::clone(&self.sender);
        if failpoints::planted("sent_twice_at_once") {
            let (sender, twin) = (Arc::clone(&sender), Arc::clone(&cut.operations));
            tokio::spawn(async move { sender.send(vec![Piece::unsent(twin)]).await });
        }
        let piece = Piece::unsent(cut.operations);
        flying.spawn(async move { sender.send(vec![piece]).await });
    }

    /// Takes what came of a batch and then sends its halves and repeats on; tells whether there
    /// are any.
    async fn landed(
        &mut self,
        sent: Result<Sent, JoinError>,
        flying: &mut JoinSet<Sent>,
        run: &mut Run,
        staged: &mut Vec<(u64, Vec<u64>)>,
    ) -> Result<bool, RunEnd> {
        let mut sent = sent.map_err(|error| broken(&error))?;
        let rest = std::mem::take(&mut sent.rest);
        if let Err(end) = self.take(sent, run, staged).await {
            self.leave(run, &rest).await;
            return Err(end);
        }
        let goes_on = !rest.is_empty();
        if goes_on {
            let sender = Arc::clone(&self.sender);
            flying.spawn(async move { sender.send(rest).await });
        }
        Ok(goes_on)
    }

    async fn take(
        &mut self,
        sent: Sent,
        run: &mut Run,
        staged: &mut Vec<(u64, Vec<u64>)>,
    ) -> Result<(), RunEnd> {
        run.counters.requests += sent.requests;
        run.counters.bytes += sent.bytes;
        run.counters.retries += sent.retries;
        staged.extend(sent.staged);
        let mut end = sent.end;
        for closing in &sent.closings {
            self.close(run, closing).await?;
            if let Some(stop) = self.watch_over(closing) {
                let unsent = run.counters.total(|tally| tally.unsent);
                end = end.or(Some(stop.problem(unsent).into()));
            }
        }
        end.map_or(Ok(()), Err)
    }

    /// Notes what a run that ends does not send any more.
    async fn leave(&self, run: &mut Run, rest: &[Piece]) {
        for closing in leave_all(rest) {
            if let Err(end) = self.close(run, &closing).await {
                // Of what may have been applied the open intents, or marks made before, know.
                tracing::error!(run = %run.id, problem = %end.problem, "cannot note what was left");
            }
        }
    }

    async fn close(&self, run: &mut Run, closing: &Closing) -> Result<(), RunEnd> {
        self.unwritten.note(closing)?;
        let mut kept = self.acknowledger.acknowledge(run, closing)?;
        failpoints::reach("before_verdict");
        if failpoints::planted("verdict_without_closing") || failpoints::planted("no_intent") {
            kept.batch = None;
        }
        if failpoints::planted("snapshot_forgotten") {
            kept.journal.clear();
        }
        if closing.batch.is_some() || closing.doubt {
            self.core
                .store
                .close_intent(kept)
                .await
                .map_err(Problem::from)?;
        }
        failpoints::reach("after_verdict");
        (self.progress)(run);
        Ok(())
    }

    fn watch_over(&mut self, closing: &Closing) -> Option<RejectionStop> {
        closing.fates.iter().find_map(|(_, fate)| match fate {
            Fate::Verdict(verdict) => self.watch.observe(verdict),
            Fate::Unsent | Fate::Again => None,
        })
    }

    /// Ends the session; what was staged is acknowledged batch by batch from the plan.
    async fn finish(&self, run: &mut Run, staged: Vec<(u64, Vec<u64>)>) -> Result<(), RunEnd> {
        if staged.is_empty() {
            return match self.sender.session.finish().await {
                Ok(_) => Ok(()),
                Err(error) => Err(self.sender.end_of(&error)),
            };
        }
        failpoints::reach("before_finish");
        let finished = self.sender.session.finish().await;
        failpoints::reach("after_finish");
        let (fate, exceptions, end) = match finished {
            Ok(finished) => {
                run.counters.bytes += finished.bytes;
                let exceptions: HashMap<u64, Verdict> = finished.exceptions.into_iter().collect();
                (Fate::Verdict(Verdict::ACCEPTED), exceptions, None)
            }
            Err(error) => {
                let unclear = matches!(error, crate::connectors::WriteError::Ambiguous { .. });
                let fate = if unclear {
                    Fate::Verdict(Verdict::Unknown {
                        reason: error.to_string(),
                    })
                } else {
                    Fate::Unsent
                };
                (fate, HashMap::new(), Some(self.sender.end_of(&error)))
            }
        };
        for (batch, numbers) in staged {
            let operations = read_operations(self.plan.clone(), numbers).await?;
            let of = |number| {
                let verdict = exceptions.get(&number).cloned().map(Fate::Verdict);
                verdict.unwrap_or_else(|| fate.clone())
            };
            let numbers = operations.numbers().enumerate();
            let closing = Closing {
                batch: Some(batch),
                fates: numbers.map(|(at, number)| (at, of(number))).collect(),
                operations: Arc::new(operations),
                doubt: false,
            };
            self.close(run, &closing).await?;
        }
        end.map_or(Ok(()), Err)
    }
}

/// The problem of a retry whose first row, sent ahead of the others, was refused again.
fn refused_again(run: &Run) -> Problem {
    let unsent = run.counters.total(|tally| tally.unsent);
    let text =
        format!("the first row of the retry was refused again; {unsent} others were not sent");
    Problem::new(ProblemKind::Guard, text)
        .hint("look at its cause: signalsmith rows; then mend the mapping or the destination")
}

/// Reads chosen operations of a plan, in the plan's order.
///
/// # Errors
/// A [`Problem`] of kind `state` where the plan cannot be read.
pub(crate) async fn read_operations(
    plan: PathBuf,
    mut numbers: Vec<u64>,
) -> Result<PackedOperations, Problem> {
    numbers.sort_unstable();
    let work = move || {
        let reader = PlanReader::open(&plan).map_err(unreadable)?;
        let mut wanted = numbers.into_iter().peekable();
        let mut packed = PackedOperations::default();
        let mut operations = reader.operations(wanted.peek().copied().unwrap_or_default());
        while wanted.peek().is_some() {
            let Some(operation) = operations.next_raw().map_err(unreadable)? else {
                break;
            };
            if wanted.next_if_eq(&operation.number).is_some() {
                packed.push(&operation);
            }
        }
        Ok(packed)
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| broken(&error))?
}

/// Folds a panic of one of our own tasks into a problem.
pub(crate) fn broken(error: &tokio::task::JoinError) -> Problem {
    if error.is_cancelled() {
        return Problem::new(ProblemKind::Interrupted, "the core went away under the run");
    }
    Problem::new(
        ProblemKind::Internal,
        format!("a part of the run broke off: {error}"),
    )
    .hint("what was sent is on record; run the sync again and report this")
}
