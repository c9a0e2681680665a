//! What the scripted destination does with what is written to it, and what it tells of it later.

use super::*;

impl There {
    /// Whether this write is the one after which no answer comes, and whether it is done.
    fn last_write(&mut self) -> Option<bool> {
        match &mut self.silence {
            Some(Silence::Write { nth: 0, applied }) => Some(*applied),
            Some(Silence::Write { nth, .. }) => {
                *nth -= 1;
                None
            }
            _ => None,
        }
    }

    /// Whether a batch that had no answer would be refused for one of its rows.
    pub fn refuses_what_is_open(&self) -> bool {
        let mut open = self.seen.iter().filter(|it| it.unanswered);
        open.any(|it| self.fate(&it.said) == Fate::Poison)
    }

    pub(super) fn write(
        &mut self,
        run: &RunContext,
        batch: DeliveryBatch,
    ) -> Result<Answers, WriteError> {
        let (replay, key) = (batch.replay, batch.idempotency_key);
        let operations: Vec<(u64, Seen)> = batch
            .operations
            .map(|operation| operation.map(|it| (it.number, seen(run, replay, &it))))
            .collect::<Result<_, _>>()?;
        self.refuse_other_bytes(replay, &key, &operations);
        let silence = self.last_write();
        for (_, operation) in &operations {
            if !replay {
                self.refuse_early(run, &operation.said);
            }
        }
        if silence == Some(false) {
            self.seen.extend(operations.into_iter().map(|(_, it)| Seen {
                unanswered: true,
                ..it
            }));
            return Ok(Answers::None);
        }
        let count = operations.len();
        let repeated = self.answers.get(&key).filter(|_| self.idempotent).cloned();
        let verdicts = match repeated {
            Some(verdicts) => {
                self.seen
                    .extend(operations.into_iter().map(|(number, it)| Seen {
                        answer: told(&verdicts, number),
                        ..it
                    }));
                verdicts
            }
            None => {
                let poison = |(_, it): &(u64, Seen)| self.fate(&it.said) == Fate::Poison;
                if operations.iter().any(poison) {
                    if let [(_, alone)] = operations.as_slice() {
                        let answer = Some(rejected("poison"));
                        self.seen.push(Seen {
                            answer,
                            ..alone.clone()
                        });
                    }
                    let (code, text) = ("poison".into(), "a bad row".into());
                    return Err(WriteError::Poison { code, text });
                }
                self.write_all(run, operations)
            }
        };
        self.answers.insert(key, verdicts.clone());
        if silence.is_some() {
            for it in self.seen.iter_mut().rev().take(count) {
                it.answer = None;
                it.unanswered = true;
            }
            return Ok(Answers::None);
        }
        for (_, verdict) in &verdicts {
            if let Verdict::Pending { ticket } = verdict
                && let Some(ticket) = self.tickets.get_mut(ticket)
            {
                ticket.told = true;
            }
        }
        Ok(Answers::Some(verdicts))
    }

    fn write_all(&mut self, run: &RunContext, all: Vec<(u64, Seen)>) -> Vec<(u64, Verdict)> {
        let mut verdicts = Vec::new();
        for (number, mut operation) in all {
            let verdict = self.one(&run.object, run.mode, &operation.said);
            operation.answer.clone_from(&verdict);
            verdicts.extend(verdict.map(|verdict| (number, verdict)));
            self.seen.push(operation);
        }
        verdicts
    }

    fn fate(&self, operation: &Said) -> Fate {
        let identifier = self.normal(&operation.identifier);
        self.fates.get(&identifier).copied().unwrap_or(Fate::Accept)
    }

    /// One idempotency key stands for the same operations for ever, and a replay has one that came.
    fn refuse_other_bytes(&mut self, replay: bool, key: &str, operations: &[(u64, Seen)]) {
        let said: Vec<Said> = operations.iter().map(|(_, it)| it.said.clone()).collect();
        match self.came.get(key) {
            Some(earlier) if *earlier != said => {
                self.broken
                    .push(format!("{said:?} came under the key of {earlier:?}"));
            }
            None if replay => self
                .broken
                .push(format!("{said:?} is no replay of anything")),
            _ => {}
        }
        self.came.insert(key.to_owned(), said);
    }

