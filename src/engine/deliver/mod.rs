//! Delivery: a plan's operations go out in batches, concurrently, each acknowledged on disk.

pub(crate) mod acknowledge;
mod air;
mod allowed;
pub(crate) mod batch;
mod behind;
pub(crate) mod cut;
pub(crate) mod fate;
pub(crate) mod in_flight;
mod judge;
mod ledger;
mod left;
pub(crate) mod send;
pub(crate) mod unwritten;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::JoinError;

use crate::domain::guard::{RejectionStop, RejectionWatch};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::run::Run;
use crate::domain::verdict::Verdict;
use crate::failpoints;
use crate::snapshot::Snapshot;
use crate::snapshot::plan_file::{PackedOperations, PlanReader};
use crate::store::Acknowledgement;

use super::core::Core;
use super::run::remainder::Remainder;
use acknowledge::Acknowledger;
use air::Air;
use cut::{BatchLimits, Cut, Filter, Pass, unreadable};
use fate::{Closing, Fate, Piece, RunEnd, Sent};
use in_flight::InFlight;
use ledger::{Answered, Recorded};
use send::Sender;
use unwritten::Unwritten;

/// What a delivery needs.
pub(crate) struct Delivery<'a> {
    pub core: &'a Arc<Core>,
    pub sender: Arc<Sender>,
    pub acknowledger: Acknowledger<'a>,
    /// What is folded behind the delivery.
    pub snapshot: &'a Arc<Snapshot>,
    pub plan: PathBuf,
    pub batch_limits: BatchLimits,
    /// Batches under way at once.
    pub concurrency: usize,
    /// Whether a batch that comes again writes nothing twice, so that the next may go out while the
    /// verdicts of one are put on record, also where one may be under way.
    pub overlaps: bool,
    /// Which deletes may go; none where deletes are held.
    pub deletes: Option<Filter>,
    pub watch: RejectionWatch,
    /// Keys whose write was not accepted.
    pub unwritten: Unwritten,
    /// What is still to be sent; kept up to date.
    pub remainder: &'a mut Remainder,
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
        self.remainder.unwritten = self.unwritten.keys();
        self.remainder.next_batch = self.sender.numbers.load(Ordering::Relaxed);
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
        let (filter, rest) = (self.filter(pass), self.rest(pass).clone());
        let limits = self.batch_limits.clone();
        let mut cuts = cut::start(self.plan.clone(), pass, rest, limits, filter);
        let mut air = Air::new(self, self.batch_limits.probe && pass == Pass::Writes);
        let mut end: Option<RunEnd> = None;
        let mut more = true;
        let cancel = self.sender.cancel.clone();
        loop {
            let open = more && end.is_none() && !cancel.is_cancelled();
            if !open && air.flying.is_empty() && air.ledger.is_empty() {
                break;
            }
            if end.is_some() {
                self.sender.over.cancel();
            }
            let room = open && self.has_room(&air);
            tokio::select! {
                () = cancel.cancelled(), if open => {}
                cut = cuts.recv(), if room => match cut {
                    Some(Ok(cut)) => self.launch(&mut air, pass, cut),
                    Some(Err(problem)) => end = end.or(Some(problem.into())),
                    None => more = false,
                },
                Some(sent) = air.flying.join_next(), if !air.flying.is_empty() => {
                    // The next batch is on its way while this one is looked at.
                    let is_clean = sent.as_ref().is_ok_and(|(_, sent)| sent.is_all_accepted());
                    let early = self.concurrency > 1 || self.overlaps;
                    if open && early && is_clean && self.has_room(&air) {
                        match cuts.try_recv() {
                            Ok(Ok(cut)) => self.launch(&mut air, pass, cut),
                            Ok(Err(problem)) => end = Some(problem.into()),
                            Err(_) => {}
                        }
                    }
                    end = end.or(self.landed(sent, &mut air, run, staged).err());
                }
                recorded = air.ledger.next(), if !air.ledger.is_empty() => {
                    if end.is_some() || recorded.outcome.is_err() {
                        self.sender.over.cancel();
                    }
                    end = end.or(self.recorded(recorded, &mut air, run).err());
                }
            }
        }
        air.behind.stop().await;
        end.map_or(Ok(()), Err)
    }

    fn has_room(&self, air: &Air) -> bool {
        air.has_room(self.concurrency, self.overlaps)
    }

    fn launch(&mut self, air: &mut Air, pass: Pass, cut: Cut) {
        failpoints::reach("between_batches");
        self.rest(pass).launch(cut.operations.numbers());
        let sender = Arc::clone(&self.sender);
        if failpoints::planted("sent_twice_at_once") {
            let (sender, twin) = (Arc::clone(&sender), Arc::clone(&cut.operations));
            tokio::spawn(async move { sender.send(vec![Piece::unsent(twin)]).await });
        }
        let origin = air.cuts;
        air.cuts += 1;
        air.behind.opened(origin, &cut);
        let piece = Piece::unsent(cut.operations);
        air.flying
            .spawn(async move { (origin, sender.send(vec![piece]).await) });
    }

    /// Counts what came of a batch and gives it to the ledger.
    fn landed(
        &mut self,
        sent: Result<(u64, Sent), JoinError>,
        air: &mut Air,
        run: &mut Run,
        staged: &mut Vec<(u64, Vec<u64>)>,
    ) -> Result<(), RunEnd> {
        let (origin, sent) = sent.map_err(|error| broken(&error))?;
        let mut answered = Answered {
            origin,
            is_clean: sent.is_all_accepted(),
            is_final: sent.staged.is_empty(),
            rest: sent.rest,
            rows: 0,
            hold: sent.hold,
        };
        run.counters.requests += sent.requests;
        run.counters.bytes += sent.bytes;
        run.counters.retries += sent.retries;
        staged.extend(sent.staged);
        let (mut end, mut kept) = (sent.end, Vec::new());
        for closing in &sent.closings {
            answered.rows += closing.fates.len();
            match self.verdicts(run, closing) {
                Ok(verdicts) => kept.extend(verdicts),
                Err(problem) => {
                    // Its intent stays open.
                    end = end.or(Some(problem.into()));
                    continue;
                }
            }
            if let Some(stop) = self.watch_over(closing) {
                let unsent = run.counters.total(|tally| tally.unsent);
                end = end.or(Some(stop.problem(unsent).into()));
            }
        }
        air.ledger.push(answered, kept);
        end.map_or(Ok(()), Err)
    }

    /// Sends on what waited for a batch to be on record, and folds behind it.
    fn recorded(&self, recorded: Recorded, air: &mut Air, run: &Run) -> Result<(), RunEnd> {
        failpoints::reach("after_verdict");
        let is_on_record = recorded.outcome.is_ok();
        for mut answered in recorded.batches {
            drop(answered.hold.take());
            let goes_on = !answered.rest.is_empty();
            if goes_on {
                // Where the run has met its end, it is only noted as left.
                let (sender, origin) = (Arc::clone(&self.sender), answered.origin);
                air.flying
                    .spawn(async move { (origin, sender.send(answered.rest).await) });
            } else if answered.is_final && is_on_record {
                air.behind.settled(answered.origin, answered.rows);
            }
            if !goes_on
                && std::mem::take(&mut air.probing)
                && run.counters.total(|t| t.rejected) > 0
            {
                return Err(refused_again(run).into());
            }
        }
        if let Some(run) = recorded.outcome.map_err(Problem::from)? {
            (self.progress)(&run);
            air.behind.fold();
        }
        Ok(())
    }

    async fn close(&mut self, run: &mut Run, closing: &Closing) -> Result<(), RunEnd> {
        if let Some(kept) = self.verdicts(run, closing)? {
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

    /// Counts a batch's verdicts; gives what the store must keep of them, if anything.
    fn verdicts(
        &mut self,
        run: &mut Run,
        closing: &Closing,
    ) -> Result<Option<Acknowledgement>, Problem> {
        self.unwritten.note(closing)?;
        self.note_left(closing)?;
        let mut kept = self.acknowledger.acknowledge(run, closing)?;
        failpoints::reach("before_verdict");
        if failpoints::planted("verdict_without_closing") || failpoints::planted("no_intent") {
            kept.batch = None;
        }
        if failpoints::planted("snapshot_forgotten") {
            kept.journal.clear();
        }
        Ok((closing.batch.is_some() || closing.doubt).then_some(kept))
    }

    fn watch_over(&mut self, closing: &Closing) -> Option<RejectionStop> {
        closing.fates.iter().find_map(|(_, fate)| match fate {
            Fate::Verdict(verdict) => self.watch.observe(verdict),
            Fate::Unsent | Fate::Again => None,
        })
    }

    /// Ends the session; what was staged is acknowledged batch by batch from the plan.
    async fn finish(&mut self, run: &mut Run, staged: Vec<(u64, Vec<u64>)>) -> Result<(), RunEnd> {
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
