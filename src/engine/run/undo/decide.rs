//! What becomes of one operation of the run that is undone: how it is taken back, or why it stays.

use crate::domain::destination::Deletion;
use crate::domain::plan::{Cause, InvalidReason, Operation, OperationKind, Record, RecordShape};
use crate::domain::row::Damaged;
use crate::snapshot::{Entry, NO_HASH, encode_identifier, restored_hash};

/// Why a row stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stay {
    Unknown,
    Pending,
    Moved,
    HandedOver,
    NotKept,
    EarlierMapping,
    FieldNotKnown(String),
    IfEmpty(String),
    ChangedSince,
    GoneSince,
    LeftSince,
    WasThere,
    NoDeletion,
    NeverSent,
    BackSince,
    TakenSince,
}

impl Stay {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "outcome_unknown",
            Self::Pending => "outcome_pending",
            Self::Moved => "identifier_changed",
            Self::HandedOver => "handed_over",
            Self::NotKept => "values_not_kept",
            Self::EarlierMapping => "earlier_mapping",
            Self::FieldNotKnown(_) | Self::IfEmpty(_) => "field_not_known",
            Self::ChangedSince => "changed_since",
            Self::GoneSince => "gone_since",
            Self::LeftSince => "left_since",
            Self::WasThere => "not_created",
            Self::NoDeletion => "no_deletion",
            Self::NeverSent => "never_sent",
            Self::BackSince => "back_since",
            Self::TakenSince => "taken_since",
        }
    }

    fn field(&self) -> Option<&String> {
        match self {
            Self::FieldNotKnown(field) | Self::IfEmpty(field) => Some(field),
            _ => None,
        }
    }

    /// Says it, without any value.
    pub(super) fn text(&self) -> String {
        let words = match self {
            Self::Unknown => "whether it was written is not known",
            Self::Pending => "the outcome of its write is still to come",
            Self::Moved => "that run moved it to another identifier",
            Self::HandedOver => "that run took over another key's record for it",
            Self::NotKept => "what stood there before was not kept",
            Self::EarlierMapping => "what stood there before was kept under another mapping",
            Self::FieldNotKnown(field) => {
                return format!("what stood in {field} before is not known");
            }
            Self::IfEmpty(field) => {
                return format!("whether {field} was empty then is not known");
            }
            Self::ChangedSince => "it was written again since",
            Self::GoneSince => "its record was deleted or forgotten since",
            Self::LeftSince => "its row has left the model since",
            Self::WasThere => "the destination did not say that it created the record",
            Self::NoDeletion => "the destination cannot delete what was created",
            Self::NeverSent => "this sync never sent what it deleted",
            Self::BackSince => "its key has a record again",
            Self::TakenSince => "another key carries its identifier now",
        };
        words.to_owned()
    }

    /// As a plan file lists it.
    pub(super) fn reason(&self) -> InvalidReason {
        InvalidReason {
            code: self.code().to_owned(),
            column: None,
            field: self.field().cloned(),
            text: self.text(),
        }
    }
}

/// What becomes of an operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// This takes it back.
    Restore(Box<Operation>),
    /// It changed nothing.
    Nothing,
    /// It stays.
    Stays(Stay),
}

/// What is the same for every operation.
pub(super) struct Rules<'a> {
    /// The fields of the run that is undone.
    pub shape: &'a RecordShape,
    /// The snapshot's seed.
    pub seed: u64,
    /// Whether old values stand in the fields at their positions.
    pub aligned: bool,
    /// What deletion means at the object.
    pub deletes: Deletion,
}

/// What is known of the operation's key.
pub(super) struct Facts {
    /// What the snapshot holds now.
    pub entry: Option<Entry>,
    /// Whether the destination said that it created the record.
    pub created: bool,
    /// Whether the run moved the key to another identifier.
    pub moved: bool,
    /// Whether another key's record has the identifier now.
    pub taken: bool,
}

