//! Emitting: decisions become the plan file and its counters.

use crate::domain::plan::{Cause, InvalidReason, InvalidRow, Operation, OperationKind};
use crate::domain::row::{Fingerprint, Key};
use crate::domain::run::Counters;
use crate::snapshot::Entry;
use crate::snapshot::plan_file::{Mark, MarkKind, PlanHeader, PlanWriter, Refresh};

use super::error::PlanError;
use super::identifier::Class;
use super::scope::Scope;

/// What was counted beside the operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Noted {
    /// Records that the snapshot knew, neither left nor former.
    pub known: u64,
    /// Keys marked as having left the model.
    pub left: u64,
    /// Rows adopted without being sent.
    pub adopted: u64,
    /// Deletes of records that this sync never sent.
    pub foreign_deletes: u64,
    /// Deletes that an option left out.
    pub withheld_deletes: u64,
    /// Records that stay under a former identifier.
    pub former_stay: u64,
    /// Rows of unknown outcome that wait for a person.
    pub waiting: u64,
    /// Keys that left the model and may exist at the destination.
    pub left_unknown: u64,
}

/// Writes decisions, in key-hash order.
pub(super) struct Emitter {
    writer: PlanWriter,
    pub counters: Counters,
    pub noted: Noted,
    limit: Option<u64>,
    is_partial: bool,
    sent: u64,
    without_deletes: bool,
}

impl Emitter {
    pub(super) fn new(writer: PlanWriter, scope: &Scope) -> Self {
        Self {
            writer,
            counters: Counters::default(),
            noted: Noted::default(),
            limit: scope.limit,
            is_partial: scope.is_partial(),
            sent: 0,
            without_deletes: scope.without_deletes,
        }
    }

    /// Plans a create or update; false where the limit is reached and it is skipped.
    pub(super) fn send(&mut self, operation: &Operation) -> Result<bool, PlanError> {
        if self.limit.is_some_and(|limit| self.sent >= limit) {
            self.counters.skipped += 1;
            return Ok(false);
        }
        self.sent += 1;
        self.operation(operation)?;
        Ok(true)
    }

    fn operation(&mut self, operation: &Operation) -> Result<(), PlanError> {
        self.counters.of_mut(operation.kind).plan();
        self.writer.operation(operation)?;
        Ok(())
    }

    /// Plans the delete of the record that `entry` holds.
    pub(super) fn delete(&mut self, entry: Entry, foreign: bool) -> Result<(), PlanError> {
        if self.without_deletes {
            self.noted.withheld_deletes += 1;
            return Ok(());
        }
        self.noted.foreign_deletes += u64::from(foreign);
        let cause = match (foreign, entry.former) {
            (true, _) => Cause::Foreign,
            (false, true) => Cause::FormerIdentifier,
            (false, false) => Cause::Changed,
        };
        self.operation(&entry.deletion(cause)?)
    }

    /// Lists `rows` rows that share a key as invalid.
    pub(super) fn invalid(&mut self, row: &InvalidRow, rows: u64) -> Result<(), PlanError> {
        self.counters.invalid += rows;
        self.writer.invalid(row)?;
        Ok(())
    }

    pub(super) fn mark(&mut self, mark: &Mark) -> Result<(), PlanError> {
        let noted = &mut self.noted;
        match mark.kind {
            MarkKind::Left => noted.left += 1,
            MarkKind::LeftUnknown => {
                noted.left += 1;
                noted.left_unknown += 1;
            }
            MarkKind::Adopted => noted.adopted += 1,
            MarkKind::FormerStays => noted.former_stay += 1,
            MarkKind::Returned
            | MarkKind::Released
            | MarkKind::Overtaken
            | MarkKind::Traced
            | MarkKind::HandedOver
            | MarkKind::Former => {}
        }
        self.writer.mark(mark)?;
        Ok(())
    }

    pub(super) fn refresh(&mut self, refresh: &Refresh) -> Result<(), PlanError> {
        self.writer.refresh(refresh)?;
        Ok(())
    }

    /// Completes the plan file and gives its hash.
    pub(super) fn finish(self, header: PlanHeader) -> Result<String, PlanError> {
        Ok(self.writer.finish(PlanHeader {
            counters: self.counters,
            known: self.noted.known,
            foreign_deletes: self.noted.foreign_deletes,
            ..header
        })?)
    }
}

