//! Turns the fates of operations into one acknowledgement: snapshot, row log and counters together.

use crate::domain::plan::{Cause, Operation, OperationKind};
use crate::domain::row::Key;
use crate::domain::run::{Bucket, Run};
use crate::domain::verdict::Verdict;
use crate::snapshot::{Entry, Snapshot};
use crate::store::{Acknowledgement, JournalChange, PendingRow, RowLog, UnknownRow};

use super::super::run_log::RunLog;
use super::send::{Closing, Fate};

/// What an acknowledgement is made with.
pub(crate) struct Acknowledger<'a> {
    /// The snapshot that the entries go to.
    pub snapshot: &'a Snapshot,
    /// Whether the last accepted values are kept.
    pub keep_values: bool,
    /// The run's log.
    pub log: &'a RunLog,
}

impl Acknowledger<'_> {
    /// Counts the fates in `run` and says what the store must keep of them.
    pub fn acknowledge(&self, run: &mut Run, closing: &Closing) -> Acknowledgement {
        let mut kept = Acknowledgement::of(run, closing.batch);
        for (operation, fate) in &closing.fates {
            let tally = run.counters.of_mut(operation.kind);
            let Fate::Verdict(verdict) = fate else { continue };
            match verdict {
                Verdict::Accepted { destination_id, existed } => {
                    tally.settle(Bucket::Done);
                    if operation.kind == OperationKind::Create && *existed == Some(true) {
                        tally.existing += 1;
                    }
                    self.accepted(operation, destination_id.as_deref(), &mut kept);
                }
                Verdict::Rejected(why) => {
                    tally.settle(Bucket::Rejected);
                    self.log.row("rejected", &why.code, || {
                        let field = why.field.as_deref().map(|f| format!(" {f}")).unwrap_or_default();
                        format!("{}: {}{field} ({})", operation.key, why.code, why.text)
                    });
                    let row = row(operation, "rejected", &why.code, &why.text);
                    kept.rows.push(RowLog { field: why.field.clone(), ..row });
                }
                Verdict::Unknown { reason } => {
                    tally.settle(Bucket::Unknown);
                    self.log.row("unknown", "unknown", || format!("{}: {reason}", operation.key));
                    kept.rows.push(row(operation, "unknown", "unknown", reason));
                    kept.unknown_add.push(UnknownRow {
                        key_hash: operation.key_hash,
                        key: operation.key.clone(),
                        operation: operation.number,
                        run: run.id.clone(),
                        reason: reason.clone(),
                    });
                }
                Verdict::Pending { ticket } => {
                    tally.settle(Bucket::Pending);
                    kept.pending.push(PendingRow {
                        operation: operation.number,
                        key_hash: operation.key_hash,
                        ticket: ticket.clone(),
                    });
                }
            }
        }
        kept.run = run.clone();
        kept
    }

    fn accepted(&self, operation: &Operation, id: Option<&str>, kept: &mut Acknowledgement) {
        let key_hash = operation.key_hash;
        kept.recovered.push(key_hash);
        match (&operation.kind, &operation.cause) {
            // The key itself lives on under its new identifier; a foreign record has no entry.
            (OperationKind::Delete, Cause::FormerIdentifier | Cause::Foreign) => return,
            (OperationKind::Delete, _) => {
                kept.journal.push(JournalChange { key_hash, entry: None });
            }
            (_, cause) => {
                let entry = Entry::accepted(operation, id, self.keep_values).encode();
                kept.journal.push(JournalChange { key_hash, entry: Some(entry) });
                if let Cause::HandOver { from } = cause {
                    let key_hash = self.snapshot.key_hash(&Key::from_bytes(from));
                    kept.journal.push(JournalChange { key_hash, entry: None });
                }
            }
        }
        kept.unknown_clear.push(key_hash);
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
