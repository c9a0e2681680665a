//! Judging: what becomes of one key, by its rows and by what the snapshot knows of it.

use crate::domain::plan::{Cause, InvalidReason, InvalidRow, Operation, OperationKind, Record};
use crate::domain::row::{self, Cell, Damaged, Fingerprint, Key};
use crate::domain::value::Value;
use crate::snapshot::plan_file::{Mark, MarkKind, Refresh};
use crate::snapshot::{Dirty, Entry, EntryView, Overlay, encode_identifier};

use super::draft::Drafts;
use super::emit::Emitter;
use super::error::PlanError;
use super::holder::{maybe, on_record, unrecorded};
use super::identifier::{Class, Identifiers, Role, Standing, same};
use super::mapper::RowMapper;
use super::read::{Row, RowGroups};
use super::scope::Scope;

/// Where identifiers must be compared before anything is decided.
pub(super) struct Waiting {
    pub drafts: Drafts,
    pub identifiers: Identifiers,
}

/// Judges key by key, in key-hash order.
pub(super) struct Judge<'a> {
    pub scope: &'a Scope,
    pub mapper: &'a dyn RowMapper,
    pub emitter: Emitter,
    /// Absent while every identifier is its row's key.
    pub waiting: Option<Waiting>,
    pub cells: Vec<Cell>,
    pub compared: Vec<u8>,
}

/// A mapped row.
struct Mapped {
    record: Record,
    output_hash: Fingerprint,
    values: Vec<Value>,
    identifier: Vec<u8>,
}

/// What is known of a key.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub entry: Option<EntryView<'a>>,
    pub dirty: &'a [Dirty],
}

impl<'a> Known<'a> {
    pub(super) const NOTHING: Self = Self {
        entry: None,
        dirty: &[],
    };

    pub(super) fn of(walk: &'a Overlay) -> Result<Self, PlanError> {
        Ok(Self {
            entry: walk.entry()?,
            dirty: walk.dirty(),
        })
    }

    pub(super) fn is_deleting(&self) -> bool {
        self.dirty.iter().any(|write| write.deleting)
    }

    /// Whether its identifiers are all its key and it is filed under its key, so that no other key
    /// can have them.
    pub(super) fn is_plain(&self, seed: u64) -> bool {
        let entry = self
            .entry
            .is_none_or(|entry| entry.identifier_is_key() && !entry.is_former());
        let plain = |write: &Dirty| {
            write.identifier.as_ref().is_none_or(|it| *it == write.key)
                && Fingerprint::of(seed, &write.key).0 == write.key_hash
        };
        entry && self.dirty.iter().all(plain)
    }
}