/// All that was found out about one key where identifiers had to be compared.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    pub send: Option<Operation>,
    pub invalid: Option<(InvalidRow, u64)>,
    pub marks: Vec<Mark>,
    /// Another key claims its identifier: how it was counted, its key, the other key.
    pub collision: Option<(Class, Key, Key)>,
    /// The entry that it takes over.
    pub takes_over: Option<Entry>,
    /// Its own entry is another key's now.
    pub lost: Option<Key>,
    /// The entry of a former identifier, and whether it is deleted in this plan.
    pub former: Option<(Entry, bool)>,
    /// The entry whose record is deleted, and whether this sync never sent it.
    pub delete: Option<(Entry, bool)>,
}

impl Emitter {
    /// Emits all that was found out about the key `hash`.
    pub(super) fn bundle(&mut self, hash: Fingerprint, mut said: Bundle) -> Result<(), PlanError> {
        if let Some((class, key, other)) = said.collision.take() {
            match class {
                Class::Unchanged => self.counters.unchanged -= 1,
                Class::Idle => self.counters.skipped -= 1,
                Class::Send | Class::Unselected | Class::Invalid | Class::Keyless => {}
            }
            said.send = None;
            said.marks.retain(|mark| !of_the_row(mark.kind));
            let row = collision(hash, key, &other);
            self.invalid(&row, 1)?;
        }
        if let Some((row, rows)) = &said.invalid {
            self.invalid(row, *rows)?;
        }
        if let Some(operation) = said.send.take() {
            self.send_bundle(operation, &mut said)?;
        } else if let Some(key) = said.lost.take().filter(|_| !self.is_partial) {
            self.mark(&overtaken(hash, key))?;
        }
        for mark in &said.marks {
            // A record under a former identifier that is found again stays in sight.
            if mark.kind != MarkKind::Released || said.former.is_none() {
                self.mark(mark)?;
            }
        }
        if let Some((entry, delete)) = said.former {
            self.mark(&Mark {
                kind: MarkKind::Former,
                key_hash: hash,
                key: entry.key.clone(),
                entry: Some(entry.clone()),
            })?;
            if delete {
                self.delete(entry, false)?;
            }
        }
        if let Some((entry, foreign)) = said.delete {
            self.delete(entry, foreign)?;
        }
        Ok(())
    }

    fn send_bundle(
        &mut self,
        mut operation: Operation,
        said: &mut Bundle,
    ) -> Result<(), PlanError> {
        let hash = operation.key_hash;
        let taken = said.takes_over.take();
        if let Some(entry) = &taken {
            operation.kind = OperationKind::Update;
            operation.destination_id = entry.destination_id.clone();
            operation.old = entry.values.clone();
            operation.cause = Cause::HandOver {
                from: entry.key.bytes().to_vec(),
            };
        }
        if !self.send(&operation)? {
            said.marks.retain(|mark| !of_the_row(mark.kind));
            return Ok(());
        }
        if let Some(entry) = taken {
            return self.mark(&Mark {
                kind: MarkKind::HandedOver,
                key_hash: hash,
                key: operation.key.clone(),
                entry: Some(Entry {
                    adopted: entry.adopted,
                    destination_id: entry.destination_id,
                    values: entry.values,
                    ..Entry::bare(hash, operation.key, entry.identifier)
                }),
            });
        }
        match said.lost.take() {
            Some(key) => self.mark(&overtaken(hash, key)),
            None => Ok(()),
        }
    }
}

/// Whether a mark stands only together with what the row does.
fn of_the_row(kind: MarkKind) -> bool {
    matches!(
        kind,
        MarkKind::Adopted | MarkKind::Returned | MarkKind::FormerStays | MarkKind::Traced
    )
}

/// The mark of a key in the model whose record is another key's.
pub(super) fn overtaken(key_hash: Fingerprint, key: Key) -> Mark {
    Mark {
        kind: MarkKind::Overtaken,
        ..released(key_hash, key)
    }
}

/// The mark of a key whose doubtful write to `identifier` is seen to: filed there, or overtaken.
pub(super) fn traced(key_hash: Fingerprint, key: &Key, identifier: Vec<u8>) -> Mark {
    Mark {
        kind: MarkKind::Traced,
        entry: Some(Entry::bare(key_hash, key.clone(), identifier)),
        ..released(key_hash, key.clone())
    }
}

/// The mark of a key that is not in the model and whose record is another key's.
pub(super) fn released(key_hash: Fingerprint, key: Key) -> Mark {
    Mark {
        kind: MarkKind::Released,
        key_hash,
        key,
        entry: None,
    }
}

fn collision(key_hash: Fingerprint, key: Key, other: &Key) -> InvalidRow {
    InvalidRow {
        key_hash,
        reason: InvalidReason {
            code: "duplicate_identifier".to_owned(),
            column: None,
            field: None,
            text: format!("the rows with the keys {key} and {other} map to one identifier"),
        },
        key,
    }
}