    /// A key or identifier with an outcome to come may not be written to; two records that one key
    /// leaves behind may be deleted in any order.
    fn refuse_early(&mut self, run: &RunContext, operation: &Said) {
        let identifier = self.normal(&operation.identifier);
        let mut told = self.tickets.values().filter(|ticket| ticket.told);
        let early = told.find(|ticket| {
            let is_same_record = self.normal(&ticket.operation.identifier) == identifier;
            let is_same_key = ticket.operation.key == operation.key;
            let both_delete = [ticket.operation.kind, operation.kind] == [OperationKind::Delete; 2];
            ticket.object == run.object && (is_same_record || (is_same_key && !both_delete))
        });
        if let Some(ticket) = early {
            let earlier = &ticket.operation;
            self.broken.push(format!(
                "{operation:?} came before the outcome of {earlier:?}"
            ));
        }
    }

    fn one(&mut self, object: &str, mode: Mode, operation: &Said) -> Option<Verdict> {
        let unknown = || Verdict::Unknown {
            reason: "no answer".into(),
        };
        match self.fate(operation) {
            Fate::Accept => Some(self.apply(object, mode, operation)),
            Fate::Reject | Fate::Poison => Some(rejected("refused")),
            Fate::Unknown { applied } => {
                if applied {
                    self.apply(object, mode, operation);
                }
                Some(unknown())
            }
            Fate::LeftOut { applied } => {
                if applied {
                    self.apply(object, mode, operation);
                }
                None
            }
            Fate::Pending { asks, then } => {
                self.drawn += 1;
                let ticket = format!("t{}", self.drawn);
                let waits = Ticket {
                    object: object.to_owned(),
                    mode,
                    operation: operation.clone(),
                    asks,
                    then,
                    told: false,
                };
                self.tickets.insert(ticket.clone(), waits);
                Some(Verdict::Pending { ticket })
            }
        }
    }

    fn apply(&mut self, object: &str, mode: Mode, operation: &Said) -> Verdict {
        let identifier = self.normal(&operation.identifier);
        let records = self.objects.entry(object.to_owned()).or_default();
        if operation.kind == OperationKind::Delete {
            records.held.remove(&identifier);
            return Verdict::ACCEPTED;
        }
        let record = operation.record.clone();
        if mode == Mode::Append {
            records.appended.push(record);
            return Verdict::ACCEPTED;
        }
        let existed = records.held.contains_key(&identifier);
        match mode {
            Mode::Update if !existed => return rejected("unmatched"),
            Mode::Insert if existed => {}
            _ => records.held.entry(identifier).or_default().extend(record),
        }
        Verdict::Accepted {
            destination_id: None,
            existed: Some(existed),
        }
    }

    /// Forgets what it took and has not told of.
    pub fn drop_tickets(&mut self) {
        self.tickets.clear();
    }

    /// Tells what is known of tickets.
    pub fn settle(&mut self, tickets: &[String]) -> Vec<(String, Verdict)> {
        let mut known = Vec::new();
        for ticket in tickets {
            match self.tickets.get_mut(ticket) {
                Some(waits) if waits.asks > 0 => {
                    waits.asks -= 1;
                    continue;
                }
                Some(_) => {}
                None => continue,
            }
            let Some(waits) = self.tickets.remove(ticket) else {
                continue;
            };
            let Ticket {
                object,
                mode,
                operation,
                ..
            } = &waits;
            let verdict = match waits.then {
                Then::Accept => self.apply(object, *mode, operation),
                Then::Reject => rejected("refused later"),
                Then::Unknown { applied } => {
                    if applied {
                        self.apply(object, *mode, operation);
                    }
                    Verdict::Unknown {
                        reason: "the ticket is lost".into(),
                    }
                }
            };
            known.push((ticket.clone(), verdict));
        }
        self.told.extend(known.iter().cloned());
        known
    }
}
