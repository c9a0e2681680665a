//! Rows without a usable key of their own: a null, a misfit, an overlong key, or one that is shared.

use crate::domain::plan::InvalidReason;
use crate::domain::row;
use crate::snapshot::encode_identifier;

use super::error::PlanError;
use super::identifier::{Class, Standing};
use super::judge::{Judge, Known};
use super::read::{KeyFault, Row, RowGroups};

impl Judge<'_> {
    /// Judges rows without a usable key, or that share one: none is sent, and what the snapshot
    /// holds of the key stands.
    pub(super) fn unusable(
        &mut self,
        rows: &mut RowGroups,
        known: Known<'_>,
    ) -> Result<(), PlanError> {
        let (selected, class) = {
            let row = rows.first()?;
            let selected = self.scope.selects(row.key_hash);
            let class = match (selected, row.fault) {
                (_, Some(_)) => Class::Keyless,
                (true, None) => Class::Invalid,
                (false, None) => Class::Unselected,
            };
            self.invalid_claims(&row, known, class)?;
            (selected, class)
        };
        let mut count = 1_u64;
        while let Some(row) = rows.same()? {
            self.invalid_claims(&row, known, class)?;
            count += 1;
            rows.take_same()?;
        }
        self.emitter.counters.read += count - 1;
        let row = rows.first()?;
        if selected {
            let reason = self.key_reason(&row, count);
            self.invalid(&row, reason, count)?;
        } else {
            self.emitter.counters.skipped += count;
        }
        self.stays(known)
    }

    fn key_reason(&self, row: &Row<'_>, count: u64) -> InvalidReason {
        let (code, text) = match row.fault {
            None => (
                "duplicate_key",
                format!("{count} rows share this primary key"),
            ),
            Some(KeyFault::Null) => (
                "null_key",
                format!("the primary key is null ({count} rows)"),
            ),
            Some(KeyFault::Misfit) => (
                "does_not_fit",
                format!("the primary key does not fit its column's type ({count} rows)"),
            ),
            Some(KeyFault::TooLong) => (
                "too_long",
                format!("the primary key is {} bytes long", row.key.len()),
            ),
        };
        InvalidReason {
            code: code.to_owned(),
            column: self.faulty_column(row),
            field: None,
            text,
        }
    }

    fn faulty_column(&self, row: &Row<'_>) -> Option<String> {
        let tag = match row.fault? {
            KeyFault::Null => row::NULL_TAG,
            KeyFault::Misfit => row::MISFIT_TAG,
            KeyFault::TooLong => return self.scope.key_columns.first().cloned(),
        };
        let mut rest = row.key;
        let position = std::iter::from_fn(|| row::take_cell(&mut rest).ok())
            .position(|cell| cell.first() == Some(&tag))?;
        self.scope.key_columns.get(position).cloned()
    }

    /// Claims the identifier of a row that is not sent: as far as the row tells, else the one that
    /// its key had.
    pub(super) fn invalid_claims(
        &mut self,
        row: &Row<'_>,
        known: Known<'_>,
        class: Class,
    ) -> Result<(), PlanError> {
        if self.waiting.is_none() {
            return Ok(());
        }
        self.decode_cells(row)?;
        let values = match self.mapper.apply(&self.cells) {
            Ok(record) => Some(self.mapper.identifier(&record)),
            Err(_) => self.mapper.identifier_of(&self.cells),
        };
        match (values, known.entry) {
            (Some(values), _) => {
                self.claim(&encode_identifier(&values), row, class, Standing::Elsewhere)
            }
            (None, Some(entry)) => self.claim(entry.identifier, row, class, Standing::Own),
            (None, None) => Ok(()),
        }
    }
}
