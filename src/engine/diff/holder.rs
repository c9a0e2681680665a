//! Who holds an identifier: entries, and writes of unknown outcome.

use crate::domain::destination::IdentifierForm;
use crate::domain::row::{Damaged, Fingerprint, Key};
use crate::snapshot::plan_file::MarkKind;
use crate::snapshot::{Dirty, Entry};

use super::identifier::{Holder, same};
use super::judge::Known;
use super::scope::Scope;

/// Whether the record of an absent key may be deleted: sent, or perhaps sent, by this sync.
pub(super) fn may_delete(holder: &Holder) -> bool {
    !holder.entry.adopted && (!holder.entry.left || !holder.doubts.is_empty())
}

/// What becomes of an absent key that is not deleted; nothing where that is known already.
pub(super) fn left_mark(holder: Holder) -> Option<(MarkKind, Entry)> {
    if holder.dirty {
        Some((MarkKind::LeftUnknown, holder.entry.left()))
    } else if holder.entry.left {
        None
    } else {
        Some((MarkKind::Left, holder.entry.left()))
    }
}

pub(super) fn on_record(form: IdentifierForm, entry: Entry, known: Known<'_>) -> Holder {
    Holder {
        doubts: doubts_at(form, known, &entry.identifier),
        entry,
        dirty: !known.dirty.is_empty(),
        deleting: known.is_deleting(),
        on_record: true,
    }
}

pub(super) fn maybe(form: IdentifierForm, entry: Entry, known: Known<'_>) -> Holder {
    Holder {
        doubts: doubts_at(form, known, &entry.identifier),
        entry,
        dirty: true,
        deleting: known.is_deleting(),
        on_record: false,
    }
}

/// How the doubtful writes of a key to `identifier` spelled it.
fn doubts_at(form: IdentifierForm, known: Known<'_>, identifier: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for write in known.dirty {
        let spelled = match &write.identifier {
            Some(it) if same(form, it, identifier) => it.clone(),
            Some(_) => continue,
            None => Vec::new(),
        };
        if !found.contains(&spelled) {
            found.push(spelled);
        }
    }
    found
}

/// Identifiers of writes of unknown outcome, other than the entry's.
pub(super) fn unrecorded(
    form: IdentifierForm,
    known: Known<'_>,
    is_key: bool,
) -> Vec<(&Dirty, Vec<u8>)> {
    let mut found: Vec<(&Dirty, Vec<u8>)> = Vec::new();
    for write in known.dirty {
        let identifier = match &write.identifier {
            Some(identifier) => identifier,
            None if is_key => &write.key,
            None => continue,
        };
        let seen = found.iter().any(|(_, other)| same(form, other, identifier));
        let recorded = known
            .entry
            .is_some_and(|entry| same(form, entry.identifier, identifier));
        if !seen && !recorded {
            found.push((write, identifier.clone()));
        }
    }
    found
}

/// What an absent key holds: its entry, or what a write of unknown outcome may have made.
pub(super) fn main_holder(
    hash: Fingerprint,
    known: Known<'_>,
    scope: &Scope,
) -> Result<Option<Holder>, Damaged> {
    if let Some(entry) = known.entry {
        return Ok(Some(on_record(scope.form, entry.to_entry()?, known)));
    }
    let Some(write) = known.dirty.first() else {
        return Ok(None);
    };
    let key = Key::from_bytes(&write.key);
    let identifier = unrecorded(scope.form, known, scope.identifier_is_key)
        .into_iter()
        .next();
    Ok(identifier
        .map(|(_, identifier)| maybe(scope.form, Entry::bare(hash, key, identifier), known)))
}
