//! Keys without a row, and identifiers that a key leaves behind.

use crate::domain::mode::Mode;
use crate::domain::row::{Fingerprint, Key};
use crate::snapshot::Entry;
use crate::snapshot::plan_file::MarkKind;

use super::error::PlanError;
use super::holder::{left_mark, main_holder, may_delete, maybe, on_record, unrecorded};
use super::identifier::{Role, same};
use super::judge::{Judge, Known};
use super::read::Row;

impl Judge<'_> {
    /// Says which identifiers a key leaves behind when it is sent to `identifier`.
    pub(super) fn moves(
        &mut self,
        row: &Row<'_>,
        known: Known<'_>,
        identifier: &[u8],
    ) -> Result<(), PlanError> {
        let Some(waiting) = self.waiting.as_mut().filter(|_| self.scope.moves_entries()) else {
            return Ok(());
        };
        let form = self.scope.form;
        if let Some(entry) = known.entry
            && !same(form, entry.identifier, identifier)
        {
            let holder = on_record(self.scope.form, entry.to_entry()?, known);
            waiting.identifiers.holds(Role::Moved, &holder)?;
        }
        for (_, former) in unrecorded(form, known, self.scope.identifier_is_key) {
            if !same(form, &former, identifier) {
                let entry = Entry::bare(row.key_hash, row.key(), former);
                waiting
                    .identifiers
                    .holds(Role::Moved, &maybe(form, entry, known))?;
            }
        }
        Ok(())
    }

    /// Judges a key that has no row.
    pub(super) fn absent(&mut self, hash: Fingerprint, known: Known<'_>) -> Result<(), PlanError> {
        if self.scope.adopt || self.scope.mode == Mode::Append {
            return Ok(());
        }
        if self.waiting.is_some() && self.scope.moves_entries() {
            return self.absent_holders(hash, known);
        }
        if self.scope.is_partial() {
            return Ok(());
        }
        let Some(holder) = main_holder(hash, known, self.scope)? else {
            return self.lost_sight(hash, known);
        };
        if self.scope.deletes() && may_delete(&holder) {
            return self.emitter.delete(holder.entry, false);
        }
        match left_mark(holder) {
            Some((kind, entry)) => self.mark(kind, entry),
            None => Ok(()),
        }
    }

    fn absent_holders(&mut self, hash: Fingerprint, known: Known<'_>) -> Result<(), PlanError> {
        let Some(main) = main_holder(hash, known, self.scope)? else {
            return self.lost_sight(hash, known);
        };
        let Some(waiting) = &mut self.waiting else {
            return Ok(());
        };
        if self.scope.deletes() {
            for (_, former) in unrecorded(self.scope.form, known, self.scope.identifier_is_key) {
                if !same(self.scope.form, &former, &main.entry.identifier) {
                    let entry = Entry::bare(hash, main.entry.key.clone(), former);
                    let entry = entry.into_former(self.scope.seed);
                    waiting
                        .identifiers
                        .holds(Role::Absent, &maybe(self.scope.form, entry, known))?;
                }
            }
        }
        waiting.identifiers.holds(Role::Absent, &main)?;
        Ok(())
    }

    /// A write of unknown outcome whose identifier nobody kept: it can only be spoken of.
    fn lost_sight(&mut self, hash: Fingerprint, known: Known<'_>) -> Result<(), PlanError> {
        match known.dirty.first() {
            Some(write) if !self.scope.is_partial() => {
                let key = Key::from_bytes(&write.key);
                self.mark(
                    MarkKind::LeftUnknown,
                    Entry::bare(hash, key, Vec::new()).left(),
                )
            }
            _ => Ok(()),
        }
    }
}
