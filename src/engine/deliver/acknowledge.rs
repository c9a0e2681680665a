//! Turns the fates of operations into one acknowledgement: snapshot, row log and counters together.

use crate::domain::id::RunId;
use crate::domain::mask;
use crate::domain::plan::{Operation, OperationKind};
use crate::domain::problem::Problem;
use crate::domain::run::{Bucket, Run};
use crate::domain::verdict::Verdict;
use crate::failpoints;
use crate::snapshot::encode_identifier;
use crate::snapshot::plan_file::RawOperation;
use crate::store::{Acknowledgement, JournalChange, PendingRow, RowLog, UnknownRow};

use super::super::run_log::RunLog;
use super::cut::unreadable;
use super::send::{Closing, Fate};

/// What an acknowledgement is made with.
pub(crate) struct Acknowledger<'a> {
    /// Whether the last accepted values are kept.
    pub keep_values: bool,
    /// The run's log.
    pub log: &'a RunLog,
}

impl Acknowledger<'_> {
    /// Counts the fates in `run` and says what the store must keep of them.
    ///
    /// # Errors
    /// A [`Problem`] of kind `state` where an operation cannot be decoded.
    pub fn acknowledge(
        &self,
        run: &mut Run,
        closing: &Closing,
    ) -> Result<Acknowledgement, Problem> {
        let mut kept = bookkeeping(run);
        kept.batch = closing.batch;
        let id = run.id.clone();
        for (at, fate) in &closing.fates {
            let verdict = match fate {
                Fate::Verdict(verdict) => verdict,
                Fate::Unsent => continue,
                Fate::Again => {
                    if closing.doubt {
                        // Between this batch and the next one only this mark knows.
                        let operation = &closing.operations.get(*at).map_err(unreadable)?;
                        let reason = "an earlier try may have been applied";
                        kept.unknown_add.push(unknown(operation, &id, reason));
                    }
                    continue;
                }
            };
            let raw = closing.operations.raw(*at).map_err(unreadable)?;
            let tally = run.counters.of_mut(raw.kind);
            if let Verdict::Accepted {
                destination_id,
                existed,
            } = verdict
            {
                if raw.number > 0 || !failpoints::planted("counter_off_by_one") {
                    tally.settle(Bucket::Done);
                }
                if raw.kind == OperationKind::Create && *existed == Some(true) {
                    tally.existing += 1;
                }
                if raw.kind == OperationKind::Create && *existed == Some(false) {
                    kept.created.push(raw.number);
                }
                self.accepted(&raw, destination_id.as_deref(), &mut kept)?;
                continue;
            }
            let operation = &raw.decode().map_err(unreadable)?;
            match verdict {
                Verdict::Accepted { .. } => {}
                Verdict::Rejected(_) if failpoints::planted("refused_as_accepted") => {
                    self.accepted(&raw, None, &mut kept)?;
                }
                Verdict::Rejected(why) => {
                    tally.settle(Bucket::Rejected);
                    self.log.row("rejected", &why.code, || {
                        let field = why
                            .field
                            .as_deref()
                            .map(|f| format!(" {f}"))
                            .unwrap_or_default();
                        let text = mask::reason(why.field.as_deref(), &why.text);
                        format!("{}: {}{field} ({text})", operation.key, why.code)
                    });
                    let row = row(operation, "rejected", &why.code, &why.text);
                    kept.rows.push(RowLog {
                        field: why.field.clone(),
                        ..row
                    });
                    if closing.doubt {
                        let reason = "an earlier try may have been applied";
                        kept.unknown_add.push(unknown(operation, &id, reason));
                    }
                }
                Verdict::Unknown { .. } if failpoints::planted("left_out_as_accepted") => {
                    tally.settle(Bucket::Done);
                    self.accepted(&raw, None, &mut kept)?;
                }
                Verdict::Unknown { reason } => {
                    tally.settle(Bucket::Unknown);
                    self.log.row("unknown", "unknown", || {
                        format!("{}: {reason}", operation.key)
                    });
                    kept.rows.push(row(operation, "unknown", "unknown", reason));
                    kept.unknown_add.push(unknown(operation, &id, reason));
                }
                Verdict::Pending { ticket } => {
                    tally.settle(Bucket::Pending);
                    kept.pending.push(PendingRow {
                        operation: operation.number,
                        key_hash: operation.key_hash,
                        ticket: ticket.clone(),
                    });
                    if closing.doubt {
                        let reason = "an earlier try may have been applied";
                        kept.unknown_add.push(unknown(operation, &id, reason));
                    }
                }
            }
        }
        kept.run = run.clone();
        Ok(kept)
    }

    fn accepted(
        &self,
        operation: &RawOperation<'_>,
        id: Option<&str>,
        kept: &mut Acknowledgement,
    ) -> Result<(), Problem> {
        let key_hash = operation.key_hash;
        kept.accepted.push(operation.number);
        kept.recovered.push(key_hash);
        kept.unknown_clear.push(key_hash);
        let entry = operation.accepted(id, self.keep_values);
        kept.journal.push(JournalChange {
            key_hash,
            entry: entry.map_err(unreadable)?,
        });
        Ok(())
    }
}

/// An acknowledgement that closes no intent and holds nothing yet.
pub(crate) fn bookkeeping(run: &Run) -> Acknowledgement {
    Acknowledgement {
        run: run.clone(),
        batch: None,
        journal: Vec::new(),
        unknown_add: Vec::new(),
        unknown_clear: Vec::new(),
        unknown_traced: Vec::new(),
        pending: Vec::new(),
        rows: Vec::new(),
        recovered: Vec::new(),
        accepted: Vec::new(),
        created: Vec::new(),
    }
}

fn unknown(operation: &Operation, run: &RunId, reason: &str) -> UnknownRow {
    UnknownRow {
        key_hash: operation.key_hash,
        key: operation.key.bytes().to_vec(),
        identifier: encode_identifier(&operation.identifier),
        deleting: operation.kind == OperationKind::Delete,
        operation: operation.number,
        run: run.clone(),
        reason: reason.to_owned(),
    }
}

fn row(operation: &Operation, verdict: &str, code: &str, reason: &str) -> RowLog {
    RowLog {
        key: operation.key.clone(),
        key_hash: operation.key_hash,
        verdict: verdict.to_owned(),
        op: Some(operation.kind),
        operation: Some(operation.number),
        field: None,
        code: code.to_owned(),
        reason: reason.to_owned(),
    }
}
