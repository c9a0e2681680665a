//! The mapping that is being edited, with its past and its future: every edit can be taken back.

use std::collections::BTreeSet;

use crate::domain::mapping::{FieldMapping, Nulls, ValueSource, Write};

/// Edits that can be taken back.
const REMEMBERED: usize = 200;

/// A mapping with the columns that are to become identifiers.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Mapping {
    pub lines: Vec<FieldMapping>,
    pub identifiers: BTreeSet<String>,
}

/// The mapping with what it was before and what was taken back.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub now: Mapping,
    past: Vec<Mapping>,
    future: Vec<Mapping>,
}

impl Draft {
    pub(super) fn new(lines: Vec<FieldMapping>, identifiers: BTreeSet<String>) -> Self {
        Self {
            now: Mapping { lines, identifiers },
            ..Self::default()
        }
    }

    /// Edits the mapping; says whether that changed anything.
    pub(super) fn change(&mut self, edit: impl FnOnce(&mut Mapping)) -> bool {
        let before = self.now.clone();
        edit(&mut self.now);
        if self.now == before {
            return false;
        }
        self.past.push(before);
        if self.past.len() > REMEMBERED {
            self.past.remove(0);
        }
        self.future.clear();
        true
    }

    pub(super) fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub(super) fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// Takes the last edit back.
    pub(super) fn undo(&mut self) {
        if let Some(before) = self.past.pop() {
            self.future.push(std::mem::replace(&mut self.now, before));
        }
    }

    /// Makes the edit again that was taken back last.
    pub(super) fn redo(&mut self) {
        if let Some(after) = self.future.pop() {
            self.past.push(std::mem::replace(&mut self.now, after));
        }
    }
}

/// A plain line.
pub(super) fn line(source: ValueSource, field: &str, is_identifier: bool) -> FieldMapping {
    FieldMapping {
        source,
        destination_field: field.to_owned(),
        is_identifier,
        transforms: Vec::new(),
        write: Write::default(),
        nulls: Nulls::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str) -> FieldMapping {
        line(ValueSource::Column(name.to_owned()), name, false)
    }

    #[test]
    fn edits_are_taken_back_and_made_again_in_their_order() {
        let mut draft = Draft::new(vec![column("a")], BTreeSet::new());
        assert!(draft.change(|mapping| mapping.lines.push(column("b"))));
        assert!(!draft.change(|mapping| mapping.lines.truncate(9)));
        assert!(draft.change(|mapping| mapping.lines.push(column("c"))));
        draft.undo();
        draft.undo();
        assert_eq!(draft.now.lines, [column("a")]);
        assert!(!draft.can_undo());
        draft.redo();
        assert_eq!(draft.now.lines.len(), 2);
        assert!(draft.change(|mapping| mapping.lines.clear()));
        assert!(!draft.can_redo());
    }
}
