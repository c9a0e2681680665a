//! What each mode does with an operation, once it is known whether the record is there: the table
//! of product.md, section 2, for destinations that write records themselves.

use crate::domain::mode::Mode;
use crate::domain::plan::OperationKind;
use crate::domain::verdict::{Rejection, Verdict};

/// What is done to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// It is created.
    Create,
    /// Its fields are written.
    Update,
    /// It goes.
    Delete,
    /// It stays as it is, and that is right.
    Nothing,
    /// It is not there, and the mode never creates one.
    Unmatched,
}

impl Action {
    /// The action for an operation of `kind` in `mode`.
    pub(super) fn of(mode: Mode, kind: OperationKind, found: bool) -> Self {
        match (kind, mode, found) {
            (OperationKind::Delete, _, true) => Self::Delete,
            (OperationKind::Delete, _, false) => Self::Nothing,
            (_, Mode::Append, _) => Self::Create,
            (_, Mode::Insert, true) => Self::Nothing,
            (_, Mode::Update, false) => Self::Unmatched,
            (_, _, true) => Self::Update,
            (_, _, false) => Self::Create,
        }
    }
}

/// Whether an operation cannot do without an identifier. A delete of a record that has none is
/// asked for where a mirror of all records has listed one.
pub(super) fn needs_identifier(mode: Mode, kind: OperationKind) -> bool {
    kind != OperationKind::Delete && mode != Mode::Append
}

/// Accepted; for a create, with whether it met a record.
pub(super) fn accepted(kind: OperationKind, found: bool) -> Verdict {
    Verdict::Accepted {
        destination_id: None,
        existed: (kind == OperationKind::Create).then_some(found),
    }
}

/// The refusal of a row whose record is not there, in the mode `update`.
pub(super) fn unmatched() -> Rejection {
    Rejection {
        code: "unmatched".to_owned(),
        field: None,
        text: "no record has this identifier, and the mode update never creates one".to_owned(),
        transient: false,
    }
}