impl Rules<'_> {
    /// Decides on an operation that was accepted, and whose key waits for no outcome.
    ///
    /// # Errors
    /// [`Damaged`] where what is on record does not read.
    pub(super) fn decide(&self, done: Operation, facts: Facts) -> Result<Decision, Damaged> {
        if facts.moved {
            return Ok(Decision::Stays(Stay::Moved));
        }
        if done.kind == OperationKind::Delete {
            return Ok(match self.again(done, &facts) {
                Ok(again) => Decision::Restore(Box::new(again)),
                Err(stay) => Decision::Stays(stay),
            });
        }
        let entry = match still(&done, facts.entry) {
            Ok(entry) => entry,
            Err(stay) => return Ok(Decision::Stays(stay)),
        };
        if done.kind == OperationKind::Create {
            return match (facts.created, self.deletes) {
                (false, _) => Ok(Decision::Stays(Stay::WasThere)),
                (true, Deletion::None) => Ok(Decision::Stays(Stay::NoDeletion)),
                (true, _) => Ok(Decision::Restore(Box::new(entry.deletion(Cause::Changed)?))),
            };
        }
        Ok(match self.old(&done) {
            Err(stay) => Decision::Stays(stay),
            Ok(None) => Decision::Nothing,
            Ok(Some(new)) => Decision::Restore(Box::new(self.restored(done, entry, new))),
        })
    }

    /// The operation that writes the old values back.
    fn restored(&self, done: Operation, entry: Entry, new: Record) -> Operation {
        let output_hash = restored_hash(self.seed, &new);
        Operation {
            number: 0,
            kind: OperationKind::Update,
            destination_id: entry.destination_id,
            old: entry.values.or(done.new),
            new: Some(new),
            input_hash: NO_HASH,
            output_hash,
            cause: Cause::Changed,
            key: done.key,
            key_hash: done.key_hash,
            identifier: done.identifier,
        }
    }

    /// What an update is to write back; nothing where it changed nothing.
    fn old(&self, done: &Operation) -> Result<Option<Record>, Stay> {
        if matches!(done.cause, Cause::HandOver { .. }) {
            return Err(Stay::HandedOver);
        }
        let (old, new) = match (&done.old, &done.new) {
            (Some(old), Some(new)) => (&old.0, &new.0),
            _ => return Err(Stay::NotKept),
        };
        let fields = &self.shape.fields;
        if !self.aligned || old.len() != fields.len() || new.len() != fields.len() {
            return Err(Stay::EarlierMapping);
        }
        let mut values = Vec::with_capacity(fields.len());
        let mut differs = false;
        for (at, ((old, new), field)) in old.iter().zip(new).zip(fields).enumerate() {
            let is_identifier = self.shape.identifier.contains(&at);
            values.push(match (old, new) {
                (_, new) if is_identifier => new.clone(),
                // It was not written: an update leaves such a field alone.
                (_, None) => None,
                (_, Some(_)) if field.on_create => None,
                (Some(old), Some(new)) if field.if_empty && old == new => None,
                (_, Some(_)) if field.if_empty => return Err(Stay::IfEmpty(field.name.clone())),
                (None, Some(_)) => return Err(Stay::FieldNotKnown(field.name.clone())),
                (Some(old), Some(new)) => {
                    differs |= old != new;
                    Some(old.clone())
                }
            });
        }
        Ok(differs.then_some(Record(values)))
    }

    /// The operation that makes a deleted record again.
    fn again(&self, done: Operation, facts: &Facts) -> Result<Operation, Stay> {
        match done.cause {
            Cause::Foreign => return Err(Stay::NeverSent),
            Cause::FormerIdentifier => return Err(Stay::Moved),
            _ => {}
        }
        if facts.entry.is_some() {
            return Err(Stay::BackSince);
        }
        if facts.taken {
            return Err(Stay::TakenSince);
        }
        let old = done.old.ok_or(Stay::NotKept)?;
        if !self.aligned || old.0.len() != self.shape.fields.len() {
            return Err(Stay::EarlierMapping);
        }
        Ok(Operation {
            number: 0,
            kind: OperationKind::Create,
            destination_id: None,
            old: None,
            input_hash: NO_HASH,
            output_hash: restored_hash(self.seed, &old),
            new: Some(old),
            cause: Cause::Changed,
            key: done.key,
            key_hash: done.key_hash,
            identifier: done.identifier,
        })
    }
}

