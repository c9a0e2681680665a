//! Plans: the operations that a run would perform.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::row::{self, Cell, Damaged, Fingerprint, Key};
use super::value::Value;

/// What an operation does. `Create` means that the snapshot does not know the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// A record that the snapshot does not hold.
    Create,
    /// A record whose output differs from what was last accepted.
    Update,
    /// A record that left the model, in mirror.
    Delete,
}

impl OperationKind {
    /// Every kind, in the order in which they are counted.
    pub const ALL: [Self; 3] = [Self::Create, Self::Update, Self::Delete];

    /// The word for this kind.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The values of one record by position of [`RecordShape::fields`]; `None` is left out of the write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record(pub Vec<Option<Value>>);

impl Record {
    /// Appends the canonical encoding: a count and the cells.
    pub fn encode(&self, out: &mut Vec<u8>) {
        row::put_length(self.0.len(), out);
        for value in &self.0 {
            match value {
                Some(value) => row::encode(value, out),
                None => row::encode_left_out(out),
            }
        }
    }

    /// Takes a record from the front of `bytes`.
    ///
    /// # Errors
    /// [`Damaged`] where none stands there.
    pub fn decode(bytes: &mut &[u8]) -> Result<Self, Damaged> {
        let count = row::take_length(bytes)?;
        let mut values = Vec::with_capacity(count.min(4096));
        for _ in 0..count {
            values.push(match row::decode(bytes)? {
                Cell::Value(value) => Some(value),
                Cell::LeftOut => None,
                Cell::Misfit(_) => return Err(Damaged),
            });
        }
        Ok(Self(values))
    }
}

/// The fields of a run's records, in the order of the mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordShape {
    /// Each field with the type to which its values were coerced.
    pub fields: Vec<ShapeField>,
    /// Positions in `fields` that make up the identifier; at least one.
    pub identifier: Vec<usize>,
}

/// One field of a [`RecordShape`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapeField {
    /// The field's name at the destination.
    pub name: String,
    /// The type of its values.
    pub kind: super::value::Type,
    /// Written on creation only.
    pub on_create: bool,
    /// Written only where the destination's own value is empty.
    pub if_empty: bool,
}

impl RecordShape {
    /// The names of the identifier's fields.
    pub fn identifier_names(&self) -> Vec<&str> {
        self.identifier
            .iter()
            .filter_map(|position| self.fields.get(*position))
            .map(|field| field.name.as_str())
            .collect()
    }
}

/// One operation of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its position in the plan, from 0, in key-hash order.
    pub number: u64,
    /// What it does.
    pub kind: OperationKind,
    /// The row's primary key.
    pub key: Key,
    /// The hash of the key under the snapshot's seed.
    pub key_hash: Fingerprint,
    /// The identifier's values, by which the destination finds the record.
    pub identifier: Vec<Value>,
    /// The destination's own id, where it told one.
    pub destination_id: Option<String>,
    /// What was last accepted, where it is kept.
    pub old: Option<Record>,
    /// What is to be written; nothing for a delete.
    pub new: Option<Record>,
    /// The hash of the row's mapped inputs; zero for a delete.
    pub input_hash: Fingerprint,
    /// The hash of the row's mapped output; zero for a delete.
    pub output_hash: Fingerprint,
    /// Why it stands here, beyond the difference.
    pub cause: Cause,
}

/// Why an operation stands in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum Cause {
    /// The output differs from the snapshot.
    Changed,
    /// The outcome of an earlier write is unknown.
    Dirty,
    /// A full resync was asked for.
    Resync,
    /// The snapshot entry of the key `from` is handed over: this key carries its identifier now.
    HandOver {
        /// Canonical bytes of the other key.
        from: Vec<u8>,
    },
    /// A delete of the record under the identifier that this key had before it changed.
    FormerIdentifier,
    /// A delete of a record that this sync never sent.
    Foreign,
}

/// A row stopped by us before sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRow {
    /// The row's primary key, as far as it is one.
    pub key: Key,
    /// The hash of the key under the snapshot's seed.
    pub key_hash: Fingerprint,
    /// Why.
    pub reason: InvalidReason,
}

/// Why a row was stopped by us.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InvalidReason {
    /// A stable word: `null_key`, `duplicate_key`, `duplicate_identifier`, `does_not_fit`,
    /// `transform`, `template`, `required`, `picklist`, `too_long`.
    pub code: String,
    /// The model's column, where one is at fault.
    pub column: Option<String>,
    /// The field, where one is at fault.
    pub field: Option<String>,
    /// What is wrong, naming the value.
    pub text: String,
}
