//! What comes of a plan: which operations go, what is counted of them, what is known afterwards.

use std::collections::{BTreeMap, BTreeSet};

use signalsmith::domain::id::RunId;
use signalsmith::domain::plan::{Cause, OperationKind};
use signalsmith::domain::run::{Bucket, Counters, Run, RunStatus};
use signalsmith::domain::verdict::Verdict;

use super::history::{Step, Take};
use super::identifiers;
use super::model::{Known, Plan, Slot, View};
use super::play::{Held, Pending, Play, tallies};
use super::world::Planned;
use crate::support::scripted::{Records, Said, Seen};

/// What became of an operation of a run.
#[derive(Debug, Clone)]
pub enum Became {
    Unsent,
    Held,
    /// Sent, with its verdict; `doubt` where an earlier try had no answer.
    Told {
        verdict: Verdict,
        doubt: bool,
    },
}

/// The operations of one run and what was decided of them.
pub struct Work {
    pub id: RunId,
    pub planned: Vec<(Planned, Slot)>,
    /// Which deletes wait for a person.
    pub held: BTreeSet<usize>,
}

impl Play<'_> {
    /// Lets the outcomes be told that the start of a run asks for; gives what the destination then
    /// holds.
    pub fn hear_of_pending(&mut self) -> BTreeMap<String, Records> {
        let mut there = self.there().there().clone();
        let open: Vec<String> = self.pending.keys().cloned().collect();
        let told = there.settle(&open);
        self.hear(told);
        there.objects
    }

    pub fn hear(&mut self, told: Vec<(String, Verdict)>) {
        for (ticket, verdict) in told {
            let Pending { run, slot, said } = self.pending.remove(&ticket).unwrap();
            let mut counters = self.counted[&run];
            let tally = counters.of_mut(said.kind);
            tally.shift(Bucket::Pending, Bucket::Unsent, 1);
            self.take(&run, &mut counters, &slot, &said, &verdict, false);
            self.counted.insert(run, counters);
        }
    }

    fn take(
        &mut self,
        run: &RunId,
        counters: &mut Counters,
        slot: &Slot,
        said: &Said,
        verdict: &Verdict,
        doubt: bool,
    ) {
        let deleting = said.kind == OperationKind::Delete;
        let tally = counters.of_mut(said.kind);
        match verdict {
            Verdict::Accepted { existed, .. } => {
                tally.settle(Bucket::Done);
                let met = said.kind == OperationKind::Create && *existed == Some(true);
                tally.existing += u64::from(met);
                self.state.doubts.remove(slot);
                if deleting {
                    self.state.entries.remove(slot);
                } else {
                    let known = Known {
                        identifier: said.identifier.clone(),
                        output: Some(said.record.clone()),
                        left: false,
                        adopted: false,
                    };
                    self.state.entries.insert(slot.clone(), known);
                }
            }
            Verdict::Rejected(_) => tally.settle(Bucket::Rejected),
            Verdict::Unknown { .. } => tally.settle(Bucket::Unknown),
            Verdict::Pending { ticket } => {
                tally.settle(Bucket::Pending);
                let pending = Pending {
                    run: run.clone(),
                    slot: slot.clone(),
                    said: said.clone(),
                };
                self.pending.insert(ticket.clone(), pending);
            }
        }
        let is_open = match verdict {
            Verdict::Accepted { .. } => false,
            Verdict::Unknown { .. } => true,
            Verdict::Rejected(_) | Verdict::Pending { .. } => doubt,
        };
        if is_open {
            self.state.doubt(slot.clone(), &said.identifier, deleting);
        }
        let at = self.normal(&said.identifier);
        let is_gone = deleting && matches!(verdict, Verdict::Accepted { .. });
        let Some(ours) = &mut self.ours else { return };
        if is_gone {
            ours.remove(&at);
        } else if !deleting && (is_open || matches!(verdict, Verdict::Accepted { .. })) {
            ours.insert(at);
        }
    }

    /// The slot that an operation is about.
    fn slot(&self, expected: &Plan, planned: &Planned) -> Slot {
        let said = &planned.said;
        if said.kind != OperationKind::Delete {
            return Slot::Own(said.key.clone());
        }
        let is_former = planned.cause == Cause::FormerIdentifier;
        let at = self.normal(&said.identifier);
        let slots = expected.deletes.get(&at).into_iter().flatten();
        let fits =
            |slot: &&Slot| slot.key() == said.key && is_former == matches!(slot, Slot::Former(..));
        slots.into_iter().find(fits).cloned().unwrap_or_else(|| {
            assert!(
                self.state.blurred,
                "nobody's delete: {planned:?}\n{expected:#?}"
            );
            Slot::Own(said.key.clone())
        })
    }

    pub fn compare(&self, view: &View, expected: &Plan, counters: &Counters, planned: &[Planned]) {
        if self.state.blurred {
            return;
        }
        let writes: BTreeMap<&String, &Said> = planned
            .iter()
            .filter(|it| it.said.kind != OperationKind::Delete)
            .map(|it| (&it.said.key, &it.said))
            .collect();
        let context = || format!("{view:#?}\n{expected:#?}\n{:#?}", self.state);
        for (key, said) in &writes {
            let Some(due) = expected.sends.get(*key) else {
                panic!("{said:?} is not due\n{}", context());
            };
            let wanted = (due.kind, &due.mapped.identifier, &due.mapped.record);
            let planned = (said.kind, &said.identifier, &said.record);
            assert_eq!(planned, wanted, "{}", context());
        }
        let most = expected.most_sends(view);
        assert_eq!(writes.len() as u64, most, "{}", context());
        let deletes: BTreeSet<String> = planned
            .iter()
            .filter(|it| it.said.kind == OperationKind::Delete)
            .map(|it| self.normal(&it.said.identifier))
            .collect();
        let wanted: BTreeSet<String> = expected.deletes.keys().cloned().collect();
        assert_eq!(deletes, wanted, "{}", context());
        let left = expected.sends.len() as u64 - most;
        let counted = (
            counters.read,
            counters.unchanged,
            counters.invalid,
            counters.skipped,
        );
        let wanted = (
            expected.read,
            expected.unchanged,
            expected.invalid,
            expected.skipped + left,
        );
        assert_eq!(counted, wanted, "{}", context());
    }

    /// What the plan of a run was, and which of its deletes are held.
    pub fn work(
        &mut self,
        expected: &Plan,
        id: &RunId,
        planned: Vec<Planned>,
        approved: Option<&Held>,
    ) -> Work {
        let is_delete = |it: &Planned| it.said.kind == OperationKind::Delete;
        let deletes = planned.iter().filter(|it| is_delete(it)).count() as u64;
        let limit = if expected.read == 0 {
            0
        } else {
            self.settings.delete_rows
        };
        let held = |(place, it): (usize, &Planned)| {
            let waits = match approved {
                Some(seen) => !seen.slots.contains(&it.hash),
                None => deletes > limit,
            };
            (is_delete(it) && waits).then_some(place)
        };
        let held = planned.iter().enumerate().filter_map(held).collect();
        let with_slots = planned.into_iter().map(|it| {
            let slot = self.slot(expected, &it);
            (it, slot)
        });
        Work {
            id: id.clone(),
            planned: with_slots.collect(),
            held,
        }
    }

    /// Takes note of what waits for a person now.
    pub fn hold(
        &mut self,
        view: &View,
        work: &Work,
        take: &Take,
        approved: bool,
        hash: Option<&str>,
    ) {
        let deletes = work.planned.iter().map(|(it, _)| it);
        let deletes = deletes.filter(|it| it.said.kind == OperationKind::Delete);
        if !work.held.is_empty() {
            self.held = Some(Held {
                plan_hash: hash.unwrap().to_owned(),
                slots: deletes.map(|it| it.hash).collect(),
            });
        } else if approved || !(view.keys.is_some() || view.limit.is_some()) {
            debug_assert!(*take != Take::PlanOnly);
            self.held = None;
        }
    }

    /// Whether a plan of the run waits for a person.
    fn asks(&self, work: &Work, approved: bool) -> bool {
        let foreign = work
            .planned
            .iter()
            .any(|(it, _)| it.cause == Cause::Foreign);
        foreign && !self.settings.foreign_allowed && !approved && work.held.is_empty()
    }

    pub fn note(&mut self, view: &View, expected: &Plan, work: &Work) {
        if self.state.blurred {
            return;
        }
        let writes = work.planned.iter().map(|(it, _)| &it.said);
        let writes = writes.filter(|said| said.kind != OperationKind::Delete);
        let sent: BTreeSet<String> = writes.map(|said| said.key.clone()).collect();
        let deletes = work.planned.iter();
        let deletes = deletes.filter(|(it, _)| it.said.kind == OperationKind::Delete);
        let deleted: BTreeSet<Slot> = deletes.map(|(_, slot)| slot.clone()).collect();
        identifiers::accept(view, &mut self.state, expected, &sent, &deleted);
    }

    pub fn ended(
        &mut self,
        view: &View,
        expected: &Plan,
        run: &Run,
        approved: Option<&Held>,
        step: &Step,
    ) {
        let planned = self
            .world
            .plan(&run.id)
            .unwrap_or_else(|| panic!("{run:#?}"));
        self.compare(view, expected, &run.counters, &planned);
        let work = self.work(expected, &run.id, planned, approved);
        let is_partial = view.keys.is_some() || view.limit.is_some();
        let plan_only = step.take == Take::PlanOnly;
        self.is_at_rest = work.planned.is_empty() && self.pending.is_empty();
        let mut became: Vec<Became> = vec![Became::Unsent; work.planned.len()];
        for place in &work.held {
            became[*place] = Became::Held;
        }
        let asks = self.asks(&work, approved.is_some());
        if !plan_only {
            let hash = run.plan_hash.as_deref();
            self.hold(view, &work, &step.take, approved.is_some(), hash);
        }
        let mut counters = counted(&work, &became);
        if plan_only {
            let is_clean = run.status == RunStatus::Completed;
            assert!(self.state.blurred || is_clean == (expected.invalid == 0));
        } else if asks && !step.approves {
            assert_eq!(run.status, RunStatus::Cancelled, "{run:#?}");
        } else {
            self.note(view, expected, &work);
            let seen = std::mem::take(&mut self.there().there().seen);
            self.judge(&work, &seen, &mut became, true);
            self.conclude(&work, &became, &mut counters);
            let errors = expected.invalid > 0 || counters.has_errors();
            let status = match errors {
                true => RunStatus::CompletedWithErrors,
                false => RunStatus::Completed,
            };
            if !self.state.blurred {
                assert_eq!(run.status, status, "{run:#?}");
            }
            self.good |= !is_partial;
        }
        let context = || format!("{became:#?}\n{:#?}", work.planned);
        assert_eq!(tallies(&run.counters), tallies(&counters), "{}", context());
        if counters.total(|tally| tally.pending) > 0 {
            self.counted.insert(run.id.clone(), counters);
        }
    }

    pub fn conclude(&mut self, work: &Work, became: &[Became], counters: &mut Counters) {
        for ((planned, slot), became) in work.planned.iter().zip(became) {
            if let Became::Told { verdict, doubt } = became {
                self.take(&work.id, counters, slot, &planned.said, verdict, *doubt);
            }
        }
    }

    /// Whether an operation waits for the outcome of an earlier one.
    fn waits(&self, said: &Said) -> bool {
        let at = self.normal(&said.identifier);
        self.pending.values().any(|pending| {
            pending.said.key == said.key || self.normal(&pending.said.identifier) == at
        })
    }

    /// Says what became of each operation by what the destination saw; where the run came to its
    /// end, also that it saw all that it should and nothing else.
    pub fn judge(&self, work: &Work, seen: &[Seen], became: &mut [Became], is_whole: bool) {
        let mut unwritten = BTreeSet::new();
        let writes = |it: &(usize, &(Planned, Slot))| it.1.0.said.kind != OperationKind::Delete;
        let places = || work.planned.iter().enumerate();
        let order = places()
            .filter(writes)
            .chain(places().filter(|it| !writes(it)));
        let mut taken = 0;
        for (place, (planned, _)) in order {
            let said = &planned.said;
            let tries: Vec<&Seen> = seen.iter().filter(|it| it.said == *said).collect();
            taken += tries.len();
            let deletes = said.kind == OperationKind::Delete;
            let former = planned.cause == Cause::FormerIdentifier;
            let stays = self.waits(said)
                || matches!(became[place], Became::Held)
                || (deletes && former && unwritten.contains(&said.key));
            let may_go = !stays;
            assert!(may_go || tries.is_empty(), "{said:?} was sent all the same");
            assert!(
                !may_go || !is_whole || tries.len() == 1,
                "{said:?} was sent {} times: {seen:#?}",
                tries.len()
            );
            if let Some(last) = tries.last() {
                let unknown = Verdict::Unknown {
                    reason: String::new(),
                };
                let answered = tries.iter().rev().find(|it| !it.unanswered);
                became[place] = Became::Told {
                    verdict: answered.and_then(|it| it.answer.clone()).unwrap_or(unknown),
                    doubt: last.replay || last.unanswered,
                };
            }
            let accepted = matches!(
                became[place],
                Became::Told {
                    verdict: Verdict::Accepted { .. },
                    ..
                }
            );
            if !accepted && !deletes {
                unwritten.insert(said.key.clone());
            }
        }
        assert_eq!(taken, seen.len(), "more was sent than planned: {seen:#?}");
    }
}

/// What a run counts before anything is sent.
pub fn counted(work: &Work, became: &[Became]) -> Counters {
    let mut counters = Counters::default();
    for ((planned, _), became) in work.planned.iter().zip(became) {
        let tally = counters.of_mut(planned.said.kind);
        tally.plan();
        if matches!(became, Became::Held) {
            tally.settle(Bucket::Held);
        }
    }
    counters
}