/// The entry, where it still holds what the operation wrote.
fn still(done: &Operation, entry: Option<Entry>) -> Result<Entry, Stay> {
    let entry = entry.ok_or(Stay::GoneSince)?;
    if entry.left {
        return Err(Stay::LeftSince);
    }
    let is_same = entry.output_hash == done.output_hash
        && entry.key == done.key
        && entry.identifier == encode_identifier(&done.identifier);
    is_same.then_some(entry).ok_or(Stay::ChangedSince)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::ShapeField;
    use crate::domain::row::{Fingerprint, Key};
    use crate::domain::value::{Type, Value};

    fn shape() -> RecordShape {
        let field = |name: &str, on_create, if_empty| ShapeField {
            name: name.to_owned(),
            kind: Type::Text,
            on_create,
            if_empty,
        };
        RecordShape {
            fields: vec![
                field("email", false, false),
                field("name", false, false),
                field("origin", true, false),
                field("phone", false, true),
            ],
            identifier: vec![0],
        }
    }

    fn record(values: [Option<&str>; 4]) -> Option<Record> {
        Some(Record(values.map(|it| it.map(Value::text)).into()))
    }

    fn update(old: Option<Record>, new: Option<Record>) -> Operation {
        let key = Key::of(&[Value::Integer(1)]);
        Operation {
            number: 3,
            kind: OperationKind::Update,
            key_hash: Fingerprint::of(7, key.bytes()),
            key,
            identifier: vec![Value::text("a@x")],
            destination_id: None,
            old,
            new,
            input_hash: Fingerprint([1; 16]),
            output_hash: Fingerprint([2; 16]),
            cause: Cause::Changed,
        }
    }

    fn decide(done: Operation, aligned: bool) -> Decision {
        let shape = shape();
        let rules = Rules {
            shape: &shape,
            seed: 7,
            aligned,
            deletes: Deletion::Gone,
        };
        let facts = Facts {
            entry: Some(Entry::accepted(&done, None, true)),
            created: false,
            moved: false,
            taken: false,
        };
        rules.decide(done, facts).unwrap()
    }

    fn why(old: Option<Record>, new: Option<Record>) -> Option<&'static str> {
        match decide(update(old, new), true) {
            Decision::Stays(stay) => Some(stay.code()),
            _ => None,
        }
    }

    #[test]
    fn what_the_run_wrote_is_written_back_and_what_it_left_alone_is_left_alone() {
        let old = record([Some("A@x"), Some("Ada"), Some("web"), Some("1")]);
        let new = record([Some("a@x"), Some("bad"), Some("app"), Some("1")]);
        let Decision::Restore(restored) = decide(update(old, new.clone()), true) else {
            panic!("it stays")
        };
        // The identifier stays as the destination has it; what is written once was not written.
        assert_eq!(restored.new, record([Some("a@x"), Some("Ada"), None, None]));
        assert_eq!(restored.old, new);
        assert_eq!(restored.input_hash, NO_HASH);
        assert_ne!(restored.output_hash, Fingerprint([2; 16]));
    }

    #[test]
    fn a_row_is_restored_whole_or_not_at_all() {
        let new = || record([Some("a@x"), Some("bad"), None, None]);
        assert_eq!(why(None, new()), Some("values_not_kept"));
        let unknown = record([Some("a@x"), None, None, None]);
        assert_eq!(why(unknown, new()), Some("field_not_known"));
        let empty = record([Some("a@x"), Some("Ada"), None, None]);
        let filled = record([Some("a@x"), Some("bad"), None, Some("1")]);
        assert_eq!(why(empty.clone(), filled), Some("field_not_known"));
        let narrow = Some(Record(vec![Some(Value::text("a@x"))]));
        assert_eq!(why(narrow, new()), Some("earlier_mapping"));
        assert_eq!(why(empty.clone(), new()), None);
        let apart = decide(update(empty.clone(), new()), false);
        assert_eq!(apart, Decision::Stays(Stay::EarlierMapping));
        assert_eq!(
            decide(update(empty.clone(), empty), true),
            Decision::Nothing
        );
    }

    #[test]
    fn a_record_that_was_another_keys_stays() {
        let old = record([Some("a@x"), Some("Ada"), None, None]);
        let new = record([Some("a@x"), Some("bad"), None, None]);
        let mut done = update(old, new);
        done.cause = Cause::HandOver { from: vec![1] };
        assert_eq!(decide(done, true), Decision::Stays(Stay::HandedOver));
    }
}