impl Judge<'_> {
    /// Judges a key that has rows.
    pub(super) fn present(
        &mut self,
        rows: &mut RowGroups,
        known: Known<'_>,
    ) -> Result<(), PlanError> {
        rows.take_first()?;
        let row = rows.first()?;
        if known.entry.is_some_and(|entry| entry.key != row.key) {
            return Err(PlanError::KeyCollision);
        }
        self.emitter.counters.read += 1;
        if row.fault.is_none() && rows.same()?.is_none() {
            return self.single(&row, known);
        }
        self.unusable(rows, known)
    }

    fn single(&mut self, row: &Row<'_>, known: Known<'_>) -> Result<(), PlanError> {
        let entry = known.entry;
        let is_same_input = entry.is_some_and(|entry| {
            !entry.is_left() && entry.input_hash == row.input_hash && known.dirty.is_empty()
        });
        let selected = self.scope.selects(row.key_hash);
        if let Some(entry) = entry.filter(|_| is_same_input && !(self.scope.full && selected)) {
            let (counted, class) = if selected {
                (&mut self.emitter.counters.unchanged, Class::Unchanged)
            } else {
                (&mut self.emitter.counters.skipped, Class::Unselected)
            };
            *counted += 1;
            let standing = Standing::of(true, entry.is_adopted());
            return self.claim(entry.identifier, row, class, standing);
        }
        if !selected && self.waiting.is_none() {
            self.emitter.counters.skipped += 1;
            return Ok(());
        }
        match self.map(row)? {
            Ok(mapped) => self.mapped(row, known, mapped, selected),
            Err(_) if !selected => {
                self.emitter.counters.skipped += 1;
                self.invalid_claims(row, known, Class::Unselected)?;
                self.stays(known)
            }
            Err(reason) => {
                self.invalid(row, reason, 1)?;
                self.invalid_claims(row, known, Class::Invalid)?;
                self.stays(known)
            }
        }
    }

    fn mapped(
        &mut self,
        row: &Row<'_>,
        known: Known<'_>,
        mapped: Mapped,
        selected: bool,
    ) -> Result<(), PlanError> {
        let entry = known.entry;
        let form = self.scope.form;
        let own = entry.is_some_and(|it| same(form, it.identifier, &mapped.identifier));
        let is_same =
            own && entry.is_some_and(|it| !it.is_left() && it.output_hash == mapped.output_hash);
        let class = if !selected {
            self.emitter.counters.skipped += 1;
            Class::Unselected
        } else if is_same && known.dirty.is_empty() && !self.scope.full {
            self.emitter.counters.unchanged += 1;
            self.emitter.refresh(&Refresh {
                key_hash: row.key_hash,
                input_hash: row.input_hash,
                output_hash: mapped.output_hash,
            })?;
            Class::Unchanged
        } else if self.sends(row, known) {
            Class::Send
        } else {
            self.idle(row, known, &mapped)?;
            Class::Idle
        };
        let is_adopted = entry.is_some_and(|it| it.is_adopted());
        let standing = Standing::of(own, is_adopted);
        self.claim(&mapped.identifier, row, class, standing)?;
        if class == Class::Send {
            self.moves(row, known, &mapped.identifier)?;
            self.send(row, known, mapped, own, is_same)
        } else if own {
            Ok(())
        } else {
            self.stays(known)
        }
    }

    /// Whether a row that is due is sent in this mode.
    fn sends(&self, _: &Row<'_>, known: Known<'_>) -> bool {
        let is_dirty = !known.dirty.is_empty();
        if self.scope.adopt || (is_dirty && self.scope.hold_unknown) {
            return false;
        }
        self.scope.mode.updates() || known.entry.is_none() || is_dirty || self.scope.full
    }

    fn idle(&mut self, row: &Row<'_>, known: Known<'_>, mapped: &Mapped) -> Result<(), PlanError> {
        self.emitter.counters.skipped += 1;
        if self.scope.adopt {
            // What is known already is sent by the next run, if it differs.
            if known.entry.is_some() || !known.dirty.is_empty() {
                return Ok(());
            }
            let bare = Entry::bare(row.key_hash, row.key(), mapped.identifier.clone());
            let record = Some(mapped.record.clone());
            let entry = Entry::adopted(bare, row.input_hash, mapped.output_hash, record);
            return self.mark(MarkKind::Adopted, entry);
        }
        if !known.dirty.is_empty() {
            self.emitter.noted.waiting += 1;
            return Ok(());
        }
        match known.entry.filter(EntryView::is_left) {
            Some(entry) => {
                let entry = Entry {
                    left: false,
                    ..entry.to_entry()?
                };
                self.mark(MarkKind::Returned, entry)
            }
            None => Ok(()),
        }
    }

    fn send(
        &mut self,
        row: &Row<'_>,
        known: Known<'_>,
        mapped: Mapped,
        own: bool,
        is_same: bool,
    ) -> Result<(), PlanError> {
        let held = match known.entry {
            Some(entry) if own && self.scope.mode.updates() && !known.is_deleting() => {
                Some(entry.to_entry()?)
            }
            _ => None,
        };
        let cause = if !known.dirty.is_empty() {
            Cause::Dirty
        } else if self.scope.full && is_same {
            Cause::Resync
        } else {
            Cause::Changed
        };
        let operation = Operation {
            number: 0,
            kind: if held.is_some() {
                OperationKind::Update
            } else {
                OperationKind::Create
            },
            key: row.key(),
            key_hash: row.key_hash,
            identifier: mapped.values,
            destination_id: held.as_ref().and_then(|entry| entry.destination_id.clone()),
            old: held.and_then(|entry| entry.values),
            new: Some(mapped.record),
            input_hash: row.input_hash,
            output_hash: mapped.output_hash,
            cause,
        };
        match &mut self.waiting {
            Some(waiting) => waiting.drafts.send(&operation)?,
            None => {
                self.emitter.send(&operation)?;
            }
        }
        Ok(())
    }

    fn map(&mut self, row: &Row<'_>) -> Result<Result<Mapped, InvalidReason>, PlanError> {
        self.decode_cells(row)?;
        let record = match self.mapper.apply(&self.cells) {
            Ok(record) => record,
            Err(reason) => return Ok(Err(reason)),
        };
        self.compared.clear();
        self.mapper.comparison_bytes(&record, &mut self.compared);
        let values = self.mapper.identifier(&record);
        Ok(Ok(Mapped {
            output_hash: Fingerprint::of(self.scope.seed, &self.compared),
            identifier: encode_identifier(&values),
            values,
            record,
        }))
    }

    pub(super) fn decode_cells(&mut self, row: &Row<'_>) -> Result<(), Damaged> {
        self.cells.clear();
        let mut rest = row.cells;
        while !rest.is_empty() {
            self.cells.push(row::decode(&mut rest)?);
        }
        Ok(())
    }

    pub(super) fn invalid(
        &mut self,
        row: &Row<'_>,
        reason: InvalidReason,
        count: u64,
    ) -> Result<(), PlanError> {
        let row = InvalidRow {
            key: row.key(),
            key_hash: row.key_hash,
            reason,
        };
        match &mut self.waiting {
            Some(waiting) => waiting.drafts.invalid(&row, count)?,
            None => self.emitter.invalid(&row, count)?,
        }
        Ok(())
    }

    pub(super) fn mark(&mut self, kind: MarkKind, entry: Entry) -> Result<(), PlanError> {
        let mark = Mark {
            kind,
            key_hash: entry.key_hash,
            key: entry.key.clone(),
            entry: Some(entry),
        };
        match &mut self.waiting {
            Some(waiting) => waiting.drafts.mark(&mark)?,
            None => self.emitter.mark(&mark)?,
        }
        Ok(())
    }

    pub(super) fn claim(
        &mut self,
        identifier: &[u8],
        row: &Row<'_>,
        class: Class,
        standing: Standing,
    ) -> Result<(), PlanError> {
        if let Some(waiting) = &mut self.waiting {
            waiting
                .identifiers
                .claim(identifier, row.key_hash, row.key, class, standing)?;
        }
        Ok(())
    }

    /// Says that a key keeps the identifiers that it has, or may have.
    pub(super) fn stays(&mut self, known: Known<'_>) -> Result<(), PlanError> {
        let Some(waiting) = self.waiting.as_mut().filter(|_| self.scope.moves_entries()) else {
            return Ok(());
        };
        if let Some(entry) = known.entry {
            let holder = on_record(self.scope.form, entry.to_entry()?, known);
            waiting.identifiers.holds(Role::Stays, &holder)?;
        }
        let (form, is_key) = (self.scope.form, self.scope.identifier_is_key);
        for (write, identifier) in unrecorded(form, known, is_key) {
            let entry = Entry::bare(
                Fingerprint(write.key_hash),
                Key::from_bytes(&write.key),
                identifier,
            );
            waiting
                .identifiers
                .holds(Role::Stays, &maybe(form, entry, known))?;
        }
        Ok(())
    }
}
